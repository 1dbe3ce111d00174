//! The thread that compares, away from every key press.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use loro::{IdSpan, LoroDoc, PeerID};

use super::{ConflictEvent, Inner, Settlement, locked, seconds_since_1970};
use crate::{
    crdt::conflict::{
        self, Author, Block, ConflictContent, ConflictId, ConflictState, Side, blocks,
    },
    net::message::{ConflictKind, ConflictNotification},
};

/// How long more is waited for before anything is looked at: a sync comes in several pieces, and
/// people type several letters.
const GATHER: Duration = Duration::from_millis(40);

/// What the thread is asked to do.
pub(in crate::net::protocol) enum Job {
    /// These operations came from others: compare them with ours.
    Imported(Vec<IdSpan>),
    /// Conflicts or answers came in, or were written here.
    Records {
        /// Whether they were written here.
        ours: bool,
    },
    /// Some text or map changed.
    Content {
        /// Whether it was changed here.
        ours: bool,
    },
    /// A peer tells that something became of this conflict.
    Told(ConflictId),
}

/// Tells the peers what became of a conflict.
pub(super) type Announce = Box<dyn Fn(ConflictNotification) + Send>;

/// What the thread knew the last time it looked.
struct Worker {
    inner: Arc<Inner>,
    /// Who is behind peer ids, as far as it is known.
    replicas: BTreeMap<PeerID, u64>,
    states: BTreeMap<ConflictId, ConflictState>,
    /// What stands at the places of open conflicts.
    open: BTreeMap<ConflictId, ConflictContent>,
    /// Disputed answers that were put right.
    repaired: BTreeSet<ConflictId>,
    announce: Announce,
}

/// Starts the thread; it ends when the sender is dropped.
pub(super) fn start(inner: Arc<Inner>, announce: Announce) -> std::io::Result<mpsc::Sender<Job>> {
    let (sender, jobs) = mpsc::channel();
    thread::Builder::new()
        .name("conflicts".to_owned())
        .spawn(move || {
            let mut worker = Worker {
                inner,
                replicas: BTreeMap::new(),
                states: BTreeMap::new(),
                open: BTreeMap::new(),
                repaired: BTreeSet::new(),
                announce,
            };
            worker.look(true, false);
            worker.work(&jobs);
        })?;
    Ok(sender)
}

