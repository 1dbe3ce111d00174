//! Fits words into columns: measured as the terminal draws them, cut between graphemes,
//! wrapped between words.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns the text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text itself if it fits into so many columns; else its start, with `…` at the end.
pub(crate) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut short = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += width(grapheme);
        if used >= columns {
            break;
        }
        short.push_str(grapheme);
    }
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The text itself if it fits into so many columns; else its end, with `…` before it.
pub(crate) fn shorten_start(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |grapheme: &&str| {
        used += width(grapheme);
        used <= columns
    };
    let kept: usize = text
        .graphemes(true)
        .rev()
        .take_while(fits)
        .map(str::len)
        .sum();
    match columns {
        0 => String::new(),
        _ => format!("…{}", &text[text.len() - kept..]),
    }
}

/// Like [`shorten`], but drops whole words when that does not lose more than half of the room.
pub(crate) fn shorten_at_word(text: &str, columns: usize) -> String {
    let short = shorten(text, columns);
    let cut_inside = short.strip_suffix('…').filter(|kept| {
        text.strip_prefix(kept)
            .is_some_and(|rest| !rest.starts_with(' '))
    });
    let Some(kept) = cut_inside else { return short };
    match kept.rfind(' ') {
        Some(space) if width(&kept[..space]) * 2 >= columns => {
            format!("{}…", kept[..space].trim_end_matches([' ', ',', '.', ':']))
        }
        _ => short,
    }
}

/// Breaks the text into lines of at most so many columns: between words where it can, else behind
/// a slash, else anywhere.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for (index, word) in text.split(' ').enumerate() {
        let gap = if index > 0 { " " } else { "" };
        if !append(&mut lines, gap, word, columns) {
            append_long(&mut lines, gap, word, columns);
        }
    }
    lines
}

/// Puts a piece behind the last line, or into a new one. Returns whether it fits into a line.
fn append(lines: &mut Vec<String>, gap: &str, piece: &str, columns: usize) -> bool {
    if width(piece) > columns {
        return false;
    }
    match lines.last_mut() {
        Some(line) if line.is_empty() => line.push_str(piece),
        Some(line) if width(line) + width(gap) + width(piece) <= columns => {
            line.push_str(gap);
            line.push_str(piece);
        }
        _ => lines.push(piece.to_owned()),
    }
    true
}

/// Takes a word apart that is wider than a line.
fn append_long(lines: &mut Vec<String>, gap: &str, word: &str, columns: usize) {
    let mut gap = gap;
    for piece in word.split_inclusive('/') {
        if !append(lines, gap, piece, columns) {
            lines.push(String::new());
            for grapheme in piece.graphemes(true) {
                if !append(lines, "", grapheme, columns) {
                    // A wide character in a single column: better too wide than lost.
                    lines.push(grapheme.to_owned());
                }
            }
            lines.retain(|line| !line.is_empty());
        }
        gap = "";
    }
}

/// Says a number with its thing: "1 line", "3 lines".
pub(crate) fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// The first letters of the first two words of a name, in capitals: "Ada Lovelace" is "AL".
pub(crate) fn initials(name: &str) -> String {
    name.split_whitespace()
        .take(2)
        .filter_map(|word| word.graphemes(true).next())
        .flat_map(|grapheme| grapheme.chars().flat_map(char::to_uppercase))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_never_exceeds_the_room() {
        for (text, columns, expected) in [
            ("notes.md", 8, "notes.md"),
            ("notes.md", 7, "notes.…"),
            ("notes.md", 1, "…"),
            ("notes.md", 0, ""),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
        ] {
            assert_eq!(shorten(text, columns), expected, "{text} in {columns}");
        }
    }

    #[test]
    fn the_end_of_a_path_is_kept() {
        for (text, columns, expected) in [
            ("/home/ada/notes.md", 18, "/home/ada/notes.md"),
            ("/home/ada/notes.md", 9, "…notes.md"),
            ("日本語", 4, "…語"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(
                shorten_start(text, columns),
                expected,
                "{text} in {columns}"
            );
        }
    }

    #[test]
    fn words_are_dropped_whole() {
        for (text, columns, expected) in [
            ("Could not save notes.md", 17, "Could not save…"),
            ("Could not save notes.md", 15, "Could not save…"),
            ("Incomprehensibilities", 8, "Incompr…"),
        ] {
            assert_eq!(shorten_at_word(text, columns), expected);
        }
    }

    #[test]
    fn wrapping_breaks_between_words_and_only_then_inside() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(
            wrap("in /home/grace/notes", 10),
            ["in /home/", "grace/", "notes"]
        );
    }

    #[test]
    fn initials_come_from_two_words() {
        assert_eq!(initials("Ada King Lovelace"), "AK");
        assert_eq!(initials("émile"), "É");
        assert_eq!(initials(""), "");
    }
}
