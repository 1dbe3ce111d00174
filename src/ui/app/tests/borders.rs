//! Terminals without box-drawing characters.

use super::*;
use crate::ui::theme::Borders;

#[test]
fn frames_lines_and_marks_can_be_ascii() {
    let theme = Theme::load("dark", None).expect("a theme");
    let text: String = (1..=99).map(|line| format!("line {line}\n")).collect();
    let mut desk = Desk::with_theme(&text, theme.with_borders(Borders::Ascii));
    let end = desk.app.rope().len_chars();
    desk.joins(ADA, end, end);
    desk.joins(LINUS, 3, 3);
    desk.wait(Duration::from_secs(30));
    let presence = Presence {
        typing: true,
        ..presence(ADA, end - 1, end - 1)
    };
    desk.send(Event::Presence(Box::new(PresenceEvent::Updated {
        node: ADA,
        presence,
    })));
    desk.assert_screen("borders__ascii", 80, 24);
    desk.keys("Alt-T");
    desk.assert_screen("borders__ascii_dialog", 40, 12);
    assert_ascii(&mut desk);
    desk.keys("Esc Alt-W x Ctrl-F");
    desk.write("line");
    assert_ascii(&mut desk);
    for dialog in ["Ctrl-P", "F1", "Ctrl-O", "Ctrl-T", "F12", "Alt-S"] {
        desk.keys("Esc Esc");
        desk.keys(dialog);
        assert_ascii(&mut desk);
    }
}

#[track_caller]
fn assert_ascii(desk: &mut Desk) {
    for (columns, rows) in [(40, 12), (80, 24), (24, 8)] {
        for row in desk.text_of_screen(columns, rows) {
            assert!(row.is_ascii(), "{row:?}");
        }
    }
}

#[test]
fn the_text_keeps_its_own_characters() {
    let theme = Theme::load("dark", None).expect("a theme");
    let mut desk = Desk::with_theme("a · b … c\n", theme.with_borders(Borders::Ascii));
    assert!(desk.text_of_screen(40, 8)[0].contains("a · b … c"));
}
