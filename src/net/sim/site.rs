//! A simulated replica: a real Loro document, its session, and the driver's notes about it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use loro::{
    ContainerID, EventTriggerKind, ExportMode, LoroDoc, LoroText, Subscription, VersionVector,
    event::{Diff, DiffEvent},
};
use ropey::Rope;

use super::{SiteOptions, TEXT};
use crate::{
    crdt::{Change, Delta, SharedDocument},
    net::{
        access::TicketBook,
        event::UserInfo,
        node::{NodeId, PeerAddress},
        replica::{lacking, spans_of_own_update},
        session::{ConnectionId, Input, Output, Session, SessionConfig},
        signature::SigningKey,
    },
};

type Updates = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// One replica of the simulated network.
pub(super) struct Site {
    pub node: NodeId,
    pub options: SiteOptions,
    pub alive: bool,
    /// It ended in peace and took its address out of every lookup: dialling it fails at once.
    pub left: bool,
    pub session: Session,
    pub document: SharedDocument,
    journal: Journal,
    updates: Updates,
    _subscription: Subscription,
    /// Dials under way, with the number of the attempt.
    pub dialling: BTreeMap<NodeId, u64>,
    /// The newest connection with each peer.
    pub wires: BTreeMap<NodeId, ConnectionId>,
    /// Whom the story connected this site to; a restarted site dials them again.
    pub requested: Vec<usize>,
    pub next_tick: Option<Duration>,
    /// It reads nothing at the moment.
    pub slow: bool,
    /// Since when its machine sleeps.
    pub slept_at: Option<Duration>,
    /// What happens to it meanwhile.
    pub missed: Vec<Input>,
    /// How far its clock is ahead of, and behind, the network's.
    pub ahead: Duration,
    pub behind: Duration,
    /// What became of the tickets that it issued.
    pub tickets: TicketBook,
    mirror: Arc<Mutex<Mirror>>,
    _mirroring: Subscription,
    /// Everything but messages that the session put out, with the time.
    pub log: Vec<(Duration, Output)>,
    /// The texts of documents that were given up for that of a peer.
    pub set_aside: Vec<String>,
}

impl Site {
    pub fn new(index: usize, options: SiteOptions, seed: u64) -> Self {
        // Spread the ids, so that their order is not that of the story.
        let node = options.access.node_key.as_ref().map_or_else(
            || NodeId(*blake3::hash(&[index as u8, 0x5e]).as_bytes()),
            SigningKey::node,
        );
        Self::start(node, options, LoroDoc::new(), seed)
    }

    /// Starts a new process on what the old one had: the same replica, another Loro peer id.
    ///
    /// The last `torn` of its own operations were not written down in time. With `keeps_peer_id`
    /// the Loro peer id is that of the old process, which is a mistake.
    pub fn restart(&mut self, seed: u64, torn: usize, keeps_peer_id: bool) {
        let old = self.document.doc();
        let doc = self.journal.read(old, torn);
        let seed = if keeps_peer_id {
            old.peer_id() << 1
        } else {
            seed
        };
        self.start_on(doc, seed);
    }

    /// Starts a new process on an empty document, and keeps the text of the old one.
    pub fn start_anew(&mut self, seed: u64) {
        self.set_aside.push(self.text().to_string());
        self.start_on(LoroDoc::new(), seed);
    }

    fn start_on(&mut self, doc: LoroDoc, seed: u64) {
        let mut options = self.options.clone();
        options.document = self.session.document();
        options.access.roster = self.session.roster().cloned();
        let log = std::mem::take(&mut self.log);
        let requested = std::mem::take(&mut self.requested);
        let tickets = std::mem::take(&mut self.tickets);
        let set_aside = std::mem::take(&mut self.set_aside);
        *self = Self {
            journal: Journal::of(&doc),
            log,
            requested,
            tickets,
            set_aside,
            ..Self::start(self.node, options, doc, seed)
        };
    }

