use proptest::prelude::*;

use super::*;
use crate::ui::text::samples::mixed_document;

fn query(pattern: &str) -> Query {
    Query {
        pattern: pattern.to_owned(),
        ..Query::default()
    }
}

#[track_caller]
fn finder(query: &Query) -> Finder {
    let finder = query.compile().unwrap_or_else(|error| panic!("{error}"));
    finder.expect("something to look for")
}

fn regex(pattern: &str) -> Query {
    Query {
        regex: true,
        ..query(pattern)
    }
}

#[track_caller]
fn check(query: &Query, text: &str, expected: &[(usize, usize)]) {
    let found = finder(query).all(&Rope::from_str(text));
    let found: Vec<_> = found.iter().map(|found| (found.start, found.end)).collect();
    assert_eq!(found, expected, "{query:?} in {text:?}");
}

#[test]
fn letters_are_the_same_until_one_is_a_capital() {
    check(&query("ada"), "Ada ada ADA", &[(0, 3), (4, 7), (8, 11)]);
    check(&query("Ada"), "Ada ada ADA", &[(0, 3)]);
    let sensitive = Query {
        case: Case::Sensitive,
        ..query("ada")
    };
    check(&sensitive, "Ada ada ADA", &[(4, 7)]);
    let ignored = Query {
        case: Case::Ignored,
        ..query("ADA")
    };
    check(&ignored, "Ada ada", &[(0, 3), (4, 7)]);
    check(&query("ÜBER"), "über ÜBER", &[(5, 9)]);
    check(&query("über"), "über ÜBER", &[(0, 4), (5, 9)]);
}

#[test]
fn words_are_whole_also_at_their_punctuation() {
    let word = |pattern| Query {
        whole_word: true,
        ..query(pattern)
    };
    check(
        &word("cat"),
        "cat concat cat's cat_ cat",
        &[(0, 3), (11, 14), (22, 25)],
    );
    check(&word("(a"), "(a (ab", &[(0, 2)]);
    check(&word("日本"), "日本 日本語", &[(0, 2)]);
}

#[test]
fn patterns_match_within_lines() {
    check(&regex("^b.*$"), "ab\nbc\r\nbd", &[(3, 5), (7, 9)]);
    check(&regex(r"a\s+b"), "a\nb a  b", &[(4, 8)]);
    check(&query("a.b"), "a.b axb", &[(0, 3)]);
    check(&regex("x*"), "axxb", &[(1, 3)]);
    check(&query("漢"), "a漢b\n漢", &[(1, 2), (4, 5)]);
    assert!(query("").compile().expect("nothing").is_none());
}

#[test]
fn what_is_wrong_with_a_pattern_is_told_in_a_sentence() {
    for (pattern, expected) in [
        ("(a", "Not a regular expression: unclosed group"),
        ("a**", ""),
        (r"\w{5000}{5000}", "This pattern is too large"),
    ] {
        if let Err(error) = regex(pattern).compile() {
            assert!(error.starts_with(expected), "{error}");
            assert!(!error.contains('\n'), "{error}");
        } else {
            assert_eq!(expected, "", "{pattern} was taken");
        }
    }
}

#[test]
fn the_next_and_the_previous_match() {
    let rope = Rope::from_str("ab ab\nxx\nab");
    let finder = finder(&query("ab"));
    for (position, next, previous) in [
        (0, Some(0..2), None),
        (1, Some(3..5), Some(0..2)),
        (3, Some(3..5), Some(0..2)),
        (4, Some(9..11), Some(3..5)),
        (10, None, Some(9..11)),
        (99, None, Some(9..11)),
    ] {
        assert_eq!(finder.next(&rope, position, 100), next, "from {position}");
        assert_eq!(
            finder.previous(&rope, position, 100),
            previous,
            "from {position}"
        );
    }
    assert_eq!(finder.next(&rope, 4, 2), None);
    // A line that is too long to be looked at hides what is behind it.
    assert_eq!(finder.next(&rope, 0, 5), None);
    assert_eq!(finder.previous(&rope, 9, 5), None);
    assert_eq!(finder.previous(&rope, 11, 5), Some(9..11));
}

#[test]
fn replacements_expand_only_for_expressions() {
    let apply = |query: &Query, text: &str, with: &str| {
        let mut rope = Rope::from_str(text);
        let (delta, count) = finder(query).replace_all(&rope, with);
        delta.apply(&mut rope);
        (rope.to_string(), count)
    };
    assert_eq!(
        apply(&query("a"), "a ba\na", "$1"),
        ("$1 b$1\n$1".to_owned(), 3)
    );
    let swap = regex(r"(\w+)=(\w+)");
    assert_eq!(
        apply(&swap, "a=1, b=2", "$2=$1"),
        ("1=a, 2=b".to_owned(), 2)
    );
    let one = finder(&swap).replace_one(&Rope::from_str("a=1, b=2"), &(5..8), "$1");
    assert_eq!(one, Some(Delta::replace(5..8, "b")));
    let gone = finder(&swap).replace_one(&Rope::from_str("a=1, b=2"), &(4..8), "$1");
    assert_eq!(gone, None);
}

#[test]
fn of_a_long_line_only_the_visible_part_is_looked_at() {
    let text = format!("ab{}ab{}ab", "x".repeat(100_000), "y".repeat(100_000));
    let rope = Rope::from_str(&text);
    let found = finder(&query("ab")).within(&rope, 99_990..100_100);
    assert_eq!(found, std::slice::from_ref(&(100_002..100_004)));
}

proptest! {
    #[test]
    fn what_is_visible_is_part_of_all(text in mixed_document(6), pattern in "[ab漢 .]", from: usize, length in 0usize..50) {
        let rope = Rope::from_str(&text);
        let from = from % (rope.len_chars() + 1);
        let to = (from + length).min(rope.len_chars());
        let finder = finder(&query(&pattern));
        let all = finder.all(&rope);
        let visible = finder.within(&rope, from..to);
        for found in &all {
            let inside = found.start < to && from < found.end;
            prop_assert!(!inside || visible.contains(found));
        }
        prop_assert!(visible.iter().all(|found| all.contains(found)));
    }
}
