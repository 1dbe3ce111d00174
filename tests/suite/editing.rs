//! Everyday editing with the real binary.

use vt100::Color;

use crate::terminal::Machine;

const FIND: &str = "\x06";
const PALETTE: &str = "\x10";
const SAVE: &str = "\x13";
const QUIT: &str = "\x11";
const UNDO: &str = "\x1a";
const ENTER: &str = "\r";
const ESC: &str = "\x1b";

#[test]
fn text_is_found_and_replaced_and_the_replacement_taken_back() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let path = ada.file("pets.txt", "a cat\nanother Cat\nno pet\n");
    let mut copad = ada.open(&["pets.txt"]);
    copad.sees(&["another Cat"]);
    copad.keys(FIND);
    copad.sees(&["Find", "Esc closes"]);
    copad.keys("cat");
    copad.sees(&["1 of 2"]);
    copad.keys(ENTER);
    copad.sees(&["2 of 2"]);
    copad.keys("\x1br");
    copad.sees(&["Replace"]);
    copad.keys("\t");
    copad.sees(&["Enter replaces"]);
    copad.keys("dog\x1ba");
    copad.sees(&["a dog", "another dog", "Replaced 2 matches"]);
    copad.keys(ESC);
    copad.waits("the line to search with is gone", |screen| {
        !screen.contents().contains("Enter replaces")
    });
    copad.keys(SAVE);
    copad.sees(&["Saved"]);
    assert_eq!(
        std::fs::read_to_string(&path).expect("the file"),
        "a dog\nanother dog\nno pet\n"
    );
    copad.keys(UNDO);
    copad.sees(&["a cat", "another Cat"]);
    copad.keys(SAVE);
    copad.waits("the file is as it was", |_| {
        std::fs::read_to_string(&path).is_ok_and(|text| text.starts_with("a cat\nanother Cat"))
    });
    copad.waits("it is saved", |screen| {
        !screen.contents().contains("pets.txt *")
    });
    copad.keys(QUIT);
    assert_eq!(copad.ends(), 0);
    assert_eq!(
        std::fs::read_to_string(&path).expect("the file"),
        "a cat\nanother Cat\nno pet\n"
    );
}

#[test]
fn a_word_is_rewritten_in_three_places_at_a_time() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let path = ada.file("sum.txt", "total = 0\nadd to total\nprint total\n");
    let mut copad = ada.open(&["sum.txt"]);
    copad.sees(&["print total"]);
    copad.keys("\x04\x04\x04");
    copad.sees(&["3 selections", "Esc goes back to one"]);
    copad.keys("sum");
    copad.sees(&["sum = 0", "add to sum", "print sum"]);
    copad.keys(UNDO);
    copad.sees(&["total = 0", "add to total", "print total"]);
    // All three are selected again. Ctrl-Alt-Up then adds nothing above the first row.
    copad.keys("\x1b[1;7A");
    copad.keys("all");
    copad.sees(&["all = 0", "add to all", "print all"]);
    copad.keys(ESC);
    copad.waits("one caret is left", |screen| {
        !screen.contents().contains("3 selections")
    });
    copad.keys("!");
    copad.sees(&["print all!"]);
    copad.keys(SAVE);
    copad.sees(&["Saved"]);
    copad.keys(QUIT);
    assert_eq!(copad.ends(), 0);
    assert_eq!(
        std::fs::read_to_string(&path).expect("the file"),
        "all = 0\nadd to all\nprint all!\n"
    );
}

#[test]
fn keys_of_emacs_are_pressed_one_after_the_other() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let path = ada.file("notes.txt", "one\n");
    std::fs::create_dir_all(ada.path("config/copad")).expect("a folder can be made");
    ada.file(
        "config/copad/config.toml",
        "keymap = \"emacs\"\n[keys]\nreplace = \"Ctrl-C r\"\n",
    );
    let mut copad = ada.open(&["notes.txt"]);
    copad.sees(&["one"]);
    copad.keys("no");
    copad.sees(&["noone"]);
    copad.keys("\x18");
    copad.sees(&["Ctrl-X and then", "Save the file", "Ctrl-C  Quit"]);
    copad.keys("\x13");
    copad.sees(&["Saved"]);
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), "noone\n");
    copad.keys("\x03r");
    copad.sees(&["Replace"]);
    copad.keys(ESC);
    copad.waits("the line to search with is gone", |screen| {
        !screen.contents().contains("Alt-X regex")
    });
    copad.keys("\x18\x03");
    assert_eq!(copad.ends(), 0);
}

