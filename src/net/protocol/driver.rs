//! The thread that owns the session and carries out what it says.
//!
//! It is a thread of its own, not a task: an import can take hundreds of milliseconds, and must
//! hold up neither QUIC's timers nor an application that runs tokio on a single thread. Nothing
//! here waits for the network; connections are tasks on the application's runtime that report to
//! one queue.
//!
//! What was written here goes first, whatever else waits, and a burst of keystrokes as one update,
//! which costs the others one import. A lone keystroke waits for nothing.

mod dialling;
mod ending;
mod entrance;
mod inbox;
mod outputs;
mod pace;
mod strangers;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use iroh::Endpoint;
use tokio::{
    runtime::Handle,
    sync::{broadcast, oneshot},
    task::AbortHandle,
};

use super::{
    access::{Access, TicketLedger},
    arrival::Arrivals,
    clock::{Clock as _, SystemClock, Vigil},
    conflicts::Job,
    error::ConnectError,
    events::{Subscriptions, TextChange, subscribe},
    guarded::{GuardedDocument, ImportGuard},
    participants::Participants,
    published::Published,
    wake::Wake,
};
use crate::{
    crdt::SharedDocument,
    net::{
        connection::{FromLink, Link, Report},
        event::{DocumentEvent, PresenceEvent, Reason},
        message::CloseReason,
        node::{NodeId, PeerAddress},
        presence::LocalPresence,
        session::{ConnectionId, Input, Output, Session, SessionConfig},
    },
};
use dialling::Attempt;
use pace::Pace;
use strangers::Strangers;

/// How long other things are handled before what was written here is looked at again.
const TURN: Duration = Duration::from_millis(2);
/// How often round trips are measured, and the clocks compared.
const MEASURE: Duration = Duration::from_secs(1);
/// How long saying goodbye may take.
const FAREWELL: Duration = Duration::from_millis(800);
/// With nothing to wait for, one wakes up anyway; any time will do.
const FOREVER: Duration = Duration::from_secs(3600);

/// What a driver is made of.
pub(super) struct Parts {
    pub(super) document: SharedDocument,
    pub(super) config: SessionConfig,
    pub(super) runtime: Handle,
    pub(super) inbox: mpsc::Receiver<Wake>,
    pub(super) wake: mpsc::Sender<Wake>,
    pub(super) published: Arc<Published>,
    pub(super) arrivals: Option<Arrivals>,
    pub(super) updates: Option<broadcast::Sender<DocumentEvent>>,
    pub(super) presence: Option<broadcast::Sender<PresenceEvent>>,
    pub(super) conflicts: mpsc::Sender<Job>,
    pub(super) max_queued: usize,
    pub(super) access: Access,
    pub(super) ledger: Arc<dyn TicketLedger>,
    pub(super) guard: Option<Arc<dyn ImportGuard>>,
}

/// The session, its connections, and what is on its way.
pub(super) struct Driver {
    node: NodeId,
    session: Session,
    document: SharedDocument,
    /// The same document, for the session.
    replica: GuardedDocument,
    participants: Participants,
    clock: SystemClock,
    vigil: Vigil,
    runtime: Handle,
    inbox: mpsc::Receiver<Wake>,
    wake: mpsc::Sender<Wake>,
    /// What was written here and not handed to the session yet, as Loro exported it.
    written: Vec<Vec<u8>>,
    /// When that goes out.
    pace: Pace,
    /// What our participant does, until it is told together with what they wrote.
    own_presence: Option<LocalPresence>,
    /// Who wants to hear that the session has ended; it ends as soon as anybody is in here.
    farewells: Vec<Option<oneshot::Sender<()>>>,
    /// The peer whose content goes on in place of ours; the session ends as soon as there is one.
    superseded_by: Option<NodeId>,
    /// All else that was taken out of the inbox and not handled yet.
    backlog: VecDeque<Wake>,
    report: Report,
    published: Arc<Published>,
    presence: Option<broadcast::Sender<PresenceEvent>>,
    arrivals: Option<Arrivals>,
    conflicts: mpsc::Sender<Job>,
    endpoint: Option<Attached>,
    attempts: BTreeMap<NodeId, Attempt>,
    links: BTreeMap<ConnectionId, Link>,
    strangers: Strangers,
    max_queued: usize,
    access: Access,
    ledger: Arc<dyn TicketLedger>,
    /// Connections that we are closing, with what the session is told when they are over.
    closing: BTreeMap<ConnectionId, Reason>,
    /// Connections that were told the reason, or are being told it.
    goodbyes: usize,
    waiting: Vec<Waiting>,
    /// Numbers connections and attempts.
    last_number: u64,
    next_measure: Duration,
    offline: bool,
    _subscriptions: Subscriptions,
}

