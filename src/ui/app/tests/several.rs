//! Several selections at a time, against tables and against a text with its carets written in it.

use proptest::prelude::*;

use super::*;
use crate::ui::text::{
    samples::{mark_all, unmark_all},
    several::Caret,
};

impl Desk {
    /// Opens a text in which several selections are marked; the last is the main one.
    fn with_several(marked: &str) -> Self {
        let (text, selections) = unmark_all(marked);
        let mut desk = Self::new(&text);
        desk.select_several(&selections);
        desk
    }

    fn select_several(&mut self, selections: &[TextSelection]) {
        let last = selections.len() - 1;
        let carets = selections.iter().enumerate();
        let carets = carets.map(|(index, selection)| Caret {
            selection: *selection,
            goal: None,
            is_main: index == last,
        });
        self.app.set_carets(carets.collect());
    }

    fn all_marks(&self) -> String {
        let carets = self.app.carets();
        let selections: Vec<_> = carets.iter().map(|caret| caret.selection).collect();
        mark_all(self.app.rope(), &selections)
    }
}

#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    for (before, keys, after) in rows {
        let mut desk = Desk::with_several(before);
        desk.keys(keys);
        assert_eq!(desk.all_marks(), *after, "after {keys} in {before:?}");
    }
}

#[test]
fn they_come_one_by_one() {
    check(&[
        ("on|e two one", "Ctrl-D", "[one|] two one"),
        ("on|e two one", "Ctrl-D Ctrl-D", "[one|] two [one|]"),
        // Only whole words are like a word that was picked as one,
        ("on|e phone one", "Ctrl-D Ctrl-D", "[one|] phone [one|]"),
        // and what was selected by hand is found everywhere.
        ("[one|] phone", "Ctrl-D", "[one|] ph[one|]"),
        ("[one|] One one", "Ctrl-D", "[one|] One [one|]"),
        ("one two o|ne", "Ctrl-D Ctrl-D", "[one|] two [one|]"),
        ("[a|]a a", "Ctrl-D Ctrl-D Ctrl-D", "[a|][a|] [a|]"),
        ("a b|c\nabc\nabc", "Ctrl-Alt-Down", "a b|c\nabc|\nabc"),
        (
            "ab|c\na\nabc",
            "Ctrl-Alt-Down Ctrl-Alt-Down",
            "ab|c\na|\nab|c",
        ),
        ("abc\na\nab|c", "Ctrl-Alt-Up Ctrl-Alt-Up", "ab|c\na|\nab|c"),
        ("[ab|]c\nabc", "Ctrl-Alt-Down", "[ab|]c\n[ab|]c"),
        ("ab|c", "Ctrl-Alt-Down Ctrl-Alt-Up", "ab|c"),
        ("a|b\nab", "Ctrl-Alt-Down Ctrl-D", "[ab|]\n[ab|]"),
    ]);
}

#[test]
fn they_move_together_and_meet() {
    check(&[
        ("a|b c|d", "Right", "ab| cd|"),
        ("a|b c|d", "Shift-Right", "a[b|] c[d|]"),
        ("a|b c|d", "Home", "|ab cd"),
        ("a|b\nc|d", "End", "ab|\ncd|"),
        ("a|b\nc|d", "Ctrl-Home", "|ab\ncd"),
        ("|ab| cd", "Ctrl-Right", "ab| cd|"),
        ("a[b|] c[|d]", "Left", "a|b c|d"),
        ("ab|c\na|\nab|c", "Up", "|a|bc\na|\nabc"),
        ("a|b c|d", "Esc", "ab c|d"),
        ("[a|]b [c|]d", "Esc Esc", "ab c|d"),
        ("a|b c|d", "Ctrl-A", "[ab cd|]"),
        ("o|ne t|wo", "Alt-Shift-Left", "[|o]ne [|t]wo"),
    ]);
}

