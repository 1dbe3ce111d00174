//! Going to a line, and choosing a command by its name.

use super::App;
use crate::{
    crdt::TextSelection,
    ui::{
        dialog::{Dialog, GoTo, GoToLine, Palette},
        text::grapheme::{self, Line},
    },
};

impl App {
    /// Asks for a line.
    pub(super) fn ask_line(&mut self) {
        let lines = self.rope().len_lines();
        self.open(Dialog::GoToLine(GoToLine::new(lines)));
    }

    /// Shows all commands to choose from.
    pub(super) fn show_palette(&mut self) {
        self.open(Dialog::Palette(Palette::new()));
    }

    /// Puts the caret into a line and shows it in the middle of the screen.
    pub(super) fn go_to(&mut self, target: GoTo) {
        let line = Line::new(self.rope(), target.line_from(self.caret_line()));
        let column = target.column.unwrap_or(1).saturating_sub(1);
        let position = line.start.saturating_add(column).min(line.end);
        let position = grapheme::floor(self.rope(), position);
        self.goal = None;
        self.look_at(position);
        self.select(TextSelection::caret(position));
    }
}
