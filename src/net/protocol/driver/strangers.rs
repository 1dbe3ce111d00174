//! How many peers come in at once, and how long each may take to say who it is.

use std::{collections::BTreeMap, time::Duration};

use super::{Driver, dialling::Kind};
use crate::net::{
    connection::limits::INTRODUCTION,
    event::Reason,
    message::{CloseReason, MAX_CONNECTIONS, MAX_UNINTRODUCED},
    node::NodeId,
    session::ConnectionId,
};

/// Connections whose peers have not introduced themselves yet.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// When each must have done it.
    deadlines: BTreeMap<ConnectionId, Duration>,
}

impl Strangers {
    pub(super) fn add(&mut self, connection: ConnectionId, now: Duration) {
        self.deadlines.insert(connection, now + INTRODUCTION);
    }

    pub(super) fn remove(&mut self, connection: ConnectionId) {
        self.deadlines.remove(&connection);
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.deadlines.values().copied().min()
    }

    fn take_late(&mut self, now: Duration) -> Vec<ConnectionId> {
        let late = |_: &ConnectionId, deadline: &mut Duration| *deadline <= now;
        self.deadlines
            .extract_if(.., late)
            .map(|(connection, _)| connection)
            .collect()
    }
}

impl Driver {
    /// Returns whether a connection that a peer dialled may be taken. Who has one already, or is
    /// being dialled, takes no place from others.
    pub(super) fn has_room_for(&self, node: NodeId) -> bool {
        let is_known = self.links.values().any(|link| link.node == node);
        if is_known || self.attempts.contains_key(&node) {
            return true;
        }
        let being_taken = self
            .attempts
            .values()
            .filter(|attempt| attempt.kind() == Kind::Taking)
            .count();
        self.strangers.deadlines.len() + being_taken < MAX_UNINTRODUCED
            && self.links.len() + being_taken < MAX_CONNECTIONS
    }

    /// A peer said who it is, and let us in.
    pub(super) fn introduced(&mut self, node: NodeId) {
        let links = self.links.iter().filter(|(_, link)| link.node == node);
        for (connection, _) in links {
            self.strangers.remove(*connection);
        }
    }

    /// Ends the connections of those who did not introduce themselves in time.
    pub(super) fn send_strangers_away(&mut self) {
        if !self.backlog.is_empty() {
            // What they said may lie in there.
            return;
        }
        let now = self.now();
        for connection in self.strangers.take_late(now) {
            let seconds = INTRODUCTION.as_secs();
            let reason = format!("the peer did not introduce itself within {seconds} s");
            self.cut(connection, CloseReason::Silent, Reason::Lost(reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_late_is_sent_away_once() {
        let mut strangers = Strangers::default();
        let second = Duration::from_secs(1);
        strangers.add(1, second);
        strangers.add(2, 2 * second);
        strangers.add(3, 3 * second);
        strangers.remove(2);
        assert_eq!(strangers.next(), Some(second + INTRODUCTION));
        assert!(strangers.take_late(second).is_empty());
        assert_eq!(strangers.take_late(2 * second + INTRODUCTION), [1]);
        assert_eq!(strangers.take_late(9 * second), [3]);
        assert_eq!(strangers.next(), None);
    }
}
