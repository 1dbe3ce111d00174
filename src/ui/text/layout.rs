//! Which characters stand in which row and column.
//!
//! A line is laid out in rows, each from its start and without regard to what stands before it, so
//! that a change moves nothing above it. Rows end between words, after [`LayoutOptions::width`]
//! columns at the latest, and wherever a [segment](super::grapheme::SEGMENT) of the line ends: so
//! finding the row of a position takes a walk over one segment, never over a long line.

use std::{borrow::Cow, ops::Range};

use ropey::Rope;

pub use super::symbol::CellKind;
use super::{
    grapheme::{Graphemes, Line},
    symbol::{self, Shape},
};

/// How text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutOptions {
    /// The width of a row in columns when wrapping; 0 counts as 1.
    pub width: u16,
    /// The distance of tab stops in columns; 0 counts as 1.
    pub tab_width: u16,
    /// Whether a line goes on in the next row where it is wider than a row. If not, only the ends of
    /// segments end a row.
    pub wrap: bool,
}

/// Where a row starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPosition {
    /// The number of the line, counted from 0.
    pub line: usize,
    /// The character of the document that the row starts with.
    pub start: usize,
}

/// One row of the screen, or what there is of a line when lines are not wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it starts.
    pub position: RowPosition,
    /// Where it ends: behind its last character, before the line's end.
    pub end: usize,
    /// How many columns stay empty before its first character: where a line goes on, it is indented
    /// as it began.
    pub indent: u16,
    /// Whether it is the last row of its line. If not, its end is the next row's start, and a caret
    /// there belongs to the next row.
    pub ends_line: bool,
}

/// What is drawn for a grapheme cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The characters of the document that it stands for.
    pub chars: Range<usize>,
    /// Its first column, counted from the row's start.
    pub column: u16,
    /// How many columns it takes. Only a space at the end of a full row takes none, and is not
    /// drawn.
    pub width: u16,
    /// What to draw; takes as many columns as `width` says.
    pub symbol: Cow<'static, str>,
    /// What kind of thing it is.
    pub kind: CellKind,
}

impl LayoutOptions {
    /// The width that no row may exceed.
    fn limit(&self) -> u16 {
        if self.wrap {
            self.width.max(1)
        } else {
            u16::MAX
        }
    }

    /// Draws a cluster at a column of a row with this indent, and returns its shape. A cluster never
    /// takes more than a row.
    fn draw(&self, cluster: &str, column: u16, indent: u16, symbol: &mut String) -> Shape {
        let tab_width = self.tab_width.max(1);
        let limit = self.limit();
        let to_stop = tab_width - column % tab_width;
        // A tab ends at the right edge at the latest, unless it is there already.
        let room = limit.saturating_sub(column);
        let tab = if room == 0 {
            to_stop
        } else {
            to_stop.min(room)
        };
        symbol::draw(cluster, tab, limit - indent, symbol)
    }
}

/// Returns the row that a position is in. Between `\r` and `\n`, that is the row before.
pub fn row_at(rope: &Rope, options: &LayoutOptions, position: usize) -> Row {
    let line = Line::at(rope, position);
    let position = position.clamp(line.start, line.end);
    let segment = line.segment_at(rope, position);
    let mut row = lay_row(rope, options, &line, &segment, segment.start);
    while !row.ends_line && row.end <= position {
        row = lay_row(rope, options, &line, &segment, row.end);
    }
    row
}

/// Returns the row below, or `None` at the end of the document.
pub fn next_row(rope: &Rope, options: &LayoutOptions, row: &Row) -> Option<Row> {
    let line = Line::new(rope, row.position.line);
    if !row.ends_line && row.end < line.end {
        let segment = line.segment_at(rope, row.end);
        return Some(lay_row(rope, options, &line, &segment, row.end));
    }
    if line.index + 1 >= rope.len_lines() {
        return None;
    }
    let line = Line::new(rope, line.index + 1);
    let segment = line.segment_at(rope, line.start);
    Some(lay_row(rope, options, &line, &segment, line.start))
}

/// Returns the row above, or `None` at the start of the document.
pub fn previous_row(rope: &Rope, options: &LayoutOptions, row: &Row) -> Option<Row> {
    rows_before(rope, options, row, 1).pop()
}

/// Returns up to `count` rows above a row, from top to bottom.
pub fn rows_before(rope: &Rope, options: &LayoutOptions, row: &Row, count: usize) -> Vec<Row> {
    let mut line = Line::new(rope, row.position.line);
    let mut top = row.position.start.clamp(line.start, line.end);
    // From bottom to top while they are gathered.
    let mut rows = Vec::new();
    while rows.len() < count {
        if top == line.start {
            let Some(above) = line.index.checked_sub(1) else {
                break;
            };
            line = Line::new(rope, above);
            let segment = line.segment_at(rope, line.end);
            rows.extend(
                rows_of(rope, options, &line, &segment, line.end + 1)
                    .into_iter()
                    .rev(),
            );
            top = segment.start;
        } else {
            let segment = line.segment_at(rope, top - 1);
            rows.extend(
                rows_of(rope, options, &line, &segment, top)
                    .into_iter()
                    .rev(),
            );
            top = segment.start;
        }
    }
    rows.truncate(count);
    rows.reverse();
    rows
}

