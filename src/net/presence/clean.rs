//! Making safe what strangers say about themselves, before anybody shows or stores it.

use unicode_segmentation::UnicodeSegmentation;

use crate::net::{
    event::UserInfo,
    message::{MAX_NAME, MAX_TITLE},
    node::NodeId,
};

const NAME_GRAPHEMES: usize = 32;
const NAME_BYTES: usize = 128;
const TITLE_GRAPHEMES: usize = 128;
const SENTENCE_GRAPHEMES: usize = 200;
/// Combining marks in a row; more of them climb out of their line.
const MARKS: usize = 4;

/// Characters that are looked at for each byte that may be kept.
const LOOKED_AT: usize = 8;

/// Characters that take no space, change the direction of writing, or carry hidden tags, beside
/// the control characters.
const INVISIBLE: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{ffffd}'),
    ('\u{100000}', '\u{10fffd}'),
];

/// Cleans and shortens a person's name, colour and picture. A name that is empty then becomes the
/// start of the node id, and what is no colour becomes [`color_of`] the node.
pub(crate) fn clean_user(node: NodeId, user: &UserInfo) -> UserInfo {
    let name = clean_name(&user.name);
    let avatar_url = user
        .avatar_url
        .as_ref()
        .filter(|url| url.len() <= MAX_NAME && !url.chars().any(is_hidden));
    UserInfo {
        name: if name.is_empty() { node.short() } else { name },
        color: if is_color(&user.color) {
            user.color.to_ascii_uppercase()
        } else {
            color_of(node)
        },
        avatar_url: avatar_url.cloned(),
    }
}

/// Cleans and shortens the name of a person as somebody else wrote it down. It may be empty.
pub(crate) fn clean_name(name: &str) -> String {
    clean_line(name, NAME_GRAPHEMES, NAME_BYTES)
}

/// Cleans a document's title to a name without folders. It may be empty.
pub(crate) fn clean_title(title: &str) -> String {
    let name = title.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = clean_line(name, TITLE_GRAPHEMES, MAX_TITLE);
    if name.chars().all(|character| character == '.') {
        return String::new();
    }
    name
}

/// Cleans a sentence that a stranger wrote for a person to read.
pub(crate) fn clean_sentence(text: &str) -> String {
    clean_line(text, SENTENCE_GRAPHEMES, MAX_TITLE)
}

/// Returns a colour for a replica whose person chose none: always the same for the same node, of
/// middle lightness.
pub fn color_of(node: NodeId) -> String {
    const CHANNEL_FROM: u8 = 0x50;
    const CHANNEL_SPAN: u8 = 0x90;
    let hash = blake3::hash(&node.0);
    let [r, g, b, turn, ..] = *hash.as_bytes();
    let mut channels = [r, g, b].map(|byte| CHANNEL_FROM + byte % CHANNEL_SPAN);
    // One strong and one weak channel keep the colour from being grey.
    let strong = usize::from(turn % 3);
    channels[strong] = 0xE0;
    channels[(strong + 1 + usize::from(turn / 3 % 2)) % 3] = CHANNEL_FROM;
    let [r, g, b] = channels;
    format!("#{r:02X}{g:02X}{b:02X}")
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || INVISIBLE
            .iter()
            .any(|&(first, last)| (first..=last).contains(&character))
}

fn clean_line(text: &str, graphemes: usize, bytes: usize) -> String {
    let mut clean = String::new();
    let mut marks = 0;
    // What a document holds may be of any length.
    for character in text.chars().take(bytes * LOOKED_AT) {
        let space = character.is_whitespace();
        if !space && is_hidden(character) {
            continue;
        }
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if marks > MARKS || (space && (clean.is_empty() || clean.ends_with(' '))) {
            continue;
        }
        clean.push(if space { ' ' } else { character });
    }
    let mut length = 0;
    let kept = clean
        .graphemes(true)
        .take(graphemes)
        .take_while(|grapheme| {
            length += grapheme.len();
            length <= bytes
        })
        .map(str::len)
        .sum::<usize>();
    clean.truncate(kept);
    clean.truncate(clean.trim_end().len());
    clean
}

