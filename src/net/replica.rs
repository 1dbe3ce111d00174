//! What the session needs of a document, and nothing more.
//!
//! The session never sees text, containers or positions. It compares versions, asks for
//! operations as bytes, and hands in bytes that came from others.

mod content;
mod slices;

use std::{cell::Cell, thread, time::Duration};

use loro::{ExportMode, IdSpan, LoroDoc, VersionVector};
use thiserror::Error;

use crate::{
    crdt::{DocumentGuard, SharedDocument},
    net::{node::NodeId, peer::known::without},
};

/// How long an import waits at most for others who want the document, and how often it looks.
const TURNS: u32 = 200;
const TURN: Duration = Duration::from_micros(100);
/// What stands before the node id in the origin of an import.
const IMPORT_ORIGIN: &str = "peer:";

/// A document as the session sees it.
pub trait Replica {
    /// Returns what the document has. Costs as much as there are writers: do not ask per keystroke.
    fn version(&self) -> VersionVector;

    /// Exports everything that is newer than a version.
    ///
    /// # Errors
    ///
    /// Fails if the document cannot be read.
    fn export_since(&self, version: &VersionVector) -> Result<Vec<u8>, ReplicaError>;

    /// Exports exactly these operations, as far as the document has them.
    ///
    /// # Errors
    ///
    /// Fails if the document cannot be read.
    fn export_spans(&self, spans: &[IdSpan]) -> Result<Vec<u8>, ReplicaError>;

    /// Cuts operations into pieces of about `size` operations, in an order in which each depends on
    /// none that comes later. There is always at least one piece.
    fn slices(&self, spans: &[IdSpan], size: usize) -> Vec<Vec<IdSpan>>;

    /// Takes in what a peer sent.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not an update; the document is then as it was.
    fn import(&mut self, updates: &[u8], from: NodeId) -> Result<Imported, ReplicaError>;

    /// Takes in several updates that a peer sent, in any order, at once: that costs much less than
    /// one after the other when they were written at the same time as others.
    ///
    /// # Errors
    ///
    /// Fails if any of them is not an update; the others may be in the document then.
    fn import_batch(&mut self, updates: &[Vec<u8>], from: NodeId)
    -> Result<Imported, ReplicaError>;

    /// Returns a hash of everything that the document holds at this version, the same on every
    /// machine. `None`: the document is at another version now, or cannot tell.
    ///
    /// Costs as much as the document is large.
    fn content_hash(&self, version: &VersionVector) -> Option<u64>;
}

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Operations that are in the document now. Some may have been there before.
    pub spans: Vec<IdSpan>,
    /// Operations of the update that wait for others that they depend on.
    pub pending: Vec<IdSpan>,
    /// Those of `spans` that were not in the update: they waited here for it, and whoever sent it
    /// need not have them.
    pub unlocked: Vec<IdSpan>,
}

