//! Every message of the wire, and how large each may be.
//!
//! Messages are postcard, one to a frame. postcard does not describe itself, so a new message goes
//! at the end of [`Message`] and a new field into a new message; the major version lives in the
//! ALPN, minor abilities in [`Hello::minor_version`].

mod codec;

pub use codec::{MessageError, parts};

use serde::{Deserialize, Serialize};

use crate::net::{
    event::{Reason, UserInfo},
    node::{DocumentId, NodeId, PeerAddress},
};

/// Bytes of one frame's payload at most.
pub const MAX_FRAME: usize = 256 * 1024;
/// Bytes of one update or answer to a sync request at most, after its parts are put together.
pub const MAX_UPDATE: usize = 512 * 1024 * 1024;
/// Bytes of the document's title at most.
pub const MAX_TITLE: usize = 1024;
/// Bytes of an encoded anchor at most.
pub const MAX_ANCHOR: usize = 64;
/// Members that a welcome names at most.
pub const MAX_MEMBERS: usize = 256;
/// Bytes of a participant's name, or of the address of their picture, at most, as they travel.
pub const MAX_NAME: usize = 1024;
/// Socket addresses of one replica at most.
pub const MAX_DIRECT_ADDRESSES: usize = 32;
/// Bytes of a relay's URL at most.
pub const MAX_RELAY_URL: usize = 512;
/// What this program can do beyond the first version of the protocol.
pub const MINOR_VERSION: u16 = 0;

/// One message between two replicas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// The first message in both directions.
    Hello(Hello),
    /// The answer to a [`Hello`] that was accepted.
    Welcome(Welcome),
    /// The answer to a [`Hello`] that was not; the connection closes after it.
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
    /// Answers a sync request with exactly what was lacking.
    SyncResponse(Part),
    /// New operations, sent once to each peer.
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
    /// Sent every second by both sides.
    Heartbeat {
        /// Digest of everything that the sender has imported. A peer that has another digest
        /// while nothing is on its way asks for a sync.
        digest: u64,
        /// How many updates (batches and sync responses, counted when whole) the sender has
        /// received over this connection.
        received: u64,
    },
}

/// Who is calling, and about which document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Abilities beyond the ALPN's major version.
    pub minor_version: u16,
    /// The document that the sender has. `None`: it has none yet and takes the other's.
    pub document: Option<DocumentId>,
    /// What the document is called, such as the host's file name.
    pub title: String,
    /// The person at the sender's side.
    pub user: UserInfo,
    /// Where the sender can be dialled.
    pub address: PeerAddress,
}

/// The sender lets the receiver in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
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

/// A position that survives edits, as Loro encodes it, in at most [`MAX_ANCHOR`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireAnchor(pub Vec<u8>);

/// Why a replica ends a connection. Travels as the code of the transport's close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The replica goes away on purpose.
    Leaving,
    /// Another connection between the same two replicas takes over.
    Duplicate,
    /// The other replica may not come in.
    Denied,
    /// The other side broke the protocol, or sent what cannot be read.
    Protocol,
    /// The other side was silent for too long.
    Silent,
    /// The application does not want this peer any longer.
    Unwanted,
    /// There are too many peers already.
    Busy,
    /// The handshake has to be done anew, because the replica took over a document meanwhile.
    Renew,
    /// The replica could not read its own document.
    Failed,
}

/// Every reason with its code on the wire and the words for it.
const CLOSE_REASONS: [(CloseReason, u32, &str); 9] = [
    (CloseReason::Leaving, 1, "the peer left"),
    (CloseReason::Duplicate, 2, "another connection took over"),
    (CloseReason::Denied, 3, "the peer did not let us in"),
    (
        CloseReason::Protocol,
        4,
        "the peer could not read what it received",
    ),
    (
        CloseReason::Silent,
        5,
        "the peer heard nothing for too long",
    ),
    (CloseReason::Unwanted, 6, "the peer ended the connection"),
    (CloseReason::Busy, 7, "the peer has too many connections"),
    (CloseReason::Renew, 8, "the peer starts the connection anew"),
    (
        CloseReason::Failed,
        9,
        "the peer could not read its document",
    ),
];

impl CloseReason {
    /// Returns the code that stands for this reason on the wire. 0 is never used: transports give
    /// it when a program ends without a word.
    pub fn code(self) -> u32 {
        self.row().1
    }

    /// Returns the reason for a code, if this version knows it.
    pub fn from_code(code: u32) -> Option<Self> {
        CLOSE_REASONS
            .iter()
            .find(|row| row.1 == code)
            .map(|row| row.0)
    }

    /// Describes the reason to the person at the closed side, without a full stop.
    pub fn text(self) -> &'static str {
        self.row().2
    }

    /// Returns how the closed side should report the end of the connection.
    pub fn seen_from_other_side(self) -> Reason {
        match self {
            Self::Leaving => Reason::Left,
            Self::Denied => Reason::Denied(self.text().to_owned()),
            Self::Unwanted => Reason::Denied(self.text().to_owned()),
            Self::Duplicate
            | Self::Protocol
            | Self::Silent
            | Self::Busy
            | Self::Renew
            | Self::Failed => Reason::Lost(self.text().to_owned()),
        }
    }

    fn row(self) -> (Self, u32, &'static str) {
        let position = self as usize;
        CLOSE_REASONS[position]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_reason_finds_its_own_row() {
        for (reason, code, text) in CLOSE_REASONS {
            assert_eq!(reason.code(), code);
            assert_eq!(reason.text(), text);
            assert_eq!(CloseReason::from_code(code), Some(reason));
        }
        assert_eq!(CloseReason::from_code(0), None);
    }
}
