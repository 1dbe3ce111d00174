//! A damaged database: what is sound in it goes into a new one, and the damaged one is kept.
//!
//! The damaged files are copied, and only the copy is read: reading a database changes it. They
//! keep their bytes under the name `copad.db.damaged-1` (`-2` …), for whoever can do more with
//! them. Nobody else may use the database meanwhile, see [`Presence`].

use std::{
    fs::{self, File, OpenOptions},
    io,
    ops::Range,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, types::Value};
use rustix::fs::{FlockOperation, flock};

use super::{
    database::{Store, connect, make_private_file},
    error::{StoreError, database_error},
    log,
    path::with_suffix,
    replica::{NodeKey, ReplicaId},
    schema,
};

/// What SQLite keeps beside a database.
const WAL: &str = "-wal";
const SHARED_MEMORY: &str = "-shm";
/// Bytes of a page; nothing here asks for another size than the usual one.
const PAGE: usize = 4096;
/// Where a database says how many pages it has.
const PAGE_COUNT: Range<usize> = 28..32;
/// A file that was cut is not filled up beyond this many pages.
const MENDED_PAGES: usize = 1 << 18;
/// Rows that are looked for one by one between two that could be reached.
const LOOKED_FOR: i64 = 2_000;

/// The right to use the database of a state folder, held by all who do. A rescue needs it alone.
#[derive(Debug)]
pub(super) struct Presence(File);

impl Presence {
    /// Waits while the database is being rescued.
    pub(super) fn enter(state_dir: &Path) -> Result<Self, StoreError> {
        let path = state_dir.join("copad.db.lock");
        let open = || -> io::Result<File> {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.mode(0o600).open(&path)?;
            flock(&file, FlockOperation::LockShared)?;
            Ok(file)
        };
        open()
            .map(Self)
            .map_err(|source| StoreError::Lock { path, source })
    }

    /// Does something with nobody else about. `None`: somebody is.
    fn alone<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let alone = flock(&self.0, FlockOperation::NonBlockingLockExclusive).is_ok();
        let result = alone.then(work);
        // The lock is not changed in one go, so it may have been lost even if we were not alone.
        let _ = flock(&self.0, FlockOperation::LockShared);
        result
    }
}

impl Store {
    /// Returns the name of the damaged database in the state folder, if this store was opened with
    /// what was sound in it.
    pub fn rescued(&self) -> Option<&str> {
        self.rescued.as_deref()
    }

    /// Removes what fails its check of a document, after the database was copied. Returns the
    /// copy's name in the state folder.
    ///
    /// # Errors
    ///
    /// Fails when the database can be neither copied nor written.
    pub fn put_aside(&self, replica: ReplicaId) -> Result<String, StoreError> {
        let name = match &self.rescued {
            Some(name) => name.clone(),
            None => {
                let copy = free_name(&self.path());
                // Not by reading the file: closing it again would drop SQLite's locks.
                self.copy_into(&copy)?;
                name_of(&copy)
            }
        };
        self.remove_damaged(replica)?;
        Ok(name)
    }
}

/// Copies a database whose log lost something, before SQLite forgets what it still holds of that.
/// Returns the copy's name. While somebody else uses the database, its log is theirs.
pub(super) fn keep_damaged_log(
    path: &Path,
    presence: &Presence,
) -> Result<Option<String>, StoreError> {
    let keep = || -> io::Result<Option<String>> {
        if !log::lost_something(&with_suffix(path, WAL))? {
            return Ok(None);
        }
        let kept = free_name(path);
        copy_all(path, &kept)?;
        tracing::warn!("the log was damaged; it is kept as {}", kept.display());
        Ok(Some(name_of(&kept)))
    };
    let kept = presence.alone(keep).unwrap_or(Ok(None));
    kept.map_err(|source| StoreError::Setup {
        path: path.to_owned(),
        source,
    })
}

/// Puts what is sound of a damaged database into a new one in its place. Returns the name of the
/// damaged one.
pub(super) fn rescue(
    path: &Path,
    presence: &Presence,
    damage: StoreError,
) -> Result<String, StoreError> {
    presence.alone(|| rescue_alone(path)).unwrap_or(Err(damage))
}

