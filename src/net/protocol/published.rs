//! What the driver tells everybody who holds a handle, without being asked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use super::access::AccessState;
use crate::net::{
    access::Role,
    event::{AccessEvent, ConnectionEvent, Presence, SyncProgress},
    node::{DocumentId, NodeId, PeerAddress},
    peer::PeerView,
    protocol::conflicts::ConflictEvent,
};

/// Conflict events that a subscriber may lag behind before it misses some.
const CONFLICT_EVENTS: usize = 256;
/// Connection events that a subscriber may lag behind before it misses some.
const CONNECTION_EVENTS: usize = 256;

/// What is known about the document as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentInfo {
    /// Its id, once it is known.
    pub document: Option<DocumentId>,
    /// What it is called, such as the host's file name; cleaned, so that it can be shown.
    pub title: String,
    /// Whether this replica has had everything that some peer had, at least once.
    pub first_sync: bool,
}

/// Whether a session is at work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SessionState {
    /// It is.
    #[default]
    Running,
    /// It was shut down, or its last handle was dropped.
    Ended,
    /// A peer has the same operations and another content, and its content is the one that goes
    /// on. All connections have ended. What this replica holds is still in its document, and came
    /// with [`ConflictEvent::Diverged`]: keep it, then start a session with a new `LoroDoc` and
    /// connect it to the peer, which sends everything.
    Superseded {
        /// The peer whose content goes on.
        by: NodeId,
    },
    /// Something in it panicked: mostly the document, on an update that a peer made up or because
    /// of a callback of the application. All connections have ended. The document may be damaged
    /// and must not be used any more; make a new one from what was stored.
    Failed {
        /// The words of the panic.
        reason: String,
        /// Whose update was going into the document. `None`: no peer's.
        culprit: Option<NodeId>,
    },
}

/// The driver writes, the handles read.
pub(super) struct Published {
    peers: Mutex<Vec<PeerView>>,
    participants: Mutex<Vec<(NodeId, Presence)>>,
    address: Mutex<PeerAddress>,
    pub(super) access: broadcast::Sender<AccessEvent>,
    pub(super) access_state: watch::Sender<AccessState>,
    pub(super) connections: broadcast::Sender<ConnectionEvent>,
    pub(super) conflicts: broadcast::Sender<ConflictEvent>,
    pub(super) progress: watch::Sender<Option<SyncProgress>>,
    pub(super) info: watch::Sender<DocumentInfo>,
    pub(super) state: watch::Sender<SessionState>,
}

impl Published {
    pub(super) fn new(info: DocumentInfo, node: NodeId) -> Self {
        let nobody_said_yet = AccessState {
            role: Role::Editor,
            may_admit: false,
            roster: None,
        };
        Self {
            peers: Mutex::default(),
            participants: Mutex::default(),
            address: Mutex::new(PeerAddress::unknown(node)),
            access: broadcast::Sender::new(CONNECTION_EVENTS),
            access_state: watch::Sender::new(nobody_said_yet),
            connections: broadcast::Sender::new(CONNECTION_EVENTS),
            conflicts: broadcast::Sender::new(CONFLICT_EVENTS),
            progress: watch::Sender::default(),
            info: watch::Sender::new(info),
            state: watch::Sender::default(),
        }
    }

    pub(super) fn peers(&self) -> Vec<PeerView> {
        locked(&self.peers).clone()
    }

    pub(super) fn set_peers(&self, peers: impl Iterator<Item = PeerView>) {
        let mut published = locked(&self.peers);
        published.clear();
        published.extend(peers);
    }

    pub(super) fn address(&self) -> PeerAddress {
        locked(&self.address).clone()
    }

    pub(super) fn set_address(&self, address: &PeerAddress) {
        let mut published = locked(&self.address);
        if *published != *address {
            *published = address.clone();
        }
    }

    pub(super) fn participants(&self) -> Vec<(NodeId, Presence)> {
        locked(&self.participants).clone()
    }

    pub(super) fn set_participants(&self, participants: Vec<(NodeId, Presence)>) {
        *locked(&self.participants) = participants;
    }
}

/// A panic elsewhere leaves at worst an older list behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
