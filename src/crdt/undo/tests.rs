use proptest::prelude::*;

use super::*;
use crate::crdt::testing::{any_delta, any_text};

/// A rope and the history of the one person who edits it; others' changes come by `foreign`.
#[derive(Default)]
struct Desk {
    rope: Rope,
    history: History,
}

impl Desk {
    fn with(text: &str) -> Self {
        Self {
            rope: Rope::from_str(text),
            history: History::default(),
        }
    }

    fn own(&mut self, kind: EditKind, milliseconds: u64, delta: Delta) {
        let context = EditContext {
            kind,
            selection: TextSelection::caret(delta.touched_before().end),
            now: Duration::from_millis(milliseconds),
        };
        self.history.record_edit(&delta, &self.rope, &context, &[]);
        delta.apply(&mut self.rope);
    }

    fn foreign(&mut self, delta: Delta) {
        self.history.note_foreign(&delta);
        delta.apply(&mut self.rope);
    }

    /// Goes one step and returns where the caret belongs.
    fn go(&mut self, direction: Direction) -> Option<TextSelection> {
        let step = self.history.take(direction)?;
        self.history
            .record_step(direction, &step, &step.delta, &self.rope);
        step.delta.apply(&mut self.rope);
        Some(step.to)
    }
}

fn insert(position: usize, text: &str) -> Delta {
    Delta::replace(position..position, text)
}

fn erase(position: usize) -> Delta {
    Delta::replace(position..position + 1, "")
}

#[test]
fn a_word_is_taken_back_around_what_others_typed() {
    let mut desk = Desk::with("say .");
    for (offset, letter) in ["h", "e", "l", "l", "o"].into_iter().enumerate() {
        desk.own(
            EditKind::Type,
            100 * offset as u64,
            insert(4 + offset, letter),
        );
    }
    desk.foreign(insert(6, "[漢]"));
    desk.foreign(insert(4, "<"));
    desk.foreign(insert(13, ">"));
    assert_eq!(desk.rope, "say <he[漢]llo>.");

    let selection = desk.go(Direction::Undo).expect("one step");
    assert_eq!(desk.rope, "say <[漢]>.");
    assert_eq!(selection, TextSelection::caret(4));
    assert!(!desk.history.has(Direction::Undo));

    let selection = desk.go(Direction::Redo).expect("one step");
    assert_eq!(desk.rope, "say <he[漢]llo>.");
    assert_eq!(selection, TextSelection::caret(13));
}

#[test]
fn keystrokes_group_by_kind_time_and_place() {
    use EditKind::{Erase, Other, Type};
    // Each row: two edits of "0123456789", and whether they are one step.
    let table = [
        (
            "typing on",
            Type,
            insert(3, "a"),
            Type,
            insert(4, "b"),
            600,
            true,
        ),
        (
            "after a pause",
            Type,
            insert(3, "a"),
            Type,
            insert(4, "b"),
            601,
            false,
        ),
        (
            "elsewhere",
            Type,
            insert(3, "a"),
            Type,
            insert(3, "b"),
            0,
            false,
        ),
        ("erasing back", Erase, erase(3), Erase, erase(2), 10, true),
        ("erasing forth", Erase, erase(3), Erase, erase(3), 10, true),
        (
            "erasing elsewhere",
            Erase,
            erase(3),
            Erase,
            erase(5),
            10,
            false,
        ),
        (
            "another kind",
            Type,
            insert(3, "a"),
            Erase,
            erase(3),
            10,
            false,
        ),
        (
            "over a selection",
            Type,
            Delta::replace(2..5, "a"),
            Type,
            insert(3, "b"),
            10,
            true,
        ),
        (
            "other edits",
            Other,
            insert(3, "a"),
            Other,
            insert(4, "b"),
            10,
            false,
        ),
        (
            "typing after other",
            Other,
            insert(3, "a"),
            Type,
            insert(4, "b"),
            10,
            false,
        ),
    ];
    for (name, first_kind, first, second_kind, second, pause, together) in table {
        let mut desk = Desk::with("0123456789");
        desk.own(first_kind, 1_000, first);
        desk.own(second_kind, 1_000 + pause, second);
        desk.go(Direction::Undo).expect("there are edits");
        assert_eq!(desk.rope == "0123456789", together, "{name}");
    }
}

#[test]
fn groups_outlast_remote_changes_but_not_a_moved_caret() {
    let mut desk = Desk::with("ab");
    desk.own(EditKind::Type, 0, insert(1, "x"));
    desk.foreign(insert(0, "remote "));
    desk.foreign(insert(9, "at the caret"));
    desk.own(EditKind::Type, 100, insert(9, "y"));
    assert_eq!(desk.rope, "remote axyat the caretb");
    desk.history.close_group();
    desk.own(EditKind::Type, 200, insert(10, "z"));

    desk.go(Direction::Undo).expect("z");
    assert_eq!(desk.rope, "remote axyat the caretb");
    desk.go(Direction::Undo).expect("x and y");
    assert_eq!(desk.rope, "remote aat the caretb");
    assert_eq!(desk.go(Direction::Undo), None);
}

#[test]
fn new_edits_end_redoing_and_the_oldest_steps_go_first() {
    let mut desk = Desk::default();
    for step in 0..MAX_STEPS + 5 {
        desk.own(EditKind::Other, 0, insert(step, "x"));
    }
    assert_eq!(desk.history.undo.steps.len(), MAX_STEPS);
    while desk.go(Direction::Undo).is_some() {}
    assert_eq!(desk.rope, "xxxxx");
    assert!(desk.history.has(Direction::Redo));
    desk.own(EditKind::Other, 0, insert(0, "y"));
    assert!(!desk.history.has(Direction::Redo));
}

