//! Where a caret goes: by character, word, line and row.
//!
//! Every function takes any position, also one behind the document's end or within a cluster, and
//! returns one where a caret may stand.

use std::ops::Range;

use ropey::Rope;

use super::{
    grapheme::{self, Graphemes, Line, cluster_at},
    layout::{self, LayoutOptions},
};

/// How many clusters a word may have; a longer one is passed in several steps.
const LONGEST_WORD: usize = grapheme::SEGMENT;

/// Returns the number of the line that a position is in, counted from 0.
pub fn line_at(rope: &Rope, position: usize) -> usize {
    rope.char_to_line(position.min(rope.len_chars()))
}

/// Returns the next place to the right where a caret may stand. A line end is one step.
pub fn next_grapheme(rope: &Rope, position: usize) -> usize {
    let line = Line::at(rope, position);
    if position >= line.end {
        return line.next;
    }
    cluster_at(rope, &line, position).end
}

/// Returns the next place to the left where a caret may stand. A line end is one step.
pub fn previous_grapheme(rope: &Rope, position: usize) -> usize {
    let position = position.min(rope.len_chars());
    let Some(before) = position.checked_sub(1) else {
        return 0;
    };
    let line = Line::at(rope, before);
    if before >= line.end {
        return line.end;
    }
    cluster_at(rope, &line, before).start
}

/// What belongs together when moving by words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    LineEnd,
    Blank,
    /// Letters, digits and the underscore, and the marks on them.
    Word,
    /// Scripts without spaces, where a change of script is the best hint there is.
    Han,
    Hiragana,
    Katakana,
    Punctuation,
}

impl Class {
    fn of(character: char) -> Self {
        match character {
            '\n' | '\r' => Self::LineEnd,
            '\u{3041}'..='\u{309f}' => Self::Hiragana,
            '\u{30a0}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9f}' => Self::Katakana,
            '\u{3005}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => Self::Han,
            '\u{20000}'..='\u{3ffff}' => Self::Han,
            '_' => Self::Word,
            letter if letter.is_alphanumeric() => Self::Word,
            blank if blank.is_whitespace() => Self::Blank,
            _ => Self::Punctuation,
        }
    }

    /// The class of the cluster at a position; clusters count by their first character.
    fn at(rope: &Rope, position: usize) -> Option<Self> {
        rope.get_char(position).map(Self::of)
    }
}

/// Returns the end of the word, or of the run of punctuation, to the right; blanks before it are
/// passed. A line end is a step of its own.
pub fn next_word(rope: &Rope, position: usize) -> usize {
    let line = Line::at(rope, position);
    if position >= line.end {
        return line.next;
    }
    let mut walk = Forward::new(rope, line, position);
    walk.skip(Class::Blank);
    if let Some(class) = walk.class() {
        walk.skip(class);
    }
    walk.position
}

/// Returns the start of the word, or of the run of punctuation, to the left; blanks behind it are
/// passed. A line end is a step of its own.
pub fn previous_word(rope: &Rope, position: usize) -> usize {
    let line = Line::at(rope, position);
    let position = grapheme::floor(rope, position);
    if position <= line.start {
        return previous_grapheme(rope, position);
    }
    if position > line.end {
        return line.end;
    }
    let mut start = position;
    let mut class = None;
    for _ in 0..LONGEST_WORD {
        if start <= line.start {
            break;
        }
        let before = previous_grapheme(rope, start);
        let found = Class::at(rope, before);
        match (class, found) {
            (None, Some(Class::Blank)) => {}
            (None, found) => class = found,
            (Some(class), found) if found == Some(class) => {}
            (Some(_), _) => break,
        }
        start = before;
    }
    start
}

/// A walk to the right within a line that can look at what comes next.
struct Forward<'a> {
    rope: &'a Rope,
    line: Line,
    position: usize,
    steps: usize,
}

impl<'a> Forward<'a> {
    fn new(rope: &'a Rope, line: Line, position: usize) -> Self {
        Self {
            rope,
            line,
            position: cluster_at(rope, &line, position).start,
            steps: 0,
        }
    }

