//! What an open document keeps on disk: the user's file, and the replica's stored state.
//!
//! Every call waits for the disk and belongs on a thread that may wait.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{OpeningError, SaveError, SaveRequest, SavedFile, opening::merge_change_on_disk};
use crate::{
    DocumentId, PeerAddress, PeerInfo, UserInfo,
    crdt::SharedDocument,
    store::{
        self, FileError, KnownPeer, NodeKey, Replica, ReplicaId, ReplicaLock, Store, StoreError,
    },
};

/// The replica of one document and its place in the store.
pub(crate) struct Disk {
    store: Store,
    replica: ReplicaId,
    node_key: NodeKey,
    /// The version of the last stored snapshot, so that nothing is stored twice.
    kept: Mutex<Option<Vec<u8>>>,
    /// The peers as they were last recorded.
    remembered: Mutex<Vec<(PeerAddress, Option<UserInfo>)>>,
    /// The file as it was when it was last looked at.
    seen: Mutex<Option<Stamp>>,
    _lock: ReplicaLock,
}

/// What tells that a file was written, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// `None`: there is no such file.
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            inode: metadata.ino(),
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

impl Disk {
    pub(crate) fn new(store: Store, replica: &Replica, lock: ReplicaLock) -> Self {
        Self {
            store,
            replica: replica.id,
            node_key: replica.node_key.clone(),
            kept: Mutex::new(None),
            remembered: Mutex::default(),
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

    /// Writes the user's file, and records which version of the document it holds.
    /// `version` is that of the document whose text is in the request.
    pub(crate) fn save(
        &self,
        request: &SaveRequest,
        version: &[u8],
        document: &SharedDocument,
    ) -> Result<SavedFile, SaveError> {
        if !request.replace && request.path.exists() {
            return Err(SaveError::Exists(request.path.clone()));
        }
        // The history first: should we be killed before it is noted what the file holds, it would
        // look like another program's, and its text would come twice.
        let kept = self.keep(document);
        let written = store::save_file(&request.path, &request.text, request.format)
            .map_err(|error| SaveError::Failed(error.to_string()))?;
        let saved = SavedFile {
            path: request.path.clone(),
            version: request.version,
        };
        // The file is safe; what is stored beside it only makes reopening smoother.
        let recorded = self
            .store
            .bind_path(self.replica, &request.path)
            .and_then(|_| self.store.record_format(self.replica, request.format))
            .and(kept)
            .and_then(|()| self.store.record_saved(self.replica, written.hash, version));
        if let Err(error) = recorded {
            tracing::warn!("the file is saved, its history is not: {error}");
        }
        Ok(saved)
    }

    /// Merges what another program wrote into the file since this was last asked. Returns a
    /// sentence about it if there was anything.
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
        if *seen == stamp {
            return Ok(None);
        }
        let file = store::read_file(path).map_err(StoreError::from)?;
        let replica = self.store.replica(self.replica)?;
        let message = match &replica.saved {
            Some(saved) if !file.is_new && saved.hash != file.hash => {
                merge_change_on_disk(&self.store, &replica, document, &file, saved)?
            }
            Some(_) | None => None,
        };
        *seen = stamp;
        Ok(message)
    }

    /// Stores the document with its history, unless it is stored already.
    pub(crate) fn keep(&self, document: &SharedDocument) -> Result<(), StoreError> {
        let mut kept = locked(&self.kept);
        let version = document.version();
        if kept.as_ref() == Some(&version) {
            return Ok(());
        }
        match document.snapshot() {
            Ok(bytes) => self.store.record_snapshot(self.replica, &bytes)?,
            Err(error) => tracing::error!("the history cannot be exported: {error}"),
        }
        *kept = Some(version);
        Ok(())
    }

    /// Records which document was joined, and what it is called there.
    pub(crate) fn adopt(&self, document: DocumentId, title: &str) -> Result<(), StoreError> {
        let replica = self.store.replica(self.replica)?;
        if replica.document.is_some_and(|held| held != document) {
            // The person decided to join another document into this file.
            self.store.start_over(self.replica)?;
        }
        self.store.assign_document(self.replica, document)?;
        match replica.path {
            Some(_) => Ok(()),
            None => self.store.record_title(self.replica, title),
        }
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
