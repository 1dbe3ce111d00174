//! The word of somebody who may let others in, until the next roster says the same.

use serde::{Deserialize, Serialize};

use super::{Role, Statement};
use crate::net::node::{DocumentId, NodeId};

/// Somebody lets a node in.
///
/// It counts only beside the roster of its epoch, or an older one: any later roster knows of it and
/// speaks for itself, so that who was removed does not come back with an old admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// Into which document.
    pub document: DocumentId,
    /// Who is let in.
    pub node: NodeId,
    /// As what; never as an owner.
    pub role: Role,
    /// Whether it may let others in. Only the owner can give that right.
    pub may_admit: bool,
    /// The epoch of the roster that it goes with: if the owner admits, of the roster that names
    /// the node; otherwise, of the one that gives the right to admit.
    pub epoch: u64,
    /// Who lets it in, by node key. `None`: the owner, by the document's key.
    pub by: Option<NodeId>,
}

impl Statement for Admission {
    const DOMAIN: &'static str = "iroh-loro-realtime admission 1";
}

impl Admission {
    /// Returns the public key that must have signed it.
    pub fn signer(&self) -> [u8; 32] {
        self.by.map_or(self.document.0, |node| node.0)
    }
}
