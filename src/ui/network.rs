//! The editor's side of the network: starts the protocol, and turns what it tells into news.

use std::time::Duration;

use tokio::{
    sync::{broadcast, mpsc, watch},
    task::AbortHandle,
};

use super::{
    app::{AccessRequest, Clock, Event, LocalCaret, MessageKind, PeerRow, ShareInfo},
    editor::News,
};
use crate::{
    AccessEvent, AccessState, ChangeOrigin, ConflictEvent, ConflictId, ConflictResolver,
    ConflictSettings, CursorPosition, DocumentEvent, DocumentId, DocumentInfo, Invitation,
    NetworkKind, NodeId, PeerAddress, PeerInfo, ProtocolError, RealtimeLoroProtocol, Selection,
    SessionState, Standing, SyncProgress, Ticket, TicketTerms,
    crdt::{
        Bias, TextDocument,
        conflict::{Choice, OutsideClash},
    },
    workspace::{Entrance, Sharing, SharingEvents, SharingOptions},
};

/// Events that may wait for the screen. Whoever falls behind takes in everything at once.
const QUEUE: usize = 1024;

/// What to tell who wants something of others while there is no document to share.
const NOT_YET: &str = "The document is still being read; it is shared in a moment";

/// The document among its peers, and the tasks that pass on what comes from them.
pub(super) struct Network {
    /// `None` until there is a document.
    sharing: Option<Sharing>,
    /// Whether the person wants no connections once it is shared.
    offline: bool,
    options: SharingOptions,
    forwarding: Vec<AbortHandle>,
}

impl Network {
    /// Remembers what is to be shared, until [`begin`](Self::begin).
    pub(super) fn waiting(options: SharingOptions) -> Self {
        Self {
            sharing: None,
            offline: false,
            options,
            forwarding: Vec::new(),
        }
    }

