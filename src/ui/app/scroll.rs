//! Which rows of the text are on the screen.
//!
//! The scroll position is a place in the text, so that what others write above never moves it.

use ropey::Rope;

use super::App;
use crate::ui::{
    dialog::Dialog,
    text::layout::{self, LayoutOptions, Row},
};

/// Rows kept visible above and below the caret.
const MARGIN: usize = 3;

/// The screen as it was laid out last. A key asks for it half a dozen times.
#[derive(Default)]
pub(super) struct Laid {
    /// A copy, which shares its text with the rope. It has to be a copy: as long as it is here, a
    /// change makes another rope of the one that is shown.
    rope: Rope,
    options: Option<LayoutOptions>,
    top: usize,
    count: usize,
    rows: Vec<Row>,
}

impl Laid {
    fn rows_of(
        &self,
        rope: &Rope,
        options: &LayoutOptions,
        top: usize,
        count: usize,
    ) -> Option<&[Row]> {
        let same = self.options == Some(*options)
            && (self.top, self.count) == (top, count)
            && self.rope.is_instance(rope);
        same.then_some(&self.rows)
    }

    fn keep(
        &mut self,
        rope: &Rope,
        options: &LayoutOptions,
        top: usize,
        count: usize,
        rows: &[Row],
    ) {
        if !self.rope.is_instance(rope) {
            self.rope = rope.clone();
        }
        self.options = Some(*options);
        (self.top, self.count) = (top, count);
        self.rows.clear();
        self.rows.extend_from_slice(rows);
    }
}

impl App {
    /// The rows on the screen, from the top.
    pub(crate) fn visible_rows(&self) -> Vec<Row> {
        let areas = self.areas();
        let options = self.layout_options_in(&areas);
        self.rows_from_top(self.rope(), &options, areas.text.height.into())
    }

    fn rows_from_top(&self, rope: &Rope, options: &LayoutOptions, count: usize) -> Vec<Row> {
        let top = self.top.min(rope.len_chars());
        let mut laid = self.laid.borrow_mut();
        if let Some(rows) = laid.rows_of(rope, options, top, count) {
            return rows.to_vec();
        }
        let first = layout::row_at(rope, options, top);
        let rows = layout::rows_from(rope, options, first.position, count);
        laid.keep(rope, options, top, count, &rows);
        rows
    }

    /// Notes on which row of the screen the caret is, before the text is laid out anew.
    pub(super) fn hold(&self) -> Option<usize> {
        self.hold_in(self.rope())
    }

    /// Notes on which row of the screen the caret was while the text was this.
    pub(super) fn hold_in(&self, rope: &Rope) -> Option<usize> {
        let height = self.areas().text.height.into();
        let rows = self.rows_from_top(rope, &self.layout_options(), height);
        rows.iter().position(|row| is_on(row, self.selection.head))
    }

    /// Scrolls so that the caret is on the row that was noted. Without a note the topmost row
    /// stays.
    pub(super) fn settle(&mut self, held: Option<usize>) {
        self.clamp_positions();
        let options = self.layout_options();
        let height = self.text_height();
        if let Some(row) = held {
            let caret = layout::row_at(self.rope(), &options, self.selection.head);
            self.top = self
                .row_above(&options, caret, row.min(height - 1))
                .position
                .start;
        }
        self.fill(&options, height);
    }

    /// Scrolls no further than needed to show the caret with some rows around it.
    pub(super) fn reveal(&mut self) {
        self.clamp_positions();
        let options = self.layout_options();
        let height = self.text_height();
        let margin = MARGIN.min((height - 1) / 2);
        let caret = layout::row_at(self.rope(), &options, self.selection.head);
        let rows = self.rows_from_top(self.rope(), &options, height);
        let shown = rows
            .iter()
            .position(|row| row.position.start == caret.position.start);
        let wanted = match shown {
            Some(row) if row < margin => Some(margin),
            Some(row) if row > height - 1 - margin => Some(height - 1 - margin),
            Some(_) => None,
            None if caret.position.start < self.top => Some(margin),
            None => Some(height - 1 - margin),
        };
        if let Some(above) = wanted {
            self.top = self.row_above(&options, caret, above).position.start;
        }
        if wanted.is_some() || rows.len() < height {
            self.fill(&options, height);
        }
        self.reveal_column(&options);
    }

