//! What an open document keeps on disk: the user's file, and the replica's stored state.
//!
//! Every call waits for the disk and belongs on a thread that may wait.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::SystemTime,
};

use super::{OpeningError, SaveError, SaveRequest, SavedFile, opening::merge_change_on_disk, save};
use crate::{
    DocumentId, NodeId, PeerAddress, PeerInfo, Roster, Signed, TicketId, TicketTerms, UserInfo,
    crdt::{Delta, SharedDocument, TextDocument},
    store::{
        self, ContentHash, EarlyLog, FileError, Journal, JournalNews, Journaled, KnownPeer,
        NodeKey, Replica, ReplicaId, ReplicaLock, SaveRecord, SavedState, Store, StoreError,
    },
};

/// The replica of one document and its place in the store.
pub(crate) struct Disk {
    store: Arc<Store>,
    replica: ReplicaId,
    node_key: NodeKey,
    /// Empty until [`begin`](Self::begin).
    journal: OnceLock<Journal>,
    /// Keeps what is typed before the document is stored.
    early: Mutex<Option<EarlyLog>>,
    /// The peers as they were last recorded.
    remembered: Mutex<Vec<(PeerAddress, Option<UserInfo>)>>,
    /// The file that becomes ours once a person has decided what becomes of it.
    claim: Mutex<Option<Claim>>,
    /// The file as it was when it was looked at.
    seen: Mutex<Seen>,
    _lock: ReplicaLock,
}

/// A file that a document is joined into, while it belongs to another replica.
pub(crate) struct Claim {
    pub(crate) path: PathBuf,
    /// Keeps others off it meanwhile.
    pub(crate) lock: ReplicaLock,
}

/// The file at earlier looks; `None`: there was none.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// At the last look.
    last: Option<Stamp>,
    /// When its text was last merged.
    merged: Option<Stamp>,
}

/// What tells that a file was written, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    inode: u64,
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// `None`: there is no such file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            inode: metadata.ino(),
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

impl Disk {
    pub(crate) fn new(
        store: Store,
        replica: &Replica,
        lock: ReplicaLock,
        claim: Option<Claim>,
    ) -> Self {
        Self {
            store: Arc::new(store),
            replica: replica.id,
            node_key: replica.node_key.clone(),
            journal: OnceLock::new(),
            early: Mutex::default(),
            remembered: Mutex::default(),
            claim: Mutex::new(claim),
            seen: Mutex::default(),
            _lock: lock,
        }
    }

    /// The store that the replica is in.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The replica's number there.
    pub(crate) fn replica(&self) -> ReplicaId {
        self.replica
    }

    pub(crate) fn node_key(&self) -> [u8; 32] {
        self.node_key.to_bytes()
    }

    /// Starts to keep every change of the document.
    pub(crate) fn begin(
        &self,
        document: SharedDocument,
        journaled: Journaled,
        tell: impl Fn(JournalNews) + Send + 'static,
    ) -> io::Result<()> {
        let store = Arc::clone(&self.store);
        let journal = Journal::start(store, self.replica, document, journaled, tell)?;
        self.journal
            .set(journal)
            .map_err(|_| io::Error::other("the document is journaled already"))
    }

    /// Keeps what is typed from now on by this, until it [is stored](Self::store_early).
    pub(crate) fn keep_early(&self, log: EarlyLog) {
        *locked(&self.early) = Some(log);
    }

    /// Keeps edits that were made before the document is stored.
    pub(crate) fn note_early(&self, edits: &[Delta]) -> Result<(), StoreError> {
        let mut early = locked(&self.early);
        early.as_mut().map_or(Ok(()), |log| log.append(edits))
    }

    /// Returns when the journal has what was kept early, which goes then.
    pub(crate) fn store_early(&self) -> Result<(), StoreError> {
        self.flush()?;
        *locked(&self.early) = None;
        self.store.remove_early_edits(self.replica);
        Ok(())
    }

    /// Writes the user's file, and records which version of the document it holds.
    /// `version` is that of the document whose text is in the request.
    pub(crate) fn save(
        &self,
        request: &SaveRequest,
        version: &[u8],
    ) -> Result<SavedFile, SaveError> {
        // The history first: should we be killed before the file is written, everything is there.
        // The journal tells by itself when it fails, and the file is all the more worth saving.
        let _ = self.flush().and_then(|()| {
            let hash = store::hash_of_text(&request.text, request.format);
            self.store.record_saving(self.replica, hash, version)
        });
        let saved = save::write(request)?;
        let record = SaveRecord {
            path: request.path.clone(),
            format: request.format,
            hash: saved.hash,
            version: version.to_vec(),
        };
        // The file is safe; what is stored beside it only makes reopening smoother.
        if let Some(Err(error)) = self
            .journal
            .get()
            .map(|journal| journal.record_save(record))
        {
            tracing::warn!("the file is saved, that it is cannot be recorded: {error}");
        }
        Ok(saved)
    }

