//! Over which links we pass on what others wrote: a tree, found by what comes twice (Plumtree).
//!
//! What is written here goes over all links, and who gets it from its author directly passes it on.
//! Among those behind, a link over which something came that was here already is needless: both
//! sides are told by a [`Prune`](Message::Prune), and the link turns *lazy*. Over a lazy link what
//! others wrote is only announced, with the heartbeat and only while the two sides differ, so that
//! in a network at rest nobody announces anything. What was announced and does not come turns the
//! link *eager* again, by a [`Graft`](Message::Graft) and a question for what is missing. When an
//! eager link ends, all others of its ends turn eager at once: what hung on it must not wait.
//!
//! The author's own links cross the tree, so what comes over a lazy link meets what comes over the
//! tree. Such an update is marked as having taken a detour, and prunes nothing.
//!
//! None of this is needed for all replicas to become equal: heartbeats tell of whatever is missing.
//! So a peer that prunes and announces as it likes costs others some time, and nothing else.

use std::{collections::BTreeMap, time::Duration};

use loro::IdSpan;

use super::Session;
use crate::net::{
    access::Act,
    message::{Announcement, CloseReason, MAX_ANNOUNCED, Message},
    node::NodeId,
    peer::{Link, Peer, link::Passing},
    replica::spans_of_own_update,
};

/// Time between two links that we prune. Two at once could cut the same circle in two places.
const PRUNE_PAUSE: Duration = Duration::from_millis(500);
/// How long something that was announced may take, until it is asked for.
const GRAFT_AFTER: Duration = Duration::from_millis(500);
/// How long a link is kept over which something came that came nowhere else.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// Loro peers of whom we know how far they came by the tree.
const MAX_CAME: usize = 1024;

/// How an update came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Which peer sent it.
    pub node: NodeId,
    /// Whether the peer wrote it, and sends it to all its neighbours.
    pub is_own: bool,
    /// Whether it came over links of the tree only, as far as anybody can tell.
    pub by_tree: bool,
}

/// What a peer announced and we lack.
#[derive(Debug)]
struct Owed {
    ends: BTreeMap<u64, i32>,
    ask_at: Duration,
}

/// Our part of the tree.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// How far each Loro peer's operations have come by the tree, of late.
    came: BTreeMap<u64, i32>,
    owed: BTreeMap<NodeId, Owed>,
    /// Until when links are not pruned that were of use.
    kept: BTreeMap<NodeId, Duration>,
    /// When a link may be pruned again.
    prune_at: Duration,
}

impl Tree {
    /// Returns when something that was announced is asked for.
    pub fn deadline(&self) -> Option<Duration> {
        self.owed.values().map(|owed| owed.ask_at).min()
    }

    /// Notes that operations came by the tree. Returns whether they had come by it before.
    fn comes(&mut self, spans: &[IdSpan]) -> bool {
        let mut again = true;
        for span in spans {
            let end = self.came.get(&span.peer).copied().unwrap_or(0);
            if end < span.counter.end {
                again = false;
                self.came.insert(span.peer, span.counter.end);
            }
        }
        if self.came.len() > MAX_CAME {
            // What is forgotten only delays a prune.
            self.came.clear();
        }
        again
    }
}

impl Session {
    /// Looks whether an update makes the link needless over which it came.
    pub(super) fn note_arrival(
        &mut self,
        arrival: Arrival,
        fresh: &[IdSpan],
        pending: &[IdSpan],
        updates: &[Vec<u8>],
        now: Duration,
    ) {
        if !arrival.by_tree {
            return;
        }
        if !fresh.is_empty() || !pending.is_empty() {
            self.tree.comes(fresh);
            self.tree.comes(pending);
            return;
        }
        if arrival.is_own || now < self.tree.prune_at {
            return;
        }
        // The import has just decoded the same bytes, so they do no harm any more.
        let spans: Vec<_> = updates
            .iter()
            .filter_map(|updates| spans_of_own_update(updates))
            .flatten()
            .collect();
        if self.tree.comes(&spans) {
            self.prune(arrival.node, now);
        }
    }

    fn prune(&mut self, node: NodeId, now: Duration) {
        let is_kept = self.tree.kept.get(&node).is_some_and(|until| *until > now);
        if is_kept || !self.has_eager_link_beside(node) {
            return;
        }
        let Ok(link) = self.open_link(node) else {
            return;
        };
        link.set_passing(Passing::Lazy);
        let connection = link.connection;
        self.tree.prune_at = now + PRUNE_PAUSE;
        self.send(connection, Message::Prune);
    }

