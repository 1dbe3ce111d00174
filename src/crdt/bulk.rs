//! Putting large text into a Loro text, cheaply.
//!
//! Loro decompresses the block that an operation lives in whenever somebody edits near it, and
//! walks through it when edits are concurrent: one operation of 10 MB makes every later keystroke
//! near it cost milliseconds. Many small operations don't, provided that each is put in *before*
//! the one that was put in last, so from the end of the text to its start, all at one position.
//! In the order of reading they merge into one large operation again.

use loro::{LoroResult, LoroText};
use ropey::Rope;

/// The largest text in bytes that goes in as one operation.
pub(crate) const CHUNK_BYTES: usize = 4_000;

/// Puts text of any size in at `position` (characters). The caller commits.
pub(crate) fn insert(target: &LoroText, position: usize, text: &str) -> LoroResult<()> {
    for chunk in chunks_from_end(text) {
        target.insert(position, chunk)?;
    }
    Ok(())
}

/// Puts the text of a rope in at the start of an empty text, without a copy of all of it. The caller
/// commits.
pub(crate) fn insert_rope(target: &LoroText, text: &Rope) -> LoroResult<()> {
    let mut chunk = String::with_capacity(CHUNK_BYTES);
    let mut end = text.len_bytes();
    while end > 0 {
        let start = end.saturating_sub(CHUNK_BYTES);
        // The first character that begins in the piece, unless it is the one it begins within.
        let begun = text.char_to_byte(text.byte_to_char(start));
        let cut = match begun < start {
            true => text.char_to_byte(text.byte_to_char(start) + 1),
            false => begun,
        };
        chunk.clear();
        chunk.extend(text.byte_slice(cut..end).chunks());
        target.insert(0, &chunk)?;
        end = cut;
    }
    Ok(())
}

/// Cuts text at character boundaries into pieces of at most [`CHUNK_BYTES`], the last one first.
fn chunks_from_end(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let cut = rest.ceil_char_boundary(rest.len().saturating_sub(CHUNK_BYTES));
        let (start, chunk) = rest.split_at(cut);
        rest = start;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use loro::LoroDoc;

    use super::*;

    #[test]
    fn a_rope_goes_in_as_its_text_does() {
        for text in ["", "short", &"ab漢".repeat(9_000), &"👨‍👩‍👧".repeat(1_000)] {
            let [whole, rope] = [LoroDoc::new(), LoroDoc::new()];
            for doc in [&whole, &rope] {
                doc.set_peer_id(1).unwrap();
            }
            insert(&whole.get_text("t"), 0, text).unwrap();
            insert_rope(&rope.get_text("t"), &Rope::from_str(text)).unwrap();
            assert_eq!(rope.get_text("t").to_string(), text);
            let exported = [whole, rope].map(|doc| doc.export(loro::ExportMode::all_updates()));
            let [whole, rope] = exported.map(Result::unwrap);
            assert_eq!(whole, rope, "{} bytes", text.len());
        }
    }

    #[test]
    fn chunks_are_small_and_cut_between_characters() {
        let table = [
            ("", 0),
            ("short", 1),
            (&"a".repeat(CHUNK_BYTES), 1),
            (&"a".repeat(CHUNK_BYTES + 1), 2),
            (&"漢".repeat(CHUNK_BYTES), 4),
            (&"👨‍👩‍👧".repeat(1_000), 5),
        ];
        for (text, count) in table {
            let mut chunks: Vec<&str> = chunks_from_end(text).collect();
            assert_eq!(chunks.len(), count, "{} bytes", text.len());
            assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES));
            chunks.reverse();
            assert_eq!(chunks.concat(), text);
        }
    }
}
