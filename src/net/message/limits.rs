//! How large and how many everything may be: the constants, and one table of them all.

use super::CloseReason;

/// Bytes of one frame's payload at most.
pub const MAX_FRAME: usize = 256 * 1024;
/// Bytes of one update or answer to a sync request at most, after its parts are put together.
pub const MAX_UPDATE: usize = 512 * 1024 * 1024;
/// Bytes of the document's title at most.
pub const MAX_TITLE: usize = 1024;
/// Bytes of an encoded anchor at most: of one in a container with the longest name.
pub const MAX_ANCHOR: usize = 144;
/// Members that a welcome names at most.
pub const MAX_MEMBERS: usize = 256;
/// Bytes of a participant's name, or of the address of their picture, at most, as they travel.
pub const MAX_NAME: usize = 1024;
/// Socket addresses of one replica at most.
pub const MAX_DIRECT_ADDRESSES: usize = 32;
/// Bytes of a relay's URL at most.
pub const MAX_RELAY_URL: usize = 512;
/// Bytes of the details of a conflict at most.
pub const MAX_CONFLICT: usize = 4096;
/// Loro peers that one announcement names at most.
pub const MAX_ANNOUNCED: usize = 1024;
/// Bytes of new updates on their way to one peer at most; beyond, the peer gets one update with
/// all that it missed, once it has read what was sent.
pub const MAX_ON_THEIR_WAY: usize = 8 * 1024 * 1024;
/// Messages per second that one peer may send for long; answers that we asked for do not count.
pub const MAX_MESSAGES_PER_SECOND: u32 = 20_000;
/// Messages that a peer may send at once after it was quiet.
pub const MESSAGES_SAVED: u32 = 100_000;
/// Bytes of updates per second that one peer may send for long, without answers.
pub const MAX_BYTES_PER_SECOND: u64 = 64 * 1024 * 1024;
/// Bytes of updates that a peer may send at once after it was quiet: one update of the largest
/// kind, and more.
pub const BYTES_SAVED: u64 = MAX_UPDATE as u64 + MAX_BYTES_PER_SECOND;
/// Sync requests per second that one peer may send for long: each costs an export.
pub const MAX_QUESTIONS_PER_SECOND: u32 = 1;
/// Sync requests that a peer may send at once after it was quiet.
pub const QUESTIONS_SAVED: u32 = 30;
/// Bytes of updates from one peer that may wait inside the document for others. Beyond, we ask for
/// all of it again in order; beyond twice as much, the connection ends.
pub const MAX_PENDING: usize = 4 * 1024 * 1024;
/// Connections at most, and peers that are kept in mind.
pub const MAX_CONNECTIONS: usize = MAX_MEMBERS;
/// Connections at most on which the handshake is not done.
pub const MAX_UNINTRODUCED: usize = 32;
/// Seconds that the handshake may take.
pub const MAX_HANDSHAKE_SECONDS: u64 = 5;
/// Bytes of one message of the handshake at most, before the peer is let in.
pub const MAX_HANDSHAKE: usize = 4096;
/// Seconds that a person has to answer a knock.
pub const MAX_KNOCK_SECONDS: u64 = 300;
/// Knocks that wait for an answer at once at most.
pub const MAX_KNOCKS: usize = 8;
/// Seconds after a no in which the same node is turned away without a question.
pub const KNOCK_PAUSE_SECONDS: u64 = 30;
/// Streams that a peer may have open on one connection: sync and presence. QUIC makes it wait
/// before it can open more.
pub const MAX_STREAMS: u32 = 2;
/// Streams that a peer may open whose use is not known here, as a later version may. They are
/// refused one by one; beyond, the connection ends.
pub const MAX_UNKNOWN_STREAMS: usize = 16;

/// One limit, for pages of help and for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, and in which unit.
    pub what: &'static str,
    /// The most that is allowed.
    pub most: u64,
    /// With which code the connection ends that breaks it. `None`: what is too much is left out,
    /// shortened or made up for, and the connection goes on.
    pub reason: Option<CloseReason>,
}

