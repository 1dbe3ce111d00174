//! Writing a person's file so that it is wholly the old one or wholly the new one, always.
//!
//! The new text goes to a temporary file beside the old one, is flushed to the disk, and takes the
//! old one's name. That makes a new file, so it is done only when the new file can be like the old
//! one in everything but its text: mode, owner, extended attributes. Where it cannot, and where
//! the old file has further names (hard links), the text is written into the old file, after a
//! backup beside it is safe on the disk; the backup goes when the text is safe too.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, BufWriter, ErrorKind, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use ropey::Rope;
use rustix::{
    fs::{Access, Gid, Uid, access, fchown},
    io::Errno,
};
use tempfile::NamedTempFile;

use super::{
    attributes,
    faults::{self, Point},
    file::{FileError, Protection, must_be_regular},
    hash::ContentHash,
    path::{canonical_path, folder_of, with_suffix},
};
use crate::crdt::{TextFormat, encode};

/// How the names of temporary files begin; one that a crash left behind can be deleted.
/// The process's number and a hyphen follow.
pub(super) const TEMPORARY_PREFIX: &str = ".copad-save-";
/// Written and hashed at once, in bytes.
const BUFFER: usize = 64 * 1024;

/// What a file holds after it was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// Of its bytes.
    pub hash: ContentHash,
    /// In bytes.
    pub len: u64,
}

/// Saves a text to a file, which is made when it is missing. Returns when it is on the disk.
///
/// The file's mode, owner and extended attributes stay; a symbolic link stays one, and the file
/// that it points to is written.
///
/// # Errors
///
/// Fails when the file or its folder is read-only, and when the disk is full or gives up. The file
/// is then as it was, except after [`FileError::Torn`], which names the backup.
pub fn save_file(path: &Path, text: &Rope, format: TextFormat) -> Result<SavedFile, FileError> {
    save(path, &Content { text, format }, None)
}

/// Like [`save_file`], but only a file whose bytes have the hash `expected` is replaced. A missing
/// file is made.
///
/// # Errors
///
/// As [`save_file`]; [`FileError::Changed`] when the file holds something else. It is then left
/// alone.
pub fn replace_file(
    path: &Path,
    expected: ContentHash,
    text: &Rope,
    format: TextFormat,
) -> Result<SavedFile, FileError> {
    save(path, &Content { text, format }, Some(expected))
}

fn save(
    path: &Path,
    content: &Content<'_>,
    expected: Option<ContentHash>,
) -> Result<SavedFile, FileError> {
    let target = canonical_path(path)?;
    let failed = |error| FileError::io("save", &target, error);
    match fs::metadata(&target) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let temporary = temporary_beside(&target, 0o666)?;
            let saved = fill(&temporary, content).map_err(failed)?;
            put_new(temporary, &target)?;
            Ok(saved)
        }
        Err(error) => Err(failed(error)),
        Ok(old) => {
            must_be_regular(&target, &old)?;
            must_be_writable(&target, &old)?;
            match save_by_rename(&target, &old, content, expected)? {
                Some(saved) => Ok(saved),
                None => save_in_place(&target, content, expected),
            }
        }
    }
}

/// Makes sure that nobody else wrote the file since we looked. Asked as late as can be, right before
/// the new text takes its place; no system lets the two be one step.
fn must_hold(target: &Path, expected: Option<ContentHash>) -> Result<(), FileError> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let mut hasher = blake3::Hasher::new();
    let read = File::open(target).and_then(|mut file| io::copy(&mut file, &mut hasher));
    match read {
        Ok(_) if ContentHash(*hasher.finalize().as_bytes()) == expected => Ok(()),
        Ok(_) => Err(FileError::Changed {
            path: target.to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::io("read", target, error)),
    }
}

/// Returns the hash of the bytes that a file would hold with this text. O(text).
pub fn hash_of_text(text: &Rope, format: TextFormat) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    for chunk in encode(text, format) {
        hasher.update(&chunk);
    }
    ContentHash(*hasher.finalize().as_bytes())
}

