//! Conflicts: from the summary to the last answer.

use super::*;
use crate::{
    ConflictId, ConflictInfo, Reunion, Settlement,
    crdt::conflict::{self, Choice, ConflictState, Rule, TextKind, testing},
};

const NOTES: &str = "\
# Minutes

The fox jumped over the dog.
It was a sunny day, and nobody was in a hurry.

We meet at 3 tomorrow.
- milk
- bread
The end.
";

/// Words and what takes their place.
type Words<'a> = &'a [(&'a str, &'a str)];

/// What both do to one sentence.
const FOX: (Words<'_>, Words<'_>) = (&[("fox", "quick fox")], &[("jumped over", "slept beside")]);

/// When everything was told, in seconds since 1970.
const NOW: i64 = 1_800_000_000;
const CLOCK: Clock = Clock {
    now: NOW,
    offset: 6 * 3_600,
};

/// Tells the application which of these are open, as the network does.
fn tell(desk: &mut Desk, states: &[(ConflictId, ConflictState)]) {
    let shared = desk.app.document.shared().clone();
    let open = states.iter().filter_map(|(id, state)| {
        let mut state = state.clone();
        let mine = state
            .record
            .sides
            .iter()
            .position(|side| side.author != testing::OTHER);
        for side in &mut state.record.sides {
            let theirs = side.author == testing::OTHER;
            let user = user_of(if theirs { ADA } else { GRACE });
            (side.name, side.color) = (user.name, user.color);
            side.time = NOW - if theirs { 180 } else { 360 };
        }
        state.record.apart = 840;
        ConflictInfo::of(shared.doc(), *id, state, mine).filter(|info| info.open)
    });
    let open = open.collect();
    desk.send(Event::Conflicts { open, clock: CLOCK });
}

fn reunion() -> Reunion {
    Reunion {
        name: "Ada".to_owned(),
        apart: Duration::from_secs(840),
        ours: 5,
        theirs: 12,
        conflicts: 2,
    }
}

/// A desk with the conflicts that come of these edits, and all that the document keeps of them.
fn desk_with(
    text: &str,
    kind: TextKind,
    (ours, theirs): (Words<'_>, Words<'_>),
) -> (Desk, Vec<(ConflictId, ConflictState)>) {
    let mut desk = Desk::new(text);
    desk.joins(ADA, 0, 0);
    desk.wait(Duration::from_secs(20));
    let shared = desk.app.document.shared().clone();
    let (states, _) = testing::clash(&shared, kind, ours, theirs);
    tell(&mut desk, &states);
    (desk, states)
}

fn fox() -> (Desk, Vec<(ConflictId, ConflictState)>) {
    desk_with(NOTES, TextKind::Prose, FOX)
}

fn line(desk: &Desk, number: usize) -> String {
    desk.app
        .rope()
        .line(number)
        .to_string()
        .trim_end()
        .to_owned()
}

fn answers(desk: &Desk) -> Vec<Choice> {
    let answer = |effect: &Effect| match effect {
        Effect::AnswerConflict(_, choice) => Some(*choice),
        _ => None,
    };
    desk.effects.iter().filter_map(answer).collect()
}

#[test]
fn each_key_is_an_ordinary_edit_and_undo_takes_it_back() {
    for (keys, expected) in [
        ("k", "The quick fox slept beside the dog."),
        ("m", "The quick fox jumped over the dog."),
        ("t", "The fox slept beside the dog."),
        (
            "b",
            "The quick fox jumped over the dog. The fox slept beside the dog.",
        ),
    ] {
        let (mut desk, _) = fox();
        desk.keys("F7");
        desk.keys(keys);
        assert_eq!(line(&desk, 2), expected, "{keys}");
        assert_eq!(answers(&desk).len(), 1, "{keys}");
        assert_eq!(desk.app.open_conflicts(), 0);
        desk.keys("Esc Ctrl-Z");
        assert_eq!(line(&desk, 2), "The quick fox slept beside the dog.");
        assert_eq!(reopened(&desk), 1, "{keys}");
        desk.keys("Ctrl-Z");
        assert_eq!(reopened(&desk), 1, "{keys}: once is enough");
    }
}

