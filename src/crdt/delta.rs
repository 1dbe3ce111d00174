//! What a change did to a text: retain, insert, delete, counted in Unicode scalar values.
//!
//! Deltas are what travels down the one path from the document to everything that follows it:
//! the rope, carets, selections, the undo stack. This module is pure algebra. It knows one thing
//! of Loro, how its text deltas look, and nothing of documents, undo or people.

mod algebra;
mod content;

use std::ops::Range;

use loro::TextDelta;
use ropey::Rope;

pub use content::Content;

/// One step through a text. `C` is what is known of inserted text: see [`Delta`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<C = String> {
    /// Passes over this many characters.
    Retain(usize),
    /// Puts text in here.
    Insert(C),
    /// Takes this many characters out.
    Delete(usize),
}

impl<C: Content> Change<C> {
    /// Returns how many characters the step passes over, puts in or takes out.
    fn length(&self) -> usize {
        match self {
            Change::Retain(length) | Change::Delete(length) => *length,
            Change::Insert(content) => content.length(),
        }
    }
}

/// Where a position goes when text is inserted exactly there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bias {
    /// It stays before the new text.
    Before,
    /// It moves behind the new text.
    After,
}

/// A change of a text as a walk from its start to its end.
///
/// Always in normal form: no step is empty, neighbours are of different kinds, an insertion comes
/// before a deletion at the same place, and the walk ends with its last change.
///
/// Usually it holds the inserted text itself. A `Delta<usize>` (a [shape](Delta::shape)) holds
/// only its length, which is all that carrying positions takes.
#[derive(Clone, Debug)]
pub struct Delta<C = String> {
    /// In normal form, save that a builder may have left a retain at the end.
    changes: Vec<Change<C>>,
}

impl<C> Default for Delta<C> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
        }
    }
}

impl<C: PartialEq> PartialEq for Delta<C> {
    fn eq(&self, other: &Self) -> bool {
        self.changes() == other.changes()
    }
}

impl<C: Eq> Eq for Delta<C> {}

impl<C> Delta<C> {
    /// Returns the steps, without a trailing retain.
    pub fn changes(&self) -> &[Change<C>] {
        match self.changes.split_last() {
            Some((Change::Retain(_), walked)) => walked,
            Some((Change::Insert(_) | Change::Delete(_), _)) | None => &self.changes,
        }
    }

    /// Returns whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes().is_empty()
    }
}

impl<C: Content> Delta<C> {
    /// Goes on by passing over this many characters.
    #[must_use]
    pub fn retain(mut self, length: usize) -> Self {
        self.push(Change::Retain(length));
        self
    }

    /// Goes on by taking out this many characters.
    #[must_use]
    pub fn delete(mut self, length: usize) -> Self {
        self.push(Change::Delete(length));
        self
    }

    /// Goes on by putting something in, known as far as this delta knows what it inserts.
    #[must_use]
    pub fn put(mut self, content: C) -> Self {
        self.push(Change::Insert(content));
        self
    }

    /// Adds a step and keeps the normal form.
    fn push(&mut self, change: Change<C>) {
        if change.length() == 0 {
            return;
        }
        match (self.changes.last_mut(), change) {
            (Some(Change::Retain(last)), Change::Retain(length))
            | (Some(Change::Delete(last)), Change::Delete(length)) => *last += length,
            (Some(Change::Insert(last)), Change::Insert(content)) => last.append(content),
            (Some(Change::Delete(_)), Change::Insert(content)) => self.push_before_delete(content),
            (_, change) => self.changes.push(change),
        }
    }

    /// Adds an insertion where the last step is a deletion: it goes before that.
    fn push_before_delete(&mut self, content: C) {
        let deletion = self.changes.len() - 1;
        match self.changes[..deletion].last_mut() {
            Some(Change::Insert(earlier)) => earlier.append(content),
            Some(Change::Retain(_) | Change::Delete(_)) | None => {
                self.changes.insert(deletion, Change::Insert(content));
            }
        }
    }

    /// Drops a trailing retain.
    fn trim(&mut self) {
        if let Some(Change::Retain(_)) = self.changes.last() {
            self.changes.pop();
        }
    }

    /// Returns where `position` is after the change.
    ///
    /// `bias` decides when text is inserted exactly there. A position inside deleted text goes
    /// where that text was, and if other text took its place, before or behind that by `bias`.
    pub fn map(&self, position: usize, bias: Bias) -> usize {
        let (mut before, mut after) = (0, 0);
        let mut inserted = 0;
        for change in self.changes() {
            match change {
                Change::Retain(length) => {
                    if position < before + length {
                        break;
                    }
                    before += length;
                    after += length;
                    inserted = 0;
                }
                Change::Insert(content) => {
                    if position == before && bias == Bias::Before {
                        return after;
                    }
                    inserted = content.length();
                    after += inserted;
                }
                Change::Delete(length) => {
                    let end = before + length;
                    if position < end {
                        let inside = position > before && bias == Bias::Before;
                        return if inside { after - inserted } else { after };
                    }
                    before = end;
                    inserted = 0;
                }
            }
        }
        after + (position - before)
    }

