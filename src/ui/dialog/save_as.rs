//! Saving under a name that the person types.

use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Position;

use super::{
    Answer, FolderEntry,
    completion::Completion,
    form::{Form, FormEvent},
};

/// Asks where to save. Stays open until the text is on the disk.
#[derive(Debug)]
pub(crate) struct SaveAs {
    pub(super) form: Form,
    completion: Completion,
    /// The file that is in the way; pressing Enter once more replaces it.
    in_the_way: Option<PathBuf>,
}

impl SaveAs {
    /// Asks, and proposes a name.
    pub(crate) fn new(proposal: &str) -> Self {
        Self {
            form: Form::asking("Save as", "Save the text to this file:", proposal, "Save"),
            completion: Completion::default(),
            in_the_way: None,
        }
    }

    /// Returns the folder to be listed, if one is to be.
    pub(crate) fn wanted(&mut self) -> Option<String> {
        self.completion.wanted(self.form.text())
    }

    /// Takes in what is in a folder.
    pub(crate) fn listed(&mut self, folder: &str, entries: Vec<FolderEntry>) {
        self.completion.listed(folder, entries);
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
        if key.code == KeyCode::Tab && self.form.is_typing() && self.complete() {
            return self.answer(FormEvent::Edited);
        }
        let event = self.form.key(key);
        self.answer(event)
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        let event = self.form.click(at);
        self.answer(event)
    }

    pub(super) fn paste(&mut self, text: &str) -> Answer {
        let event = self.form.paste(text);
        self.answer(event)
    }

    /// Adds to the line what is certain, or else shows what there is to choose from. Returns whether
    /// there was either.
    fn complete(&mut self) -> bool {
        let text = self.form.text().to_owned();
        if let Some(completed) = self.completion.completed(&text) {
            self.form.set_text(&completed);
            return true;
        }
        let matches = self.completion.matches(&text);
        let names = matches.iter().map(|path| name(path)).collect::<Vec<_>>();
        self.form.hint = (names.len() > 1).then(|| names.join("  "));
        self.form.hint.is_some()
    }

    fn answer(&mut self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay => Answer::Stay,
            FormEvent::Edited => {
                self.in_the_way = None;
                self.wanted().map_or(Answer::Stay, Answer::ListFolder)
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

/// The last part of a path, with the slash of a folder.
fn name(path: &str) -> &str {
    let end = path.trim_end_matches('/');
    &path[end.rfind('/').map_or(0, |slash| slash + 1)..]
}
