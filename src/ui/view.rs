//! Where a person is in a text, so that they are there again next time.

use super::app::App;
use crate::crdt::{Anchor, Bias, TextDocument, TextSelection};

/// Where a person is in the text as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    selection: TextSelection,
    /// A character of the topmost row.
    top: usize,
}

/// The same, held on to characters, so that it can be found in a text that others changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    anchor: Anchor,
    head: Anchor,
    top: Anchor,
}

impl View {
    /// Returns `None` if the place lies outside the text.
    pub(super) fn of(document: &TextDocument, place: Place) -> Option<Self> {
        let at = |position, bias| document.anchor(position, bias);
        Some(Self {
            anchor: at(place.selection.anchor, Bias::Before)?,
            head: at(place.selection.head, Bias::Before)?,
            top: at(place.top, Bias::After)?,
        })
    }

    /// Finds the place; `None` if the document does not know its characters.
    pub(super) fn resolve(&self, document: &TextDocument) -> Option<Place> {
        Some(Place {
            selection: TextSelection {
                anchor: document.resolve(&self.anchor)?,
                head: document.resolve(&self.head)?,
            },
            top: document.resolve(&self.top)?,
        })
    }

    /// Returns it as bytes for the store.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for anchor in [&self.anchor, &self.head, &self.top] {
            let anchor = anchor.encode();
            // At most some 150 bytes, since a container's name is bounded.
            bytes.push(anchor.len() as u8);
            bytes.extend(anchor);
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` if it is something else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut next = || {
            let (length, after) = rest.split_first()?;
            let (anchor, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            Anchor::decode(anchor).ok()
        };
        Some(Self {
            anchor: next()?,
            head: next()?,
            top: next()?,
        })
    }
}

impl App {
    /// Where the person is.
    pub(super) fn current_place(&self) -> Place {
        Place {
            selection: self.selection,
            top: self.top,
        }
    }

    /// Brings the person where they were, before the first screen is drawn.
    pub(super) fn start_at(&mut self, place: Place) {
        self.selection = place.selection;
        self.top = place.top;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{Delta, EditContext, EditKind};

    #[test]
    fn a_view_is_found_again_in_a_text_that_changed() {
        let mut document = TextDocument::from_text("one two three");
        let place = Place {
            selection: TextSelection { anchor: 4, head: 7 },
            top: 4,
        };
        let bytes = View::of(&document, place).unwrap().encode();
        let context = EditContext {
            kind: EditKind::Other,
            selection: TextSelection::default(),
            now: std::time::Duration::ZERO,
        };
        document
            .edit(&Delta::replace(0..3, "eleven"), context)
            .unwrap();
        let found = View::decode(&bytes).unwrap().resolve(&document).unwrap();
        let selection = TextSelection {
            anchor: 7,
            head: 10,
        };
        assert_eq!(found, Place { selection, top: 7 });
        let other = TextDocument::from_text("another text altogether");
        assert_eq!(View::decode(&bytes).unwrap().resolve(&other), None);
    }

    #[test]
    fn other_bytes_are_no_view() {
        let document = TextDocument::from_text("text");
        let place = Place {
            selection: TextSelection::caret(2),
            top: 0,
        };
        let bytes = View::of(&document, place).unwrap().encode();
        for length in 0..bytes.len() {
            assert_eq!(View::decode(&bytes[..length]), None);
        }
        assert_eq!(View::decode(&[255; 9]), None);
    }
}
