//! The state machine of the protocol: what happened and the time go in, what must happen next
//! comes out.
//!
//! The session holds no socket, no timer and no document. Its driver reports everything as an
//! [`Input`] and carries out every [`Output`], in order; the document is reached through
//! [`Replica`] while an input is handled. Time is a [`Duration`] since any fixed start, and
//! randomness comes from the seed, so that a simulation can replay every run.

mod clock;
mod conflicts;
mod divergence;
mod gate;
mod govern;
mod handshake;
mod history;
mod lifecycle;
mod membership;
mod overlay;
mod participants;
mod relays;
mod sabotage;
mod sync;
mod tree;

use std::{collections::BTreeMap, time::Duration};

use loro::IdSpan;
use rand::{SeedableRng, rngs::StdRng};

use crate::crdt::conflict::ConflictId;
use crate::net::{
    access::{Role, TicketRefusal},
    event::{AccessEvent, ConnectionEvent, PeerState, Reason, Standing, SyncProgress, UserInfo},
    message::{CloseReason, ConflictNotification, MAX_ON_THEIR_WAY, MAX_TITLE, Message},
    node::{DocumentId, NodeId, PeerAddress},
    peer::{
        Crowd, Link, Peer, PeerView, Wish, earliest,
        link::{Question, Stretch},
        trim_address,
    },
    presence::{LocalPresence, OwnPresence, RemotePresence, clean_user},
    replica::{Replica, decode_version},
    ticket::{TicketGrant, TicketProof},
};
pub use gate::{AccessConfig, KnockAnswer};
use gate::{Gate, NewLink};
pub use govern::Decree;
use history::History;
use overlay::Overlay;
use relays::Distant;
#[cfg(any(test, feature = "sim"))]
pub use sabotage::Sabotage;
#[cfg(not(any(test, feature = "sim")))]
use sabotage::Sabotage;
use tree::{Arrival, Tree};

/// Operations of one slice of a large answer: importing them takes a few milliseconds if nothing
/// was written meanwhile, and if much was, hardly longer than importing fewer.
const SLICE: usize = 2_000;

/// A connection, as the driver numbers it. A number is never used again.
pub type ConnectionId = u64;

