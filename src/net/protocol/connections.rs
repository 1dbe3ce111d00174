//! The handle to peers and connections.

use std::{fmt, sync::Arc};

use tokio::sync::broadcast;

use super::{Shared, wake::Wake};
use crate::net::{
    event::ConnectionEvent,
    node::{NodeId, PeerAddress},
    peer::PeerView,
    session::Input,
};

/// Who we are connected to, and who we want to be connected to. A clone is the same handle.
#[derive(Clone)]
pub struct ConnectionManager {
    shared: Arc<Shared>,
}

impl ConnectionManager {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Returns all peers that are known, in the order of their ids.
    pub fn peers(&self) -> Vec<PeerView> {
        self.shared.published.peers()
    }

    /// Reports every change of a peer's state from now on. Who lags by more than 256 events is
    /// told so by the receiver, and finds the present state in [`peers`](Self::peers).
    pub fn subscribe(&self) -> broadcast::Receiver<ConnectionEvent> {
        self.shared.published.connections.subscribe()
    }

    /// Asks for a peer: it is dialled at once, and again whenever it is not connected, until
    /// [`disconnect`](Self::disconnect). Returns without waiting.
    pub fn connect(&self, address: PeerAddress) {
        if address.node != self.shared.node {
            self.shared.send(Wake::Input(Input::Dial(address)));
        }
    }

    /// Ends the connection with a peer, and dials it no more.
    pub fn disconnect(&self, node: NodeId) {
        self.shared.send(Wake::Input(Input::Forget(node)));
    }

    /// Ends all connections, dials nobody and lets nobody in, until [`go_online`](Self::go_online).
    pub fn go_offline(&self) {
        self.shared.send(Wake::Input(Input::Offline));
    }

    /// Dials all peers again that were there before.
    pub fn go_online(&self) {
        self.shared.send(Wake::Input(Input::Online));
    }
}

impl fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionManager").finish_non_exhaustive()
    }
}
