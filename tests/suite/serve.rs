//! `copad serve`: documents that are there without anybody at a screen.

use crate::terminal::{Machine, Person, eventually};

const SAVE: &str = "\x13";
const QUIT: &str = "\x11";

/// Waits until a file holds this text.
#[track_caller]
fn file_holds(person: &Person, file: &str, text: &str) {
    let read = || std::fs::read_to_string(person.path(file)).unwrap_or_default();
    let held = eventually(|| (read() == text).then_some(()));
    assert!(
        held.is_some(),
        "{file} should hold {text:?}, not {:?}",
        read()
    );
}

/// Runs `copad serve` with bad input: it must end with code 2 and one sentence.
#[track_caller]
fn refuses(person: &Person, arguments: &[&str], named: &str) {
    let (code, output, error) = person.run(&[&["serve"], arguments].concat());
    assert_eq!(code, 2, "{arguments:?} printed {output}{error}");
    assert!(error.contains(named), "{named} is missing in {error}");
    assert_eq!(error.trim_end().lines().count(), 1, "one sentence: {error}");
}

#[test]
fn a_served_file_is_saved_without_anybody_asking() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "text\n");
    let other = ada.file("other.md", "another\n");
    let mut server = ada.serve(&["--name", "Server", "notes.md", "other.md"]);
    let line = server.logs(&["serving", "notes.md", &ada.node_id(&notes)]);
    let told: serde_json::Value = serde_json::from_str(&line).expect("a line is JSON");
    assert_eq!(told["fields"]["message"], "serving");

    let mut guests = Vec::new();
    for (name, file) in [("ben", &notes), ("cleo", &other)] {
        let id = ada.node_id(file);
        let mut guest = machine
            .person(name)
            .open(&["--name", name, "--connect", &id]);
        guest.sees(&["Server", "synced"]);
        guest.keys("written by ");
        guest.keys(name);
        guest.keys(" ");
        guests.push(guest);
    }
    file_holds(&ada, "notes.md", "written by ben text\n");
    file_holds(&ada, "other.md", "written by cleo another\n");
    server.logs(&["somebody came", "ben"]);
    let (_, status, _) = ada.run(&["status"]);
    assert!(
        status.contains(&format!("process {} serves", server.process_id())),
        "{status}"
    );
    assert_eq!(
        status.matches(": saved, synced with 1").count(),
        2,
        "{status}"
    );

    // Another program writes into it.
    ada.file("notes.md", "written by ben text\nand by another program\n");
    guests[0].sees(&["and by another program"]);

    // What the server heard a moment ago is in the file when it has ended.
    guests[0].keys("the last words ");
    let heard = || {
        let (_, kept, _) = ada.run(&["export", "notes.md"]);
        kept.contains("the last words").then_some(())
    };
    assert!(eventually(heard).is_some());
    server.signal("TERM");
    assert_eq!(server.ends(), Some(0));
    let text = "written by ben the last words text\nand by another program\n";
    file_holds(&ada, "notes.md", text);
    guests[0].sees(&["left"]);

    // It starts again as the same node, and takes in what was written without it.
    guests[0].keys("and more ");
    let server = ada.serve(&["notes.md"]);
    server.logs(&["somebody came", "ben"]);
    let text = "written by ben the last words and more text\nand by another program\n";
    file_holds(&ada, "notes.md", text);
}

