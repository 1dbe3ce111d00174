//! The tests that look at the package from outside: its sources, its command line, and the real
//! binary in a pseudo-terminal.

mod access;
mod broken;
mod command_line;
mod conflicts;
#[path = "../hostile/crafted.rs"]
mod crafted;
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
mod large;
mod licences;
mod long_history;
mod people;
mod picture;
mod reopening;
mod rooms;
mod serve;
mod several;
#[path = "../integration/stranger.rs"]
#[expect(dead_code, reason = "the tests of the library use the rest")]
mod stranger;
mod suspended;
mod tabs;
mod terminal;
mod tools;
