//! What is stored of a document: its last snapshot, the one before it, and every change since.
//!
//! Changes go into the journal as rows that are never altered. Now and then they are folded: a
//! snapshot is stored that covers them. The snapshot before it stays, with the rows that came after
//! it, so that one damaged snapshot costs nothing. Each row and each snapshot carries a hash of
//! itself that is checked when it is read; what fails the check is left out.

use std::time::{Duration, SystemTime};

use loro::VersionVector;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    column::Milliseconds,
    database::Store,
    error::{StoreError, WorkError, is_damage},
    faults::{self, Point},
    hash::ContentHash,
    replica::ReplicaId,
};
use crate::crdt::{SharedDocument, SnapshotError};

/// Changes of a document on their way into the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// As Loro exported them.
    pub bytes: Vec<u8>,
    /// The version of the document with them, as Loro encodes it; `None` for a part of a larger
    /// change.
    pub version: Option<Vec<u8>>,
}

/// How much of a document is stored, for a [`Journal`](super::Journal) to go on from. The default:
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct Journaled {
    pub(super) version: VersionVector,
    /// Of what waited inside the document for changes that are missing.
    pub(super) pending: Option<ContentHash>,
    /// The number of the last entry.
    pub(super) last: i64,
    /// Sizes of the entries that are in no snapshot.
    pub(super) unfolded: Vec<usize>,
    /// Whether entries are missing in between, so that a snapshot should take their place.
    pub(super) damaged: bool,
}

/// What is stored of a document, as far as it is sound.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StoredHistory {
    snapshot: Option<Vec<u8>>,
    pending: Option<Vec<u8>>,
    entries: Vec<Vec<u8>>,
    /// The number of the last entry, folded ones included.
    pub(super) last: i64,
    damaged: bool,
}

impl std::fmt::Debug for StoredHistory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredHistory")
            .field("snapshot", &self.snapshot.as_ref().map(Vec::len))
            .field("entries", &self.entries.len())
            .field("last", &self.last)
            .field("damaged", &self.damaged)
            .finish_non_exhaustive()
    }
}

impl Journaled {
    /// Whether what is stored is the document as it [began](Store::begin_history), and nothing that
    /// came after.
    pub(crate) fn is_beginning(&self) -> bool {
        self.last == 0
    }
}

impl StoredHistory {
    /// Whether nothing sound is stored.
    pub fn is_empty(&self) -> bool {
        self.snapshot.is_none() && self.entries.is_empty()
    }

    /// Whether something that was stored is missing here.
    pub fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// Makes the document, and says what of it is stored. What depends on a change that is missing
    /// waits inside the document, and shows when a peer brings that change. O(history).
    ///
    /// # Errors
    ///
    /// If Loro does not understand what is stored: a later version wrote it.
    pub fn restore(&self) -> Result<(SharedDocument, Journaled), SnapshotError> {
        let updates = self.pending.iter().chain(&self.entries);
        let document =
            SharedDocument::from_parts(self.snapshot.as_deref(), updates.cloned().collect())?;
        let pending = document.doc().export_pending_updates()?;
        let journaled = Journaled {
            version: document.doc().oplog_vv(),
            pending: pending.map(|bytes| ContentHash::of(&bytes)),
            last: self.last,
            unfolded: self.entries.iter().map(Vec::len).collect(),
            damaged: self.damaged,
        };
        Ok((document, journaled))
    }
}

/// A snapshot as it is stored.
struct StoredSnapshot {
    bytes: Vec<u8>,
    pending: Option<Vec<u8>>,
    covers: i64,
}

