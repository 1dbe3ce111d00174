//! Counting what goes over the simulated network, and what goes over it needlessly.

use std::collections::{BTreeMap, HashMap};

use loro::IdSpan;

use crate::net::{
    message::{Message, Part},
    replica::spans_of_own_update,
    session::ConnectionId,
};

/// What all sites sent together, since the start or since it was last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages of all kinds but heartbeats.
    pub messages: usize,
    /// Updates: new operations and answers to sync requests, counted when whole.
    pub updates: usize,
    /// Bytes of updates.
    pub update_bytes: usize,
    /// Questions for what is lacking.
    pub sync_requests: usize,
    /// Messages about which links pass on what others write: prunes, grafts and announcements.
    pub tree_messages: usize,
    /// Operations that were sent over a connection on which they had been sent before, in the
    /// same direction.
    pub repeated_operations: usize,
}

/// One direction of a connection.
type Direction = (ConnectionId, usize);

#[derive(Debug, Default)]
pub(super) struct Meter {
    pub traffic: Traffic,
    assembling: BTreeMap<Direction, Vec<u8>>,
    sent: BTreeMap<(Direction, u64), Vec<(i32, i32)>>,
    /// What updates hold that went out lately: the same one goes to several peers.
    decoded: HashMap<Vec<u8>, Vec<IdSpan>>,
}

/// Updates whose content is remembered.
const REMEMBERED: usize = 32;

impl Meter {
    pub fn count(&mut self, connection: ConnectionId, sender: usize, message: &Message) {
        match message {
            Message::Heartbeat { .. } | Message::ContentDigest(_) => return,
            Message::SyncRequest { .. } => self.traffic.sync_requests += 1,
            Message::SyncResponse(part) | Message::UpdateBatch(part) => {
                self.count_part((connection, sender), part);
            }
            Message::UpdateRelay(relay) => self.count_part((connection, sender), &relay.part),
            Message::Prune | Message::Graft | Message::Announcement(_) => {
                self.traffic.tree_messages += 1;
            }
            Message::SyncAhead { .. }
            | Message::Hello(_)
            | Message::Challenge { .. }
            | Message::Prove(_)
            | Message::Waiting { .. }
            | Message::Roster(_)
            | Message::Admission(_)
            | Message::Call
            | Message::Welcome(_)
            | Message::Denied(_)
            | Message::PresenceUpdate(_)
            | Message::PresenceRelay(_)
            | Message::ConflictNotification(_)
            | Message::UserJoined(_)
            | Message::UserLeft { .. } => {}
        }
        self.traffic.messages += 1;
    }

    fn count_part(&mut self, direction: Direction, part: &Part) {
        let whole = self.assembling.entry(direction).or_default();
        whole.extend_from_slice(&part.updates);
        if !part.last {
            return;
        }
        let updates = std::mem::take(whole);
        self.traffic.updates += 1;
        self.traffic.update_bytes += updates.len();
        for span in self.spans_of(updates) {
            self.count_span(direction, span);
        }
    }

    fn spans_of(&mut self, updates: Vec<u8>) -> Vec<IdSpan> {
        if self.decoded.len() >= REMEMBERED {
            self.decoded.clear();
        }
        let decode = |updates: &Vec<u8>| spans_of_own_update(updates).unwrap_or_default();
        let spans = self.decoded.entry(updates).or_insert_with_key(decode);
        spans.clone()
    }

    fn count_span(&mut self, direction: Direction, span: IdSpan) {
        let (start, end) = (span.counter.start, span.counter.end);
        let earlier = self.sent.entry((direction, span.peer)).or_default();
        for &(from, to) in earlier.iter() {
            if start < from && to < end {
                // Loro tells only where an update starts and ends. What was sent before in the
                // midst of it is left out of it: that is how the answer fills a gap.
                continue;
            }
            let repeated = to.min(end) - from.max(start);
            self.traffic.repeated_operations += usize::try_from(repeated).unwrap_or(0);
        }
        match earlier.last_mut() {
            Some((_, to)) if *to == start => *to = end,
            Some(_) | None => earlier.push((start, end)),
        }
    }
}