/// What a session is told once.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Our own replica.
    pub node: NodeId,
    /// The document that we hold. `None`: we take that of the first peer who has one.
    pub document: Option<DocumentId>,
    /// What the document is called; shortened to what the wire allows.
    pub title: String,
    /// Our own participant.
    pub user: UserInfo,
    /// Where others can dial us.
    pub address: PeerAddress,
    /// With how many peers we connect by ourselves, after others introduced them. Peers that the
    /// application asked for, and those who dial us, come on top.
    pub degree_limit: usize,
    /// Who may come in.
    pub access: AccessConfig,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The document was changed on this replica.
    LocalUpdate {
        /// The new operations.
        spans: Vec<IdSpan>,
        /// The same operations as Loro exported them.
        updates: Vec<u8>,
    },
    /// The document grew in another way: the application imported something into it.
    DocumentChanged,
    /// The application wants this peer: it is dialled at once, and again until [`Input::Forget`].
    Dial(PeerAddress),
    /// The application does not want this peer any longer.
    Forget(NodeId),
    /// A membership protocol has chosen these neighbours, in place of those chosen before. From
    /// now on the degree limit counts only while none of them is connected; others are let go
    /// after a while.
    Neighbours(Vec<NodeId>),
    /// A dial failed, or was given up.
    DialFailed {
        /// Who was dialled.
        node: NodeId,
        /// Why, in the transport's words.
        error: String,
    },
    /// A connection stands, and it is the only one with this peer: simultaneous dials are settled.
    /// If the session knows an older one, this one replaces it.
    Opened {
        /// The peer.
        node: NodeId,
        /// The new connection.
        connection: ConnectionId,
        /// Where the peer is, if the driver knows.
        address: Option<PeerAddress>,
        /// Secret bytes that are the same at both ends of this connection, and of no other.
        binding: [u8; 32],
    },
    /// A message arrived. Those of one stream come in the order in which they were sent.
    Received {
        /// Over which connection.
        connection: ConnectionId,
        /// The message, decoded by [`Message::decode`].
        message: Message,
    },
    /// A connection ended, whoever ended it.
    Closed {
        /// Which one.
        connection: ConnectionId,
        /// Why; see [`CloseReason::seen_from_other_side`] for what the other side's code means.
        reason: Reason,
    },
    /// The transport measured a round trip.
    RoundTrip {
        /// Over which connection.
        connection: ConnectionId,
        /// How long it took.
        rtt: Duration,
    },
    /// A person answered a knock.
    Answer {
        /// Whose.
        node: NodeId,
        /// What the answer is.
        answer: KnockAnswer,
    },
    /// The application looked up a ticket; see [`Output::Redeem`].
    Redeemed {
        /// Who showed it.
        node: NodeId,
        /// As what it lets in.
        role: Role,
        /// Whether it is still good.
        result: Result<(), TicketRefusal>,
    },
    /// We hold a ticket, to be shown when its issuer is dialled.
    Hold(Box<TicketProof>),
    /// The owner wants to change who may do what.
    Govern(Decree),
    /// Our own participant moved, selected, typed, left the keyboard, or has another name.
    LocalPresence(LocalPresence),
    /// Our own participant asks everybody who is connected to come to where they are.
    Call,
    /// Something became of a conflict through what was done here: tells the others.
    Announce(ConflictNotification),
    /// We can be dialled at another place now.
    AddressChanged(PeerAddress),
    /// Close all connections, and dial nobody until [`Input::Online`].
    Offline,
    /// Dial again.
    Online,
    /// The machine slept, or the clock jumped: whoever does not answer soon is dialled anew.
    Woke,
    /// Say goodbye to everybody. Nothing is dialled or accepted afterwards.
    Shutdown,
    /// Time passed; see [`Session::next_tick`].
    Tick,
}

/// What must happen next.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a message: presence on the presence stream, all others on the sync stream.
    Send {
        /// Over which connection.
        connection: ConnectionId,
        /// The message.
        message: Message,
    },
    /// Dial a peer. The answer is [`Input::Opened`] or [`Input::DialFailed`]; a peer that is being
    /// dialled or connected already is not dialled twice.
    Dial {
        /// Whom, and where.
        address: PeerAddress,
    },
    /// End a connection, after the messages before this have left. The driver reports
    /// [`Input::Closed`] when it is over; nothing that still arrives matters.
    Close {
        /// Which one.
        connection: ConnectionId,
        /// What to tell the other side.
        reason: CloseReason,
    },
    /// A peer changed its state.
    Connection(ConnectionEvent),
    /// A participant is here now.
    Joined {
        /// Their replica.
        node: NodeId,
        /// Who they are, cleaned.
        user: UserInfo,
    },
    /// A participant does something else now.
    PresenceChanged {
        /// Their replica.
        node: NodeId,
        /// What they are doing.
        presence: RemotePresence,
    },
    /// A participant asks ours to come to where they are.
    Called {
        /// Their replica.
        node: NodeId,
    },
    /// A participant is gone.
    Left {
        /// Their replica.
        node: NodeId,
        /// Who they were.
        user: UserInfo,
    },
    /// Something that a peer sent is in the document now.
    Imported {
        /// Which peer sent it; others may have written it.
        node: NodeId,
        /// Operations that were not there before.
        spans: Vec<IdSpan>,
    },
    /// We had no document, and took that of a peer.
    Adopted {
        /// Its id.
        document: DocumentId,
        /// What it is called, cleaned: a name without folders.
        title: String,
    },
    /// A peer has the same operations as we and another content. Nothing is synced with it over
    /// this connection any longer.
    Diverged {
        /// Which peer.
        node: NodeId,
        /// Whose content goes on. If it is theirs, this session has no use any more: its document
        /// must be replaced by a new one, which takes everything from the peer.
        stands: Standing,
    },
    /// A peer tells of a conflict between edits. The edits and the conflict travel with the
    /// document: this is only a reason to look there.
    ConflictTold {
        /// Which peer.
        node: NodeId,
        /// Which conflict.
        conflict: ConflictId,
    },
    /// A large answer has come this far. When all of it is here, or the connection with the peer
    /// ends, there is nothing more to show.
    Progress(SyncProgress),
    /// The first exchange over a new connection is complete: we have all that the peer had.
    InSync {
        /// Which peer.
        node: NodeId,
    },
    /// Somebody shows a genuine ticket of ours: count its use, and answer with
    /// [`Input::Redeemed`].
    Redeem {
        /// Who.
        node: NodeId,
        /// Which ticket, and what it is good for.
        grant: TicketGrant,
    },
    /// Something about who may do what.
    Access(AccessEvent),
}

