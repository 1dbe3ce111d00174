//! The one path: carries everything that stands somewhere in the text over a change of it.

use std::ops::Range;

use super::App;
use crate::crdt::{AppliedChange, Bias, Content, Delta, Origin};

/// Characters that may come in at once when somebody types.
const TYPED: usize = 16;

impl App {
    /// Takes in what others did to the document, without moving what the person looks at.
    pub(super) fn take_in(&mut self) {
        // A copy of the rope shares its text; laying it out costs more, and is rarely needed.
        let before = self.rope().clone();
        let changes = self.document.drain();
        if changes.is_empty() {
            return;
        }
        let held = self.hold_in(&before);
        for change in &changes {
            self.follow(change);
        }
        self.settle(held);
    }

    /// Carries carets, selections and the scroll position over a change. Every change of the text
    /// passes here exactly once.
    pub(super) fn follow(&mut self, change: &AppliedChange) {
        let delta = &change.delta;
        let own = match change.origin {
            Origin::Edit | Origin::Undo => true,
            Origin::Remote | Origin::Direct => false,
        };
        let before = self.selection;
        self.selection = if own {
            before.after_own(delta)
        } else {
            before.carried(delta)
        };
        self.several_follow(delta, own);
        if let Some(published) = &mut self.published
            && !own
        {
            // What the others were told is anchored in the text; it moves without our telling.
            published.selection = published.selection.carried(delta);
        }
        // A caret at the very place where others type is most likely the typist's: the text goes
        // before it. With a whole sync or a paste it is not.
        let theirs = !own && delta.insertions() <= TYPED;
        for person in self.people.values_mut() {
            person.caret = person.caret.map(|caret| match theirs {
                true => caret.after_own(delta),
                false => caret.carried(delta),
            });
        }
        if let Some(press) = &mut self.press {
            let range = &mut press.origin;
            *range = delta.map(range.start, Bias::After)..delta.map(range.end, Bias::Before);
            range.end = range.end.max(range.start);
        }
        self.search.follow(delta);
        self.highlighting.follow(delta, self.document.rope());
        self.authorship.follow(delta);
        self.conflicts_follow(delta);
        self.changes_follow(change);
        let top = if own { Bias::Before } else { Bias::After };
        self.top = delta.map(self.top, top);
        self.version += 1;
        self.file.note(delta, self.version, self.now);
        if own {
            self.count_own_edit();
        }
    }

    pub(super) fn count_own_edit(&mut self) {
        self.own_edits += 1;
        // Until the session says that somebody has it.
        if self.offline || !self.people.is_empty() {
            self.unsent_edits += 1;
        }
    }
}

/// Carries a stretch of text over a change: what is put in at its ends becomes a part of it.
pub(super) fn carried<C: Content>(range: &Range<usize>, delta: &Delta<C>) -> Range<usize> {
    let start = delta.map(range.start, Bias::Before);
    start..delta.map(range.end, Bias::After).max(start)
}
