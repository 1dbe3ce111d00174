//! Text on a screen: which characters belong together, where they are drawn, where a caret goes.
//!
//! All of it is pure functions over a rope. Positions are counted in Unicode scalar values from the
//! start of the document. Nothing here costs more than what is visible, whatever the length of the
//! document or of a line: lines are worked on in segments of about four thousand characters.

pub mod bracket;
pub mod comment;
pub mod grapheme;
pub mod highlight;
pub mod indentation;
pub mod layout;
pub mod lines;
pub mod movement;
#[cfg(test)]
pub(crate) mod samples;
pub mod search;
pub mod several;
mod symbol;

pub use symbol::is_hidden;