    /// Scrolls the view by rows; the caret stays where it is in the text.
    pub(super) fn scroll(&mut self, rows: isize) {
        let options = self.layout_options();
        let rope = self.rope();
        let top = layout::row_at(rope, &options, self.top.min(rope.len_chars()));
        let moved = if rows < 0 {
            self.row_above(&options, top, rows.unsigned_abs())
        } else {
            self.row_below(&options, top, rows.unsigned_abs())
        };
        self.top = moved.position.start;
        self.fill(&options, self.text_height());
    }

    /// Shows a place in the middle of the screen without moving the caret.
    pub(super) fn look_at(&mut self, position: usize) {
        let options = self.layout_options();
        let height = self.text_height();
        let row = layout::row_at(self.rope(), &options, position.min(self.rope().len_chars()));
        self.top = self.row_above(&options, row, height / 2).position.start;
        self.fill(&options, height);
    }

    /// Shows a place near the top of the screen, below which something may cover the text.
    pub(super) fn look_at_top(&mut self, position: usize) {
        let options = self.layout_options();
        let height = self.text_height();
        let row = layout::row_at(self.rope(), &options, position.min(self.rope().len_chars()));
        let mut near = self
            .rows_from_top(self.rope(), &options, height / 4 + 1)
            .into_iter();
        if near.all(|shown| shown.position.start != row.position.start) {
            self.top = self.row_above(&options, row, height / 12).position.start;
        }
    }

    /// A card does not cover the text any more: what was empty below it is filled.
    pub(super) fn uncover(&mut self) {
        let held = self.hold();
        self.settle(held);
    }

    /// Rows of text on the screen, at least one.
    pub(super) fn text_height(&self) -> usize {
        usize::from(self.areas().text.height).max(1)
    }

    /// Scrolls back while there is empty room below the end of the text; a card may cover that.
    fn fill(&mut self, options: &LayoutOptions, height: usize) {
        if matches!(self.dialog, Some(Dialog::Conflict(_))) {
            return;
        }
        let shown = self.rows_from_top(self.rope(), options, height);
        let Some(first) = shown.first().copied() else {
            return;
        };
        let missing = height.saturating_sub(shown.len());
        self.top = self.row_above(options, first, missing).position.start;
    }

    /// Scrolls sideways while lines are not wrapped.
    fn reveal_column(&mut self, options: &LayoutOptions) {
        if self.wrap {
            self.left = 0;
            return;
        }
        let row = layout::row_at(self.rope(), options, self.selection.head);
        let column = layout::column_of(self.rope(), options, &row, self.selection.head);
        let width = self.areas().text.width.max(1);
        let margin = 4.min(width / 4);
        let leftmost = column.saturating_sub(width - 1 - margin);
        self.left = self
            .left
            .clamp(leftmost, column.saturating_sub(margin).max(leftmost));
    }

    fn row_above(&self, options: &LayoutOptions, row: Row, rows: usize) -> Row {
        let above = layout::rows_before(self.rope(), options, &row, rows);
        above.first().copied().unwrap_or(row)
    }

    fn row_below(&self, options: &LayoutOptions, mut row: Row, rows: usize) -> Row {
        for _ in 0..rows {
            match layout::next_row(self.rope(), options, &row) {
                Some(next) => row = next,
                None => break,
            }
        }
        row
    }

    /// Keeps positions inside the text, whatever an outside word said.
    fn clamp_positions(&mut self) {
        let end = self.rope().len_chars();
        self.selection.anchor = self.selection.anchor.min(end);
        self.selection.head = self.selection.head.min(end);
        self.top = self.top.min(end);
        self.clamp_several(end);
    }
}

/// Whether the caret at this position is drawn on the row.
pub(crate) fn is_on(row: &Row, position: usize) -> bool {
    row.position.start <= position && (position < row.end || (row.ends_line && position <= row.end))
}
