//! Dialogs take the keys and give them back.

use super::*;

#[test]
fn keys_go_to_the_dialog_until_it_closes() {
    for open in ["F1", "Ctrl-T", "Ctrl-R", "Alt-S"] {
        let mut desk = Desk::marked("a|b");
        desk.keys(open);
        desk.write("xyz");
        desk.keys("Backspace Delete Left Ctrl-A Ctrl-X Ctrl-Z");
        desk.send(Event::Paste("pasted\ntext".to_owned()));
        assert_eq!(desk.marks(), "a|b", "while {open} is open");
        desk.keys("Esc");
        desk.write("x");
        assert_eq!(desk.marks(), "ax|b", "after {open} was closed");
    }
}

#[test]
fn the_clipboard_goes_to_whoever_asked_for_it() {
    let mut desk = Desk::marked("a|b");
    desk.send(key("Ctrl-V"));
    desk.keys("Ctrl-R");
    desk.send(Event::Clipboard("late".to_owned()));
    assert_eq!(desk.marks(), "alate|b");

    desk.send(key("Ctrl-V"));
    desk.keys("Esc");
    desk.send(Event::Clipboard("lost".to_owned()));
    assert_eq!(desk.marks(), "alate|b");

    desk.send(Event::Clipboard("nobody asked".to_owned()));
    assert_eq!(desk.marks(), "alate|b");
}

fn key(key: &str) -> Event {
    let press: KeyPress = key.parse().expect("a key");
    Event::Key(KeyEvent::new(press.code, press.modifiers))
}

#[test]
fn others_go_on_writing_while_a_dialog_is_open() {
    let mut desk = Desk::marked("a|b");
    desk.keys("F1");
    desk.others_insert(0, "x");
    assert_eq!(desk.marks(), "xa|b");
}

#[test]
fn a_node_id_is_pasted_and_joined() {
    let mut desk = Desk::marked("|");
    desk.keys("Ctrl-R");
    desk.send(Event::Paste(format!(" {ADA}\n")));
    desk.keys("Enter");
    assert!(matches!(desk.effects.last(), Some(Effect::Connect(node)) if *node == ADA.to_string()));
    desk.write("x");
    assert_eq!(desk.marks(), "x|", "the dialog is gone");
}

#[test]
fn a_wrong_node_id_keeps_the_dialog_open() {
    let mut desk = Desk::marked("|");
    desk.keys("Ctrl-R");
    desk.write(&GRACE.to_string());
    desk.keys("Enter");
    assert!(
        !desk
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Connect(_)))
    );
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(screen.contains("This is your own node id."), "{screen}");
}

#[test]
fn one_key_copies_what_the_other_person_needs() {
    for (keys, copied) in [
        ("Enter", format!("copad --connect {GRACE}")),
        ("c", format!("copad --connect {GRACE}")),
        ("i", GRACE.to_string()),
        ("Tab Enter", GRACE.to_string()),
        ("Shift-Tab Left Enter", GRACE.to_string()),
    ] {
        let mut desk = Desk::marked("|");
        desk.keys("Ctrl-T");
        desk.keys(keys);
        let found = desk
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Copy(text) if *text == copied));
        assert!(found, "{keys}: {:?}", desk.effects);
    }
}

#[test]
fn buttons_can_be_clicked() {
    let mut desk = Desk::marked("|");
    desk.write("x");
    desk.keys("Ctrl-Q");
    let screen = desk.text_of_screen(80, 24);
    let row = screen
        .iter()
        .position(|row| row.contains("[ Quit without saving ]"));
    let row = row.expect("the button is there");
    let column = screen[row]
        .split("[ Quit without")
        .next()
        .map_or(0, |before| before.chars().count());
    desk.click(column as u16 + 3, row as u16);
    assert!(matches!(desk.effects.last(), Some(Effect::Quit)));
}

#[test]
fn the_file_in_the_way_is_decided_on_purpose_only() {
    for (keys, expected) in [
        ("k t Enter", Existing::Cancel),
        ("Esc", Existing::Cancel),
        ("Tab Enter", Existing::KeepMine),
        ("Shift-Tab Enter", Existing::TakeTheirs),
    ] {
        let mut desk = Desk::marked("|");
        desk.send(Event::AskExisting(ExistingFile {
            path: "notes.md".into(),
            mine_lines: 3,
            differing_lines: 2,
        }));
        desk.keys(keys);
        let answers: Vec<Existing> = desk
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::AnswerExisting(answer) => Some(*answer),
                _ => None,
            })
            .collect();
        assert_eq!(answers, [expected], "{keys}");
    }
}

#[test]
fn help_names_every_command() {
    let mut desk = Desk::marked("|");
    desk.keys("F1");
    let screen = desk.text_of_screen(92, 200).join("\n");
    for info in crate::ui::command::COMMANDS {
        assert!(screen.contains(info.help), "{} is missing", info.help);
        let key = info.keys.first().unwrap_or(&"no key");
        assert!(screen.contains(key), "{key} is missing");
    }
}
