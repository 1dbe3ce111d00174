//! People writing together, each with the real binary in a terminal of their own.

use std::process::Command;

use vt100::Screen;

use crate::terminal::{Machine, Person, Terminal};

const SAVE: &str = "\x13";
const QUIT: &str = "\x11";
const UNDO: &str = "\x1a";
const REDO: &str = "\x19";
const DOWN: &str = "\x1b[B";
const DOCUMENT_END: &str = "\x1b[1;5F";
const LINE_END: &str = "\x1b[F";
const SELECT_RIGHT: &str = "\x1b[1;2C";

/// Two people at one document: Ada's file, which Ben joins by its node id alone.
fn pair(machine: &Machine, content: &str) -> (Person, Terminal, Terminal) {
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", content);
    let id = ada.node_id(&notes);
    let host = ada.open(&["--name", "Ada", "notes.md"]);
    let guest = machine
        .person("ben")
        .open(&["--name", "Ben", "--connect", &id]);
    host.sees(&["Ben"]);
    guest.sees(&[
        "Ada",
        "notes.md",
        content.lines().last().unwrap_or_default(),
    ]);
    (ada, host, guest)
}

/// The text of the document pane, without line numbers and the marks behind them, as far as it is
/// on the screen.
fn text(screen: &Screen) -> Vec<String> {
    let numbered = screen.contents();
    let lines = numbered.lines().filter_map(|line| {
        let line = line.trim_start();
        let text = line.trim_start_matches(|character: char| character.is_ascii_digit());
        if text.len() == line.len() {
            return None;
        }
        let mut behind_the_mark = text.chars();
        behind_the_mark.next();
        let text = behind_the_mark.as_str();
        Some(text.split("  ").next().unwrap_or("").trim().to_owned())
    });
    lines.collect()
}

/// Waits until each screen shows these texts somewhere.
#[track_caller]
fn all_see(terminals: &[&Terminal], texts: &[&str]) {
    for terminal in terminals {
        terminal.sees(texts);
    }
}

#[test]
fn a_node_id_is_enough_to_write_together() {
    let machine = Machine::new();
    let (ada, mut host, mut guest) = pair(&machine, "first line\nsecond line\nthird line\n");
    all_see(&[&host, &guest], &["first line", "third line"]);
    guest.sees(&["notes.md"]);

    // Different lines at once.
    guest.keys(DOCUMENT_END);
    host.keys("Ada was here. ");
    guest.keys("Ben was here.");
    all_see(
        &[&host, &guest],
        &["Ada was here. first line", "Ben was here."],
    );

    // The same line at once.
    guest.keys("\x1b[1;5H");
    guest.sees(&["1:1"]);
    host.keys("one ");
    guest.keys("two ");
    host.waits("both words are there", |screen| {
        screen.contents().contains("one ") && screen.contents().contains("two ")
    });
    let mine = text(&host.sees(&["one", "two"]));
    guest.waits("both screens show the same", |screen| text(screen) == mine);

    host.keys(SAVE);
    host.sees(&["Saved notes.md"]);
    let saved = std::fs::read_to_string(ada.path("notes.md")).expect("the saved file is readable");
    assert!(
        saved.contains("Ben was here."),
        "the file holds what both wrote: {saved}"
    );
}

#[test]
fn carets_and_selections_of_others_are_seen_and_follow() {
    let machine = Machine::new();
    let (_, mut host, mut guest) = pair(&machine, "alpha beta\ngamma delta\n");
    all_see(&[&host, &guest], &["gamma delta"]);
    guest.keys(DOWN);
    host.sees(&["2:1"]);
    guest.keys(LINE_END);
    host.sees(&["2:12"]);
    let before = host.sees(&["gamma"]);
    guest.keys("\x1b[H");
    host.sees(&["2:1"]);
    guest.keys(&SELECT_RIGHT.repeat(5));
    host.waits("the selection of the other is coloured", |screen| {
        coloured(screen, "gamma") != coloured(&before, "gamma")
    });
    // A line typed above pushes the other's caret down with its text.
    host.keys("new\r");
    host.sees(&["3:6"]);
}

