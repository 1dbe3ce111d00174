//! The document and the lock that keeps local edits and imports apart.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loro::LoroDoc;

/// A Loro document with the lock that every local edit and every import takes. A clone shares both.
///
/// Positions that an editor computed hold for the text it shows. While it holds the lock nothing
/// else changes the document, so the positions stay true until the edit is done.
///
/// Exports and queries of the history are best made with the lock, too: Loro commits before each
/// of them whatever is pending, and that may be half of an edit.
#[derive(Clone, Debug)]
pub struct SharedDocument {
    doc: LoroDoc,
    gate: Arc<Mutex<()>>,
}

/// The right to change the document, until it is dropped.
#[derive(Debug)]
pub struct DocumentGuard<'a> {
    doc: &'a LoroDoc,
    _gate: MutexGuard<'a, ()>,
}

impl SharedDocument {
    /// Shares a document. Every part of a program must use clones of one `SharedDocument`.
    pub fn new(doc: LoroDoc) -> Self {
        Self {
            doc,
            gate: Arc::default(),
        }
    }

    /// Returns the document, for reading.
    pub fn doc(&self) -> &LoroDoc {
        &self.doc
    }

    /// Waits until nobody else changes the document. Locking twice on one thread never returns.
    pub fn lock(&self) -> DocumentGuard<'_> {
        // A panic elsewhere cannot leave the gate itself in a bad state: it guards no data.
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        DocumentGuard {
            doc: &self.doc,
            _gate: gate,
        }
    }
}

impl DocumentGuard<'_> {
    /// Returns the document, for changing.
    pub fn doc(&self) -> &LoroDoc {
        self.doc
    }
}
