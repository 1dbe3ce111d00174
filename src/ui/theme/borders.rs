//! What frames, lines and marks are drawn with: terminals without box-drawing characters get ASCII.

use ratatui::{buffer::Buffer, layout::Rect, symbols::border};

use super::Theme;

/// The characters for frames, lines and marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Borders {
    /// Box-drawing characters.
    #[default]
    Unicode,
    /// `+`, `-`, `|` and their like.
    Ascii,
}

/// A mark of a single column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The line between two panes.
    Line,
    /// A spot of somebody's colour.
    Swatch,
    /// The edge of a text that is somebody else's view.
    Edge,
    /// The line of a list that is chosen.
    Chosen,
    /// Something is above.
    Up,
    /// Something is below.
    Down,
    /// A space that is shown.
    Blank,
    /// The start of a tab that is shown.
    Tab,
}

/// Frames without box-drawing characters.
const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// What stands between and behind words, and what stands for it without box-drawing characters.
const IN_WORDS: &[(&str, &str)] = &[
    ("·", "-"),
    ("…", "~"),
    ("•", "+"),
    ("›", ">"),
    ("«", "<"),
    ("»", ">"),
    ("│", "|"),
    ("→", ">"),
    ("↑", "^"),
    ("↓", "v"),
    ("▸", ">"),
    ("\u{a0}", " "),
];

impl Theme {
    /// Returns the theme with these characters for frames, lines and marks.
    #[must_use]
    pub fn with_borders(mut self, borders: Borders) -> Self {
        self.borders = borders;
        self
    }

    /// The frame of a dialog.
    pub(crate) fn frame(&self) -> border::Set<'static> {
        match self.borders {
            Borders::Unicode => border::ROUNDED,
            Borders::Ascii => ASCII,
        }
    }

    /// The frame of a card, which has corners.
    pub(crate) fn card_frame(&self) -> border::Set<'static> {
        match self.borders {
            Borders::Unicode => border::PLAIN,
            Borders::Ascii => ASCII,
        }
    }

    /// Whether nothing but ASCII may be put around the text.
    pub(crate) fn is_plain(&self) -> bool {
        self.borders == Borders::Ascii
    }

    /// Takes what is not ASCII out of words that were drawn, where that is wanted.
    pub(crate) fn plain(&self, area: Rect, buffer: &mut Buffer) {
        if !self.is_plain() {
            return;
        }
        for position in area.intersection(buffer.area).positions() {
            let cell = &mut buffer[position];
            let found = IN_WORDS.iter().find(|(drawn, _)| *drawn == cell.symbol());
            if let Some((_, ascii)) = found {
                cell.set_symbol(ascii);
            }
        }
    }

    /// How a mark is drawn.
    pub(crate) fn mark(&self, mark: Mark) -> &'static str {
        let (unicode, ascii) = match mark {
            Mark::Line => ("│", "|"),
            Mark::Swatch => ("■", "#"),
            Mark::Edge => ("▌", "|"),
            Mark::Chosen => ("›", ">"),
            Mark::Up => ("↑", "^"),
            Mark::Down => ("↓", "v"),
            Mark::Blank => ("·", "."),
            Mark::Tab => ("→", ">"),
        };
        match self.borders {
            Borders::Unicode => unicode,
            Borders::Ascii => ascii,
        }
    }
}
