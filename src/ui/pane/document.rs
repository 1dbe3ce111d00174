//! The text: line numbers, rows, selections, carets.
//!
//! Lays out and draws only what is visible, cell by cell, so that no character of the text can
//! disturb its neighbours.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use ratatui::{
    buffer::{Buffer, CellWidth},
    layout::{Position, Rect},
    style::{Modifier, Style},
};

use super::labels;
use crate::{
    crdt::TextSelection,
    ui::{
        app::{App, Areas, AuthorStyles, LineNumbers, Person, is_on},
        text::layout::{self, Cell, CellKind, LayoutOptions, Row},
        theme::{Mark, Role},
    },
};

/// A row with its cells, and where it is on the screen.
pub(super) struct DrawnRow {
    /// Which part of the text it shows.
    pub(super) row: Row,
    cells: Vec<Cell>,
    /// Its row of the screen.
    pub(super) y: u16,
    /// The column behind its last cell.
    pub(super) end_column: u16,
}

/// What drawing needs to know everywhere.
pub(super) struct Canvas<'a> {
    app: &'a App,
    options: LayoutOptions,
    /// Where the text is.
    pub(super) text: Rect,
    /// What is drawn, from the top.
    pub(super) rows: Vec<DrawnRow>,
    /// Lines with conflicts that wait for an answer.
    marked_lines: BTreeSet<usize>,
    /// Lines in which others write right now where we have just written.
    meeting_lines: BTreeSet<usize>,
    authors: AuthorStyles<'a>,
}

/// Draws the text. Returns where the caret is, if it is visible.
pub(crate) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) -> Option<Position> {
    let ground = app.theme.style(Role::Text);
    for area in [areas.numbers, areas.text] {
        buffer.set_style(area, ground);
    }
    let canvas = Canvas::new(app, areas);
    let own_line = app.caret_line();
    for drawn in &canvas.rows {
        canvas.draw_number(drawn, areas.numbers, own_line, buffer);
        if drawn.row.position.line == own_line && app.selected().is_empty() {
            let whole = Rect {
                x: areas.numbers.x,
                y: drawn.y,
                width: areas.numbers.width + areas.text.width,
                height: 1,
            };
            buffer.set_style(whole, app.theme.style(Role::CurrentLine));
        }
        canvas.draw_text(drawn, buffer);
    }
    let visible = canvas
        .rows
        .first()
        .map_or(0, |drawn| drawn.row.position.start)
        ..canvas.rows.last().map_or(0, |drawn| drawn.row.end + 1);
    let unseen = app.unseen_changes().iter();
    for unseen in
        unseen.filter(|unseen| unseen.range.start < visible.end && visible.start < unseen.range.end)
    {
        let style = app.theme.participant(&unseen.color).selection;
        canvas.patch_range(unseen.range.clone(), style, buffer);
    }
    canvas.draw_matches(buffer);
    for person in app.people.values() {
        if let Some(caret) = person.caret {
            let style = app.theme.participant(&person.color()).selection;
            canvas.patch_range(ordered(caret), style, buffer);
        }
    }
    canvas.patch_range(app.selected(), app.theme.style(Role::Selection), buffer);
    for caret in app.beside() {
        canvas.patch_range(caret.range(), app.theme.style(Role::Selection), buffer);
    }
    canvas.draw_brackets(buffer);
    draw_carets(app, &canvas, buffer);
    draw_own_carets(app, &canvas, buffer);
    let own = canvas.place_of(app.selection.head);
    labels::draw(app, &canvas, own, buffer);
    own
}

/// The lines that stretches of the text are in.
fn lines_of(app: &App, ranges: impl Iterator<Item = Range<usize>>) -> BTreeSet<usize> {
    let rope = app.rope();
    let line = |position: usize| rope.char_to_line(position.min(rope.len_chars()));
    ranges
        .flat_map(|range| line(range.start)..=line(range.end.max(range.start + 1) - 1))
        .collect()
}

fn draw_carets(app: &App, canvas: &Canvas, buffer: &mut Buffer) {
    for person in app.people.values() {
        let Some(at) = canvas.place_of_person(person) else {
            continue;
        };
        let colors = app.theme.participant(&person.color());
        let style = if person.away {
            colors.selection
        } else {
            colors.caret
        };
        if let Some(cell) = buffer.cell_mut(at) {
            cell.set_style(style);
        }
    }
}

