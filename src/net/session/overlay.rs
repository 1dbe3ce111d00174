//! Neighbours that somebody else chooses, in place of introductions and the degree limit.
//!
//! In a large group a membership protocol, such as the HyParView of iroh-gossip, gives each replica
//! a few neighbours of its own, so that all together hang together. Here is what follows from its
//! choice: neighbours are dialled, and whoever is connected beside them is let go after a while.
//! Who comes in is not decided by it: a neighbour passes the gate like everybody else.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Reach, Session};
use crate::net::{
    event::{PeerState, Reason},
    message::{CloseReason, MAX_MEMBERS},
    node::{NodeId, PeerAddress},
    peer::{Peer, Wish},
};

/// How long somebody may be connected who is no neighbour. Newcomers come in by whomever they know,
/// and need that one until they have neighbours of their own.
const SURPLUS_FOR: Duration = Duration::from_secs(5);

/// The neighbours that were chosen for us.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    nodes: BTreeSet<NodeId>,
    /// Since when somebody is connected who is no neighbour.
    surplus: BTreeMap<NodeId, Duration>,
}

impl Session {
    /// Takes the neighbours that were chosen for us, all of them.
    pub(super) fn neighbours(&mut self, nodes: Vec<NodeId>, now: Duration) {
        if self.reach == Reach::Shut {
            return;
        }
        let own = self.config.node;
        let nodes: BTreeSet<_> = nodes
            .into_iter()
            .filter(|node| *node != own)
            .take(MAX_MEMBERS)
            .collect();
        self.overlay.get_or_insert_default().nodes = nodes.clone();
        for node in nodes {
            if !self.peers.contains(&node) && self.make_room() {
                let address = PeerAddress::unknown(node);
                self.peers.insert(Peer::new(address, Wish::Met));
            }
            if self.has_room(node) {
                self.dial(node, now);
            }
        }
    }

    /// Returns whether a peer may be dialled as far as our neighbours are chosen for us. `None`:
    /// nobody chooses them, or none of them is there.
    pub(super) fn is_chosen(&self, node: NodeId) -> Option<bool> {
        let overlay = self.overlay.as_ref()?;
        let is_chosen = overlay.nodes.contains(&node);
        (is_chosen || self.has_chosen_neighbour()).then_some(is_chosen)
    }

    /// Lets go of whoever has been connected for a while and is no neighbour.
    pub(super) fn end_surplus(&mut self, now: Duration) {
        let has_neighbour = self.has_chosen_neighbour();
        let Some(overlay) = &mut self.overlay else {
            return;
        };
        let is_surplus = |peer: &&Peer| {
            let others = has_neighbour && !overlay.nodes.contains(&peer.node());
            others && peer.open_link().is_some()
        };
        let surplus: Vec<_> = self
            .peers
            .iter()
            .filter(is_surplus)
            .map(Peer::node)
            .collect();
        overlay.surplus.retain(|node, _| surplus.contains(node));
        for &node in &surplus {
            overlay.surplus.entry(node).or_insert(now);
        }
        let over: Vec<_> = overlay
            .surplus
            .iter()
            .filter(|(_, since)| now >= **since + SURPLUS_FOR)
            .map(|(node, _)| *node)
            .collect();
        for node in over {
            let report = Reason::Lost("others are nearer".to_owned());
            self.end(node, CloseReason::Busy, report, now);
        }
    }

    fn has_chosen_neighbour(&self) -> bool {
        let Some(overlay) = &self.overlay else {
            return false;
        };
        overlay.nodes.iter().any(|node| {
            let peer = self.peers.get(node);
            peer.is_some_and(|peer| peer.state == PeerState::Connected)
        })
    }
}
