use std::collections::HashMap;

use super::*;

#[track_caller]
fn key(text: &str) -> KeyPress {
    text.parse().expect("a key")
}

fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyPress {
    KeyPress::from_event(&KeyEvent::new(code, modifiers)).expect("a press")
}

#[test]
fn no_key_does_two_things_and_all_keys_of_the_table_parse() {
    let mut owners: HashMap<KeyPress, Command> = HashMap::new();
    for info in COMMANDS {
        for text in info.keys {
            let key = key(text);
            assert_eq!(key.to_string(), *text, "written otherwise than it prints");
            if let Some(owner) = owners.insert(key, info.command) {
                panic!("{text} runs both {owner} and {}", info.command);
            }
        }
    }
    let keymap = Keymap::default();
    assert_eq!(owners.len(), keymap.bindings.len());
    for info in COMMANDS {
        let shown: Vec<_> = keymap
            .keys_for(info.command)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(shown, info.keys);
    }
}

#[test]
fn no_plain_character_is_taken_away_from_typing() {
    for (key, command) in Keymap::default().bindings {
        assert_eq!(key.keys()[0].text(), None, "{key} runs {command}");
    }
}

#[test]
fn terminals_dialects_become_one_key() {
    use KeyModifiers as M;
    for (code, modifiers, text) in [
        (KeyCode::Char('s'), M::CONTROL, "Ctrl-S"),
        (KeyCode::Char('Z'), M::CONTROL | M::SHIFT, "Ctrl-Shift-Z"),
        (KeyCode::Char('z'), M::CONTROL | M::SHIFT, "Ctrl-Shift-Z"),
        (KeyCode::Char('X'), M::ALT, "Alt-Shift-X"),
        (KeyCode::BackTab, M::NONE, "Shift-Tab"),
        (KeyCode::BackTab, M::SHIFT, "Shift-Tab"),
        (KeyCode::Tab, M::SHIFT, "Shift-Tab"),
        (KeyCode::Char('A'), M::SHIFT, "A"),
        (KeyCode::Char('a'), M::SHIFT, "A"),
        (KeyCode::Char('é'), M::NONE, "é"),
        (KeyCode::Char(' '), M::CONTROL, "Ctrl-Space"),
        (KeyCode::F(12), M::NONE, "F12"),
        (KeyCode::PageUp, M::CONTROL | M::SHIFT, "Ctrl-Shift-PageUp"),
    ] {
        let pressed = press(code, modifiers);
        assert_eq!(pressed.to_string(), text);
        assert_eq!(pressed, key(text), "{text}");
    }
}

#[test]
fn releases_and_lone_modifiers_are_no_presses() {
    use crossterm::event::ModifierKeyCode;
    let release = KeyEvent::new_with_kind(
        KeyCode::Char('a'),
        KeyModifiers::NONE,
        KeyEventKind::Release,
    );
    assert_eq!(KeyPress::from_event(&release), None);
    let shift = KeyCode::Modifier(ModifierKeyCode::LeftShift);
    let shift = KeyEvent::new(shift, KeyModifiers::SHIFT);
    assert_eq!(KeyPress::from_event(&shift), None);
    let repeat =
        KeyEvent::new_with_kind(KeyCode::Char('a'), KeyModifiers::NONE, KeyEventKind::Repeat);
    assert_eq!(
        KeyPress::from_event(&repeat).and_then(|key| key.text()),
        Some('a')
    );
}

#[test]
fn only_plain_characters_are_text() {
    for (text, expected) in [
        ("a", Some('a')),
        ("Space", Some(' ')),
        ("Minus", Some('-')),
        ("-", Some('-')),
        ("Ctrl-A", None),
        ("Alt-A", None),
        ("Super-A", None),
        ("Enter", None),
    ] {
        assert_eq!(key(text).text(), expected, "{text}");
    }
}

#[test]
fn what_people_write_is_understood() {
    for (written, meant) in [
        ("ctrl+s", "Ctrl-S"),
        ("CTRL-alt-DELETE", "Ctrl-Alt-Delete"),
        ("shift-a", "A"),
        ("Ctrl--", "Ctrl-Minus"),
        ("Ctrl-+", "Ctrl-Plus"),
        (" f5 ", "F5"),
        ("Alt-ß", "Alt-ß"),
    ] {
        assert_eq!(key(written).to_string(), meant, "{written}");
    }
    for wrong in [
        "",
        "Ctrl",
        "Ctrl-",
        "Kontrol-S",
        "F0",
        "F99",
        "Ctrl-Foo",
        "ab",
        "\u{1b}",
    ] {
        assert_eq!(
            wrong.parse::<KeyPress>(),
            Err(KeyParseError(wrong.to_owned()))
        );
    }
}

#[test]
fn binding_replaces_and_steals() {
    let mut keymap = Keymap::default();
    keymap.bind(Command::Save, &[sequence("Ctrl-Q"), sequence("F12")]);
    assert_eq!(keymap.lookup(key("Ctrl-Q")), Some(Command::Save));
    assert_eq!(keymap.lookup(key("Ctrl-S")), None);
    assert_eq!(keymap.keys_for(Command::Quit), []);
    keymap.bind(Command::Save, &[]);
    assert_eq!(keymap.lookup(key("F12")), None);
}

#[track_caller]
fn sequence(text: &str) -> KeySequence {
    text.parse().expect("keys")
}

#[test]
fn keys_one_after_the_other_are_one_binding() {
    let mut keymap = Keymap::default();
    keymap.bind(Command::Save, &[sequence("Ctrl-X Ctrl-S")]);
    keymap.bind(Command::Close, &[sequence("ctrl+x k")]);
    keymap.bind(Command::Open, &[sequence("Ctrl-X r f")]);
    let (x, s) = (key("Ctrl-X"), key("Ctrl-S"));
    // What ran by the first key alone does not any more.
    assert_eq!(keymap.lookup(x), None);
    assert_eq!(keymap.look_up(&[x]), Lookup::Begun);
    assert_eq!(keymap.look_up(&[x, s]), Lookup::Command(Command::Save));
    assert_eq!(keymap.look_up(&[x, key("r")]), Lookup::Begun);
    assert_eq!(keymap.look_up(&[x, key("q")]), Lookup::Nothing);
    assert_eq!(keymap.look_up(&[x, s, s]), Lookup::Nothing);
    assert_eq!(
        keymap.following(&[x]),
        [
            (s, Some(Command::Save)),
            (key("k"), Some(Command::Close)),
            (key("r"), None)
        ]
    );
    assert_eq!(
        keymap.keys_for(Command::Save)[0].to_string(),
        "Ctrl-X Ctrl-S"
    );
    keymap.bind(Command::Cut, &[sequence("Ctrl-X")]);
    assert_eq!(keymap.lookup(x), Some(Command::Cut));
    assert_eq!(keymap.keys_for(Command::Save), []);
}

#[test]
fn a_sequence_has_one_to_four_keys() {
    for text in ["F5", "Ctrl-X Ctrl-S", "Ctrl-X r t k", "Ctrl-X Space"] {
        assert_eq!(sequence(text).to_string(), text);
    }
    assert_eq!(sequence("  ctrl+x   K ").to_string(), "Ctrl-X K");
    for wrong in ["", "  ", "Ctrl-X Crtl-S", "a b c d e"] {
        assert!(wrong.parse::<KeySequence>().is_err(), "{wrong:?}");
    }
}
