//! Conflicts, as an application meets them: which are open, what each side wrote, and answering.
//!
//! Edits that were made apart are compared on a thread of their own, on a copy of the document.
//! What a person should look at is kept in the document, so everybody gets it, also those who are
//! away; so is the answer.

mod examine;
mod info;
mod worker;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use loro::{Frontiers, ID, IdSpan, LoroDoc, PeerID, Subscription};
use tokio::sync::{broadcast, watch};

use self::examine::seconds_since_1970;
use self::info::SIDES;
pub use self::info::{
    ConflictError, ConflictEvent, ConflictInfo, ConflictResolution, ConflictSettings, Resolution,
    Reunion, Settlement, Strategy,
};
pub(super) use self::worker::Job;
use crate::{
    crdt::{
        SharedDocument,
        conflict::{self, Author, Choice, ConflictContent, ConflictId, OutsideClash, Side},
    },
    net::{
        event::UserInfo, message::ConflictNotification, node::NodeId, protocol::access::AccessState,
    },
};

/// Finds and settles conflicts: edits that were made apart and touch the same thought.
///
/// Clones are handles to the same thing. After a reconnect everything happens by itself: watch
/// [`subscribe`](Self::subscribe), or ask for [`open_conflicts`](Self::open_conflicts).
///
/// Conflicts are kept in a root map of the document, `"copad:conflicts"`, which an application
/// leaves alone.
#[derive(Clone)]
pub struct ConflictResolver {
    inner: Arc<Inner>,
}

/// What all handles and the thread have in common.
struct Inner {
    document: SharedDocument,
    author: Author,
    settings: Mutex<ConflictSettings>,
    events: broadcast::Sender<ConflictEvent>,
    /// Peer ids that this replica writes and wrote under.
    own: Mutex<BTreeSet<PeerID>>,
    cancelled: AtomicBool,
    access: watch::Receiver<AccessState>,
    /// Whether the first commit names its author, until this is dropped.
    _signing: Subscription,
}

impl ConflictResolver {
    /// Starts the thread that compares. It ends when the sender is dropped. `announce` tells the
    /// peers what became of a conflict through what was done here.
    pub(super) fn start(
        document: SharedDocument,
        node: NodeId,
        user: &UserInfo,
        settings: ConflictSettings,
        events: broadcast::Sender<ConflictEvent>,
        access: watch::Receiver<AccessState>,
        announce: impl Fn(ConflictNotification) + Send + 'static,
    ) -> std::io::Result<(Self, mpsc::Sender<Job>)> {
        let author = Author {
            replica: replica_tag(node),
            color: user.color.clone(),
            name: user.name.clone(),
        };
        // Without the time of edits nobody could say how long they were apart.
        document.doc().set_record_timestamp(true);
        document.doc().set_change_merge_interval(CHANGE_SECONDS);
        let signing = author.clone().sign(document.doc());
        let inner = Arc::new(Inner {
            document,
            author,
            settings: Mutex::new(settings),
            events,
            own: Mutex::default(),
            cancelled: AtomicBool::new(false),
            access,
            _signing: signing,
        });
        let jobs = worker::start(Arc::clone(&inner), Box::new(announce))?;
        Ok((Self { inner }, jobs))
    }

    /// Makes comparisons that are under way end soon, without a result.
    pub(super) fn cancel(&self) {
        self.inner.cancelled.store(true, Ordering::Relaxed);
    }

    /// Looks for conflicts between operations that were made here and operations of somebody else
    /// that did not know them. Both must be in the document already.
    ///
    /// This happens by itself after a reconnect; it is for applications that import updates on
    /// their own. However short the time apart was, it counts.
    ///
    /// # Errors
    ///
    /// If the document lacks some of the operations, or cannot be compared.
    pub async fn handle_concurrent_edits(
        &self,
        local_ops: &[IdSpan],
        remote_ops: &[IdSpan],
    ) -> Result<ConflictResolution, ConflictError> {
        let side = |spans: &[IdSpan]| Side {
            heads: spans
                .iter()
                .filter(|span| span.counter.start < span.counter.end)
                .map(|span| ID::new(span.peer, span.counter.end - 1))
                .collect(),
        };
        let (ours, theirs) = (side(local_ops), side(remote_ops));
        let inner = Arc::clone(&self.inner);
        let found = tokio::task::spawn_blocking(move || {
            let copy = inner.copy()?;
            inner.examine(&copy, &ours, &theirs, Duration::ZERO)
        });
        let examined = found.await.map_err(|_| ConflictError::Ended)??;
        let gravest = examined.asked.into_iter().max_by_key(|(_, grade)| *grade);
        Ok(match gravest {
            None => ConflictResolution::AutoMerged,
            Some((conflict_id, _)) => ConflictResolution::RequiresUserInput { conflict_id },
        })
    }

    /// Keeps clashes between the document and something that is no replica of it, such as a file
    /// that another program changed. Both changes must be in the document already. Returns those
    /// that a person should look at, after [`ConflictSettings::strategies`]. A viewer's replica
    /// keeps none.
    ///
    /// # Errors
    ///
    /// If the document refuses to be written.
    pub fn report(&self, clashes: Vec<OutsideClash>) -> Result<Vec<ConflictId>, ConflictError> {
        let settings = self.settings();
        let guard = self.inner.document.lock();
        let doc = guard.doc();
        let clashes = clashes.into_iter();
        let clashes = clashes.map(|clash| clash.into_clash(doc, &self.inner.author));
        let asked = self.inner.keep(doc, clashes.collect(), &settings)?;
        Ok(asked.into_iter().map(|(id, _)| id).collect())
    }

