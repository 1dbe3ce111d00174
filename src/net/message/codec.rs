//! Bytes to messages and back. Whatever comes from outside is measured here, before the session
//! looks at it.

use thiserror::Error;

use super::{
    MAX_ANCHOR, MAX_DIRECT_ADDRESSES, MAX_FRAME, MAX_MEMBERS, MAX_NAME, MAX_RELAY_URL, MAX_TITLE,
    Member, Message, Part, PresenceUpdate,
};
use crate::net::{
    event::UserInfo,
    message::{Hello, WireAnchor},
    node::PeerAddress,
};

/// Bytes of a part's updates at most, so that the message around it fits a frame.
const MAX_PART: usize = MAX_FRAME - 64;

/// Why bytes are not a message that this version accepts.
#[derive(Debug, Error)]
pub enum MessageError {
    /// The bytes do not decode, or something follows the message.
    #[error("this is not a message")]
    Malformed(#[source] postcard::Error),
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
    /// Fails if the bytes are not exactly one message, or if one of its parts is too large.
    pub fn decode(payload: &[u8]) -> Result<Self, MessageError> {
        within("the frame", payload.len(), MAX_FRAME)?;
        let (message, rest) =
            postcard::take_from_bytes::<Self>(payload).map_err(MessageError::Malformed)?;
        if !rest.is_empty() {
            return Err(MessageError::Trailing(rest.len()));
        }
        message.check()?;
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
        Ok(payload)
    }

    fn check(&self) -> Result<(), MessageError> {
        match self {
            Self::Hello(hello) => check_hello(hello),
            Self::Welcome(welcome) => {
                within("the list of members", welcome.members.len(), MAX_MEMBERS)?;
                welcome.members.iter().try_for_each(check_member)
            }
            Self::Denied(denied) => within("the refusal", denied.text.len(), MAX_TITLE),
            Self::PresenceUpdate(update) => check_presence(update),
            Self::UserJoined(member) => check_member(member),
            // The size of the frame is all there is to check.
            Self::SyncRequest { .. }
            | Self::SyncResponse(_)
            | Self::UpdateBatch(_)
            | Self::UserLeft { .. }
            | Self::Heartbeat { .. } => Ok(()),
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
    within("the title", hello.title.len(), MAX_TITLE)?;
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
