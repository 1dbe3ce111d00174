//! What a document starts from: its stored history, its file, or the replica that is joined.

use std::path::PathBuf;

use crate::{
    DocumentId,
    crdt::{
        Bias, Delta, EditContext, EditKind, SharedDocument, SnapshotError, TextDocument, TextFormat,
        TextSelection,
    },
    store::{LoadedFile, Replica, Store, StoreError, difference},
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
    let aside = aside.map(|file| Aside { path: file.path, text: file.text });
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
pub(super) fn reopen(store: &Store, replica: &Replica, file: Option<LoadedFile>) -> Result<Opening, OpeningError> {
    let mut message = None;
    let stored = match store.load_snapshot(replica.id) {
        Ok(stored) => stored,
        Err(StoreError::DamagedSnapshots { .. }) => {
            message = Some("The history of this file was damaged; it starts anew from the file.".to_owned());
            None
        }
        Err(error) => return Err(error.into()),
    };
    let mut opening = match stored {
        Some(snapshot) => {
            let shared = SharedDocument::from_snapshot(&snapshot.bytes)
                .map_err(|source| OpeningError::Snapshot { title: replica.title.clone(), source })?;
            continue_from(shared, replica, file)
        }
        None => {
            // Without its history the text would meet that of peers as a second copy of it: so this
            // is a new document.
            store.start_over(replica.id)?;
            let document_id = DocumentId::random();
            store.assign_document(replica.id, document_id)?;
            from_file(document_id, file)
        }
    };
    opening.message = message.or(opening.message);
    Ok(opening)
}

fn from_file(document_id: DocumentId, file: Option<LoadedFile>) -> Opening {
    let (text, format) = file.map(|file| (file.text, file.format)).unwrap_or_default();
    Opening {
        document: TextDocument::from_text(&text),
        document_id: Some(document_id),
        format,
        modified: false,
        aside: None,
        message: None,
    }
}

/// Goes on with a stored history; what another program did to the file meanwhile becomes one edit.
fn continue_from(shared: SharedDocument, replica: &Replica, file: Option<LoadedFile>) -> Opening {
    let mut document = TextDocument::new(shared);
    let format = file.as_ref().map_or(replica.format, |file| file.format);
    let mut message = None;
    let existing = file.filter(|file| !file.is_new);
    if let Some(file) = &existing {
        let unchanged = replica.saved.as_ref().is_some_and(|saved| saved.hash == file.hash);
        if !unchanged && *document.rope() != file.text.as_str() {
            let change = change_on_disk(&document, replica, &file.text);
            let context = EditContext {
                kind: EditKind::Other,
                selection: TextSelection::default(),
                now: std::time::Duration::ZERO,
            };
            message = Some(match document.edit(&change, context) {
                Ok(_) => format!("{} was changed by another program; the changes are in.", replica.title),
                Err(error) => format!("{} was changed by another program, which could not be merged: {error}", replica.title),
            });
        }
    } else if replica.saved.is_some() {
        message = Some(format!("{} is gone from the disk; its text is kept here.", replica.title));
    }
    let on_disk = existing.map(|file| file.text).unwrap_or_default();
    Opening {
        modified: *document.rope() != on_disk.as_str(),
        document,
        document_id: replica.document,
        format,
        aside: None,
        message,
    }
}

/// What another program changed, in positions of the document as it is now.
fn change_on_disk(document: &TextDocument, replica: &Replica, on_disk: &str) -> Delta {
    let now = document.rope().to_string();
    let saved = replica.saved.as_ref().and_then(|saved| document.shared().text_at(&saved.version));
    match saved {
        Some(saved) => difference(&saved, on_disk).transform(&difference(&saved, &now), Bias::After),
        None => difference(&now, on_disk),
    }
}