/// Returns the rows of a segment that start before `limit`.
fn rows_of(
    rope: &Rope,
    options: &LayoutOptions,
    line: &Line,
    segment: &Range<usize>,
    limit: usize,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut start = segment.start;
    while start < limit {
        let row = lay_row(rope, options, line, segment, start);
        rows.push(row);
        if row.end >= segment.end {
            break;
        }
        start = row.end;
    }
    rows
}

/// Returns up to `count` rows, beginning with the row that a position is in.
pub fn rows_from(
    rope: &Rope,
    options: &LayoutOptions,
    position: RowPosition,
    count: usize,
) -> Vec<Row> {
    let first = (count > 0).then(|| row_at(rope, options, position.start));
    std::iter::successors(first, |row| next_row(rope, options, row))
        .take(count)
        .collect()
}

/// Lays out one row.
fn lay_row(
    rope: &Rope,
    options: &LayoutOptions,
    line: &Line,
    segment: &Range<usize>,
    start: usize,
) -> Row {
    let indent = match options.wrap && start > line.start {
        true => hanging_indent(rope, options, line),
        false => 0,
    };
    let end = if options.wrap {
        wrapped_end(rope, options, start..segment.end, indent)
    } else {
        segment.end
    };
    Row {
        position: RowPosition {
            line: line.index,
            start,
        },
        end,
        indent,
        ends_line: end == line.end,
    }
}

/// Returns how far a line that goes on is indented: as far as its text is, behind the mark of an
/// item of a list too. Never more than half of the row.
fn hanging_indent(rope: &Rope, options: &LayoutOptions, line: &Line) -> u16 {
    let limit = options.limit() / 2;
    let tab_width = options.tab_width.max(1);
    let mut chars = rope
        .chars_at(line.start)
        .take(line.end - line.start)
        .peekable();
    let mut column: u16 = 0;
    while let Some(blank) = chars.next_if(|c| matches!(c, ' ' | '\t')) {
        if column >= limit {
            return limit;
        }
        column += match blank {
            '\t' => tab_width - column % tab_width,
            _ => 1,
        };
    }
    let mut mark = 0;
    while chars.next_if(char::is_ascii_digit).is_some() && mark < 9 {
        mark += 1;
    }
    let ends = if mark > 0 { ".)" } else { "-*+>" };
    let is_item = chars.next().is_some_and(|c| ends.contains(c)) && chars.next() == Some(' ');
    if is_item {
        column += mark + 2;
    }
    column.min(limit)
}

/// Returns where a row ends that starts with this text, in this column.
fn wrapped_end(rope: &Rope, options: &LayoutOptions, text: Range<usize>, indent: u16) -> usize {
    let limit = options.limit();
    let mut walk = Graphemes::new(rope, text.clone());
    let mut symbol = String::new();
    let mut column = indent;
    let mut word_start = None;
    let mut before = Breaking::Blank;
    let mut only_blank = true;
    while let Some(cluster) = walk.next() {
        let breaking = Breaking::of(cluster.text).after(before);
        // Leading blanks stay with the first word, or the row would be empty.
        if !only_blank && breaking.may_follow(before) {
            word_start = Some(cluster.chars.start);
        }
        let shape = symbol::plain(cluster.text)
            .unwrap_or_else(|| options.draw(cluster.text, column, indent, &mut symbol));
        if shape.width > limit - column {
            // A space at the end of a full row hangs over its edge, unseen, so that the next row
            // starts with a word.
            if column == limit && cluster.text == " " {
                return cluster.chars.end;
            }
            return word_start.unwrap_or(cluster.chars.start);
        }
        column += shape.width;
        only_blank &= breaking == Breaking::Blank;
        before = breaking;
    }
    text.end
}

/// How a cluster takes part in breaking a line at words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaking {
    /// White space: a break may follow it.
    Blank,
    /// A hyphen: a break may follow it within a word.
    Hyphen,
    /// A character of a script without spaces: breaks may stand before and after it.
    Ideograph,
    /// Opens something: no break after it.
    Opening,
    /// Closes something, in a script without spaces: no break before it.
    Closing,
    /// Anything else: part of a word.
    Word,
}

