//! The screen: the full-screen editor `copad`.
//!
//! Uses the library's public names as any other application would.

pub mod command;
pub mod keymap;
pub mod source;
pub mod text;
pub mod theme;
