//! The document: one text, the changes made to it, and positions that survive them.
//!
//! Knows Loro and nothing else: no socket, no screen, no clock.
//!
//! # The one path
//!
//! Whoever changes the text, the change comes back from Loro as an event. [`TextDocument`] queues
//! it, turns it into a [`Delta`] and applies that to the rope, the undo stack and, as an
//! [`AppliedChange`], to whatever follows the text: carets, selections, the screen. One unit
//! everywhere: Unicode scalar values.

mod anchor;
mod bulk;
pub mod conflict;
mod delta;
mod document;
mod eol;
mod selection;
mod shared;
mod snapshot;
#[cfg(test)]
mod testing;
mod undo;

pub use anchor::{Anchor, AnchorError};
pub use delta::{Bias, Change, Content, Delta};
pub(crate) use document::Filling;
pub use document::{AppliedChange, EditContext, EditError, EditKind, Origin, TextDocument, Undone};
pub use eol::{DecodeError, Encoding, LineEnding, TextFormat, decode, encode};
pub use selection::TextSelection;
pub use shared::{DocumentGuard, SharedDocument};
pub use snapshot::SnapshotError;
