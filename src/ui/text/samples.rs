//! Text for property tests: everything that has ever broken a terminal.

use proptest::prelude::*;
use ropey::Rope;

use crate::crdt::TextSelection;

const PIECES: &[&str] = &[
    "a",
    "b",
    "Z",
    "9",
    " ",
    "  ",
    "\t",
    ".",
    "-",
    "word",
    "über",
    "e\u{301}",
    "\u{301}",
    "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}",
    "漢",
    "字",
    "、",
    "「",
    "ﾊﾟ",
    "ﾞ",
    "か\u{3099}",
    "한",
    "ᄒ",
    "ᅡ",
    "ᆫ",
    "👩",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦",
    "👍🏽",
    "❤\u{fe0f}",
    "❤",
    "☎\u{fe0e}",
    "🇩🇪",
    "🇩",
    "1\u{fe0f}\u{20e3}",
    "\u{200d}",
    "\u{200c}",
    "\u{200b}",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "\u{e0041}",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{1b}",
    "\r",
    "\u{7f}",
    "\u{85}",
    "\u{0}",
    "שלום",
    "مرحبا",
    "क्षि",
    "\u{94d}",
    "ที่",
    "\u{ad}",
    "\u{fffd}",
    "\u{fe0f}",
    "\u{e0100}",
    "葛\u{e0100}",
    "\u{2028}",
    "ᄀᄀᄀ각ᆨᆨ",
    "\u{600}",
    "𝒳",
    "\u{3164}",
    "＠",
    "\u{10ffff}",
];

/// A line of up to `pieces` pieces, without a line feed.
pub(crate) fn mixed_line(pieces: usize) -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES).prop_map(str::to_owned);
    let any = any::<char>()
        .prop_filter("no line feed", |c| *c != '\n')
        .prop_map(String::from);
    prop::collection::vec(prop_oneof![20 => piece, 1 => any], 0..pieces)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("a line feed would follow", |text| !text.ends_with('\r'))
}

/// A few pieces to be repeated for a long line, none of which can make a cluster without end.
pub(crate) fn monotonous_line() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(PIECES).prop_map(str::to_owned);
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat() + "x ")
}

/// A document of several lines, with both kinds of line ends.
pub(crate) fn mixed_document(lines: usize) -> impl Strategy<Value = String> {
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    prop::collection::vec((mixed_line(30), end), 0..lines)
        .prop_flat_map(|lines| (Just(lines), mixed_line(30)))
        .prop_map(|(lines, last)| {
            let lines = lines.into_iter().map(|(line, end)| line + end);
            lines.collect::<String>() + &last
        })
}

/// The text with `|` at the caret and `[`, `]` around the selection.
pub(crate) fn mark(rope: &Rope, selection: TextSelection) -> String {
    mark_all(rope, &[selection])
}

/// The same with several selections, which do not overlap.
pub(crate) fn mark_all(rope: &Rope, selections: &[TextSelection]) -> String {
    let characters: Vec<char> = rope.chars().collect();
    let mut out = String::new();
    for index in 0..=characters.len() {
        let (mut closing, mut opening) = (String::new(), String::new());
        for TextSelection { anchor, head } in selections {
            let caret = if *head == index { "|" } else { "" };
            if anchor != head && anchor.max(head) == &index {
                closing = format!("{closing}{caret}]");
            } else if anchor != head && anchor.min(head) == &index {
                opening = format!("{opening}[{caret}");
            } else {
                opening.push_str(caret);
            }
        }
        out.push_str(&closing);
        out.push_str(&opening);
        out.extend(characters.get(index));
    }
    out
}

/// Takes `|`, `[` and `]` out of a text and returns what they mark.
pub(crate) fn unmark(marked: &str) -> (String, TextSelection) {
    let (text, selections) = unmark_all(marked);
    (text, selections.first().copied().unwrap_or_default())
}

/// The same with any number of selections, in their order.
pub(crate) fn unmark_all(marked: &str) -> (String, Vec<TextSelection>) {
    let mut text = String::new();
    let mut selections = Vec::new();
    // Where the selection began that is not at its end yet, and its caret.
    let (mut start, mut head) = (None, None);
    let mut count = 0;
    for character in marked.chars() {
        match (character, start) {
            ('|', Some(_)) => head = Some(count),
            ('|', None) => selections.push(TextSelection::caret(count)),
            ('[', _) => start = Some(count),
            (']', Some(from)) => {
                // Brackets without a caret in them mark nothing.
                if let Some(head) = head.take() {
                    let anchor = if head == from { count } else { from };
                    selections.push(TextSelection { anchor, head });
                }
                start = None;
            }
            (other, _) => {
                text.push(other);
                count += 1;
            }
        }
    }
    (text, selections)
}
