//! A text on its way to a person's file, and what became of it.

use std::path::PathBuf;

use ropey::Rope;

use crate::crdt::TextFormat;

/// A text on its way to the disk.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// Where to.
    pub path: PathBuf,
    /// The text. Cheap to clone; later edits do not touch it.
    pub text: Rope,
    /// Byte-order mark and line ending to write with.
    pub format: TextFormat,
    /// Which state of the document this is. Goes back in [`SavedFile::version`].
    pub version: u64,
    /// Whether a file that is already there may be replaced. If not, and there is one, the answer
    /// is [`SaveError::Exists`].
    pub replace: bool,
}

/// A text that reached the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The [`SaveRequest::version`] that was written.
    pub version: u64,
}

/// Why a text did not reach the disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Another file has that name, and we were not told to replace it.
    #[error("{} is another file; it was not replaced", .0.display())]
    Exists(PathBuf),
    /// Anything else, as a sentence with the file's name in it.
    #[error("{0}")]
    Failed(String),
}