impl Breaking {
    fn of(cluster: &str) -> Self {
        let Some(first) = cluster.chars().next() else {
            return Self::Word;
        };
        match first {
            ' ' | '\t' => Self::Blank,
            '!'..='~' if first != '-' => Self::Word,
            '-' | '\u{2010}' | '\u{2013}' | '\u{2014}' => Self::Hyphen,
            '「' | '『' | '（' | '【' | '《' | '〈' | '［' | '｛' | '〔' => Self::Opening,
            '」' | '』' | '）' | '】' | '》' | '〉' | '］' | '｝' | '〕' | '、' | '。' | '，'
            | '．' | '！' | '？' | '：' | '；' | 'ー' | '々' | '…' | 'ぁ' | 'ぃ' | 'ぅ' | 'ぇ'
            | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ'
            | 'ュ' | 'ョ' => Self::Closing,
            '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
                Self::Ideograph
            }
            other if other.is_whitespace() && other != '\u{a0}' && other != '\u{202f}' => {
                Self::Blank
            }
            _ => Self::Word,
        }
    }

    /// Hyphens that lead a word, as in `--verbose`, stay with it.
    fn after(self, before: Self) -> Self {
        match self {
            Self::Hyphen if before != Self::Word => Self::Opening,
            other => other,
        }
    }

    /// Whether a row may start with this after one that ended with `before`.
    fn may_follow(self, before: Self) -> bool {
        match (before, self) {
            (_, Self::Blank) | (_, Self::Closing) | (Self::Opening, _) => false,
            (Self::Hyphen, Self::Opening) => false,
            (Self::Blank, _) => true,
            (Self::Ideograph | Self::Closing, _) | (_, Self::Ideograph | Self::Opening) => true,
            (Self::Hyphen, Self::Word) => true,
            (Self::Hyphen, Self::Hyphen) | (Self::Word, Self::Hyphen | Self::Word) => false,
        }
    }
}

/// Walks over the cells of a row until `visit` returns false.
fn visit_cells(
    rope: &Rope,
    options: &LayoutOptions,
    row: &Row,
    mut visit: impl FnMut(Range<usize>, u16, Shape, &str) -> bool,
) {
    let mut walk = Graphemes::new(rope, row.position.start..row.end);
    let limit = options.limit();
    let mut symbol = String::new();
    let mut column: u16 = row.indent;
    while let Some(cluster) = walk.next() {
        // Nearly everything is drawn as it is, and need not be copied to be looked at.
        let plain = symbol::plain(cluster.text);
        let mut shape =
            plain.unwrap_or_else(|| options.draw(cluster.text, column, row.indent, &mut symbol));
        let mut drawn = match plain {
            Some(_) => cluster.text,
            None => &symbol,
        };
        if shape.width > limit - column {
            shape.width = 0;
            drawn = "";
        }
        if !visit(cluster.chars, column, shape, drawn) {
            return;
        }
        column += shape.width;
    }
}

/// Returns the cells of a row, from left to right.
pub fn cells(rope: &Rope, options: &LayoutOptions, row: &Row) -> Vec<Cell> {
    cells_within(rope, options, row, 0..u16::MAX)
}

/// Returns those cells of a row that are at least partly within a range of columns.
pub fn cells_within(
    rope: &Rope,
    options: &LayoutOptions,
    row: &Row,
    columns: Range<u16>,
) -> Vec<Cell> {
    let mut cells = Vec::new();
    visit_cells(rope, options, row, |chars, column, shape, symbol| {
        if column + shape.width > columns.start || column >= columns.start {
            cells.push(Cell {
                chars,
                column,
                width: shape.width,
                symbol: symbol::kept(symbol),
                kind: shape.kind,
            });
        }
        column + shape.width < columns.end
    });
    cells
}

/// Returns the column of a position in a row: that of its cell, or the one behind the last cell.
pub fn column_of(rope: &Rope, options: &LayoutOptions, row: &Row, position: usize) -> u16 {
    let mut found = row.indent;
    visit_cells(rope, options, row, |chars, column, shape, _| {
        let is_here = position < chars.end;
        found = if is_here {
            column
        } else {
            column + shape.width
        };
        !is_here
    });
    found
}

/// Returns the position of a column in a row: the start of the cell there. Right of the last cell it
/// is the line's end, or, where the line goes on in the next row, the start of the last cell.
pub fn position_at(rope: &Rope, options: &LayoutOptions, row: &Row, column: u16) -> usize {
    let mut found = row.position.start;
    let mut is_right_of_all = true;
    visit_cells(rope, options, row, |chars, start, shape, _| {
        if column >= start {
            found = chars.start;
        }
        is_right_of_all = column >= start + shape.width;
        is_right_of_all
    });
    if is_right_of_all && row.ends_line {
        row.end
    } else {
        found
    }
}

#[cfg(test)]
mod tests;
