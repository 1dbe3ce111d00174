//! Loro's events on their way from its callbacks to the rope.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use loro::{
    ContainerTrait, EventTriggerKind, LoroDoc, LoroText, Subscription,
    event::{Diff, DiffEvent},
};

use crate::crdt::Delta;

/// How long to wait for an event that another thread is about to deliver.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(1);

/// Where a change of the text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A commit with our own mark.
    Own,
    /// Another local commit, or a checkout.
    Direct,
    /// An import.
    Remote,
}

/// A change of the text that Loro has told us of.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) delta: Delta,
    pub(super) source: Source,
}

/// Events that the rope has not gone through yet, the oldest first.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: Mutex<VecDeque<Event>>,
    arrived: Condvar,
}

impl EventQueue {
    /// Starts to queue the changes of `text`. Commits marked with `own_origin` count as our own.
    pub(super) fn subscribe(
        doc: &LoroDoc,
        text: &LoroText,
        own_origin: String,
    ) -> (Arc<Self>, Subscription) {
        let queue = Arc::new(Self::default());
        let target = text.id();
        let subscription = doc.subscribe(
            &target.clone(),
            Arc::new({
                let queue = Arc::clone(&queue);
                move |event: DiffEvent<'_>| {
                    let source = match event.triggered_by {
                        EventTriggerKind::Local if event.origin == own_origin => Source::Own,
                        EventTriggerKind::Local | EventTriggerKind::Checkout => Source::Direct,
                        EventTriggerKind::Import => Source::Remote,
                    };
                    for diff in &event.events {
                        if *diff.target == target
                            && let Diff::Text(changes) = &diff.diff
                        {
                            queue.push(Delta::from_loro(changes), source);
                        }
                    }
                }
            }),
        );
        (queue, subscription)
    }

    /// Takes all that is queued.
    pub(super) fn take(&self) -> VecDeque<Event> {
        std::mem::take(&mut *self.lock())
    }

    /// Returns where a position in the text before the queued events is after them.
    pub(super) fn carry(&self, position: usize, map: impl Fn(&Delta, usize) -> usize) -> usize {
        self.lock()
            .iter()
            .fold(position, |position, event| map(&event.delta, position))
    }

    /// Returns where a position in the text after the queued events was before them.
    pub(super) fn carry_back(
        &self,
        position: usize,
        map: impl Fn(&Delta, usize) -> usize,
    ) -> usize {
        self.lock()
            .iter()
            .rev()
            .fold(position, |position, event| map(&event.delta, position))
    }

    /// Waits until the events of our own commit are queued.
    ///
    /// Loro delivers them before the commit returns. But each export, import and history query
    /// commits what is pending: if another thread does one without the lock, at just the wrong
    /// moment, then our operations are its commit, and its events to deliver.
    pub(super) fn await_own(&self, insertions: usize, deletions: usize) {
        let deadline = Instant::now() + DELIVERY_PATIENCE;
        let mut events = self.lock();
        loop {
            let mut own = events.iter().filter(|event| event.source == Source::Own);
            let complete = own.any(|event| {
                event.delta.insertions() >= insertions && event.delta.deletions() >= deletions
            });
            let patience = deadline.saturating_duration_since(Instant::now());
            if complete || patience.is_zero() {
                return;
            }
            let waited = self.arrived.wait_timeout(events, patience);
            events = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Queues a change. Changes of our own that follow each other are one change.
    fn push(&self, delta: Delta, source: Source) {
        let mut events = self.lock();
        match events.back_mut() {
            Some(last) if last.source == Source::Own && source == Source::Own => {
                last.delta = last.delta.compose(&delta);
            }
            _ => events.push_back(Event { delta, source }),
        }
        self.arrived.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
