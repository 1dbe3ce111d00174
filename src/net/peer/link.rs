//! One connection with a peer: how far the handshake went, what passed, what is on its way.

mod passing;
mod pulse;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use loro::{IdSpan, VersionVector};

use crate::net::{
    message::{
        CloseReason, ContentDigest, DocumentTag, MAX_HANDSHAKE_SECONDS, MAX_KNOCK_SECONDS,
        MAX_MEMBERS, MAX_UPDATE, Part, PresenceRelay, PresenceUpdate, Welcome,
    },
    node::{DocumentId, NodeId},
    peer::{
        Allowance,
        known::{Known, without},
    },
    session::ConnectionId,
};

pub(crate) use passing::Passing;

/// Time between two heartbeats.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long digests differ, while the documents keep changing, until we ask all the same. What
/// later operations depend on is asked for much earlier, because those wait for it.
const DIFFERENT_FOR: Duration = Duration::from_secs(30);
/// The longest pause between two questions that brought nothing.
const LONGEST_REPAIR_PAUSE: Duration = Duration::from_secs(30);
/// Spans on their way that are kept apart; beyond, they are joined.
const MAX_IN_FLIGHT: usize = 256;
/// Updates on their way whose sizes are kept apart; beyond, they count as one.
const MAX_UNACKNOWLEDGED: usize = 64;

/// What the peer has to say next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Who it is.
    Hello,
    /// What our proof must be made for.
    Challenge,
    /// That it is who it says it is.
    Prove,
    /// Whether it lets us in.
    Welcome,
    /// Nothing that we listen to: it has let us in, and we have not decided yet.
    Nothing,
    /// Anything but the handshake.
    Open,
}

/// What we decided about the peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It did not prove yet who it is.
    #[default]
    Open,
    /// Its ticket is being looked up.
    Redeeming,
    /// A person was asked.
    Asked,
    /// It is let in, and was told so.
    Welcomed,
}

/// What the two sides said to each other until both are let in.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    /// What is the same on both ends of this connection and of no other.
    pub binding: [u8; 32],
    /// What the peer's proof must be made for.
    pub nonce: [u8; 32],
    /// What the peer's hello called its document.
    pub their_document: Option<DocumentTag>,
    /// What our hello called ours.
    pub our_document: Option<DocumentTag>,
    pub decision: Decision,
    /// The document and the roster's epoch that our welcome named.
    pub told_document: Option<DocumentId>,
    pub told_epoch: u64,
    /// The peer's welcome, if it came before our decision.
    pub welcome: Option<Box<Welcome>>,
    /// Whether a person is asked about us at the peer's side.
    pub waiting: bool,
}

/// What a connection needs until both sides have let each other in.
#[derive(Debug)]
pub(crate) struct Handshake {
    /// How far it went.
    pub greeting: Greeting,
    pub early: Early,
    /// Until when the handshake must be done.
    until: Duration,
}

/// Presence travels on its own stream and may overtake the handshake.
#[derive(Debug, Default)]
pub(crate) struct Early {
    pub presence: Option<PresenceUpdate>,
    /// The same of participants behind the peer.
    pub relays: Vec<PresenceRelay>,
}

/// One connection with a peer.
#[derive(Debug)]
pub(crate) struct Link {
    pub connection: ConnectionId,
    pub phase: Phase,
    /// What is needed until the handshake is done.
    pub handshake: Option<Box<Handshake>>,
    /// Whether the peer understands an answer in several updates.
    pub takes_slices: bool,
    /// What becomes of what others wrote.
    pub passing: Passing,
    /// How much of a large answer is here.
    ahead: Option<Box<Ahead>>,
    /// Whether neither side had a document when it said hello.
    pub without_document: bool,
    /// Whom the peer is connected to, as far as it told, by the beginnings of their ids: a mix-up
    /// costs a repair.
    neighbours: Vec<u64>,
    /// What the peer has, or is going to get from us or from the author. `None` until it asked
    /// for the first time: before, it gets no updates.
    known: Option<Known>,
    /// Whether an answer to our question is still to come.
    asked: bool,
    /// Whether we have got everything that the peer had at the start.
    pub synced: bool,
    sent: u64,
    acknowledged: u64,
    received: u64,
    /// Bytes of updates that were sent, and how many of them have arrived.
    sent_bytes: u64,
    acknowledged_bytes: u64,
    /// How many bytes had been sent with the update of a number.
    unacknowledged: VecDeque<(u64, u64)>,
    /// Bytes of updates that arrived and that the peer does not know to have arrived.
    unconfirmed_bytes: usize,
    /// The peer reads too slowly to get what is new. When it has caught up, one update brings it
    /// all that it missed.
    pub needs_sync: bool,
    /// Until when the peer must answer, after we slept.
    probe_until: Option<Duration>,
    /// What we told the peer that our document holds, and at which version.
    pub told_content: Option<ContentDigest>,
    /// What the peer may send.
    pub allowance: Allowance,
    /// Bytes of updates of this peer that wait inside the document for others.
    pub pending_bytes: usize,
    /// What was sent and is not known to be in the peer's document: it may be on its way, or wait
    /// there for something else.
    in_flight: VecDeque<InFlight>,
    /// The parts of updates that are not whole yet.
    assembling: Option<Box<Assembling>>,
    heard_at: Duration,
    moved_at: Duration,
    differs_since: Option<Duration>,
    repair_at: Duration,
    repair_pause: Duration,
    presence_sequence: u64,
    /// Whether our last heartbeat was left out.
    left_out_beat: bool,
}

