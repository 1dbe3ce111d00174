//! Cutting, copying, pasting.

use super::{App, Effect};
use crate::crdt::EditKind;

/// Who asked for the clipboard: the answer comes later, when something else may have the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasteTarget {
    Document,
    Dialog,
}

impl App {
    /// Copies the selection, or the whole line without one.
    pub(super) fn copy(&mut self) {
        let selected = self.selected();
        let text = if selected.is_empty() {
            let line = self
                .rope()
                .slice(self.line_range(selected.start))
                .to_string();
            // The last line may have no end; pasted elsewhere it is a line like any other.
            let line = if line.ends_with('\n') {
                line
            } else {
                line + self.format.line_ending.as_str()
            };
            self.copied_line = Some(line.clone());
            line
        } else {
            self.copied_line = None;
            self.rope().slice(selected).to_string()
        };
        self.effects.push(Effect::Copy(text));
    }

    /// Copies and deletes the selection, or the whole line without one.
    pub(super) fn cut(&mut self) {
        let selected = self.selected();
        let range = if selected.is_empty() {
            self.line_range(selected.start)
        } else {
            selected
        };
        if range.is_empty() {
            return;
        }
        self.copy();
        self.replace(range, "", EditKind::Other);
    }

    /// Asks for the clipboard.
    pub(super) fn request_paste(&mut self) {
        self.paste_target = Some(match self.dialog {
            Some(_) => PasteTarget::Dialog,
            None => PasteTarget::Document,
        });
        self.effects.push(Effect::RequestPaste);
    }

    /// Takes the clipboard to where it was asked for.
    pub(super) fn clipboard(&mut self, text: &str) {
        match self.paste_target.take() {
            Some(PasteTarget::Document) => self.paste_into_document(text),
            Some(PasteTarget::Dialog) => self.paste_into_dialog(text),
            None => {}
        }
    }

    /// Takes text that the terminal pasted to whatever has the keys.
    pub(super) fn paste(&mut self, text: &str) {
        if self.dialog.is_some() {
            self.paste_into_dialog(text);
        } else {
            self.paste_into_document(text);
        }
    }

    fn paste_into_document(&mut self, text: &str) {
        if text.is_empty() {
            return self.reply("There is nothing to paste");
        }
        let whole_line = self.copied_line.as_deref() == Some(text) && self.selected().is_empty();
        let text = self.with_own_line_ends(text);
        if whole_line {
            let start = self.line_range(self.selection.head).start;
            self.replace(start..start, &text, EditKind::Other);
        } else {
            self.insert(&text, EditKind::Other);
        }
    }
}
