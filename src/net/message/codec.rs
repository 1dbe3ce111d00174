//! Bytes to messages and back. Whatever comes from outside is measured here, before the session
//! looks at it.

use thiserror::Error;

use super::{
    MAX_ANCHOR, MAX_ANNOUNCED, MAX_CONFLICT, MAX_DIRECT_ADDRESSES, MAX_FRAME, MAX_HANDSHAKE,
    MAX_MEMBERS, MAX_NAME, MAX_RELAY_URL, MAX_TITLE, Member, Message, Part, PresenceUpdate,
};
use crate::net::{
    access::MAX_ROSTER,
    event::UserInfo,
    message::{Hello, WireAnchor},
    node::PeerAddress,
};

/// Bytes of a part's updates at most, so that the message around it fits a frame.
const MAX_PART: usize = MAX_FRAME - 64;
/// How many kinds of messages there are.
const KINDS: u32 = 24;

/// Why bytes are not a message that this version accepts.
#[derive(Debug, Error)]
pub enum MessageError {
    /// The bytes do not decode, or something follows the message.
    #[error("this is not a message")]
    Malformed(#[source] postcard::Error),
    /// The message is of a kind that a later minor version added. Its frame is to be skipped; the
    /// connection goes on.
    #[error("this version does not know messages of kind {kind}")]
    Unknown {
        /// The kind's number.
        kind: u32,
    },
    /// Bytes follow the message.
    #[error("{0} bytes follow the message")]
    Trailing(usize),
    /// Something is longer than it may be.
    #[error("{what} takes {size}, the limit is {limit}")]
    TooLarge {
        /// What is too long, such as "the title".
        what: &'static str,
        /// Its size: bytes, or entries of a list.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
}

impl Message {
    /// Reads a message from a frame's payload and checks every limit.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are not exactly one message, or if one of its parts is too large. A kind
    /// of a later minor version is [`MessageError::Unknown`], which is no reason to end the
    /// connection.
    pub fn decode(payload: &[u8]) -> Result<Self, MessageError> {
        within("the frame", payload.len(), MAX_FRAME)?;
        let (kind, _) =
            postcard::take_from_bytes::<u32>(payload).map_err(MessageError::Malformed)?;
        if kind >= KINDS {
            return Err(MessageError::Unknown { kind });
        }
        let (message, rest) =
            postcard::take_from_bytes::<Self>(payload).map_err(MessageError::Malformed)?;
        if !rest.is_empty() {
            return Err(MessageError::Trailing(rest.len()));
        }
        message.check()?;
        message.check_size(payload.len())?;
        Ok(message)
    }

    /// Writes a message as a frame's payload.
    ///
    /// # Errors
    ///
    /// Fails if the message breaks a limit, which the other side would end the connection for.
    pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
        self.check()?;
        let payload = postcard::to_stdvec(self).map_err(MessageError::Malformed)?;
        within("the frame", payload.len(), MAX_FRAME)?;
        self.check_size(payload.len())?;
        Ok(payload)
    }

    /// Strangers say what they have to say in few words.
    fn check_size(&self, size: usize) -> Result<(), MessageError> {
        match self {
            Self::Hello(_) | Self::Challenge { .. } | Self::Prove(_) => {
                within("the handshake", size, MAX_HANDSHAKE)
            }
            _ => Ok(()),
        }
    }

    fn check(&self) -> Result<(), MessageError> {
        match self {
            Self::Hello(hello) => check_hello(hello),
            Self::Welcome(welcome) => {
                within("the title", welcome.title.len(), MAX_TITLE)?;
                let admissions = welcome.admissions.len();
                within("the list of admissions", admissions, MAX_ROSTER)?;
                within("the list of members", welcome.members.len(), MAX_MEMBERS)?;
                welcome.members.iter().try_for_each(check_member)
            }
            Self::Waiting { asked } => within("the name", asked.len(), MAX_NAME),
            Self::Denied(denied) => within("the refusal", denied.text.len(), MAX_TITLE),
            Self::PresenceUpdate(update) => check_presence(update),
            Self::UserJoined(member) => check_member(member),
            Self::PresenceRelay(relay) => {
                check_user(&relay.user)?;
                relay.update.iter().try_for_each(check_presence)
            }
            Self::ConflictNotification(notification) => {
                within("the conflict", notification.details.len(), MAX_CONFLICT)
            }
            Self::Announcement(announcement) => {
                let ends = announcement.ends.len();
                within("the announcement", ends, MAX_ANNOUNCED)
            }
            // The size of the frame is all there is to check.
            Self::SyncRequest { .. }
            | Self::SyncResponse(_)
            | Self::UpdateBatch(_)
            | Self::UserLeft { .. }
            | Self::Heartbeat { .. }
            | Self::ContentDigest(_)
            | Self::SyncAhead { .. }
            | Self::Challenge { .. }
            | Self::Prove(_)
            | Self::Roster(_)
            | Self::Admission(_)
            | Self::Call
            | Self::UpdateRelay(_)
            | Self::Prune
            | Self::Graft => Ok(()),
        }
    }
}

/// Cuts an update into parts that fit a frame each. There is always at least one.
pub fn parts(updates: Vec<u8>) -> Vec<Part> {
    if updates.len() <= MAX_PART {
        return vec![Part {
            last: true,
            updates,
        }];
    }
    let count = updates.len().div_ceil(MAX_PART);
    updates
        .chunks(MAX_PART)
        .enumerate()
        .map(|(index, piece)| Part {
            last: index + 1 == count,
            updates: piece.to_vec(),
        })
        .collect()
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<(), MessageError> {
    if size <= limit {
        return Ok(());
    }
    Err(MessageError::TooLarge { what, size, limit })
}

fn check_hello(hello: &Hello) -> Result<(), MessageError> {
    check_user(&hello.user)?;
    check_address(&hello.address)
}

fn check_member(member: &Member) -> Result<(), MessageError> {
    check_user(&member.user)?;
    check_address(&member.address)
}

fn check_presence(update: &PresenceUpdate) -> Result<(), MessageError> {
    for WireAnchor(bytes) in update.cursor.iter().chain(&update.selection_start) {
        within("an anchor", bytes.len(), MAX_ANCHOR)?;
    }
    update.user.iter().try_for_each(check_user)
}

fn check_user(user: &UserInfo) -> Result<(), MessageError> {
    within("the name", user.name.len(), MAX_NAME)?;
    within("the colour", user.color.len(), MAX_NAME)?;
    let avatar = user.avatar_url.as_ref().map_or(0, String::len);
    within("the picture's address", avatar, MAX_NAME)
}

fn check_address(address: &PeerAddress) -> Result<(), MessageError> {
    let direct = address.direct.len();
    within("the list of addresses", direct, MAX_DIRECT_ADDRESSES)?;
    let relay = address.relay.as_ref().map_or(0, String::len);
    within("the relay's address", relay, MAX_RELAY_URL)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::{
        access::{Admission, Role, Signed},
        message::{Announcement, Denied, DeniedCode, DocumentTag, UpdateRelay, Welcome},
        node::{DocumentId, NodeId},
        signature::SigningKey,
    };

    const NODE: NodeId = NodeId([5; 32]);

    #[test]
    fn kinds_of_the_future_are_told_apart_from_nonsense() {
        let last = Message::Announcement(Announcement { ends: Vec::new() });
        let mut bytes = last.encode().unwrap_or_default();
        assert_eq!(u32::from(bytes[0]), KINDS - 1, "the last kind is the last");
        bytes[0] += 1;
        assert!(matches!(
            Message::decode(&bytes),
            Err(MessageError::Unknown { kind: KINDS })
        ));
        // The number may take several bytes, and may be no number at all.
        assert!(matches!(
            Message::decode(&[0x80, 0x01]),
            Err(MessageError::Unknown { kind: 128 })
        ));
        for nonsense in [&[][..], &[0xff; 9]] {
            assert!(matches!(
                Message::decode(nonsense),
                Err(MessageError::Malformed(_))
            ));
        }
    }

    fn user(name: usize) -> UserInfo {
        UserInfo {
            name: "n".repeat(name),
            color: "#4ECDC4".to_owned(),
            avatar_url: None,
        }
    }

    fn member(direct: usize, relay: usize) -> Member {
        Member {
            address: PeerAddress {
                node: NODE,
                direct: vec![([127, 0, 0, 1], 1).into(); direct],
                relay: Some("r".repeat(relay)),
            },
            user: user(5),
        }
    }

    fn hello(name: usize) -> Message {
        Message::Hello(Hello {
            minor_version: 0,
            document: Some(DocumentTag([1; 32])),
            user: user(name),
            address: PeerAddress::unknown(NODE),
        })
    }

    /// Each part is within its limit, and all together are not.
    fn wordy_hello() -> Message {
        Message::Hello(Hello {
            minor_version: 0,
            document: None,
            user: UserInfo {
                name: "n".repeat(MAX_NAME),
                color: "c".repeat(MAX_NAME),
                avatar_url: Some("a".repeat(MAX_NAME)),
            },
            address: PeerAddress {
                direct: vec![([9; 16], 1000).into(); MAX_DIRECT_ADDRESSES],
                ..member(0, MAX_RELAY_URL).address
            },
        })
    }

    fn admission() -> Signed<Admission> {
        let admission = Admission {
            document: DocumentId([1; 32]),
            node: NODE,
            role: Role::Viewer,
            may_admit: false,
            epoch: u64::MAX,
            by: None,
        };
        Signed::new(admission, &SigningKey::from_bytes(&[1; 32]))
    }

    fn welcome(title: usize, members: Vec<Member>) -> Message {
        Message::Welcome(Box::new(Welcome {
            document: Some(DocumentId([1; 32])),
            title: "t".repeat(title),
            role: Role::Editor,
            roster: None,
            admissions: vec![admission()],
            members,
        }))
    }

    fn presence(anchor: usize) -> Message {
        Message::PresenceUpdate(PresenceUpdate {
            sequence: 1,
            cursor: Some(WireAnchor(vec![0; anchor])),
            selection_start: None,
            typing: true,
            away: false,
            user: None,
        })
    }

    fn batch(size: usize) -> Message {
        Message::UpdateBatch(Part {
            last: true,
            updates: vec![1; size],
        })
    }

    fn relay(size: usize) -> Message {
        Message::UpdateRelay(UpdateRelay {
            detour: true,
            part: Part {
                last: true,
                updates: vec![1; size],
            },
        })
    }

    fn announcement(ends: usize) -> Message {
        Message::Announcement(Announcement {
            ends: vec![(u64::MAX, i32::MIN); ends],
        })
    }

    #[test]
    fn messages_at_their_limits_survive_the_wire() {
        for message in [
            hello(MAX_NAME),
            welcome(MAX_TITLE, vec![member(1, 20); MAX_MEMBERS]),
            Message::Challenge { nonce: [7; 32] },
            Message::Prove(Box::default()),
            Message::Waiting {
                asked: "a".repeat(MAX_NAME),
            },
            Message::Admission(Box::new(admission())),
            Message::UserJoined(member(MAX_DIRECT_ADDRESSES, MAX_RELAY_URL)),
            Message::Denied(Denied {
                code: DeniedCode::OtherDocument,
                text: "no".to_owned(),
            }),
            presence(MAX_ANCHOR),
            batch(MAX_PART),
            Message::SyncRequest {
                version_vector: vec![1; 100],
                received: u64::MAX,
                waiting: true,
            },
            Message::Heartbeat {
                digest: u64::MAX,
                received: 3,
            },
            relay(MAX_PART),
            Message::Prune,
            Message::Graft,
            announcement(MAX_ANNOUNCED),
        ] {
            let Ok(payload) = message.encode() else {
                panic!("{message:?} cannot be written");
            };
            assert!(payload.len() <= MAX_FRAME);
            assert_eq!(Message::decode(&payload).ok(), Some(message));
        }
    }

    #[test]
    fn messages_over_their_limits_are_refused_on_both_sides() {
        for (message, what) in [
            (welcome(MAX_TITLE + 1, vec![]), "the title"),
            (hello(MAX_NAME + 1), "the name"),
            (wordy_hello(), "the handshake"),
            (
                Message::UserJoined(member(MAX_DIRECT_ADDRESSES + 1, 1)),
                "the list of addresses",
            ),
            (
                Message::UserJoined(member(1, MAX_RELAY_URL + 1)),
                "the relay's address",
            ),
            (
                welcome(1, vec![member(0, 0); MAX_MEMBERS + 1]),
                "the list of members",
            ),
            (presence(MAX_ANCHOR + 1), "an anchor"),
            (batch(MAX_FRAME), "the frame"),
            (announcement(MAX_ANNOUNCED + 1), "the announcement"),
        ] {
            let payload = postcard::to_stdvec(&message).unwrap_or_default();
            for result in [message.encode().err(), Message::decode(&payload).err()] {
                assert!(
                    matches!(result, Some(MessageError::TooLarge { what: found, .. }) if found == what),
                    "{what}: {result:?}"
                );
            }
        }
    }

    #[test]
    fn a_frame_holds_one_message_and_nothing_else() {
        let mut payload = presence(3).encode().unwrap_or_default();
        payload.push(0);
        assert!(matches!(
            Message::decode(&payload),
            Err(MessageError::Trailing(1))
        ));
        for length in 0..payload.len() - 1 {
            assert!(Message::decode(&payload[..length]).is_err());
        }
    }

    #[test]
    fn a_caret_takes_few_bytes() {
        let payload = presence(30).encode().unwrap_or_default();
        assert!(payload.len() <= 40, "{}", payload.len());
    }

    #[test]
    fn updates_are_cut_and_put_together() {
        for size in [0, 1, MAX_PART, MAX_PART + 1, 3 * MAX_PART, 3 * MAX_PART + 7] {
            let updates: Vec<u8> = (0..size).map(|index| index as u8).collect();
            let parts = parts(updates.clone());
            assert_eq!(parts.len(), size.div_ceil(MAX_PART).max(1));
            let (last, others) = parts
                .split_last()
                .map_or((None, &[][..]), |(last, others)| (Some(last), others));
            assert!(last.is_some_and(|part| part.last));
            assert!(others.iter().all(|part| !part.last));
            let whole: Vec<u8> = parts.into_iter().flat_map(|part| part.updates).collect();
            assert_eq!(whole, updates);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(payload in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(message) = Message::decode(&payload) {
                prop_assert!(message.encode().is_ok());
            }
        }
    }
}
