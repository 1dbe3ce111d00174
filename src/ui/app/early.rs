//! What waits for a document whose text is shown already.
//!
//! Everything that has to do with a version of the document: a save is recorded with the one it has,
//! and a look at the file compares with it.

use std::path::{Path, PathBuf};

use super::App;
use crate::crdt::{Delta, EditError};

/// What is done as soon as the document is there.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    save: Option<DeferredSave>,
    look_at_file: bool,
}

/// A save that was asked for.
#[derive(Debug)]
struct DeferredSave {
    path: PathBuf,
    replace: bool,
    quiet: bool,
}

impl App {
    /// Takes the changes of the text that are to be kept until the document is stored.
    pub(crate) fn take_unstored(&mut self) -> Vec<Delta> {
        self.document.take_unstored()
    }

    /// Gives the document what was typed before it was there.
    pub(crate) fn write_early_edits(&mut self) -> Result<(), EditError> {
        self.document.catch_up()
    }

    /// Remembers a save for later, if the document is not there yet. Returns whether it did.
    pub(super) fn defers_save(&mut self, path: &Path, replace: bool, quiet: bool) -> bool {
        if !self.document.is_ahead() {
            return false;
        }
        if !quiet {
            let name = self.name();
            self.reply(format!(
                "{name} is still being read; it is saved right after"
            ));
        }
        self.deferred.save = Some(DeferredSave {
            path: path.to_owned(),
            replace,
            quiet,
        });
        true
    }

    /// Remembers to look at the file later, if the document is not there yet. Returns whether it
    /// did.
    pub(super) fn defers_look_at_file(&mut self) -> bool {
        self.deferred.look_at_file |= self.document.is_ahead();
        self.document.is_ahead()
    }

    /// The document is there: does what waited for it.
    pub(super) fn prepared(&mut self) {
        let Deferred { save, look_at_file } = std::mem::take(&mut self.deferred);
        if look_at_file {
            self.file_touched();
        }
        if let Some(DeferredSave {
            path,
            replace,
            quiet,
        }) = save
        {
            self.request_save(path, replace, quiet);
        }
    }
}
