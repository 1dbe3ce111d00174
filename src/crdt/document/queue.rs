//! Loro's events on their way from its callbacks to the rope.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use loro::{
    ContainerTrait, EventTriggerKind, LoroDoc, LoroText, Subscription,
    event::{Diff, DiffEvent},
};

use crate::crdt::Delta;

/// How long to wait for an event that another thread is about to deliver.
const DELIVERY_PATIENCE: Duration = Duration::from_millis(200);

/// Where a change of the text came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A commit in this process, or a checkout.
    Local,
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
///
/// Loro delivers the events of a commit before the commit returns. But each export, import and
/// history query commits whatever is pending. If another thread does one without the document's
/// lock, at just the wrong moment, then it commits operations that are not its own, and their
/// events arrive only when that thread comes to deliver them. So the queue can be waited for.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: Mutex<VecDeque<Event>>,
    arrived: Condvar,
}

impl EventQueue {
    /// Starts to queue the changes of `text`.
    pub(super) fn subscribe(doc: &LoroDoc, text: &LoroText) -> (Arc<Self>, Subscription) {
        let queue = Arc::new(Self::default());
        let target = text.id();
        let subscription = doc.subscribe(
            &target.clone(),
            Arc::new({
                let queue = Arc::clone(&queue);
                move |event: DiffEvent<'_>| {
                    let source = match event.triggered_by {
                        EventTriggerKind::Local => Source::Local,
                        // Loro reports several updates that are imported at once as a checkout.
                        EventTriggerKind::Import | EventTriggerKind::Checkout => Source::Remote,
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

    /// Takes all that is queued once it is `complete`, or once that has taken too long.
    pub(super) fn take_when(&self, complete: impl Fn(&VecDeque<Event>) -> bool) -> VecDeque<Event> {
        let waited = self
            .arrived
            .wait_timeout_while(self.lock(), DELIVERY_PATIENCE, |events| !complete(events));
        let (mut events, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *events)
    }

    /// Returns where a position in the text before the queued events is after them.
    pub(super) fn carry(&self, position: usize, map: impl Fn(&Delta, usize) -> usize) -> usize {
        let events = self.lock();
        let deltas = events.iter().map(|event| &event.delta);
        deltas.fold(position, |position, delta| map(delta, position))
    }

    /// Returns where a position in the text after the queued events was before them.
    pub(super) fn carry_back(
        &self,
        position: usize,
        map: impl Fn(&Delta, usize) -> usize,
    ) -> usize {
        let events = self.lock();
        let deltas = events.iter().rev().map(|event| &event.delta);
        deltas.fold(position, |position, delta| map(delta, position))
    }

    fn push(&self, delta: Delta, source: Source) {
        self.lock().push_back(Event { delta, source });
        self.arrived.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
