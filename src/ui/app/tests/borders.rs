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
    // The words of the last line keep what stands between them.
    for row in desk.text_of_screen(40, 12).iter().take(11) {
        assert!(row.is_ascii(), "{row:?}");
    }
}
