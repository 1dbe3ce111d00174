//! The handle to what our participant does, and to what others do.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use loro::LoroDoc;

use super::{Shared, error::PresenceError, wake::Wake};
use crate::{
    crdt::{Anchor, Bias},
    net::{
        event::{CursorPosition, Presence, Selection, UserInfo},
        message::WireAnchor,
        node::NodeId,
        presence::LocalPresence,
        session::Input,
    },
};

/// How long somebody counts as typing after they last said so.
const TYPING: Duration = Duration::from_secs(3);

/// Tells others where our participant is and what they do, and knows the same of others. A clone
/// is the same handle.
///
/// Places are anchored in the document as it is when a function is called, so that they stay with
/// their text while others type.
#[derive(Clone)]
pub struct PresenceManager {
    shared: Arc<Shared>,
}

impl PresenceManager {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Tells where the caret is. An offset behind the end of the text means its end, since text
    /// may have gone between the moment when the caret was read and this call.
    ///
    /// # Errors
    ///
    /// Fails if no text container can have that name, or if the session has ended.
    pub async fn update_cursor(&self, cursor: CursorPosition) -> Result<(), PresenceError> {
        let cursor = self.anchor(&cursor, Bias::Before)?;
        self.change(|state| state.cursor = Some(cursor))
    }

    /// Tells what is selected; the caret is at its end. `None`: nothing is. Offsets behind the end
    /// of the text mean its end.
    ///
    /// # Errors
    ///
    /// Fails if no text container can have that name, or if the session has ended.
    pub async fn update_selection(
        &self,
        selection: Option<Selection>,
    ) -> Result<(), PresenceError> {
        let Some(selection) = selection else {
            return self.change(|state| state.selection_start = None);
        };
        let (start, end) = self.anchor_selection(&selection)?;
        self.change(|state| {
            state.selection_start = Some(start);
            state.cursor = Some(end);
        })
    }

    /// Tells whether our participant is typing. Ends by itself after three seconds.
    ///
    /// # Errors
    ///
    /// Fails if the session has ended.
    pub async fn set_typing(&self, typing: bool) -> Result<(), PresenceError> {
        self.change(|state| state.set_typing(typing))
    }

    /// Tells whether our participant has left the keyboard.
    ///
    /// # Errors
    ///
    /// Fails if the session has ended.
    pub async fn set_away(&self, away: bool) -> Result<(), PresenceError> {
        self.change(|state| state.away = away)
    }

    /// Tells who our participant is from now on.
    ///
    /// # Errors
    ///
    /// Fails if the session has ended.
    pub async fn set_user(&self, user: UserInfo) -> Result<(), PresenceError> {
        self.change(|state| state.user = user)
    }

    /// Asks everybody who is connected to come to where our participant is. Whether they do is up
    /// to them. Those who were asked within the last five seconds do not hear of it.
    ///
    /// # Errors
    ///
    /// Fails if the session has ended.
    pub fn call_everyone(&self) -> Result<(), PresenceError> {
        if self.shared.send(Wake::Input(Input::Call)) {
            Ok(())
        } else {
            Err(PresenceError::Stopped)
        }
    }

    /// Tells everything at once, without waiting. A place in no possible text container is left
    /// out; the caret is the selection's end, if there is one.
    pub fn publish(
        &self,
        cursor: Option<CursorPosition>,
        selection: Option<Selection>,
        typing: bool,
        away: bool,
    ) {
        let selection = selection.and_then(|selection| self.anchor_selection(&selection).ok());
        let cursor = cursor.and_then(|cursor| self.anchor(&cursor, Bias::Before).ok());
        // Whoever publishes after the end has nobody to publish to.
        let _ = self.change(|state| {
            (state.selection_start, state.cursor) = match selection {
                Some((start, end)) => (Some(start), Some(end)),
                None => (None, cursor),
            };
            state.set_typing(typing);
            state.away = away;
        });
    }

    /// Returns everybody else who is here, in the order of their node ids, and where they are now.
    pub fn participants(&self) -> Vec<(NodeId, Presence)> {
        self.shared.published.participants()
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), PresenceError> {
        let presence = &self.shared.presence.0;
        // Sent before the lock is released, so that the last word is the newest.
        let mut state = presence.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let told = Input::LocalPresence(state.told());
        if self.shared.send(Wake::Input(told)) {
            Ok(())
        } else {
            Err(PresenceError::Stopped)
        }
    }

    /// A selection must not grow when somebody types right at its edge.
    fn anchor_selection(
        &self,
        selection: &Selection,
    ) -> Result<(WireAnchor, WireAnchor), PresenceError> {
        let (start, end) = (&selection.start, &selection.end);
        let (start_bias, end_bias) = match start.offset.cmp(&end.offset) {
            std::cmp::Ordering::Less => (Bias::After, Bias::Before),
            std::cmp::Ordering::Equal => (Bias::Before, Bias::Before),
            std::cmp::Ordering::Greater => (Bias::Before, Bias::After),
        };
        Ok((self.anchor(start, start_bias)?, self.anchor(end, end_bias)?))
    }

    fn anchor(&self, place: &CursorPosition, bias: Bias) -> Result<WireAnchor, PresenceError> {
        let doc: &LoroDoc = self.shared.document.doc();
        let anchor = place.anchor.clone();
        anchor
            .or_else(|| Anchor::at_or_end(doc, &place.container, place.offset, bias))
            .map(|anchor| WireAnchor(anchor.encode()))
            .ok_or_else(|| PresenceError::NoSuchPlace {
                container: place.container.clone(),
                offset: place.offset,
            })
    }
}

impl fmt::Debug for PresenceManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceManager").finish_non_exhaustive()
    }
}

/// What our participant does, as it was last said.
pub(super) struct OwnPresence(Mutex<State>);

struct State {
    user: UserInfo,
    cursor: Option<WireAnchor>,
    selection_start: Option<WireAnchor>,
    typing_until: Option<Instant>,
    away: bool,
}

impl OwnPresence {
    pub(super) fn new(user: UserInfo) -> Self {
        Self(Mutex::new(State {
            user,
            cursor: None,
            selection_start: None,
            typing_until: None,
            away: false,
        }))
    }
}

impl State {
    fn set_typing(&mut self, typing: bool) {
        self.typing_until = typing.then(|| Instant::now() + TYPING);
    }

    fn told(&self) -> LocalPresence {
        LocalPresence {
            user: self.user.clone(),
            cursor: self.cursor.clone(),
            selection_start: self.selection_start.clone(),
            typing: self.typing_until.is_some_and(|end| Instant::now() < end),
            away: self.away,
        }
    }
}