fn beginning(node: NodeId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = node.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// What a peer says when it asks for what it lacks.
#[derive(Debug)]
pub(crate) struct Question {
    pub version: VersionVector,
    pub received: u64,
    pub waiting: bool,
}

/// Operations that were sent with the update of this number.
#[derive(Debug)]
struct InFlight {
    number: u64,
    span: IdSpan,
}

/// A large answer that comes in several updates.
#[derive(Debug)]
struct Ahead {
    done: u64,
    total: u64,
    /// Whether the last of them has arrived.
    whole: bool,
}

/// The parts of updates that have arrived so far.
#[derive(Debug, Default)]
struct Assembling {
    response: Vec<u8>,
    batch: Vec<u8>,
    relay: Vec<u8>,
}

impl Assembling {
    fn size(&self) -> usize {
        self.response.len() + self.batch.len() + self.relay.len()
    }
}

/// Which kind of updates a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// The answer to our question.
    Response,
    /// New operations, of the peer or of an answer.
    Batch,
    /// New operations that the peer passes on.
    Relay,
}

impl Link {
    pub fn new(connection: ConnectionId, greeting: Greeting, now: Duration) -> Self {
        Self {
            connection,
            phase: Phase::Hello,
            handshake: Some(Box::new(Handshake {
                greeting,
                early: Early::default(),
                until: now + Duration::from_secs(MAX_HANDSHAKE_SECONDS),
            })),
            takes_slices: false,
            passing: Passing::Plain,
            ahead: None,
            without_document: false,
            neighbours: Vec::new(),
            known: None,
            asked: false,
            synced: false,
            sent: 0,
            acknowledged: 0,
            received: 0,
            sent_bytes: 0,
            acknowledged_bytes: 0,
            unacknowledged: VecDeque::new(),
            unconfirmed_bytes: 0,
            needs_sync: false,
            probe_until: None,
            told_content: None,
            allowance: Allowance::new(now),
            pending_bytes: 0,
            in_flight: VecDeque::new(),
            assembling: None,
            heard_at: now,
            moved_at: now,
            differs_since: None,
            repair_at: now,
            repair_pause: HEARTBEAT,
            presence_sequence: 0,
            left_out_beat: false,
        }
    }

    pub fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// The handshake is done.
    pub fn open(&mut self) {
        self.phase = Phase::Open;
        self.handshake = None;
    }

    fn introduced_until(&self) -> Option<Duration> {
        self.handshake.as_ref().map(|handshake| handshake.until)
    }

    /// A person is asked, here or at the other side: that takes longer than a handshake may.
    pub fn knocks(&mut self, now: Duration) {
        if let Some(handshake) = &mut self.handshake {
            handshake.until = now + Duration::from_secs(MAX_KNOCK_SECONDS);
        }
    }

    /// Returns what we decided about the peer.
    pub fn decision(&self) -> Decision {
        self.handshake
            .as_ref()
            .map_or(Decision::Welcomed, |handshake| handshake.greeting.decision)
    }

    /// Returns how far the handshake went, until it is done.
    pub fn greeting_mut(&mut self) -> Option<&mut Greeting> {
        self.handshake
            .as_mut()
            .map(|handshake| &mut handshake.greeting)
    }

    /// Notes a neighbour of the peer. Returns whether it is news.
    pub fn add_neighbour(&mut self, node: NodeId) -> bool {
        match self.neighbours.binary_search(&beginning(node)) {
            Err(place) if self.neighbours.len() < MAX_MEMBERS => {
                self.neighbours.insert(place, beginning(node));
                true
            }
            Ok(_) | Err(_) => false,
        }
    }

    pub fn remove_neighbour(&mut self, node: NodeId) {
        let gone = beginning(node);
        self.neighbours.retain(|neighbour| *neighbour != gone);
    }

    pub fn is_neighbour_of(&self, node: NodeId) -> bool {
        self.neighbours.binary_search(&beginning(node)).is_ok()
    }

