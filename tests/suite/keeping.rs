//! What is there again after copad was closed, whatever happened to it.

use std::fs;

use iroh_loro_realtime::store::Store;
use vt100::Screen;

use crate::terminal::{Machine, Person, Terminal, eventually};

const QUIT: &str = "\x11";
const SAVE: &str = "\x13";
/// "Quit without saving".
const WITHOUT_SAVING: &str = "q";

/// Ends copad with unsaved changes.
#[track_caller]
fn quit_without_saving(terminal: &mut Terminal) {
    terminal.keys(QUIT);
    terminal.sees(&["Save and quit"]);
    terminal.keys(WITHOUT_SAVING);
    assert_eq!(terminal.ends(), 0);
}

/// The id of a host that is not running.
fn absent_host(machine: &Machine) -> String {
    let host = machine.person("host");
    host.node_id(&host.file("theirs.md", ""))
}

fn saved(person: &Person, name: &str) -> String {
    fs::read_to_string(person.path(name)).expect("the file is readable")
}

/// Waits until a running copad has stored this text, whichever replica holds it.
#[track_caller]
fn stores(person: &Person, text: &str) {
    let stored = eventually(|| {
        let copy = tempfile::tempdir().expect("a temporary folder can be made");
        for name in ["copad.db", "copad.db-wal"] {
            // Whatever is not there is not needed.
            let _ = fs::copy(person.state().join(name), copy.path().join(name));
        }
        // What was copied while it was written may make no sense.
        let store = Store::open(copy.path()).ok()?;
        let replicas = store.replicas().ok()?;
        let holds = |id| store.text(id).is_ok_and(|stored| stored.contains(text));
        replicas
            .iter()
            .any(|replica| holds(replica.id))
            .then_some(())
    });
    assert!(stored.is_some(), "{text:?} was never stored");
}

#[test]
fn the_caret_and_the_scroll_position_are_there_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let lines: String = (1..200).map(|line| format!("line {line}\n")).collect();
    ada.file("notes.md", &lines);
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["line 1"]);
    // Four pages down, and some rows up.
    terminal.keys(&"\x1b[6~".repeat(4));
    terminal.keys(&"\x1b[A".repeat(5));
    terminal.keys("\x1b[C");
    let before = terminal.sees(&["84:2 ", "line 84"]);
    terminal.keys(QUIT);
    assert_eq!(terminal.ends(), 0);

    let terminal = ada.open(&["notes.md"]);
    let text = |screen: &Screen| -> Vec<String> {
        let (rows, columns) = screen.size();
        let last = usize::from(rows.get()) - 1;
        screen.rows(0, columns.get()).take(last).collect()
    };
    terminal.waits("the same rows are there, and the caret", |screen| {
        text(screen) == text(&before) && screen.contents().contains("84:2 ")
    });
}

#[test]
fn a_crash_is_told_and_an_end_is_not() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "saved\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["1 saved"]);
    terminal.keys("typed ");
    terminal.sees(&["typed saved"]);
    stores(&ada, "typed saved");
    terminal.crash();

    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["typed saved", "notes.md was not closed properly last time"]);
    terminal.sees(&["not saved"]);
    terminal.keys(SAVE);
    terminal.sees(&["Saved notes.md"]);
    terminal.keys(QUIT);
    assert_eq!(terminal.ends(), 0);
    assert_eq!(saved(&ada, "notes.md"), "typed saved\n");

    let terminal = ada.open(&["notes.md"]);
    let screen = terminal.sees(&["typed saved", "F1 help"]);
    assert!(!screen.contents().contains("not closed"));
}

#[test]
fn what_is_written_while_a_host_is_away_is_kept_whatever_the_file_was() {
    let machine = Machine::new();
    let host = absent_host(&machine);
    let ben = machine.person("ben");
    // A history of its own, and a file that was emptied since.
    ben.file("mine.md", "mine\n");
    let mut terminal = ben.open(&["mine.md"]);
    terminal.sees(&["1 mine"]);
    terminal.keys("all ");
    terminal.keys(SAVE);
    terminal.sees(&["Saved mine.md"]);
    terminal.keys(QUIT);
    terminal.ends();
    // And one with a text, that copad never saw.
    ben.file("text.md", "a text\n");

    for (name, before) in [("mine.md", ""), ("text.md", "a text\n")] {
        ben.file(name, before);
        let join = ["--name", "Ben", "--connect", &host, name];
        let mut terminal = ben.open(&join);
        terminal.sees(&["People"]);
        // Told apart, since both are stored in one place.
        let more = format!("{name} again");
        terminal.keys("while nobody answered ");
        terminal.sees(&["1 while nobody answered"]);
        quit_without_saving(&mut terminal);

        let mut terminal = ben.open(&join);
        terminal.sees(&["1 while nobody answered"]);
        terminal.keys(&more);
        terminal.sees(&[&format!("while nobody answered {more}")]);
        stores(&ben, &format!("while nobody answered {more}"));
        terminal.crash();
        assert_eq!(saved(&ben, name), before, "the file is as it was");

        let terminal = ben.open(&join);
        terminal.sees(&[&format!("1 while nobody answered {more}")]);
        drop(terminal);
        // Alone, the file is what it was, and what waits is told.
        let terminal = ben.open(&[name]);
        let screen = terminal.sees(&["What you wrote while waiting for"]);
        assert!(!screen.contents().contains("nobody answered"));
    }
}

#[test]
fn what_was_written_while_the_host_was_away_reaches_it() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "theirs\n");
    let id = ada.node_id(&notes);
    let ben = machine.person("ben");
    ben.file("mine.md", "theirs\n");
    let join = ["--name", "Ben", "--connect", &id, "mine.md"];
    let mut guest = ben.open(&join);
    guest.sees(&["People"]);
    guest.keys("Ben came first. ");
    guest.sees(&["1 Ben came first."]);
    quit_without_saving(&mut guest);

    let host = ada.open(&["--name", "Ada", "notes.md"]);
    host.sees(&["1 theirs"]);
    let mut guest = ben.open(&join);
    // The file is not what the two of them have now: theirs is taken.
    guest.sees(&["differ"]);
    guest.keys("\t\t\r");
    host.sees(&["Ben came first.", "theirs"]);
    guest.keys(SAVE);
    guest.sees(&["Saved mine.md"]);
    guest.keys(QUIT);
    assert_eq!(guest.ends(), 0);
    assert_eq!(ben.node_id(&ben.path("mine.md")).len(), 64);
    // From now on it is the document of this file.
    let guest = ben.open(&["--name", "Ben", "mine.md"]);
    guest.sees(&["Ben came first.", "theirs"]);
    host.sees(&["Ben"]);
}
