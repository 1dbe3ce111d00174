//! Conflicts, as an application meets them: which are open, what each side wrote, and answering.
//!
//! Edits that were made apart are compared on a thread of their own, on a copy of the document.
//! What a person should look at is kept in the document, so everybody gets it, also those who are
//! away; so is the answer.

mod worker;

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use loro::{ContainerID, Frontiers, ID, IdSpan, LoroDoc, LoroError, PeerID, Subscription};
use tokio::sync::broadcast;

pub(super) use self::worker::Job;
use crate::{
    crdt::{
        SharedDocument, SnapshotError,
        conflict::{
            self, Author, Choice, CompareError, ConflictAnswer, ConflictContent, ConflictId,
            ConflictPlace, ConflictSide, ConflictState, DetectOptions, Grade, Grades, Rule, Side,
            TextKind,
        },
    },
    net::{event::UserInfo, node::NodeId},
};

/// Events that a subscriber may lag behind before it misses some.
const EVENTS: usize = 256;

/// What is done about overlaps of a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// What the merge made of it stays, and nobody is asked.
    KeepMerged,
    /// This replica's version takes the place.
    PreferMine,
    /// The other's version takes the place.
    PreferTheirs,
    /// Both versions stay, one behind the other.
    KeepBoth,
    /// A person decides.
    Ask,
}

/// What is held to be a conflict, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictSettings {
    /// What kind of text the document has. Prose by default.
    pub kind: TextKind,
    /// How grave each rule is.
    pub grades: Grades,
    /// What is done about hard, likely and soft overlaps. By default hard and likely ones are
    /// asked about, and soft ones stay merged.
    pub strategies: [(Grade, Strategy); 3],
    /// For how long edits must have been unknown to the other side. Overlaps of people who see
    /// each other type are no conflicts. 10 seconds by default.
    pub apart: Duration,
}

impl Default for ConflictSettings {
    fn default() -> Self {
        Self {
            kind: TextKind::Prose,
            grades: Grades::default(),
            strategies: [
                (Grade::Hard, Strategy::Ask),
                (Grade::Likely, Strategy::Ask),
                (Grade::Soft, Strategy::KeepMerged),
            ],
            apart: Duration::from_secs(10),
        }
    }
}

impl ConflictSettings {
    fn strategy(&self, grade: Grade) -> Strategy {
        let row = self.strategies.iter().find(|(of, _)| *of == grade);
        row.map_or(Strategy::KeepMerged, |(_, strategy)| *strategy)
    }

    /// The lowest grade about which something is done.
    fn lowest(&self) -> Grade {
        let done = |grade: &Grade| self.strategy(*grade) != Strategy::KeepMerged;
        Grade::ALL.into_iter().find(done).unwrap_or(Grade::Hard)
    }
}

/// What became of edits that were made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictResolution {
    /// The merge stands; nobody needs to look.
    AutoMerged,
    /// A person should decide. There may be more: see [`ConflictResolver::open_conflicts`].
    RequiresUserInput {
        /// The gravest of the conflicts.
        conflict_id: ConflictId,
    },
}

/// An answer to a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// What the merge made of it stays.
    KeepMerged,
    /// This replica's version. If it wrote neither, the first of
    /// [`sides`](ConflictInfo::sides).
    Mine,
    /// The other's version.
    Theirs,
    /// The version of this one of [`sides`](ConflictInfo::sides).
    Side(usize),
    /// Both versions, the earlier first. For values of a map's key it is the same as
    /// [`KeepMerged`](Self::KeepMerged).
    Both,
    /// This text.
    Edited(String),
}

/// What is known of a conflict now.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictInfo {
    /// Its name, on every replica the same one.
    pub id: ConflictId,
    /// The container that it is in.
    pub container: ContainerID,
    /// The key, where that is a map.
    pub key: Option<String>,
    /// Where it is in its text, in Unicode scalar values.
    pub range: Option<Range<usize>>,
    /// Why it is one.
    pub rule: Rule,
    /// How grave it is.
    pub grade: Grade,
    /// For how long the sides did not know of each other's edits, to the second.
    pub apart: Duration,
    /// What both started from.
    pub before: ConflictContent,
    /// What each side made of it. The order is the same on every replica.
    pub sides: [ConflictSide; 2],
    /// Which of the sides is this replica's, if one is.
    pub mine: Option<usize>,
    /// What stands there now; `None` if the place is gone.
    pub merged: Option<ConflictContent>,
    /// The answer that holds, if somebody has answered.
    pub answer: Option<ConflictAnswer>,
    /// Whether somebody else answered otherwise at the same time, and was overruled.
    pub disputed: bool,
    /// Whether there is something to decide: nobody has answered, and what stands there is
    /// neither nothing nor what one of the sides wanted.
    pub open: bool,
}

