//! Every message of the wire, and how large each may be.
//!
//! Messages are postcard, one to a frame. postcard does not describe itself, so a new message goes
//! at the end of [`Message`] and a new field into a new message; the major version lives in the
//! ALPN, minor abilities in [`Hello::minor_version`]. A message of a kind that this version does
//! not know is skipped: see [`MessageError::Unknown`].

mod close;
mod codec;
mod conflict;
mod limits;

pub use close::CloseReason;
pub use codec::{MessageError, parts};
pub use conflict::{ConflictKind, ConflictNotification, Divergence};
pub use limits::*;

use serde::{Deserialize, Serialize};

use crate::net::{
    access::{Admission, Role, Roster, Signed},
    event::UserInfo,
    node::{DocumentId, NodeId, PeerAddress},
    signature::Signature,
    ticket::TicketProof,
};

/// What this program can do beyond the first version of the protocol.
///
/// 1: unknown kinds of messages are skipped. 2: an answer may come in several updates. 3: people
/// can be asked to come. 4: what others wrote is passed on over a tree of links.
pub const MINOR_VERSION: u16 = 4;

/// One message between two replicas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// The first message in both directions.
    Hello(Hello),
    /// The answer to a [`Prove`] that was accepted.
    Welcome(Box<Welcome>),
    /// The answer to a [`Hello`] or [`Prove`] that was not; the connection closes after it.
    Denied(Denied),
    /// Asks for what the sender lacks.
    SyncRequest {
        /// What the sender has, as Loro encodes it.
        version_vector: Vec<u8>,
        /// How many updates the sender has received over this connection; later ones are still
        /// on their way and need not be sent again.
        received: u64,
        /// Whether operations that the sender received over this connection wait for others at
        /// its side. They are not in its version vector, and need not be sent again either.
        waiting: bool,
    },
    /// Answers a sync request with exactly what was lacking, or with the rest of it after a
    /// [`SyncAhead`](Self::SyncAhead).
    SyncResponse(Part),
    /// New operations, sent once to each peer. From minor version 4 on they are the sender's own,
    /// or belong to an answer; those of others come as [`UpdateRelay`](Self::UpdateRelay).
    UpdateBatch(Part),
    /// What the sender's participant is doing. Travels on the presence stream.
    PresenceUpdate(PresenceUpdate),
    /// Introduces a member to the others, so that they can connect to each other.
    UserJoined(Member),
    /// A member is gone, as far as the sender can tell.
    UserLeft {
        /// Which one.
        node: NodeId,
    },
    /// Sent every second by both sides; every two seconds when both have had the same for a while.
    Heartbeat {
        /// Digest of everything that the sender has imported. A peer that has another digest
        /// while nothing is on its way asks for a sync.
        digest: u64,
        /// How many updates (batches and sync responses, counted when whole) the sender has
        /// received over this connection.
        received: u64,
    },
    /// What the sender's document holds, told when nothing has changed for a while.
    ContentDigest(ContentDigest),
    /// Something happened to the document that a person should look at.
    ConflictNotification(ConflictNotification),
    /// What a participant is doing who is not connected to the receiver. Travels on the presence
    /// stream.
    PresenceRelay(Box<PresenceRelay>),
    /// The answer to a sync request comes in several updates, each of which depends on nothing
    /// that comes later: batches, and the response last. Comes before all of them.
    SyncAhead {
        /// How many operations the answer has.
        operations: u64,
    },
    /// The answer to a [`Hello`]: what the proof must be made for.
    Challenge {
        /// Random, and used once.
        nonce: [u8; 32],
    },
    /// The answer to a challenge.
    Prove(Box<Prove>),
    /// The answer to a [`Prove`], said again every second, while a person is asked.
    Waiting {
        /// Who is asked.
        asked: String,
    },
    /// A newer list of members.
    Roster(Box<Signed<Roster>>),
    /// Somebody was let in by a member.
    Admission(Box<Signed<Admission>>),
    /// The sender's participant asks the receiver's to come to where their caret is.
    Call,
    /// New operations of others, passed on.
    UpdateRelay(UpdateRelay),
    /// What the sender passed on was here already: over this link it need only be announced.
    Prune,
    /// What others write is to be passed on over this link again.
    Graft,
    /// What the sender has and has not passed on over this link.
    Announcement(Announcement),
}

impl Message {
    /// Returns how many bytes of new operations the message carries. An answer to a question has a
    /// limit of its own.
    pub(crate) fn news_size(&self) -> usize {
        match self {
            Self::UpdateBatch(part) => part.updates.len(),
            Self::UpdateRelay(relay) => relay.part.updates.len(),
            Self::Hello(_)
            | Self::Welcome(_)
            | Self::Denied(_)
            | Self::SyncRequest { .. }
            | Self::SyncResponse(_)
            | Self::PresenceUpdate(_)
            | Self::PresenceRelay(_)
            | Self::UserJoined(_)
            | Self::UserLeft { .. }
            | Self::Heartbeat { .. }
            | Self::ContentDigest(_)
            | Self::ConflictNotification(_)
            | Self::SyncAhead { .. }
            | Self::Challenge { .. }
            | Self::Prove(_)
            | Self::Waiting { .. }
            | Self::Roster(_)
            | Self::Admission(_)
            | Self::Call
            | Self::Prune
            | Self::Graft
            | Self::Announcement(_) => 0,
        }
    }

