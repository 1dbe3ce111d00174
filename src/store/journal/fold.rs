//! Folding: making a snapshot of what the journal holds, beside the journal's thread.
//!
//! The snapshot is made of a copy that is read from the database, so the document that somebody
//! writes in is not held up, and the journal goes on meanwhile.

use std::{
    sync::{Arc, mpsc::Sender},
    thread,
    time::{Duration, Instant},
};

use loro::VersionVector;

use super::Command;
use crate::{
    crdt::SharedDocument,
    store::{Journaled, ReplicaId, Store, StoreError},
};

/// Fold when this many entries are not in a snapshot,
const MANY: usize = 1_000;
/// or this many bytes.
const LARGE: usize = 1 << 20;
/// Fold at the end when this many are left, so that the next start has less to read, unless that
/// would be waited for:
const SOME: usize = 100;
/// when this many bytes are stored of the document.
const QUICK: u64 = 2 << 20;
/// How long to wait after folding failed.
const AGAIN: Duration = Duration::from_secs(30);

/// Decides when to fold.
pub(super) struct Folding {
    store: Arc<Store>,
    replica: ReplicaId,
    document: SharedDocument,
    done: Sender<Command>,
    /// Numbers and sizes of the entries that are in no snapshot.
    unfolded: Vec<(i64, usize)>,
    wanted: bool,
    at_work: bool,
    not_before: Instant,
}

impl Folding {
    pub(super) fn new(
        store: Arc<Store>,
        replica: ReplicaId,
        document: SharedDocument,
        journaled: &Journaled,
        done: Sender<Command>,
    ) -> Self {
        let sizes = journaled.unfolded.iter();
        Self {
            store,
            replica,
            document,
            done,
            unfolded: sizes.map(|size| (journaled.last, *size)).collect(),
            wanted: journaled.damaged,
            at_work: false,
            not_before: Instant::now(),
        }
    }

    /// Takes note of an entry that was written.
    pub(super) fn appended(&mut self, number: i64, size: usize) {
        self.unfolded.push((number, size));
    }

    /// Starts folding on a thread of its own if it is time for that. `journaled` is what was
    /// written.
    pub(super) fn begin_when_large(&mut self, journaled: &VersionVector) {
        let size: usize = self.unfolded.iter().map(|(_, size)| size).sum();
        let due = self.wanted || self.unfolded.len() >= MANY || size >= LARGE;
        if !due || self.at_work || self.unfolded.is_empty() || Instant::now() < self.not_before {
            return;
        }
        let (store, replica) = (Arc::clone(&self.store), self.replica);
        let (document, journaled) = (self.document.clone(), journaled.clone());
        let done = self.done.clone();
        let thread = thread::Builder::new().name("copad-fold".to_owned());
        let started = thread.spawn(move || {
            let result = fold(&store, replica, &document, &journaled);
            // Nobody waits for it when the journal was closed.
            let _ = done.send(Command::Folded(result));
        });
        self.at_work = started.is_ok();
    }

    /// Folds what is left, if that takes no longer than a person's blink.
    pub(super) fn fold_at_the_end(&self, journaled: &VersionVector) {
        if self.at_work || self.unfolded.len() < SOME {
            return;
        }
        let quick = self
            .store
            .size(self.replica)
            .is_ok_and(|size| size <= QUICK);
        if quick && let Err(error) = fold(&self.store, self.replica, &self.document, journaled) {
            // Nothing is lost: the entries are there.
            tracing::warn!("the journal cannot be folded: {error}");
        }
    }

    /// Takes note that folding ended, with the number of the last entry in the snapshot.
    pub(super) fn finished(&mut self, result: Result<i64, StoreError>) {
        self.at_work = false;
        match result {
            Ok(covers) => {
                self.wanted = false;
                self.unfolded.retain(|(number, _)| *number > covers);
            }
            Err(error) => {
                // Nothing is lost: the entries stay until a fold succeeds.
                tracing::warn!("the journal cannot be folded: {error}");
                self.not_before = Instant::now() + AGAIN;
            }
        }
    }
}

/// Makes and stores a snapshot. Returns the number of the last entry that is in it.
pub(super) fn fold(
    store: &Store,
    replica: ReplicaId,
    document: &SharedDocument,
    journaled: &VersionVector,
) -> Result<i64, StoreError> {
    let history = store.load_history(replica)?;
    // What the disk lost meanwhile the document still has.
    let copy = history.restore().ok().map(|(copy, _)| copy);
    let last = history.last;
    drop(history);
    let whole = copy.filter(|copy| copy.doc().oplog_vv().includes_vv(journaled));
    let source = whole.unwrap_or_else(|| document.clone());
    let unreadable = |source| StoreError::Unreadable {
        replica: replica.0,
        source,
    };
    let guard = source.lock();
    let bytes = guard.export_to_keep().map_err(unreadable)?;
    let pending = guard.doc().export_pending_updates();
    let pending = pending.map_err(|error| unreadable(error.into()))?;
    drop(guard);
    store.fold(replica, last, &bytes, pending.as_deref())?;
    Ok(last)
}