fn reopened(desk: &Desk) -> usize {
    let reopened = desk.effects.iter();
    let reopened = reopened.filter(|effect| matches!(effect, Effect::ReopenConflict(_)));
    reopened.count()
}

#[test]
fn what_was_typed_since_is_taken_back_first() {
    for keys in ["k", "m"] {
        let (mut desk, states) = fox();
        desk.keys("F7");
        desk.keys(keys);
        desk.wait(Duration::from_secs(2));
        desk.write("typed in one go");
        desk.keys("Ctrl-Z");
        assert_eq!(reopened(&desk), 0, "{keys}");
        desk.keys("Ctrl-Z");
        assert_eq!(reopened(&desk), 1, "{keys}");
        tell(&mut desk, &states);
        assert!(!desk.status().contains("No conflicts"));
        desk.wait(Duration::from_secs(5));
        assert!(desk.status().contains("1 conflict"), "{}", desk.status());
    }
}

#[test]
fn keys_on_a_card_can_be_clicked() {
    let click = |desk: &mut Desk, words: &str| {
        let screen = desk.text_of_screen(80, 24);
        let found = screen.iter().enumerate().find_map(|(row, line)| {
            let byte = line.find(words)?;
            Some((line[..byte].chars().count(), row))
        });
        let (column, row) = found.unwrap_or_else(|| panic!("{words} is not shown"));
        desk.click(column as u16 + 1, row as u16);
    };
    let (mut desk, _) = three();
    desk.send(Event::Met(reunion()));
    click(&mut desk, "[Enter] look");
    click(&mut desk, "[n]ext");
    assert!(desk.text_of_screen(80, 24).join("\n").contains("2/3"));
    click(&mut desk, "before");
    assert_eq!(answers(&desk), []);
    click(&mut desk, "[t]heirs");
    assert_eq!(line(&desk, 5), "We meet at 5 tomorrow.");
    click(&mut desk, "[e]dit");
    desk.write(", says Grace");
    click(&mut desk, "[Enter] put it there");
    assert_eq!(answers(&desk).len(), 2);
    click(&mut desk, "[l]ater");
    assert!(!desk.text_of_screen(80, 24).join("\n").contains("[l]ater"));
}

#[test]
fn who_only_reads_answers_nothing() {
    let (mut desk, _) = fox();
    desk.app.toggle_read_only();
    desk.keys("F7 m k b a u");
    assert_eq!(answers(&desk), []);
    assert_eq!(line(&desk, 2), "The quick fox slept beside the dog.");
    assert_eq!(desk.app.open_conflicts(), 1);
    assert!(desk.status().contains("You are only reading"));
}

#[test]
fn who_wrote_neither_chooses_by_name() {
    let (mut desk, states) = fox();
    let shared = desk.app.document.shared().clone();
    let infos = states.iter().filter_map(|(id, state)| {
        let mut state = state.clone();
        for side in &mut state.record.sides {
            let first = side.author == testing::OTHER;
            let user = user_of(if first { ADA } else { LINUS });
            (side.name, side.color) = (user.name, user.color);
        }
        ConflictInfo::of(shared.doc(), *id, state, None)
    });
    let open = infos.collect();
    desk.send(Event::Conflicts { open, clock: CLOCK });
    desk.keys("F7");
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(screen.contains("[m] Ada's [t] Linus's"), "{screen}");
    assert!(!screen.contains("yours"), "{screen}");
    desk.keys("m");
    assert_eq!(line(&desk, 2), "The fox slept beside the dog.");
}

