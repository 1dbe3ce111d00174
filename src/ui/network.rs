//! The editor's side of the network: starts the protocol, and turns what it tells into news.

use std::{path::PathBuf, time::Duration};

use tokio::{
    sync::{broadcast, mpsc, watch},
    task::JoinHandle,
};

use super::{
    app::{AccessRequest, Event, LocalCaret, MessageKind, PeerRow, ShareInfo},
    editor::News,
    launch::{LaunchError, Launched},
};
use crate::{
    AccessEvent, AccessState, ChangeOrigin, ConflictEvent, CursorPosition, DocumentEvent,
    DocumentInfo, Invitation, Listener, NetworkKind, NodeId, PeerAddress, PeerInfo,
    RealtimeLoroProtocol, Selection, SessionState, Standing, Ticket, TicketTerms,
    crdt::{Bias, TextDocument},
};

/// Events that may wait for the screen. Whoever falls behind takes in everything at once.
const QUEUE: usize = 1024;
/// How long closing the endpoint may take, after everybody was told that we leave.
const CLOSING: Duration = Duration::from_millis(500);

/// The protocol, and the endpoint it speaks through.
pub(super) struct Network {
    protocol: RealtimeLoroProtocol,
    /// Binds the endpoint in the background, and keeps it.
    listener: JoinHandle<Option<Listener>>,
    kind: NetworkKind,
}

impl Network {
    /// Starts the protocol and, in the background, the endpoint. Never waits for the network.
    pub(super) fn start(
        launched: &Launched,
        tell: &mpsc::UnboundedSender<News>,
    ) -> Result<Self, LaunchError> {
        let (updates, update_events) = broadcast::channel(QUEUE);
        let (presence, presence_events) = broadcast::channel(QUEUE);
        let document = launched.app.document().shared().clone();
        let node = NodeId::of_key(&launched.disk.node_key());
        let builder = RealtimeLoroProtocol::builder(document, node, launched.user.clone());
        let protocol = launched
            .entrance
            .configure(builder, &launched.disk.node_key())?
            .document_id(launched.document_id)
            .title(launched.title.clone())
            .lookup_directory(Some(launched.lookup_directory.clone()))
            .updates(updates)
            .presence(presence)
            .spawn()?;
        if let Some(ticket) = &launched.ticket {
            protocol.hold(ticket);
        }
        let connections = protocol.connection_manager().subscribe();
        forward_access(protocol.access_manager().subscribe(), tell.clone());
        forward(update_events, tell, changed);
        forward(presence_events, tell, |event| {
            Some(Event::Presence(Box::new(event)))
        });
        forward(connections, tell, |event| Some(Event::Connection(event)));
        forward(protocol.conflicts(), tell, diverged);
        watch_document(protocol.document_info(), tell.clone());
        watch_session(protocol.session_state(), tell.clone());
        let listener = tokio::spawn(listen(
            protocol.clone(),
            launched.network,
            launched.disk.node_key(),
            launched.lookup_directory.clone(),
            launched.peers.clone(),
            tell.clone(),
        ));
        Ok(Self {
            protocol,
            listener,
            kind: launched.network,
        })
    }

    /// Tells the others where our caret is in the document as the screen shows it.
    pub(super) fn publish(&self, document: &TextDocument, caret: LocalCaret) {
        let selection = caret.selection;
        // A selection must not grow when somebody types right at its edge.
        let (start, end) = match selection.anchor < selection.head {
            true => (Bias::After, Bias::Before),
            false if selection.is_caret() => (Bias::Before, Bias::Before),
            false => (Bias::Before, Bias::After),
        };
        let cursor = place(document, selection.head, end);
        let selected = (!selection.is_caret())
            .then(|| Selection::new(place(document, selection.anchor, start), cursor.clone()));
        let presence = self.protocol.presence_manager();
        presence.publish(Some(cursor), selected, caret.typing, caret.away);
    }

    /// Joins another replica of this document, now and whenever it can be reached.
    pub(super) fn connect(&self, invitation: &Invitation) {
        if let Invitation::Ticket(ticket) = invitation {
            self.protocol.hold(ticket);
        }
        let address = invitation.address();
        self.protocol.connection_manager().connect(address);
    }

    /// Returns who may do what now.
    pub(super) fn access(&self) -> AccessState {
        self.protocol.access_manager().state().borrow().clone()
    }

    /// Carries out what a person decided about somebody. Fails with a sentence.
    pub(super) fn request(&self, request: AccessRequest) -> Result<(), String> {
        let access = self.protocol.access_manager();
        let done = match request {
            AccessRequest::Answer(node, answer) => {
                access.answer(node, answer);
                Ok(())
            }
            AccessRequest::GiveUp(node) => {
                self.protocol.connection_manager().disconnect(node);
                Ok(())
            }
            AccessRequest::SetRole(node, role) => access.set_role(node, role),
            AccessRequest::LetAdmit(node, may_admit) => access.let_admit(node, may_admit),
            AccessRequest::Kick(node) => access.kick(node),
            AccessRequest::Block(node) => access.block(node),
            AccessRequest::Unblock(node) => access.unblock(node),
            // It takes the clock and the disk, too.
            AccessRequest::Invite(_) => Ok(()),
        };
        done.map_err(|error| error.to_string())
    }

