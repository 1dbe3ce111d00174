//! The document and the lock that keeps local edits and imports apart.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

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
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    mutex: Mutex<()>,
    /// How many threads want to come in.
    waiting: AtomicUsize,
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
        let Gate { mutex, waiting } = &*self.gate;
        waiting.fetch_add(1, Ordering::Relaxed);
        let gate = mutex.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.fetch_sub(1, Ordering::Relaxed);
        DocumentGuard {
            doc: &self.doc,
            _gate: gate,
        }
    }

    /// Returns whether somebody waits for the lock. The system gives it to whoever comes first
    /// after it was released, so who takes it again and again should look here before.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.gate.waiting.load(Ordering::Relaxed) > 0
    }
}

impl DocumentGuard<'_> {
    /// Returns the document, for changing.
    pub fn doc(&self) -> &LoroDoc {
        self.doc
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn whoever_holds_the_lock_sees_that_somebody_waits() {
        let document = SharedDocument::new(LoroDoc::new());
        assert!(!document.is_waited_for());
        let guard = document.lock();
        assert!(!document.is_waited_for());
        thread::scope(|scope| {
            let writer = scope.spawn(|| drop(document.lock()));
            while !document.is_waited_for() {
                thread::yield_now();
            }
            drop(guard);
            assert!(writer.join().is_ok());
        });
        assert!(!document.is_waited_for());
    }
}