/// The background colours under a word on the screen.
fn coloured(screen: &Screen, word: &str) -> Vec<vt100::Color> {
    let (rows, columns) = screen.size();
    for row in 0..rows.get() {
        let line: String = (0..columns.get())
            .map(|column| letter(screen, row, column))
            .collect();
        if let Some(start) = line.find(word) {
            let start = line[..start].chars().count();
            let cells =
                (start..start + word.len()).filter_map(|column| screen.cell(row, column as u16));
            return cells.map(vt100::Cell::bgcolor).collect();
        }
    }
    Vec::new()
}

fn letter(screen: &Screen, row: u16, column: u16) -> char {
    screen
        .cell(row, column)
        .and_then(|cell| cell.contents().chars().next())
        .unwrap_or(' ')
}

#[test]
fn undo_takes_back_only_what_one_typed_oneself() {
    let machine = Machine::new();
    let (_, mut host, mut guest) = pair(&machine, "");
    host.keys("house");
    guest.sees(&["house"]);
    guest.keys("\x1b[C\x1b[C\x1b[CXYZ");
    host.sees(&["houXYZse"]);
    host.keys(UNDO);
    let without =
        |screen: &Screen| screen.contents().contains("1 XYZ") && !screen.contents().contains("hou");
    host.waits("only the other's letters are left", without);
    guest.waits("only the other's letters are left", without);
    host.keys(REDO);
    all_see(&[&host, &guest], &["houXYZse"]);
}

#[test]
fn the_host_may_leave_and_come_back() {
    let machine = Machine::new();
    let (ada, mut host, mut guest) = pair(&machine, "shared\n");
    host.keys(QUIT);
    assert_eq!(host.ends(), 0);
    guest.sees(&["left"]);
    guest.keys("Ben alone. ");
    guest.sees(&["Ben alone. shared"]);

    let mut host = ada.open(&["--name", "Ada", "notes.md"]);
    host.keys(DOCUMENT_END);
    host.keys("Ada alone.");
    all_see(&[&host, &guest], &["Ben alone. shared", "Ada alone."]);
}

#[test]
fn three_stay_together_when_the_host_leaves() {
    let machine = Machine::new();
    let (ada, mut host, mut ben) = pair(&machine, "together\n");
    let id = ada.node_id(&ada.path("notes.md"));
    let mut cleo = machine
        .person("cleo")
        .open(&["--name", "Cleo", "--connect", &id]);
    cleo.sees(&["Ada", "Ben", "together"]);
    ben.sees(&["Cleo"]);
    host.keys(QUIT);
    assert_eq!(host.ends(), 0);
    ben.keys("Ben says hello. ");
    all_see(&[&ben, &cleo], &["Ben says hello. together"]);
    cleo.keys(DOCUMENT_END);
    cleo.keys("Cleo as well.");
    all_see(&[&ben, &cleo], &["Cleo as well."]);
}

#[test]
fn a_file_with_other_content_is_asked_about_first() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "theirs\nshared end\n");
    let id = ada.node_id(&notes);
    let host = ada.open(&["--name", "Ada", "notes.md"]);
    host.sees(&["theirs"]);

    let ben = machine.person("ben");
    let mine = ben.file("mine.md", "mine\nshared end\n");
    let mut guest = ben.open(&["--name", "Ben", "--connect", &id, "mine.md"]);
    guest.sees(&["2 lines; 1 differs"]);
    assert_eq!(
        std::fs::read_to_string(&mine).expect("the file is readable"),
        "mine\nshared end\n"
    );
    // Keep mine as edits on top.
    guest.keys("\t\r");
    all_see(&[&guest, &host], &["mine", "shared end"]);
    guest.waits("the question is gone", |screen| {
        !screen.contents().contains("1 differs")
    });
}

#[test]
fn quitting_with_unsaved_changes_asks() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "saved\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["saved"]);
    terminal.keys("not ");
    terminal.sees(&["not saved"]);
    terminal.keys(QUIT);
    terminal.sees(&["Save and quit"]);
    terminal.keys("s");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(
        std::fs::read_to_string(ada.path("notes.md")).expect("the file is readable"),
        "not saved\n"
    );
}

#[test]
fn a_signal_restores_the_terminal_and_keeps_what_was_typed() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    for signal in ["TERM", "HUP"] {
        let mut terminal = ada.open(&["notes.md"]);
        terminal.sees(&["text"]);
        terminal.keys(signal);
        terminal.sees(&[signal]);
        let id = terminal.process_id().to_string();
        let sent = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .expect("kill runs");
        assert!(sent.success());
        terminal.ends();
        terminal.waits("the terminal is as it was", |screen| {
            !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor()
        });
    }
    // The caret was where the first typing ended.
    ada.open(&["notes.md"]).sees(&["TERMHUPtext"]);
}

