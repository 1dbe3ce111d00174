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
    pane::words::{shorten, shorten_at_word, width},
    theme::{Role, Theme},
};

/// The widest that the page grows, borders included.
const WIDEST: u16 = 84;

/// The page, and how far it is scrolled.
#[derive(Debug, Default)]
pub(crate) struct Help {
    top: usize,
    page: usize,
    end: usize,
}

/// A line of the page.
enum HelpLine {
    Gap,
    Heading(&'static str),
    Entry { help: &'static str, keys: String },
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

    pub(super) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
        keymap: &Keymap,
    ) {
        let size = (screen.width.min(WIDEST), screen.height);
        let inner = open_panel(screen, size, "Help", buffer, theme);
        let lines = page(keymap);
        self.page = usize::from(inner.height.saturating_sub(1));
        self.end = lines.len().saturating_sub(self.page);
        self.top = self.top.min(self.end);
        let keys_width = lines.iter().map(HelpLine::keys_width).max().unwrap_or(0);
        let keys_width = keys_width.min(usize::from(inner.width) / 2);
        for (y, line) in (inner.y..).zip(lines.iter().skip(self.top).take(self.page)) {
            draw_line(line, keys_width, Rect { y, height: 1, ..inner }, buffer, theme);
        }
        let hint = if self.end == 0 {
            "Esc closes".to_owned()
        } else {
            let percent = self.top * 100 / self.end;
            format!("Up, Down, PageDown scroll ({percent}%) - Esc closes")
        };
        let hint = shorten_at_word(&hint, inner.width.into());
        let last = inner.bottom().saturating_sub(1);
        put(buffer, inner, last, &hint, theme.style(Role::DialogFaint));
    }
}

impl HelpLine {
    fn keys_width(&self) -> usize {
        match self {
            Self::Gap | Self::Heading(_) => 0,
            Self::Entry { keys, .. } => width(keys),
        }
    }
}

/// The whole page, group by group.
fn page(keymap: &Keymap) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    for group in Group::ALL {
        if !lines.is_empty() {
            lines.push(HelpLine::Gap);
        }
        lines.push(HelpLine::Heading(group.title()));
        let members = COMMANDS.iter().filter(|info| info.group == group);
        lines.extend(members.map(|info| {
            let keys: Vec<_> = keymap.keys_for(info.command).iter().map(ToString::to_string).collect();
            let keys = if keys.is_empty() { "no key".to_owned() } else { keys.join(", ") };
            HelpLine::Entry { help: info.help, keys }
        }));
    }
    lines
}

fn draw_line(line: &HelpLine, keys_width: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    match line {
        HelpLine::Gap => {}
        HelpLine::Heading(title) => put(buffer, area, area.y, title, theme.style(Role::DialogTitle)),
        HelpLine::Entry { help, keys } => {
            let keys = shorten(keys, keys_width);
            put(buffer, area, area.y, &keys, theme.style(Role::DialogKey));
            let indent = (keys_width as u16 + 2).min(area.width);
            let rest = Rect {
                x: area.x + indent,
                width: area.width - indent,
                ..area
            };
            let help = shorten_at_word(help, rest.width.into());
            put(buffer, rest, area.y, &help, theme.style(Role::Dialog));
        }
    }
}
