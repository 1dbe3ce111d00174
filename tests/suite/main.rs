//! The tests that look at the package from outside: its sources, its command line, and the real
//! binary in a pseudo-terminal.

mod command_line;
mod demo;
mod editing;
mod examples;
mod people;
mod picture;
mod rooms;
mod terminal;
mod tools;
