//! Replicas: who a file is to others, and what is known of its document.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rand::{TryRng, rngs::SysRng};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, named_params, params};

use super::{
    column::{Milliseconds, StoredEncoding, StoredPath},
    database::Store,
    error::{StoreError, WorkError},
    faults::Point,
    hash::ContentHash,
    history::JournalEntry,
    marker::ImportMarker,
    path::canonical_path,
};
use crate::{
    DocumentId, NodeId,
    crdt::{LineEnding, TextFormat},
};

/// A replica's number in its store. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId(pub(super) i64);

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The secret key (ed25519) of a replica's endpoint. Whoever has it is that node.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeKey([u8; 32]);

impl NodeKey {
    pub(super) fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 32];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(StoreError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Returns the secret bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeKey(secret)")
    }
}

/// One copy of a document on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Its number in the store.
    pub id: ReplicaId,
    /// Which document it holds; `None` until it was first shared or joined.
    pub document: Option<DocumentId>,
    /// The file that it is of, canonical; `None` for a joined document that was never saved.
    pub path: Option<PathBuf>,
    /// The key of its endpoint, the same for as long as the replica lives.
    pub node_key: NodeKey,
    /// What others see it called: the file's name, or the name at the host it was joined from.
    pub title: String,
    /// How its file is written.
    pub format: TextFormat,
    /// When a person last opened it, to the millisecond; `None` when nobody did, because only its
    /// node id was asked for.
    pub last_opened: Option<SystemTime>,
    /// What its file held when this program last wrote or read it.
    pub saved: Option<SavedState>,
    /// What was to be written to its file by a save that did not come to record that it was.
    pub saving: Option<SavedState>,
    /// Whether it was opened and not closed since: somebody works on it, or a program that did was
    /// killed.
    pub unclosed: bool,
}

/// What is in a file, in the words of its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedState {
    /// Of the file's bytes. Another hash there means that another program wrote it.
    pub hash: ContentHash,
    /// The version of the document that was written, as Loro encodes it.
    pub version: Vec<u8>,
}

pub(super) const COLUMNS: &str = "id, document_id, path, node_key, title, byte_order_mark, carriage_returns, \
                       last_opened, saved_hash, saved_version, saving_hash, saving_version, unclosed";

const SAVED: &str =
    "saved_hash = ?2, saved_version = ?3, saving_hash = NULL, saving_version = NULL";

/// What was written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveRecord {
    /// Which file; it is the replica's from now on.
    pub path: PathBuf,
    /// How it is written.
    pub format: TextFormat,
    /// Of its bytes.
    pub hash: ContentHash,
    /// The version of the document that it shows, as Loro encodes it.
    pub version: Vec<u8>,
}

impl Store {
    /// Returns the replica of a file, made with a new key when there is none. The file may be
    /// missing, its folder may not; every name of the file gives the same replica, as
    /// [`canonical_path`] says.
    ///
    /// # Errors
    ///
    /// Fails when the path cannot be a file's, and when the database cannot be written.
    pub fn replica_for(&self, path: &Path) -> Result<Replica, StoreError> {
        let path = canonical_path(path)?;
        if let Some(found) = self.read(|connection| at_path(connection, &path))? {
            return Ok(found);
        }
        self.transact(|transaction| {
            // Another process may have been faster.
            if let Some(found) = at_path(transaction, &path)? {
                return Ok(found);
            }
            insert(transaction, Some(&path), &file_title(&path))
        })
    }

