//! What copad answers on the command line: which documents it knows, and what runs.
//!
//! Reads the store and writes plain text. Never knows a terminal's screen, a document that is
//! open, or the network.

mod documents;
mod moment;
mod status;
mod words;

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::store::{FileError, NoHome, StoreError};

pub use documents::{docs, export, forget};
pub use moment::{Moment, ParseMomentError, parse_duration};
pub use status::status;

/// Why a command did nothing. Each is one sentence for a person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShellError {
    /// No folder to keep things in.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// The state folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was named cannot be a file's path.
    #[error(transparent)]
    File(#[from] FileError),
    /// Nothing is kept under that name.
    #[error("{} is no document that copad knows: copad docs lists them", shown(.0))]
    Unknown(PathBuf),
    /// The time is none.
    #[error(transparent)]
    Moment(#[from] ParseMomentError),
    /// Nothing is known of a document at that time.
    #[error("nothing is known of {title} at that time: it was first kept later")]
    NotThen {
        /// What the document is called.
        title: String,
    },
    /// A short id fits several documents.
    #[error("{0} is the beginning of several ids: write more of it")]
    Ambiguous(String),
    /// A document was made known, but nothing of it was ever stored.
    #[error("nothing is stored of {title}: it was never opened")]
    NothingStored {
        /// What the document is called.
        title: String,
    },
    /// There is nobody to ask.
    #[error("{title} is not forgotten without being asked: run this at a terminal, or say --yes")]
    NobodyToAsk {
        /// What the document is called.
        title: String,
    },
    /// The answer cannot be written, or the question not be read.
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
}

/// What to call a document in a sentence.
fn name_of(path: Option<&Path>, title: &str) -> String {
    match path {
        Some(path) => shown(path),
        None => format!("{} (no file)", words::plain(title)),
    }
}

/// A path with control characters spelt out.
fn shown(path: &Path) -> String {
    words::plain(&path.to_string_lossy())
}
