//! Snapshots: the whole state of a document, the last one and the one before it.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    database::Store,
    error::{StoreError, is_damage},
    hash::ContentHash,
    replica::ReplicaId,
};

/// A stored state of a document.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// As Loro exported it; checked against the hash that was stored with it.
    pub bytes: Vec<u8>,
    /// Whether a newer one was damaged, so that this is the state before the last.
    pub fallen_back: bool,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("bytes", &self.bytes.len())
            .field("fallen_back", &self.fallen_back)
            .finish()
    }
}

impl Store {
    /// Stores the state of a document. The last sound one before it is kept, older ones go.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written; then the snapshots
    /// from before are untouched.
    pub fn record_snapshot(&self, replica: ReplicaId, bytes: &[u8]) -> Result<(), StoreError> {
        let hash = ContentHash::of(bytes);
        self.transact(|transaction| {
            let known = "SELECT 1 FROM replicas WHERE id = ?1";
            if !transaction.prepare(known)?.exists([replica.0])? {
                return Err(self.unknown(replica).into());
            }
            let generations = generations(transaction, replica)?;
            let newest = generations.first().copied().unwrap_or_default();
            // Not simply the newest: a damaged one must not push out the state it falls back to.
            let mut kept = None;
            for generation in generations {
                if read_checked(transaction, replica, generation)?.is_some() {
                    kept = Some(generation);
                    break;
                }
            }
            transaction.execute(
                "DELETE FROM snapshots WHERE replica = ?1 AND generation IS NOT ?2",
                params![replica.0, kept],
            )?;
            transaction.execute(
                "INSERT INTO snapshots (replica, generation, hash, bytes) VALUES (?1, ?2, ?3, ?4)",
                params![replica.0, newest + 1, hash.0, bytes],
            )?;
            Ok(())
        })
    }

    /// Returns the last stored state of a document, or the one before it when the last is damaged.
    /// `None`: nothing was ever stored.
    ///
    /// # Errors
    ///
    /// [`StoreError::DamagedSnapshots`] when none is sound. Fails too when the database cannot be
    /// read.
    pub fn load_snapshot(&self, replica: ReplicaId) -> Result<Option<Snapshot>, StoreError> {
        let (found, any) = self.read(|connection| {
            let generations = generations(connection, replica)?;
            for (age, generation) in generations.iter().enumerate() {
                if let Some(bytes) = read_checked(connection, replica, *generation)? {
                    let fallen_back = age > 0;
                    return Ok((Some(Snapshot { bytes, fallen_back }), true));
                }
            }
            Ok((None, !generations.is_empty()))
        })?;
        if found.is_none() && any {
            let title = self.replica(replica)?.title;
            return Err(StoreError::DamagedSnapshots { title });
        }
        Ok(found)
    }
}

/// Lists the stored generations, newest first.
fn generations(connection: &Connection, replica: ReplicaId) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT generation FROM snapshots WHERE replica = ?1 ORDER BY generation DESC",
    )?;
    let rows = statement.query_map([replica.0], |row| row.get(0))?;
    rows.collect()
}

/// Reads one generation. `None`: it is damaged.
fn read_checked(
    connection: &Connection,
    replica: ReplicaId,
    generation: i64,
) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT hash, bytes FROM snapshots WHERE replica = ?1 AND generation = ?2";
    let row = connection.query_row(sql, [replica.0, generation], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    let row: Option<([u8; 32], Vec<u8>)> = match row.optional() {
        Err(error) if is_damage(&error) => return Ok(None),
        other => other?,
    };
    Ok(row
        .filter(|(hash, bytes)| ContentHash::of(bytes).0 == *hash)
        .map(|(_, bytes)| bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture {
        folder: tempfile::TempDir,
        store: Store,
        replica: ReplicaId,
    }

    fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("notes.md").unwrap().id;
        Fixture {
            folder,
            store,
            replica,
        }
    }

    impl Fixture {
        fn record(&self, text: &str) {
            self.store
                .record_snapshot(self.replica, text.as_bytes())
                .unwrap();
        }

        /// Changes the bytes of the newest `count` snapshots behind the store's back.
        fn damage(&self, count: u32) {
            self.overwrite("x'deadbeef'", count);
        }

        fn overwrite(&self, bytes: &str, count: u32) {
            let sql = format!(
                "UPDATE snapshots SET bytes = {bytes} WHERE generation IN
                 (SELECT generation FROM snapshots ORDER BY generation DESC LIMIT ?1)"
            );
            let database = Connection::open(self.store.path()).unwrap();
            assert!(database.execute(&sql, [count]).unwrap() > 0);
        }

        fn rows(&self) -> u32 {
            let sql = "SELECT count(*) FROM snapshots";
            self.store
                .read(|connection| connection.query_row(sql, [], |row| row.get(0)))
                .unwrap()
        }

        #[track_caller]
        fn loads(&self, text: &str, fallen_back: bool) {
            let snapshot = self.store.load_snapshot(self.replica).unwrap().unwrap();
            assert_eq!(String::from_utf8(snapshot.bytes).unwrap(), text);
            assert_eq!(snapshot.fallen_back, fallen_back);
        }
    }

    #[test]
    fn the_last_snapshot_is_loaded_also_by_the_next_process() {
        let mut fixture = fixture();
        assert_eq!(fixture.store.load_snapshot(fixture.replica).unwrap(), None);
        for text in ["one", "two", "three"] {
            fixture.record(text);
            fixture.loads(text, false);
        }
        assert_eq!(fixture.rows(), 2);
        fixture.store = Store::open(fixture.folder.path()).unwrap();
        fixture.loads("three", false);
    }

    #[test]
    fn a_damaged_snapshot_falls_back_to_the_one_before() {
        let fixture = fixture();
        fixture.record("one");
        fixture.record("two");
        fixture.damage(1);
        fixture.loads("one", true);
        // The damaged one makes room, not the sound one.
        fixture.record("three");
        fixture.loads("three", false);
        // A flipped bit may also change the type of a value.
        fixture.overwrite("'a text'", 1);
        fixture.loads("one", true);
    }

    #[test]
    fn two_damaged_snapshots_are_said_in_a_sentence_and_can_be_replaced() {
        let fixture = fixture();
        fixture.record("one");
        fixture.record("two");
        fixture.damage(2);
        let error = fixture.store.load_snapshot(fixture.replica).unwrap_err();
        assert!(error.to_string().contains("notes.md"), "{error}");
        fixture.record("three");
        fixture.loads("three", false);
        assert_eq!(fixture.rows(), 1);
    }

    #[test]
    fn a_large_snapshot_leaves_no_large_log() {
        let fixture = fixture();
        let text = "0123456789abcdef".repeat(1 << 20);
        for _ in 0..3 {
            fixture.record(&text);
        }
        fixture.loads(&text, false);
        let log = fixture.folder.path().join("copad.db-wal");
        fixture.record("small");
        fixture.record("small");
        assert!(std::fs::metadata(log).unwrap().len() <= 8 << 20);
    }

    #[test]
    fn a_replica_that_is_gone_takes_no_snapshot() {
        let fixture = fixture();
        fixture.store.forget(fixture.replica).unwrap();
        let error = fixture.store.record_snapshot(fixture.replica, b"x");
        assert!(matches!(error, Err(StoreError::UnknownReplica { .. })));
    }
}
