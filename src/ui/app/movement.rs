//! Moving the caret, with and without a selection.

use std::ops::Range;

use super::App;
use crate::{
    crdt::TextSelection,
    ui::text::{
        layout::LayoutOptions,
        movement::{
            line_end, line_start, next_grapheme, next_word, previous_grapheme, previous_word,
            vertical, word_at,
        },
        several::Caret,
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
    /// Moves the carets. `extend` leaves the other ends of the selections where they are.
    pub(super) fn go(&mut self, motion: Motion, extend: bool) {
        let page = self.text_height().saturating_sub(1).max(1) as isize;
        let rows = match motion {
            Motion::PageUp => -page,
            Motion::PageDown => page,
            Motion::Up => -1,
            Motion::Down => 1,
            _ => 0,
        };
        if matches!(motion, Motion::PageUp | Motion::PageDown) {
            self.scroll(rows);
        }
        let options = self.layout_options();
        let mut carets = self.carets();
        for caret in &mut carets {
            let (head, goal) = self.target(caret, motion, extend, rows, &options);
            let anchor = if extend { caret.selection.anchor } else { head };
            caret.selection = TextSelection { anchor, head };
            caret.goal = goal;
        }
        self.set_carets(carets);
        self.document.close_undo_group();
        self.reveal();
    }

    /// Where a caret goes, and the column that it aims for from then on.
    fn target(
        &self,
        caret: &Caret,
        motion: Motion,
        extend: bool,
        rows: isize,
        options: &LayoutOptions,
    ) -> (usize, Option<u16>) {
        let (rope, head, selected) = (self.rope(), caret.selection.head, caret.range());
        let collapses = !extend && !selected.is_empty();
        let target = match motion {
            Motion::Left if collapses => selected.start,
            Motion::Right if collapses => selected.end,
            Motion::Left => previous_grapheme(rope, head),
            Motion::Right => next_grapheme(rope, head),
            Motion::WordLeft => previous_word(rope, head),
            Motion::WordRight => next_word(rope, head),
            Motion::LineStart => line_start(rope, head),
            Motion::LineEnd => line_end(rope, head),
            Motion::DocumentStart => 0,
            Motion::DocumentEnd => rope.len_chars(),
            Motion::Up | Motion::Down | Motion::PageUp | Motion::PageDown => {
                let (target, goal) = vertical(rope, options, head, caret.goal, rows);
                return (target, Some(goal));
            }
        };
        (target, None)
    }

    /// Puts the caret somewhere and shows it.
    pub(super) fn place(&mut self, head: usize, extend: bool) {
        let anchor = if extend { self.selection.anchor } else { head };
        self.select(TextSelection { anchor, head });
    }

    /// Selects one stretch, and shows the caret.
    pub(super) fn select(&mut self, selection: TextSelection) {
        self.keep_one();
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
        self.keep_one();
        self.selection = TextSelection {
            anchor: 0,
            head: self.rope().len_chars(),
        };
        self.goal = None;
        self.document.close_undo_group();
    }

    /// Selects the word at each caret.
    pub(super) fn select_word(&mut self) {
        self.select_at_each(|rope, selection| {
            let word = word_at(rope, selection.head);
            TextSelection {
                anchor: word.start,
                head: word.end,
            }
        });
    }

    /// Selects whole lines; each time one more.
    pub(super) fn select_line(&mut self) {
        self.select_at_each(|rope, TextSelection { anchor, head }| {
            let first = rope.char_to_line(anchor.min(head));
            let last = rope.char_to_line(anchor.max(head));
            TextSelection {
                anchor: rope.line_to_char(first),
                head: rope.line_to_char((last + 1).min(rope.len_lines())),
            }
        });
    }

    /// Drops the selection; the caret stays.
    pub(super) fn drop_selection(&mut self) {
        self.selection.anchor = self.selection.head;
        self.document.close_undo_group();
    }
}
