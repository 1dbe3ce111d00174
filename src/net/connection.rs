//! One connection to a peer: making it, its two streams, and ending it with a reason.
//!
//! Of two simultaneous dials the one by the lower node id wins. The acceptor knows first which one
//! that is, so it opens the streams, and their first byte is its word that this connection is the
//! one to use; the dialler sends nothing before it has that word. One stream carries presence
//! alone, so that a large sync never delays a cursor. Knows messages only as things to carry.

mod dial;
pub(crate) mod limits;
mod link;
mod reader;

use std::time::Duration;

use iroh::endpoint::{Connection, ConnectionError, RecvStream, SendStream, VarInt};

use crate::net::{event::Reason, message::CloseReason};

pub(crate) use dial::{DialError, dial, open};
pub(crate) use limits::MAX_QUEUED;
pub(crate) use link::{FromLink, Link, Overflow, Received, Report};

/// How long a dial may take until the acceptor's word is there.
const DIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// The two streams of a connection that won.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) connection: Connection,
    sync: Channel,
    presence: Channel,
}

/// Both directions of one stream.
#[derive(Debug)]
struct Channel {
    send: SendStream,
    receive: RecvStream,
}

/// The first byte of a stream: what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Sync,
    Presence,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Self::Sync => 1,
            Self::Presence => 2,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::Sync, Self::Presence]
            .into_iter()
            .find(|purpose| purpose.byte() == byte)
    }
}

/// Ends a connection; the other side learns the reason.
pub(crate) fn close(connection: &Connection, reason: CloseReason) {
    connection.close(VarInt::from_u32(reason.code()), reason.text().as_bytes());
}

/// Returns the reason that the other side gave when it ended the connection.
fn peers_reason(error: &ConnectionError) -> Option<CloseReason> {
    let ConnectionError::ApplicationClosed(closed) = error else {
        return None;
    };
    let code = u32::try_from(closed.error_code.into_inner()).ok()?;
    CloseReason::from_code(code)
}

/// Returns how the end of a connection is reported to a person.
fn reason_of(error: &ConnectionError) -> Reason {
    match peers_reason(error) {
        Some(reason) => reason.seen_from_other_side(),
        None => Reason::Lost(words_of(error)),
    }
}

/// Returns a short phrase; what iroh itself would say is meant for its developers.
fn words_of(error: &ConnectionError) -> String {
    match error {
        ConnectionError::TimedOut => "nothing was heard from the peer any more".to_owned(),
        ConnectionError::Reset => "the peer was restarted".to_owned(),
        ConnectionError::LocallyClosed => "the connection was closed here".to_owned(),
        ConnectionError::ApplicationClosed(_) => "the peer ended without a word".to_owned(),
        ConnectionError::VersionMismatch
        | ConnectionError::TransportError(_)
        | ConnectionError::ConnectionClosed(_)
        | ConnectionError::CidsExhausted => error.to_string(),
    }
}
