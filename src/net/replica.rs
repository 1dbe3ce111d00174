//! What the session needs of a document, and nothing more.
//!
//! The session never sees text, containers or positions. It compares versions, asks for
//! operations as bytes, and hands in bytes that came from others.

use loro::{ExportMode, IdSpan, LoroDoc, VersionVector};
use thiserror::Error;

use crate::{crdt::SharedDocument, net::node::NodeId};

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

    /// Takes in what a peer sent.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not an update; the document is then as it was.
    fn import(&mut self, updates: &[u8], from: NodeId) -> Result<Imported, ReplicaError>;
}

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Operations that are in the document now. Some may have been there before.
    pub spans: Vec<IdSpan>,
    /// Operations of the update that wait for others that they depend on.
    pub pending: Vec<IdSpan>,
}

/// Why a document could not be read or changed.
#[derive(Debug, Error)]
pub enum ReplicaError {
    /// The document could not write its operations down.
    #[error("the document could not be exported")]
    Export(#[source] loro::LoroEncodeError),
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

    fn import(&mut self, updates: &[u8], from: NodeId) -> Result<Imported, ReplicaError> {
        let guard = self.lock();
        let status = guard
            .doc()
            .import_with(updates, &import_origin(from))
            .map_err(ReplicaError::Import)?;
        Ok(Imported {
            spans: spans_of_range(&status.success),
            pending: status
                .pending
                .as_ref()
                .map_or_else(Vec::new, spans_of_range),
        })
    }
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