/// The endpoint to dial through, and the task that tells where it can be reached.
struct Attached {
    endpoint: Endpoint,
    watcher: AbortHandle,
}

/// Somebody who wants to know how connecting to a peer ends.
struct Waiting {
    node: NodeId,
    reply: oneshot::Sender<Result<(), ConnectError>>,
    /// Whether the session had the peer before; otherwise a failure leaves nothing behind.
    known: bool,
}

impl Driver {
    pub(super) fn new(parts: Parts) -> Self {
        let (texts, changes): (mpsc::Sender<TextChange>, _) = mpsc::channel();
        let subscriptions = subscribe(
            parts.document.doc(),
            parts.wake.clone(),
            texts,
            parts.updates,
            parts.conflicts.clone(),
        );
        let report: Report = {
            let wake = parts.wake.clone();
            Arc::new(move |news| {
                // Nobody cares any more once the session has ended.
                let _ = wake.send(Wake::Link(news));
            })
        };
        let clock = SystemClock::start();
        Self {
            node: parts.config.node,
            session: Session::new(parts.config, rand::random()),
            participants: Participants::new(parts.document.clone(), changes),
            replica: GuardedDocument::new(parts.document.clone(), parts.guard),
            document: parts.document,
            vigil: Vigil::start(&clock),
            clock,
            runtime: parts.runtime,
            inbox: parts.inbox,
            wake: parts.wake,
            written: Vec::new(),
            pace: Pace::new(),
            own_presence: None,
            farewells: Vec::new(),
            superseded_by: None,
            backlog: VecDeque::new(),
            report,
            published: parts.published,
            presence: parts.presence,
            arrivals: parts.arrivals,
            conflicts: parts.conflicts,
            endpoint: None,
            attempts: BTreeMap::new(),
            links: BTreeMap::new(),
            strangers: Strangers::default(),
            max_queued: parts.max_queued,
            access: parts.access,
            ledger: parts.ledger,
            closing: BTreeMap::new(),
            goodbyes: 0,
            waiting: Vec::new(),
            last_number: 0,
            next_measure: Duration::ZERO,
            offline: false,
            _subscriptions: subscriptions,
        }
    }

    /// Works until somebody wants the session to end.
    fn work(&mut self) {
        self.publish_access();
        loop {
            self.gather();
            if !self.farewells.is_empty() {
                return self.send_written();
            }
            self.send_batch();
            let turn = Instant::now();
            while let Some(wake) = self.backlog.pop_front() {
                self.take(wake);
                if turn.elapsed() > TURN || self.superseded_by.is_some() {
                    break;
                }
            }
            self.tell_own_presence();
            self.pass_time();
            self.publish();
            if self.superseded_by.is_some() {
                return;
            }
        }
    }

    fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn time_to_wait(&self) -> Duration {
        // A machine that wakes up has somebody to dial, connected or not.
        let anybody = self.session.peers().next().is_some();
        let measure = anybody.then_some(self.next_measure);
        let look = self.arrivals.as_ref().and_then(Arrivals::next_look);
        let batch = self.next_batch();
        let stranger = self.strangers.next();
        [self.session.next_tick(), measure, look, batch, stranger]
            .into_iter()
            .flatten()
            .min()
            .map_or(FOREVER, |next| next.saturating_sub(self.now()))
    }

    fn take(&mut self, wake: Wake) {
        match wake {
            // Taken out of the inbox before they come here.
            Wake::LocalUpdate(_) | Wake::Stop(_) => {}
            Wake::DocumentChanged => self.handle(Input::DocumentChanged),
            Wake::Input(input) => self.take_input(input),
            Wake::Attach(endpoint) => self.attach(endpoint),
            Wake::Connect { address, reply } => self.connect(address, reply),
            Wake::Incoming(connection) => self.take_incoming(connection),
            Wake::OtherVersion { node } => self.announce_other_version(node),
            Wake::Settled {
                node,
                attempt,
                result,
            } => self.settle(node, attempt, result),
            Wake::Link(news) => self.take_news(news),
        }
    }

