//! A second copad on a file: a replica beside the one that has the file.
//!
//! Only the first copad on a file holds its replica, and only that one writes the file. Another one
//! opens a replica of its own, of the same document and without a file, and joins the first as a
//! peer; it asks the first to save. When the first is gone, it takes the file's replica over, with
//! all that was typed in either. Whatever a copad beside the file kept and did not get across is
//! merged when the file is opened next.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    Disk, OpeningError, SaveError, SaveRequest, SavedFile,
    control::{self, Answer, Question},
    opening::{Opening, continue_from},
};
use crate::{
    NodeId, PeerAddress,
    crdt::{SharedDocument, SnapshotError, TextDocument},
    store::{Journaled, LoadedFile, Replica, ReplicaId, ReplicaLock, Store, StoreError, read_file},
};

/// A file that is open here, but in another copad first.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// The replica that has the file.
    file: ReplicaId,
    /// The file, canonical.
    path: PathBuf,
    /// What it is called.
    title: String,
    /// Where the sockets of running copads are.
    runtime: PathBuf,
}

/// The file's replica, after its holder has gone.
pub(crate) struct TakenOver {
    /// The replica's place on the disk.
    pub(crate) disk: Disk,
    /// How much of the document is stored there.
    pub(crate) journaled: Journaled,
    /// Whom the replica met.
    pub(crate) peers: Vec<PeerAddress>,
    /// What is to be told about the file.
    pub(crate) message: Option<String>,
}

impl Beside {
    /// Describes the file of a replica that somebody else holds. `None`: it has no file.
    pub(crate) fn new(file: &Replica, runtime: &Path) -> Option<Self> {
        Some(Self {
            file: file.id,
            path: file.path.clone()?,
            title: file.title.clone(),
            runtime: runtime.to_owned(),
        })
    }

    /// Whether this is the file.
    pub(crate) fn is(&self, path: &Path) -> bool {
        crate::store::canonical_path(path).is_ok_and(|path| path == self.path)
    }

    /// The process that has the file, if it is known.
    pub(crate) fn holder(&self, store: &Store) -> Option<u32> {
        store.lock_holder(self.file)
    }

    /// Whether the process that has the file can be spoken with. Waits for it a little.
    pub(crate) fn answers(&self, store: &Store) -> bool {
        self.holder(store).is_some_and(|holder| {
            let answer = control::ask(&self.runtime, holder, &Question::Status);
            answer.is_ok()
        })
    }

    /// Asks the process that has the file to write it, with everything up to a version.
    pub(crate) fn save(
        &self,
        store: &Store,
        request: &SaveRequest,
        version: &[u8],
    ) -> Result<SavedFile, SaveError> {
        let holder = self.holder(store).unwrap_or_default();
        let question = Question::Save {
            path: self.path.clone(),
            version: version.to_vec(),
        };
        let title = &self.title;
        let (sentence, reason) = match control::ask(&self.runtime, holder, &question) {
            Ok(Answer::Saved(Ok(()))) => {
                return Ok(SavedFile {
                    path: request.path.clone(),
                    version: request.version,
                    hash: read_file(&self.path)?.hash,
                    made: false,
                });
            }
            Ok(Answer::Saved(Err(sentence))) => (sentence, "the other copad could not"),
            Ok(Answer::Status(_)) | Err(_) => (
                format!(
                    "{title} is open in process {holder} as well, which does not answer; \
                     your edits are kept, and saved when it is gone"
                ),
                "the other copad does not answer",
            ),
        };
        Err(SaveError::Failed {
            sentence,
            reason: reason.to_owned(),
            elsewhere: false,
        })
    }

