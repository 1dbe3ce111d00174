//! The screen: the full-screen editor `copad`.
//!
//! Uses the library's public names as any other application would.

pub mod app;
pub mod clipboard;
pub mod command;
pub mod config;
mod dialog;
mod disk;
mod editor;
pub mod entrance;
pub mod invite;
mod joining;
mod keyboard;
pub mod keymap;
pub mod launch;
mod network;
mod opening;
mod pane;
mod run;
mod set_aside;
#[cfg(test)]
mod snapshot;
pub mod source;
pub mod terminal;
pub mod text;
pub mod theme;

pub use run::run;
