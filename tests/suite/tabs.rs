//! Several documents in one copad: opening them, going from one to another, closing them, and
//! leaving with what is not saved. Each is shared on its own.

use crate::terminal::{Machine, Person, Terminal};

const OPEN: &str = "\x0f";
const NEW: &str = "\x0e";
const CLOSE: &str = "\x17";
const SAVE: &str = "\x13";
const SAVE_AS: &str = "\x1bs";
const QUIT: &str = "\x11";
const RELOAD: &str = "\x15";
const NEXT: &str = "\x1b[6;5~";
const PREVIOUS: &str = "\x1b[5;5~";
const DOWN: &str = "\x1b[B";

fn read(person: &Person, file: &str) -> String {
    std::fs::read_to_string(person.path(file)).expect("the file is readable")
}

/// Waits until the first row holds these in this order, and nothing else but marks.
#[track_caller]
fn tabs(terminal: &Terminal, names: &[&str]) {
    terminal.waits(&format!("the tabs are {names:?}"), |screen| {
        let contents = screen.contents();
        let row = contents.lines().next().unwrap_or_default();
        let shown: Vec<_> = row.split('│').map(str::trim).collect();
        shown == names
    });
}

#[test]
fn files_are_opened_beside_each_other_and_found_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "the notes\n");
    ada.file("novel.txt", "it was a dark and stormy night\n");
    let mut screen = ada.open(&["notes.md"]);
    screen.sees(&["the notes", "F1 help"]);

    // Typed in part, completed, opened; what is typed next is for the new one.
    screen.keys(OPEN);
    screen.sees(&["notes.md", "novel.txt"]);
    screen.keys("nov\t");
    screen.waits("the name is complete", |screen| {
        screen.contents().matches("novel.txt").count() == 2
    });
    screen.keys("\rOnce ");
    screen.sees(&["Once it was a dark"]);
    tabs(&screen, &["notes.md", "› novel.txt *"]);

    // The same file, however it is named, is the same tab.
    screen.keys(OPEN);
    screen.keys("./notes.md\r");
    tabs(&screen, &["› notes.md", "novel.txt *"]);
    screen.sees(&["the notes"]);
    screen.keys(NEXT);
    screen.sees(&["Once it was a dark"]);
    screen.keys(PREVIOUS);
    screen.sees(&["the notes"]);

    // A new document, which gets a name.
    screen.keys(NEW);
    tabs(&screen, &["notes.md", "› untitled", "novel.txt *"]);
    screen.keys("brand new");
    screen.keys(SAVE);
    screen.sees(&["Save as"]);
    screen.keys("\x01\x0bfresh.md\r");
    screen.sees(&["Saved fresh.md"]);
    assert_eq!(read(&ada, "fresh.md"), "brand new");

    // What was left without a name does not come back where something new is wanted.
    screen.keys(NEW);
    tabs(
        &screen,
        &["notes.md", "fresh.md", "› untitled", "novel.txt *"],
    );
    screen.keys("left behind");
    screen.keys(CLOSE);
    screen.sees(&["Close without saving"]);
    screen.keys("w");
    tabs(&screen, &["notes.md", "› fresh.md", "novel.txt *"]);
    screen.keys(NEW);
    tabs(
        &screen,
        &["notes.md", "fresh.md", "› untitled", "novel.txt *"],
    );
    screen.waits("there is nothing in it", |screen| {
        !screen.contents().contains("left behind")
    });
    screen.keys(CLOSE);
    tabs(&screen, &["notes.md", "› fresh.md", "novel.txt *"]);

    // Closing goes back to where one was; the last one open needs no row of names.
    screen.keys(CLOSE);
    tabs(&screen, &["› notes.md", "novel.txt *"]);
    screen.keys(NEXT);
    tabs(&screen, &["notes.md", "› novel.txt *"]);
    screen.keys(CLOSE);
    screen.sees(&["Save and close"]);
    screen.keys("s");
    screen.waits("one is left", |screen| {
        let contents = screen.contents();
        contents.contains("the notes") && !contents.contains("novel.txt")
    });
    assert_eq!(
        read(&ada, "novel.txt"),
        "Once it was a dark and stormy night\n"
    );

    // What was open is offered without typing.
    screen.keys(OPEN);
    screen.sees(&["just now"]);
    screen.keys(DOWN);
    screen.keys("\r");
    screen.waits("one of them is open again", |screen| {
        screen.contents().starts_with("  notes.md")
    });
    screen.keys(QUIT);
    assert_eq!(screen.ends(), 0);
}

