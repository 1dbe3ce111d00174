//! A change taken apart into the places that it changes.

use crate::crdt::{Change, Content, Delta};

/// One place: characters that go, and what comes in their stead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk<C> {
    /// Where, in the text before the change.
    pub(super) start: usize,
    pub(super) deleted: usize,
    pub(super) inserted: Option<C>,
}

impl<C: Content> Hunk<C> {
    /// Where it ends, in the text before the change.
    pub(super) fn end(&self) -> usize {
        self.start + self.deleted
    }

    pub(super) fn inserted_length(&self) -> usize {
        self.inserted.as_ref().map_or(0, Content::length)
    }
}

impl Hunk<usize> {
    /// Puts so many characters in; `None` if there are none.
    pub(super) fn insertion(start: usize, length: usize) -> Option<Self> {
        (length > 0).then_some(Self {
            start,
            deleted: 0,
            inserted: Some(length),
        })
    }
}

impl Hunk<String> {
    /// Returns behind how many characters of `text`, which somebody else put in at the same place
    /// for the same characters, this one is found: both did the same.
    ///
    /// Where nothing was taken away the same text may have come from two minds by chance, so it
    /// counts as the same only if both may have been one (`shared`).
    pub(super) fn found_in(&self, text: &str, shared: bool) -> Option<usize> {
        let own = self.inserted.as_deref().unwrap_or_default();
        if own == text && (self.deleted > 0 || shared) {
            return Some(0);
        }
        if !shared || own.is_empty() {
            return None;
        }
        let byte = text.find(own)?;
        Some(text[..byte].chars().count())
    }
}

/// Takes a change apart; the places are in order and do not touch.
pub(super) fn hunks<C: Content>(delta: &Delta<C>) -> Vec<Hunk<C>> {
    let mut found: Vec<Hunk<C>> = Vec::new();
    let mut position = 0;
    for change in delta.changes() {
        match change {
            Change::Retain(length) => position += length,
            Change::Insert(content) => found.push(Hunk {
                start: position,
                deleted: 0,
                inserted: Some(content.clone()),
            }),
            Change::Delete(length) => {
                match found.last_mut().filter(|hunk| hunk.end() == position) {
                    Some(hunk) => hunk.deleted += length,
                    None => found.push(Hunk {
                        start: position,
                        deleted: *length,
                        inserted: None,
                    }),
                }
                position += length;
            }
        }
    }
    found
}

/// Puts a change together from places in order.
pub(super) fn delta_of<C: Content>(hunks: Vec<Hunk<C>>) -> Delta<C> {
    let mut delta = Delta::default();
    let mut position = 0;
    for hunk in hunks {
        let end = hunk.end();
        delta = delta.retain(hunk.start - position);
        if let Some(content) = hunk.inserted {
            delta = delta.put(content);
        }
        delta = delta.delete(hunk.deleted);
        position = end;
    }
    delta
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_apart_and_put_together_it_is_the_same() {
        for delta in [
            Delta::new(),
            Delta::replace(0..0, "a"),
            Delta::replace(3..5, "é"),
            Delta::new()
                .retain(2)
                .delete(3)
                .retain(1)
                .insert("x")
                .retain(4)
                .delete(1),
        ] {
            assert_eq!(delta_of(hunks(&delta)), delta);
            assert_eq!(delta_of(hunks(&delta.shape())), delta.shape());
        }
    }

    #[test]
    fn the_same_text_counts_once_only_if_both_may_be_one() {
        let hunk = |deleted, text: &str| Hunk {
            start: 0,
            deleted,
            inserted: Some(text.to_owned()),
        };
        let table = [
            (hunk(1, "ab"), "ab", Some(0), Some(0)),
            (hunk(0, "ab"), "ab", None, Some(0)),
            (hunk(0, "é"), "xyéz", None, Some(2)),
            (hunk(0, "ab"), "ba", None, None),
        ];
        for (hunk, text, alone, shared) in table {
            assert_eq!(hunk.found_in(text, false), alone, "{text}");
            assert_eq!(hunk.found_in(text, true), shared, "{text}");
        }
    }
}
