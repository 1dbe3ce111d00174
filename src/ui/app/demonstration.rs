//! A demonstration: a line at the bottom says what is shown, and nothing of the text is kept.

use ratatui::layout::Rect;

use super::App;
use crate::{
    ConflictSettings,
    ui::{command::Command, keymap::KeyPress, pane::words::wrap},
};

/// Rows that the words may take, and rows that must be left for everything else.
const MOST_ROWS: u16 = 3;
const LEFT_ROWS: u16 = 5;

impl App {
    /// Makes this a demonstration: quitting asks nothing. `conflicts` hold whatever is configured.
    pub(crate) fn demonstrate(&mut self, conflicts: ConflictSettings) {
        self.config.conflicts = conflicts;
        self.demonstrated = Some(String::new());
    }

    /// Whether nothing of the text is kept.
    pub(super) fn is_demonstration(&self) -> bool {
        self.demonstrated.is_some()
    }

    /// Says what is shown from now on. `{command}` in it stands for the key of that command.
    pub(super) fn demonstrated(&mut self, words: String) {
        let held = self.hold();
        self.demonstrated = Some(words);
        self.settle(held);
    }

    /// In a demonstration, a key that quits does so whatever is open.
    pub(super) fn ends_demonstration(&self, press: KeyPress) -> bool {
        self.is_demonstration() && self.keymap.lookup(press) == Some(Command::Quit)
    }

    /// Whether a command leads away from what is shown, which has one document that is not kept.
    /// Says so then.
    pub(super) fn leads_away(&mut self, command: Command) -> bool {
        let leads = self.is_demonstration()
            && matches!(
                command,
                Command::Open | Command::New | Command::SaveAs | Command::Connect
            );
        if leads {
            self.reply("Not in the demonstration; start copad without \"demo\" for that");
        }
        leads
    }

    /// What is shown now, in rows of so many columns; nothing if this is no demonstration.
    pub(crate) fn caption(&self, columns: u16) -> Vec<String> {
        let words = self.demonstrated.as_deref().unwrap_or_default();
        if words.is_empty() {
            return Vec::new();
        }
        let mut text = String::new();
        for (index, part) in words.split('{').enumerate() {
            match part.split_once('}').filter(|_| index > 0) {
                Some((name, rest)) => {
                    text.push_str(&self.key_of(name));
                    text.push_str(rest);
                }
                None => text.push_str(part),
            }
        }
        wrap(&text, columns.saturating_sub(2).max(1).into())
    }

    /// The key of a command, or its name where it has none.
    fn key_of(&self, name: &str) -> String {
        let command = Command::from_name(name);
        let keys = command.map(|command| self.keymap.keys_for(command));
        let key = keys.and_then(|keys| keys.into_iter().next());
        key.map_or_else(|| name.to_owned(), |key| key.to_string())
    }

    /// Takes the rows at the very bottom for what is shown.
    pub(super) fn cut_caption(&self, screen: &mut Rect) -> Rect {
        let room = screen.height.saturating_sub(LEFT_ROWS).min(MOST_ROWS);
        let wanted = self.caption(screen.width).len();
        let rows = u16::try_from(wanted).unwrap_or(u16::MAX).min(room);
        screen.height -= rows;
        Rect {
            y: screen.bottom(),
            height: rows,
            ..*screen
        }
    }
}
