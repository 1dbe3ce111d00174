//! A file that another program changed where the text has unsaved edits: what is left to look at
//! once both are merged.

use super::{watching::written, *};
use crate::{
    ConflictId, ConflictInfo,
    crdt::conflict::{self, Author, Choice, OutsideClash, Rule},
};

const NOTES: &str = "# Minutes\n\nThe fox jumped.\n\nWe meet at 3 tomorrow.\n";

/// What was found to clash with the file, once.
fn reported(desk: &mut Desk) -> Vec<OutsideClash> {
    let mut found = Vec::new();
    desk.effects.retain(|effect| match effect {
        Effect::ReportConflicts(clashes) => {
            found.extend(clashes.clone());
            false
        }
        _ => true,
    });
    found
}

/// Keeps them in the document, and tells the application, as the network does.
fn keep(desk: &mut Desk, clashes: Vec<OutsideClash>) -> Vec<ConflictId> {
    let shared = desk.app.document.shared().clone();
    let own = Author {
        replica: 1,
        color: user_of(GRACE).color,
        name: user_of(GRACE).name,
    };
    let guard = shared.lock();
    let clashes = clashes.into_iter();
    let clashes = clashes.map(|clash| clash.into_clash(guard.doc(), &own));
    conflict::keep(guard.doc(), clashes.collect()).expect("they can be kept");
    guard.doc().commit();
    let open = conflict::open(guard.doc()).into_iter();
    let open: Vec<_> = open
        .filter_map(|(id, mut state)| {
            state.record.sides[0].time = 0;
            ConflictInfo::of(guard.doc(), id, state, Some(0))
        })
        .collect();
    drop(guard);
    let ids = open.iter().map(|info| info.id).collect();
    let clock = Clock::default();
    desk.send(Event::Conflicts { open, clock });
    ids
}

/// Somebody writes that the fox is quick and that the meeting is at 4; another program makes the
/// fox sleep and the meeting at 5.
fn contested() -> Desk {
    let mut desk = Desk::new(NOTES);
    for (word, text) in [("fox", "quick "), ("3 tom", "4")] {
        let byte = NOTES.find(word).expect("it is there");
        let shift = desk.app.rope().len_chars() - NOTES.len();
        desk.app.selection = TextSelection::caret(byte + shift);
        if text == "4" {
            desk.keys("Delete");
        }
        desk.write(text);
    }
    desk.wait(Duration::from_secs(4));
    let file = NOTES.replace("jumped", "slept").replace("at 3", "at 5");
    written(&mut desk, &file);
    desk
}

fn line(desk: &Desk, number: usize) -> String {
    desk.app
        .rope()
        .line(number)
        .to_string()
        .trim_end()
        .to_owned()
}

#[test]
fn merging_leaves_cards_with_the_disk_as_an_author() {
    let mut desk = contested();
    desk.wait(Duration::from_secs(2));
    assert_eq!(reported(&mut desk), [], "nobody has decided yet");
    desk.keys("Enter");
    let clashes = reported(&mut desk);
    let rules: Vec<_> = clashes.iter().map(|clash| clash.rule).collect();
    assert_eq!(rules, [Rule::SameSentence, Rule::SameWord]);
    keep(&mut desk, clashes);
    desk.assert_screen("conflict__file_merged", 80, 24);
    // Keys that were meant for the text answer nothing.
    desk.write("kmt");
    desk.keys("Enter");
    desk.assert_screen("conflict__card_of_the_disk", 80, 24);
    desk.keys("t");
    assert_eq!(line(&desk, 2), "The fox slept.");
    desk.keys("m");
    assert_eq!(line(&desk, 4), "We meet at 4 tomorrow.");
    let answers = desk.effects.iter().filter_map(|effect| match effect {
        Effect::AnswerConflict(_, choice) => Some(*choice),
        _ => None,
    });
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers, [Choice::Side(1), Choice::Side(0)]);
    desk.keys("Ctrl-Z Ctrl-Z Ctrl-Z");
    assert_eq!(
        line(&desk, 2),
        "The quick fox jumped.",
        "as before the merge"
    );
}

#[test]
fn one_text_or_the_other_leaves_none() {
    for keys in ["Tab Enter", "Tab Tab Enter", "Esc"] {
        let mut desk = contested();
        desk.wait(Duration::from_secs(2));
        desk.keys(keys);
        assert_eq!(reported(&mut desk), [], "{keys}");
    }
}

#[test]
fn what_is_merged_unasked_leaves_a_card_for_the_same_sentence() {
    let mut desk = Desk::new("The fox jumped. It slept.\n\nAnother line.\n");
    desk.app.selection = TextSelection::caret(4);
    desk.write("quick ");
    written(
        &mut desk,
        "The fox jumped twice. It slept.\n\nAnother line!\n",
    );
    assert_eq!(line(&desk, 0), "The quick fox jumped twice. It slept.");
    let clashes = reported(&mut desk);
    assert_eq!(clashes.len(), 1, "{clashes:?}");
    assert_eq!(clashes[0].document, "The quick fox jumped.");
    assert_eq!(clashes[0].outside, "The fox jumped twice.");
    keep(&mut desk, clashes);
    let asks = |desk: &mut Desk| {
        let screen = desk.text_of_screen(80, 24).join("\n");
        screen.contains("The file changed too")
    };
    assert!(!asks(&mut desk), "somebody types");
    desk.wait(Duration::from_secs(4));
    assert!(asks(&mut desk));
    desk.keys("Esc");
    desk.wait(Duration::from_secs(4));
    assert!(!asks(&mut desk), "once is enough");
    assert!(desk.status().contains("1 conflict"));
}

#[test]
fn what_others_do_meanwhile_moves_the_place() {
    let mut desk = contested();
    desk.wait(Duration::from_secs(2));
    desk.others_insert(0, "Above. ");
    desk.keys("Enter");
    let clashes = reported(&mut desk);
    keep(&mut desk, clashes);
    let texts: Vec<_> = desk
        .app
        .conflict_ranges()
        .map(|range| desk.app.rope().slice(range).to_string())
        .collect();
    assert_eq!(texts[0], "The quick fox slept.");
    assert!(
        texts[1].contains('4') && texts[1].contains('5'),
        "{texts:?}"
    );
}
