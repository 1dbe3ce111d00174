//! The document while a peer's update goes into it: who sent it is noted before, and crossed out
//! after.
//!
//! Loro does not withstand crafted bytes. A panic is caught, and then it must be known whose bytes
//! they were; when memory runs out the process ends without a word, and then only what was written
//! down before can tell.

use std::sync::Arc;

use loro::{IdSpan, VersionVector};

use crate::{
    crdt::SharedDocument,
    net::{
        node::NodeId,
        replica::{Imported, Replica, ReplicaError, spans_of_own_update},
    },
};

/// Notes whose update is going into the document, where it outlives the process.
///
/// Both calls stand between a peer's edit and the screen: they must take microseconds. It need not
/// outlive the machine.
pub trait ImportGuard: Send + Sync {
    /// These updates of a peer are about to be imported, all of them at once.
    fn begins(&self, from: NodeId, updates: &[&[u8]]);

    /// It was, or it was refused in good order.
    fn ends(&self);
}

/// Takes updates in as a session does that gets them from this peer. Returns whether all of their
/// operations are in the document now; some may wait for others that it lacks.
///
/// For what a process was importing when it ended: **they may panic, use up the memory or never come
/// to an end**, so call this in a process that may die, with limits on its memory and time, on a
/// thread with as large a stack as a session has (that of [`std::thread::spawn`]).
///
/// # Errors
///
/// Fails if they are not updates of this document, which is harmless.
pub fn retry_import(
    document: SharedDocument,
    from: NodeId,
    updates: &[Vec<u8>],
) -> Result<bool, ReplicaError> {
    // Loro does more for an import that somebody hears of.
    let _heard = document.doc().subscribe_root(Arc::new(|_| {}));
    let mut document = GuardedDocument::new(document, None);
    let imported = document.import_batch(updates, from)?;
    Ok(imported.pending.is_empty())
}

/// A document that notes whose update goes into it.
pub(super) struct GuardedDocument {
    document: SharedDocument,
    guard: Option<Arc<dyn ImportGuard>>,
    importing: Option<NodeId>,
}

impl GuardedDocument {
    pub(super) fn new(document: SharedDocument, guard: Option<Arc<dyn ImportGuard>>) -> Self {
        Self {
            document,
            guard,
            importing: None,
        }
    }

    /// Returns whose update is being imported; after a panic, whose it was.
    pub(super) fn importing(&self) -> Option<NodeId> {
        self.importing
    }

    /// Returns whether updates hold operations under our own Loro peer id that we never wrote.
    fn is_forged(&self, updates: &[impl AsRef<[u8]>]) -> bool {
        let doc = self.document.doc();
        let own = doc.peer_id();
        let claimed = updates
            .iter()
            .filter_map(|update| spans_of_own_update(update.as_ref()))
            .flatten()
            .filter(|span| span.peer == own)
            .map(|span| span.counter.end)
            .max();
        claimed.is_some_and(|end| {
            let written = doc.oplog_vv().get(&own).copied().unwrap_or(0);
            // What is being written at this moment counts as well.
            end > written.saturating_add(doc.get_pending_txn_len() as i32)
        })
    }

    fn guarded<T>(
        &mut self,
        from: NodeId,
        updates: &[impl AsRef<[u8]>],
        import: impl FnOnce(&mut SharedDocument) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        self.importing = Some(from);
        // A crafted update may bring the process down, here as in the import.
        if let Some(guard) = &self.guard {
            let updates: Vec<_> = updates.iter().map(AsRef::as_ref).collect();
            guard.begins(from, &updates);
        }
        let result = if self.is_forged(updates) {
            Err(ReplicaError::Forged)
        } else {
            import(&mut self.document)
        };
        if let Some(guard) = &self.guard {
            guard.ends();
        }
        self.importing = None;
        result
    }
}

impl Replica for GuardedDocument {
    fn version(&self) -> VersionVector {
        Replica::version(&self.document)
    }

    fn export_since(&self, version: &VersionVector) -> Result<Vec<u8>, ReplicaError> {
        self.document.export_since(version)
    }

    fn export_spans(&self, spans: &[IdSpan]) -> Result<Vec<u8>, ReplicaError> {
        self.document.export_spans(spans)
    }

    fn slices(&self, spans: &[IdSpan], size: usize) -> Vec<Vec<IdSpan>> {
        self.document.slices(spans, size)
    }

    fn import(&mut self, updates: &[u8], from: NodeId) -> Result<Imported, ReplicaError> {
        self.guarded(from, &[updates], |document| document.import(updates, from))
    }

    fn import_batch(
        &mut self,
        updates: &[Vec<u8>],
        from: NodeId,
    ) -> Result<Imported, ReplicaError> {
        self.guarded(from, updates, |document| {
            document.import_batch(updates, from)
        })
    }

    fn content_hash(&self, version: &VersionVector) -> Option<u64> {
        self.document.content_hash(version)
    }
}