fn rescue_alone(path: &Path) -> Result<String, StoreError> {
    let setup = |source| StoreError::Setup {
        path: path.to_owned(),
        source,
    };
    let (old, new) = (with_suffix(path, ".reading"), with_suffix(path, ".new"));
    remove_all(&old).map_err(setup)?;
    remove_all(&new).map_err(setup)?;
    copy_all(path, &old).map_err(setup)?;
    let salvaged = salvage(&old, &new);
    remove_all(&old).map_err(setup)?;
    salvaged?;
    let kept = free_name(path);
    put_in_place(path, &new, &kept).map_err(setup)?;
    tracing::warn!("the database was damaged; it is kept as {}", kept.display());
    Ok(name_of(&kept))
}

/// Gives the new database the damaged one's name, which gets another. There is a database by that
/// name at every moment: where there is none, a new and empty one would be made.
fn put_in_place(path: &Path, new: &Path, kept: &Path) -> io::Result<()> {
    if fs::hard_link(path, kept).is_err() {
        fs::copy(path, kept)?;
    }
    match fs::rename(with_suffix(path, WAL), with_suffix(kept, WAL)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other?,
    }
    remove(&with_suffix(path, SHARED_MEMORY))?;
    fs::rename(new, path)?;
    File::open(super::path::folder_of(path))?.sync_all()
}

/// Copies what can be read of one database into a new one.
fn salvage(old: &Path, new: &Path) -> Result<(), StoreError> {
    make_private_file(new)?;
    let failed = |source| database_error(new, source);
    let mut into = connect(new).map_err(failed)?;
    schema::migrate(&mut into).map_err(failed)?;
    into.pragma_update(None, "foreign_keys", false)
        .map_err(failed)?;
    mend(old, new, &into).map_err(|source| StoreError::Setup {
        path: old.to_owned(),
        source,
    })?;
    // What cannot even be opened has nothing to give.
    if let Ok(from) = connect(old) {
        for (table, is_unnumbered) in schema::tables(&into).map_err(failed)? {
            copy_table(&from, &into, &table, is_unnumbered).map_err(failed)?;
        }
    }
    add_missing_replicas(&into).map_err(failed)?;
    // One file, so that it can be renamed.
    into.pragma_update(None, "journal_mode", "delete")
        .map_err(failed)?;
    into.close().map_err(|(_, source)| failed(source))
}

