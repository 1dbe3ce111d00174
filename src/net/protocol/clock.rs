//! Noticing that the machine slept, or that somebody set its clock.
//!
//! The monotonic clock stands still while a machine is suspended and nobody can set it; the wall
//! clock goes on, and anybody can. When the two drift apart by seconds, one of these has happened.
//! Nothing of the protocol reckons with the wall clock, so all that follows is a look at who is
//! still there.

use std::time::{Duration, Instant, SystemTime};

/// By how much the clocks must have drifted apart. Corrections by a time server stay far below.
const DRIFT: Duration = Duration::from_secs(3);

/// Where the time comes from.
pub(super) trait Clock {
    /// Returns the time since a fixed moment. Never goes back.
    fn monotonic(&self) -> Duration;

    /// Returns the time of day, as the machine has it.
    fn wall(&self) -> SystemTime;
}

/// The machine's own clocks.
pub(super) struct SystemClock {
    started: Instant,
}

impl SystemClock {
    pub(super) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Compares the two clocks.
#[derive(Debug)]
pub(super) struct Vigil {
    monotonic: Duration,
    wall: SystemTime,
}

impl Vigil {
    pub(super) fn start(clock: &impl Clock) -> Self {
        Self {
            monotonic: clock.monotonic(),
            wall: clock.wall(),
        }
    }

    /// Returns whether the machine slept, or its clock was set, since this was last called.
    pub(super) fn was_interrupted(&mut self, clock: &impl Clock) -> bool {
        let before = std::mem::replace(self, Self::start(clock));
        let passed = self.monotonic.saturating_sub(before.monotonic);
        match self.wall.duration_since(before.wall) {
            Ok(shown) => shown.abs_diff(passed) >= DRIFT,
            Err(backwards) => backwards.duration() + passed >= DRIFT,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

    struct Set {
        monotonic: Cell<Duration>,
        wall: Cell<SystemTime>,
    }

    impl Set {
        fn new() -> Self {
            Self {
                monotonic: Cell::new(9 * SECOND),
                wall: Cell::new(SystemTime::UNIX_EPOCH + 50 * YEAR),
            }
        }

        /// Both clocks go on.
        fn pass(&self, time: Duration) {
            self.monotonic.set(self.monotonic.get() + time);
            self.wall.set(self.wall.get() + time);
        }
    }

    impl Clock for Set {
        fn monotonic(&self) -> Duration {
            self.monotonic.get()
        }

        fn wall(&self) -> SystemTime {
            self.wall.get()
        }
    }

    #[test]
    fn time_that_passes_is_no_interruption() {
        let clock = Set::new();
        let mut vigil = Vigil::start(&clock);
        for time in [Duration::ZERO, SECOND, 3600 * SECOND, YEAR] {
            clock.pass(time);
            assert!(!vigil.was_interrupted(&clock), "{time:?}");
        }
        // A time server puts the clock right, little by little.
        for _ in 0..100 {
            clock.pass(SECOND);
            clock.wall.set(clock.wall.get() - SECOND / 10);
            assert!(!vigil.was_interrupted(&clock));
        }
    }

    #[test]
    fn sleep_and_a_clock_that_is_set_are_noticed_once() {
        let clock = Set::new();
        let mut vigil = Vigil::start(&clock);
        let now = clock.wall.get();
        for wall in [now + 3600 * SECOND, now + YEAR, now - YEAR, now] {
            clock.wall.set(wall);
            assert!(vigil.was_interrupted(&clock), "{wall:?}");
            clock.pass(SECOND);
            assert!(!vigil.was_interrupted(&clock));
        }
    }
}
