//! A selection in the text and how it follows changes.

use super::{Bias, Content, Delta};

/// A stretch of selected text, or a caret where both ends are the same. Characters from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextSelection {
    /// Where selecting began. May lie behind the caret.
    pub anchor: usize,
    /// The caret.
    pub head: usize,
}

impl TextSelection {
    /// Returns a caret that selects nothing.
    pub fn caret(position: usize) -> Self {
        Self {
            anchor: position,
            head: position,
        }
    }

    /// Returns whether it selects nothing.
    pub fn is_caret(&self) -> bool {
        self.anchor == self.head
    }

    /// Returns it as it is after somebody else's change: text put in exactly at the caret stays
    /// behind the caret, and text put in at either end of a selection is not selected.
    #[must_use]
    pub fn carried<C: Content>(self, over: &Delta<C>) -> Self {
        if self.is_caret() {
            return Self::caret(over.map(self.head, Bias::Before));
        }
        let start = over.map(self.anchor.min(self.head), Bias::After);
        let end = over
            .map(self.anchor.max(self.head), Bias::Before)
            .max(start);
        if self.anchor < self.head {
            Self {
                anchor: start,
                head: end,
            }
        } else {
            Self {
                anchor: end,
                head: start,
            }
        }
    }

    /// Returns it as it is after its owner's own change: behind the text that was put in.
    #[must_use]
    pub fn after_own<C: Content>(self, change: &Delta<C>) -> Self {
        Self {
            anchor: change.map(self.anchor, Bias::After),
            head: change.map(self.head, Bias::After),
        }
    }
}
