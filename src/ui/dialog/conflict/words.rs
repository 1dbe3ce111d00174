//! What changed from one text to another, word by word, and styled words set in lines.

use ratatui::style::Style;
use similar::{Algorithm, ChangeTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

use crate::ui::{pane::words::width, text::is_hidden};

/// A stretch of text with one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The text, with what cannot be seen written by name.
    pub(super) text: String,
    /// Its look.
    pub(super) style: Style,
}

/// Words of a text, with whether another text has them too.
pub(super) fn compared<'a>(before: &'a str, after: &'a str) -> Vec<(&'a str, bool)> {
    let old: Vec<&str> = before.split_word_bounds().collect();
    let new: Vec<&str> = after.split_word_bounds().collect();
    let mut words = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        for change in operation.iter_changes(&old, &new) {
            match change.tag() {
                ChangeTag::Equal => words.push((change.value(), true)),
                ChangeTag::Insert => words.push((change.value(), false)),
                ChangeTag::Delete => {}
            }
        }
    }
    words
}

/// Writes characters that cannot be seen, or change how others are seen, by name. Line feeds stay.
pub(in crate::ui::dialog) fn visible(text: &str) -> String {
    let mut out = String::new();
    for grapheme in text.graphemes(true) {
        // Joiners and selectors inside of a cluster do what they are there for.
        let alone = grapheme.chars().count() == 1;
        for character in grapheme.chars() {
            match character {
                '\n' => out.push('\n'),
                '\t' => out.push_str("    "),
                '\r' => {}
                hidden if hidden.is_control() || (alone && is_hidden(hidden)) => {
                    out.push_str(&format!("<U+{:04X}>", u32::from(hidden)));
                }
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                    out.push_str(&format!("<U+{:04X}>", u32::from(character)));
                }
                seen => out.push(seen),
            }
        }
    }
    out
}

/// Sets pieces in lines of at most so many columns: breaks at line feeds, and before words that do
/// not fit.
pub(super) fn set(pieces: &[Piece], columns: usize) -> Vec<Vec<Piece>> {
    let columns = columns.max(1);
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut used = 0;
    for piece in pieces {
        for word in piece.text.split_word_bounds() {
            if word == "\n" {
                lines.push(Vec::new());
                used = 0;
                continue;
            }
            let blank = word.chars().all(char::is_whitespace);
            if used > 0 && used + width(word) > columns {
                lines.push(Vec::new());
                used = 0;
                if blank {
                    continue;
                }
            }
            for grapheme in word.graphemes(true) {
                if used > 0 && used + width(grapheme) > columns {
                    lines.push(Vec::new());
                    used = 0;
                }
                used += width(grapheme);
                add(&mut lines, grapheme, piece.style);
            }
        }
    }
    lines
}

fn add(lines: &mut [Vec<Piece>], text: &str, style: Style) {
    let Some(line) = lines.last_mut() else {
        return;
    };
    match line.last_mut() {
        Some(last) if last.style == style => last.text.push_str(text),
        _ => line.push(Piece {
            text: text.to_owned(),
            style,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_new_are_told_from_others() {
        let words = compared("The fox jumped.", "The quick fox slept.");
        let new: Vec<_> = words.iter().filter(|(_, same)| !same).collect();
        assert!(new.iter().any(|(word, _)| *word == "quick"));
        assert!(new.iter().any(|(word, _)| *word == "slept"));
        let whole: String = words.iter().map(|(word, _)| *word).collect();
        assert_eq!(whole, "The quick fox slept.");
    }

    #[test]
    fn lines_hold_what_fits() {
        let piece = |text: &str| Piece {
            text: text.to_owned(),
            style: Style::new(),
        };
        let lines = |text: &str, columns| -> Vec<String> {
            let lines = set(&[piece(text)], columns);
            let text = |line: Vec<Piece>| line.into_iter().map(|piece| piece.text).collect();
            lines.into_iter().map(text).collect()
        };
        assert_eq!(lines("one two three", 8), ["one two ", "three"]);
        assert_eq!(lines("a\nb", 8), ["a", "b"]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(lines("", 5), [""]);
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        assert_eq!(visible("a\u{202e}b\u{1b}[0m"), "a<U+202E>b<U+001B>[0m");
        assert_eq!(visible("👨‍👩‍👧 e\u{301}\n"), "👨‍👩‍👧 e\u{301}\n");
    }
}
