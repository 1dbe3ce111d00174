//! Keys that are pressed one after the other: what was begun, and what may follow.

use std::time::Duration;

use super::App;
use crate::ui::{
    command::Command,
    keymap::{KeyPress, Lookup},
};

/// How long somebody may hesitate before they are shown what may follow.
const PAUSE: Duration = Duration::from_millis(500);

/// The keys of a sequence that was begun and is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Begun {
    keys: Vec<KeyPress>,
    /// When the last of them was pressed.
    since: Duration,
}

impl Begun {
    /// Forgets the keys.
    pub(super) fn give_up(&mut self) {
        self.keys.clear();
    }

    /// When to show what may follow, if that is still to come.
    pub(super) fn due(&self, now: Duration) -> Option<Duration> {
        let due = self.since + PAUSE;
        (!self.keys.is_empty() && now < due).then_some(due)
    }
}

/// What is shown to somebody who hesitates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Continuations {
    /// The keys that were pressed.
    pub(crate) begun: String,
    /// The keys that may follow, and what they do.
    pub(crate) entries: Vec<(String, &'static str)>,
}

impl App {
    /// What a key comes to behind those that were pressed before it: a command, or nothing but the
    /// key itself. `None`: it is a part of a sequence, and has been taken in.
    pub(super) fn command_of(&mut self, press: KeyPress) -> Option<Option<Command>> {
        self.sequence.keys.push(press);
        let is_first = self.sequence.keys.len() == 1;
        match self.keymap.look_up(&self.sequence.keys) {
            Lookup::Begun => {
                self.sequence.since = self.now;
                return None;
            }
            Lookup::Command(command) => {
                self.sequence.give_up();
                return Some(Some(command));
            }
            Lookup::Nothing => {}
        }
        let pressed = std::mem::take(&mut self.sequence.keys);
        if is_first {
            return Some(None);
        }
        if self.keymap.lookup(press) != Some(Command::Cancel) {
            self.reply(format!("{} runs no command", in_words(&pressed)));
        }
        None
    }

    /// What may follow the keys that were pressed, once somebody hesitates.
    pub(crate) fn continuations(&self) -> Option<Continuations> {
        let Begun { keys, since } = &self.sequence;
        if keys.is_empty() || self.now < *since + PAUSE {
            return None;
        }
        let entries = self.keymap.following(keys).into_iter();
        let entries = entries.map(|(key, command)| {
            let what = command.map_or("more keys", |command| command.info().help);
            (key.to_string(), what)
        });
        Some(Continuations {
            begun: in_words(keys),
            entries: entries.collect(),
        })
    }
}

fn in_words(keys: &[KeyPress]) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    keys.join(" ")
}
