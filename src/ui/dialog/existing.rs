//! Joining with a file that already has other text.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::ui::{
    app::{Existing, ExistingFile},
    pane::words::count,
};

/// Asks which text the person wants.
#[derive(Debug)]
pub(crate) struct ExistingQuestion {
    pub(super) form: Form,
}

impl ExistingQuestion {
    /// Asks about this file. Nothing was touched so far.
    pub(crate) fn new(file: &ExistingFile) -> Self {
        let verb = if file.differing_lines == 1 {
            "differs"
        } else {
            "differ"
        };
        let paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words(format!(
                "{} has {}; {} {verb} from the document you are joining.",
                file.path.display(),
                count(file.mine_lines, "line"),
                file.differing_lines,
            )),
            Paragraph::Gap,
            Paragraph::words("Keep mine: your lines become edits on top of theirs."),
            Paragraph::words("Take theirs: your file is backed up beside it first."),
            Paragraph::Gap,
        ];
        let buttons = vec![
            Button::without_key("Keep mine"),
            Button::without_key("Take theirs"),
            Button::without_key("Cancel"),
        ];
        // It may open while the person types. So no letter answers it, and Enter touches nothing.
        Self {
            form: Form::new("Your file is different", paragraphs, buttons).with_focus(2),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        answer(self.form.key(key))
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        answer(self.form.click(at))
    }
}

fn answer(event: FormEvent) -> Answer {
    match event {
        FormEvent::Stay | FormEvent::Edited => Answer::Stay,
        FormEvent::Pressed(0) => Answer::Existing(Existing::KeepMine),
        FormEvent::Pressed(1) => Answer::Existing(Existing::TakeTheirs),
        FormEvent::Pressed(_) | FormEvent::Close => Answer::Existing(Existing::Cancel),
    }
}
