//! The screen: the full-screen editor `copad`.
//!
//! Uses the library's public names as any other application would.

pub mod app;
pub mod clipboard;
pub mod command;
pub mod config;
pub mod demo;
mod dialog;
mod editor;
mod folder;
pub mod invite;
mod joining;
mod keyboard;
pub mod keymap;
pub mod launch;
mod network;
mod pane;
mod properties;
pub mod reference;
mod reload;
mod run;
mod set_aside;
#[cfg(test)]
mod snapshot;
pub mod source;
mod tabs;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod tools;
mod view;
mod watching;

pub use run::run;
