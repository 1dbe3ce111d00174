//! What of a document is not in its journal yet.

use loro::{ExportMode, IdSpan, LoroEncodeError, VersionVector};

use crate::{
    crdt::SharedDocument,
    store::{ContentHash, JournalEntry},
};

/// Operations that one entry holds at most, so that the document is never locked for long.
const SLICE: i32 = 32 * 1024;

/// Exports a document step by step.
pub(super) struct Exporter {
    document: SharedDocument,
    /// What was written.
    version: VersionVector,
    /// Of what waited in the document when that was last written.
    pending: Option<ContentHash>,
    wants_pending: bool,
}

/// What was exported, until it is written.
pub(super) struct Exported {
    pub(super) entries: Vec<JournalEntry>,
    version: VersionVector,
    pending: Option<ContentHash>,
}

impl Exporter {
    pub(super) fn new(
        document: SharedDocument,
        version: VersionVector,
        pending: Option<ContentHash>,
    ) -> Self {
        Self {
            document,
            version,
            pending,
            wants_pending: false,
        }
    }

    /// Returns what was written.
    pub(super) fn version(&self) -> &VersionVector {
        &self.version
    }

    /// Makes the next export take along what waits for changes that the document does not have.
    pub(super) fn with_pending(&mut self) {
        self.wants_pending = true;
    }

    /// Exports what is newer than what was written.
    ///
    /// # Errors
    ///
    /// If Loro cannot export something. Then nothing is to be written, and to be said so.
    pub(super) fn export(&self) -> Result<Exported, LoroEncodeError> {
        let (version, frontiers) = {
            let guard = self.document.lock();
            guard.doc().commit();
            let frontiers = guard.doc().oplog_frontiers().encode();
            (guard.doc().oplog_vv(), frontiers)
        };
        let mut exported = Exported {
            entries: Vec::new(),
            version: self.version.clone(),
            pending: self.pending,
        };
        let mut missing: Vec<IdSpan> = version.sub_iter(&self.version).collect();
        missing.sort_unstable_by_key(|span| (span.peer, span.counter.start));
        let operations: i64 = missing.iter().map(length).sum();
        let parts = if operations <= i64::from(SLICE) {
            Vec::from_iter((!missing.is_empty()).then_some(missing))
        } else {
            missing.iter().flat_map(slices).collect()
        };
        exported.entries = self.export_parts(&parts)?;
        exported.version = version;
        if let Some(entry) = exported.entries.last_mut() {
            entry.version = Some(frontiers);
        }
        if self.wants_pending {
            self.export_pending(&mut exported);
        }
        Ok(exported)
    }

    /// Takes note that something is on the disk.
    pub(super) fn written(&mut self, exported: Exported) {
        self.version = exported.version;
        self.pending = exported.pending;
        self.wants_pending = false;
    }

    /// Exports operations, each part under a lock of its own.
    fn export_parts(&self, parts: &[Vec<IdSpan>]) -> Result<Vec<JournalEntry>, LoroEncodeError> {
        let export = |part: &Vec<IdSpan>| {
            let mode = ExportMode::updates_in_range(part.as_slice());
            let bytes = self.document.lock().doc().export(mode)?;
            Ok(JournalEntry {
                bytes,
                version: None,
            })
        };
        parts.iter().map(export).collect()
    }

    fn export_pending(&self, exported: &mut Exported) {
        let pending = self.document.lock().doc().export_pending_updates();
        let Ok(Some(bytes)) = pending else {
            return;
        };
        let hash = Some(ContentHash::of(&bytes));
        if hash != self.pending {
            exported.pending = hash;
            exported.entries.push(JournalEntry {
                bytes,
                version: None,
            });
        }
    }
}

fn length(span: &IdSpan) -> i64 {
    i64::from(span.counter.end) - i64::from(span.counter.start)
}

/// Cuts a long span.
fn slices(span: &IdSpan) -> Vec<Vec<IdSpan>> {
    let (peer, end) = (span.peer, span.counter.end);
    let mut start = span.counter.start;
    let mut parts = Vec::new();
    while start < end {
        let next = start.saturating_add(SLICE).min(end);
        parts.push(vec![IdSpan::new(peer, start, next)]);
        start = next;
    }
    parts
}
