use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::crdt::{EditContext, EditKind, Origin, TextSelection};

fn context(head: usize) -> EditContext {
    EditContext {
        kind: EditKind::Other,
        selection: TextSelection::caret(head),
        now: Duration::ZERO,
    }
}

/// Replaces `range` as a step of its own.
#[track_caller]
fn replace(document: &mut TextDocument, range: std::ops::Range<usize>, text: &str) {
    let context = context(range.end);
    let changes = document
        .edit(&Delta::replace(range, text), context)
        .expect("the edit fits");
    assert!(changes.iter().all(|change| change.origin == Origin::Edit));
}

/// Holds the rope against the text of the document.
#[track_caller]
fn agree(document: &TextDocument, text: &str) {
    assert_eq!(*document.rope(), text);
    assert_eq!(document.shared().text(), text);
}

#[test]
fn edits_are_shown_at_once_and_written_when_the_document_is_there() {
    let (mut document, filling) = TextDocument::ahead("one two".into());
    assert!(document.is_ahead());
    replace(&mut document, 3..3, " and");
    assert_eq!(*document.rope(), "one and two");
    filling.fill().unwrap();
    replace(&mut document, 0..3, "1");
    assert_eq!(document.shared().text(), "one two");
    document.catch_up().unwrap();
    assert!(!document.is_ahead());
    agree(&document, "1 and two");
    replace(&mut document, 0..1, "un");
    agree(&document, "un and two");
    for text in ["1 and two", "one and two", "one two"] {
        document.undo().unwrap();
        agree(&document, text);
    }
    assert!(document.undo().is_none());
}

#[test]
fn what_was_undone_before_the_document_was_there_is_not_in_it() {
    let (mut document, filling) = TextDocument::ahead("text".into());
    replace(&mut document, 4..4, "s");
    replace(&mut document, 0..1, "T");
    let undone = document.undo().unwrap();
    assert_eq!(undone.selection, TextSelection::caret(1));
    document.undo().unwrap();
    document.redo().unwrap();
    assert_eq!(*document.rope(), "texts");
    filling.fill().unwrap();
    document.catch_up().unwrap();
    agree(&document, "texts");
    document.redo().unwrap();
    agree(&document, "Texts");
}

#[test]
fn there_is_nothing_to_take_in_and_nothing_to_hold_on_to_before() {
    let (mut document, filling) = TextDocument::ahead("漢字".into());
    assert!(document.drain().is_empty());
    assert_eq!(document.anchor(1, crate::crdt::Bias::Before), None);
    assert_eq!(document.writers(0..2), [None, None]);
    let beyond = document.edit(&Delta::replace(3..3, "x"), context(3));
    assert!(matches!(beyond, Err(EditError::OutOfBounds { .. })));
    filling.fill().unwrap();
    document.catch_up().unwrap();
    let anchor = document.anchor(1, crate::crdt::Bias::Before).unwrap();
    replace(&mut document, 0..0, "a");
    assert_eq!(document.resolve(&anchor), Some(2));
}

#[test]
fn others_are_heard_once_the_document_is_there() {
    let (mut document, filling) = TextDocument::ahead("shared".into());
    replace(&mut document, 6..6, "!");
    filling.fill().unwrap();
    document.catch_up().unwrap();
    let snapshot = document.shared().snapshot().unwrap();
    let mut other = TextDocument::new(SharedDocument::from_snapshot(&snapshot).unwrap());
    assert_eq!(*other.rope(), "shared!");
    replace(&mut other, 0..0, "we ");
    let updates = other.shared().updates_for(document.shared()).unwrap();
    document.shared().merge_snapshot(&updates).unwrap();
    assert_eq!(document.drain().len(), 1);
    agree(&document, "we shared!");
}

#[test]
fn whoever_stores_edits_is_given_each_once() {
    let (mut document, filling) = TextDocument::ahead("a".into());
    replace(&mut document, 1..1, "b");
    assert_eq!(document.take_unstored(), [Delta::replace(1..1, "b")]);
    filling.fill().unwrap();
    document.catch_up().unwrap();
    replace(&mut document, 2..2, "c");
    document.undo().unwrap();
    let rest = document.take_unstored();
    assert_eq!(rest, [Delta::replace(2..2, "c"), Delta::replace(2..3, "")]);
    document.everything_is_stored();
    replace(&mut document, 0..0, "d");
    assert!(document.take_unstored().is_empty());
}

proptest! {
    #[test]
    fn the_document_becomes_what_is_shown(
        start in ".{0,40}",
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..8, ".{0,6}", 0..6), 0..30),
        ready in 0_usize..30,
    ) {
        let (mut document, filling) = TextDocument::ahead(start.as_str().into());
        let mut filling = Some(filling);
        let mut log = Vec::new();
        for (number, (place, removed, inserted, what)) in edits.into_iter().enumerate() {
            if number == ready {
                filling.take().unwrap().fill().unwrap();
                document.catch_up().unwrap();
            }
            match what {
                0 => drop(document.undo()),
                1 => drop(document.redo()),
                _ => {
                    let length = document.rope().len_chars();
                    let from = place.index(length + 1);
                    let delta = Delta::replace(from..(from + removed).min(length), &inserted);
                    document.edit(&delta, context(from)).unwrap();
                }
            }
            log.extend(document.take_unstored());
        }
        if let Some(filling) = filling {
            filling.fill().unwrap();
            document.catch_up().unwrap();
        }
        prop_assert_eq!(document.shared().text(), document.rope().to_string());
        let mut replayed = Rope::from_str(&start);
        log.iter().for_each(|delta| delta.apply(&mut replayed));
        prop_assert_eq!(replayed, document.rope().clone());
    }
}
