//! Every command with its keys, from the table of commands and the keymap as it is.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Answer,
    form::{open_panel, put},
};
use crate::ui::{
    command::{COMMANDS, Group},
    keymap::Keymap,
    pane::words::{width, wrap},
    theme::{Role, Theme},
};

/// The widest that the page grows, borders included.
const WIDEST: u16 = 92;
/// Columns for the keys, where help stands beside them.
const KEYS: usize = 24;
/// Pages narrower than this have help below its keys.
const NARROW: usize = 54;

/// The page, and how far it is scrolled.
#[derive(Debug, Default)]
pub(crate) struct Help {
    top: usize,
    page: usize,
    end: usize,
}

/// A line of the page.
struct HelpLine {
    keys: String,
    help: String,
    role: Role,
}

impl Help {
    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let page = self.page.saturating_sub(1) as isize;
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') | KeyCode::F(1) => {
                return Answer::Close;
            }
            KeyCode::Up => self.scroll(-1),
            KeyCode::Down => self.scroll(1),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll(page),
            KeyCode::Home => self.top = 0,
            KeyCode::End => self.top = self.end,
            _ => {}
        }
        Answer::Stay
    }

    pub(super) fn click(&mut self, _at: Position) -> Answer {
        Answer::Stay
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        self.top = self.top.saturating_add_signed(rows).min(self.end);
    }

    /// How to scroll and leave, in as many words as fit.
    fn hint(&self, columns: usize) -> String {
        if self.end == 0 {
            return "Esc closes".to_owned();
        }
        let percent = self.top * 100 / self.end;
        let hints = [
            format!("Up, Down and PageDown scroll. Esc closes. {percent}%"),
            format!("Esc closes. {percent}%"),
        ];
        let fitting = hints.into_iter().find(|hint| width(hint) <= columns);
        fitting.unwrap_or_default()
    }

    pub(super) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
        keymap: &Keymap,
    ) {
        let size = (screen.width.min(WIDEST), screen.height);
        let inner = open_panel(screen, size, "Help", buffer, theme);
        let columns = Columns::of(inner.width.into());
        let lines = page(keymap, &columns);
        self.page = usize::from(inner.height.saturating_sub(1));
        self.end = lines.len().saturating_sub(self.page);
        self.top = self.top.min(self.end);
        let room = inner.height.saturating_sub(1);
        let rest = inner.x + (columns.indent as u16).min(inner.width);
        for (y, line) in (inner.y..inner.y + room).zip(lines.iter().skip(self.top)) {
            put(buffer, inner, y, &line.keys, theme.style(Role::DialogKey));
            let area = Rect {
                x: rest,
                width: inner.right() - rest,
                ..inner
            };
            let area = if line.role == Role::DialogTitle {
                inner
            } else {
                area
            };
            put(buffer, area, y, &line.help, theme.style(line.role));
        }
        let hint = self.hint(inner.width.into());
        let last = inner.bottom().saturating_sub(1);
        put(buffer, inner, last, &hint, theme.style(Role::DialogFaint));
    }
}

/// How keys and help share the width.
struct Columns {
    /// Whether help stands below its keys rather than beside them.
    stacked: bool,
    keys: usize,
    indent: usize,
    help: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        let stacked = width < NARROW;
        let indent = if stacked { 2 } else { KEYS + 2 };
        Self {
            stacked,
            keys: if stacked { width } else { KEYS },
            indent,
            help: width.saturating_sub(indent),
        }
    }
}

/// The whole page, group by group.
fn page(keymap: &Keymap, columns: &Columns) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        if !lines.is_empty() {
            lines.push(HelpLine::new("", ""));
        }
        lines.push(HelpLine {
            role: Role::DialogTitle,
            ..HelpLine::new("", group.title())
        });
        for info in COMMANDS.iter().filter(|info| info.group == group) {
            let keys = keymap.keys_for(info.command);
            let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
            let keys = if keys.is_empty() {
                "no key".to_owned()
            } else {
                keys.join(", ")
            };
            entry(&mut lines, &keys, info.help, columns);
        }
    }
    lines
}

fn entry(lines: &mut Vec<HelpLine>, keys: &str, help: &str, columns: &Columns) {
    let keys = wrap(keys, columns.keys);
    let help = wrap(help, columns.help);
    if columns.stacked {
        lines.extend(keys.iter().map(|keys| HelpLine::new(keys, "")));
        lines.extend(help.iter().map(|help| HelpLine::new("", help)));
        return;
    }
    for row in 0..keys.len().max(help.len()) {
        let part = |column: &[String]| column.get(row).cloned().unwrap_or_default();
        lines.push(HelpLine::new(&part(&keys), &part(&help)));
    }
}

impl HelpLine {
    fn new(keys: &str, help: &str) -> Self {
        Self {
            keys: keys.to_owned(),
            help: help.to_owned(),
            role: Role::Dialog,
        }
    }
}
