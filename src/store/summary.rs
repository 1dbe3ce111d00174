//! What a person is told about the documents that are kept here.

use rusqlite::params;

use super::{
    database::Store,
    error::StoreError,
    peer::KnownPeer,
    replica::{Replica, ReplicaId},
};

/// A replica at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaSummary {
    /// Its path, title, document and when it was last opened.
    pub replica: Replica,
    /// Bytes that its history takes up in the database.
    pub size: u64,
    /// Whom it met, the last seen first.
    pub participants: Vec<KnownPeer>,
}

impl Store {
    /// Lists every replica that a person opened, the last opened first.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn summaries(&self) -> Result<Vec<ReplicaSummary>, StoreError> {
        let opened = self.replicas()?.into_iter();
        opened
            .filter(|replica| replica.last_opened.is_some())
            .map(|replica| {
                Ok(ReplicaSummary {
                    size: self.size(replica.id)?,
                    participants: self.peers(replica.id)?,
                    replica,
                })
            })
            .collect()
    }

    /// Returns how many bytes the history of a replica takes up.
    pub(super) fn size(&self, replica: ReplicaId) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sql = "SELECT
                (SELECT ifnull(sum(length(bytes)), 0) FROM journal WHERE replica = ?1) +
                (SELECT ifnull(sum(length(bytes) + ifnull(length(pending), 0)), 0)
                 FROM snapshots WHERE replica = ?1)";
            let size: i64 = connection.query_row(sql, params![replica.0], |row| row.get(0))?;
            Ok(u64::try_from(size).unwrap_or_default())
        })
    }
}
