//! The text, its mirror in a rope, and the one path that every change takes.
//!
//! Loro tells of each change by an event, local or remote. The event's callback only queues it:
//! it runs inside Loro and must not touch the document. [`TextDocument::drain`] takes the queue
//! down the path: undo history, rope, and out as [`AppliedChange`] to whatever follows the text.
//! A local edit is made to the Loro text and comes back the same way.
//!
//! Knows nothing of the network: updates leave through Loro's own subscriptions.

mod ahead;
mod queue;

use std::{collections::VecDeque, ops::Range, sync::Arc, time::Duration};

use loro::{Frontiers, LoroDoc, LoroError, LoroText, PeerID, Subscription};
use ropey::{Rope, RopeBuilder};

pub(crate) use self::ahead::Filling;
use self::queue::{Event, EventQueue, Source};
use super::{
    Anchor, Bias, Change, Delta, DocumentGuard, SharedDocument, TextSelection, bulk,
    conflict::Author,
    undo::{Direction, History, Step},
};

/// What an edit is to the undo history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EditKind {
    /// Typing. Continues the step of earlier typing if it goes on there within 600 ms.
    Type,
    /// Erasing, either way. Continues like typing.
    Erase,
    /// Anything else: always a step of its own.
    Other,
}

/// Who changed the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This `TextDocument`, by [`TextDocument::edit`].
    Edit,
    /// This `TextDocument`, by [`TextDocument::undo`] or [`TextDocument::redo`].
    Undo,
    /// Somebody else, on another replica.
    Remote,
    /// Somebody else in this process, directly on the Loro document.
    Direct,
}

/// A change that the rope has gone through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedChange {
    /// What happened to the text.
    pub delta: Delta,
    /// Who did it.
    pub origin: Origin,
}

/// What the undo history needs to know of an edit.
#[derive(Clone, Copy, Debug)]
pub struct EditContext {
    /// How it joins with the edit before it.
    pub kind: EditKind,
    /// The selection before the edit. Undo brings it back.
    pub selection: TextSelection,
    /// Monotonic time, since any fixed moment.
    pub now: Duration,
}

/// What a step through the undo history did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The changes that the rope went through, others' among them if some were waiting.
    pub changes: Vec<AppliedChange>,
    /// Where the person's selection belongs now.
    pub selection: TextSelection,
    /// The selections beside it, as they were told to [`TextDocument::edit_beside`].
    pub beside: Vec<TextSelection>,
}

/// Why an edit was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The edit reaches beyond the end of the text.
    #[error("the edit reaches to character {end}, but the text has {length}")]
    OutOfBounds {
        /// Where the edit ends.
        end: usize,
        /// How long the text is.
        length: usize,
    },
    /// The document shows an old version and cannot be edited.
    #[error("the document is checked out at an old version")]
    Detached,
    /// Loro would not make the change.
    #[error("the document refused the edit")]
    Refused(#[from] LoroError),
}

/// One text of a shared document: Loro's copy, a rope that mirrors it, and the undo history of
/// the person who edits through it.
///
/// Positions count Unicode scalar values from the start of the text, and hold for
/// [`rope`](Self::rope) until the next call that returns changes. Every such call must be followed
/// by carrying positions over the changes that it returned.
///
/// ```
/// # use std::time::Duration;
/// # use iroh_loro_realtime::crdt::*;
/// let mut document = TextDocument::from_text("Hello!");
/// let context = EditContext {
///     kind: EditKind::Type,
///     selection: TextSelection::caret(5),
///     now: Duration::ZERO,
/// };
/// document.edit(&Delta::replace(5..5, ", 世界"), context)?;
/// assert_eq!(document.rope(), "Hello, 世界!");
/// document.undo();
/// assert_eq!(document.rope(), "Hello!");
/// # Ok::<(), EditError>(())
/// ```
#[derive(Debug)]
pub struct TextDocument {
    shared: SharedDocument,
    text: LoroText,
    rope: Rope,
    queue: Arc<EventQueue>,
    history: History,
    /// The version of the document that the rope shows.
    version: Frontiers,
    /// Changes the rope went through in a call that failed. The next call returns them.
    undelivered: Vec<AppliedChange>,
    /// What waits for the document, while that is still to be filled.
    ahead: Option<Vec<Delta>>,
    /// What happened since that was last asked for, while somebody asks.
    unstored: Option<Vec<Delta>>,
    /// `None` while it is ahead.
    _subscription: Option<Subscription>,
}

