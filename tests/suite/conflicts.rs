//! Two people with real copads, cut apart, who change the same sentence and meet again.

use std::{fs, process::Command};

use iroh_loro_realtime::store::Store;
use vt100::Screen;

use crate::terminal::{Machine, Person, Terminal, eventually};

const UNDO: &str = "\x1a";
const RIGHT: &str = "\x1b[C";
const LEFT: &str = "\x1b[D";
const LINE_END: &str = "\x1b[F";
const DOCUMENT_START: &str = "\x1b[1;5H";
const OFFLINE: &str = "\x1b[17~";
const CONFLICTS: &str = "\x1b[18~";
const NEXT_CONFLICT: &str = "\x1b[19~";

const TEXT: &str = "The fox jumped.\n\nSomething else.\n";
const MERGED: &str = "The quick fox jumped twice.";

/// A person for whom every moment apart counts.
fn person(machine: &Machine, name: &str) -> Person {
    let person = machine.person(name);
    fs::create_dir_all(person.path("config/copad")).expect("a folder can be made");
    person.file(
        "config/copad/config.toml",
        "[conflicts]\napart_seconds = 0\n",
    );
    person
}

/// Ada, whose file it is, and Ben, who is with her.
struct Pair {
    ada: Terminal,
    ben: Terminal,
    id: String,
    ada_herself: Person,
    ben_himself: Person,
    _machine: Machine,
}

fn pair() -> Pair {
    let machine = Machine::new();
    let host = person(&machine, "ada");
    let notes = host.file("notes.md", TEXT);
    let id = host.node_id(&notes);
    let ada = host.open(&["--name", "Ada", "notes.md"]);
    let ben_himself = person(&machine, "ben");
    let ben = ben_himself.open(&["--name", "Ben", "--connect", &id]);
    ada.sees(&["Ben", "synced"]);
    ben.sees(&["Ada", "The fox jumped", "synced"]);
    Pair {
        ada,
        ben,
        id,
        ada_herself: host,
        ben_himself,
        _machine: machine,
    }
}

impl Pair {
    /// Ben goes offline, and both change the same sentence.
    fn part(&mut self) {
        self.ben.keys(OFFLINE);
        self.ben.sees(&["offline"]);
        self.ada.sees(&["Ben left"]);
        self.ada.keys(DOCUMENT_START);
        self.ada.keys(&RIGHT.repeat(4));
        self.ada.keys("quick ");
        self.ada.sees(&["The quick fox jumped."]);
        self.ben.keys(DOCUMENT_START);
        self.ben.keys(LINE_END);
        self.ben.keys(LEFT);
        self.ben.keys(" twice");
        self.ben.sees(&["The fox jumped twice."]);
    }

    /// Both are told what happened, and Ada opens the card.
    fn meet(&mut self) {
        for terminal in [&self.ada, &self.ben] {
            terminal.sees(&["While you were apart", "1 needs a look"]);
        }
        self.ada.keys("\r");
        self.ada
            .sees(&["same sentence", "[k]eep merged", "yours", "Ben", MERGED]);
    }

    #[track_caller]
    fn both_show(&self, what: &str, condition: impl Fn(&Screen) -> bool) {
        for terminal in [&self.ada, &self.ben] {
            terminal.waits(what, &condition);
        }
    }
}

fn first_line(screen: &Screen) -> String {
    let contents = screen.contents();
    let line = contents.lines().next().unwrap_or_default();
    line.trim_start_matches([' ', '1', '!']).to_owned()
}

fn is_without_a_card(screen: &Screen) -> bool {
    !["[k]eep merged", "While you were apart"]
        .iter()
        .any(|words| screen.contents().contains(words))
}

/// Ada answers; both screens show what comes of it, and both show that she takes it back.
fn answer(keys: &str, expected: &[&str]) {
    let mut pair = pair();
    pair.part();
    pair.ben.keys(OFFLINE);
    pair.meet();
    pair.ada.keys(keys);
    pair.both_show(&format!("{keys:?} leads to {expected:?}"), |screen| {
        let line = first_line(screen);
        expected.iter().all(|words| line.contains(words)) && is_without_a_card(screen)
    });
    pair.both_show("the mark is gone", |screen| {
        !screen.contents().contains("1 conflict")
    });
    pair.ada.keys(UNDO);
    pair.both_show(&format!("{keys:?} is undone"), |screen| {
        first_line(screen).starts_with(MERGED) && screen.contents().contains("1 conflict")
    });
}

#[test]
fn the_merge_is_kept() {
    let mut pair = pair();
    pair.part();
    pair.ben.keys(OFFLINE);
    pair.meet();
    pair.ada.keys("k");
    pair.both_show("it is settled", |screen| {
        first_line(screen).starts_with(MERGED)
            && is_without_a_card(screen)
            && !screen.contents().contains("1 conflict")
    });
    pair.ben.sees(&["Ada settled the conflict"]);
    // The text is as it was, but there is something to decide again.
    pair.ada.keys(UNDO);
    pair.both_show("it is open again", |screen| {
        first_line(screen).starts_with(MERGED) && screen.contents().contains("1 conflict")
    });
}

