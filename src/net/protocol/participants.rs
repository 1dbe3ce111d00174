//! Where the participants are in the text: anchors from the wire become positions, and positions
//! follow the text.
//!
//! An anchor is resolved once, when it arrives, or after an import when its character was not
//! here yet; from then on the position is carried over every change, which costs next to nothing.
//! Lines and columns are looked up in a rope that mirrors each text in which somebody has a caret:
//! Loro itself could only count them from the start of the document.

use std::{collections::BTreeMap, sync::mpsc};

use loro::{ContainerID, ContainerType, LoroDoc, LoroValue};
use ropey::Rope;

use super::events::TextChange;
use crate::{
    crdt::{Anchor, Bias, Delta, SharedDocument, TextDocument},
    net::{
        event::{
            ChangeOrigin, ContainerDelta, CursorPosition, Presence, PresenceEvent, Selection,
            UserInfo,
        },
        message::WireAnchor,
        node::NodeId,
        presence::RemotePresence,
    },
};

/// Everybody else around the document.
pub(super) struct Participants {
    document: SharedDocument,
    changes: mpsc::Receiver<TextChange>,
    people: BTreeMap<NodeId, Person>,
    mirrors: BTreeMap<String, Rope>,
}

struct Person {
    presence: RemotePresence,
    cursor: Option<Place>,
    selection_start: Option<Place>,
}

/// A position that was found in the document.
struct Place {
    anchor: Anchor,
    offset: usize,
}

impl Participants {
    pub(super) fn new(document: SharedDocument, changes: mpsc::Receiver<TextChange>) -> Self {
        Self {
            document,
            changes,
            people: BTreeMap::new(),
            mirrors: BTreeMap::new(),
        }
    }

    /// Somebody came.
    pub(super) fn join(&mut self, node: NodeId, user: UserInfo) -> PresenceEvent {
        let person = Person {
            presence: RemotePresence {
                user,
                cursor: None,
                selection_start: None,
                typing: false,
                away: false,
            },
            cursor: None,
            selection_start: None,
        };
        let presence = self.shown(&person);
        self.people.insert(node, person);
        PresenceEvent::Joined { node, presence }
    }

    /// Somebody does something else.
    pub(super) fn update(&mut self, node: NodeId, presence: RemotePresence) -> PresenceEvent {
        let document = self.document.clone();
        // Nobody edits between the moment when a place is found and when it is noted.
        let guard = document.lock();
        self.follow_text();
        let person = Person {
            cursor: self.find(guard.doc(), presence.cursor.as_ref()),
            selection_start: self.find(guard.doc(), presence.selection_start.as_ref()),
            presence,
        };
        drop(guard);
        let presence = self.shown(&person);
        self.people.insert(node, person);
        self.drop_unused_mirrors();
        PresenceEvent::Updated { node, presence }
    }

    /// Somebody went.
    pub(super) fn leave(&mut self, node: NodeId, user: UserInfo) -> PresenceEvent {
        self.people.remove(&node);
        PresenceEvent::Left { node, user }
    }

    /// Looks again for places whose characters may have arrived.
    pub(super) fn find_missing(&mut self) -> Vec<PresenceEvent> {
        let missing: Vec<_> = self
            .people
            .iter()
            .filter(|(_, person)| person.missing() > 0)
            .map(|(node, person)| (*node, person.presence.clone(), person.missing()))
            .collect();
        let mut found = Vec::new();
        for (node, presence, before) in missing {
            let event = self.update(node, presence);
            if self.people.get(&node).map_or(0, Person::missing) < before {
                found.push(event);
            }
        }
        found
    }

    /// Carries all places over what happened to the text.
    pub(super) fn follow_text(&mut self) {
        while let Ok(change) = self.changes.try_recv() {
            let ContainerDelta::Text(delta) = &*change.delta else {
                continue;
            };
            let ContainerID::Root {
                name,
                container_type: ContainerType::Text,
            } = &change.container
            else {
                continue;
            };
            self.carry(name.as_str(), delta, change.origin);
        }
    }

