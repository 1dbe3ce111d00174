//! Who gets which operations: every peer exactly what it lacks, once.

use std::{sync::Arc, time::Duration};

use loro::{IdSpan, VersionVector};

use super::{ConnectionId, Output, Sabotage, Session, tree::Arrival};
use crate::net::{
    event::{PeerState, Reason, SyncProgress},
    message::{CloseReason, MAX_PENDING, Message, Part, UpdateRelay, parts},
    node::NodeId,
    peer::{
        Peer,
        known::without,
        link::{Question, Stretch},
    },
    replica::{Imported, Replica, lacking, without_all},
};

impl Session {
    /// Sends what was written here. Costs the same however large the document is.
    pub(super) fn local_update<R: Replica>(
        &mut self,
        spans: &[IdSpan],
        updates: Vec<u8>,
        now: Duration,
        replica: &mut R,
    ) {
        if self.history.advance(spans, now).is_some() {
            // Peers may have got them already, when the document's version was read meanwhile.
            self.spread(spans, Some(updates), None, now, replica);
        } else {
            self.refresh(now, replica);
        }
    }

    /// Asks the document what it has, and sends what is news.
    pub(super) fn refresh<R: Replica>(&mut self, now: Duration, replica: &mut R) {
        let fresh = self.history.refresh(replica.version(), now);
        self.spread(&fresh, None, None, now, replica);
    }

    /// Asks a peer for everything that we lack.
    pub(super) fn ask(&mut self, node: NodeId, now: Duration) {
        let version_vector = self.history.version().encode();
        let waiting = self.history.is_waiting_from(node);
        let Ok(link) = self.open_link(node) else {
            return;
        };
        // If too much waits, it is all to come again, in order.
        let waiting = waiting && link.pending_bytes <= MAX_PENDING;
        link.ask(now);
        let (connection, received) = (link.connection, link.received());
        self.send(
            connection,
            Message::SyncRequest {
                version_vector,
                received,
                waiting,
            },
        );
    }

    /// Answers a peer's question. From the first one on, the peer gets what is new.
    pub(super) fn sync_request<R: Replica>(
        &mut self,
        node: NodeId,
        question: &Question,
        now: Duration,
        replica: &mut R,
    ) -> Result<(), CloseReason> {
        self.open_link(node)?;
        // The answer is exported up to the document's end: learn where that is.
        self.refresh(now, replica);
        let ours = Arc::clone(self.history.version());
        let slice = self.slice;
        let link = self.open_link(node)?;
        let mut spans = link.answer(question, &ours);
        let (connection, takes_slices) = (link.connection, link.takes_slices);
        if !self.may_write() {
            // Nobody would take it from us.
            spans.clear();
        }
        let has_some = question.version.iter().any(|(_, &end)| end > 0);
        let operations = operations_of(&spans);
        let mut rest = spans;
        if takes_slices && has_some && operations > slice as u64 {
            self.send(connection, Message::SyncAhead { operations });
            let mut slices = replica.slices(&rest, slice);
            rest = slices.pop().unwrap_or_default();
            for spans in slices {
                let updates = replica
                    .export_spans(&spans)
                    .map_err(|_| CloseReason::Failed)?;
                self.open_link(node)?.sends(&spans, updates.len(), now);
                self.send_parts(connection, updates, Message::UpdateBatch);
            }
        }
        let updates = if operations == operations_of(&rest) {
            export(&rest, &question.version, &ours, replica)?
        } else {
            replica
                .export_spans(&rest)
                .map_err(|_| CloseReason::Failed)?
        };
        self.open_link(node)?.sends(&rest, updates.len(), now);
        self.send_parts(connection, updates, Message::SyncResponse);
        Ok(())
    }

    /// A peer says that it answers in several updates.
    pub(super) fn sync_ahead(&mut self, node: NodeId, operations: u64) -> Result<(), CloseReason> {
        self.open_link(node)?.expect_ahead(operations);
        self.tell_progress(node, 0);
        Ok(())
    }

    fn tell_progress(&mut self, node: NodeId, operations: u64) {
        let Ok(link) = self.open_link(node) else {
            return;
        };
        if let Some((done, total)) = link.come_ahead(operations) {
            let progress = SyncProgress { node, done, total };
            self.outputs.push(Output::Progress(progress));
        }
    }

