//! Other programs at the file that people have open, with the real binary in terminals.

use std::{fs, io::Write};

use crate::terminal::{Machine, Person, Terminal};

const SAVE: &str = "\x13";
const QUIT: &str = "\x11";
const UNDO: &str = "\x1a";
const DOCUMENT_END: &str = "\x1b[1;5F";
const FOCUS: &str = "\x1b[I";
const ESCAPE: &str = "\x1b";
const TAB: &str = "\t";

/// Appends to a file as a shell does with `>>`.
fn append(person: &Person, name: &str, text: &str) {
    let mut file = fs::OpenOptions::new()
        .append(true)
        .open(person.path(name))
        .expect("the file can be opened");
    file.write_all(text.as_bytes()).expect("it can be written");
}

fn read(person: &Person, name: &str) -> String {
    fs::read_to_string(person.path(name)).expect("the file is readable")
}

fn pair(machine: &Machine, content: &str) -> (Person, Terminal, Terminal) {
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", content);
    let id = ada.node_id(&notes);
    let host = ada.open(&["--name", "Ada", "notes.md"]);
    let ben = machine.person("ben");
    let guest = ben.open(&["--name", "Ben", "--connect", &id]);
    host.sees(&["Ben"]);
    guest.sees(&["Ada", "notes.md"]);
    (ada, host, guest)
}

#[test]
fn a_shell_appends_while_two_people_write() {
    let machine = Machine::new();
    let (ada, mut host, mut guest) = pair(&machine, "first line\nlast line\n");
    guest.sees(&["last line"]);
    host.keys("Ada types. ");
    guest.keys(DOCUMENT_END);
    guest.keys("Ben types.");
    append(&ada, "notes.md", "appended by a shell\n");
    for terminal in [&host, &guest] {
        terminal.sees(&["Ada types. first line", "appended by a shell", "Ben types."]);
    }
    guest.keys(" On and on.");
    host.keys("Ada too. ");
    host.sees(&["On and on."]);
    host.keys(SAVE);
    host.sees(&["Saved notes.md"]);
    let text = read(&ada, "notes.md");
    for once in [
        "Ada types. Ada too. first line\n",
        "last line\n",
        "appended by a shell\n",
        "Ben types. On and on.",
    ] {
        assert_eq!(text.matches(once).count(), 1, "{once:?} in {text:?}");
    }
    // What we saved ourselves is no news.
    append(&ada, "notes.md", "\nonce more\n");
    guest.sees(&["once more"]);
    host.keys(UNDO);
    guest.waits("the change on disk is taken back", |screen| {
        !screen.contents().contains("once more")
    });
    guest.sees(&["appended by a shell"]);
}

#[test]
fn saving_never_replaces_what_another_program_wrote() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "one\ntwo\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["two"]);
    terminal.keys("mine ");
    // A save right behind the change: nobody had time to notice it.
    append(&ada, "notes.md", "three\n");
    terminal.keys(SAVE);
    terminal.sees(&["mine one", "three", "Saved notes.md"]);
    assert_eq!(read(&ada, "notes.md"), "mine one\ntwo\nthree\n");
}

