//! All peers of a session, in the order of their ids.

use super::Peer;
use crate::net::{node::NodeId, session::ConnectionId};

/// Peers by their ids. There are few hundred at most, so a sorted list does, which takes hardly
/// any memory beside the peers.
#[derive(Debug, Default)]
#[expect(
    clippy::vec_box,
    reason = "a list that grows keeps room for as many again, which must be pointers"
)]
pub(crate) struct Crowd(Vec<Box<Peer>>);

impl Crowd {
    pub fn get(&self, node: &NodeId) -> Option<&Peer> {
        let place = self.place_of(node).ok()?;
        self.0.get(place).map(Box::as_ref)
    }

    pub fn get_mut(&mut self, node: &NodeId) -> Option<&mut Peer> {
        let place = self.place_of(node).ok()?;
        self.0.get_mut(place).map(Box::as_mut)
    }

    pub fn contains(&self, node: &NodeId) -> bool {
        self.place_of(node).is_ok()
    }

    /// Adds a peer, in place of the one with the same id if there is one.
    pub fn insert(&mut self, peer: Peer) {
        match self.place_of(&peer.node()) {
            Ok(place) => *self.0[place] = peer,
            Err(place) => self.0.insert(place, Box::new(peer)),
        }
    }

    /// Forgets a peer. Returns whether there was one.
    pub fn remove(&mut self, node: &NodeId) -> bool {
        let place = self.place_of(node);
        place.is_ok_and(|place| {
            self.0.remove(place);
            true
        })
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.0.iter().map(Box::as_ref)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.0.iter_mut().map(Box::as_mut)
    }

    /// Returns whose connection this is, one that is ending included.
    pub fn whose(&self, connection: ConnectionId) -> Option<NodeId> {
        self.iter()
            .find(|peer| peer.has_connection(connection))
            .map(Peer::node)
    }

    fn place_of(&self, node: &NodeId) -> Result<usize, usize> {
        self.0.binary_search_by(|peer| peer.node().cmp(node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{node::PeerAddress, peer::Wish};

    #[test]
    fn peers_are_kept_in_order_and_once() {
        let mut crowd = Crowd::default();
        let peer = |number| Peer::new(PeerAddress::unknown(NodeId([number; 32])), Wish::Met);
        for number in [5, 1, 9, 5] {
            crowd.insert(peer(number));
        }
        let numbers: Vec<_> = crowd.iter().map(|peer| peer.node().0[0]).collect();
        assert_eq!(numbers, [1, 5, 9]);
        assert!(crowd.contains(&NodeId([9; 32])));
        assert!(crowd.remove(&NodeId([9; 32])));
        assert!(!crowd.remove(&NodeId([9; 32])));
        assert!(crowd.get(&NodeId([9; 32])).is_none());
        assert_eq!(crowd.len(), 2);
        assert_eq!(crowd.whose(1), None);
    }
}
