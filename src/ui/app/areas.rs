//! Which part of the screen shows what, at any size.

use ratatui::layout::Rect;

use super::{App, LineNumbers};
use crate::ui::text::layout::LayoutOptions;

/// Screens at least this wide show the people at the side; narrower ones show them on demand,
/// below the text.
const WIDE: u16 = 70;
/// Columns of the people's pane at the side.
const PEERS_COLUMNS: u16 = 27;
/// Panes narrower than this have no line numbers.
const NUMBERED: u16 = 20;

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Areas {
    /// The whole screen, but for what a demonstration says below it.
    pub(crate) screen: Rect,
    /// Line numbers, left of the text.
    pub(crate) numbers: Rect,
    /// The text.
    pub(crate) text: Rect,
    /// Who is here, if shown.
    pub(crate) peers: Option<Rect>,
    /// The line to search with, empty while it is closed.
    pub(crate) search: Rect,
    /// The line above the one at the bottom, while somebody has to be answered; else empty.
    pub(crate) banner: Rect,
    /// The line at the bottom.
    pub(crate) status: Rect,
    /// What a demonstration says.
    pub(crate) caption: Rect,
}

impl App {
    /// Divides the screen.
    pub(crate) fn areas(&self) -> Areas {
        let mut screen = Rect::new(0, 0, self.size.width, self.size.height);
        let caption = self.cut_caption(&mut screen);
        let status_rows = u16::from(screen.height > 1);
        let mut document = Rect {
            height: screen.height - status_rows,
            ..screen
        };
        let status = Rect {
            y: document.height,
            height: status_rows,
            ..screen
        };
        let banner = self.cut_banner(&mut document);
        let search = self.cut_search(&mut document);
        let peers = self.peers_shown().then(|| self.cut_peers(&mut document));
        let numbers = self.cut_numbers(&mut document);
        Areas {
            screen,
            numbers,
            text: document,
            peers: peers.filter(|area| !area.is_empty()),
            search,
            banner,
            status,
            caption,
        }
    }

    /// Whether the people's pane is on the screen.
    pub(crate) fn peers_shown(&self) -> bool {
        let fits = self.size.width >= WIDE && !self.people.is_empty();
        self.peers_wanted.unwrap_or(self.config.show_peers && fits)
    }

    /// How the text is cut into rows.
    pub(crate) fn layout_options(&self) -> LayoutOptions {
        self.layout_options_in(&self.areas())
    }

    /// How the text is cut into rows when the screen is divided like this. The last column is
    /// kept free for the caret behind a full row.
    pub(crate) fn layout_options_in(&self, areas: &Areas) -> LayoutOptions {
        LayoutOptions {
            width: areas.text.width.saturating_sub(1).max(1),
            tab_width: self.settings.tab_width,
            wrap: self.wrap,
        }
    }

    /// Takes a row for what waits for an answer, where one can be spared.
    fn cut_banner(&self, document: &mut Rect) -> Rect {
        let rows = u16::from(self.has_knock_line() && document.height > 1);
        document.height -= rows;
        Rect {
            y: document.bottom(),
            height: rows,
            ..*document
        }
    }

    fn cut_peers(&self, document: &mut Rect) -> Rect {
        if document.width >= WIDE {
            document.width -= PEERS_COLUMNS;
            return Rect {
                x: document.width,
                width: PEERS_COLUMNS,
                ..*document
            };
        }
        let wanted = u16::try_from(self.people.len() + 1).unwrap_or(u16::MAX);
        let rows = wanted.min(document.height / 3);
        document.height -= rows;
        Rect {
            y: document.height,
            height: rows,
            ..*document
        }
    }

    fn cut_numbers(&self, document: &mut Rect) -> Rect {
        let digits = self.rope().len_lines().ilog10() as u16 + 1;
        let columns = digits.max(2) + 2;
        let columns = if self.settings.line_numbers == LineNumbers::Off
            || document.width < NUMBERED.max(columns * 2)
        {
            0
        } else {
            columns
        };
        let numbers = Rect {
            width: columns,
            ..*document
        };
        document.x += columns;
        document.width -= columns;
        numbers
    }
}
