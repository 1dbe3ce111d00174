//! Peers that speak another major version: they are told so, and so is our own application.
//!
//! The major version is the last digit of the ALPN, so such a peer would not get beyond the TLS
//! handshake, whose failure says little to a person. Where a router lets them in under their own
//! ALPN, they get a reason instead.

use std::sync::mpsc;

use iroh::{
    endpoint::Connection,
    protocol::{AcceptError, ProtocolHandler, RouterBuilder},
};

use super::{RealtimeLoroProtocol, wake::Wake};
use crate::net::{connection::close, message::CloseReason, node::NodeId};

/// The ALPNs of versions that may come, each refused.
const LATER_VERSIONS: [&[u8]; 8] = [
    b"iroh-loro-realtime/2",
    b"iroh-loro-realtime/3",
    b"iroh-loro-realtime/4",
    b"iroh-loro-realtime/5",
    b"iroh-loro-realtime/6",
    b"iroh-loro-realtime/7",
    b"iroh-loro-realtime/8",
    b"iroh-loro-realtime/9",
];

impl RealtimeLoroProtocol {
    /// Adds the protocol to a router: takes the connections of peers that speak the same version,
    /// and refuses those of other versions with a reason that their users can read. Here the
    /// refusal is seen as a [`ConnectionEvent`](crate::ConnectionEvent).
    ///
    /// Adding the protocol under [`ALPN`](Self::ALPN) alone works as well; other versions then
    /// fail during the TLS handshake.
    pub fn register(&self, router: RouterBuilder) -> RouterBuilder {
        let router = router.accept(Self::ALPN, self.clone());
        LATER_VERSIONS.into_iter().fold(router, |router, alpn| {
            let refusal = Refusal {
                wake: self.shared.wake.clone(),
            };
            router.accept(alpn, refusal)
        })
    }
}

/// Ends every connection with a reason.
#[derive(Clone, Debug)]
struct Refusal {
    wake: mpsc::Sender<Wake>,
}

impl ProtocolHandler for Refusal {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let node = NodeId::from(connection.remote_id());
        close(&connection, CloseReason::OtherVersion);
        // Nobody cares any more once the session has ended.
        let _ = self.wake.send(Wake::OtherVersion { node });
        Ok(())
    }
}