#[test]
fn an_empty_buffer_can_join_from_within() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "from the host\n");
    let id = ada.node_id(&notes);
    let host = ada.open(&["--name", "Ada", "notes.md"]);
    let mut guest = machine.person("ben").open(&["--name", "Ben"]);
    guest.sees(&["untitled"]);
    guest.keys("\x12");
    guest.sees(&["Connect"]);
    guest.keys(&id);
    guest.sees(&[&id[..20]]);
    guest.keys("\r");
    guest.sees(&["from the host", "Ada"]);
    host.sees(&["Ben"]);
}

#[test]
fn another_document_is_refused_with_a_sentence() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "from the host\n");
    let id = ada.node_id(&notes);
    let _host = ada.open(&["--name", "Ada", "notes.md"]);
    let ben = machine.person("ben");
    ben.file("own.md", "own text\n");
    let mut guest = ben.open(&["--name", "Ben", "own.md"]);
    guest.sees(&["own text"]);
    guest.keys("\x12");
    guest.sees(&["Connect"]);
    guest.keys(&id);
    guest.sees(&[&id[..20]]);
    guest.keys("\r");
    guest.sees(&["hold different documents", "not connected", "own text"]);
}

#[test]
fn a_change_by_another_program_is_merged_when_the_file_is_opened_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "one\ntwo\nthree\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["three"]);
    terminal.keys("unsaved ");
    terminal.sees(&["unsaved one"]);
    terminal.keys(QUIT);
    terminal.sees(&["Quit without saving"]);
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(
        std::fs::read_to_string(&notes).expect("it is readable"),
        "one\ntwo\nthree\n"
    );
    ada.file("notes.md", "one\ntwo\nTHREE\n");
    for _ in 0..2 {
        let mut terminal = ada.open(&["notes.md"]);
        let screen = terminal.sees(&["unsaved one", "THREE"]);
        assert!(
            !screen.contents().contains("three"),
            "merged once: {}",
            screen.contents()
        );
        terminal.keys(QUIT);
        terminal.sees(&["Quit without saving"]);
        terminal.keys("q");
        assert_eq!(terminal.ends(), 0);
    }
}

#[test]
fn a_host_that_is_not_there_is_waited_for() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "late but here\n");
    let id = ada.node_id(&notes);
    let guest = machine.person("ben").open(&["--connect", &id]);
    guest.sees(&[&format!("cannot reach {}", &id[..10])]);
    let _host = ada.open(&["notes.md"]);
    guest.sees(&["late but here", "synced"]);
}

#[test]
fn what_is_typed_before_the_host_answers_waits_for_it() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "from the host\n");
    let id = ada.node_id(&notes);
    let ben = machine.person("ben");
    let mut guest = ben.open(&["--name", "Ben", "--connect", &id]);
    guest.keys("typed while waiting ");
    guest.sees(&["typed while waiting", "cannot reach"]);
    guest.keys(QUIT);
    guest.sees(&["Quit without saving"]);
    guest.keys("q");
    assert_eq!(guest.ends(), 0);

    let guest = ben.open(&["--name", "Ben", "--connect", &id]);
    guest.sees(&["typed while waiting"]);
    let host = ada.open(&["notes.md"]);
    all_see(&[&guest, &host], &["typed while waiting", "from the host"]);
}

#[test]
fn whoever_is_asked_to_come_is_told_where_and_comes_by_a_key() {
    let machine = Machine::new();
    let (_, mut host, mut guest) = pair(&machine, "first\nsecond\nthird\n");
    all_see(&[&host, &guest], &["third", "synced"]);
    host.keys(DOCUMENT_END);
    host.sees(&[" 4:1 "]);
    // The command has no key of its own.
    host.keys("\x10");
    host.keys("ask everybody");
    host.sees(&["Ask everybody to come to where you are"]);
    host.keys("\r");
    guest.sees(&["Ada asks you to come to line"]);
    guest.keys("\x1bt");
    guest.sees(&[" 4:1 "]);
}
