//! How everything stands: the file, the journal, the others. What the status line puts into words.

use super::{App, FileStanding, JournalState, Person, PersonState};

/// How everything stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The text and its file.
    pub(crate) file: FileStanding,
    /// Whether edits are written down on this machine.
    pub(crate) journal: JournalState,
    /// Edits of ours since somebody else last had all of them.
    pub(crate) unsent: usize,
    /// The others.
    pub(crate) others: Others,
}

/// Who has what is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    /// Nobody was ever here.
    Nobody,
    /// We do not want to be connected.
    Offline,
    /// Somebody has all of it: who, if it is only one; how many.
    Synced(Option<String>, usize),
    /// This one is connected but does not have all of it, for longer than the way there explains.
    Waiting(String),
    /// A large exchange is under way; how many percent are done, if that is known.
    Syncing(Option<u8>),
    /// Somebody is called for the first time.
    Connecting,
    /// This one cannot be reached, and is called again.
    Unreachable(String),
    /// Somebody was here and is called again.
    Reconnecting,
    /// This one, the only one, left.
    Left(String),
    /// The only one who was here was sent away by the owner.
    SentAway(String),
    /// All of several left.
    AllLeft,
}

impl App {
    /// How everything stands.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            file: self.file_standing(),
            journal: self.journal.clone(),
            unsent: self.unsent_edits(),
            others: self.others(),
        }
    }

    fn others(&self) -> Others {
        if self.offline {
            return Others::Offline;
        }
        // Whoever knocks is nobody yet.
        let people = || {
            let people = self.people.values();
            people.filter(|person| !self.is_knocking(person.node))
        };
        if let Some(percent) = people().filter_map(|person| person.progress()).min() {
            return Others::Syncing(Some(percent));
        }
        let connected = self.connected();
        if connected > 0 {
            let slow =
                |person: &&Person| person.state() == PersonState::Silent || person.lags(self.now);
            if let Some(slow) = people().find(slow) {
                return Others::Waiting(slow.name());
            }
            let only = people().find(|person| person.is_connected() && connected == 1);
            return Others::Synced(only.map(Person::name), connected);
        }
        let any = |wanted: PersonState| people().any(|person| person.state() == wanted);
        if any(PersonState::Reconnecting) {
            return Others::Reconnecting;
        }
        if any(PersonState::Connecting) {
            let missed =
                |person: &&Person| person.state() == PersonState::Connecting && person.unreachable;
            return match people().find(missed) {
                Some(person) => Others::Unreachable(person.name()),
                None => Others::Connecting,
            };
        }
        if any(PersonState::Syncing) {
            return Others::Syncing(None);
        }
        match people().find(|person| person.left) {
            Some(person) if self.people.len() == 1 => match person.state() {
                PersonState::SentAway => Others::SentAway(person.name()),
                _ => Others::Left(person.name()),
            },
            Some(_) => Others::AllLeft,
            None => Others::Nobody,
        }
    }
}
