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
    DocumentId, PeerAddress, PeerInfo, Roster, Signed, TicketId, TicketTerms, UserInfo,
    crdt::SharedDocument,
    store::{
        self, FileError, KnownPeer, NodeKey, Replica, ReplicaId, ReplicaLock, Store, StoreError,
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
        if !request.replace && request.path.exists() {
            return Err(SaveError::Exists(request.path.clone()));
        }
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
            // The history first: what is recorded as saved must be in it.
            .and_then(|()| self.keep(document))
            .and_then(|()| self.store.record_saved(self.replica, written.hash, version));
        if let Err(error) = recorded {
            tracing::warn!("the file is saved, its history is not: {error}");
        }
        Ok(saved)
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

    /// Forgets the document with its history, which another one is to replace.
    pub(super) fn start_over(&self) -> Result<(), StoreError> {
        self.store.start_over(self.replica)
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

    /// Records the newest list of members.
    pub(super) fn record_roster(&self, roster: &Signed<Roster>) -> Result<(), StoreError> {
        self.store.record_roster(self.replica, roster)
    }

    /// Records that a ticket was made.
    pub(super) fn record_ticket(
        &self,
        id: TicketId,
        terms: &TicketTerms,
    ) -> Result<(), StoreError> {
        self.store.record_ticket(self.replica, id, terms)
    }

    /// Copies a file beside itself, before it is given up.
    pub(super) fn back_up(&self, path: &Path) -> Result<PathBuf, FileError> {
        store::backup_beside(path)
    }
}

/// A panic elsewhere leaves at worst something to be stored once more.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
