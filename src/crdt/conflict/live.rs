//! The cheap way to notice edits that meet while people are connected: where our own edits are
//! that the others may not have yet, carried over every change of the text.
//!
//! Nothing is kept of what is found here: people who see each other's carets need no card.

use std::ops::Range;

use crate::crdt::{Bias, Change, Content, Delta};

/// A stretch of text that we changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    range: Range<usize>,
    /// The number of the last of our edits that touched it.
    edit: u64,
}

/// Where our own edits are that others may not know: disjoint stretches in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingEdits {
    stretches: Vec<Pending>,
}

impl PendingEdits {
    /// Returns how many stretches there are.
    pub fn len(&self) -> usize {
        self.stretches.len()
    }

    /// Returns whether everybody knows everything.
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// Takes in an edit of ours; later ones have larger numbers.
    pub fn edit<C: Content>(&mut self, delta: &Delta<C>, edit: u64) {
        self.carry(delta);
        self.stretches
            .extend(touched(delta).map(|range| Pending { range, edit }));
        self.stretches.sort_by_key(|pending| pending.range.start);
        self.unite();
    }

    /// Takes in somebody else's change. Returns which stretches of ours it touches, in the text
    /// after it. Takes as long as there are stretches and steps in the change.
    pub fn meet<C: Content>(&mut self, delta: &Delta<C>) -> Vec<Range<usize>> {
        self.carry(delta);
        let mut found = Vec::new();
        let mut next = 0;
        for range in touched(delta) {
            let before = |pending: &Pending| pending.range.end < range.start;
            next += self.stretches[next..].partition_point(before);
            let near = self.stretches[next..].iter();
            let near = near.take_while(|pending| pending.range.start <= range.end);
            found.extend(near.map(|pending| pending.range.clone()));
        }
        found.dedup();
        found
    }

    /// Forgets the edits up to a number: everybody has them.
    pub fn acknowledge(&mut self, edit: u64) {
        self.stretches.retain(|pending| pending.edit > edit);
    }

    /// Carries all stretches over a change, in one walk through both.
    fn carry<C: Content>(&mut self, delta: &Delta<C>) {
        let mut walk = Walk::new(delta);
        for pending in &mut self.stretches {
            let start = walk.map(pending.range.start, Bias::Before);
            let end = walk.map(pending.range.end, Bias::After);
            pending.range = start..end.max(start);
        }
        self.unite();
    }

    /// Makes one of stretches that meet.
    fn unite(&mut self) {
        self.stretches.dedup_by(|next, before| {
            let meet = next.range.start <= before.range.end;
            if meet {
                before.range.end = before.range.end.max(next.range.end);
                before.edit = before.edit.max(next.edit);
            }
            meet
        });
    }
}

/// The stretches of the text after a change that it put in, or where it took something out.
fn touched<C: Content>(delta: &Delta<C>) -> impl Iterator<Item = Range<usize>> {
    let mut place = 0;
    delta
        .changes()
        .iter()
        .filter_map(move |change| match change {
            Change::Retain(length) => {
                place += length;
                None
            }
            Change::Insert(content) => {
                let start = place;
                place += content.length();
                Some(start..place)
            }
            Change::Delete(_) => Some(place..place),
        })
}

/// Maps positions in rising order as [`Delta::map`] does, walking through the change only once.
struct Walk<'a, C> {
    rest: &'a [Change<C>],
    before: usize,
    after: usize,
    /// What was put in right before the rest.
    inserted: usize,
}

impl<'a, C: Content> Walk<'a, C> {
    fn new(delta: &'a Delta<C>) -> Self {
        Self {
            rest: delta.changes(),
            before: 0,
            after: 0,
            inserted: 0,
        }
    }

