//! Who is behind a Loro peer id.
//!
//! Each process writes under a peer id of its own, so the first commit that it makes carries a
//! message that names its person. A message travels with the history, and costs one line for each
//! start of the program.

use std::sync::{Mutex, PoisonError};

use loro::{ID, LoroDoc, PeerID, Subscription};

/// What messages that name an author start with.
const PREFIX: &str = "copad:author:1";
/// Changes of a peer that are searched for its message.
const SEARCHED: usize = 64;
/// Characters of a name that are kept.
const LONGEST_NAME: usize = 64;

/// Under which name what is in a file takes part.
pub const DISK: &str = "disk";

/// A person who writes, as their own replica named them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The same for every process of one replica, and for others almost never; says nothing else
    /// of the replica. 0 if it is not known.
    pub replica: u64,
    /// `#RRGGBB`.
    pub color: String,
    /// The name, as it was told: cleaned by whoever shows it. Empty if it is not known.
    pub name: String,
}

impl Author {
    /// What stands for whatever other program wrote a file.
    pub fn disk() -> Self {
        Self {
            name: DISK.to_owned(),
            ..Self::default()
        }
    }

    fn to_message(&self) -> String {
        let name: String = self.name.chars().take(LONGEST_NAME).collect();
        let color: String = self.color.chars().filter(|c| *c != ':').take(16).collect();
        format!("{PREFIX}:{:016x}:{color}:{name}", self.replica)
    }

    fn from_message(message: &str) -> Option<Self> {
        let mut parts = message
            .strip_prefix(PREFIX)?
            .strip_prefix(':')?
            .splitn(3, ':');
        let replica = u64::from_str_radix(parts.next()?, 16).ok()?;
        let color = parts.next()?.chars().take(16).collect();
        let name = parts.next()?.chars().take(LONGEST_NAME).collect();
        Some(Self {
            replica,
            color,
            name,
        })
    }

    /// Lets the first commit of each peer id that the document writes under name this author,
    /// until the subscription is dropped.
    pub fn sign(self, doc: &LoroDoc) -> Subscription {
        let message = self.to_message();
        let signed: Mutex<Option<PeerID>> = Mutex::default();
        // Runs inside of Loro with the document locked: it must not touch the document.
        doc.subscribe_pre_commit(Box::new(move |commit| {
            let mut signed = signed.lock().unwrap_or_else(PoisonError::into_inner);
            let peer = commit.change_meta.id.peer;
            if *signed != Some(peer) && commit.change_meta.message.is_none() {
                *signed = Some(peer);
                commit.modifier.set_message(&message);
            }
            true
        }))
    }

    /// Returns who writes under a peer id. `None` if no message says so.
    pub fn of(doc: &LoroDoc, peer: PeerID) -> Option<Self> {
        let mut counter = 0;
        for _ in 0..SEARCHED {
            let change = doc.get_change(ID::new(peer, counter))?;
            if let Some(author) = change.message.as_deref().and_then(Self::from_message) {
                return Some(author);
            }
            counter = change.id.counter + i32::try_from(change.len.max(1)).ok()?;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_commit_names_its_author_and_the_name_travels() {
        let doc = LoroDoc::new();
        let text = doc.get_text("main");
        text.insert(0, "before the session").unwrap();
        doc.commit();
        let author = Author {
            replica: 7,
            color: "#4ECDC4".to_owned(),
            name: "Ada: the first".to_owned(),
        };
        let _signing = author.clone().sign(&doc);
        for letter in ["a", "b", "c"] {
            text.insert(0, letter).unwrap();
            doc.commit();
        }
        let other = LoroDoc::new();
        other
            .import(&doc.export(loro::ExportMode::all_updates()).unwrap())
            .unwrap();
        assert_eq!(Author::of(&other, doc.peer_id()), Some(author));
        assert_eq!(Author::of(&other, other.peer_id()), None);
        // What was written later joins into one change again.
        let last = other.get_change(ID::new(doc.peer_id(), 20)).unwrap();
        assert_eq!((last.message, last.len), (None, 2));
    }

    #[test]
    fn other_messages_name_nobody() {
        for message in ["", "copad:author:1", "copad:author:1:xyz:#fff:Ada", "fix"] {
            assert_eq!(Author::from_message(message), None, "{message}");
        }
    }
}
