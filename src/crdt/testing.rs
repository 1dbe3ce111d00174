//! Random texts and edits for this room's property tests.

use std::ops::Range;

use proptest::{collection::vec, prelude::*, sample::select};

use super::Delta;

/// What people type, with everything that counts differently in bytes, scalars and columns.
const PIECES: [&str; 12] = [
    "a",
    "xyz",
    " ",
    "\n",
    "\r\n",
    "\t",
    "é",
    "e\u{301}",
    "漢字",
    "👨‍👩‍👧",
    "🇨🇭",
    "שלום",
];

/// A text of up to `pieces` pieces.
pub(super) fn any_text(pieces: usize) -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 0..=pieces).prop_map(|pieces| pieces.concat())
}

/// A place in a text of unknown length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(f64);

impl Place {
    /// Returns the place as a position in a text of `length` characters.
    pub(super) fn within(self, length: usize) -> usize {
        (self.0 * (length + 1) as f64) as usize
    }

    /// Returns a stretch of at most `most` characters that starts there.
    pub(super) fn range(self, length: usize, most: usize) -> Range<usize> {
        let start = self.within(length);
        start..(start + most).min(length)
    }
}

pub(super) fn any_place() -> impl Strategy<Value = Place> {
    (0.0..1.0).prop_map(Place)
}

/// A change that fits a text of `length` characters.
pub(super) fn any_delta(length: usize) -> impl Strategy<Value = Delta> {
    vec((0..5_usize, any_text(2), 0..4_usize), 0..6).prop_map(move |steps| {
        let mut left = length;
        let mut delta = Delta::new();
        for (retained, inserted, deleted) in steps {
            let retained = retained.min(left);
            let deleted = deleted.min(left - retained);
            left -= retained + deleted;
            delta = delta.retain(retained).insert(&inserted).delete(deleted);
        }
        delta
    })
}