/// Why a document could not be read or changed.
#[derive(Debug, Error)]
pub enum ReplicaError {
    /// The document could not write its operations down.
    #[error("the document could not be exported")]
    Export(#[source] loro::LoroEncodeError),
    /// A peer sent operations in our own name that we never wrote.
    #[error("the update holds operations in our name that are not ours")]
    Forged,
    /// What a peer sent is not an update of this document.
    #[error("the update could not be imported")]
    Import(#[source] loro::LoroError),
}

impl Replica for SharedDocument {
    fn version(&self) -> VersionVector {
        self.doc().oplog_vv()
    }

    fn export_since(&self, version: &VersionVector) -> Result<Vec<u8>, ReplicaError> {
        // Exporting commits whatever somebody is writing at the moment: wait until they are done.
        let guard = self.lock();
        guard
            .doc()
            .export(ExportMode::updates(version))
            .map_err(ReplicaError::Export)
    }

    fn export_spans(&self, spans: &[IdSpan]) -> Result<Vec<u8>, ReplicaError> {
        let guard = self.lock();
        guard
            .doc()
            .export(ExportMode::updates_in_range(spans))
            .map_err(ReplicaError::Export)
    }

    fn slices(&self, spans: &[IdSpan], size: usize) -> Vec<Vec<IdSpan>> {
        slices::cut(self.lock().doc(), spans, size)
    }

    fn import(&mut self, updates: &[u8], from: NodeId) -> Result<Imported, ReplicaError> {
        let guard = lock_after_others(self);
        let status = guard
            .doc()
            .import_with(updates, &import_origin(from))
            .map_err(ReplicaError::Import)?;
        Ok(imported(&status, &[updates]))
    }

    fn import_batch(
        &mut self,
        updates: &[Vec<u8>],
        from: NodeId,
    ) -> Result<Imported, ReplicaError> {
        if let [update] = updates {
            return self.import(update, from);
        }
        let guard = lock_after_others(self);
        // Loro's events of a batch name no origin; they are delivered on this thread.
        let _importing = Importing::from_peer(from);
        let status = guard
            .doc()
            .import_batch(updates)
            .map_err(ReplicaError::Import)?;
        Ok(imported(&status, updates))
    }

    fn content_hash(&self, version: &VersionVector) -> Option<u64> {
        let guard = self.lock();
        // What is not committed is in the content, but in no version.
        guard.doc().commit();
        if guard.doc().is_detached() || guard.doc().oplog_vv() != *version {
            return None;
        }
        Some(content::hash(&guard.doc().get_deep_value()))
    }
}

/// Locks the document for an import. Many of them may come one behind the other: whoever wants to
/// write meanwhile goes first.
fn lock_after_others(document: &SharedDocument) -> DocumentGuard<'_> {
    for _ in 0..TURNS {
        if !document.is_waited_for() {
            break;
        }
        thread::sleep(TURN);
    }
    document.lock()
}

fn imported<B: AsRef<[u8]>>(status: &loro::ImportStatus, updates: &[B]) -> Imported {
    let spans = spans_of_range(&status.success);
    Imported {
        unlocked: not_in(updates, &spans),
        spans,
        pending: status
            .pending
            .as_ref()
            .map_or_else(Vec::new, spans_of_range),
    }
}

thread_local! {
    /// Whose batch this thread imports at the moment.
    static IMPORTING: Cell<Option<NodeId>> = const { Cell::new(None) };
}

/// Marks the time in which a batch is imported.
struct Importing;

impl Importing {
    fn from_peer(from: NodeId) -> Self {
        IMPORTING.set(Some(from));
        Self
    }
}

impl Drop for Importing {
    fn drop(&mut self) {
        IMPORTING.set(None);
    }
}

/// Returns the peer whose batch is being imported on this thread. Loro reports such a batch as a
/// checkout; only a callback of Loro's need ask.
pub fn importing_batch_of() -> Option<NodeId> {
    IMPORTING.get()
}

/// Returns the origin that Loro's events carry when they come from a peer's update.
pub fn import_origin(from: NodeId) -> String {
    format!("{IMPORT_ORIGIN}{from}")
}

/// Returns the peer whose update an event comes from, if its origin names one.
pub fn peer_of_origin(origin: &str) -> Option<NodeId> {
    let digits = origin.strip_prefix(IMPORT_ORIGIN)?;
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(NodeId(bytes))
}

/// Returns which operations an update holds. Only for bytes that this process exported itself:
/// hostile bytes can make the decoder take memory without bound.
pub fn spans_of_own_update(updates: &[u8]) -> Option<Vec<IdSpan>> {
    let meta = LoroDoc::decode_import_blob_meta(updates, false).ok()?;
    Some(lacking(&meta.partial_end_vv, &meta.partial_start_vv))
}

/// Returns the operations of `version` that `known` lacks, in a fixed order.
pub(crate) fn lacking(version: &VersionVector, known: &VersionVector) -> Vec<IdSpan> {
    let mut spans: Vec<_> = version.sub_iter(known).collect();
    spans.sort_unstable_by_key(|span| (span.peer, span.counter.start));
    spans
}

/// Returns which operations of an import the updates did not hold, where more than one writer's
/// came in; for a single one that could only be what the same writer had written next.
fn not_in<B: AsRef<[u8]>>(updates: &[B], spans: &[IdSpan]) -> Vec<IdSpan> {
    if spans.len() < 2 {
        return Vec::new();
    }
    // The import has just decoded the same bytes, so they do no harm any more.
    let sent: Vec<_> = updates
        .iter()
        .filter_map(|update| spans_of_own_update(update.as_ref()))
        .flatten()
        .collect();
    without_all(spans, &sent)
}

/// Returns what is left of spans without others.
pub(crate) fn without_all(spans: &[IdSpan], others: &[IdSpan]) -> Vec<IdSpan> {
    others.iter().fold(spans.to_vec(), |rest, &other| {
        rest.into_iter()
            .flat_map(|span| without(span, other))
            .collect()
    })
}

fn spans_of_range(range: &loro::VersionRange) -> Vec<IdSpan> {
    let mut spans: Vec<_> = range
        .iter()
        .map(|(&peer, &(start, end))| IdSpan::new(peer, start, end))
        .filter(|span| span.counter.start < span.counter.end)
        .collect();
    spans.sort_unstable_by_key(|span| (span.peer, span.counter.start));
    spans
}

/// Reads a version that a peer sent. `None`: it is not one.
pub(crate) fn decode_version(bytes: &[u8]) -> Option<VersionVector> {
    let version = VersionVector::decode(bytes).ok()?;
    version.iter().all(|(_, &end)| end >= 0).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeId = NodeId([0xab; 32]);

    fn document(peer: u64) -> SharedDocument {
        let doc = LoroDoc::new();
        assert!(doc.set_peer_id(peer).is_ok());
        SharedDocument::new(doc)
    }

    fn write(document: &SharedDocument, text: &str) {
        let guard = document.lock();
        assert!(guard.doc().get_text("main").insert(0, text).is_ok());
        guard.doc().commit();
    }

    fn exported(document: &SharedDocument, spans: &[IdSpan]) -> Vec<u8> {
        document.export_spans(spans).unwrap_or_default()
    }

    fn imported(document: &mut SharedDocument, updates: &[u8]) -> Imported {
        match document.import(updates, NODE) {
            Ok(imported) => imported,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn what_waits_is_reported_and_counts_when_it_is_unlocked() {
        let (ana, mut bo) = (document(1), document(2));
        write(&ana, "first");
        write(&ana, "then");
        let first = IdSpan::new(1, 0, 5);
        let then = IdSpan::new(1, 5, 9);

        let result = imported(&mut bo, &exported(&ana, &[then]));
        assert_eq!(result.spans, []);
        assert_eq!(result.pending, [then]);

        let result = imported(&mut bo, &exported(&ana, &[first]));
        assert_eq!(result.spans, [IdSpan::new(1, 0, 9)]);
        assert_eq!(result.pending, []);
        assert_eq!(bo.version(), ana.version());
    }

    #[test]
    fn what_the_application_left_waiting_counts_when_it_is_unlocked() {
        let (ana, bo, mut eve) = (document(1), document(2), document(3));
        write(&ana, "first");
        let first = exported(&ana, &[IdSpan::new(1, 0, 5)]);
        assert!(bo.doc().import(&first).is_ok());
        write(&bo, "then");
        let then = exported(&bo, &[IdSpan::new(2, 0, 4)]);
        assert!(eve.doc().import(&then).is_ok());

        let result = imported(&mut eve, &first);
        assert_eq!(eve.version(), bo.version());
        assert_eq!(result.spans, [IdSpan::new(1, 0, 5), IdSpan::new(2, 0, 4)]);
        assert_eq!(result.unlocked, [IdSpan::new(2, 0, 4)]);
    }

    #[test]
    fn own_updates_tell_their_spans() {
        let ana = document(1);
        write(&ana, "some text");
        let updates = exported(&ana, &[IdSpan::new(1, 2, 7)]);
        let spans = spans_of_own_update(&updates);
        assert_eq!(spans, Some(vec![IdSpan::new(1, 2, 7)]));
        assert_eq!(spans_of_own_update(b"nonsense"), None);
    }

    #[test]
    fn events_of_an_import_name_the_peer() {
        let (ana, mut bo) = (document(1), document(2));
        write(&ana, "text");
        let (sender, receiver) = std::sync::mpsc::channel();
        let subscription = bo.doc().subscribe_root(std::sync::Arc::new(move |event| {
            let _ = sender.send(peer_of_origin(event.origin));
        }));
        imported(&mut bo, &exported(&ana, &[IdSpan::new(1, 0, 4)]));
        assert_eq!(receiver.recv(), Ok(Some(NODE)));
        drop(subscription);
    }

    #[test]
    fn a_batch_is_one_event_that_names_the_peer() {
        let (ana, mut bo) = (document(1), document(2));
        let mut updates = Vec::new();
        for start in [0, 4, 8] {
            write(&ana, "text");
            updates.push(exported(&ana, &[IdSpan::new(1, start, start + 4)]));
        }
        updates.reverse();
        let (sender, receiver) = std::sync::mpsc::channel();
        let subscription = bo.doc().subscribe_root(std::sync::Arc::new(move |_| {
            let _ = sender.send(importing_batch_of());
        }));
        let result = bo.import_batch(&updates, NODE);
        assert!(result.is_ok_and(|result| {
            result.spans == [IdSpan::new(1, 0, 12)] && result.pending.is_empty()
        }));
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Some(NODE)]);
        assert_eq!(importing_batch_of(), None);
        drop(subscription);
    }

    #[test]
    fn origins_of_others_name_nobody() {
        for origin in ["", "peer:", "peer:abcd", "undo", &"peer:é".repeat(12)] {
            assert_eq!(peer_of_origin(origin), None, "{origin}");
        }
        let long = format!("peer:{}", "é".repeat(32));
        assert_eq!(peer_of_origin(&long), None);
    }

    #[test]
    fn versions_from_outside_are_checked() {
        let version: VersionVector = [(1, 5), (2, 0)].into_iter().collect();
        assert_eq!(decode_version(&version.encode()), Some(version));
        let negative: VersionVector = [(1, -5)].into_iter().collect();
        assert_eq!(decode_version(&negative.encode()), None);
        assert_eq!(decode_version(&[9, 9, 9]), None);
    }
}