impl Store {
    /// Adds changes to the journal of a document, all of them or none. `after` is the number of the
    /// last entry, as [`load_history`](Self::load_history) found it or this returned it; the
    /// replica's lock must be held.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub(super) fn append(
        &self,
        replica: ReplicaId,
        after: i64,
        entries: &[JournalEntry],
        at: SystemTime,
    ) -> Result<i64, StoreError> {
        self.transact(|transaction| self.append_in(transaction, replica, after, entries, at))
    }

    /// The same within a transaction that has more to do.
    pub(super) fn append_in(
        &self,
        transaction: &Transaction<'_>,
        replica: ReplicaId,
        after: i64,
        entries: &[JournalEntry],
        at: SystemTime,
    ) -> Result<i64, WorkError> {
        self.must_be_known(transaction, replica)?;
        let mut number = after;
        for entry in entries {
            number += 1;
            self.pass(Point::AppendEntry)?;
            let hash = entry_hash(replica, number, &entry.bytes);
            transaction
                .prepare_cached(
                    "INSERT INTO journal (replica, number, at, hash, version, bytes)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    replica.0,
                    number,
                    Milliseconds(at),
                    hash.0,
                    entry.version,
                    entry.bytes
                ])?;
        }
        if let Some(version) = entries
            .iter()
            .rev()
            .find_map(|entry| entry.version.as_ref())
        {
            note_moment(transaction, replica, at, version)?;
        }
        Ok(number)
    }

    /// Stores a document of which nothing was stored, as a snapshot. Takes its lock; O(document).
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten, when something is stored of it, and when the database
    /// cannot be written. Then a [`Journal`](super::Journal) stores the document as well, only less
    /// quickly.
    pub(crate) fn begin_history(
        &self,
        replica: ReplicaId,
        document: &SharedDocument,
        at: SystemTime,
    ) -> Result<Journaled, StoreError> {
        let guard = document.lock();
        let journaled = Journaled {
            version: guard.doc().oplog_vv(),
            ..Journaled::default()
        };
        let version = guard.doc().oplog_frontiers().encode();
        let exported = guard.export_to_keep();
        drop(guard);
        let bytes = exported.map_err(|source| StoreError::Unreadable {
            replica: replica.0,
            source,
        })?;
        self.transact(|transaction| {
            self.must_be_known(transaction, replica)?;
            self.pass(Point::StoreSnapshot)?;
            insert_snapshot(transaction, replica, 1, 0, &bytes, None)?;
            note_moment(transaction, replica, at, &version)?;
            Ok(())
        })?;
        Ok(journaled)
    }

    /// Stores a snapshot that holds every entry up to the number `covers`. The last sound snapshot
    /// before it is kept with the entries that came after it; what is older goes.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written; then what was stored
    /// before is untouched.
    pub(super) fn fold(
        &self,
        replica: ReplicaId,
        covers: i64,
        bytes: &[u8],
        pending: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            self.must_be_known(transaction, replica)?;
            let generations = generations(transaction, replica)?;
            let newest = generations.first().copied().unwrap_or_default();
            // Not simply the newest: a damaged one must not push out the state it falls back to.
            let mut kept = None;
            for generation in generations {
                if let Some(snapshot) = read_snapshot(transaction, replica, generation)? {
                    kept = Some((generation, snapshot.covers));
                    break;
                }
            }
            if kept.is_some_and(|(_, already)| already >= covers) {
                // Another fold was faster.
                return Ok(());
            }
            self.pass(Point::StoreSnapshot)?;
            insert_snapshot(transaction, replica, newest + 1, covers, bytes, pending)?;
            self.pass(Point::RemoveFolded)?;
            transaction.execute(
                "DELETE FROM snapshots
                 WHERE replica = ?1 AND generation IS NOT ?2 AND generation IS NOT ?3",
                params![
                    replica.0,
                    kept.map(|(generation, _)| generation),
                    newest + 1
                ],
            )?;
            transaction.execute(
                "DELETE FROM journal WHERE replica = ?1 AND number <= ?2",
                params![replica.0, kept.map_or(0, |(_, covers)| covers)],
            )?;
            Ok(())
        })
    }

    /// Returns what is stored of a document.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn load_history(&self, replica: ReplicaId) -> Result<StoredHistory, StoreError> {
        self.read(|connection| {
            self.pass(Point::LoadSnapshot)?;
            let mut history = StoredHistory::default();
            for generation in generations(connection, replica)? {
                match read_snapshot(connection, replica, generation)? {
                    Some(snapshot) => {
                        history.snapshot = Some(snapshot.bytes);
                        history.pending = snapshot.pending;
                        history.last = snapshot.covers;
                        break;
                    }
                    None => history.damaged = true,
                }
            }
            self.pass(Point::LoadEntries)?;
            load_entries(connection, replica, &mut history)?;
            Ok(history)
        })
    }

    /// Whether anything is stored of a document, sound or not.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn has_history(&self, replica: ReplicaId) -> Result<bool, StoreError> {
        self.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM snapshots WHERE replica = ?1)
                       OR EXISTS (SELECT 1 FROM journal WHERE replica = ?1)";
            connection.query_row(sql, [replica.0], |row| row.get(0))
        })
    }

    /// Removes what fails its check, so that it is missed only once. Keep the database aside first.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub(super) fn remove_damaged(&self, replica: ReplicaId) -> Result<(), StoreError> {
        self.transact(|transaction| {
            for generation in generations(transaction, replica)? {
                if read_snapshot(transaction, replica, generation)?.is_none() {
                    transaction.execute(
                        "DELETE FROM snapshots WHERE replica = ?1 AND generation = ?2",
                        params![replica.0, generation],
                    )?;
                }
            }
            for number in damaged_entries(transaction, replica)? {
                transaction.execute(
                    "DELETE FROM journal WHERE replica = ?1 AND number = ?2",
                    params![replica.0, number],
                )?;
            }
            Ok(())
        })
    }

    /// Returns the text of a document as it was at a time, to the minute; `None` when nothing is
    /// known of that time. O(history), as much as a second for a large one.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read, and when a newer version of this program wrote what
    /// is stored.
    pub fn text_at(
        &self,
        replica: ReplicaId,
        at: SystemTime,
    ) -> Result<Option<String>, StoreError> {
        let Some(version) = self.version_at(replica, at)? else {
            return Ok(None);
        };
        Ok(self.stored_document(replica)?.text_at(&version))
    }

    /// Returns the text of a document as it is stored now.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read, and when a newer version of this program wrote what
    /// is stored.
    pub fn text(&self, replica: ReplicaId) -> Result<String, StoreError> {
        Ok(self.stored_document(replica)?.text())
    }

    fn stored_document(&self, replica: ReplicaId) -> Result<SharedDocument, StoreError> {
        let history = self.load_history(replica)?;
        match history.restore() {
            Ok((document, _)) => Ok(document),
            Err(source) => Err(StoreError::Unreadable {
                replica: replica.0,
                source,
            }),
        }
    }

    /// Returns the last version that was journaled up to a time.
    fn version_at(
        &self,
        replica: ReplicaId,
        at: SystemTime,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT version FROM (
                         SELECT at, number, version FROM journal
                         WHERE replica = ?1 AND at <= ?2 AND version IS NOT NULL
                         UNION ALL
                         SELECT at, 0, version FROM moments WHERE replica = ?1 AND at <= ?2
                       ) ORDER BY at DESC, number DESC LIMIT 1";
            let values = params![replica.0, Milliseconds(at)];
            let version = connection.query_row(sql, values, |row| row.get(0));
            version.optional()
        })
    }

    fn must_be_known(
        &self,
        transaction: &Transaction<'_>,
        replica: ReplicaId,
    ) -> Result<(), WorkError> {
        let known = "SELECT 1 FROM replicas WHERE id = ?1";
        if transaction.prepare_cached(known)?.exists([replica.0])? {
            Ok(())
        } else {
            Err(self.unknown(replica).into())
        }
    }

    /// Passes a point of the database.
    pub(super) fn pass(&self, point: Point) -> rusqlite::Result<()> {
        faults::pass_database(point, self.state_dir())
    }
}