    /// Takes the file's replica over, if its holder is gone: what it stored is merged into the
    /// document. What another program did to the file is left to whoever looks at it next. `None`:
    /// it is still held.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten, or holds another document now; then there is nothing
    /// to wait for any more.
    pub(crate) fn take_over(
        &self,
        store: &Store,
        document: &SharedDocument,
        own: ReplicaId,
    ) -> Result<Option<TakenOver>, OpeningError> {
        let Some(lock) = store.try_lock(self.file)? else {
            return Ok(None);
        };
        let replica = store.replica(self.file)?;
        if replica.document != store.replica(own)?.document {
            let title = replica.title;
            return Err(StoreError::OtherDocument { title }.into());
        }
        let journaled = match stored(store, &replica)? {
            Some((theirs, journaled)) => {
                merge(&replica, document, &theirs)?;
                journaled
            }
            None => Journaled::default(),
        };
        let file = read_file(&self.path).ok();
        let opening = continue_from(store, &replica, document.clone(), journaled, file)?;
        store.record_opened(replica.id, SystemTime::now())?;
        Ok(Some(TakenOver {
            message: opening.message,
            journaled: opening.journaled,
            peers: addresses(store, replica.id)?,
            disk: Disk::new(Store::open(store.state_dir())?, &replica, lock, None),
        }))
    }
}

/// Finds or makes the replica with which a file is opened beside the one that has it, and locks it.
pub(crate) fn claim_beside(
    store: &Store,
    file: &Replica,
) -> Result<(Replica, ReplicaLock), StoreError> {
    for copy in copies(store, file)? {
        if let Some(lock) = store.try_lock(copy.id)? {
            return Ok((copy, lock));
        }
    }
    loop {
        // Never the title of a buffer without a name.
        let made = store.create_replica(&format!("second copy of {}", file.title))?;
        if let Some(document) = file.document {
            store.assign_document(made.id, document)?;
        }
        // Another copad may have found it first.
        if let Some(lock) = store.try_lock(made.id)? {
            return Ok((store.replica(made.id)?, lock));
        }
    }
}

/// Opens a replica beside that of a file, from what either has stored.
pub(crate) fn open_beside(
    store: &Store,
    file: &Replica,
    own: &Replica,
    loaded: Option<LoadedFile>,
) -> Result<Opening, OpeningError> {
    let (shared, journaled) = match stored(store, own)? {
        Some(stored) => stored,
        None => {
            let empty = TextDocument::from_text("").shared().clone();
            (empty, Journaled::default())
        }
    };
    if let Some((theirs, _)) = stored(store, file)? {
        merge(file, &shared, &theirs)?;
    }
    let document = TextDocument::new(shared);
    let format = loaded.as_ref().map_or(file.format, |file| file.format);
    let on_disk = loaded.as_ref().map_or("", |file| file.text.as_str());
    Ok(Opening {
        modified: *document.rope() != on_disk,
        document_id: file.document,
        document,
        journaled,
        format,
        last_saved: None,
        aside: None,
        preparation: None,
        message: None,
    })
}

/// Whom to dial beside a file: the one that has it, and everybody whom either has met.
pub(crate) fn peers_beside(
    store: &Store,
    file: &Replica,
    own: &Replica,
) -> Result<Vec<PeerAddress>, StoreError> {
    let holder = NodeId::of_key(&file.node_key.to_bytes());
    let mut peers = vec![PeerAddress::unknown(holder)];
    let met = addresses(store, file.id)?
        .into_iter()
        .chain(addresses(store, own.id)?);
    let itself = NodeId::of_key(&own.node_key.to_bytes());
    for peer in met {
        let known = peers.iter().any(|other| other.node == peer.node);
        if !known && peer.node != itself {
            peers.push(peer);
        }
    }
    Ok(peers)
}

/// Adds to the history of a file what copads beside it kept of its document and may not have got
/// across.
pub(crate) fn with_copies(
    store: &Store,
    file: &Replica,
    mut history: Option<(SharedDocument, Journaled)>,
) -> Result<Option<(SharedDocument, Journaled)>, OpeningError> {
    for copy in copies(store, file)? {
        // One that is in use joins by itself.
        let Some(_lock) = store.try_lock(copy.id)? else {
            continue;
        };
        let Some((kept, _)) = stored(store, &copy)? else {
            continue;
        };
        match &history {
            Some((document, _)) => merge(&copy, document, &kept)?,
            // One that lacks a part of what the file holds must not be written over it.
            None if !holds_saved(file, &kept) => {}
            None => history = Some((kept, Journaled::default())),
        }
    }
    Ok(history)
}

