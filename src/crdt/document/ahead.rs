//! A text that is shown and edited before its Loro document is there.
//!
//! Putting a large text into Loro takes many times as long as putting it into a rope. So the rope
//! comes first, and a [`Filling`] makes the document on a thread of its own. Until then
//! [`TextDocument`] is *ahead*: an edit changes the rope and the undo history at once and waits in a
//! queue. [`TextDocument::catch_up`] writes the queue to the document, in its order, and from then on
//! everything takes the one path. Nobody else may change the document before that.

use std::sync::Arc;

use loro::{Frontiers, LoroDoc};
use ropey::Rope;

use super::{
    AppliedChange, EditContext, EditError, Event, EventQueue, Intention, Source, TextDocument,
    Undone, bulk, write_changes,
};
use crate::crdt::{
    Delta, SharedDocument, TextSelection,
    undo::{Direction, History},
};

/// A document that is to get the text which is shown already.
#[derive(Debug)]
pub(crate) struct Filling {
    shared: SharedDocument,
    text: Rope,
}

impl Filling {
    /// Puts the text into the document and returns that. O(text), so it belongs on a thread that
    /// may take its time.
    ///
    /// # Errors
    ///
    /// If Loro refuses the text, which it has no reason to.
    pub(crate) fn fill(self) -> Result<SharedDocument, EditError> {
        {
            let guard = self.shared.lock();
            let text = guard.doc().get_text(TextDocument::CONTAINER);
            bulk::insert_rope(&text, &self.text)?;
            guard.doc().commit();
        }
        Ok(self.shared)
    }
}

impl TextDocument {
    /// Shows a text whose document is still to be made, by the [`Filling`].
    pub(crate) fn ahead(text: Rope) -> (Self, Filling) {
        let shared = SharedDocument::new(LoroDoc::new());
        let container = shared.doc().get_text(Self::CONTAINER);
        let document = Self {
            shared: shared.clone(),
            text: container,
            rope: text.clone(),
            queue: Arc::default(),
            history: History::default(),
            version: Frontiers::default(),
            undelivered: Vec::new(),
            ahead: Some(Vec::new()),
            unstored: Some(Vec::new()),
            // It hears of nothing until the document is filled: that the rope knows.
            _subscription: None,
        };
        (document, Filling { shared, text })
    }

    /// Whether the document behind the text is still to be filled. Then there are no versions and
    /// no anchors, and nobody else's changes.
    pub(crate) fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Writes the edits that wait to the document, which was filled, and listens to it from now on.
    ///
    /// # Errors
    ///
    /// If Loro refuses one of them, which it has no reason to. The text stays as it is shown, and
    /// is ahead for good.
    pub(crate) fn catch_up(&mut self) -> Result<(), EditError> {
        let Some(edits) = &self.ahead else {
            return Ok(());
        };
        let shared = self.shared.clone();
        let guard = shared.lock();
        for edit in edits {
            write_changes(&self.text, edit)?;
            guard.doc().commit();
        }
        let (queue, subscription) = EventQueue::subscribe(guard.doc(), &self.text);
        self.queue = queue;
        self._subscription = Some(subscription);
        self.ahead = None;
        self.caught_up();
        Ok(())
    }

    /// Takes the changes that came since the last call, until everything
    /// [is stored](Self::everything_is_stored).
    pub(crate) fn take_unstored(&mut self) -> Vec<Delta> {
        self.unstored.as_mut().map_or_else(Vec::new, std::mem::take)
    }

    /// From now on nobody asks for [`take_unstored`](Self::take_unstored).
    pub(crate) fn everything_is_stored(&mut self) {
        self.unstored = None;
    }

    /// An edit that fits the text.
    pub(super) fn edit_ahead(
        &mut self,
        delta: &Delta,
        context: EditContext,
        beside: Vec<TextSelection>,
    ) -> Vec<AppliedChange> {
        let edit = Intention::Edit(context, beside);
        let made = (!delta.is_empty()).then(|| self.write_ahead(delta, &edit));
        made.into_iter().collect()
    }

    /// Makes a change that the document will hear of later.
    fn write_ahead(&mut self, delta: &Delta, intention: &Intention) -> AppliedChange {
        let event = Event {
            delta: delta.clone(),
            source: Source::Local,
        };
        let change = self.apply(event, Some(intention));
        if let Some(edits) = &mut self.ahead {
            edits.push(change.delta.clone());
        }
        change
    }

    /// A step through the undo history; nobody has changed anything meanwhile.
    pub(super) fn step_ahead(&mut self, direction: Direction) -> Option<Undone> {
        let step = self.history.take(direction)?;
        let (selection, delta) = (step.to, step.delta.clone());
        let beside = step.beside_to.clone();
        let change = self.write_ahead(&delta, &Intention::Step(direction, step));
        Some(Undone {
            changes: vec![change],
            selection,
            beside,
        })
    }
}

#[cfg(test)]
mod tests;
