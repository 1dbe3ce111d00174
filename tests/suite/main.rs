//! The tests that look at the package from outside: its sources, its command line, and the real
//! binary in a pseudo-terminal.

mod command_line;
mod crashes;
mod demo;
mod disk;
mod documents;
mod editing;
mod examples;
mod people;
mod picture;
mod rooms;
mod serve;
mod several;
mod terminal;
mod tools;
