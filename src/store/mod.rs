//! The disk: replicas and their identity, and the user's files.
//!
//! Knows the document and the file system; no socket and no screen.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `places` | which folders are ours: the only file that knows their names |
//! | `database`, `schema`, `column`, `error` | opening and using the database of the state folder |
//! | `replica`, `snapshot`, `peer`, `access` | what is remembered, by [`Store`] |
//! | `marker` | whose update was going in when a process died |
//! | `lock` | one process at a time writes a replica |
//! | `path`, `file`, `save`, `attributes` | a person's files: naming, reading, saving them whole |
//! | `merge` | what another program changed in a file |
//!
//! All calls block, so they do not belong on a thread that draws or serves a network.

mod access;
mod attributes;
mod column;
mod database;
mod error;
mod file;
mod hash;
mod lock;
mod marker;
mod merge;
mod path;
mod peer;
mod places;
mod replica;
mod save;
mod schema;
mod snapshot;

pub use access::{StoredAccess, StoredTicket};
pub use database::Store;
pub use error::StoreError;
pub use file::{FileError, LoadedFile, MAX_FILE, read_file};
pub use hash::ContentHash;
pub use lock::ReplicaLock;
pub use marker::ImportMarker;
pub use merge::{difference, differing_lines};
pub use path::canonical_path;
pub use peer::KnownPeer;
pub use places::{NoHome, Places};
pub use replica::{NodeKey, Replica, ReplicaId, SavedState};
pub use save::{SavedFile, backup_beside, save_file};
pub use snapshot::Snapshot;
