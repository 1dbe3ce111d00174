//! Cutting a large update into pieces that can be imported one after the other.
//!
//! An operation's Lamport time is greater than those of all that it depends on. So everything up
//! to a Lamport time is a piece that depends on nothing behind it.

use std::ops::Range;

use loro::{ID, IdSpan, LoroDoc};

/// Pieces at most, however much there is.
const MOST: usize = 64;

/// A run of operations of one writer.
struct Run {
    span: IdSpan,
    /// The Lamport time of the first.
    lamport: u64,
}

impl Run {
    fn length(&self) -> u64 {
        u64::try_from(self.span.counter.end - self.span.counter.start).unwrap_or(0)
    }

    /// Returns how many operations come before a Lamport time.
    fn before(&self, lamport: u64) -> u64 {
        lamport.saturating_sub(self.lamport).min(self.length())
    }

    /// Returns the operations between two Lamport times.
    fn between(&self, times: &Range<u64>) -> Option<IdSpan> {
        let start = self.span.counter.start;
        let place = |time| start + i32::try_from(self.before(time)).unwrap_or(0);
        let (from, to) = (place(times.start), place(times.end));
        (from < to).then(|| IdSpan::new(self.span.peer, from, to))
    }
}

pub(super) fn cut(doc: &LoroDoc, spans: &[IdSpan], size: usize) -> Vec<Vec<IdSpan>> {
    let Some(runs) = runs_of(doc, spans) else {
        return vec![spans.to_vec()];
    };
    let total: u64 = runs.iter().map(Run::length).sum();
    let size = (size as u64).max(total.div_ceil(MOST as u64)).max(1);
    let first = runs.iter().map(|run| run.lamport).min().unwrap_or(0);
    let end = runs.iter().map(|run| run.lamport + run.length()).max();
    let end = end.unwrap_or(0);
    let mut pieces = Vec::new();
    let mut from = first;
    let mut done = 0;
    while total - done > size {
        let to = time_with(&runs, done + size, from + 1..end);
        pieces.push(piece(&runs, &(from..to)));
        done = runs.iter().map(|run| run.before(to)).sum();
        from = to;
    }
    pieces.push(piece(&runs, &(from..end)));
    pieces
}

/// Finds the changes that the operations belong to. `None`: the document does not have them all.
fn runs_of(doc: &LoroDoc, spans: &[IdSpan]) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    for span in spans {
        let mut start = span.counter.start;
        while start < span.counter.end {
            let change = doc.get_change(ID::new(span.peer, start))?;
            let into = u64::try_from(start - change.id.counter).ok()?;
            let length = i32::try_from(change.len).ok()?;
            let end = (change.id.counter + length).min(span.counter.end);
            if end <= start {
                return None;
            }
            runs.push(Run {
                span: IdSpan::new(span.peer, start, end),
                lamport: u64::from(change.lamport) + into,
            });
            start = end;
        }
    }
    Some(runs)
}

/// Returns the first of these Lamport times before which there are so many operations.
fn time_with(runs: &[Run], count: u64, times: Range<u64>) -> u64 {
    let Range { mut start, mut end } = times;
    while start < end {
        let middle = start + (end - start) / 2;
        if runs.iter().map(|run| run.before(middle)).sum::<u64>() < count {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

/// Gathers what lies between two Lamport times, the runs of a writer joined.
fn piece(runs: &[Run], times: &Range<u64>) -> Vec<IdSpan> {
    let mut spans: Vec<IdSpan> = Vec::new();
    for span in runs.iter().filter_map(|run| run.between(times)) {
        match spans.last_mut() {
            Some(last) if last.peer == span.peer && last.counter.end == span.counter.start => {
                last.counter.end = span.counter.end;
            }
            Some(_) | None => spans.push(span),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use loro::{ExportMode, VersionVector};
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;
    use crate::net::replica::lacking;

    /// A document that some people wrote, now together and now apart.
    fn written_by_three(seed: u64) -> LoroDoc {
        let random = &mut StdRng::seed_from_u64(seed);
        let docs: Vec<_> = (1..=3)
            .map(|peer| {
                let doc = LoroDoc::new();
                assert!(doc.set_peer_id(peer).is_ok());
                doc
            })
            .collect();
        for _ in 0..300 {
            let doc = &docs[random.random_range(0..3)];
            let text = doc.get_text("main");
            let place = random.random_range(0..=text.len_unicode());
            assert!(text.insert(place, "word").is_ok());
            doc.commit();
            if random.random_bool(0.1) {
                let other = &docs[random.random_range(0..3)];
                let updates = other.export(ExportMode::all_updates()).unwrap_or_default();
                assert!(doc.import(&updates).is_ok());
            }
        }
        let [first, others @ ..] = &docs[..] else {
            unreachable!()
        };
        for other in others {
            let updates = other.export(ExportMode::all_updates()).unwrap_or_default();
            assert!(first.import(&updates).is_ok());
        }
        first.clone()
    }

    #[test]
    fn pieces_follow_each_other_and_are_everything() {
        for seed in 0..10 {
            let doc = written_by_three(seed);
            let spans = lacking(&doc.oplog_vv(), &VersionVector::new());
            for size in [1, 10, 100, 399, 5_000] {
                let pieces = cut(&doc, &spans, size);
                assert!(pieces.len() <= MOST);
                let copy = LoroDoc::new();
                for piece in pieces {
                    let updates = doc.export(ExportMode::updates_in_range(piece.clone()));
                    let status = copy.import(&updates.unwrap_or_default());
                    assert!(
                        status.is_ok_and(|status| status.pending.is_none()),
                        "{piece:?}"
                    );
                }
                assert_eq!(copy.oplog_vv(), doc.oplog_vv());
            }
        }
    }

    #[test]
    fn what_the_document_lacks_is_not_cut() {
        let doc = written_by_three(1);
        let spans = [IdSpan::new(77, 0, 10_000)];
        assert_eq!(cut(&doc, &spans, 10), [spans.to_vec()]);
    }
}
