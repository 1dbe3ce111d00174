//! Cutting, copying, pasting.

use super::{App, Effect};
use crate::{
    crdt::EditKind,
    ui::text::several::{Caret, Replacement, replace_each},
};

/// Who asked for the clipboard: the answer comes later, when something else may have the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasteTarget {
    Document,
    Dialog,
}

impl App {
    /// Copies the selection, or the whole line without one. Of several, each on a line of its own.
    pub(super) fn copy(&mut self) {
        let carets = self.carets();
        self.copied_line = None;
        let text = match carets.as_slice() {
            [only] if only.selection.is_caret() => {
                let mut line = self.whole_line(only.selection.head);
                // The last line may have no end; pasted elsewhere it is a line like any other.
                if !line.ends_with('\n') {
                    line.push_str(self.format.line_ending.as_str());
                }
                self.copied_line = Some(line.clone());
                line
            }
            [only] => self.rope().slice(only.range()).to_string(),
            several => {
                let texts = several.iter().map(|caret| {
                    if caret.selection.is_caret() {
                        let line = self.whole_line(caret.selection.head);
                        line.trim_end_matches(['\r', '\n']).to_owned()
                    } else {
                        self.rope().slice(caret.range()).to_string()
                    }
                });
                let texts: Vec<String> = texts.collect();
                texts.join(self.format.line_ending.as_str())
            }
        };
        self.effects.push(Effect::Copy(text));
    }

    /// The line that a position is in, its end included.
    fn whole_line(&self, position: usize) -> String {
        self.rope().slice(self.line_range(position)).to_string()
    }

    /// Copies and deletes each selection, or the whole line without one.
    pub(super) fn cut(&mut self) {
        let cut = |app: &Self, caret: &Caret| match caret.selection.is_caret() {
            true => app.line_range(caret.selection.head),
            false => caret.range(),
        };
        if self
            .carets()
            .iter()
            .all(|caret| cut(self, caret).is_empty())
        {
            return;
        }
        self.copy();
        self.replace_at_each(EditKind::Other, |app, _, caret| Replacement {
            range: cut(app, caret),
            text: String::new(),
        });
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
            self.end_following(None);
            self.paste_into_document(text);
        }
    }

    fn paste_into_document(&mut self, text: &str) {
        if text.is_empty() {
            return self.reply("There is nothing to paste");
        }
        let whole_line = self.copied_line.as_deref() == Some(text) && !self.selects_anything();
        let text = self.with_own_line_ends(text);
        if whole_line {
            self.paste_above(&text);
        } else {
            self.paste_at_each(&text);
        }
    }

    /// Puts a line above that of each caret, which stays with its text.
    fn paste_above(&mut self, text: &str) {
        if !self.has_several() {
            let start = self.line_range(self.selection.head).start;
            return self.replace(start..start, text, EditKind::Other);
        }
        let starts = self.carets().into_iter().map(|caret| {
            let start = self.line_range(caret.selection.head).start;
            Replacement {
                range: start..start,
                text: text.to_owned(),
            }
        });
        let mut starts: Vec<_> = starts.collect();
        starts.dedup();
        let (delta, _) = replace_each(&starts);
        let mut carets = self.carets();
        for caret in &mut carets {
            caret.selection = caret.selection.after_own(&delta);
        }
        self.make_at_each(&delta, carets, EditKind::Other);
    }

    /// Puts text in place of each selection: as many lines as there are selections, one for each.
    fn paste_at_each(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().collect();
        let spreads = self.has_several() && lines.len() == self.carets().len();
        self.replace_at_each(EditKind::Other, |_, index, caret| {
            let own = lines.get(index).filter(|_| spreads);
            Replacement {
                range: caret.range(),
                text: own.map_or(text, |line| line).to_owned(),
            }
        });
    }
}
