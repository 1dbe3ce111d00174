//! The database of everything that outlives a restart: opening it, and using it in transactions.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, config::DbConfig,
};

use super::{
    error::{StoreError, WorkError, database_error},
    faults::{self, Point},
    path::with_suffix,
    rescue::{self, Presence},
    schema,
};

/// The database's name in the state folder.
const FILE_NAME: &str = "copad.db";
/// How long to wait while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts where SQLite does not wait by itself.
const RETRY: Duration = Duration::from_millis(5);
/// A database of at most this many bytes is looked through whenever it is opened: some
/// milliseconds. A larger one only after it proved to be damaged.
const LOOKED_THROUGH: u64 = 8 << 20;
/// The ending of an empty file that says so.
const SUSPECT: &str = ".suspect";
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
    /// The name of the damaged database that this one was made of.
    pub(super) rescued: Option<String>,
    _presence: Presence,
}

impl Store {
    /// Opens the store of a state folder, which is made when it is missing.
    ///
    /// The folder is closed to other users (0700), and so is the database in it (0600). A damaged
    /// database is kept aside, and a new one made of what is sound in it; see
    /// [`rescued`](Self::rescued).
    ///
    /// # Errors
    ///
    /// Fails when the folder cannot be made or closed to others, when the database is damaged while
    /// another process uses it, and when a newer version of this program has written it.
    pub fn open(state_dir: &Path) -> Result<Self, StoreError> {
        make_private_folder(state_dir)?;
        let path = state_dir.join(FILE_NAME);
        let presence = Presence::enter(state_dir)?;
        let damaged_log = rescue::keep_damaged_log(&path, &presence)?;
        let (connection, rescued) = match open_sound(state_dir, &path) {
            Err(damage @ StoreError::Damaged { .. }) => {
                let name = rescue::rescue(&path, &presence, damage)?;
                (open_sound(state_dir, &path)?, Some(name))
            }
            opened => (opened?, damaged_log),
        };
        Ok(Self {
            state_dir: state_dir.to_owned(),
            connection: Mutex::new(connection),
            rescued,
            _presence: presence,
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
            self.pass(Point::BeginTransaction)?;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            self.pass(Point::CommitTransaction)?;
            transaction.commit()?;
            Ok(result)
        };
        attempt().map_err(|error| match error {
            WorkError::Store(error) => *error,
            WorkError::Database(source) => self.failed(source),
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
            self.pass(Point::ReadDatabase)?;
            let transaction = connection.unchecked_transaction()?;
            work(&transaction)
        };
        attempt().map_err(|source| self.failed(source))
    }

    /// Sorts what SQLite said. After damage, the next to open the database looks for what is sound.
    fn failed(&self, source: rusqlite::Error) -> StoreError {
        let error = database_error(&self.path(), source);
        if matches!(error, StoreError::Damaged { .. }) {
            let _ = fs::write(with_suffix(&self.path(), SUSPECT), "");
        }
        error
    }

    /// Copies the database as it is now, as far as it can be read.
    pub(super) fn copy_into(&self, copy: &Path) -> Result<(), StoreError> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        make_private_file(copy)?;
        let name = copy.to_string_lossy();
        let copied = connection.execute("VACUUM INTO ?1", [name]);
        copied.map_err(|source| self.failed(source))?;
        Ok(())
    }

    /// Puts what is in the log into the database.
    #[cfg(test)]
    pub(super) fn checkpoint(&self) -> rusqlite::Result<()> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    /// Makes the database full at this many pages, or at its present size if that is more.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: Option<u32>) -> rusqlite::Result<()> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let pages = pages.unwrap_or(u32::MAX - 1);
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    }

    /// Returns the database's path, for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.state_dir.join(FILE_NAME)
    }
}

/// Opens a database, brings its tables up to date, and looks for damage.
fn open_sound(state_dir: &Path, path: &Path) -> Result<Connection, StoreError> {
    make_private_file(path)?;
    let failed = |source| database_error(path, source);
    faults::pass_database(Point::OpenDatabase, state_dir).map_err(failed)?;
    // What is wrong with these statements of ours is wrong with the tables.
    let unsound = |error| failed(unexpected_is_damage(error));
    let mut connection = connect(path).map_err(unsound)?;
    let found = schema::migrate(&mut connection).map_err(unsound)?;
    if !(0..=schema::VERSION).contains(&found) {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        });
    }
    let suspect = with_suffix(path, SUSPECT);
    let small = fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LOOKED_THROUGH);
    if small || suspect.exists() {
        look_through(&connection).map_err(unsound)?;
    }
    // It was looked through, and nothing is wrong any more.
    let _ = fs::remove_file(suspect);
    let untouched = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(untouched, false).map_err(failed)?;
    Ok(connection)
}

/// Fails if the database's pages contradict each other.
fn look_through(connection: &Connection) -> rusqlite::Result<()> {
    if !schema::is_complete(connection)? {
        return Err(corrupt(
            "its tables are not those it was made with".to_owned(),
        ));
    }
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(corrupt(verdict)),
    }
}

fn unexpected_is_damage(error: rusqlite::Error) -> rusqlite::Error {
    match error.sqlite_error_code() {
        None | Some(ErrorCode::Unknown) => corrupt(error.to_string()),
        Some(_) => error,
    }
}

fn corrupt(what: String) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    rusqlite::Error::SqliteFailure(code, Some(what))
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Neither CREATE, since the file was made with its permissions, nor URI, since a path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Until it is known to be sound: closing it must not write into it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_a_log(&connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", LOG_SIZE)?;
    Ok(connection)
}

/// Switches to a log. While another process does that, SQLite refuses at once, whatever the timeout
/// is.
fn keep_a_log(connection: &Connection) -> rusqlite::Result<()> {
    let until = Instant::now() + BUSY_TIMEOUT;
    loop {
        match connection.pragma_update(None, "journal_mode", "wal") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < until =>
            {
                thread::sleep(RETRY);
            }
            switched => return switched,
        }
    }
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
pub(super) fn make_private_file(path: &Path) -> Result<(), StoreError> {
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
    fn a_database_that_is_none_is_kept_aside_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join(FILE_NAME);
        let letter = "a letter to my aunt\n".repeat(100);
        fs::write(&database, &letter).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.rescued(), Some("copad.db.damaged-1"));
        let kept = fs::read_to_string(folder.path().join("copad.db.damaged-1"));
        assert_eq!(kept.unwrap(), letter);
        store.create_replica("notes.md").unwrap();
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(
            (store.rescued(), store.replicas().unwrap().len()),
            (None, 1)
        );
    }

    #[test]
    fn a_damaged_database_is_left_alone_while_somebody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let _user = Store::open(folder.path()).unwrap();
        let database = folder.path().join(FILE_NAME);
        // A checkpoint, so that the damage is not covered by the log.
        drop(connect(&database).unwrap());
        let damaged = "a letter to my aunt\n".repeat(100);
        fs::write(&database, &damaged).unwrap();
        fs::write(with_suffix(&database, "-wal"), "").unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert_eq!(fs::read_to_string(&database).unwrap(), damaged);
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
