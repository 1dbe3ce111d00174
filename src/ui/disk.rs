//! What the editor keeps on disk while it runs: the user's file, and the replica's stored state.
//!
//! Every call waits for the disk and belongs on a thread that may wait.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::app::{SaveError, SaveRequest, SavedFile};
use crate::{
    DocumentId, PeerAddress, PeerInfo, UserInfo,
    crdt::SharedDocument,
    store::{
        self, ContentHash, FileError, KnownPeer, NodeKey, Replica, ReplicaId, ReplicaLock, Store,
        StoreError,
    },
};

/// The replica of one document and its place in the store.
pub(super) struct Disk {
    store: Store,
    replica: ReplicaId,
    node_key: NodeKey,
    /// The version of the last stored snapshot, so that nothing is stored twice.
    kept: Mutex<Option<Vec<u8>>>,
    /// The peers as they were last recorded.
    remembered: Mutex<Vec<(PeerAddress, Option<UserInfo>)>>,
    _lock: ReplicaLock,
}

impl Disk {
    pub(super) fn new(store: Store, replica: &Replica, lock: ReplicaLock) -> Self {
        Self {
            store,
            replica: replica.id,
            node_key: replica.node_key.clone(),
            kept: Mutex::new(None),
            remembered: Mutex::default(),
            _lock: lock,
        }
    }

    pub(super) fn node_key(&self) -> [u8; 32] {
        self.node_key.to_bytes()
    }

    /// Writes the user's file, and records which version of the document it holds.
    /// `version` is that of the document whose text is in the request.
    pub(super) fn save(
        &self,
        request: &SaveRequest,
        version: &[u8],
        document: &SharedDocument,
    ) -> Result<SavedFile, SaveError> {
        let saved = write(request)?;
        // The file is safe; what is stored beside it only makes reopening smoother.
        let recorded = self
            .store
            .bind_path(self.replica, &request.path)
            .and_then(|_| self.store.record_format(self.replica, request.format))
            // The history first: what is recorded as saved must be in it.
            .and_then(|()| self.keep(document))
            .and_then(|()| self.store.record_saved(self.replica, saved.hash, version));
        if let Err(error) = recorded {
            tracing::warn!("the file is saved, its history is not: {error}");
        }
        Ok(saved)
    }

    /// Records what another program wrote into the file, after it was taken in. `version` is that of
    /// the document whose text the file holds; `None` if it never had that text.
    pub(super) fn note_file(
        &self,
        hash: ContentHash,
        version: Option<&[u8]>,
        document: &SharedDocument,
    ) {
        let recorded = self.keep(document).and_then(|()| {
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

    /// Stores the document with its history, unless it is stored already.
    pub(super) fn keep(&self, document: &SharedDocument) -> Result<(), StoreError> {
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
    pub(super) fn adopt(&self, document: DocumentId, title: &str) -> Result<(), StoreError> {
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
    pub(super) fn remember(&self, peers: &[PeerInfo]) -> Result<(), StoreError> {
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
    pub(super) fn back_up(&self, path: &Path) -> Result<PathBuf, FileError> {
        store::backup_beside(path)
    }
}

/// Writes the user's file, unless there is another one than was expected.
pub(super) fn write(request: &SaveRequest) -> Result<SavedFile, SaveError> {
    let SaveRequest { path, text, .. } = request;
    let exists = path.exists();
    if !request.replace && exists {
        return Err(SaveError::Exists(path.clone()));
    }
    let written = match request.expected {
        Some(expected) => store::replace_file(path, expected, text, request.format),
        None => store::save_file(path, text, request.format),
    };
    match written {
        Ok(written) => Ok(SavedFile {
            path: path.clone(),
            version: request.version,
            hash: written.hash,
            made: !exists,
        }),
        Err(FileError::Changed { .. }) => Err(SaveError::Changed),
        Err(error) => Err(SaveError::Failed {
            sentence: error.to_string(),
            reason: error.reason(),
            elsewhere: error.is_about_the_place(),
        }),
    }
}

/// Says that a file cannot be written before it is decided what belongs into it.
pub(super) fn waits(sentence: String) -> SaveError {
    SaveError::Failed {
        sentence,
        reason: "waits for the document".to_owned(),
        elsewhere: false,
    }
}

/// A panic elsewhere leaves at worst something to be stored once more.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