#[test]
fn lines_are_moved_commands_found_by_name_and_lines_gone_to() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let path = ada.file("list.txt", "one\ntwo\nthree\n");
    let mut copad = ada.open(&["list.txt"]);
    copad.sees(&["three"]);
    copad.keys("\x1b[1;3B");
    copad.sees(&["2:1"]);
    copad.keys(PALETTE);
    copad.sees(&["Commands"]);
    copad.keys("duplicate");
    copad.sees(&["› Duplicate"]);
    copad.keys(ENTER);
    copad.sees(&["3:1"]);
    copad.keys("\x07");
    copad.sees(&["Go to line"]);
    copad.keys("4:3\r");
    copad.sees(&["4:3"]);
    copad.keys("-");
    copad.keys(SAVE);
    copad.sees(&["Saved"]);
    assert_eq!(
        std::fs::read_to_string(&path).expect("the file"),
        "two\none\none\nth-ree\n"
    );
    copad.keys(QUIT);
    assert_eq!(copad.ends(), 0);
}

#[test]
fn languages_are_coloured_and_changed_settings_hold_at_once() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("main.rs", "// hello\nfn main() {}\n");
    let mut copad = ada.open(&["main.rs"]);
    // The comment gets another colour than the text.
    copad.waits("the comment is coloured", |screen| {
        let color = |row, column| screen.cell(row, column).map(|cell| cell.fgcolor());
        screen.contents().contains("fn main") && color(0, 4) != color(1, 7)
    });
    let ground = |screen: &vt100::Screen| screen.cell(5, 40).map(|cell| cell.bgcolor());
    let dark = Some(Color::Rgb(0x19, 0x1c, 0x22));
    copad.waits("the ground is dark", |screen| ground(screen) == dark);
    let folder = ada.path("config/copad");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let settings = "theme = \"sepia\"\nline_numbers = \"off\"\n";
    std::fs::write(folder.join("config.toml"), settings).expect("a file can be written");
    let sepia = Some(Color::Rgb(0xf8, 0xf1, 0xe3));
    copad.waits("the ground is light", |screen| ground(screen) == sepia);
    copad.waits("the numbers are gone", |screen| {
        screen.contents().starts_with("// hello")
    });
    copad.keys(QUIT);
    assert_eq!(copad.ends(), 0);
}

#[test]
fn who_is_new_here_gets_a_hint_until_the_first_key() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let mut copad = ada.open(&["notes.txt"]);
    copad.sees(&["New here?", "F1 help", "Ctrl-Q quit"]);
    copad.keys("x");
    copad.waits("the hint is gone", |screen| {
        !screen.contents().contains("New here?")
    });
    copad.keys(SAVE);
    copad.sees(&["Saved"]);
    copad.keys(QUIT);
    assert_eq!(copad.ends(), 0);
    let copad = ada.open(&["notes.txt"]);
    copad.sees(&["1 x"]);
    copad.waits("no hint", |screen| !screen.contents().contains("New here?"));
}

#[test]
fn a_friend_is_followed_to_the_end_of_a_long_text() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let text: String = (1..=300).map(|line| format!("row {line}\n")).collect();
    let notes = ada.file("long.txt", &text);
    let id = ada.node_id(&notes);
    let mut host = ada.open(&["--name", "Ada", "long.txt"]);
    let mut guest = machine
        .person("ben")
        .open(&["--name", "Ben", "--connect", &id]);
    host.sees(&["synced with Ben"]);
    guest.sees(&["synced with Ada"]);
    host.keys("\x1by");
    host.sees(&["following Ben"]);
    guest.keys("\x1b[1;5F");
    guest.sees(&["row 300"]);
    host.sees(&["row 300"]);
    // Writing elsewhere is told to who does not follow.
    host.keys("\x1b");
    host.sees(&["no longer follow"]);
    guest.keys("\x1b[1;5H");
    guest.sees(&["row 1 "]);
    guest.keys("hey ");
    host.sees(&["Ben is writing at line 1 ↑"]);
}
