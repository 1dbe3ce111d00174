//! What a change did to a text: retain, insert, delete, counted in Unicode scalar values.

/// One step through a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Passes over this many characters.
    Retain(usize),
    /// Puts text in here.
    Insert(String),
    /// Takes this many characters out.
    Delete(usize),
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    changes: Vec<Change>,
}

impl Delta {
    /// Returns the steps, without a trailing retain.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}