    /// Makes a ticket. Fails with a sentence.
    pub(super) fn issue_ticket(&self, terms: TicketTerms) -> Result<Ticket, String> {
        let issued = self.protocol.access_manager().issue_ticket(terms);
        issued.map_err(|error| error.to_string())
    }

    /// Returns what another person types to join with a ticket.
    pub(super) fn command_for(&self, ticket: &Ticket) -> String {
        format!("copad{} --connect {ticket}", option_of(self.kind))
    }

    /// Cuts all connections, or lets them come back.
    pub(super) fn set_offline(&self, offline: bool) {
        let connections = self.protocol.connection_manager();
        if offline {
            connections.go_offline();
        } else {
            connections.go_online();
        }
    }

    /// Returns the peers as the session sees them.
    pub(super) fn peers(&self) -> Vec<PeerInfo> {
        self.protocol.connection_manager().peers()
    }

    /// Says goodbye to everybody. Takes little more than a second at most.
    pub(super) async fn stop(self) {
        self.protocol.shutdown().await;
        if !self.listener.is_finished() {
            return self.listener.abort();
        }
        if let Ok(Some(listener)) = self.listener.await {
            // Whoever was not told by then finds out by our silence.
            let _ = tokio::time::timeout(CLOSING, listener.close()).await;
        }
    }
}

/// Binds the endpoint, and dials whom we know.
async fn listen(
    protocol: RealtimeLoroProtocol,
    kind: NetworkKind,
    key: [u8; 32],
    lookup_directory: PathBuf,
    peers: Vec<PeerAddress>,
    tell: mpsc::UnboundedSender<News>,
) -> Option<Listener> {
    match Listener::start(kind, key, Some(lookup_directory), &protocol).await {
        Ok(listener) => {
            for peer in peers {
                protocol.connection_manager().connect(peer);
            }
            Some(listener)
        }
        Err(error) => {
            let sentence = format!("Nobody can join: {error}");
            let event = Event::Message(MessageKind::Error, sentence);
            // Nobody listens any more when the editor closes.
            let _ = tell.send(News::App(event));
            None
        }
    }
}

/// A place of the text that the screen shows, pinned to its character.
fn place(document: &TextDocument, position: usize, bias: Bias) -> CursorPosition {
    let rope = document.rope();
    let line = rope.char_to_line(position.min(rope.len_chars()));
    let column = position.saturating_sub(rope.line_to_char(line));
    CursorPosition::new(line, column, TextDocument::CONTAINER.to_owned(), position)
        .with_anchor(document.anchor(position, bias))
}

/// How others can join.
pub(super) fn share_info(node: NodeId, kind: NetworkKind) -> ShareInfo {
    let option = option_of(kind);
    let reach = match kind {
        NetworkKind::Local => "It works on this machine only.",
        NetworkKind::Lan => "It works in your network.",
        NetworkKind::Internet => "It works from anywhere.",
    };
    ShareInfo {
        node_id: node.to_string(),
        command: format!("copad{option} --connect {node}"),
        reach: reach.to_owned(),
    }
}

fn option_of(kind: NetworkKind) -> &'static str {
    match kind {
        NetworkKind::Local => " --network local",
        NetworkKind::Lan => " --network lan",
        NetworkKind::Internet => "",
    }
}

/// Returns the peers as the screen shows them.
pub(super) fn rows(peers: &[PeerInfo]) -> Vec<PeerRow> {
    let row = |peer: &PeerInfo| PeerRow {
        node: peer.node,
        user: peer.user.clone(),
        state: peer.state,
        // As exact as it is shown, so that nothing is drawn anew without need.
        round_trip: peer
            .round_trip
            .map(|time| Duration::from_millis(time.as_millis() as u64)),
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

/// Where the peer's content goes on, the session ends, and that is told elsewhere.
fn diverged(event: ConflictEvent) -> Option<Event> {
    match event {
        ConflictEvent::Diverged {
            node,
            stands: Standing::Ours,
            ..
        } => {
            let sentence = format!(
                "The copy of {} differed from yours by a fault; it starts anew from yours",
                node.short()
            );
            Some(Event::Message(MessageKind::Info, sentence))
        }
        ConflictEvent::Diverged { .. } => None,
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

/// Passes on who knocks and who may do what. What was missed shows in the state.
fn forward_access(mut events: broadcast::Receiver<AccessEvent>, to: mpsc::UnboundedSender<News>) {
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                Ok(event) => {
                    if to.send(News::Access(event)).is_err() {
                        return;
                    }
                }
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
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

/// Tells when nothing goes to others any more, and nothing comes from them.
fn watch_session(mut state: watch::Receiver<SessionState>, to: mpsc::UnboundedSender<News>) {
    tokio::spawn(async move {
        while state.changed().await.is_ok() {
            let failed = match &*state.borrow_and_update() {
                SessionState::Running => continue,
                SessionState::Ended => return,
                SessionState::Superseded { by } => {
                    let _ = to.send(News::Superseded(*by));
                    return;
                }
                SessionState::Failed {
                    reason,
                    culprit: Some(culprit),
                } => {
                    tracing::error!("an update of {culprit} broke the document: {reason}");
                    let _ = to.send(News::Broken(*culprit));
                    return;
                }
                SessionState::Failed { reason, .. } => reason.clone(),
            };
            tracing::error!("the session failed: {failed}");
            let sentence = "The document broke. Save, quit and open it again";
            let event = Event::Message(MessageKind::Error, sentence.to_owned());
            let _ = to.send(News::App(event));
            return;
        }
    });
}