    fn take_input(&mut self, input: Input) {
        if let Input::LocalPresence(presence) = input {
            self.own_presence = Some(presence);
            return;
        }
        match &input {
            Input::Offline => {
                self.send_written();
                self.offline = true;
                self.withdraw_all();
            }
            Input::Online => self.offline = false,
            Input::Forget(node) => self.withdraw(*node),
            Input::LocalUpdate { .. }
            | Input::DocumentChanged
            | Input::Dial(_)
            | Input::Neighbours(_)
            | Input::DialFailed { .. }
            | Input::Opened { .. }
            | Input::Received { .. }
            | Input::Closed { .. }
            | Input::RoundTrip { .. }
            | Input::LocalPresence(_)
            | Input::Call
            | Input::Announce(_)
            | Input::Answer { .. }
            | Input::Redeemed { .. }
            | Input::Hold(_)
            | Input::Govern(_)
            | Input::AddressChanged(_)
            | Input::Woke
            | Input::Shutdown
            | Input::Tick => {}
        }
        self.handle(input);
    }

    fn take_news(&mut self, news: FromLink) {
        match news {
            FromLink::Received(received) => self.take_received(received),
            FromLink::Broken { connection } => {
                let reason = Reason::Lost("the peer broke the protocol".to_owned());
                self.cut(connection, CloseReason::Protocol, reason);
            }
            FromLink::Ended { connection, reason } => {
                self.let_go(connection);
                let reason = self.closing.remove(&connection).unwrap_or(reason);
                self.handle(Input::Closed { connection, reason });
            }
            FromLink::SaidGoodbye => self.goodbyes = self.goodbyes.saturating_sub(1),
        }
    }

    /// Hands something to the session, and carries out what follows from it.
    fn handle(&mut self, input: Input) {
        let now = self.now();
        let outputs = self.session.handle(input, now, &mut self.replica);
        self.carry_out_all(outputs);
    }

    /// The same with several things at once.
    fn handle_batch(&mut self, inputs: Vec<Input>) {
        let now = self.now();
        let outputs = self.session.handle_batch(inputs, now, &mut self.replica);
        self.carry_out_all(outputs);
    }

    fn carry_out_all(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.carry_out(output);
        }
    }

    fn pass_time(&mut self) {
        let now = self.now();
        if self.session.next_tick().is_some_and(|tick| tick <= now) {
            self.commit_what_lies_open();
            self.handle(Input::Tick);
        }
        self.send_strangers_away();
        if now >= self.next_measure {
            self.next_measure = now + MEASURE;
            if self.vigil.was_interrupted(&self.clock) {
                self.handle(Input::Woke);
            }
            self.measure();
            self.cut_restarted();
        }
        if let Some(arrivals) = &mut self.arrivals {
            for address in arrivals.look(self.session.peers(), now) {
                self.handle(Input::Dial(address));
            }
        }
    }

    /// A change that was made directly on the document is sent when it is committed, which an
    /// application may have left to chance.
    fn commit_what_lies_open(&self) {
        if self.document.doc().get_pending_txn_len() > 0 {
            self.document.lock().doc().commit();
        }
    }

    fn measure(&mut self) {
        let measured: Vec<_> = self
            .links
            .iter()
            .filter_map(|(connection, link)| Some((*connection, link.round_trip()?)))
            .collect();
        for (connection, rtt) in measured {
            self.handle(Input::RoundTrip { connection, rtt });
        }
    }

    /// A peer that was killed says no goodbye. When another process of this machine has taken its
    /// place, the connection with the dead one need not last until QUIC gives it up.
    fn cut_restarted(&mut self) {
        let restarted: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| self.is_restarted(link.node))
            .map(|(connection, _)| *connection)
            .collect();
        for connection in restarted {
            let reason = Reason::Lost("the peer was restarted".to_owned());
            self.cut(connection, CloseReason::Duplicate, reason);
        }
    }

    fn is_restarted(&self, node: NodeId) -> bool {
        let arrivals = self.arrivals.as_ref();
        arrivals.is_some_and(|arrivals| arrivals.is_restarted(node))
    }

    fn publish(&mut self) {
        self.participants.follow_text();
        self.published.set_participants(self.participants.all());
        self.published.set_peers(self.session.peers());
        self.published.set_address(self.session.address());
    }

    /// Ends a connection of ours without waiting for what is queued.
    fn cut(&mut self, connection: ConnectionId, tell: CloseReason, reason: Reason) {
        if let Some(link) = self.let_go(connection) {
            self.closing.insert(connection, reason);
            self.goodbyes += 1;
            link.close_now(tell, &self.runtime);
        }
    }

    fn let_go(&mut self, connection: ConnectionId) -> Option<Link> {
        self.strangers.remove(connection);
        self.links.remove(&connection)
    }
}

/// Returns what a peer's address becomes when the machine itself knows more.
fn with_places_of(mut address: PeerAddress, found: Option<PeerAddress>) -> PeerAddress {
    if let Some(found) = found {
        address.direct.extend(found.direct);
        address.direct.sort_unstable();
        address.direct.dedup();
        address.relay = address.relay.or(found.relay);
    }
    address
}
