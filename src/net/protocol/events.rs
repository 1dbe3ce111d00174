//! From Loro's events to ours.
//!
//! The callback runs inside Loro, with the document locked: it turns what it is given into owned
//! values, hands them on without waiting, and never touches the document.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
    mpsc,
};

use loro::{
    ContainerID, ContainerType, EventTriggerKind, LoroDoc, Subscription,
    event::{Diff, DiffEvent},
};
use tokio::sync::broadcast;

use super::{conflicts::Job, wake::Wake};
use crate::{
    crdt::{Delta, conflict},
    net::{
        event::{ChangeOrigin, ContainerDelta, DocumentEvent},
        replica::{importing_batch_of, peer_of_origin},
    },
};

/// A text changed: what the places of participants are carried over.
#[derive(Clone, Debug)]
pub(super) struct TextChange {
    pub(super) container: ContainerID,
    /// Always [`ContainerDelta::Text`].
    pub(super) delta: Arc<ContainerDelta>,
    pub(super) origin: ChangeOrigin,
}

/// What ends when it is dropped: nothing is reported any more.
pub(super) struct Subscriptions {
    _updates: Subscription,
    _events: Subscription,
}

/// Reports every change of the document, whoever makes it and however.
pub(super) fn subscribe(
    doc: &LoroDoc,
    wake: mpsc::Sender<Wake>,
    texts: mpsc::Sender<TextChange>,
    events: Option<broadcast::Sender<DocumentEvent>>,
    conflicts: mpsc::Sender<Job>,
) -> Subscriptions {
    let updates = {
        let wake = wake.clone();
        doc.subscribe_local_update(Box::new(move |bytes| {
            // Nobody listens any more once the session has ended.
            let _ = wake.send(Wake::LocalUpdate(bytes.clone()));
            true
        }))
    };
    let batch = AtomicU64::new(0);
    let events = doc.subscribe_root(Arc::new(move |event: DiffEvent<'_>| {
        let origin = origin_of(&event);
        if is_applications_import(&event, origin) {
            let _ = wake.send(Wake::DocumentChanged);
        }
        let batch = batch.fetch_add(1, Ordering::Relaxed);
        for change in event.events {
            let ours = event.triggered_by == EventTriggerKind::Local;
            tell_conflicts(change.target, ours, &conflicts);
            let delta = Arc::new(delta_of(change.diff));
            if matches!(*delta, ContainerDelta::Text(_)) {
                let _ = texts.send(TextChange {
                    container: change.target.clone(),
                    delta: Arc::clone(&delta),
                    origin,
                });
            }
            if let Some(events) = &events {
                // An application that listens to none of them is fine.
                let _ = events.send(DocumentEvent {
                    container: change.target.clone(),
                    delta,
                    origin,
                    batch,
                });
            }
        }
    }));
    Subscriptions {
        _updates: updates,
        _events: events,
    }
}

/// Conflicts and their answers are kept in the document, and are about its texts and maps.
fn tell_conflicts(container: &ContainerID, ours: bool, conflicts: &mpsc::Sender<Job>) {
    let job = match container {
        ContainerID::Root { name, .. } if name.as_str() == conflict::CONTAINER => {
            Job::Records { ours }
        }
        _ => match container.container_type() {
            ContainerType::Text | ContainerType::Map => Job::Content { ours },
            _ => return,
        },
    };
    // Nobody looks any more once the session ends.
    let _ = conflicts.send(job);
}

fn origin_of(event: &DiffEvent<'_>) -> ChangeOrigin {
    match event.triggered_by {
        EventTriggerKind::Import => {
            peer_of_origin(event.origin).map_or(ChangeOrigin::Local, ChangeOrigin::Peer)
        }
        EventTriggerKind::Checkout => {
            importing_batch_of().map_or(ChangeOrigin::Local, ChangeOrigin::Peer)
        }
        EventTriggerKind::Local => ChangeOrigin::Local,
    }
}

/// What the session imports, it knows; what somebody else imports, it has to look for.
fn is_applications_import(event: &DiffEvent<'_>, origin: ChangeOrigin) -> bool {
    match event.triggered_by {
        EventTriggerKind::Import => origin == ChangeOrigin::Local,
        EventTriggerKind::Local | EventTriggerKind::Checkout => false,
    }
}

fn delta_of(diff: Diff<'_>) -> ContainerDelta {
    match diff {
        Diff::Text(changes) => ContainerDelta::Text(Delta::from_loro(&changes)),
        Diff::List(changes) => ContainerDelta::List(changes),
        Diff::Map(map) => ContainerDelta::Map(
            map.updated
                .into_iter()
                .map(|(key, value)| (key.into_owned(), value))
                .collect(),
        ),
        Diff::Tree(tree) => ContainerDelta::Tree(tree.into_owned()),
        Diff::Counter(by) => ContainerDelta::Counter(by),
        Diff::Unknown => ContainerDelta::Unknown,
    }
}
