//! How values of ours are written in the database.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef},
};

use crate::crdt::Encoding;

/// A path as the database holds it: text when it is UTF-8, so that people can read it there, and
/// its bytes otherwise.
pub(super) struct StoredPath(pub(super) PathBuf);

impl ToSql for StoredPath {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self.0.to_str() {
            Some(text) => Value::Text(text.to_owned()),
            None => Value::Blob(self.0.as_os_str().as_bytes().to_vec()),
        };
        Ok(ToSqlOutput::Owned(value))
    }
}

impl FromSql for StoredPath {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Ok(Self(OsString::from_vec(bytes.to_vec()).into()))
            }
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {
                Err(FromSqlError::InvalidType)
            }
        }
    }
}

/// The encoding and the byte-order mark of a file as the database holds them: 0 is UTF-8, 1 UTF-8
/// with a mark, 2 and 3 UTF-16 (always with a mark), the low and the high byte first.
pub(super) struct StoredEncoding(pub(super) Encoding, pub(super) bool);

impl ToSql for StoredEncoding {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let code: i64 = match self {
            Self(Encoding::Utf8, mark) => (*mark).into(),
            Self(Encoding::Utf16Le, _) => 2,
            Self(Encoding::Utf16Be, _) => 3,
        };
        Ok(code.into())
    }
}

impl FromSql for StoredEncoding {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self(Encoding::Utf8, false)),
            1 => Ok(Self(Encoding::Utf8, true)),
            2 => Ok(Self(Encoding::Utf16Le, true)),
            3 => Ok(Self(Encoding::Utf16Be, true)),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

/// A time as the database holds it: milliseconds since 1970, nothing earlier.
pub(super) struct Milliseconds(pub(super) SystemTime);

impl ToSql for Milliseconds {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH);
        let milliseconds = since.unwrap_or_default().as_millis();
        Ok(i64::try_from(milliseconds).unwrap_or(i64::MAX).into())
    }
}

impl FromSql for Milliseconds {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let since = Duration::from_millis(u64::try_from(value.as_i64()?).unwrap_or_default());
        let time = SystemTime::UNIX_EPOCH.checked_add(since);
        time.map(Self).ok_or(FromSqlError::InvalidType)
    }
}