    /// Starts to share what waited for its document, which is there now.
    pub(super) fn begin(
        &mut self,
        tell: &mpsc::UnboundedSender<News>,
        ready: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ProtocolError> {
        let offline = self.offline;
        *self = Self::start(self.options.clone(), tell, ready)?;
        if offline {
            self.set_offline(true);
        }
        Ok(())
    }

    /// Starts the protocol and, in the background and after `ready`, the endpoint. Never waits for
    /// the network.
    pub(super) fn start(
        options: SharingOptions,
        tell: &mpsc::UnboundedSender<News>,
        ready: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, ProtocolError> {
        let (updates, update_events) = broadcast::channel(QUEUE);
        let (presence, presence_events) = broadcast::channel(QUEUE);
        let events = SharingEvents { updates, presence };
        let complain = tell.clone();
        let sharing = Sharing::start(options.clone(), events, ready, move |error| {
            let sentence = format!("Nobody can join: {error}");
            let event = Event::Message(MessageKind::Error, sentence);
            // Nobody listens any more when the editor closes.
            let _ = complain.send(News::App(event));
        })?;
        let protocol = sharing.protocol();
        let connections = protocol.connection_manager().subscribe();
        let forwarding = vec![
            forward_access(protocol.access_manager().subscribe(), tell.clone()),
            forward(update_events, tell, changed),
            forward(presence_events, tell, |event| {
                Some(Event::Presence(Box::new(event)))
            }),
            forward(connections, tell, |event| Some(Event::Connection(event))),
            watch_document(protocol.document_info(), tell.clone()),
            watch_session(protocol.session_state(), tell.clone()),
            watch_conflicts(protocol.conflict_resolver(), tell.clone()),
            watch_progress(protocol.sync_progress(), tell.clone()),
        ];
        Ok(Self {
            sharing: Some(sharing),
            offline: false,
            options,
            forwarding,
        })
    }

    /// Starts to share the same document as another node, with more peers than before. The old
    /// node says goodbye meanwhile.
    pub(super) fn start_again_as(
        &mut self,
        key: [u8; 32],
        entrance: Entrance,
        more_peers: Vec<PeerAddress>,
        tell: &mpsc::UnboundedSender<News>,
        ready: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ProtocolError> {
        let own = [NodeId::of_key(&key), NodeId::of_key(&self.options.key)];
        let mut options = self.options.clone();
        options.key = key;
        options.entrance = entrance;
        let met = self.peers().into_iter().map(|peer| peer.address);
        options.peers = met.chain(more_peers).collect();
        options.peers.retain(|peer| !own.contains(&peer.node));
        let old = std::mem::replace(self, Self::start(options, tell, ready)?);
        old.forwarding.iter().for_each(AbortHandle::abort);
        tokio::spawn(old.stop());
        Ok(())
    }

    fn protocol(&self) -> Option<&RealtimeLoroProtocol> {
        self.sharing.as_ref().map(Sharing::protocol)
    }

    /// The node id under which the document is shared.
    pub(super) fn node(&self) -> NodeId {
        NodeId::of_key(&self.options.key)
    }

    /// Whom the document lets in.
    pub(super) fn entrance(&self) -> &Entrance {
        &self.options.entrance
    }

    /// Which document is shared, once that is known.
    pub(super) fn document_id(&self) -> Option<DocumentId> {
        match self.protocol() {
            Some(protocol) => protocol.document_info().borrow().document,
            None => self.options.document_id,
        }
    }

    /// How others can join.
    pub(super) fn share_info(&self) -> ShareInfo {
        share_info(self.node(), self.options.kind)
    }

    /// Tells the others where our caret is in the document as the screen shows it.
    pub(super) fn publish(&self, document: &TextDocument, caret: LocalCaret) {
        let Some(protocol) = self.protocol() else {
            return;
        };
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
        let presence = protocol.presence_manager();
        presence.publish(Some(cursor), selected, caret.typing, caret.away);
    }

    /// Tells the others who we are from now on.
    pub(super) fn introduce(&mut self, user: crate::UserInfo) {
        self.options.user = user.clone();
        let Some(protocol) = self.protocol() else {
            return;
        };
        let presence = protocol.presence_manager();
        tokio::spawn(async move {
            // After the end there is nobody to tell.
            let _ = presence.set_user(user).await;
        });
    }

    /// Asks everybody to come to where we are.
    pub(super) fn call_everyone(&self) {
        if let Some(protocol) = self.protocol() {
            // After the end there is nobody to ask.
            let _ = protocol.presence_manager().call_everyone();
        }
    }

    /// Joins another replica of this document, now and whenever it can be reached.
    pub(super) fn connect(&mut self, invitation: &Invitation) {
        let address = invitation.address();
        let Some(protocol) = self.protocol() else {
            if let Invitation::Ticket(ticket) = invitation {
                self.options.ticket = Some(Ticket::clone(ticket));
            }
            return self.options.peers.push(address);
        };
        if let Invitation::Ticket(ticket) = invitation {
            protocol.hold(ticket);
        }
        protocol.connection_manager().connect(address);
    }

    /// Returns who may do what now.
    pub(super) fn access(&self) -> Option<AccessState> {
        let access = self.protocol()?.access_manager();
        let state = access.state().borrow().clone();
        Some(state)
    }

    /// Carries out what a person decided about somebody. Fails with a sentence.
    pub(super) fn request(&self, request: AccessRequest) -> Result<(), String> {
        let protocol = self.protocol().ok_or(NOT_YET)?;
        let access = protocol.access_manager();
        let done = match request {
            AccessRequest::Answer(node, answer) => {
                access.answer(node, answer);
                Ok(())
            }
            AccessRequest::GiveUp(node) => {
                protocol.connection_manager().disconnect(node);
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
        let protocol = self.protocol().ok_or(NOT_YET)?;
        let issued = protocol.access_manager().issue_ticket(terms);
        issued.map_err(|error| error.to_string())
    }

    /// Returns what another person types to join with a ticket.
    pub(super) fn command_for(&self, ticket: &Ticket) -> String {
        format!("copad{} --connect {ticket}", option_of(self.options.kind))
    }

    /// Cuts all connections, or lets them come back.
    pub(super) fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
        let Some(protocol) = self.protocol() else {
            return;
        };
        let connections = protocol.connection_manager();
        if offline {
            connections.go_offline();
        } else {
            connections.go_online();
        }
    }

    /// Sets what is held to be a conflict, once more is known of the document.
    pub(super) fn set_conflict_settings(&mut self, settings: ConflictSettings) {
        if let Some(protocol) = self.protocol() {
            protocol.conflict_resolver().set_settings(settings);
        } else {
            self.options.conflicts = settings;
        }
    }

    /// Notes for everybody how a conflict was answered.
    pub(super) fn answer_conflict(&self, id: &ConflictId, choice: Choice) {
        if let Some(protocol) = self.protocol()
            && let Err(error) = protocol.conflict_resolver().note_answer(id, choice)
        {
            tracing::warn!("the answer to conflict {id} was not noted: {error}");
        }
    }

    /// Notes for everybody that an answer was taken back.
    pub(super) fn reopen_conflict(&self, id: &ConflictId) {
        if let Some(protocol) = self.protocol()
            && let Err(error) = protocol.conflict_resolver().reopen(id)
        {
            tracing::warn!("conflict {id} stays answered: {error}");
        }
    }

    /// How many conflicts wait for an answer.
    pub(super) fn open_conflicts(&self) -> usize {
        let count = |protocol: &RealtimeLoroProtocol| {
            let resolver = protocol.conflict_resolver();
            resolver.open_conflicts().len()
        };
        self.protocol().map_or(0, count)
    }

    /// Keeps for everybody that the text and its file clashed.
    pub(super) fn report_conflicts(&self, clashes: Vec<OutsideClash>) {
        if let Some(protocol) = self.protocol()
            && let Err(error) = protocol.conflict_resolver().report(clashes)
        {
            tracing::warn!("what clashed with the file was not noted: {error}");
        }
    }

    /// Returns the peers as the screen shows them.
    pub(super) fn rows(&self) -> Vec<PeerRow> {
        let Some(protocol) = self.protocol() else {
            return Vec::new();
        };
        let progress = *protocol.sync_progress().borrow();
        rows(&self.peers(), progress)
    }

    /// Returns the peers as the session sees them.
    pub(super) fn peers(&self) -> Vec<PeerInfo> {
        self.sharing.as_ref().map_or_else(Vec::new, Sharing::peers)
    }

    /// Says goodbye to everybody. Takes little more than a second at most.
    pub(super) async fn stop(self) {
        if let Some(sharing) = self.sharing {
            sharing.stop().await;
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

/// Has the peers looked at whenever a large answer has come further.
fn watch_progress(
    mut progress: watch::Receiver<Option<SyncProgress>>,
    tell: mpsc::UnboundedSender<News>,
) -> AbortHandle {
    let task = tokio::spawn(async move {
        while progress.changed().await.is_ok() {
            if tell.send(News::Progress).is_err() {
                return;
            }
        }
    });
    task.abort_handle()
}

/// How others can join.
fn share_info(node: NodeId, kind: NetworkKind) -> ShareInfo {
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
fn rows(peers: &[PeerInfo], progress: Option<SyncProgress>) -> Vec<PeerRow> {
    let percent = |peer: &PeerInfo| {
        let SyncProgress { done, total, .. } = progress.filter(|one| one.node == peer.node)?;
        u8::try_from(done.saturating_mul(100).checked_div(total)?).ok()
    };
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
        progress: percent(peer),
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
) -> AbortHandle {
    let to = to.clone();
    let task = tokio::spawn(async move {
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
    task.abort_handle()
}

/// Passes on who knocks and who may do what. What was missed shows in the state.
fn forward_access(
    mut events: broadcast::Receiver<AccessEvent>,
    to: mpsc::UnboundedSender<News>,
) -> AbortHandle {
    let task = tokio::spawn(async move {
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
    task.abort_handle()
}

fn watch_document(
    mut info: watch::Receiver<DocumentInfo>,
    to: mpsc::UnboundedSender<News>,
) -> AbortHandle {
    let task = tokio::spawn(async move {
        while info.changed().await.is_ok() {
            let news = News::Document(info.borrow_and_update().clone());
            if to.send(news).is_err() {
                return;
            }
        }
    });
    task.abort_handle()
}

/// Tells which conflicts are open, whenever one comes, changes or goes.
fn watch_conflicts(resolver: ConflictResolver, to: mpsc::UnboundedSender<News>) -> AbortHandle {
    let mut events = resolver.subscribe();
    let task = tokio::spawn(async move {
        // The document may have been opened with some.
        let mut told = Some(Vec::new());
        while let Some(news) = told {
            let now = chrono::Local::now();
            let clock = Clock {
                now: now.timestamp(),
                offset: now.offset().local_minus_utc(),
            };
            let open = resolver.open_conflicts();
            let open = Event::Conflicts { open, clock };
            // A card is told why it goes before it is gone.
            let is_settled = |event: &Event| matches!(event, Event::ConflictSettled { .. });
            let (settled, news): (Vec<_>, Vec<_>) = news.into_iter().partition(is_settled);
            if settled
                .into_iter()
                .chain([open])
                .chain(news)
                .any(|event| to.send(News::App(event)).is_err())
            {
                return;
            }
            told = tokio::select! {
                event = events.recv() => conflict_news(event, &resolver).await,
                () = to.closed() => None,
            };
            // A reunion brings many at once, and which are open is asked for once.
            while let (Some(news), Ok(event)) = (&mut told, events.try_recv()) {
                let more = conflict_news(Ok(event), &resolver).await;
                news.extend(more.into_iter().flatten());
            }
        }
    });
    task.abort_handle()
}

/// What the screen is told about conflicts beside which are open; `None`: nothing ever again.
async fn conflict_news(
    event: Result<ConflictEvent, broadcast::error::RecvError>,
    resolver: &ConflictResolver,
) -> Option<Vec<Event>> {
    match event {
        Ok(ConflictEvent::Settled { conflict_id, how }) => {
            let info = resolver.get_conflict_info(&conflict_id).await;
            let answer = info.and_then(|info| info.answer);
            Some(vec![Event::ConflictSettled {
                id: conflict_id,
                how,
                by: answer.map_or_else(String::new, |answer| answer.name),
            }])
        }
        // Where the peer's content goes on, the session ends, and that is told elsewhere.
        Ok(ConflictEvent::Diverged {
            node,
            stands: Standing::Ours,
            ..
        }) => {
            let sentence = format!(
                "The copy of {} differed from yours by a fault; it starts anew from yours",
                node.short()
            );
            Some(vec![Event::Message(MessageKind::Info, sentence)])
        }
        Ok(ConflictEvent::Met(reunion)) => Some(vec![Event::Met(reunion)]),
        Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => Some(Vec::new()),
        Err(broadcast::error::RecvError::Closed) => None,
    }
}

/// Tells when nothing goes to others any more, and nothing comes from them.
fn watch_session(
    mut state: watch::Receiver<SessionState>,
    to: mpsc::UnboundedSender<News>,
) -> AbortHandle {
    let task = tokio::spawn(async move {
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
    task.abort_handle()
}
