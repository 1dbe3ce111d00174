//! Typing and erasing: every edit is one delta for the document.

use std::ops::Range;

use super::{App, TYPING};
use crate::{
    crdt::{AppliedChange, Delta, EditContext, EditKind, LineEnding},
    ui::text::{
        movement::{indentation_of, next_grapheme, next_word, previous_word},
        several::Replacement,
    },
};

impl App {
    /// Inserts text in place of each selection.
    pub(super) fn insert(&mut self, text: &str, kind: EditKind) {
        self.replace_at_each(kind, |_, _, caret| Replacement {
            range: caret.range(),
            text: text.to_owned(),
        });
    }

    /// Starts new lines that are indented as those that the selections start in.
    pub(super) fn insert_newline(&mut self) {
        self.replace_at_each(EditKind::Other, |app, _, caret| {
            let rope = app.rope();
            let range = caret.range();
            let line = rope.char_to_line(range.start);
            let column = range.start - rope.line_to_char(line);
            let indentation = indentation_of(rope, line);
            let indentation: String = indentation.chars().take(column).collect();
            let text = format!("{}{indentation}", app.format.line_ending.as_str());
            Replacement { range, text }
        });
    }

    /// Deletes the selection, or else the grapheme before the caret.
    pub(super) fn delete_backward(&mut self) {
        self.erase(EditKind::Erase, |app, head| {
            app.backspace_target(head)..head
        });
    }

    /// Deletes the selection, or else the grapheme behind the caret.
    pub(super) fn delete_forward(&mut self) {
        self.erase(EditKind::Erase, |app, head| {
            head..next_grapheme(app.rope(), head)
        });
    }

    /// Deletes the selection, or else back to the start of the word.
    pub(super) fn delete_word_backward(&mut self) {
        self.erase(EditKind::Other, |app, head| {
            previous_word(app.rope(), head)..head
        });
    }

    /// Deletes the selection, or else up to the end of the word.
    pub(super) fn delete_word_forward(&mut self) {
        self.erase(EditKind::Other, |app, head| {
            head..next_word(app.rope(), head)
        });
    }

    /// Takes back what we did last; others' edits stay.
    pub(super) fn undo(&mut self) {
        if self.refuses_edits() {
            return;
        }
        if self.take_back_answer() {
            return;
        }
        match self.document.undo() {
            Some(undone) => {
                self.show_undone(undone);
                self.after_undo();
            }
            None => self.reply("Nothing to undo"),
        }
    }

    /// Does again what we took back last.
    pub(super) fn redo(&mut self) {
        if self.refuses_edits() {
            return;
        }
        match self.document.redo() {
            Some(undone) => self.show_undone(undone),
            None => self.reply("Nothing to redo"),
        }
    }

    /// Replaces characters as one edit and shows the caret behind the new text.
    pub(super) fn replace(&mut self, range: Range<usize>, text: &str, kind: EditKind) {
        self.edit(&Delta::replace(range, text), kind);
    }

    /// Text from elsewhere, with the line ends of this document.
    pub(super) fn with_own_line_ends(&self, text: &str) -> String {
        let unix = text.replace("\r\n", "\n").replace('\r', "\n");
        match self.format.line_ending {
            LineEnding::Lf => unix,
            LineEnding::CrLf => unix.replace('\n', "\r\n"),
        }
    }

    /// Deletes each selection; of a caret, what `otherwise` says.
    fn erase(&mut self, kind: EditKind, otherwise: impl Fn(&Self, usize) -> Range<usize>) {
        let kind = if self.selects_anything() {
            EditKind::Other
        } else {
            kind
        };
        self.replace_at_each(kind, |app, _, caret| {
            let range = match caret.selection.is_caret() {
                true => otherwise(app, caret.selection.head),
                false => caret.range(),
            };
            let text = String::new();
            Replacement { range, text }
        });
    }

    /// Makes an edit of the person's and shows the caret behind it.
    pub(super) fn edit(&mut self, delta: &Delta, kind: EditKind) {
        if delta.is_empty() || self.refuses_edits() {
            return;
        }
        if self.change(delta, kind).is_some() {
            self.selection.anchor = self.selection.head;
            self.after_own_edit();
        }
    }

    /// Makes an edit that was worked out elsewhere.
    pub(super) fn edit_unasked(&mut self, delta: &Delta) {
        if self.change(delta, EditKind::Other).is_some() {
            self.selection.anchor = self.selection.head;
            self.after_own_edit();
        }
    }

    /// Changes the text. Returns what became of it, others' changes before it included, or `None`
    /// if nothing did.
    pub(super) fn change(&mut self, delta: &Delta, kind: EditKind) -> Option<Vec<AppliedChange>> {
        if delta.is_empty() {
            return None;
        }
        let context = EditContext {
            kind,
            selection: self.selection,
            now: self.now,
        };
        let beside = self.selections_beside();
        match self.document.edit_beside(delta, context, beside) {
            Ok(changes) => {
                changes.iter().for_each(|change| self.follow(change));
                Some(changes)
            }
            Err(error) => {
                self.complain(format!("That edit did not work: {error}"));
                None
            }
        }
    }

    fn show_undone(&mut self, undone: crate::crdt::Undone) {
        undone.changes.iter().for_each(|change| self.follow(change));
        self.restore_selections(undone.selection, &undone.beside);
        self.after_own_edit();
    }

    pub(super) fn after_own_edit(&mut self) {
        self.goal = None;
        self.search.stop_waiting();
        self.typing_until = Some(self.now + TYPING);
        self.reveal();
    }
}