    /// Returns where `position` of the changed text was before the change. `bias` decides when
    /// text was deleted exactly there: before it or behind it.
    pub fn map_back(&self, position: usize, bias: Bias) -> usize {
        self.shape().undone().map(position, bias)
    }

    /// Returns the first position that the change touches, or `None` if it changes nothing.
    pub fn first_changed(&self) -> Option<usize> {
        match self.changes() {
            [] => None,
            [Change::Retain(length), ..] => Some(*length),
            [Change::Insert(_) | Change::Delete(_), ..] => Some(0),
        }
    }

    /// Returns the stretch of the old text from the first change to the last, both included.
    /// It is empty for an insertion, and 0..0 if nothing changes.
    pub fn touched_before(&self) -> Range<usize> {
        self.first_changed().unwrap_or(0)..self.minimum_length()
    }

    /// Returns the stretch of the new text from the first change to the last, both included.
    pub fn touched_after(&self) -> Range<usize> {
        let end = self.minimum_length() + self.insertions() - self.deletions();
        self.first_changed().unwrap_or(0)..end
    }

    /// Returns how many characters a text must have for the change to fit it.
    pub fn minimum_length(&self) -> usize {
        self.sum(|change| match change {
            Change::Retain(length) | Change::Delete(length) => *length,
            Change::Insert(_) => 0,
        })
    }

    /// Returns how many characters it puts in.
    pub fn insertions(&self) -> usize {
        self.sum(|change| match change {
            Change::Insert(content) => content.length(),
            Change::Retain(_) | Change::Delete(_) => 0,
        })
    }

    /// Returns how many characters it takes out.
    pub fn deletions(&self) -> usize {
        self.sum(|change| match change {
            Change::Delete(length) => *length,
            Change::Retain(_) | Change::Insert(_) => 0,
        })
    }

    fn sum(&self, count: impl Fn(&Change<C>) -> usize) -> usize {
        self.changes().iter().map(count).sum()
    }

    /// Returns the delta that takes this one back, given the text `before` this one.
    #[must_use]
    pub fn invert(&self, before: &Rope) -> Delta {
        let mut inverse = Delta::new();
        let mut position = 0;
        for change in self.changes() {
            match change {
                Change::Retain(length) => {
                    position = (position + length).min(before.len_chars());
                    inverse.push(Change::Retain(*length));
                }
                Change::Insert(content) => inverse.push(Change::Delete(content.length())),
                Change::Delete(length) => {
                    let end = (position + length).min(before.len_chars());
                    inverse.push(Change::Insert(before.slice(position..end).to_string()));
                    position = end;
                }
            }
        }
        inverse
    }

    /// Returns the change without the inserted text: what it does to positions.
    #[must_use]
    pub fn shape(&self) -> Delta<usize> {
        let changes = self.changes().iter().map(|change| match change {
            Change::Retain(length) => Change::Retain(*length),
            Change::Insert(content) => Change::Insert(content.length()),
            Change::Delete(length) => Change::Delete(*length),
        });
        Delta {
            changes: changes.collect(),
        }
    }
}

impl Delta<usize> {
    /// Returns the shape of the change that takes this one back.
    fn undone(&self) -> Self {
        let mut undone = Self::default();
        for change in self.changes() {
            undone.push(match change {
                Change::Retain(length) => Change::Retain(*length),
                Change::Insert(length) => Change::Delete(*length),
                Change::Delete(length) => Change::Insert(*length),
            });
        }
        undone
    }
}

impl Delta {
    /// Returns a delta that changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Goes on by putting text in.
    #[must_use]
    pub fn insert(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.push(Change::Insert(text.to_owned()));
        }
        self
    }

    /// Returns the delta that puts `text` in the place of `range` (characters).
    pub fn replace(range: Range<usize>, text: &str) -> Self {
        Self::new()
            .retain(range.start)
            .insert(text)
            .delete(range.len())
    }

    /// Returns a change as Loro tells it, without the text's attributes.
    pub fn from_loro(changes: &[TextDelta]) -> Self {
        let mut delta = Self::new();
        for change in changes {
            delta.push(match change {
                TextDelta::Retain { retain, .. } => Change::Retain(*retain),
                TextDelta::Insert { insert, .. } => Change::Insert(insert.clone()),
                TextDelta::Delete { delete } => Change::Delete(*delete),
            });
        }
        delta.trim();
        delta
    }

    /// Changes a rope. What lies beyond its end counts as being at its end.
    pub fn apply(&self, rope: &mut Rope) {
        debug_assert!(self.minimum_length() <= rope.len_chars(), "does not fit");
        let mut position = 0;
        for change in self.changes() {
            match change {
                Change::Retain(length) => position = (position + length).min(rope.len_chars()),
                Change::Insert(text) => {
                    let length = rope.len_chars();
                    rope.insert(position, text);
                    position += rope.len_chars() - length;
                }
                Change::Delete(length) => {
                    let end = (position + length).min(rope.len_chars());
                    rope.remove(position..end);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
