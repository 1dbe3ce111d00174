//! A note of whose update is going into a document, for the case that the process dies of it.
//!
//! It holds the update itself, so that the next start can [try it again](crate::retry_import) in a
//! process of its own: a process may as well have been killed at that moment, and then its sender
//! did nothing wrong. What came in shortly before is kept as well, because the update may build
//! upon it and the journal need not have it yet.
//!
//! It is a file of its own, because it is written twice for every edit of others: into the system's
//! cache, which outlives the process, and not to the disk itself.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::{database::Store, error::StoreError, replica::ReplicaId};
use crate::{ImportGuard, NodeId};

/// Who is named while nothing is imported.
const NOBODY: NodeId = NodeId([0; 32]);
/// Bytes of what stands first: a node id, where its record begins, and where all records end.
const HEADER: usize = 48;
/// When the records have so many bytes, the next one begins anew.
const FULL: u64 = 256 * 1024;

/// The note of one replica, whose lock its holder has.
#[derive(Debug)]
pub struct ImportMarker {
    file: File,
    place: Mutex<Place>,
}

/// Where in the file things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Where the record of the import begins that is going on. 0: it could not be written.
    record: u64,
    /// Behind the last record.
    end: u64,
}

impl Place {
    const START: Self = Self {
        record: 0,
        end: HEADER as u64,
    };
}

/// An import that never ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedImport {
    /// Whose update it was.
    pub from: NodeId,
    /// What went in; nothing, if it could not be written down.
    pub updates: Vec<Vec<u8>>,
    /// What came in before, in that order. Most of it is in the journal.
    pub before: Vec<Vec<u8>>,
}

impl ImportMarker {
    /// Opens the note. Returns whose update the last process was importing when it died, too. That
    /// stays noted until it is [crossed out](Self::cross_out) or something else is imported.
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
        // A new file is empty, and says as much as one that was crossed out.
        let (left, _) = header_of(&file).unwrap_or((NOBODY, Place::START));
        let marker = Self {
            file,
            place: Mutex::new(Place::START),
        };
        Ok((marker, (left != NOBODY).then_some(left)))
    }

    /// Forgets who is noted.
    pub fn cross_out(&self) {
        self.note(NOBODY, Place::START);
    }

    /// Reads what the last process was importing when it died. Changes nothing.
    ///
    /// # Errors
    ///
    /// Fails when there is no note, or it cannot be read.
    pub fn unfinished(
        store: &Store,
        replica: ReplicaId,
    ) -> Result<Option<UnfinishedImport>, StoreError> {
        let path = path_of(store, replica);
        let bytes = std::fs::read(&path).map_err(|source| StoreError::Setup { path, source })?;
        Ok(unfinished_in(&bytes))
    }

    /// Removes the note of a replica that is gone. What is left over says nothing of any other:
    /// replica ids are never used twice.
    pub(super) fn remove(store: &Store, replica: ReplicaId) {
        let _ = std::fs::remove_file(path_of(store, replica));
    }

    fn note(&self, node: NodeId, place: Place) {
        let mut header = [0; HEADER];
        header[..32].copy_from_slice(&node.0);
        header[32..40].copy_from_slice(&place.record.to_le_bytes());
        header[40..].copy_from_slice(&place.end.to_le_bytes());
        if let Err(error) = self.file.write_all_at(&header, 0) {
            tracing::warn!("whose edits come in cannot be noted: {error}");
        }
    }

    /// Writes updates down behind the others, and returns where they are.
    fn record(&self, end: u64, updates: &[&[u8]]) -> io::Result<Place> {
        let mut record = end;
        if end > FULL {
            record = Place::START.end;
            self.file.set_len(record)?;
        }
        (&self.file).seek(SeekFrom::Start(record))?;
        let mut writer = BufWriter::new(&self.file);
        let mut length = 0;
        for update in updates {
            let size = update.len() as u64;
            writer.write_all(&size.to_le_bytes())?;
            writer.write_all(update)?;
            length += 8 + size;
        }
        writer.flush()?;
        Ok(Place {
            record,
            end: record + length,
        })
    }
}

impl ImportGuard for ImportMarker {
    fn begins(&self, from: NodeId, updates: &[&[u8]]) {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        *place = self.record(place.end, updates).unwrap_or_else(|error| {
            tracing::warn!("what comes in cannot be noted: {error}");
            Place::START
        });
        self.note(from, *place);
    }

    fn ends(&self) {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        self.note(NOBODY, *place);
    }
}

