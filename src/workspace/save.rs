//! A text on its way to a person's file, and what became of it.

use std::path::PathBuf;

use ropey::Rope;

use crate::{
    crdt::TextFormat,
    store::{self, ContentHash, FileError},
};

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
    /// The hash of the bytes that a file must hold to be replaced; `None`: any will do. If it holds
    /// others, the answer is [`SaveError::Changed`].
    pub expected: Option<ContentHash>,
}

/// A text that reached the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The [`SaveRequest::version`] that was written.
    pub version: u64,
    /// The hash of the bytes that it holds now.
    pub hash: ContentHash,
    /// Whether there was no such file before.
    pub made: bool,
}

/// Why a text did not reach the disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// Another file has that name, and we were not told to replace it.
    #[error("{} is another file; it was not replaced", .0.display())]
    Exists(PathBuf),
    /// The file belongs to another document that is open in this program.
    #[error("{} is open in another tab; close it there first", .0.display())]
    Taken(PathBuf),
    /// Another program wrote the file since we last looked at it.
    #[error("another program wrote the file meanwhile")]
    Changed,
    /// Anything else.
    #[error("{sentence}")]
    Failed {
        /// What happened, as a sentence with the file's name in it.
        sentence: String,
        /// The same in two or three words: "disk full".
        reason: String,
        /// Whether the text could be saved under another name.
        elsewhere: bool,
    },
}

impl SaveError {
    /// Says that a file cannot be written before it is decided what belongs into it.
    pub(crate) fn waits(sentence: String) -> Self {
        Self::Failed {
            sentence,
            reason: "waits for the document".to_owned(),
            elsewhere: false,
        }
    }
}

impl From<FileError> for SaveError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Changed { .. } => Self::Changed,
            error => Self::Failed {
                sentence: error.to_string(),
                reason: error.reason(),
                elsewhere: error.is_about_the_place(),
            },
        }
    }
}

/// Writes the user's file, unless there is another one than was expected.
pub(crate) fn write(request: &SaveRequest) -> Result<SavedFile, SaveError> {
    let SaveRequest { path, text, .. } = request;
    let exists = path.exists();
    if !request.replace && exists {
        return Err(SaveError::Exists(path.clone()));
    }
    let written = match request.expected {
        Some(expected) => store::replace_file(path, expected, text, request.format),
        None => store::save_file(path, text, request.format),
    };
    let written = written.map_err(|error| match error {
        // It was made since.
        FileError::Changed { path } if !request.replace => SaveError::Exists(path),
        other => other.into(),
    })?;
    Ok(SavedFile {
        path: path.clone(),
        version: request.version,
        hash: written.hash,
        made: !exists,
    })
}
