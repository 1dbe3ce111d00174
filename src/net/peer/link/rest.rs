//! Heartbeats of two sides that have had the same for a while: rarer, and in pairs.
//!
//! A heartbeat costs a packet, and its acknowledgement another. At rest only one side beats by
//! itself; the other answers at once, and the answer carries the acknowledgement along.

use std::time::Duration;

use super::Link;

/// How long nothing must have happened until heartbeats become rarer.
const REST_AFTER: Duration = Duration::from_secs(3);
/// Of two sides at rest the one by the lower node id beats at every so many heartbeats' time. The
/// other answers, and its answer carries QUIC's acknowledgement along.
const BEATS_EVERY: u8 = 2;
/// The other beats unasked only when it heard nothing for so many.
const ANSWERS_WITHIN: u8 = 4;

impl Link {
    /// Returns whether it is time for a heartbeat. Asked once in [`HEARTBEAT`]. `leads`: our node
    /// id is the lower one.
    pub fn is_beat_due(&mut self, leads: bool, now: Duration) -> bool {
        self.left_out = self.left_out.saturating_add(1);
        let every = match leads {
            true => BEATS_EVERY,
            false => ANSWERS_WITHIN,
        };
        let due = !self.is_at_rest(now) || self.left_out >= every;
        if due {
            self.left_out = 0;
        }
        due
    }

    /// Returns whether to answer the peer's heartbeat with ours.
    pub fn answers_beat(&mut self, leads: bool, now: Duration) -> bool {
        let answers = !leads && self.left_out > 0 && self.is_at_rest(now);
        if answers {
            self.left_out = 0;
        }
        answers
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

    /// Lets two links beat for a time, and returns how many heartbeats each side sent.
    fn beats(one: &mut Link, other: &mut Link, seconds: u32) -> (u32, u32) {
        let (mut from_one, mut from_other) = (0, 0);
        for second in 1..=seconds {
            let now = HEARTBEAT * second;
            // The other's clock ticks a little later.
            let later = now + HEARTBEAT / 3;
            if one.is_beat_due(true, now) {
                from_one += 1;
                from_other += u32::from(other.answers_beat(false, now));
            }
            if other.is_beat_due(false, later) {
                from_other += 1;
                assert!(!one.answers_beat(true, later), "one side alone answers");
            }
        }
        (from_one, from_other)
    }

    fn link() -> Link {
        let mut link = Link::new(1, Greeting::default(), Duration::ZERO);
        link.synced = true;
        link
    }

    #[test]
    fn at_rest_both_sides_are_heard_every_two_seconds() {
        let (mut one, mut other) = (link(), link());
        beats(&mut one, &mut other, 3);
        let (from_one, from_other) = beats(&mut one, &mut other, 63);
        // The first three seconds are not at rest, and then the clocks have to fall into step.
        assert!((30..=33).contains(&from_one), "{from_one}");
        assert!((30..=34).contains(&from_other), "{from_other}");
    }

    #[test]
    fn a_peer_that_lacks_something_hears_every_heartbeat() {
        let (mut one, mut other) = (link(), link());
        one.sends(&[], 1, Duration::ZERO);
        other.sends(&[], 1, Duration::ZERO);
        assert_eq!(beats(&mut one, &mut other, 60), (60, 60));
    }

    #[test]
    fn a_peer_whose_partner_is_silent_beats_by_itself() {
        let mut other = link();
        let seconds = 10..30;
        let due = seconds.filter(|&second| other.is_beat_due(false, HEARTBEAT * second));
        assert_eq!(due.count(), 5);
    }
}
