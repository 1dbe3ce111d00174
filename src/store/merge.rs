//! What another program did to a text between two looks at it, as a change that keeps carets.
//!
//! Compares by lines first, and inside of what differs by characters, so that a person's caret and
//! other people's stay at the words they were at. Pure; limits of size bound the time it takes.

mod hunk;
mod meeting;
mod trail;

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

pub use self::{
    meeting::{Clash, Crossing, Meeting, Outcome, meet},
    trail::Trail,
};
use crate::crdt::Delta;

/// Lines of both texts together, between their common start and end, that are compared at most.
/// In more than these all are replaced.
const MAX_LINES: usize = 500_000;
/// Characters of both sides of one run together that are compared at most. A longer run is
/// replaced, but for its common start and end.
const MAX_RUN: usize = 20_000;
/// Characters that are compared in all runs together at most.
const MAX_CHARACTERS: usize = 500_000;

/// Returns a change that makes `new` of `old`.
///
/// It is small, though not always the smallest: where texts differ much it takes a coarser one
/// rather than much longer. Two unlike texts of 10 MB take about two seconds at the very worst, and
/// usual edits of one a tenth of that.
pub fn difference(old: &str, new: &str) -> Delta {
    let (old, new) = (Lines::of(old), Lines::of(new));
    let mut comparison = Comparison {
        delta: Delta::new(),
        budget: MAX_CHARACTERS,
    };
    for hunk in line_hunks(&old, &new) {
        let (before, after) = (old.text(&hunk.old), new.text(&hunk.new));
        if hunk.equal {
            comparison.keep(before.chars().count());
        } else if hunk.old.len() == hunk.new.len() {
            // As many lines as before: most likely each became the one at its place.
            for (before, after) in hunk.old.zip(hunk.new) {
                comparison.change_text(old.lines[before], new.lines[after]);
            }
        } else {
            comparison.change_text(before, after);
        }
    }
    comparison.delta
}

/// Returns how many lines differ between two texts: lines that only one of them has, a changed
/// line counted once. As bounded as [`difference`], so in very unlike texts it may count too many.
pub fn differing_lines(old: &str, new: &str) -> usize {
    let hunks = line_hunks(&Lines::of(old), &Lines::of(new));
    hunks
        .iter()
        .filter(|hunk| !hunk.equal)
        .map(|hunk| hunk.old.len().max(hunk.new.len()))
        .sum()
}

/// A text and its lines, each with its line feed.
struct Lines<'a> {
    text: &'a str,
    lines: Vec<&'a str>,
    /// The byte at which each line starts, and the text's length at the end.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut starts = vec![0];
        let mut end = 0;
        starts.extend(lines.iter().map(|line| {
            end += line.len();
            end
        }));
        Self {
            text,
            lines,
            starts,
        }
    }

    fn text(&self, lines: &Range<usize>) -> &'a str {
        &self.text[self.starts[lines.start]..self.starts[lines.end]]
    }
}

/// A run of lines that both texts have, or that differ.
struct Hunk {
    old: Range<usize>,
    new: Range<usize>,
    equal: bool,
}

