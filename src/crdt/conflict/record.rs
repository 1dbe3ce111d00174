//! What is kept of a conflict, in the document itself: so it survives restarts, and reaches those
//! too who were away.
//!
//! A record's key and content follow from the edits alone, so every replica that finds the same
//! conflict writes the same. An answer is an entry beside it, one for each writer, so that two
//! answers at once are both seen; which of them holds is settled by a rule.

use std::{collections::BTreeMap, fmt, ops::Range, str::FromStr};

use loro::{ID, LoroDoc, LoroResult, LoroValue, PeerID, ValueOrContainer};
use serde::{Deserialize, Serialize};

use super::{Grade, Rule};
use crate::crdt::Anchor;

/// The root map in which conflicts are kept. Applications leave it alone.
pub const CONTAINER: &str = "copad:conflicts";

/// Names a conflict, on every replica the same one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConflictId(pub [u8; 16]);

impl fmt::Display for ConflictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ConflictId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConflictId({self})")
    }
}

/// A text is not the name of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a conflict is named by 32 hexadecimal digits")]
pub struct InvalidConflictId;

impl FromStr for ConflictId {
    type Err = InvalidConflictId;

    fn from_str(text: &str) -> Result<Self, InvalidConflictId> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return Err(InvalidConflictId);
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = &text[2 * index..2 * index + 2];
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidConflictId)?;
        }
        Ok(Self(bytes))
    }
}

/// What stands, or stood, at the place of a conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConflictContent {
    /// A piece of text.
    Text(String),
    /// The value of a map's key; `None`: the key was deleted.
    Value(Option<LoroValue>),
}

impl ConflictContent {
    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Value(_) => None,
        }
    }
}

/// Where a conflict is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConflictPlace {
    /// In a text: between two anchors, as [`Anchor::encode`] writes them.
    Text {
        /// Where it begins.
        start: Vec<u8>,
        /// Where it ends.
        end: Vec<u8>,
    },
    /// At a key of a map.
    Key {
        /// The map's id, as Loro writes it.
        container: String,
        /// Which key.
        key: String,
    },
}

/// What one side did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictSide {
    /// Under which Loro peer id it wrote; the smallest, if under several.
    pub author: PeerID,
    /// [`Author::replica`](super::Author::replica).
    pub replica: u64,
    /// The author's name as it was told, empty if it was not: clean it before it is shown.
    pub name: String,
    /// The author's colour as it was told.
    pub color: String,
    /// When, in seconds since 1970; 0 if nobody noted it.
    pub time: i64,
    /// What stood there on this side before the merge.
    pub content: ConflictContent,
    /// The whole document as this side had it, as a version of Loro.
    pub version: Vec<u8>,
}

/// A conflict as it was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictRecord {
    /// Where it is.
    pub place: ConflictPlace,
    /// Why it is one.
    pub rule: Rule,
    /// How grave it was held to be.
    pub grade: Grade,
    /// For how many seconds the sides did not know of each other's edits.
    pub apart: u32,
    /// What both started from.
    pub before: ConflictContent,
    /// What each side made of it. The order is the same on every replica and means nothing.
    pub sides: [ConflictSide; 2],
}

/// How a conflict was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// What the merge made of it stays.
    Merged,
    /// One side's version, by its place in [`ConflictRecord::sides`].
    Side(u8),
    /// Both versions, one behind the other.
    Both,
    /// Something else that a person wrote.
    Edited,
}

/// One answer to a conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictAnswer {
    /// What was chosen.
    pub choice: Choice,
    /// Who answered, by Loro peer id.
    pub by: PeerID,
    /// The name of whoever answered, as it was told.
    pub name: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// What stands there since.
    pub outcome: ConflictContent,
    /// Whether it was taken back.
    pub withdrawn: bool,
}

/// A conflict with the answers to it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictState {
    /// As it was found.
    pub record: ConflictRecord,
    /// The answers that hold, the one that counts first.
    pub answers: Vec<ConflictAnswer>,
}

impl ConflictState {
    /// Returns the answer that counts: the first by time, and of those of one second that of the
    /// smallest peer id.
    pub fn answer(&self) -> Option<&ConflictAnswer> {
        self.answers.first()
    }

    /// Returns whether people gave different answers at once.
    pub fn is_disputed(&self) -> bool {
        self.answers
            .iter()
            .any(|answer| answer.outcome != self.answers[0].outcome)
    }
}

