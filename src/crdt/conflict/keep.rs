//! Which of the conflicts that were found are kept, and what becomes of answers that clash.

use std::{collections::BTreeSet, ops::Range};

use loro::{ContainerID, LoroDoc, LoroResult, PeerID};

use super::{Clash, ConflictId, ConflictState, is_known, read, settle, write};

/// Keeps what was found in the document, unless it is kept already, or there is nothing to decide.
/// Returns what is new. The caller holds the document's lock, and commits.
pub fn keep(doc: &LoroDoc, clashes: Vec<Clash>) -> LoroResult<Vec<Clash>> {
    if clashes.is_empty() {
        return Ok(clashes);
    }
    let disputed = disputed_places(doc);
    let mut kept = Vec::new();
    for clash in clashes {
        let now = clash.record.now(doc);
        if !is_known(doc, clash.id)
            && now.is_some_and(|now| !clash.record.is_moot(&now))
            && !disputed.iter().any(|place| is_at(doc, &clash, place))
        {
            write(doc, clash.id, &clash.record)?;
            kept.push(clash);
        }
    }
    Ok(kept)
}

/// Where people answered at once: what clashes there are their answers, which a rule settles.
fn disputed_places(doc: &LoroDoc) -> Vec<(ContainerID, Range<usize>)> {
    let states = read(doc).into_values();
    let disputed = states.filter(|state| state.answers.len() > 1);
    disputed
        .filter_map(|state| {
            let container = state.record.anchors()?.0.container_id();
            Some((container, state.record.range(doc)?))
        })
        .collect()
}

fn is_at(doc: &LoroDoc, clash: &Clash, (container, range): &(ContainerID, Range<usize>)) -> bool {
    let anchors = clash.record.anchors();
    let found = clash.record.range(doc);
    anchors.is_some_and(|(start, _)| start.container_id() == *container)
        && found.is_some_and(|found| found.start <= range.end && range.start <= found.end)
}

/// Puts a disputed conflict right: where two people answered at once, the merge of both outcomes
/// is neither. The first of those who were overruled puts the outcome that holds in its place;
/// `own` are the peer ids that this replica writes and wrote under. Returns whether it was that
/// one. The caller holds the document's lock, commits, and does this once for each conflict.
pub fn repair(doc: &LoroDoc, own: &BTreeSet<PeerID>, state: &ConflictState) -> LoroResult<bool> {
    let [first, second, ..] = &state.answers[..] else {
        return Ok(false);
    };
    if !own.contains(&second.by) {
        return Ok(false);
    }
    settle(doc, &state.record, &first.outcome)
}

/// Returns the conflicts that nobody has answered and that leave something to decide.
pub fn open(doc: &LoroDoc) -> Vec<(ConflictId, ConflictState)> {
    let is_open = |state: &ConflictState| {
        let now = state.record.now(doc);
        state.answer().is_none() && now.is_some_and(|now| !state.record.is_moot(&now))
    };
    let states = read(doc).into_iter();
    states.filter(|(_, state)| is_open(state)).collect()
}