/// Whether we talk to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Online,
    Offline,
    Shut,
}

/// The protocol's state on one replica.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    gate: Gate,
    own: OwnPresence,
    random: StdRng,
    peers: Crowd,
    /// Participants whom we hear of through others.
    distant: BTreeMap<NodeId, Distant>,
    history: History,
    tree: Tree,
    /// Who chooses our neighbours, if not we.
    overlay: Option<Overlay>,
    reach: Reach,
    next_heartbeat: Option<Duration>,
    /// Whether updates are gathered, to be imported at once, and those that were.
    gathering: bool,
    gathered: Vec<(Arrival, Vec<Vec<u8>>)>,
    /// When something was handled last.
    handled_at: Duration,
    /// Bytes of updates that may be on their way to one peer.
    queue_limit: usize,
    /// Operations that one of several updates of an answer has, about.
    slice: usize,
    outputs: Vec<Output>,
    #[cfg(any(test, feature = "sim"))]
    sabotage: Option<Sabotage>,
}

impl Session {
    /// Starts without any peer. The same seed and the same inputs give the same outputs.
    pub fn new(mut config: SessionConfig, seed: u64) -> Self {
        config.user = clean_user(config.node, &config.user);
        config.address = trim_address(config.address);
        let end = config.title.floor_char_boundary(MAX_TITLE);
        config.title.truncate(end);
        let access = std::mem::take(&mut config.access);
        let (gate, first_roster) = Gate::new(access, config.document, config.node);
        let first_roster = first_roster.map(|roster| AccessEvent::RosterChanged(Box::new(roster)));
        Self {
            gate,
            own: OwnPresence::new(config.user.clone()),
            config,
            random: StdRng::seed_from_u64(seed),
            peers: Crowd::default(),
            distant: BTreeMap::new(),
            history: History::default(),
            tree: Tree::default(),
            overlay: None,
            reach: Reach::Online,
            next_heartbeat: None,
            gathering: false,
            gathered: Vec::new(),
            handled_at: Duration::ZERO,
            queue_limit: MAX_ON_THEIR_WAY,
            slice: SLICE,
            outputs: first_roster.map(Output::Access).into_iter().collect(),
            #[cfg(any(test, feature = "sim"))]
            sabotage: None,
        }
    }

    /// Sets how many bytes of updates may be on their way to one peer, instead of
    /// [`MAX_ON_THEIR_WAY`]. A peer that reads more slowly than others write gets nothing new
    /// beyond, and one update with all that it missed when it has caught up.
    pub fn set_queue_limit(&mut self, bytes: usize) {
        self.queue_limit = bytes;
    }

    /// Sets into pieces of about how many operations a large answer is cut, instead of 2,000. A
    /// peer that has a part of the document already gets such an answer piece by piece, so that
    /// what its person types can come in between.
    pub fn set_slice(&mut self, operations: usize) {
        self.slice = operations.max(1);
    }