#[test]
fn they_write_together() {
    check(&[
        ("a|b c|d", "x", "ax|b cx|d"),
        ("[a|]b [c|]d", "x y", "xy|b xy|d"),
        ("a|b c|d", "Backspace", "|b |d"),
        ("a|b|c", "Backspace", "|c"),
        ("a|b|c", "Delete", "a|"),
        ("[ab|] [cd|]", "Backspace", "| |"),
        ("one| two|", "Alt-Backspace", "| |"),
        ("  a|\n\tb|", "Enter", "  a\n  |\n\tb\n\t|"),
        ("a|\nbb|", "Tab", "a\t|\nbb\t|"),
        ("[a|]b\n[c|]d", "Tab", "\t[a|]b\n\t[c|]d"),
        ("a|b\nc|d", "Alt-I", "\ta|b\n\tc|d"),
        ("a|\nb\nc|", "Alt-U", "a\na|\nb\nc\nc|"),
        ("a\nb|\nc\nd|", "Alt-Up", "b|\na\nd|\nc"),
        ("a|\nb\nc|\nd", "Alt-Down", "b\na|\nd\nc|"),
        ("a|\nb|\nc", "Alt-Down", "c\na|\nb|"),
        ("a\nb|\nc|", "Alt-Up", "b|\nc|\na"),
        ("a|\nb\nc|\nd", "Ctrl-K", "|b\n|d"),
        ("a|\nb\nc|\nd", "Alt-J", "a| b\nc| d"),
        ("a|b c|d", "x Ctrl-Z", "a|b c|d"),
        ("[a|]b [|c]d", "x y Ctrl-Z", "[a|]b [|c]d"),
        ("[a|]b [|c]d", "x y Ctrl-Z Ctrl-Y", "xy|b xy|d"),
        ("[a|]b [|c]d", "x Esc Right Ctrl-Z", "[a|]b [|c]d"),
    ]);
}

#[test]
fn they_are_cut_and_pasted() {
    check(&[
        ("[a|] [b|] .", "Ctrl-C End Ctrl-V", "a b .a\nb|"),
        ("[a|]-[b|]", "Ctrl-X Right Ctrl-V", "-a\nb|"),
        ("[a|] [b|]", "Ctrl-C Right Ctrl-V", "aa| bb|"),
        ("[a|] [b|]", "Ctrl-X Ctrl-V", "a| b|"),
        ("a|a\nb\nc|", "Ctrl-X", "|b\n|"),
        ("[a|]\nb", "Ctrl-C Ctrl-Alt-Down Ctrl-V", "a|\na|"),
    ]);
    // A line that was copied whole goes above each line.
    let mut desk = Desk::new("one\ntwo\nthree");
    desk.keys("Ctrl-C Ctrl-Alt-Down Ctrl-V");
    assert_eq!(desk.all_marks(), "one\n|one\none\n|two\nthree");
}

#[test]
fn a_match_far_away_is_looked_for_beside() {
    let mut desk = Desk::new(&format!("word\n{}word\n", "filler\n".repeat(90_000)));
    desk.works = false;
    desk.keys("Ctrl-D Ctrl-D");
    let Some(Effect::Work(job)) = desk.effects.pop() else {
        panic!("it is not found at once");
    };
    assert!(!desk.app.has_several());
    // Somebody writes meanwhile, so that it is looked for anew.
    desk.others_insert(5, "filler\n");
    desk.works = true;
    desk.send(Event::Worked(Box::new(job.run())));
    assert_eq!(desk.app.carets().len(), 2);
    assert_eq!(desk.app.selected(), 630_012..630_016);
    desk.keys("Ctrl-D");
    assert!(desk.status().contains("Every match is selected"));
}

#[test]
fn a_key_ends_the_looking() {
    let mut desk = Desk::new(&format!("word\n{}word\n", "filler\n".repeat(90_000)));
    desk.works = false;
    desk.keys("Ctrl-D Ctrl-D");
    let Some(Effect::Work(job)) = desk.effects.pop() else {
        panic!("it is not found at once");
    };
    desk.keys("Right");
    desk.send(Event::Worked(Box::new(job.run())));
    assert_eq!(desk.app.carets().len(), 1);
}

#[test]
fn others_move_all_of_them() {
    let mut desk = Desk::with_several("a|b [cd|] ef|");
    desk.others_insert(0, "xx");
    assert_eq!(desk.all_marks(), "xxa|b [cd|] ef|");
    desk.others_insert(3, "y");
    assert_eq!(desk.all_marks(), "xxa|yb [cd|] ef|");
    desk.others_delete(2..8);
    assert_eq!(desk.all_marks(), "xx| ef|");
    desk.write("z");
    assert_eq!(desk.all_marks(), "xxz| efz|");
    desk.keys("Ctrl-Z");
    assert_eq!(desk.all_marks(), "xx| ef|");
}

#[test]
fn what_is_meant_for_one_place_leaves_one() {
    for keys in ["Ctrl-G", "Ctrl-F", "Ctrl-Home"] {
        let mut desk = Desk::with_several("one|\ntwo|\n");
        desk.keys(keys);
        desk.write("2");
        desk.keys("Enter Esc");
        assert_eq!(desk.app.carets().len(), 1, "{keys}");
    }
    let mut desk = Desk::with_several("one|\ntwo|\n");
    desk.click(8, 1);
    assert_eq!(desk.app.carets().len(), 1);
}

