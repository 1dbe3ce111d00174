//! The text of a large file before its document is there.
//!
//! Only a file without a stored history is opened like this. What is typed meanwhile is kept by an
//! [`EarlyLog`], and found again here after a crash.

use std::time::{Duration, SystemTime};

use ropey::Rope;

use super::OpeningError;
use crate::{
    crdt::{
        EditContext, EditError, EditKind, Filling, SharedDocument, TextDocument, TextSelection,
    },
    store::{
        self, ContentHash, EarlyEdits, EarlyLog, Journaled, LoadedFile, Replica, ReplicaId, Store,
    },
};

/// From this many bytes on a file is shown before its document is made: below it takes no longer
/// than a frame.
pub(super) const LARGE: usize = 128 * 1024;

/// What is to be done until a document is there, on a thread that may take its time.
pub(crate) struct Preparation {
    filling: Filling,
    /// Of the bytes of the file.
    hash: ContentHash,
    log: Option<EarlyLog>,
}

impl Preparation {
    /// Takes out what keeps the edits that are made meanwhile.
    pub(crate) fn take_log(&mut self) -> Option<EarlyLog> {
        self.log.take()
    }

    /// Makes the document and stores it. Returns how much of it is stored.
    ///
    /// # Errors
    ///
    /// Fails when the document cannot be made, or the replica was forgotten.
    pub(crate) fn run(self, store: &Store, replica: ReplicaId) -> Result<Journaled, OpeningError> {
        let document = self.filling.fill()?;
        store.record_saved(replica, self.hash, &document.version())?;
        let stored = store.begin_history(replica, &document, SystemTime::now());
        Ok(stored.unwrap_or_else(|error| {
            // The journal tries again, and tells.
            tracing::warn!("the document cannot be stored as a whole: {error}");
            Journaled::default()
        }))
    }
}

/// Shows a file's text, with what was typed before a crash.
pub(super) fn show(
    store: &Store,
    replica: &Replica,
    file: &LoadedFile,
    text: Rope,
    early: Option<&EarlyEdits>,
) -> Result<(TextDocument, Preparation), OpeningError> {
    let log = EarlyLog::new(store, replica.id, file.hash, early)?;
    let (mut document, filling) = TextDocument::ahead(text);
    if let Some(early) = early {
        replay(&mut document, early)?;
        // The log has them.
        document.take_unstored();
    }
    let preparation = Preparation {
        filling,
        hash: file.hash,
        log: Some(log),
    };
    Ok((document, preparation))
}

/// Makes edits once more that a crash kept from the journal, which begins with them then. Returns
/// what to tell if that cannot be done.
pub(super) fn go_on(
    store: &Store,
    replica: &Replica,
    document: &SharedDocument,
    journaled: &Journaled,
    early: EarlyEdits,
) -> Option<String> {
    if !journaled.is_beginning() {
        // They are in the history already.
        store.remove_early_edits(replica.id);
        return None;
    }
    match replay(&mut TextDocument::new(document.clone()), &early) {
        Ok(()) => None,
        Err(_) => fitting(store, replica, None, Some(early)).1,
    }
}

/// Makes edits once more.
fn replay(document: &mut TextDocument, early: &EarlyEdits) -> Result<(), EditError> {
    for edit in &early.edits {
        let context = EditContext {
            kind: EditKind::Other,
            selection: TextSelection::caret(edit.touched_before().start),
            now: Duration::ZERO,
        };
        document.edit(edit, context)?;
    }
    Ok(())
}

/// Returns what was typed if the file is still the one into which it was. Otherwise puts it beside
/// the file, and returns what to tell.
pub(super) fn fitting(
    store: &Store,
    replica: &Replica,
    file: Option<&LoadedFile>,
    early: Option<EarlyEdits>,
) -> (Option<EarlyEdits>, Option<String>) {
    let Some(early) = early else {
        return (None, None);
    };
    if file.is_some_and(|file| file.hash == early.base) {
        return (Some(early), None);
    }
    let title = &replica.title;
    let what = format!("{title} was changed since you typed into it");
    let beside = replica.path.as_deref();
    let kept = beside.map(|path| store::set_aside(path, &early.inserted()));
    let sentence = match kept {
        Some(Ok(path)) => {
            store.remove_early_edits(replica.id);
            format!("{what}; what you typed is in {}", path.display())
        }
        Some(Err(error)) => format!("{what}, and what you typed cannot be put aside: {error}"),
        None => return (None, None),
    };
    (None, Some(sentence))
}

#[cfg(test)]
mod tests;
