//! The exact way to find what two sides did apart: three-point differences, on a copy.
//!
//! Costs as much as the history is long, so it runs on a thread of its own, on a copy of the
//! document, and can be given up between its steps.

use std::collections::BTreeSet;

use loro::{
    ContainerID, Frontiers, ID, LoroDoc, LoroError, PeerID, ValueOrContainer, VersionVector,
    event::{Diff, DiffBatch},
};
use ropey::Rope;

use super::{
    Author, ConflictContent, ConflictId, ConflictPlace, ConflictRecord, ConflictSide,
    DetectOptions, Edit, Grade, Overlap, Rule, detect,
    record::{CONTAINER, time_of},
};
use crate::crdt::{Anchor, Bias, Delta};

/// Why a comparison came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Nobody wants to know any more.
    #[error("the comparison was given up")]
    Cancelled,
    /// The document lacks operations that were named.
    #[error("the document does not have these operations")]
    Unknown,
    /// Loro could not show the document as it was.
    #[error("the document cannot be shown as it was")]
    Loro(#[from] LoroError),
}

/// One of two sides: all that some peers wrote, up to their last operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// The last operations that belong to it.
    pub heads: Vec<ID>,
}

impl Side {
    fn peers(&self) -> BTreeSet<PeerID> {
        self.heads.iter().map(|id| id.peer).collect()
    }

    /// Everything that the side knew.
    fn version(&self, doc: &LoroDoc) -> Option<VersionVector> {
        let mut version = VersionVector::new();
        for head in &self.heads {
            version.merge(&history_of(doc, *head)?);
        }
        Some(version)
    }
}

/// Returns everything that an operation knew, itself included. `None`: the document lacks it.
pub(super) fn history_of(doc: &LoroDoc, id: ID) -> Option<VersionVector> {
    // Loro panics on what it does not have.
    let end = doc.oplog_vv().get(&id.peer).copied().unwrap_or(0);
    if id.counter < 0 || id.counter >= end {
        return None;
    }
    doc.frontiers_to_vv(&Frontiers::from_id(id))
}

/// What is in both of two histories.
fn common(left: &VersionVector, right: &VersionVector) -> VersionVector {
    left.iter()
        .filter_map(|(peer, end)| Some((*peer, (*end).min(*right.get(peer)?))))
        .filter(|(_, end)| *end > 0)
        .collect()
}

/// A conflict that was found, with how long ago its first edit was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    /// Names it.
    pub id: ConflictId,
    /// What to keep of it.
    pub record: ConflictRecord,
    /// When the first of the operations of either side was made that the other side did not know,
    /// in seconds since 1970; 0 if nobody noted it.
    pub since: i64,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// The conflicts, in a fixed order.
    pub clashes: Vec<Clash>,
    /// In how many places of texts and maps each side did something, `left` first.
    pub places: [usize; 2],
    /// When the first operation of either side was made; as [`Clash::since`].
    pub since: i64,
}

/// Finds the conflicts between what two sides did without knowing of each other.
///
/// `copy` must be nobody else's: it is taken through its history. Only edits of the sides' own
/// peers count, as far as that can be told. Overlaps below `lowest` are left out.
pub fn compare(
    copy: &LoroDoc,
    left: &Side,
    right: &Side,
    options: &DetectOptions,
    lowest: Grade,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Compared, CompareError> {
    // On every replica the same side comes first.
    let swapped = left.peers() > right.peers();
    let (left, right) = if !swapped {
        (left, right)
    } else {
        (right, left)
    };
    let histories = left.version(copy).zip(right.version(copy));
    let (left_version, right_version) = histories.ok_or(CompareError::Unknown)?;
    let base = common(&left_version, &right_version);
    let mut comparison = Comparison {
        copy,
        base_frontiers: copy.vv_to_frontiers(&base),
        sides: [
            Half::new(copy, left, &left_version, &base),
            Half::new(copy, right, &right_version, &base),
        ],
        options,
        lowest,
        is_cancelled,
        found: Compared::default(),
    };
    let [left, right] = &comparison.sides;
    let times = [left.since, right.since];
    comparison.found.since = times
        .into_iter()
        .filter(|time| *time > 0)
        .min()
        .unwrap_or(0);
    if comparison.sides.iter().all(|side| !side.first.is_empty()) {
        comparison.run()?;
    }
    let mut found = comparison.found;
    if swapped {
        found.places.reverse();
    }
    Ok(found)
}

/// One side, taken apart.
struct Half {
    peers: BTreeSet<PeerID>,
    version: Frontiers,
    /// The first operation of each peer that the other side did not know.
    first: Vec<ID>,
    last: ID,
    /// Whether the side knew edits of third parties that the other side did not.
    mixed: bool,
    since: i64,
    until: i64,
    author: Author,
}

impl Half {
    fn new(doc: &LoroDoc, side: &Side, version: &VersionVector, base: &VersionVector) -> Self {
        let peers = side.peers();
        let start = |peer: &PeerID| base.get(peer).copied().unwrap_or(0);
        let first: Vec<ID> = peers
            .iter()
            .filter(|peer| version.get(peer).copied().unwrap_or(0) > start(peer))
            .map(|peer| ID::new(*peer, start(peer)))
            .collect();
        let mixed = version
            .iter()
            .any(|(peer, end)| *end > start(peer) && !peers.contains(peer));
        let times = first.iter().map(|id| time_of(doc, *id));
        let since = times.filter(|time| *time > 0).min().unwrap_or(0);
        let heads = side.heads.iter();
        let last = heads.max_by_key(|head| (time_of(doc, **head), head.peer));
        let last = last.copied().unwrap_or(ID::new(0, 0));
        let author = peers.iter().find_map(|peer| Author::of(doc, *peer));
        Self {
            version: doc.vv_to_frontiers(version),
            first,
            until: time_of(doc, last),
            last,
            mixed,
            since,
            author: author.unwrap_or_default(),
            peers,
        }
    }
}

struct Comparison<'a> {
    copy: &'a LoroDoc,
    base_frontiers: Frontiers,
    sides: [Half; 2],
    options: &'a DetectOptions,
    lowest: Grade,
    is_cancelled: &'a dyn Fn() -> bool,
    found: Compared,
}

