//! What is drawn for a grapheme cluster, and how wide it is.
//!
//! Nothing that is in the text is hidden from its reader: characters that would be invisible, or
//! would make a terminal do something, are shown by name. Widths are those that ratatui computes,
//! since it is ratatui that places what comes after.

use std::{borrow::Cow, fmt::Write as _};

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// What kind of thing a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// A character as it is.
    Text,
    /// A tab, shown as spaces.
    Tab,
    /// Something that stands for a character: the name of one that cannot be seen, or a mark for
    /// one that does not fit.
    Control,
}

/// How many combining marks are drawn on one character.
const MARKS: usize = 4;

/// How many characters of one cluster are drawn. The longest emoji have ten.
const CHARACTERS: usize = 24;

/// Stands for what does not fit.
const OMITTED: char = '…';

/// What a cluster looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: u16,
    pub(super) kind: CellKind,
}

/// All characters that most text is made of, in order.
const PRINTABLE: &str = concat!(
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`",
    "abcdefghijklmnopqrstuvwxyz{|}~"
);

/// Returns a copy of a symbol to keep. Nearly all are single characters, which take no memory.
pub(super) fn kept(symbol: &str) -> Cow<'static, str> {
    let printable = match symbol.as_bytes() {
        [byte @ b' '..=b'~'] => {
            let place = usize::from(byte - b' ');
            PRINTABLE.get(place..=place)
        }
        _ => None,
    };
    printable.map_or_else(|| Cow::Owned(symbol.to_owned()), Cow::Borrowed)
}

/// Returns the shape of a cluster that is drawn as it is, in one column, without a look at tables.
pub(super) fn plain(cluster: &str) -> Option<Shape> {
    matches!(cluster.as_bytes(), [b' '..=b'~']).then_some(Shape {
        width: 1,
        kind: CellKind::Text,
    })
}

/// Draws a cluster into `symbol`, which is emptied first, in at most `limit` columns (at least
/// one). A tab gets `tab` columns.
pub(super) fn draw(cluster: &str, tab: u16, limit: u16, symbol: &mut String) -> Shape {
    symbol.clear();
    let limit = limit.max(1);
    if let Some(shape) = plain(cluster) {
        symbol.push_str(cluster);
        return shape;
    }
    if cluster == "\t" {
        let width = tab.clamp(1, limit);
        symbol.extend(std::iter::repeat_n(' ', usize::from(width)));
        return Shape {
            width,
            kind: CellKind::Tab,
        };
    }
    let mut kind = spell(cluster, symbol);
    if symbol.graphemes(true).any(|part| part.cell_width() == 0) {
        kind = support(symbol, kind);
    }
    fit(symbol, kind, limit)
}

/// Writes the characters of a cluster, the visible ones as they are and the others by name.
fn spell(cluster: &str, symbol: &mut String) -> CellKind {
    let mut kind = CellKind::Text;
    let mut marks = 0;
    let mut before = None;
    let is_flag = is_tag_flag(cluster);
    for (index, (offset, character)) in cluster.char_indices().enumerate() {
        if index == CHARACTERS {
            break;
        }
        let after = &cluster[offset + character.len_utf8()..];
        let is_joined = is_flag || !is_hidden(character) || joins(character, before, after);
        let is_mark = before.is_some() && width_of_char(character) == 0;
        if !is_joined {
            name(character, symbol);
            kind = CellKind::Control;
        } else if !is_mark || marks < MARKS || is_flag {
            symbol.push(character);
        }
        marks = if is_mark { marks + 1 } else { 0 };
        before = Some(character);
    }
    kind
}

/// Gives marks without a letter something to stand on, and names other things of no width: ratatui
/// would leave them out.
fn support(symbol: &mut String, mut kind: CellKind) -> CellKind {
    let parts = std::mem::take(symbol);
    for part in parts.graphemes(true) {
        if part.cell_width() > 0 {
            symbol.push_str(part);
            continue;
        }
        let supported = format!("\u{25cc}{part}");
        if supported.graphemes(true).count() == 1 {
            symbol.push_str(&supported);
        } else {
            part.chars().take(MARKS).for_each(|c| name(c, symbol));
            kind = CellKind::Control;
        }
    }
    kind
}

/// Writes the name of a character: `^[` for the old control characters, `<U+202E>` for others.
fn name(character: char, symbol: &mut String) {
    let code = u32::from(character);
    match code {
        0..=0x1f => {
            symbol.push('^');
            symbol.push(char::from_u32(code + 0x40).unwrap_or('?'));
        }
        0x7f => symbol.push_str("^?"),
        _ => {
            // Writing to a string does not fail.
            let _ = write!(symbol, "<U+{code:04X}>");
        }
    }
}

/// Whether a character cannot be seen, or changes how others are seen: control, bidirectional and
/// zero-width characters, tags, and selectors of variants.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}'
            | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a hidden character does what it is there for: then it is drawn, and nobody misses it.
fn joins(character: char, before: Option<char>, after: &str) -> bool {
    let Some(before) = before.filter(|before| !is_hidden(*before)) else {
        // Emoji can have a selector and a joiner behind each other.
        return character == '\u{200d}' && before == Some('\u{fe0f}') && !after.is_empty();
    };
    match character {
        // Between two emoji, or letters of a conjunct; else in scripts that are written joined.
        '\u{200d}' => {
            let next = after.chars().next();
            next.is_some_and(|next| width_of_char(next) > 0) || is_joining(before)
        }
        '\u{200c}' => is_joining(before),
        // Text or emoji style, and other forms of symbols.
        '\u{fe00}'..='\u{fe0f}' => !before.is_alphabetic() || width_of_char(before) == 2,
        // Variants of ideographs.
        '\u{e0100}'..='\u{e01ef}' => width_of_char(before) == 2,
        '\u{180b}'..='\u{180d}' | '\u{180f}' => ('\u{1800}'..='\u{18af}').contains(&before),
        _ => false,
    }
}

/// Arabic, Syriac, the scripts of India and of South-East Asia, Mongolian.
fn is_joining(character: char) -> bool {
    matches!(character,
        '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{e00}'..='\u{109f}'
        | '\u{1780}'..='\u{18af}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// A flag of a region, such as that of Scotland: a black flag and its name in tag characters.
fn is_tag_flag(cluster: &str) -> bool {
    let Some(tags) = cluster.strip_prefix('\u{1f3f4}') else {
        return false;
    };
    let Some(tags) = tags.strip_suffix('\u{e007f}') else {
        return false;
    };
    let letters = tags
        .chars()
        .all(|tag| matches!(tag, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}'));
    letters && (3..=6).contains(&tags.chars().count())
}

/// Shortens what is wider than the limit.
fn fit(symbol: &mut String, kind: CellKind, limit: u16) -> Shape {
    let width = width_of(symbol);
    if width <= limit {
        return Shape { width, kind };
    }
    let mut kept = 0;
    let mut room = limit - 1;
    if kind == CellKind::Control {
        for part in symbol.graphemes(true) {
            let Some(rest) = room.checked_sub(part.cell_width()) else {
                break;
            };
            room = rest;
            kept += part.len();
        }
    }
    symbol.truncate(kept);
    symbol.push(OMITTED);
    Shape {
        width: width_of(symbol),
        kind: CellKind::Control,
    }
}

/// Returns how many columns ratatui gives a text.
fn width_of(text: &str) -> u16 {
    let widths = text.graphemes(true).map(CellWidth::cell_width);
    widths.fold(0, u16::saturating_add)
}

fn width_of_char(character: char) -> u16 {
    if character.is_control() {
        return 0;
    }
    character.encode_utf8(&mut [0; 4]).cell_width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn drawn(cluster: &str) -> (String, u16, CellKind) {
        let mut symbol = String::from("left over");
        let shape = draw(cluster, 4, 80, &mut symbol);
        (symbol, shape.width, shape.kind)
    }

    #[test]
    fn what_can_be_seen_is_drawn_as_it_is() {
        for (cluster, width) in [
            ("a", 1),
            ("ü", 1),
            ("e\u{301}", 1),
            ("漢", 2),
            ("＠", 2),
            ("한", 2),
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦", 2),
            ("👩🏽\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨🏿", 2),
            ("👍🏽", 2),
            ("❤\u{fe0f}", 2),
            ("❤", 1),
            ("🇩🇪", 2),
            ("1\u{fe0f}\u{20e3}", 2),
            (
                "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
                2,
            ),
            ("葛\u{e0100}", 2),
            ("ب\u{200c}", 1),
            ("क्\u{200d}", 1),
        ] {
            assert_eq!(
                drawn(cluster),
                (cluster.to_owned(), width, CellKind::Text),
                "{cluster:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        for (cluster, shown) in [
            ("\u{1b}", "^["),
            ("\r", "^M"),
            ("\u{0}", "^@"),
            ("\u{7f}", "^?"),
            ("\u{85}", "<U+0085>"),
            ("\u{202e}", "<U+202E>"),
            ("\u{2066}", "<U+2066>"),
            ("\u{200b}", "<U+200B>"),
            ("\u{feff}", "<U+FEFF>"),
            ("\u{ad}", "<U+00AD>"),
            ("\u{3164}", "<U+3164>"),
            ("\u{e0041}", "<U+E0041>"),
            ("a\u{e0041}", "a<U+E0041>"),
            ("a\u{200d}", "a<U+200D>"),
            ("\u{200d}", "<U+200D>"),
            ("a\u{fe01}", "a<U+FE01>"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}<U+FE0F>"),
            ("🏴\u{e0067}\u{e0062}", "🏴<U+E0067><U+E0062>"),
            ("ᅡ", "<U+1161>"),
        ] {
            let (symbol, width, kind) = drawn(cluster);
            assert_eq!(
                (symbol.as_str(), kind),
                (shown, CellKind::Control),
                "{cluster:?}"
            );
            assert_eq!(width, width_of(shown));
        }
    }

    #[test]
    fn marks_have_something_to_stand_on_and_are_few() {
        assert_eq!(drawn("\u{301}"), ("◌\u{301}".to_owned(), 1, CellKind::Text));
        let tower = format!("a{}", "\u{301}".repeat(1000));
        assert_eq!(
            drawn(&tower),
            (format!("a{}", "\u{301}".repeat(MARKS)), 1, CellKind::Text)
        );
        let (symbol, ..) = drawn(&"ᄀ".repeat(1000));
        assert_eq!(symbol.chars().count(), CHARACTERS);
    }

    #[test]
    fn tabs_are_as_wide_as_they_are_told() {
        assert_eq!(drawn("\t"), ("    ".to_owned(), 4, CellKind::Tab));
    }

    #[test]
    fn what_is_too_wide_is_shortened() {
        for (cluster, limit, shown) in [
            ("\u{202e}", 8, "<U+202E>"),
            ("\u{202e}", 7, "<U+202…"),
            ("\u{202e}", 1, "…"),
            ("漢", 2, "漢"),
            ("漢", 1, "…"),
            ("漢", 0, "…"),
            ("\t", 2, "  "),
        ] {
            let mut symbol = String::new();
            let shape = draw(cluster, 4, limit, &mut symbol);
            assert_eq!(symbol, shown, "{cluster:?} in {limit}");
            assert!(shape.width <= limit.max(1));
        }
    }
}
