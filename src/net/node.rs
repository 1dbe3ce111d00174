//! Names for replicas and documents, and where a replica can be reached.
//!
//! The session compares, sorts and sends these; only the driver turns them into iroh's types.

use std::{fmt, net::SocketAddr};

use serde::{Deserialize, Serialize};

/// The public key (ed25519) of a replica's endpoint. Shown as 64 hexadecimal digits, the same
/// text that iroh shows for an endpoint id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub [u8; 32]);

impl NodeId {
    /// Returns the first ten hexadecimal digits, enough to tell people apart on a screen.
    pub fn short(&self) -> String {
        self.to_string()[..10].to_owned()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({})", self.short())
    }
}

/// 32 random bytes made with a document; two replicas with the same id hold the same document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentId(pub [u8; 32]);

impl DocumentId {
    /// Makes the id of a new document.
    pub fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentId({})", &self.to_string()[..10])
    }
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// A replica and the places where it was last reachable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerAddress {
    /// Whom to dial.
    pub node: NodeId,
    /// Socket addresses that may lead there directly.
    pub direct: Vec<SocketAddr>,
    /// The URL of the relay that the replica listens at, if it has one.
    pub relay: Option<String>,
}

impl PeerAddress {
    /// Names a replica without saying where it is: an address lookup has to find it.
    pub fn unknown(node: NodeId) -> Self {
        Self {
            node,
            direct: Vec::new(),
            relay: None,
        }
    }
}
