//! Who is where: what participants tell each other about themselves, and how long it holds.
//!
//! Knows neither the document nor the screen: anchors stay bytes here.

mod clean;

use std::{sync::Arc, time::Duration};

use crate::net::{
    event::UserInfo,
    message::{PresenceUpdate, WireAnchor},
    peer::earliest,
};

pub use clean::color_of;
pub(crate) use clean::{clean_name, clean_sentence, clean_title, clean_user};

/// How long typing holds after it was last said.
const TYPING_LASTS: Duration = Duration::from_secs(3);
/// How often ongoing typing is said again at most.
const TYPING_RENEWED_AFTER: Duration = Duration::from_secs(1);
/// How long a participant stays after their connection was lost.
const LOST_LASTS: Duration = Duration::from_secs(15);
/// How long a participant who has called may not call again.
const SECONDS_BETWEEN_CALLS: u32 = 5;
/// How long to wait between two updates of our own; what happens meanwhile is told at once.
const PAUSE: Duration = Duration::from_millis(30);

/// What our own participant is doing. The session gives it to every peer.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalPresence {
    /// Who the participant is.
    pub user: UserInfo,
    /// Where the caret is.
    pub cursor: Option<WireAnchor>,
    /// Where selecting began, if anything is selected.
    pub selection_start: Option<WireAnchor>,
    /// Whether the participant typed just now. Ends by itself three seconds after it was last said.
    pub typing: bool,
    /// Whether the participant left the keyboard.
    pub away: bool,
}

/// What a peer's participant is doing, as far as we know.
#[derive(Clone, Debug, PartialEq)]
pub struct RemotePresence {
    /// Who the participant is; cleaned, so that it can be shown as it is.
    pub user: UserInfo,
    /// Where the caret is. The bytes are the peer's own and may be anything.
    pub cursor: Option<WireAnchor>,
    /// Where selecting began, if anything is selected.
    pub selection_start: Option<WireAnchor>,
    /// Whether the participant typed within the last three seconds.
    pub typing: bool,
    /// Whether the participant left the keyboard.
    pub away: bool,
}

/// A peer's participant: what they are doing, and until when to believe it.
#[derive(Debug)]
pub(crate) struct Participant {
    user: Arc<UserInfo>,
    cursor: Option<WireAnchor>,
    selection_start: Option<WireAnchor>,
    away: bool,
    /// The second from which on a call is told again: whole ones take less room.
    next_call: u32,
    typing_until: Option<Duration>,
    lost_until: Option<Duration>,
}

impl Participant {
    pub fn new(user: Arc<UserInfo>) -> Self {
        Self {
            user,
            cursor: None,
            selection_start: None,
            away: false,
            typing_until: None,
            lost_until: None,
            next_call: 0,
        }
    }

    pub fn user(&self) -> &UserInfo {
        &self.user
    }

    pub fn presence(&self) -> RemotePresence {
        RemotePresence {
            user: UserInfo::clone(&self.user),
            cursor: self.cursor.clone(),
            selection_start: self.selection_start.clone(),
            typing: self.typing_until.is_some(),
            away: self.away,
        }
    }

    /// Takes in what the peer says now. `user` is clean. Returns whether anything changed.
    pub fn update(
        &mut self,
        news: PresenceUpdate,
        user: Option<Arc<UserInfo>>,
        now: Duration,
    ) -> bool {
        let before = self.presence();
        self.typing_until = news.typing.then_some(now + TYPING_LASTS);
        if let Some(user) = user {
            self.user = user;
        }
        self.cursor = news.cursor;
        self.selection_start = news.selection_start;
        self.away = news.away;
        self.presence() != before
    }

    /// They ask others to come. Returns whether that is to be told: not once more within seconds.
    pub fn call(&mut self, now: Duration) -> bool {
        let second = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        let is_due = second >= self.next_call;
        if is_due {
            self.next_call = second.saturating_add(SECONDS_BETWEEN_CALLS);
        }
        is_due
    }

