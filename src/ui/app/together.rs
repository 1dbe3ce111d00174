//! Being with others: going where somebody is, following them, knowing when we are away, and who
//! writes outside of what is visible.

use std::time::Duration;

use super::{App, Person, is_on};
use crate::{
    NodeId, UserInfo,
    ui::{
        command::Command,
        dialog::{Dialog, PeopleList, PersonEntry, Rename},
        theme::other_color,
    },
};

/// How long after the last key or click we count as away.
const AWAY: Duration = Duration::from_secs(5 * 60);

/// What to do with the person who is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Approach {
    /// Put the caret where theirs is.
    GoTo,
    /// Look at what they look at until a key is pressed.
    Follow,
}

/// Somebody who writes outside of what is visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    pub(crate) node: NodeId,
    pub(crate) name: String,
    pub(crate) color: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether it is above what is visible.
    pub(crate) is_above: bool,
}

impl App {
    /// Goes to somebody or follows them; asks whom if there are several.
    pub(super) fn approach(&mut self, approach: Approach) {
        if let Some(caller) = self.take_caller() {
            return self.approach_person(caller, approach);
        }
        let mut here: Vec<&Person> = self
            .people
            .values()
            .filter(|person| person.caret.is_some() && !person.left)
            .collect();
        here.sort_by_key(|person| person.name());
        match here.as_slice() {
            [] => self.reply("Nobody else is here"),
            [only] => {
                let node = only.node;
                self.approach_person(node, approach);
            }
            several => {
                let rope = self.rope();
                let entries = several.iter().map(|person| PersonEntry {
                    node: person.node,
                    name: person.name(),
                    color: person.color(),
                    line: person.caret.map_or(1, |caret| {
                        rope.char_to_line(caret.head.min(rope.len_chars())) + 1
                    }),
                });
                let list = PeopleList::new(entries.collect(), approach);
                self.open(Dialog::People(list));
            }
        }
    }

    pub(super) fn approach_person(&mut self, node: NodeId, approach: Approach) {
        let person = self.people.get(&node);
        let Some((caret, name)) = person.and_then(|person| Some((person.caret?, person.name())))
        else {
            return self.reply("They left");
        };
        match approach {
            Approach::GoTo => {
                self.goal = None;
                self.look_at(caret.head);
                self.place(caret.head, false);
            }
            Approach::Follow => {
                self.following = Some(node);
                self.look_at(caret.head);
                self.reply(format!("You follow {name}; any key ends it"));
            }
        }
    }

    /// Whatever one does oneself, by key, mouse or paste, ends following. Returns whether that is all the key was for.
    pub(super) fn end_following(&mut self, command: Option<Command>) -> bool {
        let Some(node) = self.following.take() else {
            return false;
        };
        let name = self.people.get(&node).map(Person::name);
        self.reply(format!("You no longer follow {}", name.unwrap_or_default()));
        matches!(command, Some(Command::Cancel | Command::FollowPerson))
    }

    /// Keeps the person who is followed on the screen.
    pub(super) fn keep_following(&mut self) {
        let Some(node) = self.following else { return };
        let person = self.people.get(&node).filter(|person| !person.left);
        let Some(caret) = person.and_then(|person| person.caret) else {
            self.following = None;
            return;
        };
        let rows = self.visible_rows();
        let margin = rows.len() / 6;
        let inner = rows
            .iter()
            .skip(margin)
            .take(rows.len().saturating_sub(2 * margin));
        if !inner.into_iter().any(|row| is_on(row, caret.head)) {
            self.look_at(caret.head);
        }
    }

    /// The person who is followed.
    pub(crate) fn followed(&self) -> Option<&Person> {
        self.people.get(&self.following?)
    }

    /// Those who write where the screen does not reach.
    pub(crate) fn writing_elsewhere(&self) -> Vec<Elsewhere> {
        let typing = |person: &&Person| person.typing && !person.left;
        if !self.people.values().any(|person| typing(&person)) {
            return Vec::new();
        }
        let rows = self.visible_rows();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Vec::new();
        };
        let people = self.people.values().filter(typing);
        let elsewhere = people.filter_map(|person| {
            let head = person.caret?.head.min(self.rope().len_chars());
            let is_above = head < first.position.start;
            let is_below = head > last.end || (head == last.end && !last.ends_line);
            (is_above || is_below).then(|| Elsewhere {
                node: person.node,
                name: person.name(),
                color: person.color(),
                line: self.rope().char_to_line(head) + 1,
                is_above,
            })
        });
        elsewhere.collect()
    }

    /// Notes that somebody is at the keyboard.
    pub(super) fn act(&mut self) {
        self.acted = self.now;
        self.greeting = false;
    }

    /// Shows the keys that lead to everything else, until one is pressed.
    pub fn greet(&mut self) {
        self.greeting = true;
    }

    /// Whether these keys are shown.
    pub(crate) fn is_greeting(&self) -> bool {
        self.greeting && !self.is_demonstration()
    }

    /// Whether nobody has been at the keyboard for long.
    pub(super) fn is_away(&self) -> bool {
        self.now >= self.acted + AWAY
    }

    /// When we will count as away if nothing happens; `None` once we do.
    pub(super) fn away_at(&self) -> Option<Duration> {
        (!self.is_away()).then_some(self.acted + AWAY)
    }

    pub(super) fn ask_name(&mut self) {
        self.open(Dialog::Rename(Rename::new(&self.user.name)));
    }

    pub(super) fn rename(&mut self, name: String) {
        self.reply(format!("Others see you as {name} now"));
        self.introduce(UserInfo {
            name,
            ..self.user.clone()
        });
    }

    /// Takes another colour that nobody has.
    pub(super) fn change_color(&mut self) {
        let others: Vec<String> = self.people.values().map(Person::color).collect();
        let color = other_color(&self.user.color, &others, &self.theme);
        self.introduce(UserInfo {
            color,
            ..self.user.clone()
        });
        self.reply("You have another colour now");
    }
}
