//! Whole lines, indentation and settings, by their keys.

use super::*;
use crate::ui::text::indentation::Indentation;

#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    for (before, keys, after) in rows {
        let mut desk = Desk::marked(before);
        desk.keys(keys);
        assert_eq!(desk.marks(), *after, "after {keys} in {before:?}");
    }
}

#[test]
fn keys_work_on_whole_lines() {
    check(&[
        ("a|b\nc", "Alt-Shift-Down", "ab\na|b\nc"),
        ("a\nb|", "Alt-Up", "b|\na"),
        ("a|\nb", "Alt-Down", "b\na|"),
        ("|a\nb", "Alt-Up", "|a\nb"),
        ("a\nb|\nc", "Ctrl-K", "a\n|c"),
        ("a|\n  b", "Alt-J", "a| b"),
        ("a|b", "Alt-C", "<!-- a|b -->"),
        ("a|b", "Ctrl-7 Alt-C", "a|b"),
        ("[a\nb|]", "Tab", "[\ta\n\tb|]"),
        ("[\ta\n\tb|]", "Shift-Tab", "[a\nb|]"),
        ("|ab", "Tab", "\t|ab"),
        ("a|b", "Alt-I", "\ta|b"),
        ("f(|a)", "Alt-M", "f(a)|"),
        ("f|(a)", "Alt-M", "f(a|)"),
        ("f(a)|", "Alt-M", "f(|a)"),
        ("f|(a)", "Alt-M Alt-M", "f|(a)"),
        ("f(a)|", "Alt-M Alt-M", "f(a)|"),
        ("a|", "Alt-M", "a|"),
    ]);
}

#[test]
fn one_undo_takes_a_whole_step_back_and_redo_brings_it_again() {
    for keys in [
        "Alt-Shift-Down",
        "Alt-Up",
        "Alt-Down",
        "Ctrl-K",
        "Alt-J",
        "Alt-C",
        "Tab",
    ] {
        let before = "one\n[two\nthree|]\nfour\n";
        let mut desk = Desk::marked(before);
        desk.keys(keys);
        let after = desk.app.rope().to_string();
        desk.keys("Ctrl-Z");
        assert_eq!(desk.marks(), before, "undo of {keys}");
        desk.keys("Ctrl-Y");
        assert_eq!(desk.app.rope().to_string(), after, "redo of {keys}");
    }
}

#[test]
fn lines_move_with_everybody_in_them_while_others_write() {
    let mut desk = Desk::marked("one\ntwo|\nthree\n");
    desk.joins(ADA, 5, 5);
    desk.keys("Alt-Down");
    let caret = desk.app.people[&ADA].caret.expect("a caret");
    assert_eq!(caret.head, 11, "Ada is still between t and w");
    // Somebody else was quicker; the edit and the selection are carried over it.
    let shared = desk.app.document.shared().clone();
    let guard = shared.lock();
    let text = guard.doc().get_text(TextDocument::CONTAINER);
    text.insert(0, "zero\n").expect("it fits");
    guard.doc().commit();
    drop(guard);
    desk.keys("Alt-Up");
    assert_eq!(desk.marks(), "zero\none\ntwo|\nthree\n");
}

#[test]
fn tab_and_backspace_go_by_the_steps_of_the_text() {
    let mut desk = Desk::marked("if\n    a\n        b\nx|");
    assert_eq!(desk.app.settings.indentation, Indentation::Spaces(4));
    desk.keys("Tab");
    assert_eq!(desk.marks(), "if\n    a\n        b\nx   |");
    desk.keys("Backspace");
    assert_eq!(desk.marks(), "if\n    a\n        b\nx  |");
    desk.keys("Enter Tab Tab Space");
    assert!(desk.marks().ends_with("x  \n         |"));
    desk.keys("Backspace");
    assert!(desk.marks().ends_with("x  \n        |"));
    desk.keys("Backspace");
    assert!(desk.marks().ends_with("x  \n    |"));
}