/// Why this `TextDocument` is changing the Loro text.
enum Intention {
    Edit(EditContext, Vec<TextSelection>),
    Step(Direction, Step),
}

impl TextDocument {
    /// The name of the root text container that holds the text.
    pub const CONTAINER: &'static str = "main";

    /// Mirrors a document's text as it is. Nothing that was done before can be undone.
    ///
    /// The document keeps its Loro peer id. No two processes may ever write with the same one;
    /// `LoroDoc::new` chooses at random, and nobody should choose otherwise.
    pub fn new(shared: SharedDocument) -> Self {
        Self::mirror(shared, read)
    }

    /// Makes a new document with this text. Cannot be undone.
    pub fn from_text(text: &str) -> Self {
        let doc = LoroDoc::new();
        let filled = bulk::insert(&doc.get_text(Self::CONTAINER), 0, text);
        doc.commit();
        Self::mirror(SharedDocument::new(doc), |loro_text| match filled {
            Ok(()) => Rope::from_str(text),
            // A new document takes any text; if it ever didn't, the mirror must show what it took.
            Err(_) => read(loro_text),
        })
    }

    /// Starts to listen and takes down the text, with nothing coming in between.
    fn mirror(shared: SharedDocument, read: impl FnOnce(&LoroText) -> Rope) -> Self {
        let guard = shared.lock();
        flush(guard.doc());
        let text = guard.doc().get_text(Self::CONTAINER);
        let (queue, subscription) = EventQueue::subscribe(guard.doc(), &text);
        let rope = read(&text);
        let version = guard.doc().state_frontiers();
        drop(guard);

        Self {
            shared,
            text,
            rope,
            queue,
            history: History::default(),
            version,
            undelivered: Vec::new(),
            ahead: None,
            unstored: None,
            _subscription: Some(subscription),
        }
    }

    /// Returns the document with the lock that all who change it must take.
    pub fn shared(&self) -> &SharedDocument {
        &self.shared
    }

    /// Returns the text.
    pub fn rope(&self) -> &Rope {
        &self.rope
    }

    /// Returns the version of the document that [`rope`](Self::rope) shows, for
    /// [`SharedDocument::text_at`].
    pub fn version(&self) -> Vec<u8> {
        self.version.encode()
    }

    /// Takes in what others have done since the last call.
    ///
    /// Waits for the document's lock, and commits what somebody has changed without committing.
    pub fn drain(&mut self) -> Vec<AppliedChange> {
        if self.is_ahead() {
            return Vec::new();
        }
        let shared = self.shared.clone();
        self.drain_locked(&shared.lock())
    }

    /// Makes an edit that was planned for the text of [`rope`](Self::rope).
    ///
    /// First takes in what others have done and carries the edit over it: text goes before what
    /// others put in at the same place. Returns their changes and then the edit as it was made.
    ///
    /// # Errors
    ///
    /// If the edit doesn't fit the text, or if Loro refuses it. The text is then unchanged, unless
    /// Loro refused only a later part of the edit; the next call returns any changes made.
    pub fn edit(
        &mut self,
        delta: &Delta,
        context: EditContext,
    ) -> Result<Vec<AppliedChange>, EditError> {
        self.edit_beside(delta, context, Vec::new())
    }