#[test]
fn mine_is_taken_and_taken_back() {
    answer("m", &["The quick fox jumped."]);
}

#[test]
fn theirs_is_taken_and_taken_back() {
    answer("t", &["The fox jumped twice."]);
}

#[test]
fn both_are_kept_and_taken_back() {
    answer("b", &["The quick fox jumped.", "The fox jumped twice."]);
}

#[test]
fn another_text_is_written_and_taken_back() {
    answer("e Yes.\r", &["The quick fox jumped twice. Yes."]);
}

#[test]
fn later_leaves_a_mark_on_both_screens_and_either_can_answer() {
    let mut pair = pair();
    pair.part();
    pair.ben.keys(OFFLINE);
    pair.meet();
    pair.ada.keys("l");
    pair.ada.sees(&["1!The quick fox", "1 conflict"]);
    pair.ben.keys("\x1b");
    pair.ben.sees(&["1!The quick fox", "1 conflict"]);
    pair.ben.keys(&"\x1b[B".repeat(2));
    pair.ben.keys(NEXT_CONFLICT);
    pair.ben.keys(CONFLICTS);
    pair.ben.sees(&["same sentence", "yours", "Ada"]);
    pair.ben.keys("m");
    pair.both_show("Ben's answer", |screen| {
        first_line(screen).starts_with("The fox jumped twice.")
            && !screen.contents().contains("1 conflict")
    });
}

#[test]
fn who_was_ended_and_started_again_meets_the_same_conflict() {
    let mut pair = pair();
    pair.part();
    let process = pair.ben.process_id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &process]).status();
    assert!(sent.expect("kill runs").success());
    pair.ben.ends();
    pair.ben = pair
        .ben_himself
        .open(&["--name", "Ben", "--connect", &pair.id]);
    pair.meet();
    pair.ben.keys("\r");
    pair.ben
        .sees(&["same sentence", "yours", "The fox jumped twice."]);
    pair.ben.keys("t");
    pair.both_show("hers holds", |screen| {
        first_line(screen).starts_with("The quick fox jumped.") && is_without_a_card(screen)
    });
}

/// What a running copad of this person has stored of `notes.md`, if that can be told right now.
fn stored(person: &Person) -> Option<String> {
    let copy = tempfile::tempdir().expect("a temporary folder can be made");
    for name in ["copad.db", "copad.db-wal"] {
        // Whatever is not there is not needed.
        let _ = fs::copy(person.state().join(name), copy.path().join(name));
    }
    let store = Store::open(copy.path()).ok()?;
    let replica = store.replica_for(&person.path("notes.md")).ok()?;
    store.text(replica.id).ok()
}

#[test]
fn who_was_killed_and_started_again_meets_the_same_conflict() {
    let mut pair = pair();
    pair.part();
    let kept = eventually(|| stored(&pair.ada_herself).filter(|text| text.contains("quick fox")));
    kept.expect("what was typed is stored");
    pair.ada.crash();
    pair.ada = pair.ada_herself.open(&["--name", "Ada", "notes.md"]);
    pair.ada.sees(&["The quick fox jumped."]);
    pair.ben.keys(OFFLINE);
    pair.meet();
    pair.ada.keys("t");
    pair.both_show("Ben's holds", |screen| {
        first_line(screen).starts_with("The fox jumped twice.") && is_without_a_card(screen)
    });
    pair.ada.keys(UNDO);
    pair.both_show("it is open again", |screen| {
        first_line(screen).starts_with(MERGED) && screen.contents().contains("1 conflict")
    });
}

#[test]
fn the_disk_is_an_author_too() {
    let mut pair = pair();
    pair.ada.keys(DOCUMENT_START);
    pair.ada.keys(&RIGHT.repeat(4));
    pair.ada.keys("quick ");
    pair.ben.sees(&["The quick fox jumped."]);
    // Another program changes the same sentence, in another place.
    pair.ada_herself
        .file("notes.md", "The fox jumped twice.\n\nSomething else.\n");
    pair.both_show("both changes are in", |screen| {
        first_line(screen).starts_with(MERGED) && screen.contents().contains("1 conflict")
    });
    pair.ada
        .sees(&["The file changed too", "1 needs a look", "[Enter] look"]);
    pair.ada.keys("\r");
    pair.ada.sees(&["same sentence", "yours", "disk", MERGED]);
    pair.ben.keys(CONFLICTS);
    pair.ben.sees(&["Ada", "disk", "[m] Ada's [t] disk's"]);
    pair.ben.keys("t");
    pair.both_show("the file's holds", |screen| {
        first_line(screen).starts_with("The fox jumped twice.") && is_without_a_card(screen)
    });
    pair.ben.keys(UNDO);
    pair.both_show("it is open again", |screen| {
        first_line(screen).starts_with(MERGED) && screen.contents().contains("1 conflict")
    });
}