    fn carry(&mut self, container: &str, delta: &Delta, origin: ChangeOrigin) {
        for (node, person) in &mut self.people {
            // Who types stands behind what they typed; everybody else stays where they are.
            let bias = match origin {
                ChangeOrigin::Peer(author) if author == *node => Bias::After,
                ChangeOrigin::Peer(_) | ChangeOrigin::Local => Bias::Before,
            };
            let places = [&mut person.cursor, &mut person.selection_start];
            for place in places.into_iter().flatten() {
                if place.anchor.container() == container {
                    place.offset = delta.map(place.offset, bias);
                }
            }
        }
        if let Some(mirror) = self.mirrors.get_mut(container) {
            if delta.minimum_length() <= mirror.len_chars() {
                delta.apply(mirror);
            } else {
                // It missed something, which costs a copy of the text the next time.
                self.mirrors.remove(container);
            }
        }
    }

    fn find(&mut self, doc: &LoroDoc, anchor: Option<&WireAnchor>) -> Option<Place> {
        let anchor = Anchor::decode(&anchor?.0).ok()?;
        let mirrored = self.mirrors.contains_key(anchor.container());
        if !mirrored && !is_there(doc, &anchor.container_id()) {
            return None;
        }
        let offset = anchor.resolve(doc)?;
        if !mirrored {
            self.mirror(doc, anchor.container());
        }
        Some(Place { anchor, offset })
    }

    /// Copies a text, after everything that was done to it was followed.
    fn mirror(&mut self, doc: &LoroDoc, container: &str) {
        doc.commit();
        self.follow_text();
        let text = doc.get_text(container).to_string();
        self.mirrors
            .insert(container.to_owned(), Rope::from_str(&text));
    }

    /// Texts in which nobody has a caret any more need no mirror; a peer could name any number. The
    /// usual one keeps its own, since somebody will be there again.
    fn drop_unused_mirrors(&mut self) {
        let people = &self.people;
        self.mirrors.retain(|container, _| {
            container == TextDocument::CONTAINER
                || people
                    .values()
                    .flat_map(|person| [&person.cursor, &person.selection_start])
                    .flatten()
                    .any(|place| place.anchor.container() == container)
        });
    }

    /// Returns what an application may know of somebody.
    fn shown(&self, person: &Person) -> Presence {
        let cursor = person.cursor.as_ref().map(|place| self.position(place));
        let start = person.selection_start.as_ref();
        let selection = start
            .map(|place| self.position(place))
            .zip(cursor.clone())
            .map(|(start, end)| Selection::new(start, end));
        Presence {
            user: person.presence.user.clone(),
            cursor,
            selection,
            typing: person.presence.typing,
            away: person.presence.away,
        }
    }

    fn position(&self, place: &Place) -> CursorPosition {
        let container = place.anchor.container();
        let (line, column, offset) = match self.mirrors.get(container) {
            Some(mirror) => {
                let offset = place.offset.min(mirror.len_chars());
                let line = mirror.char_to_line(offset);
                (line, offset - mirror.line_to_char(line), offset)
            }
            None => (0, place.offset, place.offset),
        };
        CursorPosition::new(line, column, container.to_owned(), offset)
            .with_anchor(Some(place.anchor.clone()))
    }

    /// Returns everybody as they are now.
    pub(super) fn all(&self) -> Vec<(NodeId, Presence)> {
        self.people
            .iter()
            .map(|(node, person)| (*node, self.shown(person)))
            .collect()
    }
}

impl Person {
    /// Counts the places that the person is at, but whose characters are not here yet.
    fn missing(&self) -> usize {
        let cursor = self.presence.cursor.is_some() && self.cursor.is_none();
        let start = self.presence.selection_start.is_some() && self.selection_start.is_none();
        usize::from(cursor) + usize::from(start)
    }
}

/// Returns whether a container is in the document. Loro makes one at the root by asking for it.
fn is_there(doc: &LoroDoc, container: &ContainerID) -> bool {
    let ContainerID::Root { name, .. } = container else {
        return true;
    };
    name.as_str() == TextDocument::CONTAINER
        || matches!(doc.get_value(), LoroValue::Map(roots) if roots.contains_key(name.as_str()))
}

#[cfg(test)]
mod tests;
