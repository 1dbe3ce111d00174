//! One line to type into.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    widgets::Widget,
};
use tui_textarea::{CursorMove, TextArea};

use crate::ui::theme::{Role, Theme};

/// A line to type into, and where it was drawn last.
#[derive(Debug)]
pub(super) struct Input {
    area: TextArea<'static>,
    place: Rect,
}

impl Input {
    /// A line with this text, all of it selected, so that typing replaces it.
    pub(super) fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![one_line(text)]);
        area.move_cursor(CursorMove::End);
        if !text.is_empty() {
            area.select_all();
        }
        Self {
            area,
            place: Rect::ZERO,
        }
    }

    /// Replaces what stands in the line; the caret stands behind it.
    pub(super) fn set(&mut self, text: &str) {
        self.area = TextArea::new(vec![one_line(text)]);
        self.area.move_cursor(CursorMove::End);
    }

    /// What stands in the line.
    pub(super) fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Takes a key. Returns whether it changed the text.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let breaks_line = match key.code {
            KeyCode::Enter => true,
            KeyCode::Char('m' | 'j') => control,
            KeyCode::Char(letter) => letter.is_control(),
            _ => false,
        };
        !breaks_line && self.area.input(key)
    }

    /// Takes pasted text, on one line.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        self.area.insert_str(one_line(text))
    }

    /// Takes a click. Returns whether it was on the line.
    pub(super) fn click(&mut self, at: Position) -> bool {
        if !self.place.contains(at) {
            return false;
        }
        let column = usize::from(at.x - self.place.x + self.area.scroll_offset().1);
        let place = self.area.screen_to_data(0, column);
        let jump = u16::try_from(place.1).unwrap_or(u16::MAX);
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Jump(0, jump));
        true
    }

    /// Draws the line. Returns where its caret is.
    pub(super) fn draw(
        &mut self,
        place: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        self.place = place.intersection(buffer.area);
        if self.place.is_empty() {
            return None;
        }
        self.area.set_style(theme.style(Role::Input));
        self.area.set_selection_style(
            theme
                .style(Role::Input)
                .patch(theme.style(Role::InputSelection)),
        );
        self.area.set_cursor_line_style(Style::new());
        self.area.set_cursor_style(Style::new());
        buffer.set_style(self.place, theme.style(Role::Input));
        Widget::render(&self.area, self.place, buffer);
        let column =
            (self.area.screen_cursor().col as u16).saturating_sub(self.area.scroll_offset().1);
        let column = column.min(self.place.width - 1);
        Some(Position::new(self.place.x + column, self.place.y))
    }
}

/// Line ends and control characters become spaces.
pub(super) fn one_line(text: &str) -> String {
    let space = |character: char| match character {
        control if control.is_control() => ' ',
        other => other,
    };
    text.trim_matches(['\r', '\n']).chars().map(space).collect()
}