/// Returns whether a character joins the one before it, as accents do.
fn is_mark(character: char) -> bool {
    if character.is_ascii() {
        return false;
    }
    let mut joined = String::from("a");
    joined.push(character);
    joined.graphemes(true).count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeId = NodeId([7; 32]);

    #[track_caller]
    fn assert_name(given: &str, expected: &str) {
        let user = UserInfo {
            name: given.to_owned(),
            color: "#4ECDC4".to_owned(),
            avatar_url: None,
        };
        assert_eq!(clean_user(NODE, &user).name, expected);
    }

    #[test]
    fn names_lose_what_cannot_be_seen() {
        let short = NODE.short();
        for (given, expected) in [
            ("Alice", "Alice"),
            ("  Ali\tce \n Smith ", "Ali ce Smith"),
            ("Al\u{1b}[31mice", "Al[31mice"),
            ("evil\u{202e}txt.exe", "eviltxt.exe"),
            ("a\u{200b}b\u{2066}c\u{e0041}d\u{feff}", "abcd"),
            ("日本語 नमस्ते", "日本語 नमस्ते"),
            ("e\u{301}", "e\u{301}"),
            ("", &short),
            ("\u{200b}\u{7}", &short),
        ] {
            assert_name(given, expected);
        }
    }

    #[test]
    fn names_are_shortened() {
        assert_name(&"x".repeat(40), &"x".repeat(32));
        assert_name(&"😀".repeat(40), &"😀".repeat(32));
        assert_name(&"가".repeat(60), &"가".repeat(32));
        let tower = format!("z{}", "\u{300}".repeat(50));
        assert_name(&tower, &format!("z{}", "\u{300}".repeat(4)));
        assert!(clean_line(&"\u{1100}".repeat(500), 32, 128).len() <= 128);
    }

    /// `DECODING_INPUTS` says how many, as for the tests of decoding.
    #[test]
    fn whatever_a_name_is_made_of_it_is_short_and_harmless() {
        const NASTY: &str = "aZ9 \t\n\u{1b}[;\u{7}\u{9b}\u{202e}\u{2066}\u{200d}\u{200b}\u{300}\u{489}\
             \u{e0041}\u{fe0f}\u{feff}👩👨🏽🇩🇪漢가\u{1100}\u{1161}नम\u{94d}\u{ad}\u{10fffd}";
        let nasty: Vec<char> = NASTY.chars().collect();
        let wanted = std::env::var("DECODING_INPUTS")
            .ok()
            .map_or(2_000, |count| count.parse().unwrap());
        let mut bytes = [0; 256];
        for input in 0..wanted as u64 {
            let mut random = blake3::Hasher::new()
                .update(&input.to_le_bytes())
                .finalize_xof();
            random.fill(&mut bytes);
            let length = usize::from(bytes[0]);
            let name: String = bytes[1..=length]
                .iter()
                .map(|byte| nasty[usize::from(*byte) % nasty.len()])
                .collect();
            let clean = clean_line(&name, NAME_GRAPHEMES, NAME_BYTES);
            assert!(clean.len() <= NAME_BYTES, "{name:?}");
            assert!(clean.graphemes(true).count() <= NAME_GRAPHEMES, "{name:?}");
            assert!(!clean.chars().any(is_hidden), "{name:?} became {clean:?}");
            assert_eq!(
                clean_line(&clean, NAME_GRAPHEMES, NAME_BYTES),
                clean,
                "{name:?} is not clean at once"
            );
        }
    }

    #[test]
    fn colours_are_colours() {
        for (given, kept) in [
            ("#4ecdc4", true),
            ("#4ECDC", false),
            ("red", false),
            ("#GG0000", false),
            ("4ECDC4", false),
            ("\u{1b}[31m", false),
        ] {
            let user = UserInfo {
                name: String::new(),
                color: given.to_owned(),
                avatar_url: Some("https://example.org/\u{202e}a".to_owned()),
            };
            let clean = clean_user(NODE, &user);
            let expected = if kept {
                given.to_ascii_uppercase()
            } else {
                color_of(NODE)
            };
            assert_eq!(clean.color, expected);
            assert_eq!(clean.avatar_url, None);
            assert!(is_color(&clean.color));
        }
    }

    #[test]
    fn titles_are_names_without_folders() {
        for (given, expected) in [
            ("notes.md", "notes.md"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\evil.bat", "evil.bat"),
            ("..", ""),
            ("a/", ""),
            ("my\u{202e} notes", "my notes"),
        ] {
            assert_eq!(clean_title(given), expected);
        }
    }
}