impl ConflictRecord {
    /// Returns where the conflict is in its text as it is now, in characters. `None` if it is not
    /// in a text, or if the document does not have it.
    pub fn range(&self, doc: &LoroDoc) -> Option<Range<usize>> {
        let (start, end) = self.anchors()?;
        let start = start.resolve(doc)?;
        Some(start..end.resolve(doc)?.max(start))
    }

    /// Returns the anchors around it, if it is in a text.
    pub fn anchors(&self) -> Option<(Anchor, Anchor)> {
        let ConflictPlace::Text { start, end } = &self.place else {
            return None;
        };
        let (start, end) = (Anchor::decode(start).ok()?, Anchor::decode(end).ok()?);
        (start.container() == end.container()).then_some((start, end))
    }

    /// Returns what stands at its place now.
    pub fn now(&self, doc: &LoroDoc) -> Option<ConflictContent> {
        match &self.place {
            ConflictPlace::Text { .. } => {
                let range = self.range(doc)?;
                let text = doc.try_get_text(self.anchors()?.0.container_id())?;
                let text = text.slice(range.start, range.end).ok()?;
                Some(ConflictContent::Text(text))
            }
            ConflictPlace::Key { container, key } => {
                let id = container.as_str().try_into().ok()?;
                let map = doc.try_get_map::<loro::ContainerID>(id)?;
                let value = match map.get(key) {
                    None => None,
                    Some(ValueOrContainer::Value(value)) => Some(value),
                    Some(ValueOrContainer::Container(_)) => return None,
                };
                Some(ConflictContent::Value(value))
            }
        }
    }

    /// Whether there is nothing left to decide when this stands at the place: it is what one side
    /// wanted, or nothing at all.
    pub fn is_moot(&self, now: &ConflictContent) -> bool {
        let is = |content: &ConflictContent| content == now;
        match now {
            ConflictContent::Text(text) => {
                text.trim().is_empty() || self.sides.iter().any(|side| is(&side.content))
            }
            // A map holds one of the two values from the start.
            ConflictContent::Value(_) => !self.sides.iter().any(|side| is(&side.content)),
        }
    }

    /// Returns both sides' versions one behind the other, the earlier first: lines and items of
    /// lists below each other, else side by side. `None` if they are no texts.
    pub fn both(&self) -> Option<String> {
        let mut sides: Vec<_> = self.sides.iter().collect();
        sides.sort_by_key(|side| (side.time, side.author));
        let texts: Option<Vec<&str>> = sides.iter().map(|side| side.content.as_text()).collect();
        let [first, second] = texts?[..] else {
            return None;
        };
        let lines = self.rule == Rule::SameLine
            || first.contains('\n')
            || second.contains('\n')
            || (is_item(first) && is_item(second));
        let gap = match (first.chars().last(), second.chars().next()) {
            (Some(last), Some(next)) if last.is_whitespace() || next.is_whitespace() => "",
            (Some(_), Some(_)) if lines => "\n",
            (Some(_), Some(_)) => " ",
            (None, _) | (_, None) => "",
        };
        Some(format!("{first}{gap}{second}"))
    }

    /// Returns what a choice puts at the place, if that follows from the record.
    pub fn outcome(&self, choice: Choice) -> Option<ConflictContent> {
        match choice {
            Choice::Merged | Choice::Edited => None,
            Choice::Side(side) => Some(self.sides.get(usize::from(side))?.content.clone()),
            Choice::Both => self.both().map(ConflictContent::Text),
        }
    }
}

