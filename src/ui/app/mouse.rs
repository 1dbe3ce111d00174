//! The mouse: clicks, drags, the wheel.

use std::{ops::Range, time::Duration};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::App;
use crate::{
    crdt::TextSelection,
    ui::{
        pane,
        text::{layout, movement::word_at},
    },
};

/// Clicks on the same cell within this time count together.
const AGAIN: Duration = Duration::from_millis(400);
/// Rows that one step of the wheel scrolls.
pub(super) const WHEEL: isize = 3;

/// What a drag selects in steps of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grain {
    Character,
    Word,
    Line,
}

/// The last press of the left button on the text.
#[derive(Clone, Debug)]
pub(super) struct Press {
    at: Position,
    when: Duration,
    grain: Grain,
    held: bool,
    /// What the press itself selected.
    pub(super) origin: Range<usize>,
}

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) {
        let at = Position::new(event.column, event.row);
        if self.dialog.is_some() && !self.search_lets_through(at) {
            self.press = None;
            return self.mouse_in_dialog(event.kind, at);
        }
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.press(at, event.modifiers),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            MouseEventKind::Up(MouseButton::Left) => {
                if let Some(press) = &mut self.press {
                    press.held = false;
                }
            }
            MouseEventKind::ScrollUp => self.turn_wheel(-WHEEL),
            MouseEventKind::ScrollDown => self.turn_wheel(WHEEL),
            MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight
            | MouseEventKind::Down(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Up(_)
            | MouseEventKind::Moved => {}
        }
    }

    fn turn_wheel(&mut self, rows: isize) {
        self.end_following(None);
        self.scroll(rows);
    }

    fn press(&mut self, at: Position, modifiers: KeyModifiers) {
        let areas = self.areas();
        if let Some(area) = areas.peers
            && area.contains(at)
        {
            return self.look_at_person(pane::peers::person_at(self, area, at));
        }
        if let Some(node) = pane::elsewhere::person_at(self, &areas, self.drawn_caret, at) {
            return self.look_at_person(Some(node));
        }
        if !areas.text.contains(at) && !areas.numbers.contains(at) {
            return;
        }
        self.end_following(None);
        let position = self.position_under(at);
        self.goal = None;
        if modifiers.contains(KeyModifiers::SHIFT) {
            let anchor = self.selection.anchor;
            self.start_press(at, Grain::Character, anchor..anchor);
            return self.select_on_screen(anchor, position);
        }
        if modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL) {
            return self.add_caret_at(position);
        }
        let grain = self.next_grain(at);
        let origin = self.grown(position, grain);
        self.select_on_screen(origin.start, origin.end);
        self.start_press(at, grain, origin);
    }

    fn start_press(&mut self, at: Position, grain: Grain, origin: Range<usize>) {
        self.press = Some(Press {
            at,
            when: self.now,
            grain,
            held: true,
            origin,
        });
    }

    /// A second press selects the word, a third the line, a fourth begins anew.
    fn next_grain(&self, at: Position) -> Grain {
        match &self.press {
            Some(last) if last.at == at && self.now.saturating_sub(last.when) <= AGAIN => {
                match last.grain {
                    Grain::Character => Grain::Word,
                    Grain::Word => Grain::Line,
                    Grain::Line => Grain::Character,
                }
            }
            _ => Grain::Character,
        }
    }

    fn drag(&mut self, at: Position) {
        let Some(press) = self.press.clone().filter(|press| press.held) else {
            return;
        };
        let text = self.areas().text;
        if at.y < text.y || (at.y == 0 && self.top > 0) {
            self.scroll(-1);
        } else if at.y >= text.bottom() {
            self.scroll(1);
        }
        let reached = self.grown(self.position_under(at), press.grain);
        if reached.start < press.origin.start {
            self.select_on_screen(press.origin.end, reached.start);
        } else {
            self.select_on_screen(press.origin.start, reached.end.max(press.origin.end));
        }
    }

    /// Selects where the mouse is: the view stays, because what is under the mouse is visible.
    fn select_on_screen(&mut self, anchor: usize, head: usize) {
        self.keep_one();
        self.search.stop_waiting();
        self.selection = TextSelection { anchor, head };
        self.document.close_undo_group();
    }

    fn grown(&self, position: usize, grain: Grain) -> Range<usize> {
        match grain {
            Grain::Character => position..position,
            Grain::Word => word_at(self.rope(), position),
            Grain::Line => self.line_range(position),
        }
    }

    /// The position in the text that is drawn at this cell, or nearest to it.
    fn position_under(&self, at: Position) -> usize {
        let areas = self.areas();
        let options = self.layout_options_in(&areas);
        let rows = self.visible_rows();
        let row = usize::from(at.y.saturating_sub(areas.text.y));
        let Some(row) = rows.get(row).or(rows.last()) else {
            return self.selection.head;
        };
        let column = at.x.saturating_sub(areas.text.x).saturating_add(self.left);
        layout::position_at(self.rope(), &options, row, column)
    }

    fn look_at_person(&mut self, node: Option<crate::NodeId>) {
        let caret = match node {
            Some(node) if node == self.node => Some(self.selection),
            Some(node) => self.people.get(&node).and_then(|person| person.caret),
            None => None,
        };
        if let Some(caret) = caret {
            self.look_at(caret.head);
        }
    }
}