    /// The connection is gone without a goodbye; it may come back. Returns whether anything
    /// changed.
    pub fn lose(&mut self, now: Duration) -> bool {
        self.lost_until.get_or_insert(now + LOST_LASTS);
        self.typing_until.take().is_some()
    }

    /// Returns whether the way to the participant is gone.
    pub fn is_lost(&self) -> bool {
        self.lost_until.is_some()
    }

    /// The connection is back. Returns whether the person changed meanwhile.
    pub fn come_back(&mut self, user: &Arc<UserInfo>) -> bool {
        self.lost_until = None;
        let changed = self.user != *user;
        self.user = Arc::clone(user);
        changed
    }

    /// Returns whether the person has been unreachable for so long that they count as gone.
    pub fn is_gone(&self, now: Duration) -> bool {
        self.lost_until.is_some_and(|until| until <= now)
    }

    /// Ends the typing if nothing was heard of it for long enough. Returns whether it did.
    pub fn stop_typing(&mut self, now: Duration) -> bool {
        self.typing_until.take_if(|until| *until <= now).is_some()
    }

    pub fn deadline(&self) -> Option<Duration> {
        earliest([self.typing_until, self.lost_until])
    }
}

/// Our own participant, and what the peers still have to be told about them.
#[derive(Debug)]
pub(crate) struct OwnPresence {
    presence: LocalPresence,
    sequence: u64,
    typing_until: Option<Duration>,
    sent_at: Option<Duration>,
    unsent: bool,
    user_changed: bool,
}

impl OwnPresence {
    pub fn new(user: UserInfo) -> Self {
        Self {
            presence: LocalPresence {
                user,
                cursor: None,
                selection_start: None,
                typing: false,
                away: false,
            },
            sequence: 0,
            typing_until: None,
            sent_at: None,
            unsent: false,
            user_changed: false,
        }
    }

    pub fn user(&self) -> &UserInfo {
        &self.presence.user
    }

    /// Takes in what our participant does now. `presence.user` is clean.
    pub fn update(&mut self, presence: LocalPresence, now: Duration) {
        self.user_changed |= presence.user != self.presence.user;
        // Typing goes on only as long as it is said again, even if nothing else changed.
        let renewed = presence.typing
            && self
                .sent_at
                .is_none_or(|sent| now >= sent + TYPING_RENEWED_AFTER);
        self.unsent |= renewed || presence != self.presence;
        self.typing_until = presence.typing.then_some(now + TYPING_LASTS);
        self.presence = presence;
    }

    /// Ends our typing when it is over. The peers come to the same by themselves.
    pub fn stop_typing(&mut self, now: Duration) {
        if self.typing_until.is_some_and(|until| until <= now) {
            self.typing_until = None;
            self.presence.typing = false;
        }
    }

    /// Returns what to tell all peers now, if there is anything and the last time is long enough
    /// ago.
    pub fn take_due(&mut self, now: Duration) -> Option<PresenceUpdate> {
        if self.due().is_none_or(|due| due > now) {
            return None;
        }
        self.unsent = false;
        self.sent_at = Some(now);
        let with_user = std::mem::take(&mut self.user_changed);
        Some(self.next_update(with_user))
    }

    /// Returns everything about our participant, for a peer that comes in.
    pub fn introduce(&mut self) -> PresenceUpdate {
        self.next_update(true)
    }

    pub fn deadline(&self) -> Option<Duration> {
        earliest([self.due(), self.typing_until])
    }

    fn due(&self) -> Option<Duration> {
        let earliest = self.sent_at.map_or(Duration::ZERO, |sent| sent + PAUSE);
        self.unsent.then_some(earliest)
    }

    fn next_update(&mut self, with_user: bool) -> PresenceUpdate {
        self.sequence += 1;
        PresenceUpdate {
            sequence: self.sequence,
            cursor: self.presence.cursor.clone(),
            selection_start: self.presence.selection_start.clone(),
            typing: self.presence.typing,
            away: self.presence.away,
            user: with_user.then(|| self.presence.user.clone()),
        }
    }
}