/// The terminal has one cursor, for the main caret. The others are cells turned inside out, which
/// needs no colour.
fn draw_own_carets(app: &App, canvas: &Canvas, buffer: &mut Buffer) {
    for caret in app.beside() {
        let place = canvas.place_of(caret.selection.head);
        if let Some(cell) = place.and_then(|at| buffer.cell_mut(at)) {
            cell.set_style(app.theme.style(Role::Text).add_modifier(Modifier::REVERSED));
        }
    }
}

impl<'a> Canvas<'a> {
    fn new(app: &'a App, areas: &Areas) -> Self {
        let options = app.layout_options_in(areas);
        let rope = app.rope();
        let rows = app
            .visible_rows()
            .into_iter()
            .zip(areas.text.y..areas.text.bottom());
        let rows = rows.map(|(row, y)| {
            let right = app.left.saturating_add(areas.text.width);
            let cells = layout::cells_within(rope, &options, &row, app.left..right);
            let end_column = match cells.last() {
                Some(last) if last.chars.end == row.end => last.column + last.width,
                _ => layout::column_of(rope, &options, &row, row.end),
            };
            DrawnRow {
                row,
                cells,
                y,
                end_column,
            }
        });
        Self {
            app,
            text: areas.text,
            rows: rows.collect(),
            options,
            marked_lines: lines_of(app, app.conflict_ranges()),
            meeting_lines: lines_of(app, app.meetings()),
            authors: app.author_styles(),
        }
    }

    /// Where the caret of another person is on the screen.
    pub(super) fn place_of_person(&self, person: &Person) -> Option<Position> {
        self.place_of(person.caret?.head)
    }

    /// Where a position of the text is on the screen, if it is visible.
    fn place_of(&self, position: usize) -> Option<Position> {
        let drawn = self.rows.iter().find(|drawn| is_on(&drawn.row, position))?;
        let column = layout::column_of(self.app.rope(), &self.options, &drawn.row, position);
        Some(Position::new(self.x_of(column)?, drawn.y))
    }

    /// The column of the screen for a column of the text.
    pub(super) fn x_of(&self, column: u16) -> Option<u16> {
        let x = column.checked_sub(self.app.left)?;
        (x < self.text.width).then(|| self.text.x + x)
    }

    fn draw_number(&self, drawn: &DrawnRow, area: Rect, own_line: usize, buffer: &mut Buffer) {
        let line = drawn.row.position.line;
        let starts_line = self.app.rope().line_to_char(line) == drawn.row.position.start;
        if area.width < 3 || !starts_line {
            return;
        }
        let role = if line == own_line {
            Role::LineNumberCurrent
        } else {
            Role::LineNumber
        };
        let number = match self.app.settings.line_numbers {
            LineNumbers::Relative if line != own_line => line.abs_diff(own_line),
            LineNumbers::Absolute | LineNumbers::Relative | LineNumbers::Off => line + 1,
        };
        let number = format!("{number:>width$}", width = usize::from(area.width) - 1);
        buffer.set_string(area.x, drawn.y, number, self.app.theme.style(role));
        if self.meeting_lines.contains(&line) {
            let style = self.app.theme.style(Role::ConflictMark);
            buffer.set_string(area.right() - 1, drawn.y, "~", style);
        }
        if self.marked_lines.contains(&line) {
            let style = self.app.theme.style(Role::ConflictMark);
            buffer.set_string(area.right() - 1, drawn.y, "!", style);
        }
    }

    fn draw_text(&self, drawn: &DrawnRow, buffer: &mut Buffer) {
        for cell in &drawn.cells {
            let Some(x) = self.x_of(cell.column) else {
                continue;
            };
            let room = self.text.right() - x;
            // What is cut by the edge is left out: half a wide character cannot be drawn.
            if cell.width > room && cell.kind == CellKind::Text {
                continue;
            }
            let (symbol, style) = self.shown(cell);
            let style = self.authors.at(cell.chars.start).patch(style);
            if symbol.len() == 1 && cell.width == 1 {
                // As below, but nothing has to be measured.
                if let Some(target) = buffer.cell_mut((x, drawn.y)) {
                    target.set_symbol(&symbol).set_style(style);
                }
                continue;
            }
            // Ratatui takes the style off the cells that a wide character covers.
            let under = buffer.cell((x, drawn.y)).map_or(style, |cell| cell.style());
            let width = cell.width.min(room);
            buffer.set_stringn(x, drawn.y, symbol, width.into(), style);
            buffer.set_style(Rect::new(x, drawn.y, width, 1), under.patch(style));
            mark_covered(buffer, x..x + width, drawn.y);
        }
    }

