//! The tests that look at the package from outside: its sources, its command line, and the real
//! binary in a pseudo-terminal.

mod access;
mod command_line;
mod conflicts;
mod crashes;
mod demo;
mod demonstration;
mod disk;
mod divergence;
mod documents;
mod editing;
mod examples;
mod files;
mod keeping;
mod licences;
mod long_history;
mod people;
mod picture;
mod reopening;
mod rooms;
mod serve;
mod several;
mod suspended;
mod tabs;
mod terminal;
mod tools;
