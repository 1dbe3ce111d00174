//! Every command to choose from, found by a few of its letters.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Answer,
    form::{open_panel, put},
    input::Input,
    list::{self, List},
};
use crate::ui::{
    command::{COMMANDS, CommandInfo, Offered},
    keymap::Keymap,
    pane::words::{shorten, width},
    theme::{Role, Theme},
};

/// The widest and the highest that the list grows, borders included.
const LARGEST: (u16, u16) = (76, 22);

/// The list, and what of it is chosen.
#[derive(Debug)]
pub(crate) struct Palette {
    input: Input,
    found: Vec<&'static CommandInfo>,
    chosen: usize,
    list: List,
}

impl Palette {
    /// Shows all commands.
    pub(crate) fn new() -> Self {
        Self {
            input: Input::new(""),
            found: find(""),
            chosen: 0,
            list: List::default(),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let page = self.list.page();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Answer::Close,
            KeyCode::Enter => return self.choose(),
            KeyCode::Up => self.scroll(-1),
            KeyCode::Down => self.scroll(1),
            KeyCode::Char('p') if control => self.scroll(-1),
            KeyCode::Char('n') if control => self.scroll(1),
            KeyCode::Tab => self.scroll(1),
            KeyCode::BackTab => self.scroll(-1),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::PageDown => self.scroll(page),
            _ if self.input.key(key) => self.search(),
            _ => {}
        }
        Answer::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.input.paste(text);
        self.search();
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        match self.list.at(at, self.found.len()) {
            Some(row) => {
                self.chosen = row;
                self.choose()
            }
            None => Answer::Stay,
        }
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        self.chosen = list::further(self.chosen, rows, self.found.len());
    }

    fn search(&mut self) {
        self.found = find(self.input.text());
        self.chosen = 0;
        self.list.reset();
    }

    fn choose(&self) -> Answer {
        match self.found.get(self.chosen) {
            Some(info) => Answer::Run(info.command),
            None => Answer::Stay,
        }
    }

    pub(super) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        let rows = screen.height.saturating_sub(2).clamp(1, LARGEST.1);
        let size = (screen.width.min(LARGEST.0), rows);
        let inner = open_panel(screen, size, "Commands", buffer, theme);
        let caret = self.input.draw(Rect { height: 1, ..inner }, buffer, theme);
        let area = Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1),
            ..inner
        };
        for (y, index) in self.list.show(area, self.chosen, self.found.len()) {
            let line = entry(self.found[index], keymap, area.width.into());
            let (mark, style) = list::look(theme, index == self.chosen);
            put(buffer, area, y, &format!("{mark} {line}"), style);
        }
        if self.found.is_empty() {
            let words = "No command is called that";
            put(buffer, area, area.y, words, theme.style(Role::DialogFaint));
        }
        caret
    }
}

/// What a command does, and at the right its first key.
fn entry(info: &CommandInfo, keymap: &Keymap, columns: usize) -> String {
    let key = keymap.keys_for(info.command);
    let key = key.first().map_or_else(String::new, ToString::to_string);
    let columns = columns.saturating_sub(2);
    let room = columns.saturating_sub(width(&key) + 1);
    let help = shorten(info.help, room);
    let gap = columns.saturating_sub(width(&help) + width(&key));
    format!("{help}{}{key}", " ".repeat(gap))
}

/// The commands whose help or name has these letters in this order, the best ones first. Those that
/// are moves of the caret go behind all others of the same worth.
fn find(text: &str) -> Vec<&'static CommandInfo> {
    let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let mut found: Vec<_> = COMMANDS
        .iter()
        .filter_map(|info| {
            let mut score =
                |text: &str| pattern.score(Utf32Str::new(text, &mut letters), &mut matcher);
            let best = score(info.help).max(score(info.name))?;
            Some((
                std::cmp::Reverse(best),
                info.offered == Offered::AsKey,
                info,
            ))
        })
        .collect();
    found.sort_by_key(|(best, as_key, _)| (*best, *as_key));
    found.into_iter().map(|(.., info)| info).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::command::Command;

    #[test]
    fn everything_can_be_found() {
        assert_eq!(find("").len(), COMMANDS.len());
        for info in COMMANDS {
            let found = find(info.help);
            let place = found.iter().position(|found| found.name == info.name);
            assert!(
                place.is_some_and(|place| place < 8),
                "{}: {place:?}",
                info.name
            );
        }
    }

    #[test]
    fn a_few_letters_are_enough() {
        for (text, expected) in [
            ("save as", Command::SaveAs),
            ("dupl", Command::DuplicateLines),
            ("comment", Command::ToggleComment),
            ("WRAP", Command::ToggleWrap),
            ("goline", Command::GoToLine),
        ] {
            let first = find(text).first().map(|info| info.command);
            assert_eq!(first, Some(expected), "{text}");
        }
        assert!(find("xyzzy").is_empty());
    }
}
