//! What wakes the driver: everything that happens around a session, in one queue.

use iroh::{Endpoint, endpoint::Connection};
use tokio::sync::oneshot;

use super::error::ConnectError;
use crate::net::{
    connection::{DialError, FromLink, Streams},
    node::{NodeId, PeerAddress},
    session::Input,
};

/// Something happened.
pub(super) enum Wake {
    /// Somebody committed here; the bytes are Loro's.
    LocalUpdate(Vec<u8>),
    /// The application imported something by itself.
    DocumentChanged,
    /// The application says something that the session understands as it is.
    Input(Input),
    /// The application gives the endpoint to dial through.
    Attach(Endpoint),
    /// The application wants to know when a peer is in sync, or why it is not.
    Connect {
        address: PeerAddress,
        reply: oneshot::Sender<Result<(), ConnectError>>,
    },
    /// A peer dialled us.
    Incoming(Connection),
    /// A peer dialled us that speaks another version; it was told so.
    OtherVersion { node: NodeId },
    /// A dial, or the taking in of a connection that a peer dialled, came to its end.
    Settled {
        node: NodeId,
        /// Tells it from earlier attempts with the same peer.
        attempt: u64,
        result: Result<Streams, DialError>,
    },
    /// A connection has news.
    Link(FromLink),
    /// The session ends; the answer comes when everybody was told.
    Stop(Option<oneshot::Sender<()>>),
}