    /// What is drawn for a cell, and in which style.
    fn shown<'c>(&self, cell: &'c Cell) -> (Cow<'c, str>, Style) {
        let blank = self.app.settings.show_whitespace && cell.width > 0;
        let style = match cell.kind {
            CellKind::Control => self.app.theme.style(Role::ControlCharacter),
            CellKind::Tab if blank => self.app.theme.style(Role::Whitespace),
            CellKind::Text if blank && cell.symbol == " " => self.app.theme.style(Role::Whitespace),
            CellKind::Text => {
                let role = self.app.syntax_at(cell.chars.start);
                let style = role.map_or(Style::new(), |role| self.app.theme.style(role));
                return (Cow::Borrowed(&cell.symbol), style);
            }
            CellKind::Tab => return (Cow::Borrowed(&cell.symbol), Style::new()),
        };
        let symbol = match cell.kind {
            CellKind::Control => Cow::Borrowed(cell.symbol.as_ref()),
            CellKind::Tab => {
                Cow::Owned(cell.symbol.replacen(' ', self.app.theme.mark(Mark::Tab), 1))
            }
            CellKind::Text => Cow::Borrowed(self.app.theme.mark(Mark::Blank)),
        };
        (symbol, style)
    }

    /// Shows what is looked for.
    fn draw_matches(&self, buffer: &mut Buffer) {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else {
            return;
        };
        let visible = first.row.position.start..last.row.end;
        let style = self.app.theme.style(Role::Match);
        for found in self.app.shown_matches(visible) {
            self.patch_range(found, style, buffer);
        }
    }

    /// Shows the bracket at the caret with its partner, and the match that is selected.
    fn draw_brackets(&self, buffer: &mut Buffer) {
        if let Some(found) = self.app.shown_brackets() {
            let style = self.app.theme.style(Role::Bracket);
            for at in [found.here, found.there] {
                self.patch_range(at..at + 1, style, buffer);
            }
        }
        let selected = self.app.selected();
        if !selected.is_empty() && self.app.shown_matches(selected.clone()).contains(&selected) {
            self.patch_range(selected, self.app.theme.style(Role::MatchCurrent), buffer);
        }
    }

    /// Lays a style over the characters of a range. A line end in it shows as one cell.
    fn patch_range(&self, range: Range<usize>, style: Style, buffer: &mut Buffer) {
        if range.is_empty() {
            return;
        }
        for drawn in &self.rows {
            let touched = drawn
                .cells
                .iter()
                .filter(|cell| cell.chars.start < range.end && range.start < cell.chars.end)
                .map(|cell| (cell.column, cell.width));
            let line_end = drawn.row.ends_line
                && range.contains(&drawn.row.end)
                && drawn.row.end < self.app.rope().len_chars();
            let line_end = line_end.then_some((drawn.end_column, 1));
            for (column, width) in touched.chain(line_end) {
                for x in (column..column + width).filter_map(|column| self.x_of(column)) {
                    if let Some(cell) = buffer.cell_mut((x, drawn.y)) {
                        cell.set_style(style);
                    }
                }
            }
        }
    }
}

/// Marks the cells that a wide character covers. They are never shown; but when something else takes
/// its place, ratatui must not take them for cells that are shown already.
fn mark_covered(buffer: &mut Buffer, columns: Range<u16>, y: u16) {
    for x in columns.clone() {
        let width = buffer
            .cell((x, y))
            .map_or(0, |cell| cell.symbol().cell_width());
        if width > 1 {
            for covered in x + 1..(x + width).min(columns.end) {
                if let Some(cell) = buffer.cell_mut((covered, y)) {
                    cell.modifier.insert(Modifier::HIDDEN);
                }
            }
        }
    }
}

fn ordered(selection: TextSelection) -> Range<usize> {
    let TextSelection { anchor, head } = selection;
    anchor.min(head)..anchor.max(head)
}
