//! The editor's side of the network: starts the protocol, and turns what it tells into news.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::{broadcast, mpsc, watch};

use super::{
    app::{Event, LocalCaret, MessageKind, PeerRow, ShareInfo},
    launch::Launched,
};
use crate::{
    ChangeOrigin, DocumentEvent, DocumentInfo, NetworkKind, Node, NodeId, PeerAddress, PeerInfo,
    RealtimeLoroProtocol, UserInfo,
    crdt::{Anchor, SharedDocument},
};

/// Events that may wait for the screen. Whoever falls behind takes in everything at once.
const QUEUE: usize = 1024;

/// What tasks have to tell the loop.
pub(crate) enum News {
    /// For the application.
    App(Event),
    /// Which document this is, and whether a peer has handed it over.
    Document(DocumentInfo),
}

/// The protocol and, once it is bound, the endpoint it speaks through.
pub(crate) struct Network {
    protocol: RealtimeLoroProtocol,
    kind: NetworkKind,
    node: watch::Receiver<Option<Arc<Node>>>,
}

impl Network {
    /// Starts the protocol and, in the background, the endpoint. Never waits for the network.
    pub fn start(launched: &Launched, key: [u8; 32], tell: &mpsc::UnboundedSender<News>) -> Self {
        let (updates, update_events) = broadcast::channel(QUEUE);
        let (presence, presence_events) = broadcast::channel(QUEUE);
        let document = launched.app.document().shared().clone();
        let protocol = RealtimeLoroProtocol::builder(document, launched.app.node(), launched.user.clone())
            .document_id(launched.document_id)
            .title(launched.title.clone())
            .updates(updates)
            .presence(presence)
            .spawn();
        let connections = protocol.connection_manager().subscribe();
        forward(update_events, tell, changed);
        forward(presence_events, tell, |event| Some(Event::Presence(event)));
        forward(connections, tell, |event| Some(Event::Connection(event)));
        watch_document(protocol.document_info(), tell.clone());
        let wanted = launched.host.map(PeerAddress::unknown).into_iter();
        for peer in wanted.chain(launched.known_peers.iter().cloned()) {
            protocol.connection_manager().connect(peer);
        }
        let (bound, node) = watch::channel(None);
        let binding = Binding {
            protocol: protocol.clone(),
            kind: launched.network,
            key,
            lookup_directory: launched.lookup_directory.clone(),
            tell: tell.clone(),
        };
        tokio::spawn(binding.bind(bound));
        Self { protocol, kind: launched.network, node }
    }
}

/// What binding the endpoint needs.
struct Binding {
    protocol: RealtimeLoroProtocol,
    kind: NetworkKind,
    key: [u8; 32],
    lookup_directory: PathBuf,
    tell: mpsc::UnboundedSender<News>,
}

impl Binding {
    async fn bind(self, bound: watch::Sender<Option<Arc<Node>>>) {
        match Node::start(self.kind, self.key, Some(self.lookup_directory), &self.protocol).await {
            Ok(node) => {
                bound.send_replace(Some(Arc::new(node)));
            }
            Err(error) => {
                let sentence = format!("Nobody can join: {error}");
                let _ = self.tell.send(News::App(Event::Message(MessageKind::Error, sentence)));
            }
        }
    }
}

impl Network {
    /// Tells the others where our caret is.
    pub fn publish(&self, caret: LocalCaret, cursor: Option<Anchor>, selection_start: Option<Anchor>) {
        self.protocol.presence_manager().publish(cursor, selection_start, caret.typing, caret.away);
    }

    /// Joins another replica of this document, now and whenever it can be reached.
    pub fn connect(&self, node: NodeId) {
        self.protocol.connection_manager().connect(PeerAddress::unknown(node));
    }

    /// Cuts all connections, or lets them come back.
    pub fn set_offline(&self, offline: bool) {
        let connections = self.protocol.connection_manager();
        if offline {
            connections.go_offline();
        } else {
            connections.go_online();
        }
    }

    /// Returns the peers as the session sees them.
    pub fn peers(&self) -> Vec<PeerInfo> {
        self.protocol.connection_manager().peers()
    }

    /// Says goodbye to everybody. Takes a second at most.
    pub async fn stop(self) {
        self.protocol.shutdown().await;
        let node = self.node.borrow().clone();
        if let Some(node) = node {
            node.close().await;
        }
    }
}

/// How others can join.
pub(crate) fn share_info(node: NodeId, kind: NetworkKind) -> ShareInfo {
    let (option, reach) = match kind {
        NetworkKind::Local => (" --network local", "Anyone on this machine can join."),
        NetworkKind::Lan => (" --network lan", "Anyone on your network can join."),
        NetworkKind::Internet => ("", "Anyone who has this id can join, wherever they are."),
    };
    ShareInfo {
        node_id: node.to_string(),
        command: format!("copad{option} --connect {node}"),
        reach: reach.to_owned(),
    }
}

/// Returns the peers as the screen shows them.
pub(crate) fn rows(peers: &[PeerInfo]) -> Vec<PeerRow> {
    let row = |peer: &PeerInfo| PeerRow {
        node: peer.node,
        user: peer.user.clone(),
        state: peer.state,
        round_trip: peer.round_trip,
        left: peer.left,
        behind: peer.behind,
        last_error: peer.last_error.clone(),
    };
    peers.iter().map(row).collect()
}

/// Our own edits are on the screen before they are news.
fn changed(event: DocumentEvent) -> Option<Event> {
    match event.origin {
        ChangeOrigin::Local => None,
        ChangeOrigin::Peer(_) => Some(Event::DocumentChanged),
    }
}

/// Passes on what a channel tells, until either end is gone.
fn forward<T: Clone + Send + 'static>(
    mut from: broadcast::Receiver<T>,
    to: &mpsc::UnboundedSender<News>,
    event: impl Fn(T) -> Option<Event> + Send + 'static,
) {
    let to = to.clone();
    tokio::spawn(async move {
        loop {
            let news = match from.recv().await {
                Ok(told) => event(told),
                // What was missed is in the document, and the peers are looked at each second.
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Event::DocumentChanged),
                Err(broadcast::error::RecvError::Closed) => return,
            };
            if news.is_some_and(|news| to.send(News::App(news)).is_err()) {
                return;
            }
        }
    });
}

fn watch_document(mut info: watch::Receiver<DocumentInfo>, to: mpsc::UnboundedSender<News>) {
    tokio::spawn(async move {
        while info.changed().await.is_ok() {
            let news = News::Document(info.borrow_and_update().clone());
            if to.send(news).is_err() {
                return;
            }
        }
    });
}