    fn class(&self) -> Option<Class> {
        if self.position >= self.line.end {
            return None;
        }
        Class::at(self.rope, self.position)
    }

    /// Passes all clusters of a class.
    fn skip(&mut self, class: Class) {
        while self.position < self.line.end {
            let segment = self.line.segment_at(self.rope, self.position);
            let mut walk = Graphemes::new(self.rope, self.position..segment.end);
            while let Some(cluster) = walk.next() {
                let found = cluster.text.chars().next().map(Class::of);
                if found != Some(class) || self.steps == LONGEST_WORD {
                    return;
                }
                self.steps += 1;
                self.position = cluster.chars.end;
            }
        }
    }
}

/// Returns the word at a position, or the one that ends there; where there is none, the run of
/// punctuation or of blanks. Empty in an empty line.
pub fn word_at(rope: &Rope, position: usize) -> Range<usize> {
    let line = Line::at(rope, position);
    let position = grapheme::floor(rope, position).min(line.end);
    let after = (position < line.end)
        .then(|| Class::at(rope, position))
        .flatten();
    let before = (position > line.start)
        .then(|| Class::at(rope, previous_grapheme(rope, position)))
        .flatten();
    let is_word = |class: Option<Class>| {
        class.is_some_and(|class| !matches!(class, Class::Blank | Class::Punctuation))
    };
    let class = match (before, after) {
        (_, Some(after)) if is_word(Some(after)) => after,
        (Some(before), _) if is_word(Some(before)) => before,
        (_, Some(after)) => after,
        (Some(before), None) => before,
        (None, None) => return position..position,
    };
    let mut start = position;
    for _ in 0..LONGEST_WORD {
        let before = previous_grapheme(rope, start);
        if start <= line.start || Class::at(rope, before) != Some(class) {
            break;
        }
        start = before;
    }
    let mut walk = Forward::new(rope, line, position);
    walk.skip(class);
    start..walk.position
}

/// Returns the first character of the line that is not blank; from there, and from within the
/// blanks of a blank line, the start of the line.
pub fn line_start(rope: &Rope, position: usize) -> usize {
    let line = Line::at(rope, position);
    // A mark may stand on the last blank.
    let text = grapheme::floor(rope, line.start + indentation_length(rope, &line));
    if position == text { line.start } else { text }
}

/// Returns the end of the line's text.
pub fn line_end(rope: &Rope, position: usize) -> usize {
    Line::at(rope, position).end
}

/// Returns the blanks that a line starts with; the line is counted from 0. Of a line with
/// thousands of them, the first thousands.
pub fn indentation_of(rope: &Rope, line: usize) -> String {
    let line = Line::new(rope, line);
    let length = indentation_length(rope, &line);
    rope.slice(line.start..line.start + length).to_string()
}

fn indentation_length(rope: &Rope, line: &Line) -> usize {
    let length = (line.end - line.start).min(grapheme::SEGMENT);
    rope.chars_at(line.start)
        .take(length)
        .take_while(|c| matches!(c, ' ' | '\t'))
        .count()
}

/// Moves by rows, down or (with negative `rows`) up, and returns the new position with the column
/// to keep for the next such move. `goal` is the column that the last one returned; without one it
/// is the column of the position. Beyond the first and the last row lie the start and the end of
/// the document.
pub fn vertical(
    rope: &Rope,
    options: &LayoutOptions,
    position: usize,
    goal: Option<u16>,
    rows: isize,
) -> (usize, u16) {
    let row = layout::row_at(rope, options, position);
    let column = goal.unwrap_or_else(|| layout::column_of(rope, options, &row, position));
    let count = rows.unsigned_abs();
    let target = if rows < 0 {
        layout::rows_before(rope, options, &row, count)
            .first()
            .copied()
    } else {
        let below = layout::next_row(rope, options, &row);
        std::iter::successors(below, |row| layout::next_row(rope, options, row))
            .take(count)
            .last()
    };
    let position = match target {
        Some(row) => layout::position_at(rope, options, &row, column),
        None if rows < 0 => 0,
        None if rows > 0 => rope.len_chars(),
        None => position.min(rope.len_chars()),
    };
    (position, column)
}

#[cfg(test)]
mod tests;
