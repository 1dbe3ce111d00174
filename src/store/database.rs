//! The database of everything that outlives a restart: opening it, and using it in transactions.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{
    error::{StoreError, WorkError, database_error},
    path::with_suffix,
    schema,
};

/// The database's name in the state folder.
const FILE_NAME: &str = "copad.db";
/// How long to wait while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The write-ahead log shrinks to this many bytes after a large snapshot went through it.
const LOG_SIZE: i64 = 4 << 20;

/// What copad remembers: replicas, their snapshots, their peers.
///
/// Every call is a transaction of its own and is on the disk when it returns. Calls block, some for
/// as long as an fsync takes, so they belong on a thread where that is allowed. Any number of
/// threads and processes may use one state folder at once.
#[derive(Debug)]
pub struct Store {
    state_dir: PathBuf,
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the store of a state folder, which is made when it is missing.
    ///
    /// The folder is closed to other users (0700), and so is the database in it (0600).
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be made or closed to others, when the database is damaged, and
    /// when a newer version of this program has written it.
    pub fn open(state_dir: &Path) -> Result<Self, StoreError> {
        make_private_folder(state_dir)?;
        let path = state_dir.join(FILE_NAME);
        make_private_file(&path)?;
        let failed = |source| database_error(&path, source);
        let mut connection = connect(&path).map_err(failed)?;
        let found = schema::migrate(&mut connection).map_err(failed)?;
        if !(0..=schema::VERSION).contains(&found) {
            let known = schema::VERSION;
            return Err(StoreError::Newer { path, found, known });
        }
        Ok(Self {
            state_dir: state_dir.to_owned(),
            connection: Mutex::new(connection),
        })
    }

    /// Returns the folder that the store was opened in.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Does some work in one transaction, which is undone when the work fails.
    pub(super) fn transact<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, WorkError>,
    ) -> Result<T, StoreError> {
        // A panic while the lock was held has rolled its transaction back.
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let attempt = || -> Result<T, WorkError> {
            // Immediate: a transaction that reads first must not find its later write refused.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        attempt().map_err(|error| match error {
            WorkError::Store(error) => *error,
            WorkError::Database(source) => database_error(&self.path(), source),
        })
    }

    /// Reads one state of the database; what the work writes is undone.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let attempt = || {
            let transaction = connection.unchecked_transaction()?;
            work(&transaction)
        };
        attempt().map_err(|source| database_error(&self.path(), source))
    }

    /// Returns the database's path, for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.state_dir.join(FILE_NAME)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Neither CREATE, since the file was made with its permissions, nor URI, since a path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_SIZE)?;
    Ok(connection)
}

fn make_private_folder(path: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| StoreError::Setup {
        path: path.to_owned(),
        source,
    })?;
    close_to_others(path, 0o700)
}

/// Makes the database's file before SQLite does, so that it is private from its first moment.
/// SQLite gives the permissions it finds to the files that it makes beside it.
fn make_private_file(path: &Path) -> Result<(), StoreError> {
    // Never opens a database that is there: closing it again would drop the locks that another
    // connection of this process holds on it.
    let mut options = OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(source) => {
            return Err(StoreError::Setup {
                path: path.to_owned(),
                source,
            });
        }
    }
    close_to_others(path, 0o600)?;
    for suffix in ["-wal", "-shm"] {
        match close_to_others(&with_suffix(path, suffix), 0o600) {
            // They come and go with the processes that use the database.
            Err(StoreError::Setup { source, .. } | StoreError::Exposed { source, .. })
                if source.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Takes the permissions of group and others away.
fn close_to_others(path: &Path, mode: u32) -> Result<(), StoreError> {
    let open_to_others = || -> io::Result<bool> {
        let metadata = fs::metadata(path)?;
        Ok(metadata.permissions().mode() & 0o077 != 0)
    };
    let close = || -> io::Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        if open_to_others()? {
            return Err(io::Error::other("this file system keeps no permissions"));
        }
        Ok(())
    };
    let path_error = |source| StoreError::Setup {
        path: path.to_owned(),
        source,
    };
    if !open_to_others().map_err(path_error)? {
        return Ok(());
    }
    close().map_err(|source| StoreError::Exposed {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn everything_in_the_state_folder_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state/copad");
        let store = Store::open(&state).unwrap();
        store.replica_for(&folder.path().join("notes.md")).unwrap();
        assert_eq!(mode(&state), 0o700);
        for name in ["copad.db", "copad.db-wal", "copad.db-shm"] {
            assert_eq!(mode(&state.join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn what_was_open_to_others_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let database = folder.path().join(FILE_NAME);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&database, Permissions::from_mode(0o644)).unwrap();
        drop(Store::open(folder.path()).unwrap());
        assert_eq!((mode(folder.path()), mode(&database)), (0o700, 0o600));
    }

    #[test]
    fn a_database_that_is_none_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join(FILE_NAME);
        fs::write(&database, "a letter to my aunt\n".repeat(100)).unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("copad.db"), "{error}");
        assert!(
            fs::read_to_string(&database)
                .unwrap()
                .starts_with("a letter")
        );
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let database = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let newer = schema::VERSION + 1;
        database.pragma_update(None, "user_version", newer).unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(error.to_string().contains("newer copad"), "{error}");
        let kept: i64 = database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(kept, newer);
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        fs::write(&state, "").unwrap();
        let error = Store::open(&state).unwrap_err();
        assert!(error.to_string().contains("state"), "{error}");
    }

    #[test]
    fn threads_can_share_a_store() {
        fn assert_shared<T: Send + Sync>() {}
        assert_shared::<Store>();
    }

    #[test]
    fn many_first_starts_at_once_all_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.md");
        let start = || {
            Store::open(folder.path())
                .unwrap()
                .replica_for(&file)
                .unwrap()
        };
        let keys: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            let joined = started.into_iter().map(|thread| thread.join().unwrap());
            joined.map(|replica| replica.node_key.to_bytes()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
}
