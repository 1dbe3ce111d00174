//! Points that fail when a test wants it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use super::*;

/// How a disk refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is full.
    NoSpace,
    /// It is broken.
    Broken,
    /// It is closed to us.
    Denied,
    /// It takes only a part, and is full then.
    ShortWrite,
}

impl Fault {
    pub(crate) const ALL: &[Self] = &[Self::NoSpace, Self::Broken, Self::Denied, Self::ShortWrite];

    fn error(self) -> io::Error {
        use rustix::io::Errno;
        let number = match self {
            Self::NoSpace | Self::ShortWrite => Errno::NOSPC,
            Self::Broken => Errno::IO,
            Self::Denied => Errno::ACCESS,
        };
        number.into()
    }
}

/// What waits in a folder: tests run side by side, each in its own.
#[derive(Default)]
struct Armed {
    waiting: Vec<(Point, Fault)>,
    fired: usize,
}

static ARMED: LazyLock<Mutex<HashMap<PathBuf, Armed>>> = LazyLock::new(Mutex::default);

fn folders() -> MutexGuard<'static, HashMap<PathBuf, Armed>> {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the next call fail that passes a point with a path below this folder. Points that were
/// armed there before and were not passed are disarmed.
pub(crate) fn arm(folder: &Path, faults: &[(Point, Fault)]) {
    let armed = Armed {
        waiting: faults.to_vec(),
        fired: 0,
    };
    folders().insert(folder.to_owned(), armed);
}

/// Returns how many of the armed faults came to pass, and disarms the others.
pub(crate) fn fired(folder: &Path) -> usize {
    folders().remove(folder).map_or(0, |armed| armed.fired)
}

/// Takes the fault that waits for this call.
fn take(point: Point, path: &Path) -> Option<Fault> {
    let mut folders = folders();
    let (_, armed) = folders
        .iter_mut()
        .find(|(folder, _)| path.starts_with(folder))?;
    let index = armed.waiting.iter().position(|(at, _)| *at == point)?;
    armed.fired += 1;
    Some(armed.waiting.remove(index).1)
}

pub(in crate::store) fn pass(point: Point, path: &Path) -> io::Result<()> {
    take(point, path).map_or(Ok(()), |fault| Err(fault.error()))
}

pub(in crate::store) fn pass_database(point: Point, folder: &Path) -> rusqlite::Result<()> {
    use rusqlite::ffi;
    let Some(fault) = take(point, folder) else {
        return Ok(());
    };
    let code = match fault {
        Fault::NoSpace => ffi::SQLITE_FULL,
        Fault::Broken => ffi::SQLITE_IOERR_FSYNC,
        Fault::Denied => ffi::SQLITE_READONLY,
        Fault::ShortWrite => ffi::SQLITE_IOERR_WRITE,
    };
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

pub(in crate::store) fn writer<W: Write>(point: Point, path: &Path, inner: W) -> Faulty<W> {
    Faulty {
        inner,
        point,
        path: path.to_owned(),
        full: false,
    }
}

/// Writes until its point fails.
pub(in crate::store) struct Faulty<W> {
    inner: W,
    point: Point,
    path: PathBuf,
    full: bool,
}

impl<W: Write> Write for Faulty<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full {
            return Err(Fault::NoSpace.error());
        }
        match take(self.point, &self.path) {
            None => self.inner.write(bytes),
            Some(Fault::ShortWrite) => {
                self.full = true;
                self.inner.write_all(&bytes[..bytes.len() / 2])?;
                Ok(bytes.len() / 2)
            }
            Some(fault) => Err(fault.error()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
