//! What can go wrong with the store, each in one sentence with what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

use super::{file::FileError, path::shown};
use crate::crdt::SnapshotError;

/// Why the store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The state folder or a file in it cannot be made or looked at.
    #[error("cannot set up {}: {source}", shown(.path))]
    Setup {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Keys would be readable by other people of this machine.
    #[error(
        "{} holds private keys, is open to other users, and cannot be closed to them: {source}; \
         change its permissions (chmod go= …) or use another state folder",
        shown(.path)
    )]
    Exposed {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A later version of this program has changed the tables.
    #[error(
        "{} was written by a newer copad (schema {found}, this one knows {known}): update copad",
        shown(.path)
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The schema version in it.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// The database's file is damaged or something else altogether.
    #[error(
        "{} is damaged ({source}) and another copad uses it: close that one, and open this again; \
         your own files are not touched",
        shown(.path)
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The disk or the quota is full.
    #[error("there is no room left on the disk of {}: free some and try again", shown(.path))]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Any other failure of the database.
    #[error("cannot use the database {}: {source}", shown(.path))]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// What is stored of a document is sound but not to be understood.
    #[error("what is stored of replica {replica} cannot be read: {source}; update copad")]
    Unreadable {
        /// The replica's number.
        replica: i64,
        /// What is wrong with it.
        source: SnapshotError,
    },
    /// There is no such replica, or no longer.
    #[error("the replica {id} is not in {}: it was forgotten meanwhile", shown(.path))]
    UnknownReplica {
        /// The database.
        path: PathBuf,
        /// The replica that was asked for.
        id: i64,
    },
    /// The replica already holds another document.
    #[error("{title} already belongs to another shared document: take it under another name")]
    OtherDocument {
        /// The replica's title.
        title: String,
    },
    /// Another copad works on this file.
    #[error("{} is open in another copad{}: close it there first", shown(.path), by(*.holder))]
    OpenElsewhere {
        /// The file.
        path: PathBuf,
        /// The process that has it, if known.
        holder: Option<u32>,
    },
    /// A lock's file cannot be made.
    #[error("cannot use the lock {}: {source}", shown(.path))]
    Lock {
        /// The lock's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no random bytes for a key.
    #[error("the system gave no random bytes for a new key: {0}")]
    NoRandomness(#[source] rand::rngs::SysError),
    /// The path of a user's file is none.
    #[error(transparent)]
    File(#[from] FileError),
}

impl StoreError {
    /// Says in two or three words what is wrong, for a line that says what it means.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Full { .. } => "disk full",
            Self::Damaged { .. } => "database damaged",
            Self::Database { source, .. } => match source.sqlite_error_code() {
                Some(ErrorCode::ReadOnly) => "read-only disk",
                Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => "no permission",
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "database busy",
                _ => "disk error",
            },
            Self::UnknownReplica { .. } => "forgotten meanwhile",
            Self::Newer { .. } | Self::Unreadable { .. } => "newer copad",
            Self::OtherDocument { .. } | Self::OpenElsewhere { .. } => "open elsewhere",
            Self::Setup { .. }
            | Self::Exposed { .. }
            | Self::Lock { .. }
            | Self::NoRandomness(_)
            | Self::File(_) => "disk error",
        }
    }
}

fn by(holder: Option<u32>) -> String {
    holder.map_or_else(String::new, |process| format!(" (process {process})"))
}

/// Why a transaction was given up.
pub(super) enum WorkError {
    Database(rusqlite::Error),
    Store(Box<StoreError>),
}

impl From<rusqlite::Error> for WorkError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for WorkError {
    fn from(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}

/// Sorts what SQLite said by what a person can do about it.
pub(super) fn database_error(path: &Path, source: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    if is_full(&source) {
        StoreError::Full { path }
    } else if is_damage(&source) {
        StoreError::Damaged { path, source }
    } else {
        StoreError::Database { path, source }
    }
}

/// Whether this says that there is no room left.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// Whether this says that the file's contents are wrong: its pages, or values in them that this
/// program never writes.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    let wrong_value = matches!(
        error,
        Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
    );
    let wrong_page = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    );
    wrong_value || wrong_page
}
