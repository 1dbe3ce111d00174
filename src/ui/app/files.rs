//! Saving, leaving, and what the document is called.

use std::path::{Path, PathBuf};

use super::{App, Effect, MessageKind, SaveError, SaveRequest, SavedFile};

impl App {
    /// What the document is called: its file's name, or the title it came with.
    pub(crate) fn name(&self) -> String {
        let file_name = self.path.as_deref().and_then(Path::file_name);
        match file_name {
            Some(name) => name.to_string_lossy().into_owned(),
            None if self.title.trim().is_empty() => "untitled".to_owned(),
            None => self.title.clone(),
        }
    }

    /// Whether there is something to lose: the file differs from the text, or, without a file,
    /// we wrote something.
    pub(crate) fn modified(&self) -> bool {
        match self.path {
            Some(_) => self.version != self.saved_version,
            None => self.own_edits != self.settled_edits,
        }
    }

    /// Whether there is neither a file nor a text.
    pub(crate) fn is_blank(&self) -> bool {
        self.path.is_none() && self.rope().len_chars() == 0
    }

    /// Whether the document has a file.
    pub(crate) fn has_file(&self) -> bool {
        self.path.is_some()
    }

    /// Saves, or asks where if that is not known.
    pub(super) fn save(&mut self) {
        match self.path.clone() {
            Some(path) => self.request_save(path, true),
            None => self.ask_save_as(),
        }
    }

    /// Asks the terminal loop to write the text as it is now.
    pub(super) fn request_save(&mut self, path: PathBuf, replace: bool) {
        self.tidy_before_save();
        self.effects.push(Effect::Save(SaveRequest {
            path,
            text: self.rope().clone(),
            format: self.format,
            version: self.version,
            replace,
        }));
    }

    /// Quits, or asks what to do with unsaved changes.
    pub(super) fn quit(&mut self) {
        if self.modified() {
            self.ask_quit();
        } else {
            self.effects.push(Effect::Quit);
        }
    }

    /// Saves and quits as soon as the text is on the disk.
    pub(super) fn save_and_quit(&mut self) {
        self.quit_once_saved = true;
        self.save();
    }

    /// The person thought better of it: what is saved next does not end the program.
    pub(super) fn stay(&mut self) {
        self.quit_once_saved = false;
    }

    pub(super) fn saved(&mut self, result: Result<SavedFile, SaveError>) {
        match result {
            Ok(file) => {
                self.saved_version = file.version;
                self.settled_edits = self.own_edits;
                self.path = Some(file.path);
                self.close_save_as();
                self.reply(format!("Saved {}", self.name()));
                if self.quit_once_saved {
                    self.effects.push(Effect::Quit);
                }
            }
            Err(error) => {
                let unasked = self.save_as_failed(&error);
                if unasked {
                    self.stay();
                    self.complain(match error {
                        SaveError::Failed(sentence) => sentence,
                        SaveError::Exists(path) => {
                            format!("{} is another file; it was not replaced", path.display())
                        }
                    });
                }
            }
        }
    }

    /// The document of a peer is here, completely.
    pub(super) fn joined(&mut self, title: String) {
        if self.path.is_none() && !title.trim().is_empty() {
            self.title = title;
        }
        self.look_at_indentation();
        // What came with the document is not ours to lose.
        self.settled_edits = self.own_edits;
        self.notify(MessageKind::Info, format!("Joined {}", self.name()));
    }
}
