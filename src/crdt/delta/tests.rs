use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::crdt::testing::{any_delta, any_text};

fn applied(text: &Rope, delta: &Delta) -> Rope {
    let mut text = text.clone();
    delta.apply(&mut text);
    text
}

/// Characters that nobody types, all different.
fn distinct_text(length: usize) -> String {
    let all = '\u{4e00}'..;
    all.take(length).collect()
}

#[test]
fn the_normal_form_is_one_form() {
    let walked = Delta::new().retain(3).delete(0).insert("").retain(2);
    assert_eq!(walked, Delta::new());
    assert!(walked.is_empty());

    let first = Delta::new().delete(1).insert("ab").delete(2).insert("c");
    let second = Delta::replace(0..3, "abc").retain(9);
    assert_eq!(first, second);
    assert_eq!(
        first.changes(),
        [Change::Insert("abc".to_owned()), Change::Delete(3)]
    );
}

#[test]
fn changes_count_characters() {
    let delta = Delta::new().retain(2).insert("👨‍👩‍👧é").retain(1).delete(3);
    assert_eq!(delta.first_changed(), Some(2));
    assert_eq!(delta.insertions(), 6);
    assert_eq!(delta.deletions(), 3);
    assert_eq!(delta.minimum_length(), 6);
    assert_eq!(delta.touched_before(), 2..6);
    assert_eq!(delta.touched_after(), 2..9);
    assert_eq!(Delta::new().touched_after(), 0..0);
    assert_eq!(Delta::replace(0..1, "").first_changed(), Some(0));
}

#[test]
fn positions_follow_by_their_bias() {
    // 0123456789 becomes 01XY45678Z9.
    let delta = Delta::new()
        .retain(2)
        .insert("XY")
        .delete(2)
        .retain(5)
        .insert("Z");
    let table = [
        // before the change, after it with Bias::Before, with Bias::After
        (0, 0, 0),
        (2, 2, 4),
        (3, 2, 4),
        (4, 4, 4),
        (8, 8, 8),
        (9, 9, 10),
        (10, 11, 11),
    ];
    for (position, before, after) in table {
        assert_eq!(delta.map(position, Bias::Before), before, "{position}");
        assert_eq!(delta.map(position, Bias::After), after, "{position}");
        assert_eq!(delta.shape().map(position, Bias::After), after);
    }
    assert_eq!(delta.map_back(9, Bias::Before), 9);
    assert_eq!(delta.map_back(10, Bias::Before), 9);
    assert_eq!(delta.map_back(11, Bias::Before), 10);
}

#[test]
fn a_change_beyond_the_end_is_cut_in_release_builds() {
    if cfg!(debug_assertions) {
        return;
    }
    let rope = Rope::from_str("ab");
    let delta = Delta::new().retain(1).delete(5).retain(5).insert("c");
    assert_eq!(applied(&rope, &delta), "ac");
    assert_eq!(delta.invert(&rope).insertions(), 1);
}

#[test]
fn loro_deltas_lose_their_attributes() {
    let attributes = Some(std::iter::once(("bold".to_owned(), true.into())).collect());
    let changes = [
        TextDelta::Retain {
            retain: 1,
            attributes: attributes.clone(),
        },
        TextDelta::Insert {
            insert: "é".to_owned(),
            attributes: attributes.clone(),
        },
        TextDelta::Delete { delete: 2 },
        TextDelta::Retain {
            retain: 3,
            attributes,
        },
    ];
    assert_eq!(Delta::from_loro(&changes), Delta::replace(1..3, "é"));
}

/// A text and `count` changes that were each made for it.
fn text_with_changes(count: usize) -> impl Strategy<Value = (Rope, Vec<Delta>)> {
    any_text(12).prop_flat_map(move |text| {
        let rope = Rope::from_str(&text);
        let changes = prop::collection::vec(any_delta(rope.len_chars()), count);
        (Just(rope), changes)
    })
}

