//! The bracket that belongs to another one.
//!
//! Brackets in strings and comments count like all others: nothing here knows a language.

use ropey::Rope;

const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// How many characters are looked at for drawing. A partner further away is not shown.
pub const NEARBY: usize = 10_000;

/// How many characters are looked at for jumping there.
pub const FAR: usize = 2_000_000;

/// A bracket and its partner, in characters of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brackets {
    /// The bracket at the caret.
    pub here: usize,
    /// The one that belongs to it.
    pub there: usize,
}

/// Finds the partner of the bracket behind the caret, or else of the one before it. Looks at no
/// more than `reach` characters.
pub fn matching(rope: &Rope, caret: usize, reach: usize) -> Option<Brackets> {
    let before = caret.checked_sub(1);
    [Some(caret), before]
        .into_iter()
        .flatten()
        .find_map(|here| {
            let there = partner(rope, here, reach)?;
            Some(Brackets { here, there })
        })
}

fn partner(rope: &Rope, here: usize, reach: usize) -> Option<usize> {
    let bracket = rope.get_char(here)?;
    let (open, close) = PAIRS
        .into_iter()
        .find(|(open, close)| bracket == *open || bracket == *close)?;
    let mut depth = 0_usize;
    let mut weigh = |character: char| {
        if character == bracket {
            depth += 1;
        } else if character == open || character == close {
            depth = depth.saturating_sub(1);
        }
        depth == 0
    };
    if bracket == open {
        let chars = rope.chars_at(here).take(reach);
        (here..)
            .zip(chars)
            .find(|(_, c)| weigh(*c))
            .map(|(at, _)| at)
    } else {
        let mut chars = rope.chars_at(here + 1);
        let backwards = std::iter::from_fn(|| chars.prev()).take(reach);
        (0..=here)
            .rev()
            .zip(backwards)
            .find(|(_, c)| weigh(*c))
            .map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_find_each_other() {
        for (text, caret, expected) in [
            ("(a)", 0, Some((0, 2))),
            ("(a)", 1, Some((0, 2))),
            ("(a)", 2, Some((2, 0))),
            ("(a)", 3, Some((2, 0))),
            ("f(a[1], {b})", 1, Some((1, 11))),
            ("f(a[1], {b})", 12, Some((11, 1))),
            ("((x)", 0, None),
            ("((x)", 1, Some((1, 3))),
            ("]x", 0, None),
            ("abc", 1, None),
            ("", 0, None),
            // The one behind the caret goes first.
            (")(a)", 1, Some((1, 3))),
            ("漢(漢)", 1, Some((1, 3))),
        ] {
            let found = matching(&Rope::from_str(text), caret, 100);
            let found = found.map(|brackets| (brackets.here, brackets.there));
            assert_eq!(found, expected, "{text:?} at {caret}");
        }
    }

    #[test]
    fn nobody_looks_further_than_allowed() {
        let rope = Rope::from_str(&format!("({})", "x".repeat(50)));
        assert_eq!(matching(&rope, 0, 51), None);
        assert_eq!(matching(&rope, 52, 51), None);
        assert!(matching(&rope, 0, 52).is_some());
    }
}