    /// Returns whether the message travels on the presence stream, apart from all others.
    pub fn is_presence(&self) -> bool {
        match self {
            Self::PresenceUpdate(_) | Self::PresenceRelay(_) => true,
            Self::Hello(_)
            | Self::Welcome(_)
            | Self::Denied(_)
            | Self::SyncRequest { .. }
            | Self::SyncResponse(_)
            | Self::UpdateBatch(_)
            | Self::UserJoined(_)
            | Self::UserLeft { .. }
            | Self::Heartbeat { .. }
            | Self::ContentDigest(_)
            | Self::ConflictNotification(_)
            | Self::SyncAhead { .. }
            | Self::Challenge { .. }
            | Self::Prove(_)
            | Self::Waiting { .. }
            | Self::Roster(_)
            | Self::Admission(_)
            | Self::Call
            | Self::UpdateRelay(_)
            | Self::Prune
            | Self::Graft
            | Self::Announcement(_) => false,
        }
    }
}

/// Who is calling, and about which document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Abilities beyond the ALPN's major version.
    pub minor_version: u16,
    /// Names the document that the sender has, for who knows it already. `None`: it has none yet
    /// and takes the other's.
    pub document: Option<DocumentTag>,
    /// The person at the sender's side.
    pub user: UserInfo,
    /// Where the sender can be dialled.
    pub address: PeerAddress,
}

/// A document's name on one connection and in one direction. It tells nothing to somebody who does
/// not know the document's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTag(pub [u8; 32]);

/// The sender is who it says it is, and shows why it should be let in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prove {
    /// The sender's signature, with its node key, of this connection, both sides and the document.
    /// `None`: the sender does not have its key at hand, and hopes that nobody asks for it.
    pub signature: Option<Signature>,
    /// By whom the sender was let in, if that is newer than the roster that it knows.
    pub admission: Option<Signed<Admission>>,
    /// A ticket that the receiver issued.
    pub ticket: Option<TicketProof>,
}

/// The sender lets the receiver in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// The document that the sender has. `None`: it has none yet and takes the receiver's.
    pub document: Option<DocumentId>,
    /// What the document is called, such as the host's file name.
    pub title: String,
    /// What the receiver is to the document, as far as the sender knows.
    pub role: Role,
    /// Who takes part, if the document's owner keeps a list.
    pub roster: Option<Signed<Roster>>,
    /// Who else was let in, the receiver perhaps.
    pub admissions: Vec<Signed<Admission>>,
    /// The other members that the sender is connected to.
    pub members: Vec<Member>,
}

/// The sender does not let the receiver in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denied {
    /// Why, for programs.
    pub code: DeniedCode,
    /// Why, as a sentence for a person.
    pub text: String,
}

/// Why a replica was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeniedCode {
    /// The two replicas hold different documents.
    OtherDocument,
    /// The message before was not what the protocol expects there.
    Protocol,
    /// The receiver's document is not known here, its proof is not right, or it was blocked: from
    /// outside these cannot be told apart.
    Refused,
    /// A person was asked and said no, or gave no answer.
    NotWanted,
    /// Nobody comes in without a ticket.
    NoTicket,
    /// The ticket is good no longer.
    Ticket,
    /// Nobody here may let others in.
    AskOwner,
    /// The receiver was let in before, and is not any more.
    Removed,
}

impl DeniedCode {
    /// Returns the sentence for the person who is not let in, without a full stop.
    pub fn text(self) -> &'static str {
        match self {
            Self::OtherDocument => "the two sides hold different documents",
            Self::Protocol => "the other side does not understand this program",
            Self::Refused => "it does not let you in, or shares another document",
            Self::NotWanted => "you were not let in",
            Self::NoTicket => "nobody comes in there without a ticket",
            Self::Ticket => "the ticket is good no longer",
            Self::AskOwner => "nobody there may let others in: ask the document's owner",
            Self::Removed => "you are not a member of this document any more",
        }
    }
}

/// A replica that takes part, with its person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Where it can be dialled.
    pub address: PeerAddress,
    /// The person.
    pub user: UserInfo,
}

/// A piece of an update. Whatever fits one frame travels as a single last part; a larger update is
/// cut, and nothing else of the same kind comes between its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Whether the update is whole with this part.
    pub last: bool,
    /// Bytes as Loro exported them.
    pub updates: Vec<u8>,
}

/// Operations that the sender did not write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpdateRelay {
    /// Whether they came over a link that is not in the tree, or in an answer. That such an update
    /// comes twice does not mean that a link is needless.
    pub detour: bool,
    /// The operations.
    pub part: Part,
}

/// How far the sender's document is, for those Loro peers of whom the receiver may lack something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Loro peers, each with the number of the first operation that is not there.
    pub ends: Vec<(u64, i32)>,
}

/// What a participant is doing. Never stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PresenceUpdate {
    /// Grows with each update of one sender; an older number is ignored.
    pub sequence: u64,
    /// Where the caret is.
    pub cursor: Option<WireAnchor>,
    /// The other end of the selection, where selecting began. `None`: nothing is selected.
    pub selection_start: Option<WireAnchor>,
    /// Whether the participant is typing.
    pub typing: bool,
    /// Whether the participant is away.
    pub away: bool,
    /// Who the participant is, if that changed since the handshake.
    pub user: Option<UserInfo>,
}

/// What somebody's participant is doing, passed on by a replica in between.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PresenceRelay {
    /// Whose participant.
    pub author: NodeId,
    /// Who that is.
    pub user: UserInfo,
    /// What the author said, with the author's own number. `None`: the author is gone.
    pub update: Option<PresenceUpdate>,
}

/// A version of the document and what it looks like. Two replicas with the same version and
/// another content have diverged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentDigest {
    /// Digest of the version, as in a heartbeat.
    pub version: u64,
    /// Hash of everything that the document holds at this version.
    pub content: u64,
}

/// A position that survives edits, as Loro encodes it, in at most [`MAX_ANCHOR`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireAnchor(pub Vec<u8>);