    /// Returns our own replica's id.
    pub fn node(&self) -> NodeId {
        self.config.node
    }

    /// Returns where others can dial us.
    pub fn address(&self) -> &PeerAddress {
        &self.config.address
    }

    /// Returns the document that we hold, if we hold one yet.
    pub fn document(&self) -> Option<DocumentId> {
        self.config.document
    }

    /// Takes in what happened, and returns what must happen next, in this order.
    ///
    /// `now` never goes back. `replica` is always the same document.
    pub fn handle<R: Replica>(
        &mut self,
        input: Input,
        now: Duration,
        replica: &mut R,
    ) -> Vec<Output> {
        self.start(now, replica);
        self.take(input, now, replica);
        std::mem::take(&mut self.outputs)
    }

    /// Takes in several things that happened, in this order, and returns what must happen next.
    ///
    /// New operations that came from one peer are imported at once, which costs much less than
    /// one update after the other when many people write. Hand in what has gathered while the
    /// last was handled; do not wait for more.
    pub fn handle_batch<R: Replica>(
        &mut self,
        inputs: impl IntoIterator<Item = Input>,
        now: Duration,
        replica: &mut R,
    ) -> Vec<Output> {
        self.start(now, replica);
        self.gathering = true;
        for input in inputs {
            let gathers = matches!(
                input,
                Input::Received {
                    message: Message::UpdateBatch(_)
                        | Message::UpdateRelay(_)
                        | Message::PresenceUpdate(_)
                        | Message::PresenceRelay(_),
                    ..
                } | Input::RoundTrip { .. }
            );
            if !gathers {
                self.import_gathered(now, replica);
            }
            self.take(input, now, replica);
        }
        self.gathering = false;
        self.import_gathered(now, replica);
        std::mem::take(&mut self.outputs)
    }

    fn start<R: Replica>(&mut self, now: Duration, replica: &R) {
        self.history.start(replica);
        self.notice_sleep(now);
    }

    fn take<R: Replica>(&mut self, input: Input, now: Duration, replica: &mut R) {
        match input {
            Input::LocalUpdate { spans, updates } => {
                self.local_update(&spans, updates, now, replica);
            }
            Input::DocumentChanged => self.refresh(now, replica),
            Input::Dial(address) => self.request(address, now),
            Input::Forget(node) => self.forget(node, now),
            Input::Neighbours(nodes) => self.neighbours(nodes, now),
            Input::DialFailed { node, error } => self.dial_failed(node, error, now),
            Input::Opened {
                node,
                connection,
                address,
                binding,
            } => self.opened(
                NewLink {
                    node,
                    connection,
                    address,
                    binding,
                },
                now,
            ),
            Input::Received {
                connection,
                message,
            } => self.received(connection, message, now, replica),
            Input::Closed { connection, reason } => self.closed(connection, reason, now),
            Input::RoundTrip { connection, rtt } => self.round_trip(connection, rtt),
            Input::Answer { node, answer } => self.answered(node, answer, now),
            Input::Redeemed { node, role, result } => self.redeemed(node, role, result, now),
            Input::Hold(ticket) => {
                let node = ticket.grant.statement.node;
                self.gate.tickets.insert(node, *ticket);
            }
            Input::Govern(decree) => self.govern(decree, now),
            Input::LocalPresence(presence) => self.local_presence(presence, now),
            Input::Call => self.call(),
            Input::Announce(notification) => self.announce(&notification),
            Input::AddressChanged(address) => self.config.address = trim_address(address),
            Input::Offline => self.go_offline(Reach::Offline, now),
            Input::Online => self.go_online(now),
            Input::Woke => self.woke(now),
            Input::Shutdown => self.go_offline(Reach::Shut, now),
            Input::Tick => self.tick(now, replica),
        }
    }