/// News about conflicts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictEvent {
    /// A person should look at this one. Also when an answer was taken back.
    New {
        /// Which one.
        conflict_id: ConflictId,
    },
    /// Somebody changed the text at the place of an open conflict.
    Changed {
        /// Which one.
        conflict_id: ConflictId,
    },
    /// Nobody needs to look any more.
    Settled {
        /// Which one.
        conflict_id: ConflictId,
        /// How that came.
        how: Settlement,
    },
    /// Somebody who was away for longer than [`ConflictSettings::apart`] is back, and what was
    /// done meanwhile has been compared.
    Met(Reunion),
}

/// How a conflict came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// Somebody answered.
    Answered,
    /// Several answered otherwise at once; one of the answers holds.
    Disputed,
    /// Edits left nothing to decide.
    Moot,
}

/// What happened while two sides were apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reunion {
    /// The other's name as it was told, empty if it was not: clean it before it is shown.
    pub name: String,
    /// Since when, by the first edit that the other did not know.
    pub apart: Duration,
    /// In how many places this replica changed something.
    pub ours: usize,
    /// In how many places the other did.
    pub theirs: usize,
    /// How many of them a person should look at.
    pub conflicts: usize,
}

/// Why nothing was done about a conflict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConflictError {
    /// The document knows no conflict of this name.
    #[error("there is no such conflict")]
    Unknown,
    /// The place is gone, or the answer does not fit what is there.
    #[error("the answer does not fit the conflict")]
    DoesNotFit,
    /// The edits could not be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// No copy of the document could be made.
    #[error(transparent)]
    Copy(#[from] SnapshotError),
    /// The document refused the edit.
    #[error("the document refused the edit")]
    Refused(#[from] LoroError),
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}

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
    /// Whether the first commit names its author, until this is dropped.
    _signing: Subscription,
}

