//! Reading a person's file, and what can be wrong with one.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::{
    faults::{self, Point},
    hash::ContentHash,
    path::{canonical_path, shown},
    save::protection,
};
use crate::crdt::{DecodeError, TextFormat, decode};

/// Bytes of a file at most. A larger one is refused rather than half the memory filled.
pub const MAX_FILE: u64 = 1 << 30;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedFile {
    /// Where it is, as [`canonical_path`] says.
    pub path: PathBuf,
    /// Its text, without the byte-order mark.
    pub text: String,
    /// What it has besides its text, so that saving gives the same bytes again.
    pub format: TextFormat,
    /// Of its bytes.
    pub hash: ContentHash,
    /// In bytes.
    pub len: u64,
    /// Whether there is no such file yet; then the text is empty.
    pub is_new: bool,
    /// What will keep it from being saved, as far as that can be told now.
    pub protection: Option<Protection>,
}

/// What keeps a file from being saved under its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nobody, or not this person, may write it.
    File,
    /// Nothing can be made in its folder, so it cannot be saved safely.
    Folder,
}

impl LoadedFile {
    /// Returns a sentence about what will keep the file from being saved, if anything will.
    pub fn warning(&self) -> Option<String> {
        let what = match self.protection? {
            Protection::File => "is read-only",
            Protection::Folder => "is in a read-only folder",
        };
        Some(format!(
            "{} {what}: edit it here, and save it under another name",
            shown(&self.path)
        ))
    }
}

/// Why a file cannot be opened or saved. Each is one sentence with the path in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The path ends in a folder that is not there, or is empty.
    #[error("\"{}\" names no file: give the name of a file", shown(.path))]
    NoFileName {
        /// As the person wrote it.
        path: PathBuf,
    },
    /// The folder of a new file is missing.
    #[error("the folder of {} is not there: make it first", shown(.path))]
    FolderMissing {
        /// As the person wrote it.
        path: PathBuf,
    },
    /// Something that holds no text: a folder, a device.
    #[error("{} is {kind}: give the name of a file of text", shown(.path))]
    NotAFile {
        /// As the person wrote it.
        path: PathBuf,
        /// What it is instead, with its article.
        kind: &'static str,
    },
    /// Not text, or not in an encoding that is spoken here.
    #[error("{} cannot be opened: {source}; convert it to UTF-8 first", shown(.path))]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where the first wrong byte is.
        source: DecodeError,
    },
    /// Larger than [`MAX_FILE`].
    #[error("{} is larger than {} MiB: cut it into parts to edit it", shown(.path), MAX_FILE >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is protected against writing.
    #[error(
        "{} is read-only: allow writing (chmod u+w) or save under another name",
        shown(.path)
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file's folder is protected against writing, so nothing can be saved in it safely.
    #[error(
        "{} cannot be saved because its folder is read-only: save under another name",
        shown(.path)
    )]
    FolderReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another program wrote the file since it was last looked at. It was left alone.
    #[error("{} was changed by another program, so it was not replaced", shown(.path))]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The disk or the quota is full. The file is as it was.
    #[error("{} cannot be saved because the disk is full: free some room", shown(.path))]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Saving stopped half-way in a file that could not be replaced as a whole.
    #[error(
        "{} was saved only in part ({source}): what it held before is in {}",
        shown(.path),
        shown(.backup)
    )]
    Torn {
        /// The file.
        path: PathBuf,
        /// A copy of what it held before.
        backup: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Any other refusal of the system.
    #[error("cannot {action} {}: {source}", shown(.path))]
    System {
        /// What was tried: read, save …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    /// Says in two or three words what is wrong, for a line that says what it means.
    pub fn reason(&self) -> String {
        match self {
            Self::NoFileName { .. } => "no file name".to_owned(),
            Self::FolderMissing { .. } => "its folder is gone".to_owned(),
            Self::NotAFile { kind, .. } => format!("it is {kind}"),
            Self::NotText { .. } => "it is no text".to_owned(),
            Self::TooLarge { .. } => "it is too large".to_owned(),
            Self::ReadOnly { .. } => "read-only".to_owned(),
            Self::FolderReadOnly { .. } => "read-only folder".to_owned(),
            Self::Changed { .. } => "changed on disk".to_owned(),
            Self::Full { .. } => "disk full".to_owned(),
            Self::Torn { source, .. } | Self::System { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => "no permission".to_owned(),
                ErrorKind::ReadOnlyFilesystem => "read-only disk".to_owned(),
                _ => "disk error".to_owned(),
            },
        }
    }

    /// Whether the text can be saved under another name, where it can not under this one.
    pub fn is_about_the_place(&self) -> bool {
        match self {
            Self::NoFileName { .. }
            | Self::FolderMissing { .. }
            | Self::NotAFile { .. }
            | Self::NotText { .. }
            | Self::TooLarge { .. }
            | Self::ReadOnly { .. }
            | Self::FolderReadOnly { .. } => true,
            Self::Changed { .. } | Self::Full { .. } => false,
            Self::Torn { source, .. } | Self::System { source, .. } => matches!(
                source.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ),
        }
    }

    /// Sorts what the system said by what a person can do about it.
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path },
            _ => Self::System {
                action,
                path,
                source,
            },
        }
    }
}

