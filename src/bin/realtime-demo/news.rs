//! What the library tells, in words: a line for each event.

use iroh_loro_realtime::{
    ChangeOrigin, ConnectionEvent, ContainerDelta, DocumentEvent, NodeId, PeerInfo, PeerState,
    Presence, PresenceEvent, RealtimeLoroProtocol, Reason,
    crdt::{Change, Delta},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Characters of an inserted text that a line shows at most.
const SHOWN: usize = 60;

/// Everything that the library tells.
pub struct News {
    protocol: RealtimeLoroProtocol,
    updates: broadcast::Receiver<DocumentEvent>,
    presence: broadcast::Receiver<PresenceEvent>,
    connections: broadcast::Receiver<ConnectionEvent>,
}

impl News {
    /// Listens from now on.
    pub fn new(
        protocol: &RealtimeLoroProtocol,
        updates: broadcast::Receiver<DocumentEvent>,
        presence: broadcast::Receiver<PresenceEvent>,
    ) -> Self {
        Self {
            protocol: protocol.clone(),
            updates,
            presence,
            connections: protocol.connection_manager().subscribe(),
        }
    }

    /// Waits for the next event that is worth a line. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> String {
        loop {
            let words = tokio::select! {
                event = self.updates.recv() => match event {
                    Ok(event) => self.words_of_change(&event),
                    Err(error) => missed("changes", error).await,
                },
                event = self.presence.recv() => match event {
                    Ok(event) => Some(words_of_presence(&event)),
                    Err(error) => missed("news of people", error).await,
                },
                event = self.connections.recv() => match event {
                    Ok(event) => Some(words_of_connection(&event)),
                    Err(error) => missed("connection events", error).await,
                },
            };
            if let Some(words) = words {
                return words;
            }
        }
    }

    /// Our own changes are no news.
    fn words_of_change(&self, event: &DocumentEvent) -> Option<String> {
        let ChangeOrigin::Peer(node) = event.origin else {
            return None;
        };
        let name = self.name_of(node);
        let change = match &*event.delta {
            ContainerDelta::Text(delta) => words_of_delta(delta),
            ContainerDelta::List(_)
            | ContainerDelta::Map(_)
            | ContainerDelta::Tree(_)
            | ContainerDelta::Counter(_)
            | ContainerDelta::Unknown => format!("changes {}", event.container),
        };
        Some(format!("{name} {change}"))
    }

    fn name_of(&self, node: NodeId) -> String {
        let people = self.protocol.presence_manager().participants();
        let person = people.into_iter().find(|(other, _)| *other == node);
        person.map_or_else(|| node.short(), |(_, presence)| presence.user.name)
    }
}

/// Events were lost, but nothing else; or there will be no more of them.
async fn missed(what: &str, error: RecvError) -> Option<String> {
    match error {
        RecvError::Lagged(count) => Some(format!("missed {count} {what}")),
        RecvError::Closed => std::future::pending().await,
    }
}

fn words_of_delta(delta: &Delta) -> String {
    let mut place = 0;
    let mut steps = Vec::new();
    for change in delta.changes() {
        match change {
            Change::Retain(length) => place += length,
            Change::Insert(text) => {
                let length = text.chars().count();
                steps.push(format!("inserts {length} at {place}: {}", shortened(text)));
                place += length;
            }
            Change::Delete(length) => steps.push(format!("deletes {length} at {place}")),
        }
    }
    steps.join(", ")
}

fn words_of_presence(event: &PresenceEvent) -> String {
    match event {
        PresenceEvent::Joined { presence, .. } => format!("{} is here", presence.user.name),
        PresenceEvent::Updated { presence, .. } => words_of_person(presence),
        PresenceEvent::Called { node } => format!("{} asks everybody to come", node.short()),
        PresenceEvent::Left { user, .. } => format!("{} is gone", user.name),
    }
}

fn words_of_person(presence: &Presence) -> String {
    let mut words = presence.user.name.clone();
    match (&presence.selection, &presence.cursor) {
        (Some(selection), _) => {
            let (start, end) = (selection.start.offset, selection.end.offset);
            words += &format!(" has selected {start} to {end}");
        }
        (None, Some(cursor)) => {
            let (line, column) = (cursor.line + 1, cursor.column + 1);
            words += &format!(" is at {} (line {line}, column {column})", cursor.offset);
        }
        (None, None) => words += " is here",
    }
    if presence.typing {
        words += ", typing";
    }
    if presence.away {
        words += ", away";
    }
    words
}

fn words_of_connection(event: &ConnectionEvent) -> String {
    let (from, to) = (words_of_state(event.from), words_of_state(event.to));
    let mut words = format!("{} was {from}, is {to}", event.node.short());
    match &event.reason {
        Reason::Normal => {}
        Reason::Left => words += ": it left",
        Reason::Lost(why) | Reason::Denied(why) => words += &format!(": {}", visible(why)),
        Reason::Silent => words += ": it is silent",
        Reason::Requested => words += ": as you asked",
    }
    words
}

/// Describes a peer with its health.
pub fn words_of_peer(peer: &PeerInfo) -> String {
    let mut words = format!("peer {} {}", peer.node, words_of_state(peer.state));
    if let Some(user) = &peer.user {
        words += &format!(", {}", user.name);
    }
    if let Some(time) = peer.round_trip {
        words += &format!(", {:.1} ms", time.as_secs_f64() * 1000.0);
    }
    if peer.behind {
        words += ", lacks some of ours";
    }
    if let Some(error) = &peer.last_error {
        words += &format!(", {}", visible(error));
    }
    words
}

fn words_of_state(state: PeerState) -> &'static str {
    match state {
        PeerState::Connecting => "connecting",
        PeerState::Syncing => "syncing",
        PeerState::Connected => "connected",
        PeerState::Unstable => "unstable",
        PeerState::Disconnecting => "disconnecting",
        PeerState::Disconnected => "disconnected",
    }
}

/// Returns the start of a text, quoted.
fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().count() > SHOWN {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// Replaces what a terminal would obey instead of showing it: control characters, and those that
/// turn the direction of writing.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if turns || (character.is_control() && character != '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
