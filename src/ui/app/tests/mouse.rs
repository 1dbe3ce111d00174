//! Clicks, drags and the wheel. The text starts in column 4, behind the line numbers.

use crossterm::event::KeyModifiers;

use super::*;

const LEFT: MouseButton = MouseButton::Left;

#[test]
fn clicks_place_the_caret_and_select() {
    let click = |clicks: usize, column, row| {
        let mut desk = Desk::new("one two\nthree 日本\n");
        for _ in 0..clicks {
            desk.click(column, row);
        }
        desk.marks()
    };
    for (clicks, column, row, expected) in [
        (1, 4, 0, "|one two\nthree 日本\n"),
        (1, 7, 0, "one| two\nthree 日本\n"),
        (1, 60, 0, "one two|\nthree 日本\n"),
        (1, 1, 1, "one two\n|three 日本\n"),
        (1, 11, 1, "one two\nthree |日本\n"),
        (1, 12, 1, "one two\nthree 日|本\n"),
        (1, 30, 20, "one two\nthree 日本\n|"),
        (2, 9, 0, "one [two|]\nthree 日本\n"),
        (3, 9, 0, "[one two\n|]three 日本\n"),
        (4, 9, 0, "one t|wo\nthree 日本\n"),
    ] {
        assert_eq!(
            click(clicks, column, row),
            expected,
            "{clicks} at {column}, {row}"
        );
    }
}

#[test]
fn dragging_selects_characters_words_or_lines() {
    let drag = |presses: usize, from: (u16, u16), to: (u16, u16)| {
        let mut desk = Desk::new("one two three\nfour\n");
        for _ in 1..presses {
            desk.click(from.0, from.1);
        }
        desk.mouse(MouseEventKind::Down(LEFT), from.0, from.1);
        desk.mouse(MouseEventKind::Drag(LEFT), to.0, to.1);
        desk.mouse(MouseEventKind::Up(LEFT), to.0, to.1);
        desk.mouse(MouseEventKind::Drag(LEFT), 4, 0);
        desk.marks()
    };
    for (presses, from, to, expected) in [
        (1, (5, 0), (9, 0), "o[ne t|]wo three\nfour\n"),
        (1, (9, 0), (5, 0), "o[|ne t]wo three\nfour\n"),
        (2, (9, 0), (14, 0), "one [two three|]\nfour\n"),
        (2, (9, 0), (5, 0), "[|one two] three\nfour\n"),
        (3, (9, 0), (5, 1), "[one two three\nfour\n|]"),
    ] {
        assert_eq!(
            drag(presses, from, to),
            expected,
            "{presses} from {from:?} to {to:?}"
        );
    }
}

#[test]
fn shift_click_extends() {
    let mut desk = Desk::marked("o|ne two");
    desk.send(Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(LEFT),
        column: 9,
        row: 0,
        modifiers: KeyModifiers::SHIFT,
    }));
    assert_eq!(desk.marks(), "o[ne t|]wo");
}

#[test]
fn the_wheel_scrolls_and_the_caret_stays() {
    let text: String = (1..100).map(|line| format!("line {line}\n")).collect();
    let mut desk = Desk::new(&text);
    desk.mouse(MouseEventKind::ScrollDown, 10, 10);
    assert_eq!(desk.text_of_screen(80, 24)[0].trim(), "4 line 4");
    assert_eq!(desk.app.selection, TextSelection::caret(0));
    desk.mouse(MouseEventKind::ScrollUp, 10, 10);
    desk.mouse(MouseEventKind::ScrollUp, 10, 10);
    assert_eq!(desk.text_of_screen(80, 24)[0].trim(), "1 line 1");
    for _ in 0..100 {
        desk.mouse(MouseEventKind::ScrollDown, 10, 10);
    }
    assert_eq!(
        desk.text_of_screen(80, 24)[22].trim(),
        "100",
        "not beyond the end"
    );
}

#[test]
fn a_click_on_a_person_shows_where_they_are() {
    let text: String = (1..100).map(|line| format!("line {line}\n")).collect();
    let mut desk = Desk::new(&text);
    let length = desk.app.rope().len_chars();
    desk.joins(ADA, length, length);
    desk.text_of_screen(80, 24);
    desk.click(60, 3);
    assert!(desk.text_of_screen(80, 24).join("\n").contains("line 99"));
    assert_eq!(
        desk.app.selection,
        TextSelection::caret(0),
        "our caret stays"
    );
}
