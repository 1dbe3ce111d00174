//! Several copads on one file: the second joins the first by itself, and nothing is lost whoever
//! leaves first.

use crate::terminal::{Machine, Person, Terminal, eventually};

const SAVE: &str = "\x13";
const QUIT: &str = "\x11";
const DOCUMENT_END: &str = "\x1b[1;5F";

#[track_caller]
fn all_see(terminals: &[&Terminal], texts: &[&str]) {
    for terminal in terminals {
        terminal.sees(texts);
    }
}

/// Two copads of one person on one file.
fn twice(person: &Person, file: &str) -> (Terminal, Terminal) {
    // Nobody is asked about a copad of one's own.
    let arguments = ["--name", "Ada", "--trust", "ask", file];
    let first = person.open(&arguments);
    first.sees(&["F1 help"]);
    let second = person.open(&arguments);
    let process = first.process_id();
    second.sees(&[&format!("Also open in process {process}; joined it")]);
    (first, second)
}

fn read(person: &Person, file: &str) -> String {
    std::fs::read_to_string(person.path(file)).expect("the file is readable")
}

fn quit_without_saving(terminal: &mut Terminal) {
    terminal.keys(QUIT);
    terminal.sees(&["Quit without saving"]);
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_second_copad_on_a_file_joins_the_first() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    let (mut first, mut second) = twice(&ada, "notes.md");
    all_see(&[&first, &second], &["notes.md", "text", "synced"]);
    first.keys("from the first ");
    second.keys(DOCUMENT_END);
    second.keys("from the second");
    let both = ["from the first text", "from the second"];
    all_see(&[&first, &second], &both);

    // The first writes the file, whoever asks.
    second.keys(SAVE);
    all_see(&[&second, &first], &["Saved notes.md"]);
    assert_eq!(
        read(&ada, "notes.md"),
        "from the first text\nfrom the second"
    );
    // What the first saves is saved for the second as well.
    first.keys("more ");
    second.sees(&["from the first more text", "not saved"]);
    first.keys(SAVE);
    all_see(&[&first], &["Saved notes.md"]);
    second.waits("it is saved", |screen| {
        !screen.contents().contains("notes.md *")
    });
    second.keys(QUIT);
    assert_eq!(second.ends(), 0);
    first.keys(QUIT);
    assert_eq!(first.ends(), 0);
}

#[test]
fn the_second_goes_on_as_the_same_node_when_the_first_quits() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "text\n");
    let id = ada.node_id(&notes);
    let (mut first, mut second) = twice(&ada, "notes.md");
    let ben = machine.person("ben");
    let (_, ticket, _) = ada.run(&["invite", "notes.md"]);
    let guest = ben.open(&["--name", "Ben", "--connect", ticket.trim()]);
    all_see(&[&second, &guest], &["text", "Ben"]);
    second.keys("typed before ");
    all_see(&[&first, &guest], &["typed before text"]);
    quit_without_saving(&mut first);

    second.sees(&["The other copad is gone"]);
    second.sees(&[&format!("id {}", &id[..10])]);
    second.keys("and after ");
    all_see(&[&second, &guest], &["typed before and after text"]);
    second.keys(SAVE);
    second.sees(&["Saved notes.md"]);
    assert_eq!(read(&ada, "notes.md"), "typed before and after text\n");
    // Undo was not lost on the way.
    second.keys("\x1a");
    second.waits("the last words are taken back", |screen| {
        !screen.contents().contains("and after")
    });
    second.keys(SAVE);
    second.waits("it is saved", |screen| {
        !screen.contents().contains("notes.md *")
    });
    second.keys(QUIT);
    assert_eq!(second.ends(), 0);

    assert_eq!(ada.node_id(&notes), id);
    let mut third = ada.open(&["--name", "Ada", "notes.md"]);
    third.sees(&["typed before text", "Ben"]);
    third.keys("once more ");
    guest.sees(&["once more typed before text"]);
}

#[test]
fn what_the_second_could_not_tell_is_there_when_the_file_is_opened_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    let (mut first, mut second) = twice(&ada, "notes.md");
    all_see(&[&first, &second], &["text", "synced"]);
    // Cut off from each other.
    second.keys("\x1b[17~");
    second.sees(&["offline"]);
    second.keys("never sent ");
    first.keys(DOCUMENT_END);
    first.keys("never heard");
    first.sees(&["never heard"]);
    quit_without_saving(&mut second);
    quit_without_saving(&mut first);
    let again = ada.open(&["notes.md"]);
    again.sees(&["never sent text", "never heard"]);
    let (_, listed, _) = ada.run(&["docs"]);
    assert_eq!(listed.lines().count(), 2, "one document: {listed}");
}

