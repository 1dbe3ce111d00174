//! Moving the caret, with and without a selection.

use std::ops::Range;

use super::App;
use crate::{
    crdt::TextSelection,
    ui::text::movement::{
        line_end, line_start, next_grapheme, next_word, previous_grapheme, previous_word, vertical,
        word_at,
    },
};

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    PageUp,
    PageDown,
    DocumentStart,
    DocumentEnd,
}

impl App {
    /// Moves the caret. `extend` leaves the other end of the selection where it is.
    pub(super) fn go(&mut self, motion: Motion, extend: bool) {
        let head = self.selection.head;
        let selected = self.selected();
        let collapses = !extend && !selected.is_empty();
        let target = match motion {
            Motion::Left if collapses => selected.start,
            Motion::Right if collapses => selected.end,
            Motion::Left => previous_grapheme(self.rope(), head),
            Motion::Right => next_grapheme(self.rope(), head),
            Motion::WordLeft => previous_word(self.rope(), head),
            Motion::WordRight => next_word(self.rope(), head),
            Motion::LineStart => line_start(self.rope(), head),
            Motion::LineEnd => line_end(self.rope(), head),
            Motion::DocumentStart => 0,
            Motion::DocumentEnd => self.rope().len_chars(),
            Motion::Up => return self.go_rows(-1, extend),
            Motion::Down => return self.go_rows(1, extend),
            Motion::PageUp => return self.turn_page(-1, extend),
            Motion::PageDown => return self.turn_page(1, extend),
        };
        self.goal = None;
        self.place(target, extend);
    }

    /// Puts the caret somewhere and shows it.
    pub(super) fn place(&mut self, head: usize, extend: bool) {
        let anchor = if extend { self.selection.anchor } else { head };
        self.select(TextSelection { anchor, head });
    }

    /// Selects, and shows the caret.
    pub(super) fn select(&mut self, selection: TextSelection) {
        self.selection = selection;
        self.document.close_undo_group();
        self.reveal();
    }

    /// The line that the caret is in, counted from 0.
    pub(crate) fn caret_line(&self) -> usize {
        let rope = self.rope();
        rope.char_to_line(self.selection.head.min(rope.len_chars()))
    }

    /// The characters of the line that a position is in, its end included.
    pub(super) fn line_range(&self, position: usize) -> Range<usize> {
        let rope = self.rope();
        let line = rope.char_to_line(position.min(rope.len_chars()));
        rope.line_to_char(line)..rope.line_to_char(line + 1)
    }

    /// Selects everything. The view stays where it is.
    pub(super) fn select_all(&mut self) {
        self.selection = TextSelection {
            anchor: 0,
            head: self.rope().len_chars(),
        };
        self.goal = None;
        self.document.close_undo_group();
    }

    /// Selects the word at the caret.
    pub(super) fn select_word(&mut self) {
        let word = word_at(self.rope(), self.selection.head);
        self.goal = None;
        self.select(TextSelection {
            anchor: word.start,
            head: word.end,
        });
    }

    /// Selects whole lines; each time one more.
    pub(super) fn select_line(&mut self) {
        let selected = self.selected();
        let rope = self.rope();
        let first = rope.char_to_line(selected.start);
        let last = rope.char_to_line(selected.end);
        let anchor = rope.line_to_char(first);
        let head = rope.line_to_char((last + 1).min(rope.len_lines()));
        self.goal = None;
        self.select(TextSelection { anchor, head });
    }

    /// Drops the selection; the caret stays.
    pub(super) fn drop_selection(&mut self) {
        self.selection.anchor = self.selection.head;
        self.document.close_undo_group();
    }

    fn go_rows(&mut self, rows: isize, extend: bool) {
        let options = self.layout_options();
        let head = self.selection.head;
        let (target, goal) = vertical(self.rope(), &options, head, self.goal, rows);
        self.place(target, extend);
        self.goal = Some(goal);
    }

    fn turn_page(&mut self, pages: isize, extend: bool) {
        let rows = self.text_height().saturating_sub(1).max(1) as isize * pages;
        self.scroll(rows);
        self.go_rows(rows, extend);
    }
}