#[test]
fn the_properties_of_a_file_go_before_what_it_shows() {
    let mut desk = Desk::marked("\tx\ny|");
    desk.app.adopt(FileProperties {
        indentation: Some(Indentation::Spaces(3)),
        tab_width: Some(8),
        trim_on_save: Some(true),
        final_newline: Some(true),
    });
    desk.keys("Home Tab");
    assert_eq!(desk.marks(), "\tx\n   |y");
    desk.app.selection = TextSelection::caret(0);
    desk.write(" ");
    desk.keys("End Enter Space Up");
    desk.keys("Ctrl-S");
    let saved = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Save(request) => Some(request.text.to_string()),
        _ => None,
    });
    // The line with the caret is spared.
    assert_eq!(saved.as_deref(), Some(" \tx\n\n   y\n"));
}

#[test]
fn blanks_at_line_ends_stay_unless_asked_for() {
    let mut desk = Desk::marked("a  \nb|");
    desk.write("c");
    desk.keys("Ctrl-S");
    assert_eq!(desk.marks(), "a  \nbc|");
}

#[test]
fn who_only_reads_changes_nothing() {
    let mut desk = Desk::marked("a|b\nc");
    desk.write("x");
    desk.keys("Alt-O");
    for key in [
        "y",
        "Enter",
        "Tab",
        "Backspace",
        "Ctrl-K",
        "Alt-Up",
        "Ctrl-X",
        "Ctrl-Z",
        "Alt-C",
    ] {
        desk.keys(key);
        assert_eq!(desk.marks(), "ax|b\nc", "{key}");
    }
    desk.send(Event::Paste("pasted".to_owned()));
    assert_eq!(desk.marks(), "ax|b\nc");
    assert!(desk.status().contains("only reading"), "{}", desk.status());
    desk.others_insert(0, "z");
    assert_eq!(desk.marks(), "zax|b\nc");
    desk.keys("Alt-O y");
    assert_eq!(desk.marks(), "zaxy|b\nc");
}

#[test]
fn going_to_a_line() {
    let mut desk = Desk::marked("one|\ntwo\nthree\n");
    for (text, after) in [
        ("3", "one\ntwo\n|three\n"),
        ("2:2", "one\nt|wo\nthree\n"),
        ("-1", "|one\ntwo\nthree\n"),
        ("+2", "one\ntwo\n|three\n"),
        ("99", "one\ntwo\nthree\n|"),
        ("1:99", "one|\ntwo\nthree\n"),
    ] {
        desk.keys("Ctrl-G");
        desk.write(text);
        desk.keys("Enter");
        assert_eq!(desk.marks(), after, "to {text}");
    }
    desk.keys("Ctrl-G");
    desk.write("x");
    desk.keys("Enter");
    assert!(desk.app.dialog.is_some(), "it asks again");
}

#[test]
fn the_palette_runs_what_was_chosen() {
    let mut desk = Desk::marked("a|b\nc");
    desk.keys("Ctrl-P");
    desk.write("dupl");
    desk.keys("Enter");
    assert_eq!(desk.marks(), "ab\na|b\nc");
    desk.keys("Ctrl-P");
    desk.write("select every");
    desk.keys("Enter");
    assert_eq!(desk.marks(), "[ab\nab\nc|]");
}

#[test]
fn screens_of_settings_and_lists() {
    let text = "fn main() {\n\tlet x = [1, 2];  \n    y(x);\n}\n";
    let mut desk = Desk::marked(text);
    desk.keys("Alt-W Alt-L Down");
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("document_pane__white_space_and_relative_numbers", 80, 24);
    desk.keys("Alt-L Up End Left");
    desk.keys("Alt-W");
    desk.wait(Duration::from_secs(20));
    desk.app.selection = TextSelection::caret(10);
    desk.assert_screen("document_pane__brackets_without_numbers", 80, 24);
    desk.keys("Ctrl-P");
    desk.assert_screen("dialog__palette", 80, 24);
    desk.write("line");
    desk.keys("Down");
    desk.assert_screen("dialog__palette_some", 80, 24);
    desk.assert_screen("dialog__palette_40x12", 40, 12);
    desk.keys("Esc Ctrl-G");
    desk.assert_screen("dialog__go_to_line", 80, 24);
}