impl ConflictResolver {
    /// Starts the thread that compares. It ends when the sender is dropped.
    pub(super) fn start(
        document: SharedDocument,
        node: NodeId,
        user: &UserInfo,
        settings: ConflictSettings,
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
            events: broadcast::Sender::new(EVENTS),
            own: Mutex::default(),
            cancelled: AtomicBool::new(false),
            _signing: signing,
        });
        let jobs = worker::start(Arc::clone(&inner))?;
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
    /// If there is no such conflict, or the answer does not fit it.
    pub async fn resolve(
        &self,
        conflict_id: &ConflictId,
        resolution: Resolution,
    ) -> Result<(), ConflictError> {
        let guard = self.inner.document.lock();
        let doc = guard.doc();
        let state = conflict::read(doc).remove(conflict_id);
        let record = state.ok_or(ConflictError::Unknown)?.record;
        let now = record.now(doc).ok_or(ConflictError::DoesNotFit)?;
        let mine = self.inner.side_of(&record.sides);
        let choice = choice_of(&resolution, mine);
        let outcome = match (resolution, record.outcome(choice)) {
            (Resolution::Edited(text), _) => ConflictContent::Text(text),
            (_, Some(outcome)) => outcome,
            (_, None) => now,
        };
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
    /// If there is no such conflict.
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
    /// If there is no such conflict.
    pub fn reopen(&self, conflict_id: &ConflictId) -> Result<(), ConflictError> {
        self.note(conflict_id, Choice::Merged, true)
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

/// What a comparison led to.
struct Examined {
    /// Conflicts that a person should look at.
    asked: Vec<(ConflictId, Grade)>,
    reunion: Reunion,
}

impl Inner {
    /// A copy of the document that may be taken through its history.
    fn copy(&self) -> Result<LoroDoc, ConflictError> {
        let snapshot = self.document.snapshot()?;
        let copy = LoroDoc::new();
        copy.import(&snapshot)?;
        Ok(copy)
    }

    /// Compares two sides, and keeps or settles what is found.
    fn examine(
        &self,
        copy: &LoroDoc,
        ours: &Side,
        theirs: &Side,
        apart: Duration,
    ) -> Result<Examined, ConflictError> {
        let settings = locked(&self.settings).clone();
        let options = DetectOptions {
            kind: settings.kind,
            grades: settings.grades.clone(),
        };
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        let lowest = settings.lowest();
        let compared = conflict::compare(copy, ours, theirs, &options, lowest, &cancelled)?;
        copy.checkout_to_latest();
        let now = seconds_since_1970();
        let age = Duration::from_secs(u64::try_from(now - compared.since).unwrap_or(0));
        let long = compared.since == 0 || age >= apart;
        let mut asked = Vec::new();
        let guard = self.document.lock();
        let doc = guard.doc();
        for clash in compared.clashes.into_iter().filter(|_| long) {
            let now = clash.record.now(doc);
            if conflict::is_known(doc, clash.id) || now.is_none_or(|now| clash.record.is_moot(&now))
            {
                continue;
            }
            conflict::write(doc, clash.id, &clash.record)?;
            let strategy = settings.strategy(clash.record.grade);
            if !self.settle_by(doc, &clash, strategy)? {
                asked.push((clash.id, clash.record.grade));
            }
        }
        doc.commit();
        let theirs = theirs.heads.first().map(|head| head.peer);
        let author = theirs.and_then(|peer| Author::of(doc, peer));
        Ok(Examined {
            reunion: Reunion {
                name: author.unwrap_or_default().name,
                apart: if compared.since == 0 {
                    Duration::ZERO
                } else {
                    age
                },
                ours: compared.places[0],
                theirs: compared.places[1],
                conflicts: asked.len(),
            },
            asked,
        })
    }

    /// Settles a conflict without a person, if that is wanted. Only one of the two sides does it.
    fn settle_by(
        &self,
        doc: &LoroDoc,
        clash: &conflict::Clash,
        strategy: Strategy,
    ) -> Result<bool, ConflictError> {
        let mine = self.side_of(&clash.record.sides);
        let resolution = match strategy {
            Strategy::Ask => return Ok(false),
            Strategy::KeepMerged => return Ok(true),
            Strategy::PreferMine => Resolution::Mine,
            Strategy::PreferTheirs => Resolution::Theirs,
            Strategy::KeepBoth => Resolution::Both,
        };
        if mine == Some(1) {
            return Ok(true);
        }
        let choice = choice_of(&resolution, mine);
        let Some(outcome) = clash.record.outcome(choice) else {
            return Ok(true);
        };
        conflict::settle(doc, &clash.record, &outcome)?;
        self.write_answer(doc, clash.id, choice, outcome, false)?;
        Ok(true)
    }

    fn write_answer(
        &self,
        doc: &LoroDoc,
        id: ConflictId,
        choice: Choice,
        outcome: ConflictContent,
        withdrawn: bool,
    ) -> Result<(), ConflictError> {
        let answer = ConflictAnswer {
            choice,
            by: doc.peer_id(),
            name: self.author.name.clone(),
            time: seconds_since_1970(),
            outcome,
            withdrawn,
        };
        conflict::write_answer(doc, id, &answer)?;
        doc.commit();
        Ok(())
    }

    fn open(&self) -> Vec<ConflictInfo> {
        let guard = self.document.lock();
        let doc = guard.doc();
        let states = conflict::read(doc).into_iter();
        let mut open: Vec<_> = states
            .filter(|(_, state)| state.answer().is_none())
            .filter_map(|(id, state)| self.info(doc, id, state))
            .filter(|info| info.open)
            .collect();
        open.sort_by_key(|info| {
            let start = info.range.as_ref().map(|range| range.start);
            (info.container.to_string(), start, info.id)
        });
        open
    }

    fn info(&self, doc: &LoroDoc, id: ConflictId, state: ConflictState) -> Option<ConflictInfo> {
        let disputed = state.is_disputed();
        let answer = state.answer().cloned();
        let record = state.record;
        let (container, key) = match &record.place {
            ConflictPlace::Text { .. } => (record.anchors()?.0.container_id(), None),
            ConflictPlace::Key { container, key } => {
                let id = ContainerID::try_from(container.as_str()).ok()?;
                (id, Some(key.clone()))
            }
        };
        let merged = record.now(doc);
        let decided = merged.as_ref().is_none_or(|now| record.is_moot(now));
        Some(ConflictInfo {
            id,
            container,
            key,
            range: record.range(doc),
            rule: record.rule,
            grade: record.grade,
            apart: Duration::from_secs(record.apart.into()),
            mine: self.side_of(&record.sides),
            open: answer.is_none() && !decided,
            merged,
            answer,
            disputed,
            before: record.before,
            sides: record.sides,
        })
    }

    /// Which side this replica wrote.
    fn side_of(&self, sides: &[ConflictSide; 2]) -> Option<usize> {
        let own = locked(&self.own);
        let is_own = |side: &ConflictSide| {
            side.replica == self.author.replica
                || side.author == self.document.doc().peer_id()
                || own.contains(&side.author)
        };
        sides.iter().position(is_own)
    }
}

fn choice_of(resolution: &Resolution, mine: Option<usize>) -> Choice {
    // There are two sides.
    let side = |side: usize| Choice::Side(side as u8);
    match resolution {
        Resolution::KeepMerged => Choice::Merged,
        Resolution::Mine => side(mine.unwrap_or(0)),
        Resolution::Theirs => side(1 - mine.unwrap_or(0).min(1)),
        Resolution::Side(which) => side((*which).min(2)),
        Resolution::Both => Choice::Both,
        Resolution::Edited(_) => Choice::Edited,
    }
}

/// Names a replica without telling its node id, which lets others in.
fn replica_tag(node: NodeId) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("copad author of edits");
    hasher.update(&node.0);
    let mut tag = [0; 8];
    hasher.finalize_xof().fill(&mut tag);
    // 0 means that nobody knows.
    u64::from_le_bytes(tag).max(1)
}

fn seconds_since_1970() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(i64::MAX))
}

/// A panic elsewhere leaves at worst an older value behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