#[test]
fn the_mouse_adds_one_with_alt() {
    let mut desk = Desk::new("one\ntwo\n");
    desk.send(Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 6,
        row: 1,
        modifiers: crossterm::event::KeyModifiers::ALT,
    }));
    assert_eq!(desk.app.carets().len(), 2, "{}", desk.all_marks());
}

#[test]
fn a_protected_text_stays_as_it_is() {
    let mut desk = Desk::with_several("a|b c|d");
    desk.keys("Alt-O x Backspace Ctrl-K Ctrl-X");
    assert_eq!(desk.app.rope(), "ab cd");
}

#[test]
fn screens() {
    let mut desk =
        Desk::new("let total = 0;\nfor one in all {\n    total += one;\n}\nprint(total);\n");
    desk.app.selection = TextSelection::caret(6);
    desk.keys("Ctrl-D Ctrl-D Ctrl-D");
    desk.assert_screen("several__three_words_selected", 60, 10);
    desk.write("sum");
    desk.wait(Duration::from_secs(10));
    desk.assert_screen("several__three_carets", 60, 10);
}

/// What may happen to a text with several carets.
#[derive(Clone, Debug)]
enum Step {
    Write(char),
    Key(&'static str),
    Others(usize, char),
}

/// Stands for a caret in the naive model.
const CARET: char = '|';

/// Does the same to a text in which the carets are characters.
fn do_naively(text: &mut Vec<char>, step: &Step) {
    let mut out = Vec::new();
    let carets = |text: &[char]| text.iter().filter(|c| **c == CARET).count();
    match step {
        Step::Write(letter) => {
            for character in text.iter() {
                if *character == CARET {
                    out.push(*letter);
                }
                out.push(*character);
            }
        }
        Step::Key("Left" | "Backspace") => {
            for character in text.iter() {
                let before = out.pop_if(|last: &mut char| *character == CARET && *last != CARET);
                out.push(*character);
                if matches!(step, Step::Key("Left")) {
                    out.extend(before);
                }
            }
        }
        Step::Key(_) => {
            let mirrored: Vec<char> = text.iter().rev().copied().collect();
            *text = mirrored;
            let same = match step {
                Step::Key("Right") => Step::Key("Left"),
                _ => Step::Key("Backspace"),
            };
            do_naively(text, &same);
            text.reverse();
            return;
        }
        Step::Others(at, letter) => {
            let at = at % (text.len() - carets(text) + 1);
            let mut passed = 0;
            for character in text.iter() {
                if passed == at && *character != CARET {
                    out.push(*letter);
                    passed += 1;
                }
                passed += usize::from(*character != CARET);
                out.push(*character);
            }
            if passed == at {
                out.push(*letter);
            }
        }
    }
    out.dedup_by(|later, earlier| (*later, *earlier) == (CARET, CARET));
    *text = out;
}

fn step() -> impl Strategy<Value = Step> {
    let keys = prop::sample::select(vec!["Left", "Right", "Backspace", "Delete"]);
    prop_oneof![
        4 => prop::char::range('a', 'c').prop_map(Step::Write),
        6 => keys.prop_map(Step::Key),
        2 => (any::<usize>(), prop::char::range('x', 'z')).prop_map(|(at, c)| Step::Others(at, c)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn carets_do_what_characters_in_the_text_would(
        text in "[abc\n]{0,20}",
        places in prop::collection::vec(any::<usize>(), 1..6),
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let mut desk = Desk::new(&text);
        let length = text.chars().count();
        let carets: Vec<_> = places
            .iter()
            .map(|at| TextSelection::caret(at % (length + 1)))
            .collect();
        desk.select_several(&carets);
        let mut naive: Vec<char> = desk.all_marks().chars().collect();
        for step in &steps {
            do_naively(&mut naive, step);
            match step {
                Step::Write(letter) => desk.write(&letter.to_string()),
                Step::Key(key) => desk.keys(key),
                Step::Others(at, letter) => {
                    let length = desk.app.rope().len_chars();
                    desk.others_insert(at % (length + 1), &letter.to_string());
                }
            }
            let expected: String = naive.iter().collect();
            prop_assert_eq!(desk.all_marks(), expected, "after {:?}", step);
        }
        // Whatever came of it is taken back, and only the others' letters are left.
        while desk.app.document.can_undo() {
            desk.keys("Ctrl-Z");
        }
        let left: String = desk.app.rope().chars().filter(|c| !"xyz".contains(*c)).collect();
        prop_assert_eq!(left, text);
    }
}