    /// Takes a part of an update that a peer passes on.
    pub(super) fn update_relay<R: Replica>(
        &mut self,
        node: NodeId,
        relay: UpdateRelay,
        now: Duration,
        replica: &mut R,
    ) -> Result<(), CloseReason> {
        let link = self.open_link(node)?;
        let arrival = Arrival {
            node,
            is_own: false,
            by_tree: !relay.detour && !link.is_lazy(),
        };
        let part = self.permitted(node, relay.part);
        self.take_update(arrival, Stretch::Relay, part, now, replica)
    }

    /// Takes a part of a peer's own update, or of its answer.
    pub(super) fn update<R: Replica>(
        &mut self,
        node: NodeId,
        stretch: Stretch,
        part: Part,
        now: Duration,
        replica: &mut R,
    ) -> Result<(), CloseReason> {
        let link = self.open_link(node)?;
        let arrival = Arrival {
            node,
            is_own: true,
            by_tree: link.knows_tree() && !link.is_lazy() && !link.is_asked(),
        };
        let part = self.permitted(node, part);
        self.take_update(arrival, stretch, part, now, replica)
    }

    fn take_update<R: Replica>(
        &mut self,
        arrival: Arrival,
        stretch: Stretch,
        part: Part,
        now: Duration,
        replica: &mut R,
    ) -> Result<(), CloseReason> {
        let node = arrival.node;
        let Some(updates) = self.open_link(node)?.assemble(stretch, part, now)? else {
            return Ok(());
        };
        if self.gathering && stretch != Stretch::Response {
            self.gather(arrival, updates);
        } else if !updates.is_empty() {
            self.import(arrival, &[updates], now, replica)?;
        }
        // Early enough for a peer that waits for this word before it sends more.
        let confirm_at = self.queue_limit / 4;
        let link = self.open_link(node)?;
        let confirm = link.unconfirmed_bytes() >= confirm_at;
        if stretch == Stretch::Response && !link.synced {
            link.synced = true;
            self.in_sync(node);
        }
        if confirm {
            self.confirm(node)?;
        }
        Ok(())
    }

    /// Tells a peer what has arrived, without waiting for the next heartbeat: it may be waiting
    /// for that.
    fn confirm(&mut self, node: NodeId) -> Result<(), CloseReason> {
        let digest = self.history.digest();
        let link = self.open_link(node)?;
        let (connection, received) = (link.connection, link.confirm());
        self.send(connection, Message::Heartbeat { digest, received });
        Ok(())
    }