    /// Returns whether the peer's presence with this number is newer than all before it.
    pub fn is_newer_presence(&mut self, sequence: u64) -> bool {
        let newer = sequence > self.presence_sequence;
        self.presence_sequence = self.presence_sequence.max(sequence);
        newer
    }

    /// Returns the number of the peer's newest presence, 0 if there was none.
    pub fn presence_sequence(&self) -> u64 {
        self.presence_sequence
    }

    /// Takes a part of an update. Returns the whole update once it is complete.
    pub fn assemble(
        &mut self,
        stretch: Stretch,
        part: Part,
        now: Duration,
    ) -> Result<Option<Vec<u8>>, CloseReason> {
        let expected = match stretch {
            Stretch::Response => self.asked,
            // Also a piece of the answer.
            Stretch::Batch => self.synced || self.asked,
            Stretch::Relay => self.synced,
        };
        let earlier = self.assembling.as_ref().map_or(0, |parts| parts.size());
        if !expected || earlier + part.updates.len() > MAX_UPDATE {
            return Err(CloseReason::Protocol);
        }
        self.moved_at = now;
        let Some(whole) = self.put_together(stretch, part) else {
            return Ok(None);
        };
        self.received += 1;
        self.unconfirmed_bytes += whole.len();
        if stretch == Stretch::Response {
            self.asked = false;
            if let Some(ahead) = &mut self.ahead {
                ahead.whole = true;
            }
        }
        Ok(Some(whole))
    }

    fn put_together(&mut self, stretch: Stretch, part: Part) -> Option<Vec<u8>> {
        if part.last && self.assembling.is_none() {
            return Some(part.updates);
        }
        let mut assembling = self.assembling.take().unwrap_or_default();
        let buffer = match stretch {
            Stretch::Response => &mut assembling.response,
            Stretch::Batch => &mut assembling.batch,
            Stretch::Relay => &mut assembling.relay,
        };
        buffer.extend_from_slice(&part.updates);
        let whole = part.last.then(|| std::mem::take(buffer));
        if assembling.size() > 0 {
            self.assembling = Some(assembling);
        }
        whole
    }

    /// Notes that the answer to our question is a large one.
    pub fn expect_ahead(&mut self, total: u64) {
        if self.asked {
            self.ahead = Some(Box::new(Ahead {
                done: 0,
                total,
                whole: false,
            }));
        }
    }

    /// Notes that so many operations of this peer are in the document. Returns how much of a large
    /// answer is here, and of how much, if there is one.
    pub fn come_ahead(&mut self, operations: u64) -> Option<(u64, u64)> {
        let ahead = self.ahead.as_mut()?;
        ahead.done = ahead.done.saturating_add(operations).min(ahead.total);
        if ahead.whole {
            ahead.done = ahead.total;
        }
        let progress = (ahead.done, ahead.total);
        self.ahead.take_if(|ahead| ahead.whole);
        Some(progress)
    }

    /// Returns how many updates arrived over this connection.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Returns how many updates arrived, to be told to the peer.
    pub fn confirm(&mut self) -> u64 {
        self.unconfirmed_bytes = 0;
        self.received
    }

    /// Returns how many bytes of updates arrived that the peer has not been told of.
    pub fn unconfirmed_bytes(&self) -> usize {
        self.unconfirmed_bytes
    }

    /// Returns whether another update may go on its way, when so many bytes may be. It may be
    /// large: what matters is what it has to wait for.
    pub fn has_room(&self, limit: usize) -> bool {
        self.sent_bytes - self.acknowledged_bytes < limit as u64
    }

    /// Returns what a peer lacks that read too slowly, once it has read most of what was sent.
    pub fn catch_up(&mut self, ours: &VersionVector, limit: usize) -> Option<Vec<IdSpan>> {
        if !self.needs_sync || !self.has_room(limit) {
            return None;
        }
        self.needs_sync = false;
        let missing = self.known.as_ref()?.lacking(ours);
        Some(missing).filter(|spans| !spans.is_empty())
    }

    /// Notes that we ask for what we lack.
    pub fn ask(&mut self, now: Duration) {
        self.asked = true;
        self.moved_at = now;
        self.differs_since = None;
        self.repair_at = now + self.repair_pause;
        self.repair_pause = (self.repair_pause * 2).min(LONGEST_REPAIR_PAUSE);
    }

    /// Notes that the peer gave us something that we did not have.
    pub fn helped(&mut self) {
        self.repair_pause = HEARTBEAT;
    }