/// Reads the sound entries after `history.last`, and notes whether one is missing among them.
fn load_entries(
    connection: &Connection,
    replica: ReplicaId,
    history: &mut StoredHistory,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT number, hash, bytes FROM journal WHERE replica = ?1 AND number > ?2
         ORDER BY number",
    )?;
    let mut rows = statement.query(params![replica.0, history.last])?;
    while let Some(row) = rows.next()? {
        let number = row.get(0)?;
        history.damaged |= number != history.last + 1;
        history.last = number;
        match sound_entry(replica, row)? {
            Some(bytes) => history.entries.push(bytes),
            None => history.damaged = true,
        }
    }
    Ok(())
}

/// Returns the bytes of a row of `number, hash, bytes`. `None`: they fail the check.
fn sound_entry(replica: ReplicaId, row: &Row<'_>) -> rusqlite::Result<Option<Vec<u8>>> {
    let read = || -> rusqlite::Result<(i64, [u8; 32], Vec<u8>)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    };
    let (number, hash, bytes) = match read() {
        Err(error) if is_damage(&error) => return Ok(None),
        other => other?,
    };
    Ok((entry_hash(replica, number, &bytes).0 == hash).then_some(bytes))
}

fn damaged_entries(connection: &Connection, replica: ReplicaId) -> rusqlite::Result<Vec<i64>> {
    let mut statement =
        connection.prepare("SELECT number, hash, bytes FROM journal WHERE replica = ?1")?;
    let mut rows = statement.query([replica.0])?;
    let mut damaged = Vec::new();
    while let Some(row) = rows.next()? {
        if sound_entry(replica, row)?.is_none() {
            damaged.push(row.get(0)?);
        }
    }
    Ok(damaged)
}

