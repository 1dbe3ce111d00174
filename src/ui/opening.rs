//! What a document starts from: its stored history, its file, or the replica that is joined.

use std::path::PathBuf;

use crate::{
    DocumentId,
    crdt::{SharedDocument, SnapshotError, TextDocument, TextFormat},
    store::{LoadedFile, Replica, SavedState, Store, StoreError, difference},
};

/// A document, and what is to be told about it.
pub(super) struct Opening {
    pub(super) document: TextDocument,
    /// `None`: it takes that of the replica that is joined.
    pub(super) document_id: Option<DocumentId>,
    pub(super) format: TextFormat,
    /// Whether the document is not what the file holds.
    pub(super) modified: bool,
    pub(super) aside: Option<Aside>,
    pub(super) message: Option<String>,
}

/// A file's content that a person has to decide about, because another document is joined into it.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Why a document could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// The state folder failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored history is sound but this version cannot read it.
    #[error("the stored history of {title} cannot be read: {source}")]
    Snapshot {
        /// What the document is called.
        title: String,
        /// What is wrong with it.
        source: SnapshotError,
    },
}

/// Opens an empty document for the one that is joined, and puts what the file holds aside.
pub(super) fn join(file: Option<LoadedFile>) -> Opening {
    let format = file.as_ref().map(|file| file.format).unwrap_or_default();
    let aside = file.filter(|file| !file.text.is_empty());
    let aside = aside.map(|file| Aside {
        path: file.path,
        text: file.text,
    });
    Opening {
        document: TextDocument::from_text(""),
        document_id: None,
        format,
        modified: false,
        aside,
        message: None,
    }
}

/// Opens a document from its history and its file.
pub(super) fn reopen(
    store: &Store,
    replica: &Replica,
    file: Option<LoadedFile>,
) -> Result<Opening, OpeningError> {
    let mut message = None;
    let stored = match store.load_snapshot(replica.id) {
        Ok(stored) => stored,
        Err(StoreError::DamagedSnapshots { .. }) => {
            message = Some(
                "The history of this file was damaged; it starts anew from the file.".to_owned(),
            );
            None
        }
        Err(error) => return Err(error.into()),
    };
    let mut opening = match stored {
        Some(snapshot) => {
            let shared = SharedDocument::from_snapshot(&snapshot.bytes).map_err(|source| {
                OpeningError::Snapshot {
                    title: replica.title.clone(),
                    source,
                }
            })?;
            continue_from(store, replica, shared, file)?
        }
        None => {
            // Without its history the text would meet that of peers as a second copy of it: so this
            // is a new document.
            store.start_over(replica.id)?;
            let document_id = store.create_document(replica.id)?;
            from_file(store, replica, document_id, file)?
        }
    };
    opening.message = message.or(opening.message);
    Ok(opening)
}

fn from_file(
    store: &Store,
    replica: &Replica,
    document_id: DocumentId,
    file: Option<LoadedFile>,
) -> Result<Opening, StoreError> {
    let existing = file.filter(|file| !file.is_new);
    let text = existing.as_ref().map_or("", |file| file.text.as_str());
    let document = TextDocument::from_text(text);
    if let Some(file) = &existing {
        store.record_saved(replica.id, file.hash, &document.version())?;
    }
    Ok(Opening {
        document,
        document_id: Some(document_id),
        format: existing.map(|file| file.format).unwrap_or_default(),
        modified: false,
        aside: None,
        message: None,
    })
}

/// Goes on with a stored history, and merges what another program did to the file meanwhile.
fn continue_from(
    store: &Store,
    replica: &Replica,
    shared: SharedDocument,
    file: Option<LoadedFile>,
) -> Result<Opening, StoreError> {
    let format = file.as_ref().map_or(replica.format, |file| file.format);
    let existing = file.filter(|file| !file.is_new);
    let message = match (&existing, &replica.saved) {
        (Some(file), Some(saved)) if saved.hash != file.hash => {
            merge_change_on_disk(store, replica, &shared, file, saved)?
        }
        (None, Some(_)) => Some(format!(
            "{} is gone from the disk; its text is kept here",
            replica.title
        )),
        (_, None) | (Some(_), Some(_)) => None,
    };
    let document = TextDocument::new(shared);
    let on_disk = existing.as_ref().map_or("", |file| file.text.as_str());
    Ok(Opening {
        modified: *document.rope() != on_disk,
        document,
        document_id: replica.document,
        format,
        aside: None,
        message,
    })
}

/// Merges what another program did to the file since it was saved, as an edit of somebody who did
/// not see what was typed after that.
fn merge_change_on_disk(
    store: &Store,
    replica: &Replica,
    shared: &SharedDocument,
    file: &LoadedFile,
    saved: &SavedState,
) -> Result<Option<String>, StoreError> {
    let text = TextDocument::new(shared.clone());
    if *text.rope() == file.text.as_str() {
        // We wrote it ourselves, and did not come to note that.
        store.record_saved(replica.id, file.hash, &text.version())?;
        return Ok(None);
    }
    let merged = shared.text_at(&saved.version).and_then(|then| {
        let change = difference(&then, &file.text);
        shared.change_at(&saved.version, &change)
    });
    let title = &replica.title;
    let sentence = match merged {
        Some(version) => {
            store.record_saved(replica.id, file.hash, &version)?;
            format!("Another program changed {title}; its changes are in")
        }
        None => format!("Another program changed {title}; saving replaces what it wrote"),
    };
    Ok(Some(sentence))
}
