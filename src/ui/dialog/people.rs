//! Choosing one of several people.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Answer,
    form::{open_panel, put},
    list::{self, List},
};
use crate::{
    NodeId,
    ui::{
        app::Approach,
        pane::words::{shorten, width},
        theme::{Mark, Role, Theme},
    },
};

/// The widest that the list grows, borders included.
const WIDEST: u16 = 50;

/// Somebody in the list.
#[derive(Clone, Debug)]
pub(crate) struct PersonEntry {
    pub(crate) node: NodeId,
    pub(crate) name: String,
    pub(crate) color: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The list, and who is chosen.
#[derive(Debug)]
pub(crate) struct PeopleList {
    entries: Vec<PersonEntry>,
    approach: Approach,
    chosen: usize,
    list: List,
}

impl PeopleList {
    /// Shows these people; there is at least one.
    pub(crate) fn new(entries: Vec<PersonEntry>, approach: Approach) -> Self {
        Self {
            entries,
            approach,
            chosen: 0,
            list: List::default(),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        match key.code {
            KeyCode::Esc => return Answer::Close,
            KeyCode::Enter => return self.choose(),
            KeyCode::Up | KeyCode::BackTab => self.scroll(-1),
            KeyCode::Down | KeyCode::Tab => self.scroll(1),
            KeyCode::Char(letter) => self.seek(letter),
            _ => {}
        }
        Answer::Stay
    }

    /// Goes to the next one whose name starts with a letter.
    fn seek(&mut self, letter: char) {
        let starts = |entry: &PersonEntry| {
            let first = entry.name.chars().flat_map(char::to_lowercase).next();
            first == letter.to_lowercase().next()
        };
        let count = self.entries.len();
        let next = (1..=count)
            .map(|step| (self.chosen + step) % count)
            .find(|index| starts(&self.entries[*index]));
        self.chosen = next.unwrap_or(self.chosen);
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        match self.list.at(at, self.entries.len()) {
            Some(row) => {
                self.chosen = row;
                self.choose()
            }
            None => Answer::Stay,
        }
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        self.chosen = list::further(self.chosen, rows, self.entries.len());
    }

    fn choose(&self) -> Answer {
        match self.entries.get(self.chosen) {
            Some(entry) => Answer::Approach(entry.node, self.approach),
            None => Answer::Close,
        }
    }

    pub(super) fn draw(&mut self, screen: Rect, buffer: &mut Buffer, theme: &Theme) {
        let title = match self.approach {
            Approach::GoTo => "Go to",
            Approach::Follow => "Follow",
        };
        let rows = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        let size = (WIDEST, rows.saturating_add(3).min(screen.height));
        let inner = open_panel(screen, size, title, buffer, theme);
        let list = Rect {
            height: inner.height.saturating_sub(1),
            ..inner
        };
        let columns = usize::from(inner.width).saturating_sub(4);
        for (y, index) in self.list.show(list, self.chosen, self.entries.len()) {
            let entry = &self.entries[index];
            let place = format!("line {}", entry.line);
            let name = shorten(&entry.name, columns.saturating_sub(width(&place) + 1));
            let gap = columns.saturating_sub(width(&name) + width(&place));
            let (mark, style) = list::look(theme, index == self.chosen);
            let line = format!("{mark}   {name}{}{place}", " ".repeat(gap));
            put(buffer, list, y, &line, style);
            let swatch = style.patch(theme.participant(&entry.color).name);
            let area = Rect {
                x: (inner.x + 2).min(inner.right()),
                width: 1.min(inner.width.saturating_sub(2)),
                ..inner
            };
            put(buffer, area, y, theme.mark(Mark::Swatch), swatch);
        }
        let hint = "Enter chooses, Esc closes";
        let last = inner.bottom().saturating_sub(1);
        put(buffer, inner, last, hint, theme.style(Role::DialogFaint));
    }
}
