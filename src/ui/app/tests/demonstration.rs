//! A demonstration: what it says, and that nothing of it is kept.

use super::*;
use crate::ConflictSettings;

fn demonstration() -> Desk {
    let mut desk = Desk::new("# The picnic\n\nWe meet at 3pm.\n");
    desk.app.demonstrate(ConflictSettings::default());
    desk.app.greet();
    let words = "They clash over the time. Settle it for all: {conflicts} shows the card";
    desk.send(Event::Demonstrated(words.to_owned()));
    desk
}

#[test]
fn a_line_at_the_bottom_says_what_is_shown() {
    let mut desk = demonstration();
    desk.assert_screen("demonstration__caption", 80, 24);
    desk.assert_screen("demonstration__caption_40x12", 40, 12);
    for (columns, rows) in [(0, 0), (1, 1), (3, 2), (80, 5), (300, 100)] {
        desk.send(Event::Resize(columns, rows));
        desk.text_of_screen(columns.max(1), rows.max(1));
    }
}

#[test]
fn commands_without_a_key_are_named() {
    let mut desk = Desk::new("");
    desk.app.demonstrate(ConflictSettings::default());
    desk.send(Event::Demonstrated("{rename}, {nonsense} {undo".to_owned()));
    assert_eq!(desk.app.caption(80), ["rename, nonsense undo"]);
}

#[test]
fn quitting_asks_nothing_whatever_is_open() {
    for before in ["x", "F1", "Ctrl-P", "Ctrl-F", "Ctrl-G"] {
        let mut desk = demonstration();
        desk.write("changed");
        desk.keys(before);
        desk.keys("Ctrl-Q");
        let quits = |effect: &Effect| matches!(effect, Effect::Quit);
        assert!(desk.effects.iter().any(quits), "after {before}");
    }
}
