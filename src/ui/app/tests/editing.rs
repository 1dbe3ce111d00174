//! Tables: a text with the caret marked, keys, the text afterwards.

use super::*;

#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    for (before, keys, after) in rows {
        let mut desk = Desk::marked(before);
        desk.keys(keys);
        assert_eq!(desk.marks(), *after, "after {keys} in {before:?}");
    }
}

#[test]
fn the_caret_moves() {
    check(&[
        ("|abc", "Right", "a|bc"),
        ("abc|", "Left", "ab|c"),
        ("|abc", "Left", "|abc"),
        ("abc|", "Right", "abc|"),
        ("ab|\ncd", "Right", "ab\n|cd"),
        ("ab\n|cd", "Left", "ab|\ncd"),
        ("ab|\r\ncd", "Right", "ab\r\n|cd"),
        ("ab\r\n|cd", "Left", "ab|\r\ncd"),
        ("|👨‍👩‍👧x", "Right", "👨‍👩‍👧|x"),
        ("e\u{301}|x", "Left", "|e\u{301}x"),
        ("abc\nab|c", "Up", "ab|c\nabc"),
        ("ab|c\nabc", "Down", "abc\nab|c"),
        ("abc\na\nab|c", "Up Up", "ab|c\na\nabc"),
        ("a|bc", "Up", "|abc"),
        ("a|bc", "Down", "abc|"),
        ("a|bc\ndef", "End Down", "abc\ndef|"),
        ("one two| three", "Ctrl-Left", "one |two three"),
        ("one| two", "Ctrl-Right", "one two|"),
        ("  in|dented", "Home", "  |indented"),
        ("  |indented", "Home", "|  indented"),
        ("in|side\nnext", "End", "inside|\nnext"),
        ("in|side\r\nnext", "End", "inside|\r\nnext"),
        ("a\nb|\nc", "Ctrl-Home", "|a\nb\nc"),
        ("a|\nb\nc", "Ctrl-End", "a\nb\nc|"),
        ("a|\nb\nc", "PageDown", "a\nb\nc|"),
        ("a\nb\nc|", "PageUp", "a|\nb\nc"),
    ]);
}

#[test]
fn shift_selects_and_plain_movement_drops_the_selection() {
    check(&[
        ("a|bc", "Shift-Right", "a[b|]c"),
        ("a|bc", "Shift-Left", "[|a]bc"),
        ("a|bc", "Shift-Right Shift-Left", "a|bc"),
        ("a[b|]c", "Left", "a|bc"),
        ("a[|b]c", "Right", "ab|c"),
        ("a[b|]c", "Esc", "ab|c"),
        ("one |two", "Ctrl-Shift-Right", "one [two|]"),
        ("one two|", "Ctrl-Shift-Left", "one [|two]"),
        ("ab|c\nabc", "Shift-Down", "ab[c\nab|]c"),
        ("abc\nab|c", "Shift-Up", "ab[|c\nab]c"),
        ("ab|c", "Shift-Home", "[|ab]c"),
        ("a|bc", "Shift-End", "a[bc|]"),
        ("a\nb|\nc", "Ctrl-Shift-Home", "[|a\nb]\nc"),
        ("a\nb|\nc", "Ctrl-Shift-End", "a\nb[\nc|]"),
        ("a|b\nc", "Ctrl-A", "[ab\nc|]"),
        ("one t|wo", "Ctrl-D", "one [two|]"),
        ("a\nb|b\nc", "Ctrl-L", "a\n[bb\n|]c"),
        ("a|\nb\nc", "Ctrl-L Ctrl-L", "[a\nb\n|]c"),
    ]);
}

#[test]
fn typing_and_erasing_change_the_text() {
    check(&[
        ("|", "a b", "ab|"),
        ("a[b|]c", "x", "ax|c"),
        ("a[|b]c", "x", "ax|c"),
        ("a|b", "Space", "a |b"),
        ("ab|", "Backspace", "a|"),
        ("|ab", "Backspace", "|ab"),
        ("a|b", "Delete", "a|"),
        ("ab|", "Delete", "ab|"),
        ("a[b|]c", "Backspace", "a|c"),
        ("a[b|]c", "Delete", "a|c"),
        ("ab\r\n|cd", "Backspace", "ab|cd"),
        ("ab|\r\ncd", "Delete", "ab|cd"),
        ("👨‍👩‍👧|x", "Backspace", "|x"),
        ("|e\u{301}x", "Delete", "|x"),
        ("one two|", "Ctrl-Backspace", "one |"),
        ("|one two", "Ctrl-Delete", "| two"),
        ("a|b", "Tab", "a\t|b"),
    ]);
}

#[test]
fn a_new_line_keeps_indentation_and_line_ends() {
    check(&[
        ("a|b", "Enter", "a\n|b"),
        ("  a|b", "Enter", "  a\n  |b"),
        ("\ta|", "Enter", "\ta\n\t|"),
        ("  | a", "Enter", "  \n  | a"),
        ("|  a", "Enter", "\n|  a"),
        ("x\r\n  a|b", "Enter", "x\r\n  a\r\n  |b"),
        ("  a[b|]c", "Enter", "  a\n  |c"),
    ]);
}

#[test]
fn cut_copy_and_paste_take_the_line_without_a_selection() {
    check(&[
        ("a[b|]c", "Ctrl-X", "a|c"),
        ("a[b|]c", "Ctrl-C End Ctrl-V", "abcb|"),
        ("a[b|]c", "Ctrl-C Ctrl-V", "ab|c"),
        ("one\nt|wo\nthree", "Ctrl-X", "one\n|three"),
        ("one\nt|wo", "Ctrl-C Up Ctrl-V", "two\no|ne\ntwo"),
        ("one\nt|wo\nthree", "Ctrl-X Ctrl-V", "one\ntwo\n|three"),
        ("a|", "Ctrl-V", "a|"),
    ]);
}

#[test]
fn undo_brings_back_text_and_caret_step_by_step() {
    check(&[
        ("a|", "b c Ctrl-Z", "a|"),
        ("a|", "b c Ctrl-Z Ctrl-Y", "abc|"),
        ("a[b|]c", "x Ctrl-Z", "a[b|]c"),
        ("a|", "b Left c Ctrl-Z", "a|b"),
        ("a|", "b Enter c Ctrl-Z Ctrl-Z", "ab|"),
        ("a|b", "Ctrl-X Ctrl-Z", "a|b"),
        ("|a", "Ctrl-Z", "|a"),
    ]);
}

#[test]
fn pasted_text_gets_the_line_ends_of_the_document() {
    for (before, pasted, after) in [
        ("|", "a\r\nb\rc\nd", "a\nb\nc\nd|"),
        ("x|\r\n", "a\nb\r\nc\rd", "xa\r\nb\r\nc\r\nd|\r\n"),
        ("a[b|]c", "x\ny", "ax\ny|c"),
    ] {
        let mut desk = Desk::marked(before);
        desk.send(Event::Paste(pasted.to_owned()));
        assert_eq!(desk.marks(), after);
        desk.keys("Ctrl-Z");
        assert_eq!(desk.marks(), before, "one paste is one step");
    }
}

#[test]
fn a_line_longer_than_the_screen_is_walked_row_by_row() {
    let mut desk = Desk::new(&"x".repeat(200));
    desk.send(Event::Resize(40, 12));
    desk.keys("Down");
    let width = usize::from(desk.app.layout_options().width);
    assert_eq!(desk.app.selection.head, width);
    desk.keys("Up");
    assert_eq!(desk.app.selection.head, 0);
}
