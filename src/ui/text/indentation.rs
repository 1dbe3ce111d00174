//! What one step of indentation is: found in the text, or told by somebody.

use ropey::Rope;

/// How many lines are looked at.
const LINES: usize = 2_000;
/// How many characters of a line's start are looked at.
const LEADING: usize = 64;
/// The steps of spaces that people use.
const WIDTHS: std::ops::RangeInclusive<u16> = 2..=8;

/// One step of indentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indentation {
    /// A tab that is shown this many columns wide, at least 1.
    Tabs(u16),
    /// This many spaces, at least 1.
    Spaces(u16),
}

impl Indentation {
    /// Finds what a text uses, looking at its first lines. `None` if it has no indented line.
    pub fn detect(rope: &Rope, tab_width: u16) -> Option<Self> {
        let (mut tabs, mut spaces) = (0, 0);
        let mut steps = [0_usize; *WIDTHS.end() as usize + 1];
        let mut before = 0;
        for line in rope.lines().take(LINES) {
            let width = line.chars().take(LEADING).take_while(|c| *c == ' ').count();
            match line.chars().nth(width) {
                Some('\t') if width == 0 => {
                    tabs += 1;
                    continue;
                }
                // Blank lines, and lines that go on with a tab, say nothing.
                None | Some('\t' | ' ' | '\r' | '\n') => continue,
                Some(_) => {}
            }
            spaces += usize::from(width > 0);
            // A single space is most likely the inside of a comment.
            if let Some(count) = steps.get_mut(width.abs_diff(before))
                && width.abs_diff(before) > 1
            {
                *count += 1;
            }
            before = width;
        }
        if tabs == 0 && spaces == 0 {
            return None;
        }
        if tabs >= spaces {
            return Some(Self::Tabs(tab_width.max(1)));
        }
        let common = WIDTHS.rev().max_by_key(|width| steps[usize::from(*width)]);
        let common = common.filter(|width| steps[usize::from(*width)] > 0);
        common.map(Self::Spaces)
    }

    /// Returns the characters of one step.
    pub fn unit(self) -> String {
        match self {
            Self::Tabs(_) => "\t".to_owned(),
            Self::Spaces(width) => " ".repeat(usize::from(width.max(1))),
        }
    }

    /// Returns how wide one step is in columns, at least 1.
    pub fn width(self) -> u16 {
        let (Self::Tabs(width) | Self::Spaces(width)) = self;
        width.max(1)
    }

    /// Returns how many of the blanks that a line starts with make up one step or less.
    pub(super) fn first_step(self, blanks: impl Iterator<Item = char>) -> usize {
        let mut columns = 0;
        let mut taken = 0;
        for blank in blanks {
            if columns >= self.width() {
                break;
            }
            match blank {
                '\t' if taken > 0 => break,
                '\t' => columns = self.width(),
                _ => columns += 1,
            }
            taken += 1;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_what_it_is_indented_with() {
        for (text, expected) in [
            ("", None),
            ("a\nb\n", None),
            ("a\n  b\n    c\n  d\n", Some(Indentation::Spaces(2))),
            ("a\n    b\n        c\n", Some(Indentation::Spaces(4))),
            ("a\n\tb\n\t\tc\n", Some(Indentation::Tabs(4))),
            // The inside of a comment is no step.
            (
                "a {\n    b\n}\n/*\n * c\n */\n",
                Some(Indentation::Spaces(4)),
            ),
            ("a\n   b\n   c\n      d\n", Some(Indentation::Spaces(3))),
            ("a\n \n    \n", None),
        ] {
            let rope = Rope::from_str(text);
            assert_eq!(Indentation::detect(&rope, 4), expected, "{text:?}");
        }
    }
}
