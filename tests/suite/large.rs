//! A large file that is typed into at once, long before its document is made and stored.

use std::fs;

use iroh_loro_realtime::store::Store;

use crate::terminal::{Machine, Person, Terminal, eventually};

const QUIT: &str = "\x11";
const SAVE: &str = "\x13";
/// "Quit without saving".
const WITHOUT_SAVING: &str = "q";

fn text() -> String {
    let lines = (1..=200_000).map(|line| format!("line {line} of a large file\n"));
    lines.collect()
}

/// Opens a large file for the first time, and types as soon as it is shown.
fn opened(person: &Person, text: &str) -> Terminal {
    person.file("large.txt", text);
    let mut terminal = person.open(&["large.txt"]);
    terminal.keys("typed at once: ");
    terminal.sees(&["typed at once: line 1 of", "line 2 of"]);
    terminal
}

#[test]
fn what_is_typed_at_once_is_saved_and_seen_by_others() {
    let machine = Machine::new();
    let (ada, ben) = (machine.person("ada"), machine.person("ben"));
    let text = text();
    let mut terminal = opened(&ada, &text);
    terminal.keys(SAVE);
    terminal.sees(&["Saved large.txt"]);
    let expected = format!("typed at once: {text}");
    assert!(fs::read_to_string(ada.path("large.txt")).unwrap() == expected);

    let guest = ben.open(&["--connect", &ada.node_id(&ada.path("large.txt"))]);
    guest.sees(&["typed at once: line 1 of"]);
    // What was typed before there was a document can be taken back in it.
    terminal.keys("\x1a");
    guest.waits("it is gone", |screen| {
        let shown = screen.contents();
        shown.contains("line 1 of") && !shown.contains("typed at once")
    });
    terminal.keys(SAVE);
    terminal.waits("it is gone from the file", |_| {
        fs::read_to_string(ada.path("large.txt")).is_ok_and(|saved| saved == text)
    });
    terminal.keys(QUIT);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_is_typed_at_once_outlives_a_kill() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let text = text();
    let mut terminal = opened(&ada, &text);
    let store = Store::open(&ada.state()).unwrap();
    let replica = store.replica_for(&ada.path("large.txt")).unwrap().id;
    // On the disk it is in the one place or in the other, as fast as this machine is.
    let early = ada.state().join(format!("early-{replica}"));
    let kept = eventually(|| {
        let waits = fs::read(&early).is_ok_and(|bytes| holds(&bytes, "typed at once: "));
        let is_stored = || {
            store
                .text(replica)
                .is_ok_and(|text| text.starts_with("typed at once: "))
        };
        (waits || is_stored()).then_some(())
    });
    assert!(kept.is_some(), "it is not stored");
    terminal.crash();

    let mut terminal = ada.open(&["large.txt"]);
    terminal.sees(&[
        "typed at once: line 1 of",
        "was not closed properly last time",
    ]);
    terminal.keys(SAVE);
    terminal.sees(&["Saved large.txt"]);
    let expected = format!("typed at once: {text}");
    assert!(fs::read_to_string(ada.path("large.txt")).unwrap() == expected);
}

/// Whether each of the characters is there, in this order: they were typed one by one.
fn holds(bytes: &[u8], typed: &str) -> bool {
    let mut bytes = bytes.iter();
    typed.bytes().all(|one| bytes.any(|byte| *byte == one))
}

#[test]
fn who_leaves_at_once_finds_everything_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let text = text();
    let mut terminal = opened(&ada, &text);
    terminal.keys(QUIT);
    terminal.sees(&["Save and quit"]);
    terminal.keys(WITHOUT_SAVING);
    assert_eq!(terminal.ends(), 0);
    assert!(fs::read_to_string(ada.path("large.txt")).unwrap() == text);

    let terminal = ada.open(&["large.txt"]);
    terminal.sees(&["typed at once: line 1 of", "not saved"]);
}