    /// Records what another program wrote into the file, after it was taken in. `version` is that of
    /// the document whose text the file holds; `None` if it never had that text.
    pub(crate) fn note_file(&self, hash: ContentHash, version: Option<&[u8]>) {
        // What is recorded as held must be in the history.
        let recorded = self.flush().and_then(|()| {
            let version = match version {
                Some(version) => Some(version.to_vec()),
                // The last version that the file held: whatever is merged from there on the next
                // start may be merged twice, but nothing is taken for deleted.
                None => self
                    .store
                    .replica(self.replica)?
                    .saved
                    .map(|saved| saved.version),
            };
            match version {
                Some(version) => self.store.record_saved(self.replica, hash, &version),
                None => Ok(()),
            }
        });
        if let Err(error) = recorded {
            tracing::warn!("what the file holds is not recorded: {error}");
        }
    }

    /// What the file held when we last wrote it or took in what another program wrote.
    pub(crate) fn saved_hash(&self) -> Option<ContentHash> {
        let replica = self.store.replica(self.replica).ok()?;
        replica.saved.map(|saved| saved.hash)
    }

    /// Merges what another program wrote into the file since this was last asked. A file that was
    /// not the same the time before is left for the next time: it may be half-written. Returns a
    /// sentence about the change if there was any.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be read, or the store not be used.
    pub(crate) fn merge_file(
        &self,
        path: &Path,
        document: &SharedDocument,
    ) -> Result<Option<String>, OpeningError> {
        let stamp = Stamp::of(path);
        let mut seen = locked(&self.seen);
        let before = std::mem::replace(&mut seen.last, stamp);
        if seen.merged == stamp || before != stamp {
            return Ok(None);
        }
        let file = store::read_file(path).map_err(StoreError::from)?;
        let replica = self.store.replica(self.replica)?;
        // A file that somebody else made is as if it had been empty.
        let saved = replica.saved.clone().unwrap_or_else(|| SavedState {
            hash: ContentHash::of(b""),
            version: TextDocument::from_text("").version(),
        });
        let merged = match file.is_new || saved.hash == file.hash {
            true => None,
            false => merge_change_on_disk(&self.store, &replica, document, &file, &saved)?,
        };
        // What could not be read or merged is tried again.
        seen.merged = stamp;
        Ok(merged)
    }

    /// Returns when every change is on the disk.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.journal.get().map_or(Ok(()), Journal::flush)
    }

    /// Comes when what the document holds now is on the disk, or cannot be put there.
    pub(crate) fn stored(self: &Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let disk = Arc::clone(self);
        async move {
            // It tells by itself when it fails.
            let _ = tokio::task::spawn_blocking(move || disk.flush()).await;
        }
    }

    /// Takes note of where the person is in the text, in bytes that only the caller understands.
    pub(crate) fn note_view(&self, view: Vec<u8>) {
        if let Some(journal) = self.journal.get() {
            journal.note_view(view);
        }
    }

    /// Stores what is left, and that all of it is stored.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        self.journal.get().map_or(Ok(()), Journal::close)
    }

    /// Records the newest list of members.
    pub(crate) fn record_roster(&self, roster: &Signed<Roster>) -> Result<(), StoreError> {
        self.store.record_roster(self.replica, roster)
    }

    /// Shuts a node out, because what it sent broke the document.
    pub(crate) fn quarantine(&self, node: NodeId) -> Result<(), StoreError> {
        self.store.quarantine(self.replica, node)
    }

    /// Records that a ticket was made.
    pub(crate) fn record_ticket(
        &self,
        id: TicketId,
        terms: &TicketTerms,
    ) -> Result<(), StoreError> {
        self.store.record_ticket(self.replica, id, terms)
    }

    /// Records which document was joined, and what it is called there. From now on the file that
    /// was named for it is its file.
    pub(crate) fn adopt(&self, document: DocumentId, title: &str) -> Result<(), StoreError> {
        self.store.assign_document(self.replica, document)?;
        if let Some(Claim { path, lock }) = locked(&self.claim).take() {
            // The replica that had the file stays, without one.
            drop(lock);
            self.store.bind_path(self.replica, &path)?;
            return Ok(());
        }
        match self.store.replica(self.replica)?.path {
            Some(_) => Ok(()),
            None => self.store.record_title(self.replica, title),
        }
    }

    /// Records that the person does not want the document in the file that was named for it.
    pub(crate) fn give_file_up(&self) -> Result<(), StoreError> {
        self.store.give_file_up(self.replica)
    }

    /// Forgets the document with its history, which another one is to replace.
    pub(crate) fn start_over(&self) -> Result<(), StoreError> {
        self.store.start_over(self.replica)
    }

    /// Records where the peers of now can be found next time, unless that is recorded already.
    pub(crate) fn remember(&self, peers: &[PeerInfo]) -> Result<(), StoreError> {
        let known = |peer: &PeerInfo| (peer.address.clone(), peer.user.clone());
        let known: Vec<_> = peers.iter().map(known).collect();
        let mut remembered = locked(&self.remembered);
        for (address, user) in known.iter().filter(|peer| !remembered.contains(peer)) {
            let peer = KnownPeer {
                address: address.clone(),
                name: user.as_ref().map(|user| user.name.clone()),
                color: user.as_ref().map(|user| user.color.clone()),
                last_seen: SystemTime::now(),
            };
            self.store.record_peer(self.replica, &peer)?;
        }
        *remembered = known;
        Ok(())
    }

    /// Copies a file beside itself, before it is given up.
    pub(crate) fn back_up(&self, path: &Path) -> Result<PathBuf, FileError> {
        store::backup_beside(path)
    }
}

/// A panic elsewhere leaves at worst something to be stored once more.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