#[test]
fn a_file_whose_copad_does_not_answer_is_read_only_until_that_is_gone() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    let mut first = ada.open(&["notes.md"]);
    first.sees(&["text"]);
    machine.hide_control_socket(&first);
    let mut second = ada.open(&["notes.md"]);
    second.sees(&["text", "read-only"]);
    second.keys("refused");
    second.sees(&["does not answer"]);
    let screen = second.sees(&["text"]);
    assert!(!screen.contents().contains("refused"));
    first.signal("KILL");
    first.ends();
    second.waits("it may be changed", |screen| {
        !screen.contents().contains("read-only")
    });
    second.keys("allowed ");
    second.sees(&["allowed text"]);
    second.keys(SAVE);
    second.sees(&["Saved notes.md"]);
    assert_eq!(read(&ada, "notes.md"), "allowed text\n");
}

#[test]
fn a_file_is_read_only_no_longer_when_its_copad_answers_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    let first = ada.open(&["notes.md"]);
    first.sees(&["text"]);
    machine.hide_control_socket(&first);
    let mut second = ada.open(&["notes.md"]);
    second.sees(&["text", "read-only"]);
    machine.show_control_socket(&first);
    second.waits("it may be changed", |screen| {
        !screen.contents().contains("read-only")
    });
    second.keys("allowed ");
    all_see(&[&first, &second], &["allowed text"]);
}

#[test]
fn of_three_copads_one_takes_over_when_the_first_is_killed() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "text\n");
    let id = ada.node_id(&notes);
    let (mut first, mut second) = twice(&ada, "notes.md");
    let third = ada.open(&["--name", "Ada", "--trust", "ask", "notes.md"]);
    third.sees(&["text", "synced with 2"]);
    second.keys("one ");
    all_see(&[&first, &second, &third], &["one text"]);
    first.signal("KILL");
    first.ends();

    let heirs = || {
        let (_, told, _) = ada.run(&["status"]);
        (told.matches(&id).count() == 1).then_some(told)
    };
    let told = eventually(heirs).expect("one of them is the file's node");
    assert_eq!(told.matches("process ").count(), 2, "{told}");
    second.keys("two ");
    all_see(&[&second, &third], &["one two text"]);
    second.keys(SAVE);
    second.sees(&["Saved notes.md"]);
    assert_eq!(read(&ada, "notes.md"), "one two text\n");
}

#[test]
fn another_document_is_not_joined_into_a_file_that_is_open() {
    let machine = Machine::new();
    let (ada, ben) = (machine.person("ada"), machine.person("ben"));
    ada.file("notes.md", "text\n");
    let other = ben.node_id(&ben.file("other.md", "other\n"));
    let first = ada.open(&["notes.md"]);
    first.sees(&["text", "F1 help"]);
    let mut second = ada.open(&["--connect", &other, "notes.md"]);
    assert_eq!(second.ends(), 2);
    second.sees(&["notes.md is open in another copad", "close it there"]);
}

#[test]
fn what_runs_is_told() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "text\n");
    let id = ada.node_id(&notes);
    assert_eq!(
        ada.run(&["status"]),
        (0, "No copad is running.\n".to_owned(), String::new())
    );

    let (mut first, second) = twice(&ada, "notes.md");
    all_see(&[&first, &second], &["synced"]);
    first.keys("unsaved ");
    first.sees(&["not saved"]);
    let (code, told, _) = ada.run(&["status"]);
    assert_eq!(code, 0);
    let file = notes.canonicalize().expect("the file is there");
    for part in [
        format!("process {} edits", first.process_id()),
        format!("process {} edits", second.process_id()),
        format!("{}: not saved", file.display()),
        format!("id     {id}"),
        "peers  Ada".to_owned(),
    ] {
        assert!(told.contains(&part), "{part} is missing in {told}");
    }

    // One that was killed leaves its socket, which is cleaned away.
    first.signal("KILL");
    first.ends();
    second.sees(&["The other copad is gone"]);
    let (_, told, _) = ada.run(&["status"]);
    assert_eq!(told.matches("process ").count(), 1, "{told}");
    assert!(told.contains(&format!("id     {id}")), "{told}");
    assert_eq!(machine.control_sockets(), 1);
}
