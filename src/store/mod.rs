//! The disk: replicas and their identity, and the user's files.
//!
//! Knows the document and the file system; no socket and no screen.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `places` | which folders are ours: the only file that knows their names |
//! | `database`, `schema`, `column`, `error` | opening and using the database of the state folder |
//! | `replica`, `reopening`, `history`, `peer`, `summary`, `access` | what is remembered, by [`Store`] |
//! | `journal` | keeps every change of an open document on the disk |
//! | `early` | what is typed into a large file before its history is stored |
//! | `marker` | whose update was going in when a process died |
//! | `rescue`, `log` | what is sound of a damaged database |
//! | `lock` | one process at a time writes a replica |
//! | `path`, `file`, `save`, `attributes` | a person's files: naming, reading, saving them whole |
//! | `leftover` | what a save that was cut short left behind |
//! | `faults` | lets tests make the disk fail at every call |
//! | `merge` | what another program changed in a file |
//!
//! All calls block, so they do not belong on a thread that draws or serves a network.

mod access;
mod aside;
mod attributes;
mod column;
mod database;
mod early;
mod error;
mod faults;
mod file;
mod hash;
mod history;
mod journal;
mod leftover;
mod lock;
mod log;
mod marker;
mod merge;
mod path;
mod peer;
mod places;
mod reopening;
mod replica;
mod rescue;
mod save;
mod schema;
mod summary;

pub use access::{StoredAccess, StoredTicket};
pub use aside::set_aside;
pub use database::Store;
pub(crate) use early::{EarlyEdits, EarlyLog};
pub use error::StoreError;
pub use file::{FileError, LoadedFile, MAX_FILE, Protection, read_file};
pub use hash::ContentHash;
pub use history::{JournalEntry, Journaled, StoredHistory};
pub use journal::{Journal, JournalNews};
pub use leftover::{remove_unfinished_saves, unfinished_overwrite};
pub use lock::ReplicaLock;
pub use marker::{ImportMarker, UnfinishedImport};
pub use merge::{Clash, Crossing, Meeting, Outcome, Trail, difference, differing_lines, meet};
pub use path::canonical_path;
pub use peer::KnownPeer;
pub use places::{NoHome, Places};
pub use replica::{NodeKey, Replica, ReplicaId, SaveRecord, SavedState};
pub use save::{SavedFile, backup_beside, hash_of_text, replace_file, save_file};
pub use summary::ReplicaSummary;