/// Lists the stored generations of snapshots, newest first.
fn generations(connection: &Connection, replica: ReplicaId) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT generation FROM snapshots WHERE replica = ?1 ORDER BY generation DESC",
    )?;
    let rows = statement.query_map([replica.0], |row| row.get(0))?;
    rows.collect()
}

/// Reads one snapshot. `None`: it is damaged.
fn insert_snapshot(
    transaction: &Transaction<'_>,
    replica: ReplicaId,
    generation: i64,
    covers: i64,
    bytes: &[u8],
    pending: Option<&[u8]>,
) -> rusqlite::Result<usize> {
    let hash = snapshot_hash(replica, covers, pending, bytes);
    transaction.execute(
        "INSERT INTO snapshots (replica, generation, hash, bytes, covers, pending)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![replica.0, generation, hash.0, bytes, covers, pending],
    )
}

/// Notes which version the document had at the end of a minute.
fn note_moment(
    transaction: &Transaction<'_>,
    replica: ReplicaId,
    at: SystemTime,
    version: &[u8],
) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO moments (replica, minute, at, version) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT DO UPDATE SET at = excluded.at, version = excluded.version";
    let values = params![replica.0, minute(at), Milliseconds(at), version];
    transaction.prepare_cached(sql)?.execute(values)
}

fn read_snapshot(
    connection: &Connection,
    replica: ReplicaId,
    generation: i64,
) -> rusqlite::Result<Option<StoredSnapshot>> {
    let sql = "SELECT hash, bytes, covers, pending FROM snapshots
               WHERE replica = ?1 AND generation = ?2";
    let row = connection.query_row(sql, [replica.0, generation], |row| {
        let snapshot = StoredSnapshot {
            bytes: row.get(1)?,
            covers: row.get(2)?,
            pending: row.get(3)?,
        };
        Ok((row.get(0)?, snapshot))
    });
    let row: Option<([u8; 32], StoredSnapshot)> = match row.optional() {
        Err(error) if is_damage(&error) => return Ok(None),
        other => other?,
    };
    let sound = row.filter(|(hash, snapshot)| {
        let pending = snapshot.pending.as_deref();
        snapshot_hash(replica, snapshot.covers, pending, &snapshot.bytes).0 == *hash
    });
    Ok(sound.map(|(_, snapshot)| snapshot))
}

/// The hash of an entry and of its place.
fn entry_hash(replica: ReplicaId, number: i64, bytes: &[u8]) -> ContentHash {
    hash_of(&[&replica.0.to_le_bytes(), &number.to_le_bytes(), bytes])
}

/// The hash of a snapshot and of its place. Those of the first schema, which covered nothing, carry
/// that of their bytes alone.
fn snapshot_hash(
    replica: ReplicaId,
    covers: i64,
    pending: Option<&[u8]>,
    bytes: &[u8],
) -> ContentHash {
    if covers == 0 && pending.is_none() {
        return ContentHash::of(bytes);
    }
    let pending = pending.unwrap_or_default();
    let lengths = (pending.len() as u64).to_le_bytes();
    let place = [replica.0.to_le_bytes(), covers.to_le_bytes()];
    hash_of(&[&place[0], &place[1], &lengths, pending, bytes])
}

fn hash_of(parts: &[&[u8]]) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    ContentHash(*hasher.finalize().as_bytes())
}

/// Minutes since 1970.
fn minute(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH);
    let minutes = since.unwrap_or(Duration::ZERO).as_secs() / 60;
    i64::try_from(minutes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