/// Mends what would keep SQLite from looking into a database at all: a file that was cut, and a
/// first page that does not name the tables. `fresh` is the connection to a new database.
fn mend(old: &Path, new: &Path, fresh: &Connection) -> io::Result<()> {
    let mut bytes = fs::read(old)?;
    let said = bytes.get(PAGE_COUNT).map_or(0, big_endian);
    let length = said.min(MENDED_PAGES).saturating_mul(PAGE);
    if bytes.len() < length || bytes.len() % PAGE != 0 {
        bytes.resize(length.max(bytes.len().next_multiple_of(PAGE)), 0);
        fs::write(old, &bytes)?;
    }
    let readable = connect(old).and_then(|old| schema::is_complete(&old));
    if readable.unwrap_or(false) {
        return Ok(());
    }
    // A database that was made in one go has its tables where a new one has them.
    let into_file = "PRAGMA wal_checkpoint(TRUNCATE)";
    if fresh.query_row(into_file, [], |_| Ok(())).is_err() {
        return Ok(());
    }
    let model = fs::read(new)?;
    let pages = (bytes.len() / PAGE) as u32;
    if let (Some(page), Some(model)) = (bytes.get_mut(..PAGE), model.get(..PAGE)) {
        page.copy_from_slice(model);
        page[PAGE_COUNT].copy_from_slice(&pages.to_be_bytes());
        fs::write(old, &bytes)?;
    }
    Ok(())
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Copies every row that can be reached, from the front, from the back, and in between. Fails only
/// when the new database does.
fn copy_table(
    from: &Connection,
    into: &Connection,
    table: &str,
    is_unnumbered: bool,
) -> rusqlite::Result<()> {
    let known = columns(into, table)?;
    let there = columns(from, table).unwrap_or_default();
    let shared: Vec<_> = known
        .iter()
        .filter(|column| there.contains(column))
        .collect();
    if shared.is_empty() {
        return Ok(());
    }
    let list = shared
        .iter()
        .map(|column| column.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let marks = vec!["?"; shared.len()].join(", ");
    let insert = format!("INSERT OR IGNORE INTO {table} ({list}) VALUES ({marks})");
    let transaction = into.unchecked_transaction()?;
    let mut insert = transaction.prepare(&insert)?;
    let mut keep = |row: Vec<Value>| match insert.execute(rusqlite::params_from_iter(row)) {
        // A value that no sound row has.
        Err(error) if super::error::is_full(&error) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    };
    if is_unnumbered {
        let select = format!("SELECT {list} FROM {table}");
        read_rows(from, &select, None, &mut keep)?;
    } else {
        copy_by_number(from, table, &list, &mut keep)?;
    }
    drop(insert);
    transaction.commit()
}

fn copy_by_number(
    from: &Connection,
    table: &str,
    list: &str,
    keep: &mut impl FnMut(Vec<Value>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let (mut first, mut last) = (None, None);
    let mut take = |number: &mut Option<i64>, mut row: Vec<Value>| {
        if let Value::Integer(at) = row.remove(0) {
            *number = Some(at);
        }
        keep(row)
    };
    let forward = format!("SELECT rowid, {list} FROM {table} NOT INDEXED ORDER BY rowid");
    if read_rows(from, &forward, None, &mut |row| take(&mut first, row))? {
        return Ok(());
    }
    let backward = format!("{forward} DESC");
    read_rows(from, &backward, None, &mut |row| take(&mut last, row))?;
    let start = first.map_or(1, |number| number.saturating_add(1));
    let end = last.unwrap_or(start.saturating_add(LOOKED_FOR));
    let one = format!("SELECT rowid, {list} FROM {table} NOT INDEXED WHERE rowid = ?1");
    for number in start..end.min(start.saturating_add(LOOKED_FOR)) {
        read_rows(from, &one, Some(number), &mut |row| take(&mut None, row))?;
    }
    Ok(())
}

/// Hands over rows until there are no more, or one cannot be read. Returns whether all could.
fn read_rows(
    from: &Connection,
    select: &str,
    number: Option<i64>,
    keep: &mut impl FnMut(Vec<Value>) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    let Ok(mut statement) = from.prepare_cached(select) else {
        return Ok(false);
    };
    let width = statement.column_count();
    let Ok(mut rows) = statement.query(rusqlite::params_from_iter(number)) else {
        return Ok(false);
    };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(true),
            Err(_) => return Ok(false),
        };
        let values: rusqlite::Result<Vec<Value>> = (0..width).map(|at| row.get(at)).collect();
        if let Ok(values) = values {
            keep(values)?;
        }
    }
}

/// Makes a replica for every history that lost its own, so that a person can still get at it.
fn add_missing_replicas(into: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT replica FROM snapshots UNION SELECT replica FROM journal
               EXCEPT SELECT id FROM replicas";
    let mut statement = into.prepare(sql)?;
    let missing: Vec<i64> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in missing {
        let Ok(key) = NodeKey::random() else {
            continue;
        };
        let title = format!("recovered-{id}");
        // Opened once, so that it is listed.
        let insert =
            "INSERT INTO replicas (id, node_key, title, last_opened) VALUES (?1, ?2, ?3, 0)";
        into.execute(insert, rusqlite::params![id, key.to_bytes(), title])?;
    }
    Ok(())
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}

/// Copies a database's files.
fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in ["", WAL] {
        match fs::copy(with_suffix(from, suffix), with_suffix(to, suffix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => {
                other?;
            }
        }
    }
    Ok(())
}

fn remove_all(path: &Path) -> io::Result<()> {
    for suffix in ["", WAL, SHARED_MEMORY, "-journal"] {
        remove(&with_suffix(path, suffix))?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The first name of its kind that is not taken.
fn free_name(path: &Path) -> PathBuf {
    let mut number = 1_u64;
    loop {
        let name = with_suffix(path, &format!(".damaged-{number}"));
        if !name.exists() && !with_suffix(&name, WAL).exists() {
            return name;
        }
        number += 1;
    }
}

fn name_of(path: &Path) -> String {
    super::path::shown(Path::new(path.file_name().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