#[test]
fn another_text_can_be_written_on_the_card() {
    let (mut desk, _) = fox();
    desk.keys("F7 e");
    desk.keys("Backspace");
    desk.write("!");
    desk.keys("Ctrl-J");
    desk.write("k");
    desk.keys("Enter");
    assert_eq!(line(&desk, 2), "The quick fox slept beside the dog!");
    assert_eq!(line(&desk, 3), "k");
    assert_eq!(answers(&desk), [Choice::Edited]);

    let (mut desk, _) = fox();
    desk.keys("F7 e");
    desk.write("nothing of this");
    desk.keys("Esc Esc");
    assert_eq!(line(&desk, 2), "The quick fox slept beside the dog.");
    assert_eq!(desk.app.open_conflicts(), 1);
}

#[test]
fn later_leaves_a_mark_and_a_command_walks_there() {
    let (mut desk, _) = fox();
    desk.keys("F7 l");
    assert_eq!(answers(&desk), []);
    assert!(desk.status().contains("1 conflict"), "{}", desk.status());
    desk.keys("Ctrl-Home F8");
    assert_eq!(desk.app.caret_line(), 2);
    let screen = desk.text_of_screen(80, 24);
    assert!(screen[2].starts_with("  3!"), "{}", screen[2]);
}

fn three() -> (Desk, Vec<(ConflictId, ConflictState)>) {
    let ours: Words<'_> = &[("fox", "quick fox"), ("at 3", "at 4"), ("milk", "oat milk")];
    let theirs: Words<'_> = &[("jumped", "slept"), ("at 3", "at 5"), ("milk", "soy milk")];
    desk_with(NOTES, TextKind::Prose, (ours, theirs))
}

#[test]
fn one_goes_from_card_to_card_and_can_keep_all_that_are_left() {
    let (mut desk, _) = three();
    assert_eq!(desk.app.open_conflicts(), 3);
    desk.keys("F7");
    let title = |desk: &mut Desk| {
        let screen = desk.text_of_screen(80, 24).join("\n");
        let start = screen.find("/3 ").or(screen.find("/2 "));
        start.map(|at| screen[at - 1..at + 2].to_owned())
    };
    assert_eq!(title(&mut desk).as_deref(), Some("1/3"));
    desk.keys("n n");
    assert_eq!(title(&mut desk).as_deref(), Some("3/3"));
    assert_eq!(desk.app.caret_line(), 6);
    desk.keys("p t");
    assert_eq!(line(&desk, 5), "We meet at 5 tomorrow.");
    assert_eq!(title(&mut desk).as_deref(), Some("2/2"));
    desk.keys("a");
    assert_eq!(desk.app.open_conflicts(), 0);
    assert_eq!(answers(&desk).len(), 3);
    desk.write("x");
    assert!(
        desk.app.rope().to_string().contains('x'),
        "the dialog is gone"
    );
}

#[test]
fn an_answer_is_taken_back_on_the_card() {
    let (mut desk, states) = three();
    desk.keys("F7 m");
    assert_eq!(line(&desk, 2), "The quick fox jumped over the dog.");
    desk.keys("u");
    assert_eq!(line(&desk, 2), "The quick fox slept over the dog.");
    tell(&mut desk, &states);
    assert_eq!(desk.app.open_conflicts(), 3);
    // Several, one after the other.
    desk.keys("m t u u");
    assert_eq!(line(&desk, 2), "The quick fox slept over the dog.");
    assert_eq!(reopened(&desk), 3);
}

#[test]
fn the_summary_opens_by_itself_but_not_under_somebody_who_types() {
    let (mut desk, _) = fox();
    desk.write("t");
    desk.send(Event::Met(reunion()));
    let shows = |desk: &mut Desk| {
        let screen = desk.text_of_screen(80, 24).join(" ");
        screen.contains("You were apart for 14 min")
    };
    assert!(!shows(&mut desk));
    desk.wait(Duration::from_secs(4));
    assert!(shows(&mut desk));
    // Keys that were meant for the text answer nothing.
    desk.write("kmtbela");
    assert_eq!(answers(&desk), []);
    desk.keys("Enter m");
    assert_eq!(answers(&desk).len(), 1);
}

