//! Who else is here: what their connections and their presence say, joined by node id.

use std::time::Duration;

use super::{App, PeerRow};
use crate::{
    ConnectionEvent, CursorPosition, NodeId, PeerState, Presence, PresenceEvent, Reason, UserInfo,
    crdt::{TextDocument, TextSelection},
};

/// Being behind for less than this is the normal way of edits over the network.
const LAG: Duration = Duration::from_secs(1);
/// How long a label may cover text after its caret moved.
const LABEL: Duration = Duration::from_secs(3);
/// How long after its caret moved a label stands out.
const FADED: Duration = Duration::from_secs(10);

/// Another person, or the replica of somebody who has not said yet who they are.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Which replica is theirs.
    pub(crate) node: NodeId,
    /// Who they are, once they said so.
    pub(crate) user: Option<UserInfo>,
    /// Their caret and selection.
    pub(crate) caret: Option<TextSelection>,
    /// Whether they typed in the last seconds.
    pub(crate) typing: bool,
    /// Whether they left the keyboard.
    pub(crate) away: bool,
    /// When they last moved.
    pub(crate) moved: Duration,
    /// Where the connection to them stands; `None` if others carry their words to us.
    pub(crate) state: Option<PeerState>,
    /// Whether they were connected before.
    pub(crate) known: bool,
    /// What was last told about their coming and going.
    announced: Option<Announced>,
    /// How long a message there and back takes.
    pub(crate) round_trip: Option<Duration>,
    /// Whether they said goodbye.
    pub(crate) left: bool,
    /// Whether they were here when the owner took them off the list of members.
    pub(super) sent_away: bool,
    /// Whether the last attempt to reach them failed.
    pub(crate) unreachable: bool,
    /// Whether one of the two sides would not have the other; nobody tries again then.
    refused: bool,
    /// Since when they may lack edits that are here.
    behind: Option<Duration>,
    /// How much of a large exchange with them is done, in percent.
    progress: Option<u8>,
}

/// What was told about somebody's coming and going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announced {
    Here,
    Left,
}

/// What a person is doing, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PersonState {
    Here,
    Typing,
    Away,
    Connecting,
    Syncing,
    Silent,
    Reconnecting,
    /// They do not have us, or we not them.
    Apart,
    Left,
    /// The owner made them leave.
    SentAway,
}

impl PersonState {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Typing => "typing",
            Self::Away => "away",
            Self::Connecting => "connecting",
            Self::Syncing => "syncing",
            Self::Silent => "not answering",
            Self::Reconnecting => "reconnecting",
            Self::Apart => "not connected",
            Self::Left => "left",
            Self::SentAway => "sent away",
        }
    }
}

impl Person {
    fn new(node: NodeId) -> Self {
        Self {
            node,
            user: None,
            caret: None,
            typing: false,
            away: false,
            moved: Duration::ZERO,
            state: None,
            known: false,
            announced: None,
            round_trip: None,
            left: false,
            sent_away: false,
            unreachable: false,
            refused: false,
            behind: None,
            progress: None,
        }
    }

    /// Their name, or the start of their node id while it is not known.
    pub(crate) fn name(&self) -> String {
        match &self.user {
            Some(user) if !user.name.trim().is_empty() => user.name.clone(),
            _ => self.node.short(),
        }
    }

    /// What they are doing.
    pub(crate) fn state(&self) -> PersonState {
        if self.left && self.sent_away {
            return PersonState::SentAway;
        }
        if self.left {
            return PersonState::Left;
        }
        if self.refused {
            return PersonState::Apart;
        }
        match self.state {
            Some(PeerState::Connecting | PeerState::Disconnecting | PeerState::Disconnected) => {
                if self.known {
                    PersonState::Reconnecting
                } else {
                    PersonState::Connecting
                }
            }
            Some(PeerState::Syncing) => PersonState::Syncing,
            Some(PeerState::Unstable) => PersonState::Silent,
            Some(PeerState::Connected) | None if self.away => PersonState::Away,
            Some(PeerState::Connected) | None if self.typing => PersonState::Typing,
            Some(PeerState::Connected) | None => PersonState::Here,
        }
    }

