//! One peer: its life, what it has, and when to dial it again.

use std::time::Duration;

use crate::net::{
    event::{PeerState, UserInfo},
    node::{NodeId, PeerAddress},
};

/// A peer as an application sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerView {
    /// Which replica.
    pub node: NodeId,
    /// The person behind it, once it introduced itself.
    pub user: Option<UserInfo>,
    /// Where it is in its life.
    pub state: PeerState,
    /// Where it can be dialled, as far as we know.
    pub address: PeerAddress,
    /// How long a byte takes to it and back, once measured.
    pub round_trip: Option<Duration>,
    /// Whether it left on its own will.
    pub left: bool,
    /// Whether we hold operations that it is not known to have.
    pub behind: bool,
    /// Why the last dial failed or the last connection ended, while there is none.
    pub last_error: Option<String>,
}

/// Decides about an incoming connection when both sides may have dialled at once: the connection
/// dialled by the lower node id wins, and both sides come to the same result.
///
/// `dialling` says whether the acceptor's own dial to the same peer is under way. If this returns
/// true, the acceptor keeps the connection, gives up its own dial, and speaks first; the dialler
/// takes that first byte as the word that its connection won. If it returns false, the acceptor
/// closes it with [`CloseReason::Duplicate`](crate::net::message::CloseReason::Duplicate), and
/// neither side reports a failure.
pub fn keeps_incoming(acceptor: NodeId, dialler: NodeId, dialling: bool) -> bool {
    !dialling || dialler < acceptor
}