/// Copies a file to a free name beside it (`notes.md.bak`, `notes.md.bak2` …) and returns that.
/// The copy is on the disk on return, and no easier to read than the file.
///
/// # Errors
///
/// Fails when the file cannot be read or its folder cannot be written.
pub fn backup_beside(path: &Path) -> Result<PathBuf, FileError> {
    let path = canonical_path(path)?;
    let failed = |source| FileError::io("back up", &path, source);
    let mut original = File::open(&path).map_err(failed)?;
    let metadata = original.metadata().map_err(failed)?;
    must_be_regular(&path, &metadata)?;
    let (backup, copy) = create_backup(&path).map_err(failed)?;
    let copied = (|| {
        let mut writer = faults::writer(Point::WriteBackup, &path, &copy);
        io::copy(&mut original, &mut writer)?;
        let same_group = copy.metadata()?.gid() == metadata.gid();
        let readers = if same_group { 0o777 } else { 0o700 };
        copy.set_permissions(Permissions::from_mode(metadata.mode() & readers))?;
        faults::pass(Point::SyncBackup, &path)?;
        copy.sync_all()?;
        sync_folder(&backup)
    })();
    if let Err(error) = copied {
        // Half a copy must not be taken for a backup.
        let _ = fs::remove_file(&backup);
        return Err(failed(error));
    }
    Ok(backup)
}

/// What is added to a file's name for its backup of this number, which begins at 1.
pub(super) fn backup_suffix(number: u64) -> String {
    match number {
        1 => ".bak".to_owned(),
        _ => format!(".bak{number}"),
    }
}

