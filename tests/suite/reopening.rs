//! Documents that are opened again while others are away: what was written apart meets.

use crate::terminal::{Machine, Person, Terminal};

const SAVE_AS: &str = "\x1bs";
const QUIT: &str = "\x11";
const DOCUMENT_END: &str = "\x1b[1;5F";

#[track_caller]
fn all_see(terminals: &[&Terminal], texts: &[&str]) {
    for terminal in terminals {
        terminal.sees(texts);
    }
}

/// Leaves with what was typed since the file was saved, if anything was.
#[track_caller]
fn leave(terminal: &mut Terminal) {
    terminal.keys(QUIT);
    let asks = "Quit without saving";
    terminal.waits("it ends or asks", |screen| {
        screen.contents().contains(asks) || !screen.alternate_screen()
    });
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

fn open(person: &Person, name: &str, arguments: &[&str]) -> Terminal {
    let terminal = person.open(&[&["--name", name], arguments].concat());
    terminal.sees(&["F1 help"]);
    terminal
}

#[test]
fn a_document_is_opened_again_while_its_host_is_away() {
    let machine = Machine::new();
    let (ada, ben) = (machine.person("ada"), machine.person("ben"));
    let id = ada.node_id(&ada.file("notes.md", "text\n"));
    let mut host = open(&ada, "Ada", &["notes.md"]);
    let mut guest = ben.open(&["--name", "Ben", "--connect", &id]);
    guest.sees(&["text", "Ada"]);
    host.sees(&["Ben"]);
    leave(&mut guest);
    leave(&mut host);

    let mut guest = ben.open(&["--name", "Ben", "--connect", &id]);
    guest.sees(&[
        "text",
        "Ada's notes.md, as of just now; its host is not there yet",
    ]);
    guest.keys("apart ");
    guest.sees(&["apart text"]);
    leave(&mut guest);

    // What either wrote without the other flows as soon as both are there.
    let mut host = open(&ada, "Ada", &["notes.md"]);
    host.keys(DOCUMENT_END);
    host.keys("alone");
    host.sees(&["alone"]);
    let guest = ben.open(&["--name", "Ben", "--connect", &id]);
    all_see(&[&host, &guest], &["apart text", "alone", "synced"]);
    let screen = guest.sees(&["Ada"]);
    assert!(!screen.contents().contains("not there yet"));
}

#[test]
fn a_file_that_was_joined_once_finds_its_peers_by_itself() {
    let machine = Machine::new();
    let (ada, ben) = (machine.person("ada"), machine.person("ben"));
    let id = ada.node_id(&ada.file("notes.md", "text\n"));
    let mut host = open(&ada, "Ada", &["notes.md"]);
    let mut guest = ben.open(&["--name", "Ben", "--connect", &id]);
    guest.sees(&["text", "Ada", "notes.md"]);
    guest.keys(SAVE_AS);
    guest.sees(&["Save as"]);
    guest.keys("\r");
    guest.sees(&["Saved notes.md"]);
    leave(&mut guest);
    leave(&mut host);

    let mut guest = open(&ben, "Ben", &["notes.md"]);
    guest.keys("by Ben ");
    guest.sees(&["by Ben text"]);
    let mut host = open(&ada, "Ada", &["notes.md"]);
    host.keys(DOCUMENT_END);
    host.keys("by Ada");
    all_see(&[&host, &guest], &["by Ben text", "by Ada", "synced"]);
}
