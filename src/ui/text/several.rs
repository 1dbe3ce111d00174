//! Several selections in one text: which of them become one, and one edit for all of them.
//!
//! Knows positions and texts only; where a caret goes, and what is typed, is told by the caller.

use std::ops::Range;

use crate::crdt::{Delta, TextSelection};

/// One of several selections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caret {
    /// Where it is.
    pub selection: TextSelection,
    /// The column that moving up and down aims for.
    pub goal: Option<u16>,
    /// Whether it is the one that the view follows and that others see. One of all is.
    pub is_main: bool,
}

impl Caret {
    /// The characters that are selected.
    pub fn range(&self) -> Range<usize> {
        let TextSelection { anchor, head } = self.selection;
        anchor.min(head)..anchor.max(head)
    }

    /// Takes another one in that lies behind it. The direction is that of the main one, if that is
    /// one of the two.
    fn absorb(&mut self, later: &Self) {
        let (start, end) = (self.range().start, self.range().end.max(later.range().end));
        let leading = if later.is_main { later } else { &*self };
        let backward = match leading.selection.is_caret() {
            // A caret points nowhere; the one that is selected does.
            true => [&*self, later].iter().any(|one| one.points_backward()),
            false => leading.points_backward(),
        };
        let goal = leading.goal;
        self.selection = match backward {
            true => TextSelection {
                anchor: end,
                head: start,
            },
            false => TextSelection {
                anchor: start,
                head: end,
            },
        };
        self.goal = goal;
        self.is_main |= later.is_main;
    }

    fn points_backward(&self) -> bool {
        self.selection.head < self.selection.anchor
    }
}

/// Puts selections in their order in the text, and makes one of those that overlap, and of a caret
/// and a selection that it touches.
pub fn merge(carets: &mut Vec<Caret>) {
    carets.sort_by_key(|caret| (caret.range().start, caret.range().end));
    carets.dedup_by(|later, earlier| {
        let (before, after) = (earlier.range(), later.range());
        let touches = before.end == after.start && (before.is_empty() || after.is_empty());
        let merges = after.start < before.end || touches;
        if merges {
            earlier.absorb(later);
        }
        merges
    });
}

/// What takes the place of a part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The part; empty: the text is put in there.
    pub range: Range<usize>,
    /// The text.
    pub text: String,
}

/// Returns one edit that makes all replacements, in the order of the text, and the positions behind
/// their texts in the text after it. What two of them would take away goes once.
pub fn replace_each(replacements: &[Replacement]) -> (Delta, Vec<usize>) {
    let mut delta = Delta::new();
    let mut behind = Vec::with_capacity(replacements.len());
    // How far the old and the new text are written.
    let (mut old, mut new) = (0, 0);
    for Replacement { range, text } in replacements {
        let start = range.start.max(old);
        let end = range.end.max(start);
        delta = delta.retain(start - old).insert(text).delete(end - start);
        new += start - old + text.chars().count();
        old = end;
        behind.push(new);
    }
    (delta, behind)
}

#[cfg(test)]
mod tests;
