//! The tests that look at the package from outside: its sources, its command line, and the real
//! binary in a pseudo-terminal.

mod access;
mod command_line;
mod demo;
mod examples;
mod licences;
mod people;
mod picture;
mod rooms;
mod terminal;
