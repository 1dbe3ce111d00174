//! Files as they are: the encoding, the byte-order mark, the line endings and the end of the last
//! line are kept.
//!
//! The text of a document is the file's text to the character, `\r\n` included; only a byte-order
//! mark is taken off and put back, and UTF-16 is read as such and written as such. So what nobody
//! edits is written as it was read.

use std::{borrow::Cow, iter};

use ropey::Rope;

const BYTE_ORDER_MARK: &str = "\u{feff}";
/// How a file in UTF-32 begins that has its low bytes first. Taken for UTF-16 it would be a mark and
/// a zero.
const UTF_32_LE: &[u8] = &[0xff, 0xfe, 0, 0];

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

/// How a file's characters become bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One to four bytes for each character.
    #[default]
    Utf8,
    /// Two or four bytes for each character, the low byte first. Known by its byte-order mark.
    Utf16Le,
    /// Two or four bytes for each character, the high byte first. Known by its byte-order mark.
    Utf16Be,
}

/// What a file has besides its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextFormat {
    /// How its characters become bytes.
    pub encoding: Encoding,
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
    /// The file begins as one in UTF-16, but doesn't go on like that.
    #[error("it is not UTF-16 text: the first wrong byte is at offset {offset}")]
    NotUtf16 {
        /// How many bytes before it are in order, counted from the start of the file.
        offset: usize,
    },
    /// The file is in UTF-32, which hardly anything writes.
    #[error("it is UTF-32 text")]
    Utf32,
}

/// Takes a file's bytes apart into its text and its format.
///
/// # Errors
///
/// If the bytes are not UTF-8, nor UTF-16 with a byte-order mark.
pub fn decode(bytes: Vec<u8>) -> Result<(String, TextFormat), DecodeError> {
    let (text, encoding, byte_order_mark) = match bytes.get(..2) {
        _ if bytes.starts_with(UTF_32_LE) => return Err(DecodeError::Utf32),
        Some([0xff, 0xfe]) => {
            let text = decode_utf16(&bytes[2..], u16::from_le_bytes)?;
            (text, Encoding::Utf16Le, true)
        }
        Some([0xfe, 0xff]) => {
            let text = decode_utf16(&bytes[2..], u16::from_be_bytes)?;
            (text, Encoding::Utf16Be, true)
        }
        Some(_) | None => {
            let (text, mark) = decode_utf8(bytes)?;
            (text, Encoding::Utf8, mark)
        }
    };
    let format = TextFormat {
        encoding,
        byte_order_mark,
        line_ending: LineEnding::dominant_in(iter::once(text.as_bytes())),
    };
    Ok((text, format))
}

fn decode_utf8(bytes: Vec<u8>) -> Result<(String, bool), DecodeError> {
    let mut text = String::from_utf8(bytes).map_err(|error| DecodeError::NotUtf8 {
        offset: error.utf8_error().valid_up_to(),
    })?;
    let marked = text.starts_with(BYTE_ORDER_MARK);
    if marked {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok((text, marked))
}

/// Reads what comes after the byte-order mark.
fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut offset = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character = decoded.map_err(|_| DecodeError::NotUtf16 { offset })?;
        offset += 2 * character.len_utf16();
        text.push(character);
    }
    if rest.is_empty() {
        Ok(text)
    } else {
        Err(DecodeError::NotUtf16 { offset })
    }
}

/// Returns the bytes of the file that has this text and this format, in pieces.
pub fn encode(rope: &Rope, format: TextFormat) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let mark = format.byte_order_mark.then_some(BYTE_ORDER_MARK);
    let pieces = mark.into_iter().chain(rope.chunks());
    pieces.map(move |piece| match format.encoding {
        Encoding::Utf8 => Cow::Borrowed(piece.as_bytes()),
        Encoding::Utf16Le => Cow::Owned(encode_utf16(piece, u16::to_le_bytes)),
        Encoding::Utf16Be => Cow::Owned(encode_utf16(piece, u16::to_be_bytes)),
    })
}

fn encode_utf16(piece: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    piece.encode_utf16().flat_map(unit).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn saved(bytes: &[u8]) -> Vec<u8> {
        let (text, format) = decode(bytes.to_vec()).expect("the bytes are UTF-8");
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
            let (text, format) = decode(file.into()).expect("the table is UTF-8");
            let expected = TextFormat {
                encoding: Encoding::Utf8,
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
        use DecodeError::{NotUtf8, NotUtf16, Utf32};
        let table: [(&[u8], DecodeError); 9] = [
            (b"caf\xe9", NotUtf8 { offset: 3 }),
            (b"\xef\xbb\xbfok\x80", NotUtf8 { offset: 5 }),
            (b"cut \xe2\x82", NotUtf8 { offset: 4 }),
            (b"\xff", NotUtf8 { offset: 0 }),
            // Half a character, half a pair, the wrong half first, the first half twice.
            (b"\xff\xfea\0b", NotUtf16 { offset: 4 }),
            (b"\xff\xfea\0\x3d\xd8", NotUtf16 { offset: 4 }),
            (b"\xfe\xff\0a\xdc\0\0a", NotUtf16 { offset: 4 }),
            (b"\xfe\xff\xd8\x3d\xd8\x3d\xdc\x67", NotUtf16 { offset: 2 }),
            (b"\xff\xfe\0\0a\0\0\0", Utf32),
        ];
        for (bytes, expected) in table {
            assert_eq!(decode(bytes.to_vec()), Err(expected), "{bytes:x?}");
        }
    }

    #[test]
    fn utf_16_is_read_and_written_as_such() {
        let little = b"\xff\xfea\0\r\0\n\0\x3d\xd8\x67\xdc";
        let big = b"\xfe\xff\0a\0\r\0\n\xd8\x3d\xdc\x67";
        for (bytes, encoding) in [(little, Encoding::Utf16Le), (big, Encoding::Utf16Be)] {
            let (text, format) = decode(bytes.to_vec()).expect("the bytes are UTF-16");
            assert_eq!(text, "a\r\n👧");
            let expected = TextFormat {
                encoding,
                byte_order_mark: true,
                line_ending: LineEnding::CrLf,
            };
            assert_eq!(format, expected);
            assert_eq!(saved(bytes), bytes);
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
            // Marked as another encoding, they are refused in other words.
            prop_assume!(!bytes.starts_with(&[0xff, 0xfe]) && !bytes.starts_with(&[0xfe, 0xff]));
            match decode(bytes.clone()) {
                Ok(_) => prop_assert_eq!(saved(&bytes), bytes),
                Err(error) => {
                    let offset = std::str::from_utf8(&bytes).unwrap_err().valid_up_to();
                    prop_assert_eq!(error, DecodeError::NotUtf8 { offset });
                }
            }
        }

        #[test]
        fn utf_16_is_refused_or_kept(
            big: bool,
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mark = if big { [0xfe, 0xff] } else { [0xff, 0xfe] };
            let file = [&mark[..], &bytes].concat();
            if decode(file.clone()).is_ok() {
                prop_assert_eq!(saved(&file), file);
            }
        }
    }
}