    /// Returns when to hand in [`Input::Tick`] at the latest. Ask again after each input.
    pub fn next_tick(&self) -> Option<Duration> {
        let session = [
            self.next_heartbeat,
            self.own
                .deadline()
                .filter(|_| self.next_heartbeat.is_some()),
            self.history.deadline(),
            self.tree.deadline(),
        ];
        earliest(
            session
                .into_iter()
                .chain(self.peers.iter().map(Peer::deadline))
                .chain(self.distant.values().map(Distant::deadline)),
        )
    }

    /// Returns all peers that are known, in the order of their ids.
    pub fn peers(&self) -> impl Iterator<Item = PeerView> {
        self.peers
            .iter()
            .filter(|peer| peer.wish != Wish::Unwanted || peer.state != PeerState::Disconnected)
            .map(|peer| peer.view(self.history.version()))
    }

    /// Hands a message to whoever handles its kind. What breaks the protocol ends the connection
    /// that it came over, and nothing else.
    fn received<R: Replica>(
        &mut self,
        connection: ConnectionId,
        message: Message,
        now: Duration,
        replica: &mut R,
    ) {
        let Some(node) = self.heard(connection, now) else {
            return;
        };
        if let Err(reason) = self.spend(node, &message, now) {
            return self.close(node, reason, now);
        }
        if self.is_too_early(node, &message) {
            return;
        }
        let result = match message {
            Message::Hello(hello) => self.hello(node, hello, now),
            Message::Challenge { nonce } => self.challenge(node, nonce),
            Message::Prove(prove) => self.prove(node, *prove, now),
            Message::Waiting { asked } => self.waiting(node, &asked, now),
            Message::Roster(roster) => self.newer_roster(node, *roster, now),
            Message::Admission(admission) => self.admission(node, *admission, now),
            Message::Welcome(welcome) => self.welcome(node, welcome, now),
            Message::Denied(denied) => self.denied(node, &denied, now),
            Message::SyncRequest {
                version_vector,
                received,
                waiting,
            } => match decode_version(&version_vector) {
                Some(version) => {
                    let question = Question {
                        version,
                        received,
                        waiting,
                    };
                    self.sync_request(node, &question, now, replica)
                }
                None => Err(CloseReason::Protocol),
            },
            Message::SyncResponse(part) => self.update(node, Stretch::Response, part, now, replica),
            Message::UpdateBatch(part) => self.update(node, Stretch::Batch, part, now, replica),
            Message::UpdateRelay(relay) => self.update_relay(node, relay, now, replica),
            Message::Prune => self.pruned(node),
            Message::Graft => self.grafted(node),
            Message::Announcement(news) => self.announced(node, &news, now),
            Message::PresenceUpdate(update) => self.presence_update(node, update, now),
            Message::UserJoined(member) => self.user_joined(node, member, now),
            Message::UserLeft { node: gone } => self.user_left(node, gone),
            Message::Heartbeat { digest, received } => {
                self.heartbeat(node, digest, received, now, replica)
            }
            Message::ContentDigest(digest) => self.content_digest(node, digest, now, replica),
            Message::ConflictNotification(notification) => self.conflict(node, &notification),
            Message::SyncAhead { operations } => self.sync_ahead(node, operations),
            Message::PresenceRelay(relay) => self.presence_relay(node, *relay, now),
            Message::Call => self.called(node, now),
        };
        if let Err(reason) = result {
            self.close(node, reason, now);
        }
    }

    fn send(&mut self, connection: ConnectionId, message: Message) {
        self.outputs.push(Output::Send {
            connection,
            message,
        });
    }

    /// Returns the peer's link if both sides have welcomed each other.
    fn open_link(&mut self, node: NodeId) -> Result<&mut Link, CloseReason> {
        self.peers
            .get_mut(&node)
            .and_then(Peer::open_link_mut)
            .ok_or(CloseReason::Protocol)
    }
}

#[cfg(test)]
mod tests;
