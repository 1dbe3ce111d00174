use proptest::prelude::*;

use super::*;
use crate::ui::text::samples::mixed_document;

const OPTIONS: LayoutOptions = LayoutOptions {
    width: 10,
    tab_width: 4,
    wrap: true,
};

/// Reads a text in which `|` marks a position.
#[track_caller]
fn marked(text: &str) -> (Rope, usize) {
    let position = text.chars().position(|c| c == '|').expect("a mark");
    (Rope::from_str(&text.replacen('|', "", 1)), position)
}

/// Writes a text with a position marked.
fn mark(rope: &Rope, position: usize) -> String {
    let mut rope = rope.clone();
    rope.insert_char(position, '|');
    rope.to_string()
}

#[track_caller]
fn check(step: impl Fn(&Rope, usize) -> usize, cases: &[(&str, &str)]) {
    for (before, after) in cases {
        let (rope, position) = marked(before);
        assert_eq!(
            &mark(&rope, step(&rope, position)),
            after,
            "from {before:?}"
        );
    }
}

#[test]
fn by_character() {
    check(
        next_grapheme,
        &[
            ("|ab", "a|b"),
            ("a|", "a|"),
            ("|e\u{301}x", "e\u{301}|x"),
            ("a|\r\nb", "a\r\n|b"),
            ("a|\nb", "a\n|b"),
            (
                "|👩\u{200d}👩\u{200d}👧\u{200d}👦!",
                "👩\u{200d}👩\u{200d}👧\u{200d}👦|!",
            ),
            ("🇩🇪|🇫🇷", "🇩🇪🇫🇷|"),
            // From within a cluster or a line end, to its end.
            ("👩\u{200d}|👩!", "👩\u{200d}👩|!"),
            ("a\r|\nb", "a\r\n|b"),
        ],
    );
    check(
        previous_grapheme,
        &[
            ("|ab", "|ab"),
            ("a|b", "|ab"),
            ("e\u{301}|x", "|e\u{301}x"),
            ("a\r\n|b", "a|\r\nb"),
            ("a\n|b", "a|\nb"),
            ("🇩🇪🇫🇷|", "🇩🇪|🇫🇷"),
            ("👩\u{200d}|👩!", "|👩\u{200d}👩!"),
            ("a\r|\nb", "a|\r\nb"),
        ],
    );
}

#[test]
fn by_word() {
    check(
        next_word,
        &[
            ("|one two", "one| two"),
            ("one| two", "one two|"),
            ("o|ne  two", "one|  two"),
            ("|  one", "  one|"),
            ("foo|.bar()", "foo.|bar()"),
            ("foo.bar|()", "foo.bar()|"),
            ("snake_case|", "snake_case|"),
            ("|snake_case2 x", "snake_case2| x"),
            ("one|\ntwo", "one\n|two"),
            ("one|  \ntwo", "one  |\ntwo"),
            ("one|\r\ntwo", "one\r\n|two"),
            ("|über e\u{301}te\u{301} x", "über| e\u{301}te\u{301} x"),
            ("über| e\u{301}te\u{301} x", "über e\u{301}te\u{301}| x"),
            ("|東京タワーへ", "東京|タワーへ"),
            ("東京|タワーへ", "東京タワー|へ"),
        ],
    );
    check(
        previous_word,
        &[
            ("one two|", "one |two"),
            ("one |two", "|one two"),
            ("one  t|wo", "one  |two"),
            ("  one|", "  |one"),
            ("  |one", "|  one"),
            ("foo.bar()|", "foo.bar|()"),
            ("foo.|bar", "foo|.bar"),
            ("one\n|two", "one|\ntwo"),
            ("one\r\n|two", "one|\r\ntwo"),
            ("one\n  |two", "one\n|  two"),
            ("|one", "|one"),
            ("東京タワー|", "東京|タワー"),
        ],
    );
}

#[test]
fn words_to_select() {
    for (text, word) in [
        ("one t|wo three", "two"),
        ("one |two three", "two"),
        ("one two| three", "two"),
        ("foo|(bar)", "foo"),
        ("foo(|)", "()"),
        ("a  |  b", "    "),
        ("|", ""),
        ("a\n|\nb", ""),
        ("word|\nnext", "word"),
        ("a\r|\nb", "a"),
    ] {
        let (rope, position) = marked(text);
        assert_eq!(rope.slice(word_at(&rope, position)), word, "{text:?}");
    }
}

