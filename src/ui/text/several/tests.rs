use proptest::prelude::*;
use ropey::Rope;

use super::*;
use crate::ui::text::samples::{mark_all, unmark_all};

fn caret(selection: TextSelection) -> Caret {
    Caret {
        selection,
        goal: None,
        is_main: false,
    }
}

fn merged(selections: &[TextSelection]) -> Vec<TextSelection> {
    let mut carets: Vec<_> = selections.iter().copied().map(caret).collect();
    merge(&mut carets);
    carets.iter().map(|caret| caret.selection).collect()
}

#[test]
fn what_overlaps_is_one() {
    let table: [(&[(usize, usize)], &str); 8] = [
        (&[(5, 5), (2, 2)], "ab|cde|f"),
        (&[(2, 2), (2, 2)], "ab|cdef"),
        (&[(1, 3), (2, 5)], "a[bcde|]f"),
        (&[(3, 1), (5, 2)], "a[|bcde]f"),
        (&[(1, 3), (3, 5)], "a[bc|][de|]f"),
        (&[(1, 3), (3, 3)], "a[bc|]def"),
        (&[(3, 1), (1, 1)], "a[|bc]def"),
        (&[(0, 6), (1, 2), (3, 4)], "[abcdef|]"),
    ];
    for (given, expected) in table {
        let selections: Vec<_> = given
            .iter()
            .map(|(anchor, head)| TextSelection {
                anchor: *anchor,
                head: *head,
            })
            .collect();
        let marks = mark_all(&Rope::from_str("abcdef"), &merged(&selections));
        assert_eq!(marks, expected, "{given:?}");
    }
}

#[test]
fn the_main_one_says_in_which_direction() {
    let forward = caret(TextSelection { anchor: 1, head: 4 });
    let backward = caret(TextSelection { anchor: 6, head: 3 });
    for (first, second, expected) in [(true, false, (1, 6)), (false, true, (6, 1))] {
        let mut carets = vec![
            Caret {
                is_main: second,
                ..backward
            },
            Caret {
                is_main: first,
                ..forward
            },
        ];
        merge(&mut carets);
        let [one] = carets.as_slice() else {
            panic!("they overlap");
        };
        assert!(one.is_main);
        assert_eq!((one.selection.anchor, one.selection.head), expected);
    }
}

#[test]
fn each_text_comes_behind_the_one_before() {
    let table = [
        ("[a|]b[c|]", "x", "x|bx|"),
        ("[ab|][cd|]", "x", "x|x|"),
        ("a|b|c|", "日本", "a日本|b日本|c日本|"),
        ("[a|]b[c|]", "", "|b|"),
    ];
    for (before, text, after) in table {
        let (content, selections) = unmark_all(before);
        let replacements: Vec<_> = selections
            .iter()
            .map(|selection| Replacement {
                range: caret(*selection).range(),
                text: text.to_owned(),
            })
            .collect();
        let (delta, behind) = replace_each(&replacements);
        let mut rope = Rope::from_str(&content);
        delta.apply(&mut rope);
        let behind: Vec<_> = behind.into_iter().map(TextSelection::caret).collect();
        assert_eq!(mark_all(&rope, &behind), after, "{before}");
    }
}

proptest! {
    /// The naive model: which characters are selected, and where carets are, one by one.
    #[test]
    fn merging_neither_loses_nor_adds_a_place(
        given in prop::collection::vec((0_usize..30, 0_usize..30), 1..12),
    ) {
        let selections: Vec<_> = given
            .iter()
            .map(|(anchor, head)| TextSelection { anchor: *anchor, head: *head })
            .collect();
        let covers = |selections: &[TextSelection], at: usize| {
            selections.iter().any(|one| caret(*one).range().contains(&at))
        };
        let touches = |selections: &[TextSelection], at: usize| {
            let mut all = selections.iter().map(|one| caret(*one).range());
            all.any(|range| range.start <= at && at <= range.end)
        };
        let merged = merged(&selections);
        for at in 0..31 {
            prop_assert_eq!(covers(&merged, at), covers(&selections, at));
            prop_assert_eq!(touches(&merged, at), touches(&selections, at));
        }
        for pair in merged.windows(2) {
            let (before, after) = (caret(pair[0]).range(), caret(pair[1]).range());
            prop_assert!(before.end <= after.start);
            prop_assert!(before.end < after.start || !(before.is_empty() || after.is_empty()));
        }
    }

    /// The naive model: from the last to the first, so that no position ever moves.
    #[test]
    fn replacing_each_is_replacing_one_after_the_other(
        text in "[a-d日é]{0,40}",
        cuts in prop::collection::vec(0_usize..41, 0..12),
        texts in prop::collection::vec("[xyz語]{0,3}", 6),
    ) {
        let length = text.chars().count();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(length)).collect();
        cuts.sort_unstable();
        let replacements: Vec<_> = cuts
            .chunks_exact(2)
            .zip(&texts)
            .map(|(ends, text)| Replacement { range: ends[0]..ends[1], text: text.clone() })
            .collect();
        let (delta, behind) = replace_each(&replacements);
        let mut rope = Rope::from_str(&text);
        delta.apply(&mut rope);
        let mut expected: Vec<char> = text.chars().collect();
        for Replacement { range, text } in replacements.iter().rev() {
            expected.splice(range.clone(), text.chars().chain(['|']));
        }
        let mut marked: Vec<char> = rope.chars().collect();
        for at in behind.iter().rev() {
            marked.insert(*at, '|');
        }
        prop_assert_eq!(marked, expected);
    }
}
