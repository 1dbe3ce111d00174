//! What was typed into a file before its history was stored.
//!
//! Of a large file the text can be edited long before its document is made and stored. What is typed
//! meanwhile goes into a file of its own in the state folder, a record for each change, which is on
//! the disk before the next one is looked at. Should the process die, the next start reads the text
//! file, which nobody has changed, and makes these changes again.
//!
//! They count only while nothing is stored that came after them. The journal begins with all of them,
//! in one transaction; from then on the file says nothing that is not in the history, and goes.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use super::{database::Store, error::StoreError, hash::ContentHash, replica::ReplicaId};
use crate::crdt::{Change, Delta};

/// How many bytes of a record's hash it carries, to know one that was cut short.
const CHECK: usize = 8;

/// A step of a change as it is stored.
#[derive(Serialize, Deserialize)]
enum Step {
    Retain(u64),
    Insert(String),
    Delete(u64),
}

/// What an earlier process left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EarlyEdits {
    /// The bytes of the file into which this was typed.
    pub(crate) base: ContentHash,
    /// What was typed, one change after the other.
    pub(crate) edits: Vec<Delta>,
    /// Where the last whole record ends.
    end: u64,
}

impl EarlyEdits {
    /// Returns what was typed without the text around it, for somebody to read.
    pub(crate) fn inserted(&self) -> String {
        let changes = self.edits.iter().flat_map(|edit| edit.changes());
        let inserted = changes.filter_map(|change| match change {
            Change::Insert(text) => Some(text.as_str()),
            Change::Retain(_) | Change::Delete(_) => None,
        });
        inserted.collect()
    }
}

/// Keeps what is typed, for the replica whose lock its holder has.
#[derive(Debug)]
pub(crate) struct EarlyLog {
    path: PathBuf,
    base: ContentHash,
    /// Made with the first record.
    file: Option<File>,
}

impl EarlyLog {
    /// Begins to keep what is typed into a file with these bytes; `found` is what was typed before.
    pub(crate) fn new(
        store: &Store,
        replica: ReplicaId,
        base: ContentHash,
        found: Option<&EarlyEdits>,
    ) -> Result<Self, StoreError> {
        let path = path_of(store, replica);
        let mut log = Self {
            path,
            base,
            file: None,
        };
        if let Some(found) = found {
            log.file = Some(log.reopen(found.end).map_err(|error| log.failed(error))?);
        }
        Ok(log)
    }

    /// Keeps changes, which come after those that were kept before. Returns when they are on the
    /// disk.
    ///
    /// # Errors
    ///
    /// Fails when the disk is full or gives up.
    pub(crate) fn append(&mut self, edits: &[Delta]) -> Result<(), StoreError> {
        self.write(edits).map_err(|error| self.failed(error))
    }

    fn write(&mut self, edits: &[Delta]) -> io::Result<()> {
        let mut bytes = Vec::new();
        let file = match &mut self.file {
            Some(file) => file,
            made => {
                bytes.extend(self.base.0);
                made.insert(options().create(true).truncate(true).open(&self.path)?)
            }
        };
        for edit in edits {
            let record = encode(edit)?;
            bytes.extend((record.len() as u64).to_le_bytes());
            bytes.extend(&ContentHash::of(&record).0[..CHECK]);
            bytes.extend(record);
        }
        file.write_all(&bytes)?;
        file.sync_data()
    }

    fn reopen(&self, end: u64) -> io::Result<File> {
        let mut file = options().open(&self.path)?;
        file.set_len(end)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Setup {
            path: self.path.clone(),
            source,
        }
    }
}