    /// Takes a peer's heartbeat: what arrived there, and whether it has the same as we.
    pub(super) fn heartbeat<R: Replica>(
        &mut self,
        node: NodeId,
        digest: u64,
        received: u64,
        now: Duration,
        replica: &R,
    ) -> Result<(), CloseReason> {
        let equal = digest == self.history.digest();
        let changed_at = self.history.changed_at();
        let ours = self.history.version();
        let link = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.open_link_mut())
            .ok_or(CloseReason::Protocol)?;
        link.acknowledge(received);
        if equal {
            link.is_equal(ours);
            return Ok(());
        }
        let missed = link.catch_up(ours, self.queue_limit);
        let is_lazy = link.is_lazy();
        let needs_repair = link.needs_repair(changed_at, now);
        if let Some(spans) = missed {
            // Not up to the document's end, which may be further than we know.
            let updates = replica
                .export_spans(&spans)
                .map_err(|_| CloseReason::Failed)?;
            let connection = link.connection;
            link.sends(&spans, updates.len(), now);
            self.send_parts(connection, updates, Message::UpdateBatch);
        }
        if is_lazy {
            self.announce_what_was_not_passed_on(node);
        }
        if needs_repair && !self.is_sabotaged(Sabotage::SkipRepair) {
            self.ask(node, now);
        }
        Ok(())
    }

    /// Asks for what updates have been waiting for: whoever sent them, or somebody else.
    pub(super) fn ask_for_waiting(&mut self, now: Duration) {
        for sender in self.history.whom_to_ask(now) {
            let can_ask = |peer: &&Peer| peer.open_link().is_some_and(|link| link.can_ask(now));
            let sender = self.peers.get(&sender).filter(can_ask);
            let node = sender
                .or_else(|| self.peers.iter().find(can_ask))
                .map(Peer::node);
            if let Some(node) = node {
                self.ask(node, now);
            }
        }
    }

    fn in_sync(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.redial.reset();
        }
        self.transition(node, PeerState::Connected, Reason::Normal);
        self.outputs.push(Output::InSync { node });
    }

    /// Keeps an update until all that came in one go is imported.
    fn gather(&mut self, arrival: Arrival, updates: Vec<u8>) {
        let mut gathered = self.gathered.iter_mut().rev();
        // What came in another way in between came first.
        match gathered.find(|(of, _)| of.node == arrival.node) {
            Some((of, gathered)) if *of == arrival => gathered.push(updates),
            Some(_) | None => self.gathered.push((arrival, vec![updates])),
        }
    }

    /// Imports what was gathered: of each peer all at once.
    pub(super) fn import_gathered<R: Replica>(&mut self, now: Duration, replica: &mut R) {
        for (arrival, updates) in std::mem::take(&mut self.gathered) {
            if let Err(reason) = self.import(arrival, &updates, now, replica) {
                self.close(arrival.node, reason, now);
            }
        }
    }

    fn import<R: Replica>(
        &mut self,
        arrival: Arrival,
        updates: &[Vec<u8>],
        now: Duration,
        replica: &mut R,
    ) -> Result<(), CloseReason> {
        let node = arrival.node;
        let imported = replica
            .import_batch(updates, node)
            .map_err(|_| CloseReason::Protocol)?;
        let waited = self.history.waiting_from_others(node);
        // What waited here and came from no peer is our application's, and news to the sender too.
        let ours = without_all(&imported.unlocked, &self.history.waiting_spans());
        let theirs = without_all(&imported.spans, &ours);
        let fresh = match self.history.advance(&imported.spans, now) {
            Some(fresh) => fresh,
            None => self.history.refresh(replica.version(), now),
        };
        self.history.wait_for(&imported, arrival, now);
        let bytes = updates.iter().map(Vec::len).sum();
        let bounded = self.bound_pending(node, &imported, bytes, now);
        // Between the arrival and now the connection may have ended; what came over it has not.
        if let Ok(link) = self.open_link(node) {
            link.knows(&by_sender(arrival, &theirs, &waited)[0].1);
            link.knows(&imported.pending);
            if !fresh.is_empty() {
                link.helped();
            }
        }
        self.tell_progress(node, operations_of(&theirs));
        self.note_arrival(arrival, &fresh, &imported.pending, updates, now);
        if fresh.is_empty() {
            return bounded;
        }
        self.outputs.push(Output::Imported {
            node,
            spans: fresh.clone(),
        });
        // The bytes do not go on as they are: they may hold what others have had for long.
        let fresh = without_all(&fresh, &ours);
        for (sender, spans) in by_sender(arrival, &fresh, &waited) {
            self.spread(&spans, None, Some(sender), now, replica);
        }
        if !ours.is_empty() {
            self.spread(&ours, None, None, now, replica);
        }
        bounded
    }

    /// Keeps what waits inside the document from growing without end.
    fn bound_pending(
        &mut self,
        node: NodeId,
        imported: &Imported,
        bytes: usize,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let nothing_waits = !self.history.is_waiting_from(node);
        let Ok(link) = self.open_link(node) else {
            return Ok(());
        };
        if !imported.pending.is_empty() {
            link.pending_bytes += bytes;
        } else if nothing_waits {
            link.pending_bytes = 0;
        }
        if link.pending_bytes > 2 * MAX_PENDING {
            return Err(CloseReason::Excess);
        }
        if link.pending_bytes > MAX_PENDING && link.can_ask(now) {
            self.ask(node, now);
        }
        Ok(())
    }

    /// Sends new operations to every peer that lacks them. What a peer wrote does not go to its
    /// own neighbours: they get it from it, or ask when their digest differs. What is passed on
    /// goes over the links of the tree; the others announce it.
    fn spread<R: Replica>(
        &mut self,
        spans: &[IdSpan],
        updates: Option<Vec<u8>>,
        from: Option<Arrival>,
        now: Duration,
        replica: &mut R,
    ) {
        let mut exports: Vec<(Vec<IdSpan>, Vec<u8>)> = updates
            .into_iter()
            .map(|updates| (spans.to_vec(), updates))
            .collect();
        if (from.is_some() && self.is_sabotaged(Sabotage::DropRelay)) || !self.may_write() {
            return;
        }
        let forgets = self.is_sabotaged(Sabotage::ForgetSlowReader);
        let mut batches = Vec::new();
        let mut failed = Vec::new();
        for peer in self.peers.iter_mut() {
            let node = peer.node();
            let Some(link) = peer.open_link_mut().filter(|link| link.is_streaming()) else {
                continue;
            };
            if link.needs_sync && from.is_none_or(|from| from.node != node) {
                continue;
            }
            match from {
                Some(from) if from.node == node => continue,
                Some(from) if from.is_own && link.is_neighbour_of(from.node) => {
                    link.knows(spans);
                    continue;
                }
                Some(_) if link.is_lazy() => continue,
                Some(_) | None => {}
            }
            let missing = link.lacking_of(spans, self.history.version());
            if missing.is_empty() {
                continue;
            }
            if !link.has_room(self.queue_limit) {
                link.needs_sync = !forgets;
                if forgets {
                    link.knows(&missing);
                }
                continue;
            }
            let cached = exports.iter().find(|(spans, _)| *spans == missing);
            let updates = match cached {
                Some((_, updates)) => updates.clone(),
                None => match replica.export_spans(&missing) {
                    Ok(updates) => {
                        exports.push((missing.clone(), updates.clone()));
                        updates
                    }
                    Err(_) => {
                        failed.push(node);
                        continue;
                    }
                },
            };
            link.sends(&missing, updates.len(), now);
            let passed_on = from.filter(|_| link.knows_tree());
            batches.push((link.connection, updates, passed_on));
        }
        for (connection, updates, passed_on) in batches {
            match passed_on {
                Some(Arrival { by_tree, .. }) => self.send_parts(connection, updates, |part| {
                    let detour = !by_tree;
                    Message::UpdateRelay(UpdateRelay { detour, part })
                }),
                None => self.send_parts(connection, updates, Message::UpdateBatch),
            }
        }
        for node in failed {
            self.close(node, CloseReason::Failed, now);
        }
    }

    fn send_parts(
        &mut self,
        connection: ConnectionId,
        updates: Vec<u8>,
        message: impl Fn(Part) -> Message,
    ) {
        for part in parts(updates) {
            self.send(connection, message(part));
        }
    }
}