#[test]
fn what_others_erased_stays_erased() {
    let mut desk = Desk::with("");
    desk.own(EditKind::Other, 0, insert(0, "mine"));
    desk.foreign(Delta::replace(1..3, ""));
    desk.go(Direction::Undo).expect("one step");
    assert_eq!(desk.rope, "");
    desk.go(Direction::Redo).expect("one step");
    assert_eq!(desk.rope, "me");
    desk.foreign(Delta::replace(0..2, ""));
    let step = desk.history.take(Direction::Undo).expect("one step");
    assert!(step.delta.is_empty());
}

#[test]
fn selections_come_back_as_they_were() {
    let mut desk = Desk::with("one two three");
    let selection = TextSelection { anchor: 7, head: 4 };
    let delta = Delta::replace(4..7, "2");
    let context = EditContext {
        kind: EditKind::Type,
        selection,
        now: Duration::ZERO,
    };
    desk.history.record_edit(&delta, &desk.rope, &context, &[]);
    delta.apply(&mut desk.rope);
    desk.foreign(insert(0, ">> "));
    let restored = desk.go(Direction::Undo).expect("one step");
    let moved = TextSelection {
        anchor: 10,
        head: 7,
    };
    assert_eq!(
        (restored, desk.rope.to_string().as_str()),
        (moved, ">> one two three")
    );
    assert_eq!(desk.go(Direction::Redo), Some(TextSelection::caret(8)));
}

#[test]
fn selections_beside_the_main_one_come_back_as_well() {
    let mut desk = Desk::with("one two one");
    let delta = Delta::new()
        .delete(3)
        .insert("1")
        .retain(5)
        .delete(3)
        .insert("1");
    let context = EditContext {
        kind: EditKind::Type,
        selection: TextSelection { anchor: 0, head: 3 },
        now: Duration::ZERO,
    };
    let second = TextSelection {
        anchor: 8,
        head: 11,
    };
    desk.history
        .record_edit(&delta, &desk.rope, &context, &[second]);
    delta.apply(&mut desk.rope);
    desk.foreign(insert(3, "!"));
    let step = desk.history.take(Direction::Undo).expect("one step");
    let moved = TextSelection {
        anchor: 9,
        head: 12,
    };
    assert_eq!(
        (step.to, step.beside_to.as_slice()),
        (context.selection, &[moved][..])
    );
    assert_eq!(step.beside_from, [TextSelection::caret(8)]);
}

#[test]
fn a_thousand_remote_changes_leave_few_notes() {
    let mut desk = Desk::with(&"line\n".repeat(2_000));
    desk.own(EditKind::Other, 0, insert(7, "mine"));
    for change in 0..1_000 {
        desk.foreign(insert((change * 7_919) % 9_000, "x"));
    }
    let (_, pending) = desk.history.undo.steps.back().expect("one step");
    assert!(pending.shapes.len() < 16, "{}", pending.shapes.len());
    let length = desk.rope.len_chars();
    desk.go(Direction::Undo).expect("one step");
    assert_eq!(desk.rope.len_chars(), length - 4);
}

proptest! {
    /// Carrying lazily gives what carrying each step at once gives, up to the order of texts at
    /// one place: composed notes no longer tell which of a deletion and an insertion came first.
    #[test]
    fn lazy_carrying_is_carrying(
        own in prop::collection::vec(any_delta(40), 1..6),
        foreign in prop::collection::vec(any_delta(40), 0..12),
        text in any_text(12),
    ) {
        let mut desk = Desk::with(&text);
        let mut eager: Vec<Delta> = Vec::new();
        let mut foreign = foreign.into_iter();
        for change in own {
            let change = fitting(change, &desk.rope);
            eager.push(change.invert(&desk.rope));
            desk.own(EditKind::Other, 0, change);
            for other in foreign.by_ref().take(2) {
                let other = fitting(other, &desk.rope);
                let mut shape = other.shape();
                for step in eager.iter_mut().rev() {
                    let below = shape.transform(step, Bias::After);
                    *step = step.transform(&shape, Bias::Before);
                    shape = below;
                }
                desk.foreign(other);
            }
        }
        let mut text = desk.rope.clone();
        while let Some(step) = eager.pop() {
            step.apply(&mut text);
            desk.go(Direction::Undo);
            prop_assert_eq!(sorted(&desk.rope), sorted(&text));
        }
        prop_assert_eq!(desk.go(Direction::Undo), None);
    }
}

/// Cuts a change down to what fits a text.
fn fitting(change: Delta, rope: &Rope) -> Delta {
    let mut left = rope.len_chars();
    change
        .changes()
        .iter()
        .fold(Delta::new(), |built, change| match change {
            crate::crdt::Change::Retain(length) => {
                let length = (*length).min(left);
                left -= length;
                built.retain(length)
            }
            crate::crdt::Change::Insert(text) => built.insert(text),
            crate::crdt::Change::Delete(length) => {
                let length = (*length).min(left);
                left -= length;
                built.delete(length)
            }
        })
}

fn sorted(text: &Rope) -> Vec<char> {
    let mut chars: Vec<char> = text.chars().collect();
    chars.sort_unstable();
    chars
}
