//! What a document starts from: its stored history, its file, or the replica that is joined.

mod early;

use std::path::PathBuf;

use ropey::Rope;

pub(crate) use self::early::Preparation;
use super::beside::{holds_saved, with_copies};
use crate::{
    DocumentId, PeerAddress,
    crdt::{
        Delta, EditError, SharedDocument, SnapshotError, TextDocument, TextFormat, conflict::Author,
    },
    store::{
        self, ContentHash, EarlyEdits, Journaled, LoadedFile, Replica, SavedState, Store,
        StoreError, difference,
    },
};

/// A document, and what is to be told about it.
pub(crate) struct Opening {
    pub(crate) document: TextDocument,
    /// How much of the document is stored.
    pub(crate) journaled: Journaled,
    /// `None`: it takes that of the replica that is joined.
    pub(crate) document_id: Option<DocumentId>,
    pub(crate) format: TextFormat,
    /// Whether the document is not what the file holds.
    pub(crate) modified: bool,
    /// What the file held when it was last saved, if another program changed it since. Its change
    /// is not in the document yet.
    pub(crate) last_saved: Option<LastSaved>,
    pub(crate) aside: Option<Aside>,
    /// What is still to be done, if the text is [ahead](TextDocument::is_ahead) of its document.
    pub(crate) preparation: Option<Preparation>,
    pub(crate) message: Option<String>,
}

/// What a file held when it was last saved.
#[derive(Clone, Debug)]
pub(crate) struct LastSaved {
    /// Of its bytes.
    pub(crate) hash: ContentHash,
    pub(crate) text: Rope,
    /// What leads from there to the document.
    pub(crate) since: Delta<usize>,
}