/// Whether a document has all that the file held when it was saved.
pub(super) fn holds_saved(file: &Replica, document: &SharedDocument) -> bool {
    let saved = file.saved.as_ref();
    saved.is_none_or(|saved| document.has_version(&saved.version))
}

/// The replicas without a file of the document that is in a file.
fn copies(store: &Store, file: &Replica) -> Result<Vec<Replica>, StoreError> {
    let Some(document) = file.document else {
        return Ok(Vec::new());
    };
    let mut copies = store.replicas_of(document)?;
    copies.retain(|copy| copy.path.is_none() && copy.id != file.id);
    Ok(copies)
}

/// What is stored of a replica, as far as it is sound.
fn stored(
    store: &Store,
    replica: &Replica,
) -> Result<Option<(SharedDocument, Journaled)>, OpeningError> {
    let history = store.load_history(replica.id)?;
    if history.is_empty() {
        return Ok(None);
    }
    let restored = history.restore();
    Ok(Some(
        restored.map_err(|source| unreadable(replica, source))?,
    ))
}

/// Merges another state of the same document, which a replica had, into it.
fn merge(
    replica: &Replica,
    document: &SharedDocument,
    other: &SharedDocument,
) -> Result<(), OpeningError> {
    let merged = other
        .updates_for(document)
        .and_then(|bytes| document.merge_snapshot(&bytes));
    merged.map_err(|source| unreadable(replica, source))
}

fn unreadable(replica: &Replica, source: SnapshotError) -> OpeningError {
    OpeningError::Snapshot {
        title: replica.title.clone(),
        source,
    }
}

fn addresses(store: &Store, replica: ReplicaId) -> Result<Vec<PeerAddress>, StoreError> {
    let peers = store.peers(replica)?;
    Ok(peers.into_iter().map(|peer| peer.address).collect())
}

#[cfg(test)]
mod tests {
    use crate::{
        DocumentId,
        crdt::{Delta, EditContext, EditKind, TextSelection},
    };

    use super::*;

    /// A file with its replica, and the store that both are in.
    struct Fixture {
        folder: tempfile::TempDir,
        store: Store,
        file: Replica,
        text: TextDocument,
    }

