//! What a replica remembers from one time it is open to the next: whether it was closed, where the
//! person was in it, and which file it waits to be joined into.

use std::{path::Path, time::SystemTime};

use rusqlite::{OptionalExtension, params};

use super::{
    column::{Milliseconds, StoredPath},
    database::Store,
    error::StoreError,
    path::canonical_path,
    replica::{COLUMNS, Replica, ReplicaId, file_title, insert},
};
use crate::NodeId;

impl Store {
    /// Returns the replica in which a document of `host` is joined into a file that has a text or a
    /// history of its own, made when there is none. It has no file until a person has decided what
    /// becomes of that and [`bind_path`](Self::bind_path) gives it the file; until then both are as
    /// they were, and what is typed is kept here.
    ///
    /// # Errors
    ///
    /// Fails when the path cannot be a file's, and when the database cannot be written.
    pub fn replica_for_joining(&self, path: &Path, host: NodeId) -> Result<Replica, StoreError> {
        let path = canonical_path(path)?;
        self.transact(|transaction| {
            let sql = format!(
                "SELECT {COLUMNS} FROM replicas WHERE path IS NULL AND meant_for = ?1
                 AND id IN (SELECT replica FROM peers WHERE node_id = ?2)
                 ORDER BY id DESC"
            );
            let meant_for = StoredPath(path.clone());
            let values = params![meant_for, host.0];
            let found = transaction.query_row(&sql, values, Replica::from_row);
            if let Some(found) = found.optional()? {
                return Ok(found);
            }
            let made = insert(transaction, None, &file_title(&path))?;
            self.update(transaction, made.id, "meant_for = ?2", &[&meant_for])?;
            // Told apart from those that wait for other hosts.
            transaction.execute(
                "INSERT INTO peers (replica, node_id, addresses, last_seen)
                 VALUES (?1, ?2, x'', 0)",
                params![made.id.0, host.0],
            )?;
            Ok(made)
        })
    }

    /// Records that a replica from [`replica_for_joining`](Self::replica_for_joining) shall not
    /// become that of the file. It goes on without one.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn give_file_up(&self, id: ReplicaId) -> Result<(), StoreError> {
        self.transact(|transaction| self.update(transaction, id, "meant_for = NULL", &[]))
    }

    /// Lists the replicas that wait to be joined into a file and hold something already, the last
    /// opened first.
    ///
    /// # Errors
    ///
    /// Fails when the path cannot be a file's, and when the database cannot be read.
    pub fn replicas_meant_for(&self, path: &Path) -> Result<Vec<Replica>, StoreError> {
        let path = StoredPath(canonical_path(path)?);
        let sql = format!(
            "SELECT {COLUMNS} FROM replicas WHERE path IS NULL AND meant_for = ?1
             AND (id IN (SELECT replica FROM snapshots) OR id IN (SELECT replica FROM journal))
             ORDER BY last_opened DESC NULLS LAST, id DESC"
        );
        self.read(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([path], Replica::from_row)?;
            rows.collect()
        })
    }

    /// Records that a person opened a replica. It counts as unclosed until
    /// [`record_closed`](Self::record_closed).
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_opened(&self, id: ReplicaId, at: SystemTime) -> Result<(), StoreError> {
        let at = Milliseconds(at);
        let assignment = "last_opened = ?2, unclosed = 1";
        self.transact(|transaction| self.update(transaction, id, assignment, &[&at]))
    }

    /// Records that a replica was closed with everything stored.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_closed(&self, id: ReplicaId) -> Result<(), StoreError> {
        self.transact(|transaction| self.update(transaction, id, "unclosed = 0", &[]))
    }

    /// Records where a person was in the text of a replica, in bytes that only the caller
    /// understands.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_view(&self, id: ReplicaId, view: &[u8]) -> Result<(), StoreError> {
        self.transact(|transaction| self.update(transaction, id, "view = ?2", &[&view]))
    }

    /// Returns where a person was in the text of a replica; `None` when that was never recorded.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn view(&self, id: ReplicaId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT view FROM replicas WHERE id = ?1";
            let view = connection.query_row(sql, [id.0], |row| row.get(0));
            Ok(view.optional()?.flatten())
        })
    }
}
