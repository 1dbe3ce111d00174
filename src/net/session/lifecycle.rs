//! The life of a peer: dialled, connected, lost, dialled again.

use std::time::Duration;

use super::{ConnectionId, Output, Reach, Session};
use crate::net::{
    event::{AccessEvent, ConnectionEvent, PeerState, Reason},
    message::{CloseReason, Message},
    node::{NodeId, PeerAddress},
    peer::{Ending, Peer, Wish, link::Decision},
};

impl Session {
    /// The application wants a peer.
    pub(super) fn request(&mut self, address: PeerAddress, now: Duration) {
        let node = address.node;
        if node == self.config.node || self.reach == Reach::Shut {
            return;
        }
        let asked_for = address.clone();
        match self.peers.get_mut(&node) {
            Some(peer) => peer.learn_address(address),
            None => {
                // What the application asks for needs no room of its own: it knows how much it asks.
                self.make_room();
                self.peers.insert(Peer::new(address, Wish::Requested));
            }
        }
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.wish = Wish::Requested;
            peer.asked_for = Some(Box::new(asked_for));
            peer.redial.reset();
        }
        self.dial(node, now);
    }

    /// The application does not want a peer any longer.
    pub(super) fn forget(&mut self, node: NodeId, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        peer.wish = Wish::Unwanted;
        peer.redial.cancel();
        peer.dialled_until = None;
        if peer.link.is_some() {
            self.close(node, CloseReason::Unwanted, now);
        } else if peer.ending.is_none() {
            self.disconnected(node, Reason::Requested, now);
        }
    }

    /// Returns whether a peer is shut out.
    pub fn bans(&self, node: NodeId) -> bool {
        self.gate.banned.contains(&node)
    }

    /// Dials a peer unless it is connected, being dialled, or we talk to nobody.
    pub(super) fn dial(&mut self, node: NodeId, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if self.gate.banned.contains(&node)
            || self.reach != Reach::Online
            || peer.state != PeerState::Disconnected
        {
            return;
        }
        peer.dialled(now);
        let address = peer.address.clone();
        self.transition(node, PeerState::Connecting, Reason::Normal);
        self.outputs.push(Output::Dial { address });
    }

    pub(super) fn dial_failed(&mut self, node: NodeId, error: String, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if peer.state != PeerState::Connecting || peer.link.is_some() {
            return;
        }
        peer.dialled_until = None;
        self.disconnected(node, Reason::Lost(error), now);
        let hearsay =
            |peer: &Peer| peer.wish == Wish::Met && !peer.was_here && peer.redial.is_hopeless();
        if self.peers.get(&node).is_some_and(hearsay) {
            self.peers.remove(&node);
        }
    }

    /// A connection ended.
    pub(super) fn closed(&mut self, connection: ConnectionId, reason: Reason, now: Duration) {
        let Some(node) = self.peers.whose(connection) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        let ending = peer
            .ending
            .take_if(|ending| ending.connection == connection);
        if let Some(ending) = ending {
            self.disconnected(node, ending.reason, now);
        } else if peer.link.as_ref().map(|link| link.connection) == Some(connection) {
            self.drop_link(node);
            self.disconnected(node, reason, now);
        }
    }

    /// Ends the connection with a peer because of something that happened on it.
    pub(super) fn close(&mut self, node: NodeId, reason: CloseReason, now: Duration) {
        let report = match reason {
            CloseReason::Leaving | CloseReason::Unwanted => Reason::Requested,
            CloseReason::Silent => Reason::Silent,
            CloseReason::Protocol => {
                self.distrust(node);
                Reason::Lost("the peer sent something that cannot be read".to_owned())
            }
            CloseReason::Failed => Reason::Lost("the document could not be read".to_owned()),
            CloseReason::Excess => Reason::Lost("the peer sent more than it may".to_owned()),
            CloseReason::Diverged | CloseReason::OtherVersion => {
                Reason::Denied(reason.text().to_owned())
            }
            CloseReason::Denied => Reason::Denied("the peer may not come in".to_owned()),
            CloseReason::Duplicate | CloseReason::Busy | CloseReason::Renew => {
                Reason::Lost("the connection starts anew".to_owned())
            }
        };
        self.end(node, reason, report, now);
    }

    /// Ends the connection with a peer, telling the other side one thing and our own another.
    pub(super) fn end(&mut self, node: NodeId, tell: CloseReason, report: Reason, now: Duration) {
        let Some(connection) = self.drop_link(node) else {
            return;
        };
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.ending = Some(Box::new(Ending {
                connection,
                reason: report.clone(),
                until: Peer::ending_until(now),
            }));
        }
        self.outputs.push(Output::Close {
            connection,
            reason: tell,
        });
        self.transition(node, PeerState::Disconnecting, report);
    }

    /// Lets go of whatever connection there is, because a new one takes its place.
    pub(super) fn replace_connection(&mut self, node: NodeId, now: Duration) {
        if let Some(connection) = self.drop_link(node) {
            self.outputs.push(Output::Close {
                connection,
                reason: CloseReason::Duplicate,
            });
            let text = CloseReason::Duplicate.text().to_owned();
            self.disconnected(node, Reason::Lost(text), now);
        }
        let ending = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.ending.take());
        if let Some(ending) = ending {
            self.disconnected(node, ending.reason, now);
        }
    }

    /// There is no connection with a peer any more. Decides what that means for its participant,
    /// and whether it is dialled again.
    pub(super) fn disconnected(&mut self, node: NodeId, reason: Reason, now: Duration) {
        self.transition(node, PeerState::Disconnected, reason.clone());
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        peer.round_trip = None;
        if reason == Reason::Left {
            peer.left = true;
            peer.forget_places();
        }
        peer.last_error = match &reason {
            Reason::Lost(text) | Reason::Denied(text) => Some(text.as_str().into()),
            Reason::Silent => Some("the peer was silent for too long".into()),
            Reason::Normal | Reason::Left | Reason::Requested => None,
        };
        if matches!(reason, Reason::Denied(_)) && peer.wish != Wish::Unwanted {
            peer.wish = Wish::Refused;
        }
        let dial_again = match peer.wish {
            Wish::Requested => true,
            Wish::Met => !peer.left,
            Wish::Refused | Wish::Unwanted => false,
        };
        let distrusted = std::mem::take(&mut peer.distrusted);
        if dial_again && self.reach == Reach::Online {
            if distrusted {
                peer.redial.late(now);
            } else {
                peer.redial.plan(peer.left, now, &mut self.random);
            }
        }
        if peer.wish == Wish::Refused && !peer.was_here && peer.asked_for.is_none() {
            self.peers.remove(&node);
            return;
        }
        self.participant_disconnected(node, &reason, now);
    }

    /// Closes all connections and dials nobody.
    pub(super) fn go_offline(&mut self, reach: Reach, now: Duration) {
        if self.reach == Reach::Shut {
            return;
        }
        self.reach = reach;
        self.next_heartbeat = None;
        for node in self.nodes() {
            self.close(node, CloseReason::Leaving, now);
            let Some(peer) = self.peers.get_mut(&node) else {
                continue;
            };
            peer.redial.cancel();
            peer.dialled_until = None;
            if peer.ending.is_none() && peer.state != PeerState::Disconnected {
                self.disconnected(node, Reason::Requested, now);
            }
        }
    }

    /// Dials all those again whom we would have dialled meanwhile.
    pub(super) fn go_online(&mut self, now: Duration) {
        if self.reach != Reach::Offline {
            return;
        }
        self.reach = Reach::Online;
        self.dial_everybody(now);
    }

    /// Dials all those at once whom we want and have no connection with.
    pub(super) fn dial_everybody(&mut self, now: Duration) {
        for node in self.nodes() {
            let Some(peer) = self.peers.get_mut(&node) else {
                continue;
            };
            let wanted = match peer.wish {
                Wish::Requested => true,
                Wish::Met => !peer.left,
                Wish::Refused | Wish::Unwanted => false,
            };
            if wanted {
                peer.redial.reset();
                self.dial(node, now);
            }
        }
    }

    pub(super) fn round_trip(&mut self, connection: ConnectionId, rtt: Duration) {
        let node = self.peers.whose(connection);
        let peer = node.and_then(|node| self.peers.get_mut(&node));
        if let Some(peer) = peer.filter(|peer| peer.link.is_some()) {
            peer.round_trip = Some(rtt);
        }
    }

    /// Notes that a peer is alive. Returns which one it is, if the connection still counts.
    pub(super) fn heard(&mut self, connection: ConnectionId, now: Duration) -> Option<NodeId> {
        let node = self.peers.whose(connection)?;
        let peer = self.peers.get_mut(&node)?;
        let link = peer
            .link
            .as_mut()
            .filter(|link| link.connection == connection)?;
        link.heard(now);
        if peer.state == PeerState::Unstable {
            self.transition(node, PeerState::Connected, Reason::Normal);
        }
        Some(node)
    }

    /// Moves a peer to another state, and says so.
    pub(super) fn transition(&mut self, node: NodeId, to: PeerState, reason: Reason) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        let from = std::mem::replace(&mut peer.state, to);
        if from != to {
            self.outputs.push(Output::Connection(ConnectionEvent {
                node,
                from,
                to,
                reason,
            }));
        }
    }

    pub(super) fn nodes(&self) -> Vec<NodeId> {
        self.peers.iter().map(Peer::node).collect()
    }

    /// Forgets the link with a peer, and tells the others that we are not its neighbour any more.
    fn drop_link(&mut self, node: NodeId) -> Option<ConnectionId> {
        let peer = self.peers.get_mut(&node)?;
        let link = peer.link.take()?;
        if link.decision() == Decision::Asked {
            let over = AccessEvent::KnockOver { node };
            self.outputs.push(Output::Access(over));
        }
        if link.is_open() {
            peer.last_known = link.certainly_known().cloned().map(Box::new);
            for connection in self.welcomed() {
                self.send(connection, Message::UserLeft { node });
            }
            if !link.is_lazy() {
                self.mend_tree();
            }
        }
        Some(link.connection)
    }

    /// A peer broke the protocol. Unless the application asked for it, we do not dial it again.
    fn distrust(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        match peer.wish {
            Wish::Requested => peer.distrusted = true,
            Wish::Met => peer.wish = Wish::Refused,
            Wish::Refused | Wish::Unwanted => {}
        }
    }
}
