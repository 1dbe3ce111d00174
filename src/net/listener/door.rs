//! How many connections may begin, before anything is known of who dials.
//!
//! A handshake costs its acceptor signatures and memory, and the first packet of one costs its
//! sender nothing, not even an address of its own. So a few are taken as they come; when more
//! come, only those are taken that have shown to be where they say they are; and beyond that none
//! until the next second, in which a peer in earnest asks again by itself.

use std::time::{Duration, Instant};

use iroh::protocol::IncomingFilterOutcome;

/// Handshakes in one second that need no proof.
const WITHOUT_PROOF: u32 = 32;
/// Handshakes in one second at most.
const AT_MOST: u32 = 128;
const WINDOW: Duration = Duration::from_secs(1);

/// Counts who knocks.
#[derive(Debug)]
pub(super) struct Door {
    since: Instant,
    knocks: u32,
}

impl Door {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            knocks: 0,
        }
    }

    /// Decides about one handshake. `proven`: the dialler is where it says it is.
    pub(super) fn knock(&mut self, proven: bool, now: Instant) -> IncomingFilterOutcome {
        if now.saturating_duration_since(self.since) >= WINDOW {
            *self = Self::new(now);
        }
        self.knocks = self.knocks.saturating_add(1);
        if self.knocks > AT_MOST {
            IncomingFilterOutcome::Ignore
        } else if self.knocks > WITHOUT_PROOF && !proven {
            IncomingFilterOutcome::Retry
        } else {
            IncomingFilterOutcome::Accept
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_has_to_prove_itself_and_then_to_wait() {
        let start = Instant::now();
        let mut door = Door::new(start);
        let mut knock = |proven, after| door.knock(proven, start + after);
        for _ in 0..WITHOUT_PROOF {
            let outcome = knock(false, Duration::ZERO);
            assert_eq!(outcome, IncomingFilterOutcome::Accept);
        }
        assert_eq!(knock(false, Duration::ZERO), IncomingFilterOutcome::Retry);
        for _ in WITHOUT_PROOF + 1..AT_MOST {
            let outcome = knock(true, Duration::ZERO);
            assert_eq!(outcome, IncomingFilterOutcome::Accept);
        }
        assert_eq!(knock(true, Duration::ZERO), IncomingFilterOutcome::Ignore);
        assert_eq!(knock(false, WINDOW), IncomingFilterOutcome::Accept);
    }
}
