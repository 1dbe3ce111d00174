//! The document: one text, the changes made to it, and positions that survive them.
//!
//! Knows Loro and nothing else: no socket, no screen, no clock.

mod delta;
mod shared;

pub use delta::{Bias, Change, Delta};
pub use shared::{DocumentGuard, SharedDocument};
