//! The screen: the full-screen editor `copad`.
//!
//! Uses the library's public names as any other application would.

//clipboard
pub mod command;
//config
pub mod keymap;
pub mod source;
//terminal
//text
pub mod theme;