/// A file's content that a person has to decide about, because another document is joined into it.
#[derive(Clone, Debug)]
pub(crate) struct Aside {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
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
    /// The document did not take its text.
    #[error("the document cannot be made: {0}")]
    Refused(#[from] EditError),
}

/// Returns the one to join whose document the replica has not yet. One that it tried before and that
/// did not let it in has not given its document.
pub(crate) fn new_host(
    replica: &Replica,
    met: &[PeerAddress],
    host: Option<PeerAddress>,
) -> Option<PeerAddress> {
    host.filter(|host| replica.document.is_none() || !met.iter().any(|peer| peer.node == host.node))
}

/// Opens what was written while waiting for the document that is joined, and puts what the file
/// holds aside.
pub(crate) fn join(
    store: &Store,
    replica: &Replica,
    file: Option<LoadedFile>,
) -> Result<Opening, OpeningError> {
    let format = file.as_ref().map(|file| file.format).unwrap_or_default();
    let aside = file.filter(|file| !file.text.is_empty());
    let aside = aside.map(|file| Aside {
        path: file.path,
        text: file.text,
    });
    let Stored {
        history,
        sentence: message,
    } = load(store, replica)?;
    let (document, journaled) = match history {
        Some((shared, journaled)) => (TextDocument::new(shared), journaled),
        None => (TextDocument::from_text(""), Journaled::default()),
    };
    Ok(Opening {
        document,
        journaled,
        document_id: None,
        format,
        modified: false,
        last_saved: None,
        aside,
        preparation: None,
        message,
    })
}

/// Opens a document from its history and its file, and returns when it is whole.
pub(crate) fn reopen(
    store: &Store,
    replica: &Replica,
    file: Option<LoadedFile>,
) -> Result<Opening, OpeningError> {
    let text = file.as_ref().map(|file| file.text.as_str().into());
    let mut opening = reopen_at_once(store, replica, file, text.unwrap_or_default())?;
    if let Some(preparation) = opening.preparation.take() {
        opening.journaled = preparation.run(store, replica.id)?;
        opening.document.catch_up()?;
    }
    Ok(opening)
}

/// Opens a document from its history and its file. Where there is no history and the file is large,
/// its `text` is shown and edited at once, and the document is still to be made. A stored history is
/// always loaded first: only then it is known whether the file's text is the document's.
pub(crate) fn reopen_at_once(
    store: &Store,
    replica: &Replica,
    file: Option<LoadedFile>,
    text: Rope,
) -> Result<Opening, OpeningError> {
    let mut early = store.early_edits(replica.id);
    let Stored {
        history,
        mut sentence,
    } = load(store, replica)?;
    if let (Some((shared, journaled)), Some(early)) =
        (&history, early.take_if(|_| history.is_some()))
    {
        sentence = early::go_on(store, replica, shared, journaled, early).or(sentence);
    }
    let is_its_own = history.is_some();
    let mut opening = match with_copies(store, replica, history)? {
        Some((shared, journaled)) => {
            if !is_its_own {
                // What is left of the damaged history is kept aside, and must not mix with this.
                store.start_again(replica.id)?;
            }
            continue_from(store, replica, shared, journaled, file)?
        }
        None => {
            // Without its history a text would meet that of peers as a second copy of it: so this is
            // a new document. Nothing at all is the beginning of any.
            let has_text = file.as_ref().is_some_and(|file| !file.text.is_empty());
            let document_id = match replica.document.filter(|_| !has_text) {
                Some(known) => {
                    store.start_again(replica.id)?;
                    known
                }
                None => {
                    store.start_over(replica.id)?;
                    store.create_document(replica.id)?
                }
            };
            from_file(store, replica, document_id, file, text, early)?
        }
    };
    opening.message = match (sentence, opening.message) {
        (Some(first), Some(second)) => Some(format!("{first}. {second}")),
        (first, second) => first.or(second),
    };
    Ok(opening)
}

/// What the store had of a document.
struct Stored {
    /// `None`: nothing that a document can be made of.
    history: Option<(SharedDocument, Journaled)>,
    /// What to tell about it.
    sentence: Option<String>,
}

/// Loads what is sound of a document. What is not is kept aside with the database.
fn load(store: &Store, replica: &Replica) -> Result<Stored, OpeningError> {
    let title = &replica.title;
    let history = store.load_history(replica.id)?;
    let restored = match history.is_empty() {
        true => None,
        false => Some(history.restore().map_err(|source| OpeningError::Snapshot {
            title: title.clone(),
            source,
        })?),
    };
    // A text that lacks a part of what its file holds must not be written over that file.
    let usable = restored
        .as_ref()
        .is_none_or(|(document, _)| holds_saved(replica, document));
    let aside = match history.is_damaged() || !usable {
        true => Some(store.put_aside(replica.id)?),
        false => store.rescued().map(str::to_owned),
    };
    let history = restored.filter(|_| usable);
    let sentence = match (aside, &history) {
        (Some(copy), Some(_)) => Some(format!(
            "The history of {title} was damaged in part; as it was it is in {copy}"
        )),
        (Some(copy), None) => Some(format!(
            "The history of {title} was damaged and starts anew; as it was it is in {copy}"
        )),
        (None, Some(_)) if replica.unclosed => Some(unclosed(replica)),
        (None, _) => None,
    };
    Ok(Stored { history, sentence })
}

fn from_file(
    store: &Store,
    replica: &Replica,
    document_id: DocumentId,
    file: Option<LoadedFile>,
    text: Rope,
    early: Option<EarlyEdits>,
) -> Result<Opening, OpeningError> {
    let existing = file.filter(|file| !file.is_new);
    let (early, mut message) = early::fitting(store, replica, existing.as_ref(), early);
    let mut opening = Opening {
        document: TextDocument::from_text(""),
        journaled: Journaled::default(),
        document_id: Some(document_id),
        format: existing
            .as_ref()
            .map(|file| file.format)
            .unwrap_or_default(),
        modified: early.is_some(),
        last_saved: None,
        aside: None,
        preparation: None,
        message: None,
    };
    if let Some(file) = existing {
        if early.is_some() || file.text.len() >= early::LARGE {
            let (document, preparation) = early::show(store, replica, &file, text, early.as_ref())?;
            opening.document = document;
            opening.preparation = Some(preparation);
        } else {
            opening.document = TextDocument::from_text(&file.text);
            store.record_saved(replica.id, file.hash, &opening.document.version())?;
        }
    }
    if early.is_some() {
        message = Some(unclosed(replica));
    }
    opening.message = message;
    Ok(opening)
}

fn unclosed(replica: &Replica) -> String {
    let title = &replica.title;
    format!("{title} was not closed properly last time; everything you typed is here")
}

/// Goes on with a stored history. What another program did to the file meanwhile is left to whoever
/// looks at it next.
pub(crate) fn continue_from(
    store: &Store,
    replica: &Replica,
    shared: SharedDocument,
    journaled: Journaled,
    file: Option<LoadedFile>,
) -> Result<Opening, StoreError> {
    if replica.unclosed
        && let Some(path) = &replica.path
    {
        store::remove_unfinished_saves(path);
    }
    let format = file.as_ref().map_or(replica.format, |file| file.format);
    let existing = file.filter(|file| !file.is_new);
    let document = TextDocument::new(shared);
    let on_disk = existing.as_ref().map_or("", |file| file.text.as_str());
    let modified = *document.rope() != on_disk;
    let (mut last_saved, mut message) = (None, None);
    let title = &replica.title;
    match (&existing, &replica.saved) {
        (Some(file), Some(saved)) if saved.hash != file.hash => {
            match who_wrote(store, replica, &document, file, saved)? {
                Writer::Ours => {}
                Writer::CutShort(sentence) => message = Some(sentence),
                Writer::Another => {
                    last_saved = find_last_saved(document.shared(), saved);
                    if last_saved.is_none() {
                        let what = "saving replaces what it wrote";
                        message = Some(format!("Another program changed {title}; {what}"));
                    }
                }
            }
        }
        (None, Some(_)) => {
            message = Some(format!(
                "{title} is gone from the disk; its text is kept here"
            ));
        }
        (_, None) | (Some(_), Some(_)) => {}
    }
    Ok(Opening {
        modified,
        document,
        journaled,
        document_id: replica.document,
        format,
        last_saved,
        aside: None,
        preparation: None,
        message,
    })
}

fn find_last_saved(document: &SharedDocument, saved: &SavedState) -> Option<LastSaved> {
    let (text, since) = document.change_since(&saved.version)?;
    Some(LastSaved {
        hash: saved.hash,
        text,
        since: since.shape(),
    })
}

/// Who wrote what a file holds, if it is not what we know of.
enum Writer {
    /// We did, and did not come to note that; now it is noted.
    Ours,
    /// We began to, and what it holds is neither the old text nor the new one. What to tell.
    CutShort(String),
    /// Another program.
    Another,
}

fn who_wrote(
    store: &Store,
    replica: &Replica,
    document: &TextDocument,
    file: &LoadedFile,
    saved: &SavedState,
) -> Result<Writer, StoreError> {
    if *document.rope() == file.text.as_str() {
        store.record_saved(replica.id, file.hash, &document.version())?;
        return Ok(Writer::Ours);
    }
    let Some(saving) = &replica.saving else {
        return Ok(Writer::Another);
    };
    if saving.hash == file.hash && document.shared().has_version(&saving.version) {
        // Something was written on since.
        store.record_saved(replica.id, saving.hash, &saving.version)?;
        return Ok(Writer::Ours);
    }
    Ok(match store::unfinished_overwrite(&file.path, saved.hash) {
        Ok(Some(backup)) => {
            let backup = backup.file_name().unwrap_or_default().to_string_lossy();
            Writer::CutShort(format!(
                "{} was cut short in a save: save it again; its old text is in {backup}",
                replica.title
            ))
        }
        Ok(None) | Err(_) => Writer::Another,
    })
}

/// Merges what another program did to the file since it was saved, as an edit of somebody who did
/// not see what was typed after that.
pub(crate) fn merge_change_on_disk(
    store: &Store,
    replica: &Replica,
    shared: &SharedDocument,
    file: &LoadedFile,
    saved: &SavedState,
) -> Result<Option<String>, StoreError> {
    let text = TextDocument::new(shared.clone());
    match who_wrote(store, replica, &text, file, saved)? {
        Writer::Ours => return Ok(None),
        Writer::CutShort(sentence) => {
            // What is torn has been seen: the next save may replace it.
            store.record_saved(replica.id, file.hash, &saved.version)?;
            return Ok(Some(sentence));
        }
        Writer::Another => {}
    }
    let merged = shared.text_at(&saved.version).and_then(|then| {
        let change = difference(&then, &file.text);
        shared.change_at(&saved.version, &change, Author::disk())
    });
    let title = &replica.title;
    let sentence = match merged {
        Some(version) => {
            store.record_saved(replica.id, file.hash, &version)?;
            format!("Another program changed {title}; its changes are in")
        }
        None => {
            store.record_saved(replica.id, file.hash, &saved.version)?;
            format!("Another program changed {title}; saving replaces what it wrote")
        }
    };
    Ok(Some(sentence))
}

#[cfg(test)]
mod tests;
