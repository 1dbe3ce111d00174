//! Who takes part: introducing peers to each other, so that they stay connected when we leave.

use std::{sync::Arc, time::Duration};

use rand::seq::SliceRandom;

use super::{ConnectionId, Session};
use crate::net::{
    event::{PeerState, UserInfo},
    message::{CloseReason, MAX_FRAME, MAX_MEMBERS, Member, Message},
    node::NodeId,
    peer::{Peer, Wish, link::Decision},
    presence::clean_user,
};

/// How long a replica waits before it dials a newcomer itself, who is supposed to dial first.
const NEWCOMER_DIALS_FIRST: Duration = Duration::from_secs(3);

/// Bytes of a welcome beside its members at most: title, roster and admissions.
const BESIDE_MEMBERS: usize = 112 * 1024;

impl Session {
    /// Returns whom a peer is told about when it comes in.
    pub(super) fn members_for(&self, node: NodeId) -> Vec<Member> {
        let mut room = MAX_FRAME - BESIDE_MEMBERS;
        self.peers
            .iter()
            .filter(|peer| peer.node() != node && peer.open_link().is_some())
            .filter_map(member)
            .take_while(|member| {
                let size = size_limit(member);
                let fits = size <= room;
                room = room.saturating_sub(size);
                fits
            })
            .take(MAX_MEMBERS)
            .collect()
    }

    /// Tells all others that a peer is here.
    pub(super) fn introduce(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get(&node) else {
            return;
        };
        let Some(member) = member(peer) else {
            return;
        };
        let own = peer.link.as_ref().map(|link| link.connection);
        for connection in self.welcomed() {
            if Some(connection) != own {
                self.send(connection, Message::UserJoined(member.clone()));
            }
        }
    }

    /// Takes the list of a peer's neighbours. We are the newcomer: we dial.
    pub(super) fn learn_members(&mut self, from: NodeId, mut members: Vec<Member>, now: Duration) {
        // Each newcomer takes other neighbours, where the limit does not allow all of them.
        members.shuffle(&mut self.random);
        for member in members {
            let node = member.address.node;
            self.learn(from, member);
            self.try_again(node);
            if self.has_room(node) {
                self.dial(node, now);
            } else {
                self.dial_soon(node, now);
            }
        }
    }

    /// Who would not have us may have us, now that a member has let us in.
    fn try_again(&mut self, node: NodeId) {
        let peer = self.peers.get_mut(&node);
        if let Some(peer) = peer.filter(|peer| peer.wish == Wish::Refused) {
            peer.wish = Wish::Met;
        }
    }

    pub(super) fn user_joined(
        &mut self,
        from: NodeId,
        member: Member,
        now: Duration,
    ) -> Result<(), CloseReason> {
        self.open_link(from)?;
        let node = member.address.node;
        self.learn(from, member);
        self.dial_soon(node, now);
        Ok(())
    }

    pub(super) fn user_left(&mut self, from: NodeId, gone: NodeId) -> Result<(), CloseReason> {
        self.open_link(from)?.remove_neighbour(gone);
        let claimed = self.peers.iter().any(|peer| {
            peer.open_link()
                .is_some_and(|link| link.is_neighbour_of(gone))
        });
        let is_hearsay = |peer: &Peer| {
            peer.wish == Wish::Met && !peer.was_here && peer.state == PeerState::Disconnected
        };
        if !claimed && self.peers.get(&gone).is_some_and(is_hearsay) {
            self.peers.remove(&gone);
        }
        Ok(())
    }

    /// Returns the connections over which we have said welcome: what is sent over them arrives
    /// after the handshake, or is not heard while a person at the other side thinks about it.
    pub(super) fn welcomed(&self) -> Vec<ConnectionId> {
        self.peers
            .iter()
            .filter_map(|peer| peer.link.as_ref())
            .filter(|link| link.decision() == Decision::Welcomed)
            .map(|link| link.connection)
            .collect()
    }

    /// Returns whether a peer may be dialled, as far as the degree limit goes or our neighbours are
    /// chosen for us. What the application asked for may, unless others were chosen.
    pub(super) fn has_room(&self, node: NodeId) -> bool {
        let wish = self.peers.get(&node).map(|peer| peer.wish);
        if let (Some(Wish::Requested | Wish::Met), Some(is_chosen)) = (wish, self.is_chosen(node)) {
            return is_chosen;
        }
        let degree = self.peers.iter().filter(|peer| peer.takes_place()).count();
        wish.is_some_and(|wish| match wish {
            Wish::Requested => true,
            Wish::Met => degree < self.config.degree_limit,
            Wish::Refused | Wish::Unwanted => false,
        })
    }

    /// Plans a dial, unless the peer dials us first.
    pub(super) fn dial_soon(&mut self, node: NodeId, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        let wanted = match peer.wish {
            Wish::Requested | Wish::Met => true,
            Wish::Refused | Wish::Unwanted => false,
        };
        if wanted && peer.state == PeerState::Disconnected {
            peer.redial
                .within(NEWCOMER_DIALS_FIRST, now, &mut self.random);
        }
    }

    /// Makes room for one more peer by forgetting one that does not matter. Returns whether there
    /// is room.
    pub(super) fn make_room(&mut self) -> bool {
        if self.peers.len() < MAX_MEMBERS {
            return true;
        }
        let dispensable = self
            .peers
            .iter()
            .find(|peer| peer.is_dispensable())
            .map(|peer| peer.node());
        dispensable.is_some_and(|node| self.peers.remove(&node))
    }

    fn learn(&mut self, from: NodeId, member: Member) {
        let node = member.address.node;
        if node == self.config.node || node == from {
            return;
        }
        if let Ok(link) = self.open_link(from) {
            link.add_neighbour(node);
        }
        if !self.peers.contains(&node) {
            if self.peers.len() >= MAX_MEMBERS {
                return;
            }
            let peer = Peer::new(member.address.clone(), Wish::Met);
            self.peers.insert(peer);
        }
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if peer.link.is_none() {
            peer.learn_address(member.address);
            peer.user
                .get_or_insert_with(|| Arc::new(clean_user(node, &member.user)));
        }
    }
}

fn member(peer: &Peer) -> Option<Member> {
    Some(Member {
        address: peer.address.clone(),
        user: UserInfo::clone(peer.user.as_ref()?),
    })
}

/// Returns how many bytes a member takes in a message at most.
fn size_limit(member: &Member) -> usize {
    const FIXED: usize = 64;
    const SOCKET_ADDRESS: usize = 24;
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    FIXED
        + SOCKET_ADDRESS * member.address.direct.len()
        + length(&member.address.relay)
        + member.user.name.len()
        + member.user.color.len()
        + length(&member.user.avatar_url)
}