    fn start(node: NodeId, options: SiteOptions, doc: LoroDoc, seed: u64) -> Self {
        // Loro's own choice is random; a simulation must be able to repeat it.
        let peer_id = doc.set_peer_id(seed >> 1);
        debug_assert!(peer_id.is_ok(), "the id is in range");
        let updates = Updates::default();
        let queue = Arc::clone(&updates);
        let subscription = doc.subscribe_local_update(Box::new(move |bytes| {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.push_back(bytes.clone());
            true
        }));
        let mirror = Arc::new(Mutex::new(Mirror {
            text: Rope::from_str(&doc.get_text(TEXT).to_string()),
            twice: false,
        }));
        let mirroring = {
            let mirror = Arc::clone(&mirror);
            doc.subscribe_root(Arc::new(move |event| {
                let mut mirror = mirror.lock().unwrap_or_else(PoisonError::into_inner);
                mirror.follow(&event);
            }))
        };
        let config = SessionConfig {
            node,
            document: options.document,
            title: options.title.clone(),
            user: UserInfo {
                name: options.name.clone(),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address: PeerAddress::unknown(node),
            degree_limit: options.degree_limit,
            access: options.access.clone(),
        };
        Self {
            node,
            options,
            alive: true,
            left: false,
            session: Session::new(config, seed),
            document: SharedDocument::new(doc),
            journal: Journal::default(),
            updates,
            _subscription: subscription,
            dialling: BTreeMap::new(),
            wires: BTreeMap::new(),
            requested: Vec::new(),
            next_tick: None,
            slow: false,
            slept_at: None,
            missed: Vec::new(),
            ahead: Duration::ZERO,
            behind: Duration::ZERO,
            tickets: TicketBook::default(),
            mirror,
            _mirroring: mirroring,
            log: Vec::new(),
            set_aside: Vec::new(),
        }
    }

    pub fn text(&self) -> LoroText {
        self.document.doc().get_text(TEXT)
    }

    /// Hands something to the session, and keeps what it says for the story.
    pub fn handle(&mut self, input: Input, now: Duration) -> Vec<Output> {
        self.handle_all(vec![input], now)
    }

    /// Hands several things to the session at once.
    pub fn handle_all(&mut self, mut inputs: Vec<Input>, now: Duration) -> Vec<Output> {
        let local = (now + self.ahead).saturating_sub(self.behind);
        let outputs = match (inputs.pop(), inputs.is_empty()) {
            (Some(input), true) => self.session.handle(input, local, &mut self.document),
            (last, _) => {
                let inputs = inputs.into_iter().chain(last);
                self.session.handle_batch(inputs, local, &mut self.document)
            }
        };
        self.next_tick = self.session.next_tick();
        for output in &outputs {
            if !matches!(output, Output::Send { .. }) {
                self.log.push((now, output.clone()));
            }
        }
        outputs
    }

    /// Returns when the session wants to know that time passed, by the network's clock.
    pub fn wakes_at(&self) -> Option<Duration> {
        let next = self.next_tick.filter(|_| self.slept_at.is_none())?;
        Some((next + self.behind).saturating_sub(self.ahead))
    }

    /// Returns the text as an editor shows it, that follows each change.
    pub fn mirrored(&self) -> String {
        let mirror = self.mirror.lock().unwrap_or_else(PoisonError::into_inner);
        mirror.text.to_string()
    }

    /// Lets the editor follow each import twice, which is a mistake.
    pub fn apply_twice(&mut self) {
        let mut mirror = self.mirror.lock().unwrap_or_else(PoisonError::into_inner);
        mirror.twice = true;
    }

    /// Returns the oldest change of this site that its session has not heard of.
    pub fn take_local_update(&self) -> Option<Input> {
        let mut queue = self.updates.lock().unwrap_or_else(PoisonError::into_inner);
        let updates = queue.pop_front()?;
        let spans = spans_of_own_update(&updates)?;
        Some(Input::LocalUpdate { spans, updates })
    }

    pub fn is_dialling(&self, node: NodeId, attempt: u64) -> bool {
        self.alive && self.dialling.get(&node) == Some(&attempt)
    }
}

/// What is on the site's disk: a snapshot from the start of its process. What came later is
/// taken from the old process, as if every update had been written down.
#[derive(Debug, Default)]
struct Journal {
    snapshot: Vec<u8>,
    version: VersionVector,
}

impl Journal {
    fn of(doc: &LoroDoc) -> Self {
        Self {
            snapshot: doc.export(ExportMode::Snapshot).unwrap_or_default(),
            version: doc.oplog_vv(),
        }
    }

    /// Makes the document of the next process. The last `torn` of the old one's own operations
    /// were not written down in time.
    fn read(&self, old: &LoroDoc, torn: usize) -> LoroDoc {
        let doc = LoroDoc::new();
        let mut version = old.oplog_vv();
        if let Some(end) = version.get_mut(&old.peer_id()) {
            let torn = i32::try_from(torn).unwrap_or(i32::MAX);
            *end = end.saturating_sub(torn).max(0);
        }
        let later = lacking(&version, &self.version);
        let updates = if later.is_empty() {
            Vec::new()
        } else {
            let updates = old.export(ExportMode::updates_in_range(later));
            updates.unwrap_or_default()
        };
        // What waits for other operations is in no version, and may be nowhere else any more.
        let pending = old.export_pending_updates().ok().flatten();
        for bytes in [&self.snapshot, &updates, &pending.unwrap_or_default()] {
            let imported = bytes.is_empty() || doc.import(bytes).is_ok();
            debug_assert!(imported, "what was exported can be imported");
        }
        doc
    }
}

/// A text with positions beside the document, as every editor has one.
#[derive(Debug)]
struct Mirror {
    text: Rope,
    twice: bool,
}

impl Mirror {
    fn follow(&mut self, event: &DiffEvent<'_>) {
        for change in &event.events {
            if let (true, Diff::Text(delta)) = (is_text(change.target), &change.diff) {
                let delta = Delta::from_loro(delta);
                self.apply(&delta);
                if self.twice && event.triggered_by != EventTriggerKind::Local {
                    self.apply(&delta);
                }
            }
        }
    }

    fn apply(&mut self, delta: &Delta) {
        let needed: usize = delta
            .changes()
            .iter()
            .map(|change| match change {
                Change::Retain(count) | Change::Delete(count) => *count,
                Change::Insert(_) => 0,
            })
            .sum();
        if needed <= self.text.len_chars() {
            delta.apply(&mut self.text);
        }
    }
}

fn is_text(container: &ContainerID) -> bool {
    matches!(container, ContainerID::Root { name, .. } if name.as_str() == TEXT)
}
