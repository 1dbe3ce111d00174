//! When to dial again: a random wait under a ceiling that doubles with each failure, so that
//! peers that were lost together do not come back all at once.

use std::time::Duration;

use rand::{RngExt, rngs::StdRng};

const FIRST_CEILING: Duration = Duration::from_millis(500);
/// The ceiling while the peer has not been away for long: people look at the screen and wait.
const EAGER_CEILING: Duration = Duration::from_millis(2_500);
const EAGER_FOR: Duration = Duration::from_secs(120);
const CEILING: Duration = Duration::from_secs(30);
/// The ceiling for a peer that left on purpose: that it comes back is a person's decision.
const LEFT_CEILING: Duration = Duration::from_secs(10);
/// Dials to a replica that we know by hearsay only, before we give it up.
const HEARSAY_ATTEMPTS: u32 = 6;

/// The plan for one peer.
#[derive(Debug, Default)]
pub(crate) struct Redial {
    attempts: u32,
    away_since: Option<Duration>,
    due: Option<Duration>,
}

impl Redial {
    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Plans the next dial after a failure or a loss. `left`: the peer went on purpose.
    pub fn plan(&mut self, left: bool, now: Duration, random: &mut StdRng) {
        let away_since = *self.away_since.get_or_insert(now);
        let limit = if now - away_since < EAGER_FOR {
            EAGER_CEILING
        } else if left {
            LEFT_CEILING
        } else {
            CEILING
        };
        let doubled = FIRST_CEILING.saturating_mul(1 << self.attempts.min(16));
        self.attempts = self.attempts.saturating_add(1);
        self.within(doubled.min(limit), now, random);
    }

    /// Plans a dial at a random moment between now and the end of a span of time.
    pub fn within(&mut self, span: Duration, now: Duration, random: &mut StdRng) {
        self.due = Some(now + random.random_range(Duration::ZERO..=span));
    }

    /// Plans a dial with the longest wait, for a peer that speaks another language.
    pub fn late(&mut self, now: Duration) {
        self.due = Some(now + CEILING);
    }

    /// Plans nothing.
    pub fn cancel(&mut self) {
        self.due = None;
    }

    /// Forgets past failures: the peer is here, or the application asked for it anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Returns whether a replica that nobody ever saw here has been tried often enough.
    pub fn is_hopeless(&self) -> bool {
        self.attempts >= HEARSAY_ATTEMPTS
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn waits_grow_and_stay_under_their_ceilings() {
        let mut random = StdRng::seed_from_u64(1);
        for (left, ceiling) in [(false, CEILING), (true, LEFT_CEILING)] {
            let mut redial = Redial::default();
            let mut now = Duration::ZERO;
            let mut longest = Duration::ZERO;
            while now < Duration::from_secs(600) {
                redial.plan(left, now, &mut random);
                let Some(due) = redial.due() else {
                    panic!("nothing is planned");
                };
                let wait = due - now;
                let limit = if now < EAGER_FOR {
                    EAGER_CEILING
                } else {
                    ceiling
                };
                assert!(wait <= limit, "waited {wait:?} at {now:?}");
                longest = longest.max(wait);
                now = due + Duration::from_millis(100);
            }
            assert!(longest > ceiling / 2);
        }
    }
}