#[test]
fn by_line() {
    check(
        line_start,
        &[
            ("x\n  on|e", "x\n  |one"),
            ("x\n  |one", "x\n|  one"),
            ("x\n|  one", "x\n  |one"),
            ("x\n |  ", "x\n   |"),
            ("x\n   |", "x\n|   "),
            ("on|e", "|one"),
        ],
    );
    check(
        line_end,
        &[
            ("o|ne\r\ntwo", "one|\r\ntwo"),
            ("one|", "one|"),
            ("one\n|", "one\n|"),
        ],
    );
    let rope = Rope::from_str("one\n \t two\n   \r\n");
    for (line, indentation) in ["", " \t ", "   ", "", ""].into_iter().enumerate() {
        assert_eq!(indentation_of(&rope, line), indentation, "line {line}");
    }
    assert_eq!(line_at(&rope, 4), 1);
    assert_eq!(line_at(&rope, 99), 3);
}

#[test]
fn by_row() {
    let (rope, start) = marked("abc漢de|f\nab\nlong words wrapped\nx");
    let mut position = start;
    let mut goal = None;
    let mut seen = Vec::new();
    for _ in 0..7 {
        let (next, column) = vertical(&rope, &OPTIONS, position, goal, 1);
        (position, goal) = (next, Some(column));
        seen.push(mark(&rope, position));
    }
    assert_eq!(goal, Some(7));
    assert_eq!(
        seen,
        [
            "abc漢def\nab|\nlong words wrapped\nx",
            "abc漢def\nab\nlong wo|rds wrapped\nx",
            "abc漢def\nab\nlong words wrapped|\nx",
            "abc漢def\nab\nlong words wrapped\nx|",
            "abc漢def\nab\nlong words wrapped\nx|",
            "abc漢def\nab\nlong words wrapped\nx|",
            "abc漢def\nab\nlong words wrapped\nx|",
        ]
    );
    let (position, _) = vertical(&rope, &OPTIONS, position, goal, -4);
    assert_eq!(position, start);
    assert_eq!(vertical(&rope, &OPTIONS, start, None, -1), (0, 7));
    assert_eq!(vertical(&rope, &OPTIONS, start, None, 0), (start, 7));
    let (position, _) = vertical(&rope, &OPTIONS, start, None, 99);
    assert_eq!(position, rope.len_chars());
}

#[test]
fn a_word_without_end_is_passed_in_steps() {
    let rope = Rope::from_str(&"a".repeat(3 * LONGEST_WORD));
    assert_eq!(next_word(&rope, 0), LONGEST_WORD);
    assert_eq!(previous_word(&rope, rope.len_chars()), 2 * LONGEST_WORD);
    assert!(word_at(&rope, 9000).contains(&9000));
}

proptest! {
    #[test]
    fn steps_lead_back_and_stand_on_boundaries(text in mixed_document(4)) {
        use unicode_segmentation::UnicodeSegmentation;
        let rope = Rope::from_str(&text);
        let mut boundaries = vec![0];
        for cluster in text.graphemes(true) {
            boundaries.push(boundaries[boundaries.len() - 1] + cluster.chars().count());
        }
        for pair in boundaries.windows(2) {
            prop_assert_eq!(next_grapheme(&rope, pair[0]), pair[1]);
            prop_assert_eq!(previous_grapheme(&rope, pair[1]), pair[0]);
        }
    }

    #[test]
    fn every_move_ends_where_a_caret_may_stand(text in mixed_document(4), at in 0.0..1.2f64, rows in -5isize..5) {
        let rope = Rope::from_str(&text);
        let position = (rope.len_chars() as f64 * at) as usize;
        let goals = [
            next_grapheme(&rope, position),
            previous_grapheme(&rope, position),
            next_word(&rope, position),
            previous_word(&rope, position),
            line_start(&rope, position),
            line_end(&rope, position),
            word_at(&rope, position).start,
            word_at(&rope, position).end,
            vertical(&rope, &OPTIONS, position, Some(3), if rows == 0 { 1 } else { rows }).0,
        ];
        for (index, goal) in goals.into_iter().enumerate() {
            prop_assert_eq!(grapheme::floor(&rope, goal), goal, "move {}", index);
        }
        prop_assert!(next_word(&rope, position) >= position.min(rope.len_chars()));
        prop_assert!(previous_word(&rope, position) <= position);
    }

    #[test]
    fn words_tile_the_document(text in mixed_document(4)) {
        let rope = Rope::from_str(&text);
        let mut position = 0;
        while position < rope.len_chars() {
            let next = next_word(&rope, position);
            prop_assert!(next > position, "stuck at {}", position);
            prop_assert!(previous_word(&rope, next) < next);
            position = next;
        }
    }
}
