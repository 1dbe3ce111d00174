//! The screen: the full-screen editor `copad`.
//!
//! Uses the library's public names as any other application would.

pub mod clipboard;
pub mod command;
pub mod config;
pub mod keymap;
pub mod source;
pub mod terminal;
pub mod text;
pub mod theme;