    /// Makes a replica without a file, for a document that is being joined.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub fn create_replica(&self, title: &str) -> Result<Replica, StoreError> {
        self.transact(|transaction| insert(transaction, None, title))
    }

    /// Returns a replica as it is stored now.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnknownReplica`] when it was forgotten.
    pub fn replica(&self, id: ReplicaId) -> Result<Replica, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM replicas WHERE id = ?1");
        let found = self.read(|connection| {
            let replica = connection.query_row(&sql, [id.0], Replica::from_row);
            replica.optional()
        })?;
        found.ok_or_else(|| self.unknown(id))
    }

    /// Lists every replica, the last opened first.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn replicas(&self) -> Result<Vec<Replica>, StoreError> {
        self.select("1", [])
    }

    /// Lists the replicas of a document, the last opened first.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn replicas_of(&self, document: DocumentId) -> Result<Vec<Replica>, StoreError> {
        self.select("document_id = ?1", [document.0])
    }

    /// Lists the replicas without a file that were joined through a node or met it since, the last
    /// opened first: where `copad --connect NODE` goes on.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn replicas_joined_through(&self, node: NodeId) -> Result<Vec<Replica>, StoreError> {
        let with_peer = "path IS NULL AND meant_for IS NULL
                         AND id IN (SELECT replica FROM peers WHERE node_id = ?1)";
        self.select(with_peer, [node.0])
    }

    /// Records which document a replica holds, once that is known.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherDocument`] when it already holds another one; see
    /// [`start_over`](Self::start_over).
    pub fn assign_document(&self, id: ReplicaId, document: DocumentId) -> Result<(), StoreError> {
        let assigned = self.transact(|transaction| assign_in(transaction, id, document))?;
        self.must_be_assigned(assigned, id)
    }

    pub(super) fn must_be_assigned(&self, assigned: bool, id: ReplicaId) -> Result<(), StoreError> {
        if !assigned {
            let title = self.replica(id)?.title;
            return Err(StoreError::OtherDocument { title });
        }
        Ok(())
    }

    /// Forgets the document of a replica, with its history and peers, so that it can take
    /// another one. The node key, the path and the file itself stay. Whoever calls this has asked a
    /// person, and made a backup.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn start_over(&self, id: ReplicaId) -> Result<(), StoreError> {
        self.transact(|transaction| {
            self.delete_history(transaction, id)?;
            for table in ["access", "tickets"] {
                let sql = format!("DELETE FROM {table} WHERE replica = ?1");
                transaction.execute(&sql, [id.0])?;
            }
            self.update(transaction, id, "document_id = NULL", &[])
        })
    }

    /// Forgets how a document came about, with its peers, but not which one it is and whose.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn start_again(&self, id: ReplicaId) -> Result<(), StoreError> {
        self.transact(|transaction| self.delete_history(transaction, id))
    }

    fn delete_history(
        &self,
        transaction: &Transaction<'_>,
        id: ReplicaId,
    ) -> Result<(), WorkError> {
        for table in ["snapshots", "journal", "moments", "peers"] {
            let sql = format!("DELETE FROM {table} WHERE replica = ?1");
            transaction.execute(&sql, [id.0])?;
        }
        self.update(
            transaction,
            id,
            "saved_hash = NULL, saved_version = NULL, saving_hash = NULL,
             saving_version = NULL, view = NULL",
            &[],
        )
    }

    /// Records what others see a replica called.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_title(&self, id: ReplicaId, title: &str) -> Result<(), StoreError> {
        self.transact(|transaction| self.update(transaction, id, "title = ?2", &[&title]))
    }

    /// Records how a replica's file is written.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_format(&self, id: ReplicaId, format: TextFormat) -> Result<(), StoreError> {
        self.transact(|transaction| self.format_in(transaction, id, format))
    }

    fn format_in(
        &self,
        transaction: &Transaction<'_>,
        id: ReplicaId,
        format: TextFormat,
    ) -> Result<(), WorkError> {
        let carriage_returns = match format.line_ending {
            LineEnding::Lf => false,
            LineEnding::CrLf => true,
        };
        let assignment = "byte_order_mark = ?2, carriage_returns = ?3";
        let encoding = StoredEncoding(format.encoding, format.byte_order_mark);
        let values: [&dyn ToSql; 2] = [&encoding, &carriage_returns];
        self.update(transaction, id, assignment, &values)
    }

    /// Records what a replica's file holds: `hash` of its bytes, and the `version` of the document
    /// that it shows, as Loro encodes it.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_saved(
        &self,
        id: ReplicaId,
        hash: ContentHash,
        version: &[u8],
    ) -> Result<(), StoreError> {
        self.transact(|transaction| self.update(transaction, id, SAVED, &[&hash.0, &version]))
    }

    /// Records what a replica's file is about to hold, in the words of
    /// [`record_saved`](Self::record_saved), which takes it back. After a crash in between it tells
    /// our own text from another program's.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_saving(
        &self,
        id: ReplicaId,
        hash: ContentHash,
        version: &[u8],
    ) -> Result<(), StoreError> {
        let assignment = "saving_hash = ?2, saving_version = ?3";
        self.transact(|transaction| self.update(transaction, id, assignment, &[&hash.0, &version]))
    }

    /// Makes a replica the one of a file, and returns the path as it is stored. The replica that
    /// was of this file until now stays, without a file.
    ///
    /// # Errors
    ///
    /// [`StoreError::OpenElsewhere`] when somebody works on that other replica now. Fails too when
    /// the path cannot be a file's or the database cannot be written.
    pub fn bind_path(&self, id: ReplicaId, path: &Path) -> Result<PathBuf, StoreError> {
        let path = canonical_path(path)?;
        self.transact(|transaction| self.bind_in(transaction, id, &path))?;
        Ok(path)
    }

    /// The same for a canonical path, within a transaction that has more to do. The lock that is
    /// returned belongs to the replica that had the file, so that nobody opens it meanwhile.
    fn bind_in(
        &self,
        transaction: &Transaction<'_>,
        id: ReplicaId,
        path: &Path,
    ) -> Result<Option<super::ReplicaLock>, WorkError> {
        let other = at_path(transaction, path)?.filter(|other| other.id != id);
        let other_lock = match other {
            Some(other) => {
                let lock = self.lock_for_good(other.id, path)?;
                self.update(transaction, other.id, "path = NULL", &[])?;
                Some(lock)
            }
            None => None,
        };
        let values: [&dyn ToSql; 2] = [&StoredPath(path.to_owned()), &file_title(path)];
        let assignment = "path = ?2, title = ?3, meant_for = NULL";
        self.update(transaction, id, assignment, &values)?;
        Ok(other_lock)
    }

    /// Records that a document was saved, with the changes that are not in the journal yet, all at
    /// once. Returns the number of the last entry; see [`append`](Self::append).
    pub(super) fn record_save(
        &self,
        id: ReplicaId,
        save: &SaveRecord,
        after: i64,
        entries: &[JournalEntry],
        at: SystemTime,
    ) -> Result<i64, StoreError> {
        let path = canonical_path(&save.path)?;
        let (last, _other_lock) = self.transact(|transaction| {
            let last = self.append_in(transaction, id, after, entries, at)?;
            self.pass(Point::RecordSave)?;
            let other_lock = self.bind_in(transaction, id, &path)?;
            self.format_in(transaction, id, save.format)?;
            let values: [&dyn ToSql; 2] = [&save.hash.0, &save.version];
            self.update(transaction, id, SAVED, &values)?;
            Ok((last, other_lock))
        })?;
        Ok(last)
    }

    /// Removes a replica and all that is stored of it, its key too. Its file is not touched.
    ///
    /// # Errors
    ///
    /// [`StoreError::OpenElsewhere`] when somebody works on it now, this process included.
    pub fn forget(&self, id: ReplicaId) -> Result<(), StoreError> {
        let replica = self.replica(id)?;
        let path = replica.path.unwrap_or_else(|| replica.title.into());
        let _lock = self.lock_for_good(id, &path)?;
        self.transact(|transaction| {
            transaction.execute("DELETE FROM replicas WHERE id = ?1", [id.0])?;
            Ok(())
        })?;
        ImportMarker::remove(self, id);
        self.remove_early_edits(id);
        self.remove_lock_file(id);
        Ok(())
    }

    fn lock_for_good(&self, id: ReplicaId, path: &Path) -> Result<super::ReplicaLock, StoreError> {
        self.try_lock(id)?.ok_or_else(|| StoreError::OpenElsewhere {
            path: path.to_owned(),
            holder: self.lock_holder(id),
        })
    }

    fn select<const N: usize>(
        &self,
        condition: &str,
        key: [[u8; 32]; N],
    ) -> Result<Vec<Replica>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM replicas WHERE {condition}
             ORDER BY last_opened DESC NULLS LAST, id DESC"
        );
        self.read(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(key), Replica::from_row)?;
            rows.collect()
        })
    }

    /// Assigns columns of one replica; its id is `?1`, the values begin at `?2`.
    pub(super) fn update(
        &self,
        transaction: &Transaction<'_>,
        id: ReplicaId,
        assignment: &str,
        values: &[&dyn ToSql],
    ) -> Result<(), WorkError> {
        let sql = format!("UPDATE replicas SET {assignment} WHERE id = ?1");
        let id_value: &dyn ToSql = &id.0;
        let all: Vec<_> = std::iter::once(id_value)
            .chain(values.iter().copied())
            .collect();
        match transaction.execute(&sql, all.as_slice())? {
            0 => Err(self.unknown(id).into()),
            _ => Ok(()),
        }
    }

    /// Says that there is no such replica.
    pub(super) fn unknown(&self, id: ReplicaId) -> StoreError {
        StoreError::UnknownReplica {
            path: self.path(),
            id: id.0,
        }
    }
}

