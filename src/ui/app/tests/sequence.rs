//! Keys that are pressed one after the other.

use super::*;

fn emacs(text: &str) -> Desk {
    let mut desk = Desk::new(text);
    let config = Config::parse("config.toml", "keymap = \"emacs\"").expect("settings");
    desk.app.keymap = config.keymap();
    desk
}

#[test]
fn the_last_key_runs_the_command() {
    let mut desk = emacs("one\n");
    desk.write("x");
    desk.keys("Ctrl-X");
    assert!(!desk.effects.iter().any(|e| matches!(e, Effect::Save(_))));
    desk.keys("Ctrl-S");
    assert!(desk.effects.iter().any(|e| matches!(e, Effect::Save(_))));
    desk.keys("Ctrl-X h");
    assert_eq!(desk.marks(), "[xone\n|]");
}

#[test]
fn what_is_no_command_types_nothing_and_is_said() {
    let mut desk = emacs("one\n");
    desk.keys("Ctrl-X z");
    assert_eq!(desk.marks(), "|one\n");
    assert!(desk.status().contains("Ctrl-X z runs no command"));
    desk.keys("z");
    assert_eq!(desk.marks(), "z|one\n");
}

#[test]
fn it_is_given_up_by_a_key_or_the_mouse() {
    for key in ["Esc", "Ctrl-G"] {
        let mut desk = emacs("one\n");
        desk.keys("Ctrl-X");
        desk.keys(key);
        assert!(!desk.status().contains("runs no command"), "{key}");
        desk.keys("h");
        assert_eq!(desk.marks(), "h|one\n", "{key}");
    }
    let mut desk = emacs("one\n");
    desk.keys("Ctrl-X");
    desk.click(5, 0);
    desk.keys("h");
    assert_eq!(desk.marks(), "oh|ne\n");
}

#[test]
fn who_hesitates_is_shown_what_may_follow() {
    let mut desk = emacs("one\n");
    desk.keys("Ctrl-X");
    let words = "Ctrl-X and then";
    assert!(!desk.text_of_screen(80, 24).join("\n").contains(words));
    let due = desk.app.next_tick().expect("a time to show it");
    assert!(due <= desk.now + Duration::from_millis(500));
    desk.wait(Duration::from_millis(500));
    assert_eq!(desk.app.next_tick().filter(|due| *due <= desk.now), None);
    desk.assert_screen("sequence__what_may_follow", 80, 16);
    assert!(desk.text_of_screen(40, 8).join("\n").contains(words));
    desk.keys("Esc");
    assert!(!desk.text_of_screen(80, 24).join("\n").contains(words));
}
