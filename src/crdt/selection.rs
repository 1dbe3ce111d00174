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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_neither_push_a_caret_nor_widen_a_selection() {
        let insert = |position| Delta::replace(position..position, "xy");
        let table = [
            // anchor and head, what somebody else does, anchor and head after it
            ((3, 3), insert(3), (3, 3)),
            ((3, 3), insert(2), (5, 5)),
            ((3, 6), insert(3), (5, 8)),
            ((3, 6), insert(6), (3, 6)),
            ((6, 3), insert(3), (8, 5)),
            ((6, 3), insert(4), (8, 3)),
            ((3, 6), Delta::replace(2..7, ""), (2, 2)),
            ((6, 3), Delta::replace(2..7, "z"), (3, 3)),
            ((3, 6), Delta::replace(4..9, "z"), (3, 4)),
        ];
        for ((anchor, head), delta, expected) in table {
            let carried = TextSelection { anchor, head }.carried(&delta);
            assert_eq!((carried.anchor, carried.head), expected, "{delta:?}");
        }
    }

    #[test]
    fn ones_own_text_goes_before_the_caret() {
        let typed = Delta::replace(2..5, "xy");
        for (anchor, head) in [(2, 5), (5, 2), (5, 5)] {
            let selection = TextSelection { anchor, head };
            assert_eq!(selection.after_own(&typed), TextSelection::caret(4));
        }
    }
}
