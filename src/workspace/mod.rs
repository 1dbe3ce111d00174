//! One open document of a person's, without a screen: its history, its file, its place in the store.
//!
//! What the editor and the server have in common. Uses the library's public names as any other
//! application would. Never knows a terminal, nor who looks at the document.

mod disk;
mod opening;
mod save;

pub(crate) use disk::Disk;
pub use opening::OpeningError;
pub(crate) use opening::{Aside, join, reopen};
pub use save::{SaveError, SaveRequest, SavedFile};
