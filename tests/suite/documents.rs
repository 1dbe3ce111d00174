//! What copad knows of documents, asked on the command line: `docs`, `forget`, `export`.

use crate::terminal::{Machine, Person};

const QUIT: &str = "\x11";

/// Runs a command that must succeed, and returns what it printed.
#[track_caller]
fn prints(person: &Person, arguments: &[&str]) -> String {
    let (code, output, error) = person.run(arguments);
    assert_eq!(code, 0, "{arguments:?} printed {output}{error}");
    output
}

/// Runs a command that must fail with one sentence on standard error, and returns that.
#[track_caller]
fn fails(person: &Person, arguments: &[&str]) -> String {
    let (code, output, error) = person.run(arguments);
    assert_eq!(code, 2, "{arguments:?} printed {output}{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "one sentence: {error}");
    error
}

/// Opens a file, types at its start, and leaves without saving.
fn type_unsaved(person: &Person, file: &str, text: &str) {
    let mut terminal = person.open(&[file]);
    terminal.sees(&["F1 help"]);
    terminal.keys(text);
    terminal.sees(&[text]);
    terminal.keys(QUIT);
    terminal.sees(&["Quit without saving"]);
    terminal.keys("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn documents_are_listed_with_their_people() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    assert!(prints(&ada, &["docs"]).contains("No documents yet"));

    let notes = ada.file("notes.md", "shared\n");
    let id = ada.node_id(&notes);
    // Nobody has opened it yet.
    assert!(prints(&ada, &["docs"]).contains("No documents yet"));
    let host = ada.open(&["--name", "Ada", "notes.md"]);
    let ben = machine.person("ben");
    let mut guest = ben.open(&["--name", "Ben", "--connect", &id]);
    host.sees(&["Ben"]);
    guest.sees(&["shared", "Ada", "notes.md"]);
    guest.keys(QUIT);
    assert_eq!(guest.ends(), 0);

    let listed = prints(&ben, &["docs"]);
    let line = listed.lines().nth(1).expect("one document is listed");
    for word in ["just now", "Ada", "notes.md (no file)", " B "] {
        assert!(line.contains(word), "{word} is missing in {listed}");
    }
    let listed = prints(&ada, &["docs"]);
    assert!(listed.contains(&id[..10]), "{listed}");
    assert!(listed.contains(&*notes.to_string_lossy()), "{listed}");
}

#[test]
fn a_document_is_written_out_with_what_was_not_saved() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "\u{feff}one\r\ntwo\r\n");
    let id = ada.node_id(&notes);
    assert!(fails(&ada, &["export", "notes.md"]).contains("nothing is stored of notes.md"));
    type_unsaved(&ada, "notes.md", "unsaved ");
    let text = "\u{feff}unsaved one\r\ntwo\r\n";
    assert_eq!(prints(&ada, &["export", "notes.md"]), text);
    assert_eq!(prints(&ada, &["export", &id[..8]]), text);
    let kept = std::fs::read_to_string(&notes).expect("the file is readable");
    assert_eq!(kept, "\u{feff}one\r\ntwo\r\n");

    // Two hours ago it was not there.
    assert!(fails(&ada, &["export", "--at", "2h", "notes.md"]).contains("nothing is known of"));
    assert_eq!(prints(&ada, &["export", "--at", "0s", "notes.md"]), text);
    assert!(fails(&ada, &["export", "--at", "noon", "notes.md"]).contains("noon"));

    assert!(fails(&ada, &["export", "other.md"]).contains("other.md is no document"));
    assert!(fails(&ada, &["export", "00000000"]).contains("00000000 is no document"));
}

#[test]
fn a_document_is_forgotten_after_asking() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "saved\n");
    let id = ada.node_id(&notes);
    let mut open = ada.open(&["notes.md"]);
    open.sees(&["saved"]);
    assert!(fails(&ada, &["forget", "--yes", "notes.md"]).contains("open in another copad"));
    open.keys(QUIT);
    assert_eq!(open.ends(), 0);
    assert!(fails(&ada, &["forget", "notes.md"]).contains("--yes"));

    type_unsaved(&ada, "notes.md", "unsaved ");
    let mut asked = ada.run_at_terminal(&["forget", "notes.md"]);
    asked.sees(&["[y/N]", "WITHOUT"]);
    asked.keys("\r");
    asked.sees(&["Nothing was forgotten."]);
    assert_eq!(asked.ends(), 0);
    assert_eq!(ada.node_id(&notes), id);

    let mut asked = ada.run_at_terminal(&["forget", "notes.md"]);
    asked.sees(&["[y/N]"]);
    asked.keys("y\r");
    asked.sees(&["Forgot"]);
    assert_eq!(asked.ends(), 0);
    assert!(prints(&ada, &["docs"]).contains("No documents yet"));
    assert_ne!(ada.node_id(&notes), id);
    let kept = std::fs::read_to_string(&notes).expect("the file is readable");
    assert_eq!(kept, "saved\n");

    // Also when the folder of the file is gone.
    std::fs::create_dir(ada.path("folder")).expect("a folder can be made");
    ada.node_id(&ada.file("folder/gone.md", ""));
    std::fs::remove_dir_all(ada.path("folder")).expect("the folder can be removed");
    prints(&ada, &["forget", "--yes", "folder/gone.md"]);
    assert!(!prints(&ada, &["docs"]).contains("gone.md"));
}