#[test]
fn an_editor_on_a_served_file_joins_the_server() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    let mut server = ada.serve(&["--name", "Server", "notes.md"]);
    server.logs(&["serving"]);
    let mut editor = ada.open(&["--name", "Ada", "notes.md"]);
    editor.sees(&[&format!(
        "Also open in process {}; joined it",
        server.process_id()
    )]);
    editor.sees(&["text", "Server"]);
    editor.keys("typed ");
    editor.keys(SAVE);
    editor.sees(&["Saved notes.md"]);
    file_holds(&ada, "notes.md", "typed text\n");
    editor.keys("and more ");
    file_holds(&ada, "notes.md", "typed and more text\n");

    // Stopped with SIGINT, it leaves the file to the editor.
    server.signal("INT");
    assert_eq!(server.ends(), Some(0));
    editor.sees(&["The other copad is gone"]);
    editor.keys("alone ");
    editor.sees(&["typed and more alone text"]);
    editor.keys(SAVE);
    editor.sees(&["Saved notes.md"]);
    file_holds(&ada, "notes.md", "typed and more alone text\n");
    editor.keys(QUIT);
    assert_eq!(editor.ends(), 0);
}

#[test]
fn what_was_typed_before_a_server_was_killed_is_served_again() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "text\n");
    let mut server = ada.serve(&["notes.md"]);
    server.logs(&["serving"]);
    let id = ada.node_id(&notes);
    let mut guest = machine
        .person("ben")
        .open(&["--name", "Ben", "--connect", &id]);
    guest.sees(&["text", "synced"]);
    guest.keys("before ");
    file_holds(&ada, "notes.md", "before text\n");
    server.signal("KILL");
    server.ends();
    guest.keys("and while it was gone ");
    let server = ada.serve(&["notes.md"]);
    server.logs(&["connected"]);
    file_holds(&ada, "notes.md", "before and while it was gone text\n");
}

#[test]
fn a_document_of_somebody_else_is_served_from_a_new_file() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "from Ada\n");
    let id = ada.node_id(&notes);
    let ben = machine.person("ben");
    ben.file("own.md", "a text of his own\n");
    refuses(
        &ben,
        &["--connect", &id, "own.md"],
        "own.md has a text of its own",
    );
    refuses(&ben, &["--connect", &id, "a.md", "b.md"], "one document");

    let mut host = ada.open(&["--name", "Ada", "notes.md"]);
    host.sees(&["from Ada"]);
    let mut server = ben.serve(&["--connect", &id, "copy.md"]);
    server.logs(&["joined"]);
    file_holds(&ben, "copy.md", "from Ada\n");
    host.keys("more ");
    file_holds(&ben, "copy.md", "more from Ada\n");
    server.signal("TERM");
    assert_eq!(server.ends(), Some(0));
    // The second time, it is a document that is known.
    let again = ben.serve(&["--connect", &id, "copy.md"]);
    again.logs(&["connected"]);
    host.keys("still ");
    file_holds(&ben, "copy.md", "more still from Ada\n");
}

#[test]
fn a_file_that_another_program_makes_is_not_written_over() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let server = ada.serve(&["new.md"]);
    server.logs(&["serving"]);
    let id = ada.node_id(&ada.path("new.md"));
    let mut guest = machine
        .person("ben")
        .open(&["--name", "Ben", "--connect", &id]);
    guest.sees(&["new.md"]);
    ada.file("new.md", "made elsewhere\n");
    guest.keys("typed here ");
    guest.sees(&["typed here", "made elsewhere"]);
    let held = eventually(|| {
        let text = std::fs::read_to_string(ada.path("new.md")).unwrap_or_default();
        (text.contains("typed here") && text.contains("made elsewhere\n")).then_some(())
    });
    assert!(held.is_some());
}

#[test]
fn what_cannot_be_served_is_refused_with_one_sentence() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.md", "text\n");
    std::fs::create_dir(ada.path("folder")).expect("a folder can be made");
    refuses(&ada, &["folder"], "folder");
    refuses(&ada, &["no/such/folder/notes.md"], "no/such/folder");
    refuses(&ada, &["--connect", "nonsense", "notes.md"], "nonsense");
    refuses(&ada, &["--log", "no/such/log", "notes.md"], "no/such/log");
    let editor = ada.open(&["notes.md"]);
    editor.sees(&["text"]);
    let process = format!("process {}", editor.process_id());
    refuses(&ada, &["--network", "local", "notes.md"], &process);
}
