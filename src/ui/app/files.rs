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
            Some(_) => self.version != self.saved_version || self.file_is_off(),
            None => self.own_edits != self.settled_edits,
        }
    }

    /// Whether there is neither a file nor a text.
    pub(crate) fn is_blank(&self) -> bool {
        self.path.is_none() && self.rope().len_chars() == 0
    }

    /// Counts the states of the document, as in [`SavedFile::version`].
    pub(crate) fn state(&self) -> u64 {
        self.version
    }

    /// How many edits were made here.
    pub(crate) fn own_edits(&self) -> u64 {
        self.own_edits
    }

    /// Whether the document has a file.
    pub(crate) fn has_file(&self) -> bool {
        self.path.is_some()
    }

    /// Says why nothing may be changed, if so.
    pub(super) fn refuses_edits(&mut self) -> bool {
        match self.read_only.clone() {
            Some(why) => {
                self.complain(why);
                true
            }
            None => self.refuses_to_write() || !self.may_edit(),
        }
    }

    /// Whether nothing may be changed.
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only.is_some() || self.only_reads()
    }

    /// Saves, or asks where if that is not known.
    pub(super) fn save(&mut self) {
        match self.path.clone() {
            Some(_) if self.must_decide_before_saving() => {}
            Some(path) => self.request_save(path, true, false),
            None => self.ask_save_as(),
        }
    }

    /// Asks the terminal loop to write the text as it is now. Nobody asked for a `quiet` save, so
    /// nothing is said of it if it works.
    pub(super) fn request_save(&mut self, path: PathBuf, replace: bool, quiet: bool) {
        if self.defers_save(&path, replace, quiet) {
            return;
        }
        self.tidy_before_save();
        let own = self.path.as_ref() == Some(&path);
        let text = self.rope().clone();
        self.file.save_started(&text, quiet);
        self.effects.push(Effect::Save(SaveRequest {
            path,
            text,
            format: self.format,
            version: self.version,
            replace,
            expected: own.then(|| self.file.expected()),
        }));
    }

    /// A text reached the disk, or did not.
    pub(super) fn saved(&mut self, result: Result<SavedFile, SaveError>) {
        match result {
            Ok(file) => self.is_saved(file),
            Err(SaveError::Changed) => {
                self.close_save_as();
                self.save_gave_way();
            }
            Err(SaveError::Exists(path)) => {
                self.file.save_refused();
                if !self.save_as_is_in_the_way(&path) {
                    self.stay();
                    self.complain(SaveError::Exists(path).to_string());
                }
            }
            Err(refused @ SaveError::Taken(_)) => {
                self.file.save_refused();
                let sentence = refused.to_string();
                if !self.save_as_failed(&sentence) {
                    self.stay();
                    self.complain(sentence);
                }
            }
            Err(SaveError::Failed {
                sentence,
                reason,
                elsewhere,
            }) => {
                let asked_for = self.file.save_failed(&reason, self.now);
                if self.save_as_failed(&sentence) {
                    return;
                }
                if asked_for && elsewhere && !self.has_dialog() {
                    // The wish to quit stays: it is about the text, not about the name.
                    self.ask_save_as();
                    self.save_as_failed(&sentence);
                } else {
                    self.stay();
                    self.complain(sentence);
                }
            }
        }
    }

    fn is_saved(&mut self, file: SavedFile) {
        let own = self.path.as_ref() == Some(&file.path);
        let again = own && file.made && self.file.existed();
        let rope = self.document.rope();
        let asked_for = self.file.save_succeeded(file.hash, file.version, rope);
        self.saved_version = file.version;
        self.settled_edits = self.own_edits;
        self.path = Some(file.path);
        self.close_save_as();
        let name = self.name();
        if again {
            self.reply(format!("{name} was gone from the disk; it is saved again"));
        } else if asked_for {
            self.reply(format!("Saved {name}"));
        }
        // What the person wants saved may be on its way behind this.
        if self.file.saving.is_empty() && std::mem::take(&mut self.go_once_saved) {
            self.depart();
        }
    }

    /// The document of a peer is here, completely.
    pub(super) fn joined(&mut self, title: String) {
        if self.path.is_none() && !title.trim().is_empty() {
            self.title = title;
        }
        self.look_at_indentation();
        self.file.arrived();
        // What came with the document is not ours to lose.
        self.settled_edits = self.own_edits;
        self.notify(MessageKind::Info, format!("Joined {}", self.name()));
    }
}