const fn limit(what: &'static str, most: u64, reason: CloseReason) -> Limit {
    Limit {
        what,
        most,
        reason: Some(reason),
    }
}

const fn gentle(what: &'static str, most: u64) -> Limit {
    Limit {
        what,
        most,
        reason: None,
    }
}

/// All limits. What breaks one ends the connection that it came over, and touches nobody else.
pub const LIMITS: [Limit; 28] = [
    limit("bytes of a frame", MAX_FRAME as u64, CloseReason::Protocol),
    limit(
        "bytes of an update or a snapshot",
        MAX_UPDATE as u64,
        CloseReason::Protocol,
    ),
    limit("bytes of a title", MAX_TITLE as u64, CloseReason::Protocol),
    limit(
        "bytes of an anchor",
        MAX_ANCHOR as u64,
        CloseReason::Protocol,
    ),
    limit(
        "bytes of a name, a colour or a picture's address",
        MAX_NAME as u64,
        CloseReason::Protocol,
    ),
    limit(
        "bytes of a relay's URL",
        MAX_RELAY_URL as u64,
        CloseReason::Protocol,
    ),
    limit(
        "socket addresses of a replica",
        MAX_DIRECT_ADDRESSES as u64,
        CloseReason::Protocol,
    ),
    limit(
        "members in a welcome",
        MAX_MEMBERS as u64,
        CloseReason::Protocol,
    ),
    limit(
        "Loro peers in an announcement",
        MAX_ANNOUNCED as u64,
        CloseReason::Protocol,
    ),
    limit(
        "bytes of a conflict's details",
        MAX_CONFLICT as u64,
        CloseReason::Protocol,
    ),
    limit(
        "messages per second",
        MAX_MESSAGES_PER_SECOND as u64,
        CloseReason::Excess,
    ),
    limit(
        "messages at once",
        MESSAGES_SAVED as u64,
        CloseReason::Excess,
    ),
    limit(
        "bytes of updates per second",
        MAX_BYTES_PER_SECOND,
        CloseReason::Excess,
    ),
    limit("bytes of updates at once", BYTES_SAVED, CloseReason::Excess),
    limit(
        "sync requests per second",
        MAX_QUESTIONS_PER_SECOND as u64,
        CloseReason::Excess,
    ),
    limit(
        "sync requests at once",
        QUESTIONS_SAVED as u64,
        CloseReason::Excess,
    ),
    gentle(
        "bytes on their way before a peer is slow",
        MAX_ON_THEIR_WAY as u64,
    ),
    gentle(
        "bytes that wait for others before they are asked for",
        MAX_PENDING as u64,
    ),
    limit(
        "bytes that wait for others",
        2 * MAX_PENDING as u64,
        CloseReason::Excess,
    ),
    limit("connections", MAX_CONNECTIONS as u64, CloseReason::Busy),
    limit(
        "connections without a handshake",
        MAX_UNINTRODUCED as u64,
        CloseReason::Busy,
    ),
    limit(
        "seconds of a handshake",
        MAX_HANDSHAKE_SECONDS,
        CloseReason::Silent,
    ),
    gentle("streams open at once", MAX_STREAMS as u64),
    limit(
        "streams of unknown use",
        MAX_UNKNOWN_STREAMS as u64,
        CloseReason::Protocol,
    ),
    gentle("relayed participants", MAX_MEMBERS as u64),
    limit(
        "bytes of a message before a peer is let in",
        MAX_HANDSHAKE as u64,
        CloseReason::Protocol,
    ),
    limit("knocks at once", MAX_KNOCKS as u64, CloseReason::Denied),
    limit(
        "seconds until a knock is answered",
        MAX_KNOCK_SECONDS,
        CloseReason::Denied,
    ),
];