/// What one side did to one text.
struct SideText {
    delta: Delta,
    edits: Vec<Edit>,
    rope: Rope,
}

impl Comparison<'_> {
    fn run(&mut self) -> Result<(), CompareError> {
        let [left, right] = [0, 1].map(|side| self.difference(side));
        let (left, right) = (left?, right?);
        self.found.places = [places(&left), places(&right)];
        for (container, diff) in left.iter() {
            let Some(other) = right.iter().find(|(id, _)| *id == container) else {
                continue;
            };
            if is_reserved(container) {
                continue;
            }
            match (diff, other.1) {
                (Diff::Text(left), Diff::Text(right)) => {
                    let deltas = [Delta::from_loro(left), Delta::from_loro(right)];
                    self.compare_texts(container, deltas)?;
                }
                (Diff::Map(left), Diff::Map(right)) => {
                    for (key, ours) in &left.updated {
                        if let Some(theirs) = right.updated.get(key) {
                            self.compare_values(container, key, [ours, theirs]);
                        }
                    }
                }
                _ => {}
            }
        }
        self.found.clashes.sort_by_key(|clash| clash.id);
        Ok(())
    }

    fn difference(&self, side: usize) -> Result<DiffBatch, CompareError> {
        self.go_on()?;
        let version = &self.sides[side].version;
        Ok(self.copy.diff(&self.base_frontiers, version)?)
    }

    fn go_on(&self) -> Result<(), CompareError> {
        if (self.is_cancelled)() {
            return Err(CompareError::Cancelled);
        }
        Ok(())
    }

    fn compare_texts(
        &mut self,
        container: &ContainerID,
        deltas: [Delta; 2],
    ) -> Result<(), CompareError> {
        self.go_on()?;
        self.copy.checkout(&self.base_frontiers)?;
        let text = self.copy.try_get_text(container.clone());
        let base = text.map_or_else(Rope::new, |text| Rope::from_str(&text.to_string()));
        let [left, right] = deltas;
        let (left, right) = (
            self.side_text(0, container, left, &base)?,
            self.side_text(1, container, right, &base)?,
        );
        let overlaps = detect(&base, &left.edits, &right.edits, self.options);
        self.copy.checkout(&self.base_frontiers)?;
        for overlap in overlaps {
            if overlap.grade < self.lowest {
                continue;
            }
            self.go_on()?;
            self.keep_text(container, &base, &overlap, [&left, &right]);
        }
        Ok(())
    }

    fn side_text(
        &self,
        side: usize,
        container: &ContainerID,
        delta: Delta,
        base: &Rope,
    ) -> Result<SideText, CompareError> {
        let half = &self.sides[side];
        let mut rope = base.clone();
        delta.apply(&mut rope);
        let mut edits = Edit::all_of(&delta, half.last.peer, half.until);
        if half.mixed {
            self.copy.checkout(&half.version)?;
            if let Some(text) = self.copy.try_get_text(container.clone()) {
                let is_own = |edit: &Edit| {
                    let place = delta.map(edit.range.start, Bias::Before);
                    let editor = text.get_editor_at_unicode_pos(place);
                    // Who deleted something nobody can tell.
                    edit.inserted.is_empty()
                        || editor.is_none_or(|editor| half.peers.contains(&editor))
                };
                edits.retain(is_own);
            }
        }
        Ok(SideText { delta, edits, rope })
    }

    fn keep_text(
        &mut self,
        container: &ContainerID,
        base: &Rope,
        overlap: &Overlap,
        sides: [&SideText; 2],
    ) {
        let range = overlap.range.clone();
        let anchor = |place, bias| Anchor::in_container(self.copy, container, place, bias);
        let start = anchor(range.start, Bias::Before);
        let Some((start, end)) = start.zip(anchor(range.end, Bias::After)) else {
            return;
        };
        let [left, right] = sides.map(|side| {
            let start = side.delta.map(range.start, Bias::Before);
            let end = side.delta.map(range.end, Bias::After).max(start);
            ConflictContent::Text(side.rope.slice(start..end).to_string())
        });
        let before = ConflictContent::Text(base.slice(range).to_string());
        let place = ConflictPlace::Text {
            start: start.encode(),
            end: end.encode(),
        };
        self.keep(place, overlap.rule, overlap.grade, before, [left, right]);
    }

    fn compare_values(
        &mut self,
        container: &ContainerID,
        key: &str,
        values: [&Option<ValueOrContainer>; 2],
    ) {
        let grade = self.options.grades.of(Rule::SameKey);
        if grade < self.lowest || grade == Grade::None {
            return;
        }
        let plain = |value: &Option<ValueOrContainer>| match value {
            None => Some(None),
            Some(ValueOrContainer::Value(value)) => Some(Some(value.clone())),
            // A container was put there: what is in it has edits of its own.
            Some(ValueOrContainer::Container(_)) => None,
        };
        let [Some(left), Some(right)] = values.map(plain) else {
            return;
        };
        if left == right {
            return;
        }
        let place = ConflictPlace::Key {
            container: container.to_string(),
            key: key.to_owned(),
        };
        let before = self.value_before(container, key);
        let contents = [left, right].map(ConflictContent::Value);
        self.keep(place, Rule::SameKey, grade, before, contents);
    }

    fn value_before(&self, container: &ContainerID, key: &str) -> ConflictContent {
        let value = self
            .copy
            .checkout(&self.base_frontiers)
            .ok()
            .and_then(|()| self.copy.try_get_map(container.clone())?.get(key))
            .and_then(|value| value.into_value().ok());
        ConflictContent::Value(value)
    }

    fn keep(
        &mut self,
        place: ConflictPlace,
        rule: Rule,
        grade: Grade,
        before: ConflictContent,
        contents: [ConflictContent; 2],
    ) {
        let [left, right] = &self.sides;
        let since = self.found.since;
        let until = left.until.max(right.until);
        let apart = if since > 0 { until - since } else { 0 };
        let [ours, theirs] = contents;
        let side = |half: &Half, content| ConflictSide {
            author: half.peers.first().copied().unwrap_or(0),
            replica: half.author.replica,
            name: half.author.name.clone(),
            color: half.author.color.clone(),
            time: half.until,
            content,
            version: half.version.encode(),
        };
        self.found.clashes.push(Clash {
            id: self.name(&place),
            since,
            record: ConflictRecord {
                rule,
                grade,
                apart: u32::try_from(apart).unwrap_or(0),
                before,
                sides: [side(left, ours), side(right, theirs)],
                place,
            },
        });
    }

    /// Names a conflict by where it is and by what each side did not know of the other. Later
    /// edits of the same time apart change neither.
    fn name(&self, place: &ConflictPlace) -> ConflictId {
        let mut hasher = blake3::Hasher::new();
        let mut feed = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        match place {
            ConflictPlace::Text { start, end } => {
                feed(start);
                feed(end);
            }
            ConflictPlace::Key { container, key } => {
                feed(container.as_bytes());
                feed(key.as_bytes());
            }
        }
        for half in &self.sides {
            for id in &half.first {
                feed(&id.peer.to_le_bytes());
                feed(&id.counter.to_le_bytes());
            }
        }
        let mut name = [0; 16];
        hasher.finalize_xof().fill(&mut name);
        ConflictId(name)
    }
}

/// Counts the places that a side changed.
fn places(batch: &DiffBatch) -> usize {
    let count = |diff: &Diff<'_>| match diff {
        Diff::Text(changes) => Edit::all_of(&Delta::from_loro(changes), 0, 0).len(),
        Diff::Map(map) => map.updated.len(),
        Diff::List(_) | Diff::Tree(_) | Diff::Counter(_) | Diff::Unknown => 1,
    };
    batch
        .iter()
        .filter(|(container, _)| !is_reserved(container))
        .map(|(_, diff)| count(diff))
        .sum()
}

fn is_reserved(container: &ContainerID) -> bool {
    matches!(container, ContainerID::Root { name, .. } if name.as_str() == CONTAINER)
}