    /// Makes an edit like [`edit`](Self::edit), by somebody who has selections beside that of the
    /// context. Undo brings them back as well.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub fn edit_beside(
        &mut self,
        delta: &Delta,
        mut context: EditContext,
        mut beside: Vec<TextSelection>,
    ) -> Result<Vec<AppliedChange>, EditError> {
        let (end, length) = (delta.minimum_length(), self.rope.len_chars());
        if end > length {
            return Err(EditError::OutOfBounds { end, length });
        }
        if self.is_ahead() {
            return Ok(self.edit_ahead(delta, context, beside));
        }
        let shared = self.shared.clone();
        let guard = shared.lock();
        if guard.doc().is_detached() {
            return Err(EditError::Detached);
        }
        let mut changes = self.drain_locked(&guard);
        let mut carried = delta.clone();
        for change in &changes {
            carried = carried.transform(&change.delta, Bias::Before);
            for selection in std::iter::once(&mut context.selection).chain(&mut beside) {
                *selection = selection.carried(&change.delta);
            }
        }
        let intention = Intention::Edit(context, beside);
        self.write(&guard, &carried, intention, &mut changes)?;
        Ok(changes)
    }

    /// Takes back the last step that was not taken back yet, leaving alone what others did.
    ///
    /// Returns `None` if there is nothing to take back. Steps of which others have left nothing
    /// are passed over. If that leaves none, the text is as it was, but for others' changes.
    pub fn undo(&mut self) -> Option<Undone> {
        self.step(Direction::Undo)
    }

    /// Does again what was last taken back. The reverse of [`undo`](Self::undo).
    pub fn redo(&mut self) -> Option<Undone> {
        self.step(Direction::Redo)
    }

    /// Returns whether there is a step to take back. Others may have left nothing of it.
    pub fn can_undo(&self) -> bool {
        self.history.has(Direction::Undo)
    }

    /// Returns how many steps the person has made and not taken back: more after an edit, and fewer
    /// once it is taken back.
    pub fn undo_depth(&self) -> usize {
        self.history.depth()
    }

    /// Returns whether there is a step to do again. Others may have left nothing of it.
    pub fn can_redo(&self) -> bool {
        self.history.has(Direction::Redo)
    }

    /// Makes the next edit a step of its own, as after the caret was moved.
    pub fn close_undo_group(&mut self) {
        self.history.close_group();
    }

    /// Anchors a position of [`rope`](Self::rope), so that it can be found again after edits and
    /// on other replicas. `bias` says on which side text put in exactly there will be.
    ///
    /// Returns `None` if the position lies behind the end of the text. Takes the document's lock.
    pub fn anchor(&self, position: usize, bias: Bias) -> Option<Anchor> {
        if position > self.rope.len_chars() || self.is_ahead() {
            return None;
        }
        let guard = self.shared.lock();
        flush(guard.doc());
        // Loro may be ahead of the rope.
        let position = self
            .queue
            .carry(position, |delta, position| delta.map(position, bias));
        Anchor::at(guard.doc(), Self::CONTAINER, position, bias)
    }

    /// Returns where an anchor is in [`rope`](Self::rope).
    ///
    /// Returns `None` if it lies in another container, or holds on to a character that this
    /// replica hasn't seen (yet). Takes the document's lock.
    pub fn resolve(&self, anchor: &Anchor) -> Option<usize> {
        if anchor.container() != Self::CONTAINER || self.is_ahead() {
            return None;
        }
        let guard = self.shared.lock();
        flush(guard.doc());
        let position = anchor.resolve(guard.doc())?;
        // Loro may be ahead of the rope.
        Some(self.queue.carry_back(position, |delta, position| {
            delta.map_back(position, anchor.bias())
        }))
    }

    /// Returns who wrote the character at a position, as far as the document knows. Where it is
    /// ahead of the rope that may be the neighbour's. Takes the document's lock.
    pub fn author_at(&self, position: usize) -> Option<Author> {
        if self.is_ahead() {
            return None;
        }
        let guard = self.shared.lock();
        flush(guard.doc());
        let peer = self.text.get_editor_at_unicode_pos(position)?;
        Author::of(guard.doc(), peer)
    }

    /// Returns who wrote each character of a stretch of [`rope`](Self::rope): the Loro peer id, or
    /// `None` where it is not known. O(stretch · log document). Takes the document's lock.
    pub fn writers(&self, range: Range<usize>) -> Vec<Option<PeerID>> {
        if self.is_ahead() {
            return vec![None; range.len()];
        }
        let guard = self.shared.lock();
        flush(guard.doc());
        let writer = |position| {
            // Loro may be ahead of the rope.
            let position = self
                .queue
                .carry(position, |delta, position| delta.map(position, Bias::After));
            self.text.get_editor_at_unicode_pos(position)
        };
        range.map(writer).collect()
    }

    /// Returns who writes under a Loro peer id, as far as the document says. Takes its lock.
    pub fn author_of(&self, writer: PeerID) -> Option<Author> {
        if self.is_ahead() {
            return None;
        }
        let guard = self.shared.lock();
        flush(guard.doc());
        Author::of(guard.doc(), writer)
    }

    fn step(&mut self, direction: Direction) -> Option<Undone> {
        if !self.history.has(direction) {
            return None;
        }
        if self.is_ahead() {
            return self.step_ahead(direction);
        }
        let shared = self.shared.clone();
        let guard = shared.lock();
        if guard.doc().is_detached() {
            return None;
        }
        let mut changes = self.drain_locked(&guard);
        let mut selection = None;
        while let Some(step) = self.history.take(direction) {
            selection = Some((step.to, step.beside_to.clone()));
            if step.delta.is_empty() {
                continue;
            }
            let delta = step.delta.clone();
            let intention = Intention::Step(direction, step);
            self.write(&guard, &delta, intention, &mut changes).ok()?;
            break;
        }
        let (selection, beside) = selection?;
        Some(Undone {
            changes,
            selection,
            beside,
        })
    }

    /// Changes the Loro text, commits, and takes the change back in by the one path.
    fn write(
        &mut self,
        guard: &DocumentGuard<'_>,
        delta: &Delta,
        intention: Intention,
        changes: &mut Vec<AppliedChange>,
    ) -> Result<(), EditError> {
        if delta.is_empty() {
            return Ok(());
        }
        let written = write_changes(&self.text, delta);
        guard.doc().commit();
        let events = match written {
            Ok(()) => self.own_events(delta),
            Err(_) => self.queue.take(),
        };
        for event in events {
            let change = self.apply(event, Some(&intention));
            changes.push(change);
        }
        self.caught_up();
        if written.is_err() {
            self.undelivered.append(changes);
        }
        Ok(written?)
    }

    /// Takes the events of a change that was just committed: local ones, for we hold the lock.
    fn own_events(&self, delta: &Delta) -> VecDeque<Event> {
        let (insertions, deletions) = (delta.insertions(), delta.deletions());
        let complete = |events: &VecDeque<Event>| {
            let deltas = || events.iter().map(|event| &event.delta);
            deltas().map(Delta::insertions).sum::<usize>() >= insertions
                && deltas().map(Delta::deletions).sum::<usize>() >= deletions
        };
        let mut events = self.queue.take_when(complete);
        let split = events.len() > 1 && events.iter().all(|event| event.source == Source::Local);
        if split {
            // Another thread committed a part of it. In which order the parts came is not known,
            // but what they come to is.
            events.truncate(1);
            events[0].delta = delta.clone();
        }
        events
    }

    fn drain_locked(&mut self, guard: &DocumentGuard<'_>) -> Vec<AppliedChange> {
        flush(guard.doc());
        let mut changes = std::mem::take(&mut self.undelivered);
        let (before, after) = (self.rope.len_chars(), self.text.len_unicode());
        let complete = |events: &VecDeque<Event>| {
            events.iter().fold(before, |length, Event { delta, .. }| {
                (length + delta.insertions()).saturating_sub(delta.deletions())
            }) == after
        };
        for event in self.queue.take_when(complete) {
            let change = self.apply(event, None);
            changes.push(change);
        }
        self.caught_up();
        changes
    }

    /// The one path: every change of the text comes through here, once.
    fn apply(&mut self, event: Event, intention: Option<&Intention>) -> AppliedChange {
        let Event { delta, source } = event;
        let origin = match (source, intention) {
            (Source::Local, Some(Intention::Edit(context, beside))) => {
                self.history
                    .record_edit(&delta, &self.rope, context, beside);
                Origin::Edit
            }
            (Source::Local, Some(Intention::Step(direction, step))) => {
                self.history
                    .record_step(*direction, step, &delta, &self.rope);
                Origin::Undo
            }
            (Source::Local, None) => {
                self.history.note_foreign(&delta);
                Origin::Direct
            }
            (Source::Remote, _) => {
                self.history.note_foreign(&delta);
                Origin::Remote
            }
        };
        delta.apply(&mut self.rope);
        if let Some(unstored) = &mut self.unstored {
            unstored.push(delta.clone());
        }
        AppliedChange { delta, origin }
    }

    /// Notes which version the rope shows, under the lock. In debug builds holds the rope against
    /// Loro's text; neither counts its length anew.
    fn caught_up(&mut self) {
        self.version = self.shared.doc().state_frontiers();
        debug_assert_eq!(
            self.rope.len_chars(),
            self.text.len_unicode(),
            "the rope and Loro disagree"
        );
    }
}

/// Commits what somebody has changed without committing, so that its events come.
fn flush(doc: &LoroDoc) {
    if doc.get_pending_txn_len() > 0 {
        doc.commit();
    }
}

fn read(text: &LoroText) -> Rope {
    let mut rope = RopeBuilder::new();
    text.iter(|chunk| {
        rope.append(chunk);
        true
    });
    rope.finish()
}

/// Makes a change to the Loro text, without committing.
pub(super) fn write_changes(text: &LoroText, delta: &Delta) -> Result<(), LoroError> {
    let mut position = 0;
    for change in delta.changes() {
        match change {
            Change::Retain(length) => position += length,
            Change::Insert(inserted) => {
                bulk::insert(text, position, inserted)?;
                position += inserted.chars().count();
            }
            Change::Delete(length) => text.delete(position, *length)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