impl Worker {
    fn work(&mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let (mut spans, mut records, mut text) = (Vec::new(), false, false);
            let mut by_us = false;
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Imported(imported) => spans.extend(imported),
                    Job::Records { ours } => {
                        records = true;
                        by_us |= ours;
                    }
                    Job::Content { ours } => {
                        text = true;
                        by_us |= ours;
                    }
                    // What we know already is not worth a look.
                    Job::Told(id) => records |= !self.states.contains_key(&id),
                }
                next = match jobs.recv_timeout(GATHER) {
                    Ok(job) => Some(job),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
            if !spans.is_empty() {
                self.compare(&spans);
            }
            if records || (text && self.has_unanswered()) {
                self.look(records, by_us);
            }
        }
    }

    /// Whether edits may open or close a conflict.
    fn has_unanswered(&self) -> bool {
        self.states.values().any(|state| state.answer().is_none())
    }

    /// Compares what came in with what was written here meanwhile.
    fn compare(&mut self, spans: &[IdSpan]) {
        let doc = self.inner.document.doc().clone();
        let own = self.own_peers(&doc);
        let news = spans.iter().filter(|span| !own.contains(&span.peer));
        let apart = locked(&self.inner.settings).apart;
        let blocks: Vec<Block> = news
            .flat_map(|span| blocks(&doc, &own, *span))
            .filter(|block| self.is_worth_it(&doc, block, apart))
            .collect();
        if blocks.is_empty() {
            return;
        }
        let Ok(copy) = self.inner.copy() else {
            return;
        };
        for (ours, theirs) in self.by_author(blocks) {
            match self.inner.examine(&copy, &ours, &theirs, apart) {
                Ok(examined) => {
                    if examined.reunion.apart >= apart {
                        self.tell(ConflictEvent::Met(examined.reunion));
                    }
                }
                Err(error) => tracing::debug!("edits were not compared: {error}"),
            }
        }
    }

    /// Whether any of it is old enough to be more than people typing at once.
    fn is_worth_it(&self, doc: &LoroDoc, block: &Block, apart: Duration) -> bool {
        let limit = seconds_since_1970() - i64::try_from(apart.as_secs()).unwrap_or(i64::MAX);
        let firsts = block.first.iter().chain(&block.theirs_first);
        firsts
            .filter_map(|id| doc.get_change(*id))
            .any(|change| change.timestamp <= limit)
    }

    /// Puts what one author wrote under several peer ids together.
    fn by_author(&mut self, blocks: Vec<Block>) -> Vec<(Side, Side)> {
        let mut sides: Vec<(u64, Side, Side)> = Vec::new();
        for block in blocks {
            let peer = block.theirs.heads.first().map_or(0, |head| head.peer);
            let replica = self.replicas.get(&peer).copied().unwrap_or(0);
            let same = sides
                .iter_mut()
                .find(|(other, ours, _)| *other == replica && replica != 0 && *ours == block.ours);
            match same {
                Some((_, _, theirs)) => theirs.heads.extend(block.theirs.heads),
                None => sides.push((replica, block.ours, block.theirs)),
            }
        }
        let pairs = sides.into_iter();
        pairs.map(|(_, ours, theirs)| (ours, theirs)).collect()
    }

    /// The peer ids that this replica writes and wrote under.
    fn own_peers(&mut self, doc: &LoroDoc) -> BTreeSet<PeerID> {
        for (peer, _) in doc.oplog_vv().iter() {
            if !self.replicas.contains_key(peer)
                && let Some(author) = Author::of(doc, *peer)
            {
                self.replicas.insert(*peer, author.replica);
            }
        }
        let tag = self.inner.author.replica;
        let mut own = locked(&self.inner.own);
        own.insert(doc.peer_id());
        let before = self.replicas.iter().filter(|(_, replica)| **replica == tag);
        own.extend(before.map(|(peer, _)| *peer));
        own.clone()
    }

    /// Compares what the document keeps with what it kept, and tells what is new; the peers too, if
    /// it was done here.
    fn look(&mut self, records: bool, by_us: bool) {
        let inner = Arc::clone(&self.inner);
        if records {
            self.states = conflict::read(inner.document.lock().doc());
        }
        let mut open = BTreeMap::new();
        for (id, state) in &self.states {
            if state.answer().is_some() {
                continue;
            }
            // Locked anew for each, so that somebody who types need not wait for all.
            let now = state.record.now(inner.document.lock().doc());
            if let Some(now) = now.filter(|now| !state.record.is_moot(now)) {
                open.insert(*id, now);
            }
        }
        if records && inner.must_write().is_ok() {
            self.repair(inner.document.lock().doc());
        }
        let before = std::mem::replace(&mut self.open, open);
        for (conflict_id, now) in &self.open {
            let conflict_id = *conflict_id;
            match before.get(&conflict_id) {
                None => self.tell_of(ConflictEvent::New { conflict_id }, by_us),
                Some(then) if then != now => {
                    self.tell_of(ConflictEvent::Changed { conflict_id }, by_us);
                }
                Some(_) => {}
            }
        }
        for conflict_id in before.into_keys() {
            if !self.open.contains_key(&conflict_id) {
                let how = self.settlement(conflict_id);
                self.tell_of(ConflictEvent::Settled { conflict_id, how }, by_us);
            }
        }
    }

    /// Tells the application, and the peers if it was done here.
    fn tell_of(&self, event: ConflictEvent, by_us: bool) {
        let news = match &event {
            ConflictEvent::New { conflict_id } => Some((*conflict_id, ConflictKind::New)),
            ConflictEvent::Changed { conflict_id } => Some((*conflict_id, ConflictKind::Changed)),
            ConflictEvent::Settled { conflict_id, .. } => {
                Some((*conflict_id, ConflictKind::Settled))
            }
            ConflictEvent::Met(_) | ConflictEvent::Diverged { .. } => None,
        };
        if let Some((conflict, kind)) = news.filter(|_| by_us) {
            (self.announce)(ConflictNotification::about(conflict, kind));
        }
        self.tell(event);
    }

    fn settlement(&self, id: ConflictId) -> Settlement {
        match self.states.get(&id) {
            Some(state) if state.is_disputed() => Settlement::Disputed,
            Some(state) if state.answer().is_some() => Settlement::Answered,
            Some(_) | None => Settlement::Moot,
        }
    }

    /// Two people answered at once, and the merge of both outcomes is neither. Whoever was
    /// overruled puts the outcome that holds in its place.
    fn repair(&mut self, doc: &LoroDoc) {
        let mut own = locked(&self.inner.own).clone();
        own.insert(doc.peer_id());
        let mut changed = false;
        for (id, state) in &self.states {
            if state.answers.len() < 2 || !self.repaired.insert(*id) {
                continue;
            }
            match conflict::repair(doc, &own, state) {
                Ok(done) => changed |= done,
                Err(error) => tracing::debug!("a disputed answer stays: {error}"),
            }
        }
        if changed {
            doc.commit();
        }
    }

    fn tell(&self, event: ConflictEvent) {
        // An application that listens to none of them is fine.
        let _ = self.inner.events.send(event);
    }
}