#[test]
fn no_tab_takes_the_file_of_another() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "the notes\n");
    ada.file("list.md", "the list\n");
    let mut screen = ada.open(&["notes.md", "list.md"]);
    tabs(&screen, &["› notes.md", "list.md"]);
    screen.keys(SAVE_AS);
    screen.sees(&["Save as"]);
    screen.keys("\x01\x0b./list.md\r");
    screen.sees(&["is open in another tab; close it there first"]);
    // The question stays, for another name.
    screen.keys("\x01\x0bother.md\r");
    screen.sees(&["Saved other.md"]);
    tabs(&screen, &["› other.md", "list.md"]);
    screen.keys(QUIT);
    assert_eq!(screen.ends(), 0);
    assert_eq!(read(&ada, "list.md"), "the list\n");
    assert_eq!(read(&ada, "other.md"), "the notes\n");
}

#[test]
fn each_tab_is_shared_on_its_own() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "the notes\n");
    let list = ada.file("list.md", "the list\n");
    let (notes_id, list_id) = (ada.node_id(&notes), ada.node_id(&list));
    assert_ne!(notes_id, list_id);
    let mut host = ada.open(&["--name", "Ada", "notes.md", "list.md"]);
    tabs(&host, &["› notes.md", "list.md"]);
    let ben = machine.person("ben");
    let mut on_list = ben.open(&["--name", "Ben", "--connect", &list_id]);
    on_list.sees(&["the list", "Ada"]);

    // What comes while another is shown is marked, and there when one looks.
    on_list.keys("milk, ");
    tabs(&host, &["› notes.md", "list.md * •"]);
    host.sees(&["the notes"]);
    host.keys(NEXT);
    host.sees(&["milk, the list", "Ben"]);
    host.keys("bread, ");
    on_list.sees(&["bread, "]);
    // One is saved, the other one not touched by that.
    host.keys(PREVIOUS);
    host.keys("more of ");
    tabs(&host, &["› notes.md *", "list.md *"]);
    host.keys(SAVE);
    tabs(&host, &["› notes.md", "list.md *"]);
    assert_eq!(read(&ada, "notes.md"), "more of the notes\n");
    assert_eq!(read(&ada, "list.md"), "the list\n");
    let (_, status, _) = ada.run(&["status"]);
    assert!(
        status.contains("notes.md") && status.contains("list.md"),
        "{status}"
    );

    // A document without anything in it makes room for one that is joined.
    let carl = machine.person("carl");
    carl.file("own.md", "his own\n");
    let mut guest = carl.open(&["--name", "Carl", "own.md"]);
    guest.sees(&["his own"]);
    guest.keys(NEW);
    tabs(&guest, &["own.md", "› untitled"]);
    guest.keys(&format!("\x12{notes_id}\r"));
    guest.sees(&["more of the notes"]);
    tabs(&guest, &["own.md", "› notes.md"]);
    guest.keys(QUIT);
    assert_eq!(guest.ends(), 0);
}

