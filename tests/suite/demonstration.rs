//! `copad demo` in a terminal: it shows what it promises, ends at once, and leaves nothing behind.

use crate::{
    picture,
    terminal::{Machine, Person, eventually},
};

const QUIT: &str = "\x11";
const AUTHORS: &str = "\x05";
const CONFLICTS: &str = "\x1b[18~";

#[track_caller]
fn assert_left_nothing(person: &Person) {
    let gone = eventually(|| person.temporary_files().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?} is left", person.temporary_files());
    assert!(!person.state().exists(), "nothing is kept");
    let (_, status, _) = person.run(&["status"]);
    assert!(!status.contains("picnic"), "{status}");
}

#[test]
fn two_others_write_part_and_leave_a_conflict_to_settle() {
    let machine = Machine::new();
    let grace = machine.person("grace");
    let mut terminal = grace.run_at_terminal(&["demo", "--name", "Grace"]);
    // Only what stays is waited for: what is said on the way may be gone before it is looked at.
    terminal.sees(&["The picnic", "Grace"]);
    terminal.sees(&["lemonade, a blanket", "bread and cheese", "Ben"]);
    terminal.sees(&["to drink"]);
    terminal.sees(&["They clash over the time", "noon", "4pm", "1 conflict"]);
    terminal.keys(CONFLICTS);
    let card = terminal.sees(&["same word", "Ada", "Ben", "[k]eep merged"]);
    picture::keep("conflict", &[&card]);
    terminal.keys("m");
    terminal.keys("Grace was here. ");
    terminal.sees(&["Grace was here."]);
    terminal.sees(&["That was all", "whatever you like"]);
    terminal.keys(AUTHORS);
    let authors = terminal.sees(&["That was all", "by "]);
    picture::keep("authors", &[&authors]);
    assert!(!grace.temporary_files().is_empty());
    terminal.keys(QUIT);
    assert_eq!(terminal.ends(), 0);
    assert_left_nothing(&grace);
}

#[test]
fn it_ends_at_any_time_and_leaves_nothing() {
    let machine = Machine::new();
    let grace = machine.person("grace");
    for keys in [QUIT, "hello\x11", "\x1bOP\x11", "\x10\x11"] {
        let mut terminal = grace.run_at_terminal(&["demo"]);
        terminal.sees(&["The picnic"]);
        terminal.keys(keys);
        assert_eq!(terminal.ends(), 0, "after {keys:?}");
        assert_left_nothing(&grace);
    }
    let mut terminal = grace.run_at_terminal(&["demo"]);
    terminal.sees(&["The picnic"]);
    terminal.signal("TERM");
    terminal.ends();
    assert_left_nothing(&grace);
}