    fn fixture(text: &str) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state")).unwrap();
        let path = folder.path().join("notes.md");
        std::fs::write(&path, text).unwrap();
        let id = store.replica_for(&path).unwrap().id;
        store.assign_document(id, DocumentId([7; 32])).unwrap();
        let file = store.replica(id).unwrap();
        let text = TextDocument::from_text(text);
        keep(&store, &file, text.shared());
        Fixture {
            folder,
            store,
            file,
            text,
        }
    }

    /// Stores what a document holds as the history of a replica.
    fn keep(store: &Store, replica: &Replica, document: &SharedDocument) {
        let lock = store.try_lock(replica.id).unwrap().unwrap();
        let journaled = stored(store, replica)
            .unwrap()
            .map(|(_, journaled)| journaled);
        let store = Store::open(store.state_dir()).unwrap();
        let disk = Disk::new(store, replica, lock, None);
        let journaled = journaled.unwrap_or_default();
        disk.begin(document.clone(), journaled, |_| ()).unwrap();
        disk.close().unwrap();
    }

    fn type_at_start(document: &mut TextDocument, text: &str) {
        let context = EditContext {
            kind: EditKind::Other,
            selection: TextSelection::default(),
            now: std::time::Duration::ZERO,
        };
        document.edit(&Delta::replace(0..0, text), context).unwrap();
    }

    #[test]
    fn a_replica_beside_a_file_is_its_own_and_is_used_again() {
        let fixture = fixture("text");
        let (store, file) = (&fixture.store, &fixture.file);
        let (one, one_lock) = claim_beside(store, file).unwrap();
        let (two, _two_lock) = claim_beside(store, file).unwrap();
        assert_ne!(one.id, two.id);
        assert_ne!(one.node_key, file.node_key);
        assert_eq!((one.document, one.path), (file.document, None));
        drop(one_lock);
        let (again, _lock) = claim_beside(store, file).unwrap();
        assert_eq!(again.id, one.id);
        let holder = peers_beside(store, file, &again).unwrap();
        let node = NodeId::of_key(&file.node_key.to_bytes());
        assert_eq!(holder, [PeerAddress::unknown(node)]);
    }

    #[test]
    fn what_was_kept_beside_a_file_comes_back_to_it() {
        let fixture = fixture("text");
        let (store, file) = (&fixture.store, &fixture.file);
        let (own, lock) = claim_beside(store, file).unwrap();
        let opening = open_beside(store, file, &own, None).unwrap();
        let mut beside = opening.document;
        assert_eq!(*beside.rope(), "text");
        type_at_start(&mut beside, "typed beside ");
        drop(lock);
        keep(store, &own, beside.shared());

        let (document, _) = with_copies(store, file, stored(store, file).unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(document.text(), "typed beside text");
        // Also when nothing else is left of it.
        let (document, _) = with_copies(store, file, None).unwrap().unwrap();
        assert_eq!(document.text(), "typed beside text");
    }

    #[test]
    fn what_was_kept_beside_a_file_before_its_last_save_does_not_stand_in_for_it() {
        let mut fixture = fixture("text");
        let store = &fixture.store;
        let (own, lock) = claim_beside(store, &fixture.file).unwrap();
        drop(lock);
        keep(store, &own, fixture.text.shared());
        type_at_start(&mut fixture.text, "saved since ");
        let version = fixture.text.version();
        let hash = crate::store::ContentHash::of(b"saved since text");
        store.record_saved(fixture.file.id, hash, &version).unwrap();
        let file = store.replica(fixture.file.id).unwrap();
        assert!(with_copies(store, &file, None).unwrap().is_none());
        keep(store, &own, fixture.text.shared());
        let (document, _) = with_copies(store, &file, None).unwrap().unwrap();
        assert_eq!(document.text(), "saved since text");
    }

    #[test]
    fn a_file_is_taken_over_when_its_holder_is_gone() {
        let mut fixture = fixture("text");
        let store = &fixture.store;
        let (own, _own_lock) = claim_beside(store, &fixture.file).unwrap();
        let mut here = open_beside(store, &fixture.file, &own, None)
            .unwrap()
            .document;
        type_at_start(&mut here, "here ");
        type_at_start(&mut fixture.text, "there ");
        keep(store, &fixture.file, fixture.text.shared());

        let held = store.try_lock(fixture.file.id).unwrap().unwrap();
        let beside = Beside::new(&fixture.file, fixture.folder.path()).unwrap();
        assert!(beside.is(&fixture.folder.path().join("notes.md")));
        let taken = |document| beside.take_over(store, document, own.id);
        assert!(taken(here.shared()).unwrap().is_none());
        drop(held);
        let taken = taken(here.shared()).unwrap().unwrap();
        here.drain();
        let text = here.rope().to_string();
        assert!(text.contains("here ") && text.contains("there "), "{text}");
        assert_eq!(taken.disk.replica(), fixture.file.id);
        assert!(store.try_lock(fixture.file.id).unwrap().is_none());
    }

    #[test]
    fn a_file_that_holds_another_document_by_now_is_not_taken_over() {
        let Fixture {
            folder,
            store,
            file,
            text,
        } = fixture("text");
        let (own, _lock) = claim_beside(&store, &file).unwrap();
        store.start_over(file.id).unwrap();
        store.assign_document(file.id, DocumentId([8; 32])).unwrap();
        let beside = Beside::new(&file, folder.path()).unwrap();
        let refused = beside
            .take_over(&store, text.shared(), own.id)
            .err()
            .unwrap();
        assert!(refused.to_string().contains("notes.md"), "{refused}");
        assert!(!beside.answers(&store));
    }
}
