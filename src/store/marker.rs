//! A note of whose update is going into a document, for the case that the process dies of it.
//!
//! It is a file of its own, because it is written twice for every edit of others: into the system's
//! cache, which outlives the process, and not to the disk itself.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use super::{database::Store, error::StoreError, replica::ReplicaId};
use crate::{ImportGuard, NodeId};

/// What the file holds while nothing is imported.
const NOBODY: [u8; 32] = [0; 32];

/// The note of one replica, whose lock its holder has.
#[derive(Debug)]
pub struct ImportMarker {
    file: File,
}

impl ImportMarker {
    /// Opens the note. Returns whose update the last process was importing when it died, too.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be made or read.
    pub fn open(store: &Store, replica: ReplicaId) -> Result<(Self, Option<NodeId>), StoreError> {
        let path = path_of(store, replica);
        let failed = |source| StoreError::Setup {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        let mut left = NOBODY;
        // A new file is empty, and says as much as one that was crossed out.
        let found = file.read_exact_at(&mut left, 0).is_ok() && left != NOBODY;
        let marker = Self { file };
        marker.note(&NOBODY);
        Ok((marker, found.then_some(NodeId(left))))
    }

    /// Removes the note of a replica that is gone. What is left over says nothing of any other:
    /// replica ids are never used twice.
    pub(super) fn remove(store: &Store, replica: ReplicaId) {
        let _ = std::fs::remove_file(path_of(store, replica));
    }

    fn note(&self, node: &[u8; 32]) {
        if let Err(error) = self.file.write_all_at(node, 0) {
            tracing::warn!("whose edits come in cannot be noted: {error}");
        }
    }
}

impl ImportGuard for ImportMarker {
    fn begins(&self, from: NodeId) {
        self.note(&from.0);
    }

    fn ends(&self) {
        self.note(&NOBODY);
    }
}

fn path_of(store: &Store, replica: ReplicaId) -> PathBuf {
    store.state_dir().join(format!("importing-{replica}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_was_not_crossed_out_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        let open = || ImportMarker::open(&store, replica).unwrap();
        let (marker, found) = open();
        assert_eq!(found, None);
        marker.begins(NodeId([1; 32]));
        marker.ends();
        assert_eq!(open().1, None);
        marker.begins(NodeId([2; 32]));
        assert_eq!(open().1, Some(NodeId([2; 32])));
        // It is told once.
        assert_eq!(open().1, None);
    }
    #[test]
    fn a_forgotten_replica_leaves_no_note() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let [gone, kept] = ["one", "two"].map(|title| store.create_replica(title).unwrap().id);
        for replica in [gone, kept] {
            ImportMarker::open(&store, replica).unwrap();
        }
        store.forget(gone).unwrap();
        assert!(!path_of(&store, gone).exists());
        assert!(path_of(&store, kept).exists());
    }
}
