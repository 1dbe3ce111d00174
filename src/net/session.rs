//! The state machine of the protocol: what happened and the time go in, what must happen next
//! comes out.
//!
//! The session holds no socket, no timer and no document. Its driver reports everything as an
//! [`Input`] and carries out every [`Output`], in order; the document is reached through
//! [`Replica`] while an input is handled. Time is a [`Duration`] since any fixed start, and
//! randomness comes from the seed, so that a simulation can replay every run.

use std::time::Duration;

use loro::IdSpan;

use crate::net::{
    event::{ConnectionEvent, Reason, UserInfo},
    message::{CloseReason, Message},
    node::{DocumentId, NodeId, PeerAddress},
    peer::PeerView,
    presence::{LocalPresence, RemotePresence},
    replica::Replica,
};

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
    /// Our own participant moved, selected, typed, left the keyboard, or has another name.
    LocalPresence(LocalPresence),
    /// We can be dialled at another place now.
    AddressChanged(PeerAddress),
    /// Close all connections, and dial nobody until [`Input::Online`].
    Offline,
    /// Dial again.
    Online,
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
    /// The first exchange over a new connection is complete: we have all that the peer had.
    InSync {
        /// Which peer.
        node: NodeId,
    },
}

/// The protocol's state on one replica.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
}

impl Session {
    /// Starts without any peer. The same seed and the same inputs give the same outputs.
    pub fn new(config: SessionConfig, _seed: u64) -> Self {
        Self { config }
    }

    /// Returns our own replica's id.
    pub fn node(&self) -> NodeId {
        self.config.node
    }

    /// Takes in what happened, and returns what must happen next, in this order.
    ///
    /// `now` never goes back. `replica` is always the same document.
    pub fn handle<R: Replica>(
        &mut self,
        _input: Input,
        _now: Duration,
        _replica: &mut R,
    ) -> Vec<Output> {
        Vec::new()
    }

    /// Returns when to hand in [`Input::Tick`] at the latest. Ask again after each input.
    pub fn next_tick(&self) -> Option<Duration> {
        None
    }

    /// Returns all peers that are known, in the order of their ids.
    pub fn peers(&self) -> impl Iterator<Item = PeerView> {
        std::iter::empty()
    }
}
