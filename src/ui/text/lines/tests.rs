//! Tables: a text with `|` as the caret and `[`, `]` around the selection, before and after.

use super::*;
use crate::ui::text::samples::{mark, unmark};

#[track_caller]
fn check(rows: &[(&str, &str)], plan: impl Fn(&Rope, TextSelection) -> Option<Plan>) {
    for (before, expected) in rows {
        let (text, selection) = unmark(before);
        let mut rope = Rope::from_str(&text);
        let Some(plan) = plan(&rope, selection) else {
            assert_eq!(before, expected, "nothing was to do");
            continue;
        };
        plan.delta.apply(&mut rope);
        assert_eq!(mark(&rope, plan.selection), *expected, "after {before:?}");
    }
}

#[test]
fn lines_are_duplicated_downwards() {
    let rows = [
        ("a|b\nc", "ab\na|b\nc"),
        ("ab\nc|", "ab\nc\nc|"),
        ("|", "\n|"),
        ("[a\nb|]\nc", "a\nb\n[a\nb|]\nc"),
        ("[a\n|]c", "a\n[a\n|]c"),
        ("a|\r\nb", "a\r\na|\r\nb"),
    ];
    check(&rows, |rope, selection| {
        Some(duplicate(rope, selection, "\n"))
    });
}

#[test]
fn lines_move_over_their_neighbour() {
    let up = [
        ("a\nb|\nc", "b|\na\nc"),
        ("a\nb|", "b|\na"),
        ("|a\nb", "|a\nb"),
        ("a\n[b\nc|]\nd", "[b\nc|]\na\nd"),
        ("a\n[b\nc\n|]d", "[b\nc\n|]a\nd"),
        ("a\r\nb|", "b|\r\na"),
        ("a\n|", "|\na"),
    ];
    check(&up, move_up);
    let down = [
        ("a|\nb\nc", "b\na|\nc"),
        ("a|\nb", "b\na|"),
        ("a\n|b", "a\n|b"),
        ("[|a\nb]\nc\nd", "c\n[|a\nb]\nd"),
        ("[a\n|]b", "b\n[a|]"),
        ("a|\r\nb", "b\r\na|"),
        ("a|\n", "\na|"),
    ];
    check(&down, move_down);
}

#[test]
fn lines_are_deleted_with_one_line_end() {
    let rows = [
        ("a\nb|b\nc", "a\n|c"),
        ("a|", "|"),
        ("a\nb|", "|a"),
        ("a\r\nb|", "|a"),
        ("a\n[b\nc|]c\nd", "a\n|d"),
        ("|", "|"),
        ("a\n|", "|a"),
    ];
    check(&rows, |rope, selection| Some(delete(rope, selection)));
}

#[test]
fn lines_are_joined_with_one_space() {
    let rows = [
        ("a|b\n  cd", "ab| cd"),
        ("ab  |\ncd", "ab| cd"),
        ("ab|\r\n\tcd\r\ne", "ab| cd\r\ne"),
        ("ab|\n\ncd", "ab|\ncd"),
        ("|\ncd", "|cd"),
        ("ab|", "ab|"),
        ("[a\n  b\n  c|]\nd", "[a b c|]\nd"),
        ("[a\n \n c|]", "[a c|]"),
    ];
    check(&rows, |rope, selection| Some(join(rope, selection)));
}

#[test]
fn indentation_grows_and_shrinks_by_steps() {
    let spaces = Indentation::Spaces(2);
    let rows = [
        ("a|b\nc", "  a|b\nc"),
        ("[a\n\n b|]\nc", "[  a\n\n   b|]\nc"),
        ("x[a\nb\n|]c", "  x[a\n  b\n|]c"),
        ("|", "  |"),
    ];
    check(&rows, |rope, selection| {
        Some(indent(rope, selection, spaces))
    });
    let rows = [
        ("    a|b", "  a|b"),
        (" |ab", "|ab"),
        ("[  a\n\t b\n c|]", "[a\n b\nc|]"),
        ("a|", "a|"),
    ];
    check(&rows, |rope, selection| {
        Some(outdent(rope, selection, spaces))
    });
    let rows = [("\t\ta|", "\ta|"), ("      a|", "  a|")];
    check(&rows, |rope, selection| {
        Some(outdent(rope, selection, Indentation::Tabs(4)))
    });
}

#[test]
fn comments_come_and_go() {
    let slashes = Comment {
        start: "//",
        end: None,
    };
    let rows = [
        ("  a|b", "  // a|b"),
        ("  // a|b", "  a|b"),
        ("  //a|b", "  a|b"),
        ("[a\n\n  b|]", "[// a\n\n//   b|]"),
        ("[// a\n  b|]", "[// // a\n//   b|]"),
        ("[// a\n\n// b|]", "[a\n\nb|]"),
        ("|", "|"),
    ];
    check(&rows, |rope, selection| {
        Some(toggle_comment(rope, selection, slashes))
    });
    let html = Comment {
        start: "<!--",
        end: Some("-->"),
    };
    let rows = [("a|b", "<!-- a|b -->"), ("<!-- a|b -->", "a|b")];
    check(&rows, |rope, selection| {
        Some(toggle_comment(rope, selection, html))
    });
}

#[test]
fn trimming_spares_the_line_with_the_caret() {
    let mut rope = Rope::from_str("a \nb\t \r\n  \nc  ");
    trim(&rope, 12).apply(&mut rope);
    assert_eq!(rope, "a\nb\r\n\nc  ");
}
