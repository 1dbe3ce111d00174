//! Files as they are: the byte-order mark, the line endings and the end of the last line are kept.
//!
//! The text of a document is the file's text to the byte, `\r\n` included; only a byte-order mark
//! is taken off and put back. So what nobody edits is written as it was read.

use std::iter;

use ropey::Rope;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a new line typed by a person is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnding {
    /// A line feed.
    #[default]
    Lf,
    /// A carriage return and a line feed.
    CrLf,
}

impl LineEnding {
    /// Returns its characters.
    pub fn as_str(self) -> &'static str {
        match self {
            LineEnding::Lf => "\n",
            LineEnding::CrLf => "\r\n",
        }
    }

    /// Returns the ending that most lines of a text have; a line feed if as many have either.
    /// Reads the whole text.
    pub fn dominant(rope: &Rope) -> Self {
        Self::dominant_in(rope.chunks().map(str::as_bytes))
    }

    fn dominant_in<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut line_feeds, mut pairs) = (0_usize, 0_usize);
        // A chunk may end between the two characters of a pair.
        let mut previous = 0;
        for chunk in chunks {
            for &byte in chunk {
                if byte == b'\n' {
                    line_feeds += 1;
                    pairs += usize::from(previous == b'\r');
                }
                previous = byte;
            }
        }
        if pairs > line_feeds - pairs {
            LineEnding::CrLf
        } else {
            LineEnding::Lf
        }
    }
}

/// What a file has besides its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextFormat {
    /// Whether the file starts with a byte-order mark, which the text doesn't hold.
    pub byte_order_mark: bool,
    /// What a new line typed by a person is.
    pub line_ending: LineEnding,
}

/// Why bytes are not a text that can be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not UTF-8.
    #[error("it is not UTF-8 text: the first wrong byte is at offset {offset}")]
    NotUtf8 {
        /// How many bytes before it are in order, counted from the start of the file.
        offset: usize,
    },
}

/// Takes a file's bytes apart into its text and its format.
///
/// # Errors
///
/// If the bytes are not UTF-8.
pub fn decode(bytes: &[u8]) -> Result<(String, TextFormat), DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    let (text, byte_order_mark) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let format = TextFormat {
        byte_order_mark,
        line_ending: LineEnding::dominant_in(iter::once(text.as_bytes())),
    };
    Ok((text.to_owned(), format))
}

/// Returns the bytes of the file that has this text and this format, in pieces.
pub fn encode(rope: &Rope, format: TextFormat) -> impl Iterator<Item = &[u8]> {
    let mark = format.byte_order_mark.then_some(BYTE_ORDER_MARK.as_bytes());
    mark.into_iter().chain(rope.chunks().map(str::as_bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn saved(bytes: &[u8]) -> Vec<u8> {
        let (text, format) = decode(bytes).expect("the bytes are UTF-8");
        encode(&Rope::from_str(&text), format)
            .collect::<Vec<_>>()
            .concat()
    }

    #[test]
    fn formats_are_recognised() {
        let table: [(&str, bool, LineEnding); 9] = [
            ("", false, LineEnding::Lf),
            ("no line ends", false, LineEnding::Lf),
            ("a\nb\n", false, LineEnding::Lf),
            ("a\r\nb\r\n", false, LineEnding::CrLf),
            ("a\r\nb\r\nc\n", false, LineEnding::CrLf),
            ("a\r\nb\n", false, LineEnding::Lf),
            ("old\rmac\r", false, LineEnding::Lf),
            ("\u{feff}a\r\n", true, LineEnding::CrLf),
            ("\u{feff}\u{feff}", true, LineEnding::Lf),
        ];
        for (file, byte_order_mark, line_ending) in table {
            let (text, format) = decode(file.as_bytes()).expect("the table is UTF-8");
            let expected = TextFormat {
                byte_order_mark,
                line_ending,
            };
            assert_eq!(format, expected, "{file:?}");
            assert_eq!(LineEnding::dominant(&Rope::from_str(&text)), line_ending);
            assert_eq!(saved(file.as_bytes()), file.as_bytes());
        }
    }

    #[test]
    fn pairs_are_counted_across_chunks() {
        let chunks = [&b"a\r"[..], b"\nb\r", b"\n"];
        assert_eq!(
            LineEnding::dominant_in(chunks.into_iter()),
            LineEnding::CrLf
        );
    }

    #[test]
    fn other_encodings_are_refused_with_the_place() {
        let table: [(&[u8], usize); 4] = [
            (b"\xff\xfea\0", 0),
            (b"caf\xe9", 3),
            (b"\xef\xbb\xbfok\x80", 5),
            (b"cut \xe2\x82", 4),
        ];
        for (bytes, offset) in table {
            assert_eq!(decode(bytes), Err(DecodeError::NotUtf8 { offset }));
        }
    }

    proptest! {
        #[test]
        fn what_nobody_edits_is_saved_as_it_was(
            mark: bool,
            lines in prop::collection::vec((".{0,12}", "\n|\r\n|\r||\u{2028}"), 0..40),
        ) {
            let mut file = String::from(if mark { BYTE_ORDER_MARK } else { "" });
            for (line, ending) in lines {
                file += &line;
                file += &ending;
            }
            prop_assert_eq!(saved(file.as_bytes()), file.as_bytes());
        }

        #[test]
        fn bytes_are_refused_or_kept(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            match std::str::from_utf8(&bytes) {
                Ok(_) => prop_assert_eq!(saved(&bytes), bytes),
                Err(error) => {
                    let offset = error.valid_up_to();
                    prop_assert_eq!(decode(&bytes), Err(DecodeError::NotUtf8 { offset }));
                }
            }
        }
    }
}