#[test]
fn a_clash_is_shown_and_decided() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "size = 10\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["size = 10"]);
    terminal.keys("\x1b[F\x7f2");
    terminal.sees(&["size = 12"]);
    ada.file("notes.md", "size = 99\n");
    terminal.sees(&["The file changed too", "size = 12", "size = 99"]);
    terminal.keys(ESCAPE);
    terminal.sees(&["is not decided yet"]);
    terminal.keys(SAVE);
    terminal.sees(&["Take the file's"]);
    terminal.keys(TAB);
    terminal.keys("\r");
    terminal.waits("the text is saved", |screen| {
        !screen.contents().contains("Take the file's") && read(&ada, "notes.md") == "size = 12\n"
    });
    // The file is written a moment before the application knows.
    terminal.sees(&["Saved notes.md"]);
    terminal.keys(QUIT);
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_another_program_did_while_nobody_looked_is_taken_in_or_asked() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "size = 10\nlast\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["size = 10"]);
    terminal.keys("\x1b[F\x7f2");
    terminal.sees(&["size = 12"]);
    terminal.keys(QUIT);
    terminal.sees(&["Quit without saving"]);
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    // Beside what was not saved: it is simply in, and can be undone.
    append(&ada, "notes.md", "appended\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["size = 12", "appended", "not saved"]);
    terminal.keys(UNDO);
    terminal.waits("the change on disk is taken back", |screen| {
        !screen.contents().contains("appended")
    });
    terminal.keys("\x19");
    terminal.sees(&["appended"]);
    terminal.keys(QUIT);
    terminal.sees(&["Quit without saving"]);
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
    // Right where it was not saved.
    ada.file("notes.md", "size = 99\nlast\nappended\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["The file changed too", "size = 12", "size = 99"]);
    terminal.keys("\t\t\r");
    terminal.sees(&["The text is what notes.md holds"]);
    terminal.keys(QUIT);
    assert_eq!(terminal.ends(), 0);
    assert_eq!(read(&ada, "notes.md"), "size = 99\nlast\nappended\n");
}

#[test]
fn two_copads_on_one_file_both_know_that_it_is_saved() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    let first = ada.open(&["--name", "Ada", "notes.md"]);
    first.sees(&["text"]);
    let mut second = ada.open(&["--name", "Grace", "notes.md"]);
    second.sees(&["text", "Ada"]);
    second.keys("more ");
    first.sees(&["more text"]);
    append(&ada, "notes.md", "appended\n");
    let all = ["more text", "appended"];
    first.sees(&all);
    second.sees(&all);
    second.keys(SAVE);
    for terminal in [&first, &second] {
        terminal.waits("it is saved", |screen| {
            let shown = screen.contents();
            shown.contains("saved · synced") && !shown.contains("not saved")
        });
    }
    assert_eq!(read(&ada, "notes.md"), "more text\nappended\n");
}

#[test]
fn a_file_that_goes_and_comes_back() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let path = ada.file("notes.md", "text\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["text"]);
    fs::rename(&path, ada.path("other.md")).expect("it can be renamed");
    terminal.keys(FOCUS);
    terminal.sees(&["notes.md is gone"]);
    fs::create_dir(&path).expect("a folder can be made");
    terminal.sees(&["notes.md is a folder"]);
    fs::remove_dir(&path).expect("the folder can be removed");
    terminal.sees(&["notes.md is gone"]);
    terminal.keys(SAVE);
    terminal.sees(&["it is saved again"]);
    assert_eq!(read(&ada, "notes.md"), "text\n");
}

#[test]
fn the_text_is_saved_by_itself() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    fs::create_dir_all(ada.path("config/copad")).expect("a folder can be made");
    ada.file("config/copad/config.toml", "autosave = 1\n");
    ada.file("notes.md", "text\n");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["text"]);
    terminal.keys("more ");
    terminal.sees(&["more text", "not saved"]);
    terminal.waits("it is saved", |screen| {
        let saved = !screen.contents().contains("not saved");
        saved && read(&ada, "notes.md") == "more text\n"
    });
}

#[test]
fn utf_16_stays_utf_16() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let path = ada.path("notes.md");
    fs::write(&path, b"\xff\xfeh\0i\0\r\0\n\0").expect("a file can be written");
    let mut terminal = ada.open(&["notes.md"]);
    terminal.sees(&["hi"]);
    terminal.keys("o");
    terminal.keys(SAVE);
    terminal.sees(&["Saved notes.md"]);
    let bytes = fs::read(&path).expect("the file is readable");
    assert_eq!(bytes, b"\xff\xfeo\0h\0i\0\r\0\n\0");
}