#[test]
fn without_conflicts_a_sentence_will_do() {
    let mut desk = Desk::new(NOTES);
    desk.send(Event::Met(reunion()));
    let status = desk.status();
    assert!(status.contains("Ada changed 12 places"), "{status}");
}

#[test]
fn a_card_follows_what_others_do_to_its_place_and_closes_when_it_is_moot() {
    let (mut desk, states) = fox();
    desk.keys("F7");
    desk.others_insert(0, "Above.\n");
    let place = desk
        .app
        .rope()
        .to_string()
        .find(" beside")
        .expect("it is there");
    desk.others_insert(place, " soundly");
    tell(&mut desk, &states);
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(screen.contains("notes.md:4"), "{screen}");
    assert!(screen.contains("slept soundly"), "{screen}");
    assert!(screen.contains("The text has just changed"), "{screen}");
    let whole = desk.app.conflict_ranges().next().expect("one is open");
    desk.others_delete(whole);
    desk.send(Event::ConflictSettled {
        id: states[0].0,
        how: Settlement::Moot,
        by: String::new(),
    });
    tell(&mut desk, &states);
    assert_eq!(desk.app.open_conflicts(), 0);
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(!screen.contains("keep merged"), "{screen}");
    assert!(
        screen.contains("An edit left nothing of the conflict"),
        "{screen}"
    );
}

#[test]
fn who_answered_is_named_on_the_next_card() {
    let (mut desk, states) = three();
    desk.keys("F7");
    let first = desk.app.conflict_ranges().next().expect("three are open");
    let id = states
        .iter()
        .find(|(_, state)| state.record.rule == Rule::SameSentence)
        .expect("the fox is first")
        .0;
    for by in ["Ada\u{202e}", ""] {
        desk.send(Event::ConflictSettled {
            id,
            how: Settlement::Answered,
            by: by.to_owned(),
        });
        let name = if by.is_empty() {
            "Somebody else"
        } else {
            "Ada"
        };
        let screen = desk.text_of_screen(80, 24).join("\n");
        let words = format!("{name} settled the conflict");
        assert!(screen.contains(&words), "{screen}");
    }
    assert_eq!(desk.app.open_conflicts(), 2);
    assert!(desk.app.conflict_ranges().all(|range| range != first));
}

#[test]
fn the_place_is_seen_above_the_card_on_a_small_screen() {
    let (mut desk, _) = three();
    desk.keys("F7 n n");
    let screen = desk.text_of_screen(40, 12);
    desk.keys("p n");
    let drawn = desk.text_of_screen(40, 12);
    assert!(
        drawn[..3].iter().any(|row| row.contains("milk")),
        "{screen:?} {drawn:?}"
    );
    desk.keys("Esc");
    let drawn = desk.text_of_screen(40, 12);
    assert!(
        drawn[0].contains("# Minutes") || drawn[10].contains("10"),
        "{drawn:?}"
    );
}

#[test]
fn hostile_words_are_drawn_by_name() {
    let (mut desk, _) = desk_with(
        "The fox ran.\n",
        TextKind::Prose,
        (&[("fox", "f\u{202e}ox")], &[("ran", "\u{1b}[31mslept")]),
    );
    desk.keys("F7");
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(!screen.contains(['\u{202e}', '\u{1b}']), "{screen}");
    assert!(screen.contains("<U+202E>"), "{screen}");
}

#[test]
fn cards_of_each_grade_and_size() {
    let (mut desk, _) = fox();
    desk.send(Event::Met(reunion()));
    desk.assert_screen("conflict__summary", 80, 24);
    desk.keys("Enter");
    desk.assert_screen("conflict__card_same_sentence", 80, 24);
    desk.assert_screen("conflict__card_same_sentence_40x12", 40, 12);
    desk.keys("e");
    desk.assert_screen("conflict__editing", 80, 24);
    desk.keys("Esc l");
    desk.assert_screen("conflict__mark_in_the_gutter", 80, 24);

    let (mut desk, _) = three();
    desk.keys("F7 n");
    desk.assert_screen("conflict__card_same_word", 80, 24);
    desk.assert_screen("conflict__card_same_word_120x40", 120, 40);

    let code = "fn main() {\n    let a = 1;\n}\n";
    let (mut desk, _) = desk_with(
        code,
        TextKind::Code,
        (&[("let a", "let mut a")], &[("= 1", "= f(1)")]),
    );
    desk.keys("F7");
    desk.assert_screen("conflict__card_same_line", 80, 24);
}

