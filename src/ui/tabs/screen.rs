//! The screen that the documents share: one has it, below a row with the names of all.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::{
    Frame,
    layout::{Position, Rect, Size},
};

use super::{Tabs, bar::Label};
use crate::ui::app::Event;

/// Screens with fewer rows have none to spare for names.
const FEWEST_ROWS: u16 = 4;

impl Tabs {
    /// Draws the document that is shown, and the row of names if there are several.
    pub(in crate::ui) fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.as_size() != self.size {
            self.resize(area.as_size());
        }
        if !self.has_bar() {
            return self.active_tab().editor.draw(frame);
        }
        let below = self.area();
        self.canvas.resize(below);
        self.canvas.reset();
        let tab = &mut self.open[self.active];
        let caret = tab.editor.draw_into(below, &mut self.canvas);
        let buffer = frame.buffer_mut();
        for y in 0..below.height {
            for x in 0..below.width {
                buffer[(x, y + 1)].clone_from(&self.canvas[(x, y)]);
            }
        }
        let labels = self.labels();
        let theme = &self.open[self.active].editor.app().theme;
        let row = Rect { height: 1, ..area };
        self.bar.draw(&labels, self.active, row, buffer, theme);
        if let Some(Position { x, y }) = caret {
            frame.set_cursor_position(Position::new(x, y + 1));
        }
    }

    /// Takes the size of the screen, for all documents.
    pub(super) fn resize(&mut self, size: Size) {
        self.size = size;
        self.fit();
    }

    /// Gives every document the room that there is for it.
    pub(super) fn fit(&mut self) {
        let area = self.area();
        self.tell_all(&Event::Resize(area.width, area.height));
    }

    /// Takes a click on the row of names, or passes it on to the document below.
    pub(super) fn mouse(&mut self, mut mouse: MouseEvent) {
        if self.has_bar() {
            let at = Position::new(mouse.column, mouse.row);
            match mouse.kind {
                // What began in the text ends there.
                MouseEventKind::Drag(_) | MouseEventKind::Up(_) => {}
                kind if mouse.row == 0 => return self.mouse_on_bar(kind, at),
                _ => {}
            }
            mouse.row = mouse.row.saturating_sub(1);
        }
        self.active_tab().editor.update(Event::Mouse(mouse));
    }

    fn mouse_on_bar(&mut self, kind: MouseEventKind, at: Position) {
        match kind {
            MouseEventKind::Down(MouseButton::Left) => {
                if let Some(index) = self.bar.at(at) {
                    self.show(index);
                }
            }
            MouseEventKind::Down(MouseButton::Middle) => {
                if let Some(index) = self.bar.at(at) {
                    self.show(index);
                    self.active_tab().editor.update(Event::Close);
                }
            }
            MouseEventKind::ScrollUp | MouseEventKind::ScrollLeft => self.turn_by(-1),
            MouseEventKind::ScrollDown | MouseEventKind::ScrollRight => self.turn_by(1),
            MouseEventKind::Down(MouseButton::Right)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved => {}
        }
    }

    fn labels(&self) -> Vec<Label> {
        let label = |(index, tab): (usize, &super::Tab)| {
            let app = tab.editor.app();
            Label {
                name: app.name(),
                modified: app.modified(),
                news: index != self.active && app.state() != tab.seen,
            }
        };
        self.open.iter().enumerate().map(label).collect()
    }

    fn has_bar(&self) -> bool {
        self.open.len() > 1 && self.size.height >= FEWEST_ROWS
    }

    /// The part of the screen that a document has, as if it were all.
    fn area(&self) -> Rect {
        let bar = u16::from(self.has_bar());
        Rect::new(0, 0, self.size.width, self.size.height.saturating_sub(bar))
    }
}
