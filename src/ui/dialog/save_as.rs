//! Saving under a name that the person types.

use std::path::{Path, PathBuf};

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Form, FormEvent},
};

/// Asks where to save. Stays open until the text is on the disk.
#[derive(Debug)]
pub(crate) struct SaveAs {
    pub(super) form: Form,
    /// The file that is in the way; pressing Enter once more replaces it.
    in_the_way: Option<PathBuf>,
}

impl SaveAs {
    /// Asks, and proposes a name.
    pub(crate) fn new(proposal: &str) -> Self {
        Self {
            form: Form::asking("Save as", "Save the text to this file:", proposal, "Save"),
            in_the_way: None,
        }
    }

    /// Says why the text is not on the disk.
    pub(crate) fn fail(&mut self, sentence: &str) {
        self.form.problem = Some(sentence.to_owned());
    }

    /// Says that there is a file of that name.
    pub(crate) fn is_in_the_way(&mut self, path: &Path) {
        self.in_the_way = Some(path.to_owned());
        let problem = "There is a file of that name. Press Enter again to replace it.";
        self.form.problem = Some(problem.to_owned());
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let event = self.form.key(key);
        self.answer(event)
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        let event = self.form.click(at);
        self.answer(event)
    }

    pub(super) fn paste(&mut self, text: &str) {
        let event = self.form.paste(text);
        self.answer(event);
    }

    fn answer(&mut self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay => Answer::Stay,
            FormEvent::Edited => {
                self.in_the_way = None;
                Answer::Stay
            }
            FormEvent::Pressed(0) if self.form.text().trim().is_empty() => {
                self.form.problem = Some("Type a file name first.".to_owned());
                Answer::Stay
            }
            FormEvent::Pressed(0) => {
                let path = PathBuf::from(self.form.text());
                let replace = self.in_the_way.take().is_some_and(|known| known == path);
                Answer::SaveAs(path, replace)
            }
            FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
        }
    }
}