fn operations_of(spans: &[IdSpan]) -> u64 {
    let length = |span: &IdSpan| i64::from(span.counter.end) - i64::from(span.counter.start);
    let lengths = spans.iter().map(length);
    lengths
        .filter_map(|length| u64::try_from(length).ok())
        .sum()
}

/// Tells what a peer sent from what others had sent and what waited for it. The peer's own part
/// comes first.
fn by_sender(
    arrival: Arrival,
    spans: &[IdSpan],
    waited: &[(Arrival, IdSpan)],
) -> Vec<(Arrival, Vec<IdSpan>)> {
    let mut own = spans.to_vec();
    let mut others = Vec::new();
    for &(sender, waiting) in waited {
        let rest: Vec<_> = own
            .iter()
            .flat_map(|&span| without(span, waiting))
            .collect();
        let unlocked: Vec<_> = own
            .iter()
            .flat_map(|&span| {
                let outside: Vec<_> = without(span, waiting).collect();
                outside.into_iter().fold(vec![span], |inside, piece| {
                    inside
                        .into_iter()
                        .flat_map(|span| without(span, piece))
                        .collect()
                })
            })
            .collect();
        if !unlocked.is_empty() {
            others.push((sender, unlocked));
        }
        own = rest;
    }
    others.insert(0, (arrival, own));
    others
}

/// Exports an answer. `spans` are what `theirs` lacks of `ours`, without what is on its way.
fn export<R: Replica>(
    spans: &[IdSpan],
    theirs: &VersionVector,
    ours: &VersionVector,
    replica: &R,
) -> Result<Vec<u8>, CloseReason> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    // What only they have says nothing about where to start, and may be invented.
    let common = theirs.intersection(ours);
    let result = if spans == lacking(ours, &common) {
        // The document can take whole blocks for this, instead of cutting them.
        replica.export_since(&common)
    } else {
        replica.export_spans(spans)
    };
    result.map_err(|_| CloseReason::Failed)
}