fn create_backup(path: &Path) -> io::Result<(PathBuf, File)> {
    faults::pass(Point::CreateBackup, path)?;
    let mut number = 1_u64;
    loop {
        let backup = with_suffix(path, &backup_suffix(number));
        let mut options = OpenOptions::new();
        match options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&backup)
        {
            Ok(file) => return Ok((backup, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// What is being saved.
struct Content<'a> {
    text: &'a Rope,
    format: TextFormat,
}

impl Content<'_> {
    fn write_to(&self, file: impl Write) -> io::Result<SavedFile> {
        let mut writer = BufWriter::with_capacity(BUFFER, file);
        let mut hasher = blake3::Hasher::new();
        let mut len = 0;
        for chunk in encode(self.text, self.format) {
            hasher.update(&chunk);
            writer.write_all(&chunk)?;
            len += chunk.len() as u64;
        }
        writer.flush()?;
        let hash = ContentHash(*hasher.finalize().as_bytes());
        Ok(SavedFile { hash, len })
    }
}

/// A file that nobody may write stays as it is, also where we could replace it, or are root.
fn must_be_writable(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    if is_protected(path, metadata) {
        let path = path.to_owned();
        return Err(FileError::ReadOnly { path });
    }
    Ok(())
}

fn is_protected(path: &Path, metadata: &Metadata) -> bool {
    let refused = access(path, Access::WRITE_OK);
    metadata.mode() & 0o222 == 0 || matches!(refused, Err(Errno::ACCESS | Errno::ROFS))
}

/// Returns what will keep a file from being saved, as far as that can be told beforehand. A missing
/// file has no metadata.
pub(super) fn protection(path: &Path, metadata: Option<&Metadata>) -> Option<Protection> {
    if metadata.is_some_and(|metadata| is_protected(path, metadata)) {
        return Some(Protection::File);
    }
    let folder = folder_of(path);
    let refused = access(folder, Access::WRITE_OK | Access::EXEC_OK);
    let refused = matches!(refused, Err(Errno::ACCESS | Errno::ROFS));
    refused.then_some(Protection::Folder)
}

/// Replaces a file as a whole. `None`: nothing was changed, since the new file would not be like
/// the old one.
fn save_by_rename(
    target: &Path,
    old: &Metadata,
    content: &Content<'_>,
    expected: Option<ContentHash>,
) -> Result<Option<SavedFile>, FileError> {
    if old.nlink() > 1 {
        return Ok(None);
    }
    let temporary = temporary_beside(target, 0o600)?;
    if !make_alike(temporary.as_file(), target, old) {
        return Ok(None);
    }
    let failed = |error| FileError::io("save", target, error);
    let saved = fill(&temporary, content).map_err(failed)?;
    must_hold(target, expected)?;
    match rename(temporary, target) {
        Ok(()) => Ok(Some(saved)),
        // Somebody else's file in a folder like /tmp, or a file that is itself a mount point.
        Err(error) if is_refusal_to_rename(&error) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn is_refusal_to_rename(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ResourceBusy | ErrorKind::CrossesDevices
    )
}

fn temporary_beside(target: &Path, mode: u32) -> Result<NamedTempFile, FileError> {
    let mut builder = tempfile::Builder::new();
    let prefix = format!("{TEMPORARY_PREFIX}{}-", std::process::id());
    builder.prefix(&prefix);
    builder.permissions(Permissions::from_mode(mode));
    let made = faults::pass(Point::CreateTemporary, target)
        .and_then(|()| builder.tempfile_in(folder_of(target)));
    made.map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FileError::FolderReadOnly {
            path: target.to_owned(),
        },
        _ => FileError::io("save", target, error),
    })
}

/// Gives a new file the owner, attributes and mode of an old one. Returns whether it has them.
fn make_alike(new: &File, target: &Path, old: &Metadata) -> bool {
    let Ok(made) = new.metadata() else {
        return false;
    };
    if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
        let (owner, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
        if fchown(new, Some(owner), Some(group)).is_err() {
            return false;
        }
    }
    // After the owner, because a change of owner takes the set-user-id bit away.
    let mode = Permissions::from_mode(old.mode() & 0o7777);
    File::open(target).is_ok_and(|old| attributes::copy(&old, new).is_ok())
        && new.set_permissions(mode).is_ok()
}

fn fill(temporary: &NamedTempFile, content: &Content<'_>) -> io::Result<SavedFile> {
    let path = temporary.path();
    let saved = content.write_to(faults::writer(
        Point::WriteTemporary,
        path,
        temporary.as_file(),
    ))?;
    faults::pass(Point::SyncTemporary, path)?;
    temporary.as_file().sync_all()?;
    Ok(saved)
}

fn rename(temporary: NamedTempFile, target: &Path) -> io::Result<()> {
    faults::pass(Point::RenameTemporary, target)?;
    temporary.persist(target).map_err(|failure| failure.error)?;
    sync_folder(target)
}

/// Gives a temporary file the name of one that was missing. Whoever made that since wins.
fn put_new(temporary: NamedTempFile, target: &Path) -> Result<(), FileError> {
    let failed = |error| FileError::io("save", target, error);
    faults::pass(Point::RenameTemporary, target).map_err(failed)?;
    if let Err(failure) = temporary.persist_noclobber(target) {
        if failure.error.kind() == ErrorKind::AlreadyExists {
            return Err(FileError::Changed {
                path: target.to_owned(),
            });
        }
        // Not every file system can do it in one step.
        let put = failure.file.persist(target);
        put.map_err(|failure| failed(failure.error))?;
    }
    sync_folder(target).map_err(failed)
}

/// Makes the names in a file's folder safe on the disk.
fn sync_folder(file: &Path) -> io::Result<()> {
    let synced = faults::pass(Point::SyncFolder, file)
        .and_then(|()| File::open(folder_of(file)))
        .and_then(|folder| folder.sync_all());
    match synced {
        // Not every file system can do it, and a folder may be writable without being readable.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Writes into the file itself, with a backup beside it until that is done.
fn save_in_place(
    target: &Path,
    content: &Content<'_>,
    expected: Option<ContentHash>,
) -> Result<SavedFile, FileError> {
    // Opened first: when this fails nothing has happened yet.
    let file = faults::pass(Point::OpenInPlace, target)
        .and_then(|()| OpenOptions::new().write(true).open(target));
    let file = file.map_err(|error| FileError::io("save", target, error))?;
    let backup = backup_beside(target)?;
    if let Err(changed) = must_hold(target, expected) {
        let _ = fs::remove_file(&backup);
        return Err(changed);
    }
    let outcome = overwrite(&file, target, content);
    let outcome = outcome.map_err(|source| match restore(&file, &backup) {
        Ok(()) => FileError::io("save", target, source),
        Err(_) => FileError::Torn {
            path: target.to_owned(),
            backup: backup.clone(),
            source,
        },
    });
    if !matches!(outcome, Err(FileError::Torn { .. })) {
        // A backup that stays is a nuisance, not a loss.
        let _ = fs::remove_file(&backup);
    }
    outcome
}

/// Writes over the old bytes before the file is cut, so that a full disk fails as late as can be.
fn overwrite(file: &File, target: &Path, content: &Content<'_>) -> io::Result<SavedFile> {
    let saved = content.write_to(faults::writer(Point::WriteInPlace, target, file))?;
    faults::pass(Point::CutInPlace, target)?;
    file.set_len(saved.len)?;
    faults::pass(Point::SyncInPlace, target)?;
    file.sync_all()?;
    Ok(saved)
}

fn restore(mut file: &File, backup: &Path) -> io::Result<()> {
    faults::pass(Point::RestoreInPlace, backup)?;
    let mut backup = File::open(backup)?;
    file.rewind()?;
    let len = io::copy(&mut backup, &mut file)?;
    file.set_len(len)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
