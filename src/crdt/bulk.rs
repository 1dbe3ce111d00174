//! Putting large text into a Loro text, cheaply.
//!
//! Loro decompresses the block that an operation lives in whenever somebody edits near it, and
//! walks through it when edits are concurrent: one operation of 10 MB makes every later keystroke
//! near it cost milliseconds. Many small operations don't, provided that each is put in *before*
//! the one that was put in last, so from the end of the text to its start, all at one position.
//! In the order of reading they merge into one large operation again.

use loro::{LoroResult, LoroText};

/// The largest text in bytes that goes in as one operation.
pub(crate) const CHUNK_BYTES: usize = 4_000;

/// Puts text of any size in at `position` (characters). The caller commits.
pub(crate) fn insert(target: &LoroText, position: usize, text: &str) -> LoroResult<()> {
    for chunk in chunks_from_end(text) {
        target.insert(position, chunk)?;
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
    use super::*;

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
