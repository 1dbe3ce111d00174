//! A document as bytes that outlive the process, and what it was at earlier versions.

use loro::{ExportMode, Frontiers, LoroDoc};
use ropey::Rope;

use super::{
    Delta, DocumentGuard, SharedDocument, TextDocument, conflict::Author, document::write_changes,
};

/// Bytes could not become a document, or the other way round.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes are no snapshot that this version understands.
    #[error("the bytes are no document: {0}")]
    Import(#[from] loro::LoroError),
    /// Loro could not export the document.
    #[error("the document cannot be exported: {0}")]
    Export(#[from] loro::LoroEncodeError),
}

/// A text of more characters is not stored with its state.
const LARGE: usize = 4_000_000;

impl SharedDocument {
    /// Reads a document with its history. It gets a Loro peer id of its own, as each start must.
    ///
    /// # Errors
    ///
    /// If the bytes are no snapshot, or a damaged one.
    pub fn from_snapshot(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let doc = LoroDoc::new();
        doc.import(bytes)?;
        Ok(Self::new(doc))
    }

    /// Reads a document from a snapshot and updates that came after it, in any order. Updates that
    /// depend on others that are missing wait inside the document for them.
    ///
    /// # Errors
    ///
    /// If one of them is no such thing, or a damaged one.
    pub fn from_parts(
        snapshot: Option<&[u8]>,
        updates: Vec<Vec<u8>>,
    ) -> Result<Self, SnapshotError> {
        let doc = LoroDoc::new();
        if let Some(snapshot) = snapshot {
            doc.import(snapshot)?;
        }
        if !updates.is_empty() {
            doc.import_batch(&updates)?;
        }
        Ok(Self::new(doc))
    }

    /// Returns the text that [`TextDocument`] shows. O(document).
    pub fn text(&self) -> String {
        self.lock()
            .doc()
            .get_text(TextDocument::CONTAINER)
            .to_string()
    }

    /// Writes the document with its whole history. Takes the lock; O(document).
    ///
    /// # Errors
    ///
    /// If Loro cannot export it.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        Ok(self.lock().doc().export(ExportMode::Snapshot)?)
    }

    /// Writes what another replica of the same document lacks of this one. Takes both locks, one
    /// after the other.
    ///
    /// # Errors
    ///
    /// If Loro cannot export it.
    pub fn updates_for(&self, other: &Self) -> Result<Vec<u8>, SnapshotError> {
        let known = other.lock().doc().oplog_vv();
        Ok(self.lock().doc().export(ExportMode::updates(&known))?)
    }

    /// Takes in what a snapshot of the same document, or an export for this one, has and this one has not.
    ///
    /// # Errors
    ///
    /// If the bytes are no snapshot, or a damaged one.
    pub fn merge_snapshot(&self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.lock().doc().import(bytes)?;
        Ok(())
    }

    /// Returns the version of the document now, for [`text_at`](Self::text_at).
    pub fn version(&self) -> Vec<u8> {
        self.doc().state_frontiers().encode()
    }

    /// Whether the document holds everything that makes up a version. Quick.
    pub fn has_version(&self, version: &[u8]) -> bool {
        let Ok(frontiers) = Frontiers::decode(version) else {
            return false;
        };
        let known = self.doc().oplog_vv();
        frontiers
            .iter()
            .all(|id| id.counter >= 0 && known.get(&id.peer).is_some_and(|end| id.counter < *end))
    }

    /// Returns the text that [`TextDocument`] showed at a version. O(history), on a copy.
    ///
    /// Returns `None` if the bytes are no version, or not one of this document.
    pub fn text_at(&self, version: &[u8]) -> Option<String> {
        let then = self.fork_at(version)?;
        Some(then.get_text(TextDocument::CONTAINER).to_string())
    }

    /// Returns the text that [`TextDocument`] showed at a version, and what happened to it since, as
    /// one change. O(history), on a copy.
    ///
    /// Returns `None` if the bytes are no version, or not one of this document.
    pub fn change_since(&self, version: &[u8]) -> Option<(Rope, Delta)> {
        let then = self.fork_at(version)?;
        let known = then.oplog_vv();
        let updates = self.lock().doc().export(ExportMode::updates(&known)).ok()?;
        let mut document = TextDocument::new(Self::new(then));
        let before = document.rope().clone();
        document.shared().lock().doc().import(&updates).ok()?;
        let changes = document.drain();
        let change = changes
            .iter()
            .fold(Delta::new(), |all, change| all.compose(&change.delta));
        Some((before, change))
    }

    /// Makes a change to the text as it was at a version, as an author would have who knew nothing
    /// of what came later, and merges it. Returns the version in which the change is all that came
    /// after. O(history).
    ///
    /// Returns `None`, and changes nothing, if the bytes are no version of this document or the
    /// change does not fit the text it had then.
    pub fn change_at(&self, version: &[u8], change: &Delta, author: Author) -> Option<Vec<u8>> {
        let then = self.fork_at(version)?;
        let before = then.oplog_vv();
        // Whoever wrote something of the same thought is told who clashes with it.
        let _signing = author.sign(&then);
        then.set_record_timestamp(true);
        write_changes(&then.get_text(TextDocument::CONTAINER), change).ok()?;
        then.commit();
        let updates = then.export(ExportMode::updates(&before)).ok()?;
        self.lock().doc().import(&updates).ok()?;
        Some(then.state_frontiers().encode())
    }

    fn fork_at(&self, version: &[u8]) -> Option<LoroDoc> {
        let frontiers = Frontiers::decode(version).ok()?;
        // Loro panics on these.
        if frontiers.iter().any(|id| id.counter < 0) {
            return None;
        }
        self.lock().doc().fork_at(&frontiers).ok()
    }
}