    /// A peer need not be passed on to what others write.
    pub(super) fn pruned(&mut self, node: NodeId) -> Result<(), CloseReason> {
        let is_spare = self.has_eager_link_beside(node);
        let link = self.open_link(node)?;
        if is_spare {
            link.set_passing(Passing::Lazy);
        } else {
            let connection = link.connection;
            self.send(connection, Message::Graft);
        }
        Ok(())
    }

    /// A peer needs to be passed on to what others write.
    pub(super) fn grafted(&mut self, node: NodeId) -> Result<(), CloseReason> {
        self.open_link(node)?.set_passing(Passing::Eager);
        Ok(())
    }

    /// Something may have hung on an eager link that has ended: whatever is left passes on
    /// everything, until it shows again what is needless.
    pub(super) fn mend_tree(&mut self) {
        let lazy: Vec<_> = self
            .peers
            .iter()
            .filter(|peer| peer.open_link().is_some_and(|link| link.is_lazy()))
            .map(Peer::node)
            .collect();
        for node in lazy {
            self.graft(node);
        }
    }

    fn graft(&mut self, node: NodeId) {
        self.announce_what_was_not_passed_on(node);
        let Ok(link) = self.open_link(node) else {
            return;
        };
        link.set_passing(Passing::Eager);
        let connection = link.connection;
        self.send(connection, Message::Graft);
    }

    /// Tells a peer what we did not pass on to it and cannot tell that it has.
    pub(super) fn announce_what_was_not_passed_on(&mut self, node: NodeId) {
        if !self.may_write() {
            // Nobody would take it from us.
            return;
        }
        let link = self.peers.get_mut(&node).and_then(Peer::open_link_mut);
        let Some(link) = link else {
            return;
        };
        let ends = link.announce(self.history.version(), MAX_ANNOUNCED);
        let connection = link.connection;
        if !ends.is_empty() {
            self.send(connection, Message::Announcement(Announcement { ends }));
        }
    }

    /// A peer says what it has. What we lack may be on its way by the tree.
    pub(super) fn announced(
        &mut self,
        node: NodeId,
        news: &Announcement,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let believed = self.gate.allows(node, Act::Write);
        let ours = self.history.version();
        let (lacking, here): (Vec<_>, Vec<_>) = news
            .ends
            .iter()
            .filter(|(_, end)| *end > 0)
            .partition(|(peer, end)| ours.get(peer).copied().unwrap_or(0) < *end);
        let here: Vec<_> = here
            .into_iter()
            .map(|(peer, end)| IdSpan::new(peer, 0, end))
            .collect();
        self.open_link(node)?.knows(&here);
        if lacking.is_empty() || !believed {
            return Ok(());
        }
        let owed = self.tree.owed.entry(node).or_insert_with(|| Owed {
            ends: BTreeMap::new(),
            ask_at: now + GRAFT_AFTER,
        });
        for (peer, end) in lacking {
            if owed.ends.len() >= MAX_ANNOUNCED && !owed.ends.contains_key(&peer) {
                break;
            }
            let known = owed.ends.entry(peer).or_insert(end);
            *known = end.max(*known);
        }
        Ok(())
    }

    /// Asks for what was announced and did not come: one peer after the other, because what one
    /// sends spares the others.
    pub(super) fn ask_for_announced(&mut self, now: Duration) {
        let mut due = Vec::new();
        let ours = self.history.version();
        for (&node, owed) in &mut self.tree.owed {
            if owed.ask_at <= now {
                owed.ends
                    .retain(|peer, end| ours.get(peer).copied().unwrap_or(0) < *end);
                owed.ask_at = now + GRAFT_AFTER;
                due.push(node);
            }
        }
        let peers = &self.peers;
        self.tree.owed.retain(|node, owed| {
            let is_open = peers
                .get(node)
                .is_some_and(|peer| peer.open_link().is_some());
            is_open && !owed.ends.is_empty()
        });
        due.retain(|node| self.tree.owed.contains_key(node));
        let can_ask = |node: &&NodeId| {
            let link = self.peers.get(node).and_then(|peer| peer.open_link());
            link.is_some_and(|link| link.can_ask(now))
        };
        if let Some(&node) = due.iter().find(can_ask) {
            self.tree.owed.remove(&node);
            self.tree.kept.retain(|_, until| *until > now);
            self.tree.kept.insert(node, now + KEPT_FOR);
            self.graft(node);
            self.ask(node, now);
        }
    }

    /// Returns whether there is another link over which everything comes that others write.
    fn has_eager_link_beside(&self, node: NodeId) -> bool {
        let is_eager = |link: &Link| !link.is_lazy() && link.is_streaming();
        self.peers.iter().any(|peer| {
            peer.node() != node
                && peer.open_link().is_some_and(is_eager)
                && self.gate.allows(peer.node(), Act::Write)
        })
    }
}