impl Store {
    /// Returns what was typed into a file before its history was stored. What cannot be read is not
    /// there. Whoever calls this holds the replica's lock.
    pub(crate) fn early_edits(&self, replica: ReplicaId) -> Option<EarlyEdits> {
        let bytes = match fs::read(path_of(self, replica)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("what was typed early cannot be read: {error}");
                return None;
            }
        };
        let (base, mut rest) = bytes.split_first_chunk::<32>()?;
        let mut edits = Vec::new();
        while let Some((edit, after)) = next_record(rest) {
            edits.push(edit);
            rest = after;
        }
        let end = (bytes.len() - rest.len()) as u64;
        let base = ContentHash(*base);
        (!edits.is_empty()).then_some(EarlyEdits { base, edits, end })
    }

    /// Removes what was typed early, because it is stored elsewhere.
    pub(crate) fn remove_early_edits(&self, replica: ReplicaId) {
        if let Err(error) = fs::remove_file(path_of(self, replica))
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!("what was typed early cannot be removed: {error}");
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Takes a record off; `None`: there is none that is whole.
fn next_record(bytes: &[u8]) -> Option<(Delta, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (check, rest) = rest.split_first_chunk::<CHECK>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (record, rest) = rest.split_at_checked(length)?;
    let is_whole = ContentHash::of(record).0.starts_with(check);
    let edit = is_whole.then(|| decode(record))??;
    Some((edit, rest))
}

fn encode(edit: &Delta) -> io::Result<Vec<u8>> {
    let step = |change: &Change| match change {
        Change::Retain(length) => Step::Retain(*length as u64),
        Change::Insert(text) => Step::Insert(text.clone()),
        Change::Delete(length) => Step::Delete(*length as u64),
    };
    let steps: Vec<Step> = edit.changes().iter().map(step).collect();
    postcard::to_stdvec(&steps).map_err(io::Error::other)
}

fn decode(record: &[u8]) -> Option<Delta> {
    let steps: Vec<Step> = postcard::from_bytes(record).ok()?;
    steps
        .into_iter()
        .try_fold(Delta::new(), |delta, step| match step {
            Step::Retain(length) => Some(delta.retain(usize::try_from(length).ok()?)),
            Step::Insert(text) => Some(delta.insert(&text)),
            Step::Delete(length) => Some(delta.delete(usize::try_from(length).ok()?)),
        })
}

fn path_of(store: &Store, replica: ReplicaId) -> PathBuf {
    store.state_dir().join(format!("early-{replica}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: ContentHash = ContentHash([7; 32]);

    fn edits() -> Vec<Delta> {
        vec![
            Delta::replace(0..0, "one "),
            Delta::replace(3..9, "漢字"),
            Delta::new().retain(2).delete(1).retain(5).insert("end"),
        ]
    }

    fn store() -> (tempfile::TempDir, Store, ReplicaId) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        (folder, store, replica)
    }

    #[test]
    fn what_was_kept_is_found_until_it_is_removed() {
        let (_folder, store, replica) = store();
        assert_eq!(store.early_edits(replica), None);
        let mut log = EarlyLog::new(&store, replica, BASE, None).unwrap();
        assert!(!path_of(&store, replica).exists());
        log.append(&edits()[..1]).unwrap();
        log.append(&edits()[1..]).unwrap();
        let found = store.early_edits(replica).unwrap();
        assert_eq!((found.base, &found.edits), (BASE, &edits()));
        assert_eq!(found.inserted(), "one 漢字end");
        store.remove_early_edits(replica);
        assert_eq!(store.early_edits(replica), None);
    }

    #[test]
    fn wherever_it_was_cut_short_whole_records_are_found_and_gone_on_from() {
        let (_folder, store, replica) = store();
        let mut log = EarlyLog::new(&store, replica, BASE, None).unwrap();
        log.append(&edits()).unwrap();
        let path = path_of(&store, replica);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let Some(found) = store.early_edits(replica) else {
                continue;
            };
            let count = found.edits.len();
            assert!(count < 3 && found.edits == edits()[..count]);
            let mut log = EarlyLog::new(&store, replica, BASE, Some(&found)).unwrap();
            log.append(&edits()[count..]).unwrap();
            assert_eq!(store.early_edits(replica).unwrap().edits, edits());
        }
    }

    #[test]
    fn a_record_that_was_damaged_ends_it() {
        let (_folder, store, replica) = store();
        let mut log = EarlyLog::new(&store, replica, BASE, None).unwrap();
        log.append(&edits()).unwrap();
        let path = path_of(&store, replica);
        let whole = fs::read(&path).unwrap();
        for at in 32..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            fs::write(&path, damaged).unwrap();
            let found = store
                .early_edits(replica)
                .map_or(0, |found| found.edits.len());
            assert!(found < 3, "byte {at}");
        }
    }
}