fn header_of(file: &File) -> io::Result<(NodeId, Place)> {
    let mut header = [0; HEADER];
    file.read_exact_at(&mut header, 0)?;
    split_header(&header).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn split_header(bytes: &[u8]) -> Option<(NodeId, Place)> {
    let (node, rest) = bytes.split_first_chunk::<32>()?;
    let (record, rest) = rest.split_first_chunk::<8>()?;
    let place = Place {
        record: u64::from_le_bytes(*record),
        end: u64::from_le_bytes(*rest.first_chunk::<8>()?),
    };
    Some((NodeId(*node), place))
}

fn unfinished_in(bytes: &[u8]) -> Option<UnfinishedImport> {
    let (from, place) = split_header(bytes)?;
    if from == NOBODY {
        return None;
    }
    let between = |start: u64, end: u64| {
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        updates_in(bytes.get(start..end)?)
    };
    // What is not whole is as good as nothing.
    Some(UnfinishedImport {
        from,
        updates: between(place.record.max(HEADER as u64), place.end).unwrap_or_default(),
        before: between(HEADER as u64, place.record).unwrap_or_default(),
    })
}

fn updates_in(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut updates = Vec::new();
    while !bytes.is_empty() {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let size = usize::try_from(u64::from_le_bytes(*size)).ok()?;
        let (update, rest) = rest.split_at_checked(size)?;
        updates.push(update.to_vec());
        bytes = rest;
    }
    Some(updates)
}

fn path_of(store: &Store, replica: ReplicaId) -> PathBuf {
    store.state_dir().join(format!("importing-{replica}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Notes {
        _folder: tempfile::TempDir,
        store: Store,
        replica: ReplicaId,
    }

    impl Notes {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let replica = store.create_replica("one").unwrap().id;
            Self {
                _folder: folder,
                store,
                replica,
            }
        }

        fn open(&self) -> (ImportMarker, Option<NodeId>) {
            ImportMarker::open(&self.store, self.replica).unwrap()
        }

        fn unfinished(&self) -> Option<UnfinishedImport> {
            ImportMarker::unfinished(&self.store, self.replica).unwrap()
        }
    }

    const BEN: NodeId = NodeId([1; 32]);
    const MALLORY: NodeId = NodeId([2; 32]);

    #[test]
    fn only_who_was_not_crossed_out_is_found() {
        let notes = Notes::new();
        let (marker, found) = notes.open();
        assert_eq!(found, None);
        marker.begins(BEN, &[b"one"]);
        marker.ends();
        assert_eq!(notes.open().1, None);
        assert_eq!(notes.unfinished(), None);
        marker.begins(MALLORY, &[b"two"]);
        // It is told until somebody has done something about it.
        assert_eq!(notes.open().1, Some(MALLORY));
        let (marker, found) = notes.open();
        assert_eq!(found, Some(MALLORY));
        marker.cross_out();
        assert_eq!(notes.open().1, None);
    }

    #[test]
    fn what_went_in_is_kept_with_what_came_before() {
        let notes = Notes::new();
        let (marker, _) = notes.open();
        marker.begins(BEN, &[b"one", b"two"]);
        marker.ends();
        marker.begins(MALLORY, &[b"three", b""]);
        let expected = UnfinishedImport {
            from: MALLORY,
            updates: vec![b"three".to_vec(), Vec::new()],
            before: vec![b"one".to_vec(), b"two".to_vec()],
        };
        assert_eq!(notes.unfinished(), Some(expected));
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let notes = Notes::new();
        let (marker, _) = notes.open();
        let update = vec![7; 10_000];
        for _ in 0..100 {
            marker.begins(BEN, &[&update]);
            marker.ends();
        }
        let length = marker.file.metadata().unwrap().len();
        assert!(length < FULL + 20_000, "{length} bytes");
        marker.begins(BEN, &[&update]);
        let unfinished = notes.unfinished().unwrap();
        assert_eq!(unfinished.updates, vec![update.clone()]);
        assert!(unfinished.before.iter().all(|before| *before == update));
    }

    #[test]
    fn a_note_that_is_not_whole_still_names_the_sender() {
        let notes = Notes::new();
        let (marker, _) = notes.open();
        marker.begins(BEN, &[b"one"]);
        marker.ends();
        marker.begins(MALLORY, &[b"two"]);
        let whole = std::fs::read(path_of(&notes.store, notes.replica)).unwrap();
        for length in HEADER..whole.len() {
            let unfinished = unfinished_in(&whole[..length]).unwrap();
            assert_eq!(unfinished.from, MALLORY);
            assert!(unfinished.updates.is_empty(), "{length} bytes");
        }
        // Nor does a length that is made up ask for memory.
        let mut wrong = whole;
        wrong[HEADER..HEADER + 8].fill(0xff);
        assert!(unfinished_in(&wrong).unwrap().before.is_empty());
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
