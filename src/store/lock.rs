//! One replica, one process: whoever writes a replica holds its lock.
//!
//! A lock is an advisory one of the kernel's (`flock`) on a small file, so it vanishes with its
//! holder, however that ended. The file stays and names the holder's process while it is held.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use super::{database::Store, error::StoreError, replica::ReplicaId};

/// The right to write one replica, until it is dropped or the process ends.
#[derive(Debug)]
pub struct ReplicaLock {
    replica: ReplicaId,
    file: File,
}

impl ReplicaLock {
    /// Returns the replica that is locked.
    pub fn replica(&self) -> ReplicaId {
        self.replica
    }
}

impl Drop for ReplicaLock {
    fn drop(&mut self) {
        // Only a courtesy to readers of the file: the kernel frees the lock when the file closes.
        let _ = self.file.set_len(0);
    }
}

impl Store {
    /// Takes the lock of a replica. Returns `None` when somebody holds it, in this process or in
    /// another; [`lock_holder`](Self::lock_holder) then tells who.
    ///
    /// # Errors
    ///
    /// Fails when the lock's file cannot be made.
    pub fn try_lock(&self, replica: ReplicaId) -> Result<Option<ReplicaLock>, StoreError> {
        let path = self.lock_path(replica);
        take(&path)
            .map(|file| file.map(|file| ReplicaLock { replica, file }))
            .map_err(|source| StoreError::Lock { path, source })
    }

    /// Returns the process that last took the lock of a replica and did not give it back. It may
    /// have ended meanwhile without a word: only a lock that cannot be taken is held.
    pub fn lock_holder(&self, replica: ReplicaId) -> Option<u32> {
        let text = std::fs::read_to_string(self.lock_path(replica)).ok()?;
        text.trim().parse().ok()
    }

    /// Removes the file of a replica that is gone. Its lock must be held.
    pub(super) fn remove_lock_file(&self, replica: ReplicaId) {
        // Replica ids are never used twice, so nobody can want this name again; left over, the
        // file is merely empty.
        let _ = std::fs::remove_file(self.lock_path(replica));
    }

    fn lock_path(&self, replica: ReplicaId) -> PathBuf {
        let folder = self.state_dir().join("locks");
        folder.join(format!("{replica}.lock"))
    }
}

/// Opens and locks a file, and writes our process id into it. `None`: somebody else has it.
fn take(path: &Path) -> io::Result<Option<File>> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_free_after_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let other = Store::open(folder.path()).unwrap();
        let one = store.replica_for(&folder.path().join("one")).unwrap().id;
        let two = store.replica_for(&folder.path().join("two")).unwrap().id;

        let lock = store.try_lock(one).unwrap().unwrap();
        assert_eq!(lock.replica(), one);
        assert!(store.try_lock(one).unwrap().is_none());
        assert!(other.try_lock(one).unwrap().is_none());
        assert_eq!(other.lock_holder(one), Some(std::process::id()));
        assert!(other.try_lock(two).unwrap().is_some());

        drop(lock);
        assert_eq!(other.lock_holder(one), None);
        assert!(other.try_lock(one).unwrap().is_some());
    }

    #[test]
    fn a_lock_outlives_no_process() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.replica_for(&folder.path().join("one")).unwrap().id;
        drop(store.try_lock(replica).unwrap());
        // What a crashed holder leaves behind: a process id in a file that nobody has locked.
        std::fs::write(store.lock_path(replica), "1").unwrap();
        let lock = store.try_lock(replica).unwrap().unwrap();
        assert_eq!(store.lock_holder(replica), Some(std::process::id()));
        drop(lock);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.replica_for(&folder.path().join("one")).unwrap().id;
        std::fs::write(folder.path().join("locks"), "in the way").unwrap();
        let sentence = store.try_lock(replica).unwrap_err().to_string();
        assert!(sentence.contains("locks"), "{sentence}");
    }
}
