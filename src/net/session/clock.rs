//! What happens because time passed.

use std::time::Duration;

use rand::RngExt;

use super::{Reach, Session};
use crate::net::{
    event::{PeerState, Reason},
    message::{CloseReason, Message},
    node::NodeId,
    peer::link::{Decision, HEARTBEAT},
    replica::Replica,
};

/// How late a heartbeat is when this machine must have slept.
const OVERDUE: Duration = Duration::from_secs(5);

impl Session {
    pub(super) fn tick<R: Replica>(&mut self, now: Duration, replica: &R) {
        for node in self.nodes() {
            self.stop_waiting(node, now);
            self.notice_silence(node, now);
            self.dial_if_due(node, now);
            self.expire_presence(node, now);
        }
        self.expire_distant(now);
        self.own.stop_typing(now);
        self.tell_presence(now);
        self.ask_for_waiting(now);
        self.ask_for_announced(now);
        if self.next_heartbeat.is_some_and(|due| due <= now) {
            self.beat(now, false);
            self.tell_content(now, replica);
            self.end_surplus(now);
        }
    }

    /// Starts the heartbeat, when there is somebody to hear it.
    pub(super) fn schedule_heartbeat(&mut self, now: Duration) {
        if self.next_heartbeat.is_none() {
            // Replicas that started together should not beat together.
            let wait = self.random.random_range(HEARTBEAT / 2..=HEARTBEAT);
            self.next_heartbeat = Some(now + wait);
        }
    }

    /// A heartbeat that is overdue for long says that this machine slept, or that its clock jumped.
    pub(super) fn notice_sleep(&mut self, now: Duration) {
        let stood_still = now >= self.handled_at + OVERDUE;
        self.handled_at = now;
        if stood_still && self.next_heartbeat.is_some_and(|due| now >= due + OVERDUE) {
            self.woke(now);
        }
    }

    /// We slept. Nobody counts as silent for that, but everybody has to show soon that they are
    /// still there, and who is not connected is dialled at once.
    pub(super) fn woke(&mut self, now: Duration) {
        self.handled_at = now;
        if self.reach != Reach::Online {
            return;
        }
        for peer in self.peers.iter_mut() {
            if let Some(link) = &mut peer.link {
                link.probe(now);
            }
        }
        self.beat(now, true);
        self.dial_everybody(now);
    }

    /// Sends a heartbeat to every peer that is to hear one, or to all.
    fn beat(&mut self, now: Duration, all: bool) {
        let digest = self.history.digest();
        let beats: Vec<_> = self
            .peers
            .iter_mut()
            .filter_map(|peer| peer.open_link_mut())
            .filter_map(|link| {
                let due = link.is_beat_due(now) || all;
                due.then(|| (link.connection, link.confirm()))
            })
            .collect();
        for (connection, received) in beats {
            self.send(connection, Message::Heartbeat { digest, received });
        }
        self.beat_waiting();
        let anybody = self.peers.iter().any(|peer| peer.link.is_some());
        self.next_heartbeat = anybody.then_some(now + HEARTBEAT);
    }

    /// Gives up waiting for the driver's answer to a dial, or for the end of a connection.
    fn stop_waiting(&mut self, node: NodeId, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if peer.dialled_until.take_if(|until| *until <= now).is_some() {
            self.dial_failed(node, "no answer".to_owned(), now);
        } else if let Some(ending) = peer.ending.take_if(|ending| ending.until <= now) {
            self.disconnected(node, ending.reason, now);
        }
    }

    fn notice_silence(&mut self, node: NodeId, now: Duration) {
        let Some(peer) = self.peers.get(&node) else {
            return;
        };
        let Some(link) = &peer.link else {
            return;
        };
        if link.is_silent(now) && link.decision() == Decision::Asked {
            self.not_answered(node, now);
        } else if link.is_silent(now) {
            self.close(node, CloseReason::Silent, now);
        } else if peer.state == PeerState::Connected && link.is_unstable(now) {
            self.transition(node, PeerState::Unstable, Reason::Silent);
        }
    }

    fn dial_if_due(&mut self, node: NodeId, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if peer.redial.due().is_none_or(|due| due > now) {
            return;
        }
        peer.redial.cancel();
        if self.has_room(node) {
            self.dial(node, now);
        } else {
            self.dial_soon(node, now);
        }
    }
}