#[test]
fn quitting_asks_about_each_document_that_is_not_saved() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    for name in ["one.md", "two.md", "three.md"] {
        ada.file(name, name);
    }
    let mut screen = ada.open(&["one.md", "two.md", "three.md"]);
    tabs(&screen, &["› one.md", "two.md", "three.md"]);
    screen.keys("1");
    screen.keys(PREVIOUS);
    screen.keys("3");
    tabs(&screen, &["one.md *", "two.md", "› three.md *"]);
    screen.keys(QUIT);
    screen.sees(&["three.md has changes"]);
    screen.keys("s");
    screen.sees(&["one.md has changes"]);
    screen.keys("\x1b");
    // What follows an Esc too closely is taken for one key with it.
    screen.waits("the question is gone", |screen| {
        !screen.contents().contains("has changes")
    });
    tabs(&screen, &["› one.md *", "two.md", "three.md"]);
    assert_eq!(read(&ada, "three.md"), "3three.md");
    // Who goes back to one that may go, and writes there, is asked again.
    screen.keys(NEXT);
    screen.keys("2");
    tabs(&screen, &["one.md *", "› two.md *", "three.md"]);
    screen.keys(QUIT);
    screen.sees(&["two.md has changes"]);
    screen.keys("q");
    screen.sees(&["one.md has changes"]);
    screen.keys(NEXT);
    tabs(&screen, &["one.md *", "› two.md *", "three.md"]);
    screen.keys("more ");
    screen.sees(&["2more two.md"]);
    screen.keys(PREVIOUS);
    screen.sees(&["one.md has changes"]);
    screen.keys("q");
    screen.sees(&["two.md has changes"]);
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    assert_eq!(read(&ada, "one.md"), "one.md");
    // It waits where it was.
    let again = ada.open(&["one.md"]);
    again.sees(&["1one.md"]);
}

#[test]
fn a_file_is_read_again_when_asked_for() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "the notes\n");
    let mut screen = ada.open(&["notes.md"]);
    screen.sees(&["the notes"]);
    screen.keys("not ");
    screen.sees(&["not the notes"]);
    screen.keys(RELOAD);
    screen.sees(&["notes.md is read again"]);
    screen.waits("it is as in the file", |screen| {
        let contents = screen.contents();
        !contents.contains("not the notes") && !contents.contains("notes.md *")
    });
    screen.keys("\x1a");
    screen.sees(&["not the notes"]);
}

#[test]
fn names_can_be_clicked_and_what_cannot_be_opened_is_said() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("one.md", "first\n");
    ada.file("two.md", "second\n");
    std::fs::create_dir(ada.path("folder")).expect("a folder can be made");
    let mut screen = ada.open(&["one.md", "two.md"]);
    tabs(&screen, &["› one.md", "two.md"]);
    // A click, and the text below the row takes clicks where it is drawn.
    screen.keys("\x1b[<0;14;1M\x1b[<0;14;1m");
    tabs(&screen, &["one.md", "› two.md"]);
    screen.sees(&["second"]);
    screen.keys("\x1b[<0;8;2M\x1b[<0;8;2m");
    screen.keys("X");
    screen.sees(&["secXond"]);
    screen.keys(SAVE);
    tabs(&screen, &["one.md", "› two.md"]);
    // The wheel on the row turns.
    screen.keys("\x1b[<64;3;1M");
    tabs(&screen, &["› one.md", "two.md"]);
    screen.keys("\x1b[<1;14;1M");
    screen.waits("there are no names any more", |screen| {
        screen.contents().starts_with("  1 first")
    });

    screen.keys(OPEN);
    screen.sees(&["folder/"]);
    screen.keys("there/is/no/folder.md\r");
    screen.sees(&["Open", "is not there"]);
    screen.keys("\x1b");
    screen.waits("the question is gone", |screen| {
        !screen.contents().contains("is not there")
    });
    screen.keys(SAVE_AS);
    screen.sees(&["Save as"]);
    screen.keys("\x01\x0b~/copy.md\r");
    screen.sees(&["Saved copy.md"]);
    assert_eq!(read(&ada, "copy.md"), "first\n");
}