/// A text and changes made one after the other.
fn text_with_sequence() -> impl Strategy<Value = (Rope, [Delta; 3])> {
    text_with_changes(1).prop_flat_map(|(text, changes)| {
        let first = changes.into_iter().next().unwrap_or_default();
        let middle = applied(&text, &first);
        (
            Just(text),
            Just(first),
            any_delta(middle.len_chars()).prop_map(move |second| {
                let last = applied(&middle, &second);
                (second, last.len_chars())
            }),
        )
            .prop_flat_map(|(text, first, (second, length))| {
                (Just(text), Just(first), Just(second), any_delta(length))
            })
            .prop_map(|(text, first, second, third)| (text, [first, second, third]))
    })
}

proptest! {
    #[test]
    fn deltas_compose((text, [first, second, third]) in text_with_sequence()) {
        let steps = applied(&applied(&applied(&text, &first), &second), &third);
        let left = first.compose(&second).compose(&third);
        let right = first.compose(&second.compose(&third));
        prop_assert_eq!(&applied(&text, &left), &steps);
        prop_assert_eq!(&applied(&text, &right), &steps);
        prop_assert_eq!(first.shape().compose(&second.shape()), first.compose(&second).shape());
    }

    #[test]
    fn inverses_take_back((text, changes) in text_with_changes(1)) {
        let change = &changes[0];
        let inverse = change.invert(&text);
        prop_assert_eq!(&applied(&applied(&text, change), &inverse), &text);
        prop_assert_eq!(inverse.shape(), change.shape().undone());
        let both = change.compose(&inverse);
        prop_assert_eq!(&applied(&text, &both), &text);
    }

    #[test]
    fn concurrent_changes_meet((text, changes) in text_with_changes(2)) {
        let (one, other) = (&changes[0], &changes[1]);
        let by_one = one.compose(&other.transform(one, Bias::After));
        let by_other = other.compose(&one.transform(other, Bias::Before));
        prop_assert_eq!(applied(&text, &by_one), applied(&text, &by_other));
        let shape = one.shape().transform(&other.shape(), Bias::Before);
        prop_assert_eq!(one.transform(other, Bias::Before).shape(), shape);
    }

    #[test]
    fn normal_form_is_kept((text, changes) in text_with_changes(2)) {
        let (one, other) = (&changes[0], &changes[1]);
        for delta in [
            one.compose(&other.transform(one, Bias::After)),
            one.transform(other, Bias::Before),
            one.invert(&text),
        ] {
            let rebuilt = delta.changes().iter().fold(Delta::new(), |built, change| {
                match change {
                    Change::Retain(length) => built.retain(*length),
                    Change::Insert(text) => built.insert(text),
                    Change::Delete(length) => built.delete(*length),
                }
            });
            prop_assert_eq!(rebuilt.changes(), delta.changes());
        }
    }

    #[test]
    fn positions_stay_with_their_characters(
        (length, change) in (0..20_usize).prop_flat_map(|length| (Just(length), any_delta(length)))
    ) {
        let text = distinct_text(length);
        let changed = applied(&Rope::from_str(&text), &change);
        let now: HashMap<char, usize> =
            changed.chars().enumerate().map(|(index, char)| (char, index)).collect();
        for (index, char) in text.chars().enumerate() {
            let left = change.map(index, Bias::After);
            let right = change.map(index + 1, Bias::Before);
            match now.get(&char) {
                Some(&place) => {
                    prop_assert_eq!((left, right), (place, place + 1));
                    prop_assert_eq!(change.map_back(place, Bias::After), index);
                    prop_assert_eq!(change.map_back(place + 1, Bias::Before), index + 1);
                }
                None => prop_assert!(right <= left && left <= changed.len_chars()),
            }
        }
        for bias in [Bias::Before, Bias::After] {
            prop_assert_eq!(
                change.map(length, bias) == changed.len_chars() || bias == Bias::Before,
                true
            );
            for position in 0..length {
                prop_assert!(change.map(position, bias) <= change.map(position + 1, bias));
            }
        }
    }
}