impl DocumentGuard<'_> {
    /// Writes the document with its whole history, so that [`SharedDocument::from_parts`] reads it in
    /// little time. O(document).
    ///
    /// # Errors
    ///
    /// If Loro cannot export it.
    pub(crate) fn export_to_keep(&self) -> Result<Vec<u8>, SnapshotError> {
        let text = self.doc().get_text(TextDocument::CONTAINER);
        // Reading a snapshot, Loro counts all that is left of the text at each stretch of it: a
        // minute for 100 MB. From the operations alone it makes the text in a second.
        let mode = match text.len_unicode() > LARGE {
            true => ExportMode::all_updates(),
            false => ExportMode::Snapshot,
        };
        Ok(self.doc().export(mode)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{Delta, EditContext, EditKind, TextSelection};

    fn append(document: &mut TextDocument, text: &str) {
        let end = document.rope().len_chars();
        let context = EditContext {
            kind: EditKind::Other,
            selection: TextSelection::default(),
            now: std::time::Duration::ZERO,
        };
        document
            .edit(&Delta::replace(end..end, text), context)
            .unwrap();
    }

    #[test]
    fn a_snapshot_brings_back_the_text_with_its_versions() {
        let mut document = TextDocument::from_text("one ");
        let first = document.version();
        append(&mut document, "two ");
        let second = document.version();
        append(&mut document, "three");

        let bytes = document.shared().snapshot().unwrap();
        let restored = SharedDocument::from_snapshot(&bytes).unwrap();
        assert_ne!(restored.doc().peer_id(), document.shared().doc().peer_id());
        assert_eq!(restored.version(), document.version());
        assert_eq!(restored.text_at(&first).unwrap(), "one ");
        assert_eq!(restored.text_at(&second).unwrap(), "one two ");
        let (then, since) = restored.change_since(&first).unwrap();
        assert_eq!(then, "one ");
        assert_eq!(since, Delta::new().retain(4).insert("two three"));
        assert_eq!(*TextDocument::new(restored).rope(), "one two three");
    }

    #[test]
    fn snapshots_of_one_document_are_merged() {
        let mut here = TextDocument::from_text("one ");
        let bytes = here.shared().snapshot().unwrap();
        let mut there = TextDocument::new(SharedDocument::from_snapshot(&bytes).unwrap());
        append(&mut here, "here ");
        append(&mut there, "there ");
        assert!(!here.shared().has_version(&there.version()));
        let theirs = there.shared().snapshot().unwrap();
        here.shared().merge_snapshot(&theirs).unwrap();
        here.drain();
        assert!(here.shared().has_version(&there.version()));
        let text = here.rope().to_string();
        assert!(text.contains("here ") && text.contains("there "), "{text}");
        assert!(here.shared().merge_snapshot(b"rubbish").is_err());
        assert!(!here.shared().has_version(b"rubbish"));
    }

    #[test]
    fn a_change_to_an_earlier_version_is_merged_with_what_came_later() {
        let mut document = TextDocument::from_text("one three");
        let first = document.version();
        append(&mut document, " four");
        let change = Delta::replace(4..4, "two ");
        let changed = document
            .shared()
            .change_at(&first, &change, Author::disk())
            .unwrap();
        document.drain();
        assert_eq!(*document.rope(), "one two three four");
        assert_eq!(
            document.shared().text_at(&changed).unwrap(),
            "one two three"
        );
        let too_far = Delta::replace(100..101, "");
        assert_eq!(
            document
                .shared()
                .change_at(&first, &too_far, Author::disk()),
            None
        );
        assert!(document.drain().is_empty());
    }

    #[test]
    fn what_is_no_snapshot_and_no_version_is_refused() {
        assert!(SharedDocument::from_snapshot(b"rubbish").is_err());
        let document = TextDocument::from_text("text");
        let elsewhere = TextDocument::from_text("other").version();
        for version in [&b"rubbish"[..], &elsewhere] {
            assert_eq!(document.shared().text_at(version), None);
            assert_eq!(document.shared().change_since(version), None);
        }
    }
}
