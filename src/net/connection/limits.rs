//! What one peer may take of this machine, apart from the sizes of messages.
//!
//! QUIC's own windows, in the endpoint's configuration, bound what lies unread in its buffers.

use std::time::Duration;

use crate::net::message::{MAX_FRAME, MAX_HANDSHAKE_SECONDS};

/// How long a peer may take to introduce itself.
pub(crate) const INTRODUCTION: Duration = Duration::from_secs(MAX_HANDSHAKE_SECONDS);
/// Bytes of updates that may wait for one peer, unless the application says otherwise. Answers to
/// a sync request come on top: they are what repairs a peer that fell behind, and there is never
/// more than one on its way.
pub(crate) const MAX_QUEUED: usize = 16 * 1024 * 1024;

/// What one stream of one peer may keep waiting to be handled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamLimits {
    /// Bytes of a message at most.
    pub(crate) message: usize,
    /// Messages at most. The reader stops there, and QUIC's flow control stops the peer.
    pub(crate) waiting: usize,
    /// Bytes of those messages at most.
    pub(crate) waiting_bytes: usize,
}

/// The stream of everything but presence.
pub(crate) const SYNC: StreamLimits = StreamLimits {
    message: MAX_FRAME,
    waiting: 64,
    waiting_bytes: 4 * MAX_FRAME,
};

/// The stream of presence: two anchors each, and a person or two at most.
pub(crate) const PRESENCE: StreamLimits = StreamLimits {
    message: 8 * 1024,
    waiting: 64,
    waiting_bytes: 64 * 1024,
};
