//! A simulated replica: a real Loro document, its session, and the driver's notes about it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use loro::{ExportMode, LoroDoc, LoroText, Subscription};

use super::{SiteOptions, TEXT};
use crate::{
    crdt::SharedDocument,
    net::{
        event::UserInfo,
        node::{NodeId, PeerAddress},
        replica::spans_of_own_update,
        session::{ConnectionId, Input, Output, Session, SessionConfig},
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
    updates: Updates,
    _subscription: Subscription,
    /// Dials under way, with the number of the attempt.
    pub dialling: BTreeMap<NodeId, u64>,
    /// The newest connection with each peer.
    pub wires: BTreeMap<NodeId, ConnectionId>,
    /// Whom the story connected this site to; a restarted site dials them again.
    pub requested: Vec<usize>,
    pub next_tick: Option<Duration>,
    /// Everything but messages that the session put out, with the time.
    pub log: Vec<(Duration, Output)>,
}

impl Site {
    pub fn new(index: usize, options: SiteOptions, seed: u64) -> Self {
        // Spread the ids, so that their order is not that of the story.
        let node = NodeId(*blake3::hash(&[index as u8, 0x5e]).as_bytes());
        Self::start(node, options, LoroDoc::new(), seed)
    }

    /// Starts a new process on what the old one had: the same replica, another Loro peer id.
    pub fn restart(&mut self, seed: u64) {
        let doc = LoroDoc::new();
        if let Ok(snapshot) = self.document.doc().export(ExportMode::Snapshot) {
            let imported = doc.import(&snapshot);
            debug_assert!(imported.is_ok(), "a snapshot of ours can be imported");
        }
        let mut options = self.options.clone();
        options.document = self.session.document();
        let log = std::mem::take(&mut self.log);
        let requested = std::mem::take(&mut self.requested);
        *self = Self {
            log,
            requested,
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
        };
        Self {
            node,
            options,
            alive: true,
            left: false,
            session: Session::new(config, seed),
            document: SharedDocument::new(doc),
            updates,
            _subscription: subscription,
            dialling: BTreeMap::new(),
            wires: BTreeMap::new(),
            requested: Vec::new(),
            next_tick: None,
            log: Vec::new(),
        }
    }

    pub fn text(&self) -> LoroText {
        self.document.doc().get_text(TEXT)
    }

    /// Hands something to the session, and keeps what it says for the story.
    pub fn handle(&mut self, input: Input, now: Duration) -> Vec<Output> {
        let outputs = self.session.handle(input, now, &mut self.document);
        self.next_tick = self.session.next_tick();
        for output in &outputs {
            if !matches!(output, Output::Send { .. }) {
                self.log.push((now, output.clone()));
            }
        }
        outputs
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