#[test]
fn a_long_text_is_scrolled() {
    let long = format!("Start {}end.\n", "and on it goes ".repeat(60));
    let (mut desk, _) = desk_with(
        &long,
        TextKind::Prose,
        (&[("Start", "Begin")], &[("end", "stop")]),
    );
    desk.keys("F7 PageDown");
    desk.assert_screen("conflict__long_text", 80, 24);
}

#[test]
fn without_colours_and_with_sixteen() {
    for (name, theme) in [
        ("sixteen", Theme::load("sixteen", None)),
        (
            "without_colours",
            Theme::load("dark", None)
                .map(|theme| theme.with_depth(crate::ui::theme::ColorDepth::None)),
        ),
    ] {
        let (mut desk, _) = fox();
        desk.app.theme = theme.expect("a built-in theme");
        desk.keys("F7");
        desk.assert_screen(&format!("conflict__theme_{name}"), 80, 24);
    }
}

#[test]
fn what_was_kept_is_the_same_for_all() {
    let (desk, states) = three();
    let shared = desk.app.document.shared();
    let kept: Vec<_> = conflict::read(shared.doc()).into_iter().collect();
    assert_eq!(kept, states);
}

/// A desk to which somebody comes back who changed something meanwhile.
fn back_from_away() -> Desk {
    let mut desk = Desk::new(NOTES);
    let shared = desk.app.document.shared().clone();
    let theirs: Words<'_> = &[("jumped", "slept"), ("- milk\n", ""), ("The end", "An end")];
    testing::clash(&shared, TextKind::Prose, &[], theirs);
    desk.send(Event::DocumentChanged);
    desk.joins(ADA, 0, 0);
    desk.wait(Duration::from_secs(20));
    desk
}

#[test]
fn what_others_did_while_we_were_away_is_tinted_until_the_caret_was_there() {
    let mut desk = back_from_away();
    assert_eq!(desk.app.unseen_changes().len(), 3);
    desk.assert_screen("changes__tinted", 80, 24);
    desk.keys("F9");
    desk.assert_screen("changes__list", 80, 24);
    desk.keys("Esc Down Down Ctrl-Right Ctrl-Right Ctrl-Right");
    assert_eq!(desk.app.unseen_changes().len(), 2);
    // What comes while we are connected is seen as it comes.
    desk.others_insert(0, "Hello. ");
    assert_eq!(desk.app.unseen_changes().len(), 2);
    desk.keys("Alt-Q");
    assert!(desk.app.unseen_changes().is_empty());
    assert!(desk.status().contains("taken as seen"));
}

#[test]
fn a_line_in_which_two_write_at_once_is_marked_for_a_moment() {
    let mut desk = Desk::marked("one\ntwo|\nthree\n");
    desk.joins(ADA, 0, 0);
    desk.wait(Duration::from_secs(20));
    let shared = desk.app.document.shared().clone();
    desk.write(" more");
    testing::clash(&shared, TextKind::Prose, &[], &[("more", "less")]);
    desk.send(Event::DocumentChanged);
    let marks = |desk: &mut Desk| {
        let screen = desk.text_of_screen(60, 10);
        screen.iter().any(|row| row.starts_with("  2~"))
    };
    assert!(marks(&mut desk));
    desk.wait(Duration::from_secs(4));
    assert!(!marks(&mut desk));
    // Once they have our edits, theirs are an answer to them.
    desk.send(Event::Peers(vec![row(ADA)]));
    testing::clash(&shared, TextKind::Prose, &[], &[("less", "enough")]);
    desk.send(Event::DocumentChanged);
    assert!(!marks(&mut desk));
}