fn at_path(connection: &Connection, path: &Path) -> rusqlite::Result<Option<Replica>> {
    let sql = format!("SELECT {COLUMNS} FROM replicas WHERE path = ?1");
    let replica = connection.query_row(&sql, [StoredPath(path.to_owned())], Replica::from_row);
    replica.optional()
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    path: Option<&Path>,
    title: &str,
) -> Result<Replica, WorkError> {
    let sql = format!(
        "INSERT INTO replicas (path, node_key, title) VALUES (:path, :key, :title)
         RETURNING {COLUMNS}"
    );
    let key = NodeKey::random()?;
    let path = path.map(|path| StoredPath(path.to_owned()));
    let values = named_params! { ":path": path, ":key": key.0, ":title": title };
    Ok(transaction.query_row(&sql, values, Replica::from_row)?)
}

pub(super) fn file_title(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

impl Replica {
    /// Reads a row of [`COLUMNS`].
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let line_ending = if row.get("carriage_returns")? {
            LineEnding::CrLf
        } else {
            LineEnding::Lf
        };
        let StoredEncoding(encoding, byte_order_mark) = row.get("byte_order_mark")?;
        let state = |hash, version| -> rusqlite::Result<Option<SavedState>> {
            let hash: Option<[u8; 32]> = row.get(hash)?;
            let version: Option<Vec<u8>> = row.get(version)?;
            let both = hash.map(ContentHash).zip(version);
            Ok(both.map(|(hash, version)| SavedState { hash, version }))
        };
        Ok(Self {
            id: ReplicaId(row.get("id")?),
            document: row.get::<_, Option<_>>("document_id")?.map(DocumentId),
            path: row.get::<_, Option<StoredPath>>("path")?.map(|path| path.0),
            node_key: NodeKey(row.get("node_key")?),
            title: row.get("title")?,
            format: TextFormat {
                encoding,
                byte_order_mark,
                line_ending,
            },
            last_opened: row
                .get::<_, Option<Milliseconds>>("last_opened")?
                .map(|at| at.0),
            saved: state("saved_hash", "saved_version")?,
            saving: state("saving_hash", "saving_version")?,
            unclosed: row.get("unclosed")?,
        })
    }
}

/// Makes a document a replica's. Returns whether it is: the replica may hold another one.
pub(super) fn assign_in(
    transaction: &Transaction<'_>,
    id: ReplicaId,
    document: DocumentId,
) -> Result<bool, WorkError> {
    let changed = transaction.execute(
        "UPDATE replicas SET document_id = ?2 WHERE id = ?1 AND ifnull(document_id, ?2) = ?2",
        params![id.0, document.0],
    )?;
    Ok(changed > 0)
}

#[cfg(test)]
mod tests;
