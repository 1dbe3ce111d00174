//! What frames, lines and marks are drawn with: terminals without box-drawing characters get ASCII.

use ratatui::symbols::border;

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

    /// How a mark is drawn.
    pub(crate) fn mark(&self, mark: Mark) -> &'static str {
        let (unicode, ascii) = match mark {
            Mark::Line => ("│", "|"),
            Mark::Swatch => ("■", "#"),
            Mark::Edge => ("▌", "|"),
            Mark::Chosen => ("›", ">"),
            Mark::Up => ("↑", "^"),
            Mark::Down => ("↓", "v"),
        };
        match self.borders {
            Borders::Unicode => unicode,
            Borders::Ascii => ascii,
        }
    }
}