/// Reads a file of text. A missing file reads as a new, empty one.
///
/// # Errors
///
/// Fails when the path is not a regular file's, when the file cannot be read, is no text that
/// [`decode`] knows or is larger than [`MAX_FILE`].
pub fn read_file(path: &Path) -> Result<LoadedFile, FileError> {
    let canonical = canonical_path(path)?;
    let Some((bytes, metadata)) = read_bytes(path, &canonical)? else {
        return Ok(LoadedFile {
            protection: protection(&canonical, None),
            path: canonical,
            text: String::new(),
            format: TextFormat::default(),
            hash: ContentHash::of(&[]),
            len: 0,
            is_new: true,
        });
    };
    let (hash, len) = (ContentHash::of(&bytes), bytes.len() as u64);
    let (text, format) = decode(bytes).map_err(|source| FileError::NotText {
        path: path.to_owned(),
        source,
    })?;
    Ok(LoadedFile {
        protection: protection(&canonical, Some(&metadata)),
        path: canonical,
        text,
        format,
        hash,
        len,
        is_new: false,
    })
}

/// Reads a regular file as it is. `None`: it is missing.
fn read_bytes(path: &Path, canonical: &Path) -> Result<Option<(Vec<u8>, Metadata)>, FileError> {
    let failed = |source| FileError::io("read", path, source);
    // Looked at before it is opened: opening alone means something to a tape or a pipe.
    match fs::metadata(canonical) {
        Ok(metadata) => must_be_regular(path, &metadata)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let mut options = OpenOptions::new();
    // Should a pipe have come in its place meanwhile, opening it must not wait for a writer.
    let without_waiting = OFlags::NONBLOCK.bits().cast_signed();
    options.read(true).custom_flags(without_waiting);
    let file = faults::pass(Point::ReadFile, canonical)
        .and_then(|()| options.open(canonical))
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    must_be_regular(path, &metadata)?;
    let bytes = match metadata.len() {
        expected if expected > MAX_FILE => None,
        expected => read_all(file, expected).map_err(failed)?,
    };
    match bytes {
        Some(bytes) => Ok(Some((bytes, metadata))),
        None => Err(FileError::TooLarge {
            path: path.to_owned(),
        }),
    }
}

/// Reads to the end. `None`: it is larger than [`MAX_FILE`], whatever it was said to be.
fn read_all(file: File, expected: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    let read = file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= MAX_FILE).then_some(bytes))
}

/// Refuses what is not a regular file.
pub(super) fn must_be_regular(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    let file_type = metadata.file_type();
    let kind = if file_type.is_file() {
        return Ok(());
    } else if file_type.is_dir() {
        "a folder"
    } else if file_type.is_fifo() {
        "a pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    let path = path.to_owned();
    Err(FileError::NotAFile { path, kind })
}

#[cfg(test)]
mod tests {
    use std::os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    };

    use rustix::fs::{CWD, Mode};

    use super::*;
    use crate::crdt::{Encoding, LineEnding};

    #[test]
    fn a_file_is_read_with_its_format() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let bytes = "\u{feff}one\r\ntwo é".as_bytes();
        fs::write(root.join("notes.md"), bytes).unwrap();
        symlink("notes.md", root.join("link.md")).unwrap();
        let expected = LoadedFile {
            path: root.join("notes.md"),
            text: "one\r\ntwo é".to_owned(),
            format: TextFormat {
                encoding: Encoding::Utf8,
                byte_order_mark: true,
                line_ending: LineEnding::CrLf,
            },
            hash: ContentHash::of(bytes),
            len: 14,
            is_new: false,
            protection: None,
        };
        assert_eq!(read_file(&root.join("notes.md")).unwrap(), expected);
        assert_eq!(read_file(&root.join("link.md")).unwrap(), expected);
    }

    #[test]
    fn a_missing_file_is_new_and_an_empty_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.md");
        let missing = read_file(&path).unwrap();
        assert!(missing.is_new && missing.text.is_empty() && missing.len == 0);
        assert!(!path.exists(), "reading made a file");
        fs::write(&path, "").unwrap();
        let empty = read_file(&path).unwrap();
        let is_new = false;
        assert_eq!(empty, LoadedFile { is_new, ..missing });
    }

    /// Reads a file that must be refused with these words and its name.
    #[track_caller]
    fn refused(path: &Path, words: &str) {
        let sentence = read_file(path).unwrap_err().to_string();
        assert!(sentence.contains(words), "{sentence}");
        assert!(sentence.contains(path.to_str().unwrap()), "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }

    #[test]
    fn what_is_no_text_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, latin, half, socket] =
            ["pipe", "latin-1", "half of utf-16", "socket"].map(|name| folder.path().join(name));
        rustix::fs::mknodat(
            CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        fs::write(&latin, b"caf\xe9 au lait").unwrap();
        fs::write(&half, b"\xff\xfea\0\n").unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        refused(folder.path(), "a folder");
        refused(&pipe, "a pipe");
        refused(&socket, "a socket");
        refused(Path::new("/dev/null"), "a device");
        refused(&latin, "offset 3");
        refused(&half, "offset 4");
        refused(&folder.path().join("absent/notes.md"), "not there");
        refused(&latin.join("notes.md"), "cannot");
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        File::create(&path).unwrap().set_len(MAX_FILE + 1).unwrap();
        refused(&path, "larger than 1024 MiB");
    }

    #[test]
    fn a_file_that_may_not_be_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        if File::open(&path).is_ok() {
            println!("skipped: permissions do not hold this user back");
            return;
        }
        refused(&path, "ermission denied");
    }
}