fn line_hunks(old: &Lines<'_>, new: &Lines<'_>) -> Vec<Hunk> {
    let (old, new) = (old.lines.as_slice(), new.lines.as_slice());
    let (start, end) = common_ends(old, new);
    let (old_middle, new_middle) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let equal = |old: usize, new: usize, len: usize| Hunk {
        old: old..old + len,
        new: new..new + len,
        equal: true,
    };
    let mut hunks = vec![equal(0, 0, start)];
    if old_middle.len() + new_middle.len() > MAX_LINES {
        hunks.push(Hunk {
            old: start..old.len() - end,
            new: start..new.len() - end,
            equal: false,
        });
    } else {
        // The other algorithms of this crate can take a minute where this one takes a second.
        let operations = capture_diff_slices(Algorithm::Myers, old_middle, new_middle);
        hunks.extend(operations.iter().map(|operation| Hunk {
            old: shift(operation.old_range(), start),
            new: shift(operation.new_range(), start),
            equal: matches!(operation, DiffOp::Equal { .. }),
        }));
    }
    hunks.push(equal(old.len() - end, new.len() - end, end));
    hunks
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// Counts the items that two lists have in common at their starts, and of the rest at their ends.
fn common_ends<T: PartialEq>(old: &[T], new: &[T]) -> (usize, usize) {
    let equal = |(old, new): &(&T, &T)| old == new;
    let start = old.iter().zip(new).take_while(equal).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(equal);
    (start, end.count())
}

/// A delta that is being made, from the start of a text to its end.
struct Comparison {
    delta: Delta,
    /// How many characters may still be compared.
    budget: usize,
}

impl Comparison {
    fn keep(&mut self, count: usize) {
        self.delta = std::mem::take(&mut self.delta).retain(count);
    }

    fn delete(&mut self, count: usize) {
        self.delta = std::mem::take(&mut self.delta).delete(count);
    }

    fn insert(&mut self, characters: &[char]) {
        let text: String = characters.iter().collect();
        self.delta = std::mem::take(&mut self.delta).insert(&text);
    }

    fn change_text(&mut self, old: &str, new: &str) {
        let old: Vec<char> = old.chars().collect();
        let new: Vec<char> = new.chars().collect();
        let (start, end) = common_ends(&old, &new);
        self.keep(start);
        self.change_characters(&old[start..old.len() - end], &new[start..new.len() - end]);
        self.keep(end);
    }

    fn change_characters(&mut self, old: &[char], new: &[char]) {
        let operations = self.compare(old, new);
        let kept: usize = operations.iter().map(kept_characters).sum();
        // Any two sentences share letters. To keep so few would tear both to shreds.
        if kept * 2 < old.len().min(new.len()) || operations.is_empty() {
            self.insert(new);
            self.delete(old.len());
            return;
        }
        for operation in operations {
            if let DiffOp::Equal { len, .. } = operation {
                self.keep(len);
            } else {
                self.insert(&new[operation.new_range()]);
                self.delete(operation.old_range().len());
            }
        }
    }

    /// Compares character by character, unless that is needless or too much.
    fn compare(&mut self, old: &[char], new: &[char]) -> Vec<DiffOp> {
        let characters = old.len() + new.len();
        let needless = old.is_empty() || new.is_empty();
        if needless || characters > MAX_RUN.min(self.budget) {
            return Vec::new();
        }
        self.budget -= characters;
        capture_diff_slices(Algorithm::Myers, old, new)
    }
}

fn kept_characters(operation: &DiffOp) -> usize {
    match operation {
        DiffOp::Equal { len, .. } => *len,
        DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ropey::Rope;

    use super::*;
    use crate::crdt::{Bias, Change};

    fn applied(old: &str, delta: &Delta) -> String {
        let mut rope = Rope::from_str(old);
        delta.apply(&mut rope);
        rope.to_string()
    }

    /// Writes a delta as `=3 +"text" -2`.
    fn written(delta: &Delta) -> String {
        let steps = delta.changes().iter().map(|change| match change {
            Change::Retain(count) => format!("={count}"),
            Change::Insert(text) => format!("+{text:?}"),
            Change::Delete(count) => format!("-{count}"),
        });
        steps.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn differences_are_small() {
        let cases = [
            ("", "", ""),
            ("", "a\n", r#"+"a\n""#),
            ("a\n", "", "-2"),
            ("a\nb\nc\n", "a\nB\nc\n", r#"=2 +"B" -1"#),
            ("a\nb\nc\n", "a\nc\n", "=2 -2"),
            ("a\nc\n", "a\nb\nc\n", r#"=2 +"b\n""#),
            ("no end", "no end\n", r#"=6 +"\n""#),
            ("the quick fox\n", "the quick red fox\n", r#"=10 +"red ""#),
            ("é👩‍👩‍👧\nx\n", "é👩‍👩‍👧\ny\n", r#"=7 +"y" -1"#),
            ("a\r\nb\r\n", "a\nb\n", "=1 -1 =2 -1"),
            // Nothing in common but chance: replaced in one piece.
            ("abcdefgh\n", "zyxwcvut\n", r#"+"zyxwcvut" -8"#),
        ];
        for (old, new, expected) in cases {
            let delta = difference(old, new);
            assert_eq!(written(&delta), expected, "{old:?} to {new:?}");
            assert_eq!(applied(old, &delta), new);
        }
    }

    #[test]
    fn a_caret_stays_at_its_word() {
        let old = "fn main() {\nlet x = 1;\nprintln!(\"{x}\");\n}\n";
        let new = "fn main() {\n    let x = 1;\n    println!(\"{x}\");\n}\n";
        let at = |text: &str| text.find("println").unwrap();
        let delta = difference(old, new);
        assert_eq!(delta.map(at(old), Bias::After), at(new));
    }

    #[test]
    fn differing_lines_are_counted() {
        let cases = [
            ("", "", 0),
            ("a\nb\n", "a\nb\n", 0),
            ("a\nb\n", "a\nx\n", 1),
            ("a\nb\n", "a\n", 1),
            ("a\n", "a\nb\nc\n", 2),
            ("a\nb\nc\n", "x\nb\ny\n", 2),
            ("a\n", "a", 1),
        ];
        for (old, new, expected) in cases {
            assert_eq!(differing_lines(old, new), expected, "{old:?} to {new:?}");
            assert_eq!(differing_lines(new, old), expected, "{new:?} to {old:?}");
        }
    }

    #[test]
    fn large_texts_are_compared_no_further_than_they_must() {
        const COUNT: usize = 20_000;
        let text = |line: &dyn Fn(usize) -> String| (0..COUNT).map(line).collect::<String>();
        let old = text(&|n| format!("line {n} of a text\n"));
        let every_third = text(&|n| match n % 3 {
            0 => format!("line {n} of a text that was changed\n"),
            _ => format!("line {n} of a text\n"),
        });
        let unlike = text(&|n| format!("{:x} else\n", n * 7919));
        let backwards = text(&|n| format!("line {} of a text\n", COUNT - n));
        let in_one_line = old.replace('\n', " ");
        let with_returns = old.replace('\n', "\r\n");
        for new in [every_third, unlike, backwards, in_one_line, with_returns] {
            // Without its bounds this would not end while anybody waits.
            assert!(applied(&old, &difference(&old, &new)) == new);
        }
    }

    #[test]
    fn no_more_characters_are_compared_than_the_budget_has() {
        let mut comparison = Comparison {
            delta: Delta::new(),
            budget: 25,
        };
        for left in [15, 5, 5, 5] {
            comparison.change_text("a1b2c", "d1e2f");
            assert_eq!(comparison.budget, left);
        }
    }

    #[test]
    fn other_line_endings_keep_every_caret() {
        let old = "a line of text\n".repeat(30_000);
        let new = old.replace('\n', "\r\n");
        let delta = difference(&old, &new);
        assert_eq!((delta.insertions(), delta.deletions()), (30_000, 0));
    }

    /// Lines of few different words, so that texts have much in common.
    fn text() -> impl Strategy<Value = String> {
        let line = prop::sample::select(vec![
            "a",
            "b",
            "c",
            "",
            "let x = 1;",
            "let y = 1;",
            "é",
            "e\u{301}",
            "👩‍👩‍👧",
            "a\r",
        ]);
        let end = prop::sample::select(vec!["", "\n"]);
        (prop::collection::vec(line, 0..30), end).prop_map(|(lines, end)| lines.join("\n") + end)
    }

    proptest! {
        #[test]
        fn applying_the_difference_gives_the_new_text(old in text(), new in text()) {
            prop_assert_eq!(applied(&old, &difference(&old, &new)), new);
        }

        #[test]
        fn without_a_budget_the_difference_is_still_right(old in text(), new in text()) {
            let (delta, budget) = (Delta::new(), 0);
            let mut comparison = Comparison { delta, budget };
            comparison.change_text(&old, &new);
            prop_assert_eq!(applied(&old, &comparison.delta), new);
        }

        #[test]
        fn any_texts_will_do(old in "\\PC{0,40}", new in "\\PC{0,40}") {
            prop_assert_eq!(applied(&old, &difference(&old, &new)), new);
        }
    }
}