/// Whether a text begins as a line of its own does: an item of a list, a heading, a quotation, a row
/// of a table.
fn is_item(text: &str) -> bool {
    let marker = text.split_whitespace().next().unwrap_or_default();
    let number = marker.strip_suffix(['.', ')']).unwrap_or_default();
    ["-", "*", "+", ">", "|"].contains(&marker)
        || (!marker.is_empty() && marker.bytes().all(|byte| byte == b'#'))
        || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads every conflict that the document keeps. What cannot be read is left out: it may be of a
/// later version, or nonsense.
pub fn read(doc: &LoroDoc) -> BTreeMap<ConflictId, ConflictState> {
    let mut records = BTreeMap::new();
    let mut answers: Vec<(ConflictId, ConflictAnswer)> = Vec::new();
    doc.get_map(CONTAINER).for_each(|key, value| {
        let ValueOrContainer::Value(LoroValue::Binary(bytes)) = value else {
            return;
        };
        match key.split_once('/') {
            None => {
                if let (Ok(id), Ok(record)) = (key.parse(), postcard::from_bytes(&bytes)) {
                    let answers = Vec::new();
                    records.insert(id, ConflictState { record, answers });
                }
            }
            Some((id, _)) => {
                if let (Ok(id), Ok(answer)) = (id.parse(), postcard::from_bytes(&bytes)) {
                    answers.push((id, answer));
                }
            }
        }
    });
    answers.retain(|(_, answer)| !answer.withdrawn);
    answers.sort_by_key(|(_, answer)| (answer.time, answer.by));
    for (id, answer) in answers {
        if let Some(state) = records.get_mut(&id) {
            state.answers.push(answer);
        }
    }
    records
}

/// Returns whether the document keeps this conflict already.
pub fn is_known(doc: &LoroDoc, id: ConflictId) -> bool {
    doc.get_map(CONTAINER).get(&id.to_string()).is_some()
}

/// Keeps a conflict. The caller holds the document's lock, and commits.
pub fn write(doc: &LoroDoc, id: ConflictId, record: &ConflictRecord) -> LoroResult<()> {
    put(doc, &id.to_string(), record)
}

/// Keeps an answer in place of an earlier one by the same writer. The caller holds the document's
/// lock, and commits.
pub fn write_answer(doc: &LoroDoc, id: ConflictId, answer: &ConflictAnswer) -> LoroResult<()> {
    put(doc, &format!("{id}/{:016x}", answer.by), answer)
}

fn put(doc: &LoroDoc, key: &str, value: &impl Serialize) -> LoroResult<()> {
    // Plain data always encodes.
    let bytes = postcard::to_stdvec(value).unwrap_or_default();
    doc.get_map(CONTAINER)
        .insert(key, LoroValue::Binary(bytes.into()))
}

/// Puts a conflict's outcome into the document, as small an edit as it can be. The caller holds
/// the document's lock, and commits. Returns whether the place is still there.
pub fn settle(
    doc: &LoroDoc,
    record: &ConflictRecord,
    outcome: &ConflictContent,
) -> LoroResult<bool> {
    let Some(now) = record.now(doc) else {
        return Ok(false);
    };
    match (&record.place, &now, outcome) {
        (_, now, outcome) if now == outcome => {}
        (ConflictPlace::Text { .. }, ConflictContent::Text(now), ConflictContent::Text(text)) => {
            let (Some(range), Some((anchor, _))) = (record.range(doc), record.anchors()) else {
                return Ok(false);
            };
            let (within, text) = replacement(now, text);
            let container = doc.get_text(anchor.container_id());
            let start = range.start + within.start;
            container.delete(start, within.len())?;
            crate::crdt::bulk::insert(&container, start, text)?;
        }
        (ConflictPlace::Key { container, key }, _, ConflictContent::Value(value)) => {
            let Ok(id) = loro::ContainerID::try_from(container.as_str()) else {
                return Ok(false);
            };
            let map = doc.get_map(id);
            match value {
                Some(value) => map.insert(key, value.clone())?,
                None => map.delete(key)?,
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Returns which characters of a text to replace by which, so that it becomes another: what both
/// have at their start and end stays.
pub fn replacement<'a>(now: &str, text: &'a str) -> (Range<usize>, &'a str) {
    let same = |(a, b): &(char, char)| a == b;
    let start = now.chars().zip(text.chars()).take_while(same).count();
    let lengths = now.chars().count().min(text.chars().count()) - start;
    let end = now.chars().rev().zip(text.chars().rev());
    let end = end.take_while(same).take(lengths).count();
    let byte = |place: usize| {
        let mut places = text.char_indices().map(|(byte, _)| byte);
        places.nth(place).unwrap_or(text.len())
    };
    let kept = text.chars().count() - end;
    (
        start..now.chars().count() - end,
        &text[byte(start)..byte(kept)],
    )
}

/// Returns when an operation was made, in seconds since 1970; 0 if nobody noted it.
pub(super) fn time_of(doc: &LoroDoc, id: ID) -> i64 {
    doc.get_change(id).map_or(0, |change| change.timestamp)
}
