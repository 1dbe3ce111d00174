//! When what is written here goes out: at once, or gathered with what follows.
//!
//! What comes at the pace of a person goes out at once. What comes quicker than anybody types, from
//! a macro, a script or a paste in pieces, is gathered: for 5 ms at first, and with every quick key
//! twice as long, up to [`LONGEST`]. One packet then carries what would have been a dozen, and
//! whoever reads along still sees the text flow. Knows times alone, neither text nor network.

use std::time::Duration;

/// Keys that follow each other more quickly are gathered. Sixty-six a second: nobody types that,
/// and no keyboard repeats a held key so quickly.
const QUICK: Duration = Duration::from_millis(15);
/// The longest pause within a flood of quick keys.
const HESITATION: Duration = Duration::from_millis(30);
/// Between two updates that go out, however the keys come.
const SHORTEST: Duration = Duration::from_millis(5);
/// The same, when keys have been quick for a while.
const LONGEST: Duration = Duration::from_millis(80);
/// Updates that wait at most, once [`SHORTEST`] has passed: with so many, one packet more costs
/// nothing, and the other side had better begin.
const ENOUGH: usize = 256;

/// Decides how long what was written may wait.
#[derive(Debug)]
pub(super) struct Pace {
    /// When something went out for the last time.
    sent_at: Option<Duration>,
    /// When something was written for the last time.
    written_at: Option<Duration>,
    /// How long to gather now.
    wait: Duration,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            sent_at: None,
            written_at: None,
            wait: SHORTEST,
        }
    }

    /// Notes that something was written.
    pub(super) fn write(&mut self, now: Duration) {
        let pause = self.written_at.map(|before| now.saturating_sub(before));
        self.wait = match pause {
            Some(pause) if pause < QUICK => (2 * self.wait).min(LONGEST),
            // One hesitation is not the end of a flood.
            Some(pause) if pause < HESITATION => self.wait,
            Some(_) | None => (self.wait / 4).max(SHORTEST),
        };
        self.written_at = Some(now);
    }

    /// Notes that all that was written goes out.
    pub(super) fn send(&mut self, now: Duration) {
        self.sent_at = Some(now);
    }

    /// Returns when to send the updates that wait, `None` if none does.
    pub(super) fn due(&self, waiting: usize) -> Option<Duration> {
        let written_at = self.written_at.filter(|_| waiting > 0)?;
        let Some(sent_at) = self.sent_at else {
            return Some(written_at);
        };
        if waiting >= ENOUGH {
            return Some(sent_at + SHORTEST);
        }
        // When nothing follows, nothing is worth waiting for.
        let pause = (self.wait / 2).clamp(QUICK, HESITATION);
        let quiet = (written_at + pause).max(sent_at + SHORTEST);
        Some(quiet.min(sent_at + self.wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Writes at these times, in milliseconds. Returns when what went out: the time, and how many.
    fn sent(written: &[u64]) -> Vec<(u64, usize)> {
        let mut pace = Pace::new();
        let (mut sent, mut waiting) = (Vec::new(), 0);
        let end = written.last().map_or(0, |last| last + 1_000);
        for now in 0..end {
            for _ in written.iter().filter(|&&time| time == now) {
                pace.write(milliseconds(now));
                waiting += 1;
            }
            if pace
                .due(waiting)
                .is_some_and(|due| due <= milliseconds(now))
            {
                pace.send(milliseconds(now));
                sent.push((now, waiting));
                waiting = 0;
            }
        }
        assert_eq!(waiting, 0, "nothing is left behind");
        sent
    }

    #[test]
    fn what_a_person_types_goes_out_at_once() {
        for pause in [QUICK.as_millis() as u64, 33, 100, 200, 1_000] {
            let keys: Vec<_> = (0..50).map(|number| number * pause).collect();
            let at_once: Vec<_> = keys.iter().map(|&time| (time, 1)).collect();
            assert_eq!(sent(&keys), at_once, "every {pause} ms");
        }
    }

    #[test]
    fn two_keys_in_one_movement_hardly_wait() {
        assert_eq!(
            sent(&[0, 2, 200, 210]),
            [(0, 1), (10, 1), (200, 1), (210, 1)]
        );
    }

    #[test]
    fn keys_every_ten_milliseconds_go_out_by_the_dozen_and_never_wait_for_long() {
        let keys: Vec<_> = (0..100).map(|number| number * 10).collect();
        let sent = sent(&keys);
        assert_eq!(sent.iter().map(|(_, count)| count).sum::<usize>(), 100);
        let steady = &sent[5..sent.len() - 1];
        assert!(steady.iter().all(|&(_, count)| count == 8), "{sent:?}");
        let apart = sent.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(apart.max() <= Some(LONGEST.as_millis() as u64), "{sent:?}");
    }

    #[test]
    fn the_end_of_a_flood_does_not_wait_for_more() {
        let keys: Vec<_> = (0..21).map(|number| number * 10).collect();
        let last = keys[20];
        let end = sent(&keys).last().map(|&(time, _)| time);
        assert!(end <= Some(last + HESITATION.as_millis() as u64), "{end:?}");
    }

    #[test]
    fn hesitations_in_a_flood_cost_little() {
        let keys: Vec<_> = (0..100)
            .map(|number| number * 10 + number / 10 * 18)
            .collect();
        assert!(sent(&keys).len() < 22, "{:?}", sent(&keys));
    }

    #[test]
    fn after_a_flood_a_held_key_goes_out_at_once_again() {
        let flood = (0..50).map(|number| number * 10);
        let held = (0..20).map(|number| 600 + number * 33);
        let sent = sent(&flood.chain(held).collect::<Vec<_>>());
        let held = &sent[sent.len() - 18..];
        assert!(held.iter().all(|&(_, count)| count == 1), "{sent:?}");
    }

    #[test]
    fn many_updates_at_once_do_not_wait_for_long() {
        let keys = vec![10; ENOUGH];
        let mut pace = Pace::new();
        pace.send(milliseconds(9));
        for &time in &keys {
            pace.write(milliseconds(time));
        }
        assert_eq!(pace.due(ENOUGH - 1), Some(milliseconds(10 + 30)));
        assert_eq!(pace.due(ENOUGH), Some(milliseconds(9 + 5)));
    }
}