    /// Returns what is known of a conflict, open or not.
    pub async fn get_conflict_info(&self, conflict_id: &ConflictId) -> Option<ConflictInfo> {
        let guard = self.inner.document.lock();
        let state = conflict::read(guard.doc()).remove(conflict_id)?;
        self.inner.info(guard.doc(), *conflict_id, state)
    }

    /// Returns the conflicts that nobody has answered, in the order of the text.
    pub fn open_conflicts(&self) -> Vec<ConflictInfo> {
        self.inner.open()
    }

    /// Answers a conflict: puts the outcome into the document as an ordinary edit, and settles it
    /// for everybody. A later answer of this replica takes the place of an earlier one.
    ///
    /// # Errors
    ///
    /// If there is no such conflict, the answer does not fit it, or this is a viewer's replica.
    pub async fn resolve(
        &self,
        conflict_id: &ConflictId,
        resolution: Resolution,
    ) -> Result<(), ConflictError> {
        self.inner.must_write()?;
        if matches!(resolution, Resolution::Side(side) if side >= SIDES) {
            return Err(ConflictError::DoesNotFit);
        }
        let guard = self.inner.document.lock();
        let doc = guard.doc();
        let state = conflict::read(doc).remove(conflict_id);
        let state = state.ok_or(ConflictError::Unknown)?;
        let info = self.inner.info(doc, *conflict_id, state);
        let info = info.ok_or(ConflictError::DoesNotFit)?;
        let (choice, outcome) = info.outcome(&resolution);
        let record = info.record;
        let outcome = outcome.or(info.merged).ok_or(ConflictError::DoesNotFit)?;
        let settled = conflict::settle(doc, &record, &outcome)?;
        if !settled {
            doc.commit();
            return Err(ConflictError::DoesNotFit);
        }
        self.inner
            .write_answer(doc, *conflict_id, choice, outcome, false)
    }

    /// Settles a conflict whose outcome the application has put into the text itself: the choice
    /// and what stands there now is noted, and nothing else is changed.
    ///
    /// # Errors
    ///
    /// If there is no such conflict, or this is a viewer's replica.
    pub fn note_answer(
        &self,
        conflict_id: &ConflictId,
        choice: Choice,
    ) -> Result<(), ConflictError> {
        self.note(conflict_id, choice, false)
    }

    /// Takes back the answer that this replica gave: the conflict is open again, the text stays.
    ///
    /// # Errors
    ///
    /// If there is no such conflict, or this is a viewer's replica.
    pub fn reopen(&self, conflict_id: &ConflictId) -> Result<(), ConflictError> {
        self.note(conflict_id, Choice::Merged, true)?;
        // The thread may not have seen the answer yet, and finds nothing new then.
        let _ = self.inner.events.send(ConflictEvent::Changed {
            conflict_id: *conflict_id,
        });
        Ok(())
    }

    fn note(
        &self,
        conflict_id: &ConflictId,
        choice: Choice,
        withdrawn: bool,
    ) -> Result<(), ConflictError> {
        let guard = self.inner.document.lock();
        let doc = guard.doc();
        let state = conflict::read(doc).remove(conflict_id);
        let record = state.ok_or(ConflictError::Unknown)?.record;
        let text = ConflictContent::Text(String::new());
        let outcome = record.now(doc).unwrap_or(text);
        self.inner
            .write_answer(doc, *conflict_id, choice, outcome, withdrawn)
    }

    /// Returns the whole document as one of the sides had it before the merge, as a copy.
    /// O(history).
    pub async fn before_merge(&self, conflict_id: &ConflictId, side: usize) -> Option<LoroDoc> {
        let guard = self.inner.document.lock();
        let state = conflict::read(guard.doc()).remove(conflict_id)?;
        let version = Frontiers::decode(&state.record.sides.get(side)?.version).ok()?;
        if version.iter().any(|id| id.counter < 0) {
            return None;
        }
        guard.doc().fork_at(&version).ok()
    }

    /// Returns how conflicts are told from harmless overlaps.
    pub fn settings(&self) -> ConflictSettings {
        locked(&self.inner.settings).clone()
    }

    /// Sets how conflicts are told from harmless overlaps, from the next comparison on.
    pub fn set_settings(&self, settings: ConflictSettings) {
        *locked(&self.inner.settings) = settings;
    }

    /// Returns news about conflicts, from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ConflictEvent> {
        self.inner.events.subscribe()
    }
}

impl std::fmt::Debug for ConflictResolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConflictResolver").finish_non_exhaustive()
    }
}

/// Changes of one writer join into one for this long, and have its time.
const CHANGE_SECONDS: i64 = 5;

/// Names a replica in [`Author::replica`] without telling its node id, which lets others in.
pub(crate) fn replica_tag(node: NodeId) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("copad author of edits");
    hasher.update(&node.0);
    let mut tag = [0; 8];
    hasher.finalize_xof().fill(&mut tag);
    // 0 means that nobody knows.
    u64::from_le_bytes(tag).max(1)
}

/// A panic elsewhere leaves at worst an older value behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