    /// Their colour as `#RRGGBB`; something else while it is not known.
    pub(crate) fn color(&self) -> String {
        self.user
            .as_ref()
            .map_or_else(String::new, |user| user.color.clone())
    }

    /// Whether they have been lacking edits of ours for longer than the network explains.
    pub(crate) fn lags(&self, now: Duration) -> bool {
        self.is_connected() && self.behind.is_some_and(|since| now > since + LAG)
    }

    /// How much of a large exchange of edits with them is done, in percent.
    pub(super) fn progress(&self) -> Option<u8> {
        self.progress
    }

    /// Whether their caret moved so recently that its label may cover text.
    pub(crate) fn label_is_fresh(&self, now: Duration) -> bool {
        self.label_until(now).is_some()
    }

    /// Until when their label may cover text.
    pub(super) fn label_until(&self, now: Duration) -> Option<Duration> {
        let until = self.moved + LABEL;
        (self.caret.is_some() && self.moved > Duration::ZERO && now < until).then_some(until)
    }

    /// Whether their caret has not moved for so long that its label need not stand out.
    pub(crate) fn label_is_faded(&self, now: Duration) -> bool {
        now >= self.moved + FADED
    }

    /// When their label will fade; `None` if it has, or if there is none.
    pub(super) fn label_fades_at(&self, now: Duration) -> Option<Duration> {
        (self.caret.is_some() && !self.label_is_faded(now)).then_some(self.moved + FADED)
    }

    fn take_presence(&mut self, presence: Presence, caret: Option<TextSelection>, now: Duration) {
        if caret != self.caret {
            self.moved = now;
        }
        self.caret = caret;
        self.user = Some(presence.user);
        self.typing = presence.typing;
        self.away = presence.away;
        self.left = false;
        self.sent_away = false;
        self.known = true;
    }
}

impl App {
    /// How many people we exchange edits with now.
    pub(crate) fn connected(&self) -> usize {
        self.people
            .values()
            .filter(|person| person.is_connected())
            .count()
    }

    /// How many edits of ours came since somebody else last had all of them.
    pub(crate) fn unsent_edits(&self) -> usize {
        self.unsent_edits
    }

    /// Takes in what the session says of its peers.
    pub(super) fn meet(&mut self, rows: Vec<PeerRow>) {
        let now = self.now;
        for (node, person) in &mut self.people {
            if person.state.is_some() && !rows.iter().any(|row| row.node == *node) {
                person.state = None;
                person.left = true;
            }
        }
        let told = |person: &Person| person.user.is_some();
        self.people
            .retain(|_, person| told(person) || person.state.is_some());
        for row in rows {
            let person = self.person(row.node);
            person.user = row.user.or(person.user.take());
            person.round_trip = row.round_trip;
            person.behind = row.behind.then(|| person.behind.unwrap_or(now));
            person.progress = row.progress;
            person.set_state(row.state);
            person.left = row.left;
            person.unreachable = row.last_error.is_some();
        }
        self.recount();
    }

