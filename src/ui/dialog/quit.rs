//! Quitting, or closing a document, with unsaved changes.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::ui::app::Leave;

/// Asks what to do with unsaved changes.
#[derive(Debug)]
pub(crate) struct QuitQuestion {
    pub(super) form: Form,
}

impl QuitQuestion {
    /// Asks about the document of this name. Without a file, saving will ask where.
    pub(crate) fn new(name: &str, has_file: bool, leave: Leave) -> Self {
        // Without saving it is a letter that "Cancel" does not have.
        let (title, labels, letter) = match leave {
            Leave::Program => ("Quit", ["Save and quit", "Quit without saving"], 'q'),
            Leave::Document => ("Close", ["Save and close", "Close without saving"], 'w'),
        };
        let sentence = if has_file {
            format!(
                "{name} has changes that are not saved. Without saving, they wait here until you open it again."
            )
        } else {
            format!(
                "{name} has no file yet. Without saving, it waits here until you open it again."
            )
        };
        let paragraphs = vec![Paragraph::Gap, Paragraph::words(sentence), Paragraph::Gap];
        let buttons = vec![
            Button::new(labels[0], 's'),
            Button::new(labels[1], letter),
            Button::new("Cancel", 'c'),
        ];
        Self {
            form: Form::new(title, paragraphs, buttons),
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
        FormEvent::Pressed(0) => Answer::SaveAndQuit,
        FormEvent::Pressed(1) => Answer::QuitWithoutSaving,
        FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
    }
}