    fn map(&mut self, position: usize, bias: Bias) -> usize {
        // Steps that end before the position stay behind for all later ones, too.
        while let Some((first, rest)) = self.rest.split_first() {
            match first {
                Change::Retain(length) if self.before + length < position => {
                    self.before += length;
                    self.after += length;
                    self.inserted = 0;
                }
                Change::Delete(length) if self.before + length < position => {
                    self.before += length;
                    self.inserted = 0;
                }
                Change::Insert(content) if self.before < position => {
                    self.inserted = content.length();
                    self.after += self.inserted;
                }
                Change::Retain(_) | Change::Delete(_) | Change::Insert(_) => break,
            }
            self.rest = rest;
        }
        let (mut before, mut after, mut inserted) = (self.before, self.after, self.inserted);
        for change in self.rest {
            match change {
                Change::Retain(length) if position < before + length => break,
                Change::Retain(length) => {
                    before += length;
                    after += length;
                    inserted = 0;
                }
                Change::Insert(_) if position == before && bias == Bias::Before => return after,
                Change::Insert(_) if position < before => break,
                Change::Insert(content) => {
                    inserted = content.length();
                    after += inserted;
                }
                Change::Delete(length) if position < before + length => {
                    let inside = position > before && bias == Bias::Before;
                    return if inside { after - inserted } else { after };
                }
                Change::Delete(length) => {
                    before += length;
                    inserted = 0;
                }
            }
            if before > position {
                break;
            }
        }
        after + (position - before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::crdt::testing::any_delta;

    fn ranges(pending: &PendingEdits) -> Vec<Range<usize>> {
        let stretches = pending.stretches.iter();
        stretches.map(|pending| pending.range.clone()).collect()
    }

    fn bounds(ranges: Vec<Range<usize>>) -> Vec<(usize, usize)> {
        let ranges = ranges.into_iter();
        ranges.map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn what_others_do_at_our_edits_is_noticed_until_they_have_them() {
        let mut pending = PendingEdits::default();
        pending.edit(&Delta::replace(10..10, "ours"), 1);
        pending.edit(&Delta::replace(14..14, "!"), 2);
        pending.edit(&Delta::replace(30..32, ""), 3);
        assert_eq!(ranges(&pending), [10..15, 30..30]);
        assert!(pending.meet(&Delta::replace(0..0, "far away ")).is_empty());
        assert_eq!(ranges(&pending), [19..24, 39..39]);
        let inside = pending.meet(&Delta::replace(21..22, "theirs"));
        assert_eq!(bounds(inside), [(19, 29)]);
        let met = pending.meet(&Delta::replace(44..44, "x"));
        assert_eq!(bounds(met), [(44, 45)]);
        pending.acknowledge(2);
        assert_eq!(bounds(ranges(&pending)), [(44, 45)]);
        pending.acknowledge(3);
        assert!(pending.is_empty());
    }

    #[test]
    fn stretches_that_come_to_meet_are_one() {
        let pending = |delta: &Delta| {
            let mut pending = PendingEdits::default();
            pending.edit(&Delta::replace(10..10, "ab"), 1);
            pending.edit(&Delta::replace(13..13, "c"), 2);
            pending.meet(delta);
            pending
        };
        for (delta, expected) in [
            (Delta::replace(0..0, "x"), vec![(11, 13), (14, 15)]),
            (Delta::replace(12..12, "x"), vec![(10, 13), (14, 15)]),
            (Delta::replace(12..13, ""), vec![(10, 13)]),
            (Delta::replace(5..20, ""), vec![(5, 5)]),
            (Delta::replace(11..14, "x"), vec![(10, 12)]),
        ] {
            let mut pending = pending(&delta);
            assert_eq!(bounds(ranges(&pending)), expected, "{delta:?}");
            // What became one is known to all once the last of it is.
            pending.acknowledge(1);
            assert_eq!(pending.len(), 1, "{delta:?}");
        }
    }

    proptest! {
        #[test]
        fn a_walk_maps_as_the_change_does(
            delta in any_delta(30),
            mut positions in vec(0..40_usize, 0..12),
        ) {
            positions.sort_unstable();
            let mut walk = Walk::new(&delta);
            for position in positions {
                for bias in [Bias::Before, Bias::After] {
                    prop_assert_eq!(walk.map(position, bias), delta.map(position, bias));
                }
            }
        }

        #[test]
        fn stretches_stay_apart_and_in_order(deltas in vec(any_delta(20), 0..12)) {
            let mut pending = PendingEdits::default();
            for (number, delta) in deltas.iter().enumerate() {
                match number % 3 {
                    0 => _ = pending.meet(delta),
                    _ => pending.edit(delta, number as u64),
                }
                let ranges = ranges(&pending);
                prop_assert!(ranges.iter().all(|range| range.start <= range.end));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
            }
        }
    }
}
