//! Asking everybody to come to where we are, and being asked. Nobody is moved: whoever is asked
//! sees a line, and comes by a key of their own.

use std::time::Duration;

use super::{App, Effect, MessageKind, Notice};
use crate::{NodeId, ui::command::Command};

/// How long to wait before asking again.
const CALLS_APART: Duration = Duration::from_secs(5);
/// How long it is said that somebody asked, and how long the keys lead to them before others.
const SHOWN: Duration = Duration::from_secs(10);

/// Who asked whom to come.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// When we did last.
    ours: Option<Duration>,
    /// Who asked us last, and until when the keys lead there.
    theirs: Option<(NodeId, Duration)>,
}

impl App {
    /// Asks everybody who is connected to come to where the caret is.
    pub(super) fn call_everyone(&mut self) {
        if self.connected() == 0 {
            return self.reply("Nobody else is here");
        }
        let last = self
            .calls
            .ours
            .filter(|last| self.now < *last + CALLS_APART);
        if last.is_some() {
            return self.reply("You asked them a moment ago");
        }
        self.calls.ours = Some(self.now);
        self.effects.push(Effect::CallEveryone);
        let line = self.caret_line() + 1;
        self.reply(format!("You asked everybody to come to line {line}"));
    }

    /// Somebody asks us to come.
    pub(super) fn called(&mut self, node: NodeId) {
        let Some(person) = self.people.get(&node) else {
            return;
        };
        let name = person.name();
        let Some(caret) = person.caret else {
            // Where that is, is not known.
            return;
        };
        let rope = self.rope();
        let line = rope.char_to_line(caret.head.min(rope.len_chars())) + 1;
        let until = self.now + SHOWN;
        self.calls.theirs = Some((node, until));
        let keys = [
            (Command::FollowPerson, "follows"),
            (Command::GoToPerson, "goes there"),
        ]
        .map(|(command, what)| {
            let key = self.keymap.keys_for(command).into_iter().next();
            key.map(|key| format!("{key} {what}"))
        });
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        let mut text = format!("{name} asks you to come to line {line}");
        if !keys.is_empty() {
            text = format!("{text}: {}", keys.join(", "));
        }
        let shows_error = self
            .notice
            .as_ref()
            .is_some_and(|notice| notice.kind == MessageKind::Error);
        if !shows_error {
            self.notice = Some(Notice {
                kind: MessageKind::Info,
                text,
                until,
            });
        }
    }

    /// Who asked us to come, if that was just now; only once.
    pub(super) fn take_caller(&mut self) -> Option<NodeId> {
        let (node, until) = self.calls.theirs.take()?;
        let person = self.people.get(&node)?;
        (self.now < until && person.caret.is_some() && !person.left).then_some(node)
    }
}
