//! Which operations were made apart: for each writer's news, what we had written that the writer
//! did not know, and that did not know the news either.

use std::collections::BTreeSet;

use loro::{ID, IdSpan, LoroDoc, PeerID, VersionVector};

use super::{Side, compare::history_of};

/// A stretch of two sides' operations that were made apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What was written here.
    pub ours: Side,
    /// What came in.
    pub theirs: Side,
    /// Our first operation, of each peer id that we wrote under, that they did not know.
    pub first: Vec<ID>,
    /// Their first operation.
    pub theirs_first: Option<ID>,
}

/// Finds, for operations of another writer that came in, what of ours was written apart from
/// them. `ours` are the peer ids that we write and wrote under. Cheap where nothing was.
pub fn blocks(doc: &LoroDoc, ours: &BTreeSet<PeerID>, news: IdSpan) -> Vec<Block> {
    let ends = doc.oplog_vv();
    let end_of = |peer: PeerID| ends.get(&peer).copied().unwrap_or(0);
    let last = news.counter.end.min(end_of(news.peer));
    let mut found = Vec::new();
    let mut next = news.counter.start;
    while next < last {
        let theirs = ID::new(news.peer, next);
        let Some(known) = history_of(doc, theirs) else {
            break;
        };
        let apart: Vec<(ID, ID)> = ours
            .iter()
            .filter_map(|peer| {
                let start = known.get(peer).copied().unwrap_or(0);
                let end = first_that_knows(doc, *peer, start, end_of(*peer), theirs);
                let first = ID::new(*peer, start);
                (start < end).then(|| (first, ID::new(*peer, end - 1)))
            })
            .collect();
        if apart.is_empty() {
            next = next_unknown(doc, ours, theirs, &known).max(next + 1);
            continue;
        }
        let end = apart
            .iter()
            .map(|(first, _)| first_that_knows(doc, news.peer, next, last, *first))
            .min()
            .unwrap_or(last)
            .max(next + 1);
        found.push(Block {
            ours: Side {
                heads: apart.iter().map(|(_, last)| *last).collect(),
            },
            theirs: Side {
                heads: vec![ID::new(news.peer, end - 1)],
            },
            first: apart.iter().map(|(first, _)| *first).collect(),
            theirs_first: Some(theirs),
        });
        next = end;
    }
    found
}

/// Returns the first operation of a peer, from `start` to `end`, that knew another; `end` if none
/// did. Later operations know what earlier ones did.
fn first_that_knows(doc: &LoroDoc, peer: PeerID, start: i32, end: i32, other: ID) -> i32 {
    let knows = |counter| {
        let history = history_of(doc, ID::new(peer, counter));
        history
            .is_some_and(|history| history.get(&other.peer).copied().unwrap_or(0) > other.counter)
    };
    let (mut low, mut high) = (start, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if knows(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Returns the next operation of a writer that may have been made apart: the first that ours did
/// not know, or that knows something else than the one before.
fn next_unknown(doc: &LoroDoc, ours: &BTreeSet<PeerID>, theirs: ID, known: &VersionVector) -> i32 {
    // What a writer knows changes only from one change to the next.
    let next_change = doc.get_change(theirs).map_or(i32::MAX, |change| {
        change.id.counter + i32::try_from(change.len).unwrap_or(1)
    });
    let unknown = ours.iter().filter_map(|peer| {
        let first = ID::new(*peer, known.get(peer).copied().unwrap_or(0));
        let history = history_of(doc, first)?;
        Some(history.get(&theirs.peer).copied().unwrap_or(0))
    });
    unknown.fold(next_change, i32::min)
}