    /// Returns which operations of ours to answer a question with: those that the peer does not
    /// have and that it did not get over this connection. All of them have to be sent then.
    pub fn answer(&mut self, question: &Question, ours: &VersionVector) -> Vec<IdSpan> {
        let Question {
            version: theirs,
            received,
            waiting,
        } = question;
        self.acknowledge(*received);
        self.needs_sync = false;
        self.in_flight.retain(|in_flight| {
            let arrived = in_flight.number <= *received;
            let end = theirs.get(&in_flight.span.peer).copied().unwrap_or(0);
            end < in_flight.span.counter.end && (!arrived || *waiting)
        });
        let mut known = Known::from_version(theirs);
        let mut spans = known.lacking(ours);
        for in_flight in &self.in_flight {
            spans = spans
                .into_iter()
                .flat_map(|span| without(span, in_flight.span))
                .collect();
            known.extend(&[in_flight.span]);
        }
        self.known = Some(known);
        spans
    }

    /// Returns which of these new operations to send, and earlier ones if there is a gap.
    pub fn lacking_of(&self, spans: &[IdSpan], ours: &VersionVector) -> Vec<IdSpan> {
        self.known
            .as_ref()
            .map_or_else(Vec::new, |known| known.lacking_of(spans, ours))
    }

    /// Notes that the peer has these operations, or gets them from their author.
    pub fn knows(&mut self, spans: &[IdSpan]) {
        if let Some(known) = &mut self.known {
            known.extend(spans);
        }
    }

    /// Notes an update that goes out.
    pub fn sends(&mut self, spans: &[IdSpan], bytes: usize, now: Duration) {
        self.sent += 1;
        self.sent_bytes += bytes as u64;
        if self.unacknowledged.len() >= MAX_UNACKNOWLEDGED {
            self.unacknowledged.pop_back();
        }
        self.unacknowledged.push_back((self.sent, self.sent_bytes));
        self.moved_at = now;
        let number = self.sent;
        for &span in spans {
            self.note_in_flight(number, span);
        }
        self.knows(spans);
    }

    /// Returns whether an answer to our question is still to come.
    pub fn is_asked(&self) -> bool {
        self.asked
    }

    /// Returns whether the peer asked for the first time, so that updates go to it.
    pub fn is_streaming(&self) -> bool {
        self.known.is_some()
    }

    /// Returns what the peer has beyond doubt, unless something is on its way to it.
    pub fn certainly_known(&self) -> Option<&Known> {
        self.known
            .as_ref()
            .filter(|_| self.acknowledged >= self.sent)
    }

    /// Notes a heartbeat with the same digest as ours.
    pub fn is_equal(&mut self, ours: &Arc<VersionVector>) {
        self.acknowledge(self.sent);
        // An idle peer keeps no room for what may be on its way later.
        self.in_flight = VecDeque::new();
        self.unacknowledged = VecDeque::new();
        self.needs_sync = false;
        self.differs_since = None;
        self.repair_pause = HEARTBEAT;
        if let Some(known) = &mut self.known {
            known.equals(ours);
        }
    }

    /// Notes how many updates have arrived at the peer.
    pub fn acknowledge(&mut self, received: u64) {
        self.acknowledged = received;
        while let Some(&(number, bytes)) = self.unacknowledged.front()
            && number <= received
        {
            self.unacknowledged.pop_front();
            self.acknowledged_bytes = bytes;
        }
    }

    /// Returns whether a heartbeat with another digest than ours means that something is missing,
    /// rather than on its way. `changed_at` is when our document changed last.
    pub fn needs_repair(&mut self, changed_at: Duration, now: Duration) -> bool {
        let since = *self.differs_since.get_or_insert(now);
        if self.asked || !self.synced || now < self.repair_at {
            return false;
        }
        // Two heartbeats must agree: the first may have overtaken an edit on its way from a third.
        let confirmed = now >= since + HEARTBEAT / 2;
        // What the peer has not read yet explains the difference.
        let read = self.acknowledged >= self.sent && !self.needs_sync;
        let quiet = read && now >= self.moved_at.max(changed_at) + HEARTBEAT;
        (confirmed && quiet) || now >= since + DIFFERENT_FOR
    }

    /// Returns whether a question may be asked now.
    pub fn can_ask(&self, now: Duration) -> bool {
        self.synced && !self.asked && now >= self.repair_at
    }

    fn note_in_flight(&mut self, number: u64, span: IdSpan) {
        let before = |older: &InFlight| {
            older.span.peer == span.peer && older.span.counter.end == span.counter.start
        };
        let mut span = span;
        if self.in_flight.len() >= MAX_IN_FLIGHT
            && let Some(index) = self.in_flight.iter().rposition(before)
            && let Some(older) = self.in_flight.remove(index)
        {
            // The older operations count as on their way a little longer than they are.
            span.counter.start = older.span.counter.start;
        }
        self.in_flight.push_back(InFlight { number, span });
    }
}
