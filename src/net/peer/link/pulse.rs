//! When a peer hears that we are still there, and what its silence means.
//!
//! A heartbeat costs a packet, and its acknowledgement another. Between two sides that have had the
//! same for a while they are all that is sent: then every second one is left out.

use std::time::Duration;

use super::{Decision, Link};
use crate::net::{event::PeerState, message::MAX_KNOCK_SECONDS};

/// Silence after which a peer counts as unstable: two heartbeats of a peer at rest.
const UNSTABLE_AFTER: Duration = Duration::from_secs(4);
/// Silence after which a connection is ended.
const SILENT_AFTER: Duration = Duration::from_secs(30);
/// How long a person may think.
const KNOCKING: Duration = Duration::from_secs(MAX_KNOCK_SECONDS);
/// How long a peer has to answer after we slept.
const PROBE: Duration = Duration::from_secs(2);
/// How long nothing must have happened until heartbeats become rarer.
const REST_AFTER: Duration = Duration::from_secs(3);

impl Link {
    pub fn heard(&mut self, now: Duration) {
        self.heard_at = now;
        self.probe_until = None;
    }

    /// We slept: whether the peer is there must show soon.
    pub fn probe(&mut self, now: Duration) {
        self.heard_at = now;
        self.probe_until = Some(now + PROBE);
    }

    /// Returns when the peer's silence changes something.
    pub fn silence_deadline(&self, state: PeerState) -> Duration {
        // Who waits for an answer of ours has nothing to say; the transport tells when it is gone.
        let silence = match state {
            PeerState::Connected => UNSTABLE_AFTER,
            _ if self.decision() == Decision::Asked => KNOCKING,
            _ => SILENT_AFTER,
        };
        let deadline = self.heard_at + silence;
        [self.probe_until, self.introduced_until()]
            .into_iter()
            .flatten()
            .fold(deadline, Duration::min)
    }

    pub fn is_unstable(&self, now: Duration) -> bool {
        now >= self.heard_at + UNSTABLE_AFTER
    }

    pub fn is_silent(&self, now: Duration) -> bool {
        let limits = [self.probe_until, self.introduced_until()];
        (now >= self.heard_at + SILENT_AFTER && self.decision() != Decision::Asked)
            || limits.into_iter().flatten().any(|until| until <= now)
    }

    /// Returns whether it is time for a heartbeat. Asked once in [`super::HEARTBEAT`]: at rest
    /// every second one is left out.
    pub fn is_beat_due(&mut self, now: Duration) -> bool {
        self.left_out_beat = self.is_at_rest(now) && !self.left_out_beat;
        !self.left_out_beat
    }

    /// Returns whether both sides have had the same for a while.
    fn is_at_rest(&self, now: Duration) -> bool {
        let settled = self.differs_since.is_none() && self.acknowledged >= self.sent;
        settled && self.synced && !self.asked && now >= self.moved_at + REST_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::peer::link::{Greeting, HEARTBEAT};

    fn link() -> Link {
        let mut link = Link::new(1, Greeting::default(), Duration::ZERO);
        link.synced = true;
        link
    }

    /// Returns in which of these seconds a link beats.
    fn beats(link: &mut Link, seconds: std::ops::Range<u32>) -> Vec<u32> {
        seconds
            .filter(|&second| link.is_beat_due(HEARTBEAT * second))
            .collect()
    }

    #[test]
    fn at_rest_every_second_heartbeat_is_left_out() {
        assert_eq!(beats(&mut link(), 0..9), [0, 1, 2, 4, 6, 8]);
    }

    #[test]
    fn a_peer_that_lacks_something_hears_every_heartbeat() {
        let mut link = link();
        link.sends(&[], 1, Duration::ZERO);
        assert_eq!(beats(&mut link, 0..9).len(), 9);
        link.acknowledge(1);
        assert_eq!(beats(&mut link, 9..13), [10, 12]);
        assert!(!link.needs_repair(Duration::ZERO, HEARTBEAT * 13));
        assert_eq!(beats(&mut link, 13..16), [13, 14, 15]);
    }

    #[test]
    fn an_update_ends_the_rest() {
        let mut link = link();
        assert_eq!(beats(&mut link, 10..14), [11, 13]);
        link.sends(&[], 1, HEARTBEAT * 14);
        link.acknowledge(1);
        assert_eq!(beats(&mut link, 14..20), [14, 15, 16, 18]);
    }
}
