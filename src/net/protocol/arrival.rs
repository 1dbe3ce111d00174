//! Noticing quickly that a peer is back on this machine.
//!
//! A lost peer is dialled at growing intervals, which is right for a network and slow for somebody
//! who restarts an editor in the next terminal. While a peer is missing, its file in the
//! same-machine lookup is asked for a few times a second; when it appears or changes, the peer is
//! dialled at once. While nobody is missing this costs nothing.
//!
//! A file also names its process. When that changes under a connection, the process at the other
//! end was killed and started again, which QUIC would notice only after seconds of silence.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::net::{
    event::PeerState,
    lookup::{find, process_of, published_at},
    node::{NodeId, PeerAddress},
    peer::PeerView,
};

/// How often the files of missing peers are looked at.
const INTERVAL: Duration = Duration::from_millis(300);

/// Watches the files of missing peers.
pub(super) struct Arrivals {
    directory: PathBuf,
    /// When the file of a missing peer was written, as it was when the peer went missing.
    missing: BTreeMap<NodeId, Option<SystemTime>>,
    /// The processes that we were last connected to, of those that run on this machine.
    processes: BTreeMap<NodeId, u64>,
    next: Duration,
}

impl Arrivals {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            missing: BTreeMap::new(),
            processes: BTreeMap::new(),
            next: Duration::ZERO,
        }
    }

    /// Returns when to look next, or `None` while nobody is missing.
    pub(super) fn next_look(&self) -> Option<Duration> {
        (!self.missing.is_empty()).then_some(self.next)
    }

    /// Takes note of a peer's new state.
    pub(super) fn note(&mut self, node: NodeId, state: PeerState, now: Duration) {
        match state {
            PeerState::Disconnected => {
                let written = published_at(&self.directory, node);
                self.missing.insert(node, written);
                self.next = self.next.max(now + INTERVAL);
            }
            PeerState::Connecting => {}
            PeerState::Syncing
            | PeerState::Connected
            | PeerState::Unstable
            | PeerState::Disconnecting => {
                self.missing.remove(&node);
            }
        }
    }

    /// A connection with a peer stands: notes with which of its processes.
    pub(super) fn connected(&mut self, node: NodeId) {
        match process_of(&self.directory, node) {
            Some(process) => self.processes.insert(node, process),
            None => self.processes.remove(&node),
        };
    }

    /// Returns whether another process of a peer lives than the one that we are connected to.
    pub(super) fn is_restarted(&self, node: NodeId) -> bool {
        let Some(&old) = self.processes.get(&node) else {
            return false;
        };
        process_of(&self.directory, node).is_some_and(|process| process != old)
    }

    /// Returns where a peer listens on this machine.
    pub(super) fn address_of(&self, node: NodeId) -> Option<PeerAddress> {
        find(&self.directory, node)
    }

    /// Returns who came back since the last look.
    pub(super) fn look(
        &mut self,
        peers: impl Iterator<Item = PeerView>,
        now: Duration,
    ) -> Vec<PeerAddress> {
        if self.missing.is_empty() || now < self.next {
            return Vec::new();
        }
        self.next = now + INTERVAL;
        let known: Vec<NodeId> = peers.map(|peer| peer.node).collect();
        self.missing.retain(|node, _| known.contains(node));
        self.processes.retain(|node, _| known.contains(node));
        let mut back = Vec::new();
        for (&node, written) in &mut self.missing {
            let found = published_at(&self.directory, node);
            if found != *written {
                *written = found;
                back.extend(find(&self.directory, node));
            }
        }
        back
    }
}

#[cfg(test)]
mod tests;