    pub(super) fn presence(&mut self, event: PresenceEvent) {
        let now = self.now;
        let caret = match &event {
            PresenceEvent::Joined { presence, .. } | PresenceEvent::Updated { presence, .. } => {
                self.caret_of(presence)
            }
            PresenceEvent::Called { .. } | PresenceEvent::Left { .. } => None,
        };
        match event {
            PresenceEvent::Joined { node, presence } => {
                let person = self.person(node);
                let news = match person.announced {
                    None => Some("joined"),
                    Some(Announced::Left) => Some("is back"),
                    Some(Announced::Here) => None,
                };
                person.announced = Some(Announced::Here);
                person.take_presence(presence, caret, now);
                let name = person.name();
                if let Some(news) = news {
                    self.notify(super::MessageKind::Info, format!("{name} {news}"));
                }
            }
            PresenceEvent::Updated { node, presence } => {
                self.person(node).take_presence(presence, caret, now);
            }
            PresenceEvent::Called { node } => self.called(node),
            PresenceEvent::Left { node, user } => {
                let person = self.person(node);
                person.user = Some(user);
                person.caret = None;
                person.typing = false;
                person.left = true;
                person.announced = Some(Announced::Left);
                let name = person.name();
                let how = if person.sent_away {
                    "was sent away"
                } else {
                    "left"
                };
                // Who goes offline leaves everybody; nobody left them.
                if !self.offline {
                    self.notify(super::MessageKind::Info, format!("{name} {how}"));
                }
            }
        }
        self.recount();
    }

    /// Where somebody is in the text as it is shown.
    fn caret_of(&self, presence: &Presence) -> Option<TextSelection> {
        let head = self.place_of(presence.cursor.as_ref()?)?;
        let start = presence
            .selection
            .as_ref()
            .map(|selection| &selection.start);
        let anchor = start.and_then(|start| self.place_of(start)).unwrap_or(head);
        Some(TextSelection { anchor, head })
    }

    /// An anchor is exact; an offset counts in the text as it was when the event was made.
    fn place_of(&self, position: &CursorPosition) -> Option<usize> {
        if position.container != TextDocument::CONTAINER {
            return None;
        }
        let anchor = position.anchor.as_ref();
        let place = anchor.and_then(|anchor| self.document.resolve(anchor));
        Some(
            place
                .unwrap_or(position.offset)
                .min(self.rope().len_chars()),
        )
    }

    pub(super) fn connection(&mut self, event: &ConnectionEvent) {
        self.catch_up(event.to);
        let person = self.person(event.node);
        let was_connected = person.is_connected();
        person.set_state(event.to);
        if event.to != PeerState::Connecting {
            self.stop_waiting_for(event.node);
        }
        let person = self.person(event.node);
        let name = person.name();
        match &event.reason {
            Reason::Denied(why) => {
                person.refused = true;
                self.complain(format!("Not connected with {name}: {why}"));
            }
            Reason::Lost(_) | Reason::Silent
                if was_connected && event.to != PeerState::Unstable =>
            {
                self.notify(
                    super::MessageKind::Info,
                    format!("Lost the connection to {name}, trying again"),
                );
            }
            Reason::Normal
            | Reason::Left
            | Reason::Lost(_)
            | Reason::Silent
            | Reason::Requested => {}
        }
        self.recount();
    }

    fn person(&mut self, node: NodeId) -> &mut Person {
        self.people.entry(node).or_insert_with(|| Person::new(node))
    }

    /// Once somebody has everything, nothing is kept here alone any more, whatever becomes of the
    /// connection.
    fn recount(&mut self) {
        let has_all = |person: &Person| person.state.is_some() && person.behind.is_none();
        if self.people.values().any(has_all) {
            self.unsent_edits = 0;
        }
        let mut connected = self.people.values().filter(|person| person.is_connected());
        if connected.all(|person| person.behind.is_none()) {
            self.all_have_our_edits();
        }
    }
}

impl Person {
    fn set_state(&mut self, state: PeerState) {
        self.state = Some(state);
        match state {
            PeerState::Connected | PeerState::Unstable => {
                self.known = true;
                self.left = false;
                self.refused = false;
            }
            PeerState::Connecting
            | PeerState::Syncing
            | PeerState::Disconnecting
            | PeerState::Disconnected => {}
        }
    }

    /// Whether we exchange edits with them.
    pub(crate) fn is_connected(&self) -> bool {
        !self.left && matches!(self.state, Some(PeerState::Connected | PeerState::Unstable))
    }
}
