//! Edits of whole lines: duplicate, move, delete, join, indent, comment.
//!
//! Each function looks at the text and the selection and returns one [`Plan`]; none changes
//! anything. Where lines change places, the shorter way is taken out and put in again, so that the
//! lines that the person works on, with everybody's carets in them, are never rewritten.

use std::ops::Range;

use ropey::Rope;

use super::{comment::Comment, grapheme::Line, indentation::Indentation};
use crate::crdt::{Bias, Delta, TextSelection};

/// An edit, and where the selection belongs after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What happens to the text. May be empty: then there is nothing to do.
    pub delta: Delta,
    /// The selection in the text after the edit.
    pub selection: TextSelection,
}

/// The lines that a selection touches, counted from 0. A line of which only the start is touched
/// by the end of a selection is not one of them.
pub fn touched(rope: &Rope, selection: TextSelection) -> Range<usize> {
    let (start, end) = ends(selection);
    let first = line_of(rope, start);
    let last = line_of(rope, end);
    let only_its_start = last > first && rope.line_to_char(last) == end;
    first..last + usize::from(!only_its_start)
}

/// The characters of some lines, their line ends included.
fn chars_of(rope: &Rope, lines: &Range<usize>) -> Range<usize> {
    rope.line_to_char(lines.start)..rope.line_to_char(lines.end)
}

fn line_of(rope: &Rope, position: usize) -> usize {
    rope.char_to_line(position.min(rope.len_chars()))
}

fn ends(selection: TextSelection) -> (usize, usize) {
    let TextSelection { anchor, head } = selection;
    (anchor.min(head), anchor.max(head))
}

/// The last line of a document has no line end.
fn ends_open(rope: &Rope, chars: &Range<usize>) -> bool {
    chars.is_empty() || rope.char(chars.end - 1) != '\n'
}

fn shifted(selection: TextSelection, by: isize, length: usize) -> TextSelection {
    let shift = |position: usize| position.saturating_add_signed(by).min(length);
    TextSelection {
        anchor: shift(selection.anchor),
        head: shift(selection.head),
    }
}

/// Puts a copy of the lines above them; so the selection is in the lower one. `line_end` is put
/// behind the copy of a line that has none.
pub fn duplicate(rope: &Rope, selection: TextSelection, line_end: &str) -> Plan {
    let chars = chars_of(rope, &touched(rope, selection));
    let mut copy = rope.slice(chars.clone()).to_string();
    if ends_open(rope, &chars) {
        copy.push_str(line_end);
    }
    let by = copy.chars().count();
    Plan {
        delta: Delta::replace(chars.start..chars.start, &copy),
        selection: shifted(selection, by as isize, usize::MAX),
    }
}

/// Moves the lines above the line before them. `None` at the start of the document.
pub fn move_up(rope: &Rope, selection: TextSelection) -> Option<Plan> {
    let lines = touched(rope, selection);
    let above = lines.start.checked_sub(1)?;
    let block = chars_of(rope, &lines);
    let before = Line::new(rope, above);
    let text = rope.slice(before.start..before.end).to_string();
    let line_end = rope.slice(before.end..before.next).to_string();
    let moved = if ends_open(rope, &block) {
        line_end + &text
    } else {
        text + &line_end
    };
    let by = before.next - before.start;
    Some(Plan {
        delta: Delta::new()
            .retain(before.start)
            .delete(by)
            .retain(block.len())
            .insert(&moved),
        selection: shifted(selection, -(by as isize), rope.len_chars()),
    })
}

/// Moves the lines below the line after them. `None` at the end of the document.
pub fn move_down(rope: &Rope, selection: TextSelection) -> Option<Plan> {
    let lines = touched(rope, selection);
    if lines.end >= rope.len_lines() {
        return None;
    }
    let block = chars_of(rope, &lines);
    let after = chars_of(rope, &(lines.end..lines.end + 1));
    let mut moved = rope.slice(after.clone()).to_string();
    let mut kept = block.len();
    if ends_open(rope, &after) {
        // The line that becomes the last one hands its line end to the one that was.
        let last = Line::new(rope, lines.end - 1);
        kept -= last.next - last.end;
        moved.push_str(&rope.slice(last.end..last.next).to_string());
    }
    let by = moved.chars().count();
    Some(Plan {
        delta: Delta::new()
            .retain(block.start)
            .insert(&moved)
            .retain(kept)
            .delete(after.end - block.start - kept),
        selection: shifted(selection, by as isize, rope.len_chars()),
    })
}

/// Deletes the lines, with one line end.
pub fn delete(rope: &Rope, selection: TextSelection) -> Plan {
    let lines = touched(rope, selection);
    let mut chars = chars_of(rope, &lines);
    if ends_open(rope, &chars)
        && let Some(above) = lines.start.checked_sub(1)
    {
        chars.start = Line::new(rope, above).end;
    }
    let start = chars.start;
    let delta = Delta::replace(chars, "");
    // Behind the last line that is left the caret goes to the start of that line.
    let caret = if lines.end >= rope.len_lines() {
        rope.line_to_char(lines.start.saturating_sub(1)).min(start)
    } else {
        start
    };
    Plan {
        delta,
        selection: TextSelection::caret(caret),
    }
}

/// Joins the lines of the selection, or the caret's line with the next one: with one space in place
/// of the line end and of the blanks around it.
pub fn join(rope: &Rope, selection: TextSelection) -> Plan {
    let lines = touched(rope, selection);
    let last = (lines.end - 1)
        .max(lines.start + 1)
        .min(rope.len_lines() - 1);
    let mut delta = Delta::new();
    let mut walked = 0;
    let mut caret = None;
    for index in lines.start..last {
        let gap = gap_behind(rope, index).start.max(walked)..gap_behind(rope, index).end;
        let at_edge =
            gap.start == rope.line_to_char(index) || gap.end == Line::at(rope, gap.end).end;
        caret.get_or_insert(gap.start);
        delta = delta
            .retain(gap.start - walked)
            .insert(if at_edge { "" } else { " " })
            .delete(gap.len());
        walked = gap.end;
    }
    let joined = match caret {
        Some(caret) if selection.is_caret() => TextSelection::caret(caret),
        _ => selection.carried(&delta),
    };
    Plan {
        delta,
        selection: joined,
    }
}

/// The end of a line with the blanks before and behind it.
fn gap_behind(rope: &Rope, index: usize) -> Range<usize> {
    let line = Line::new(rope, index);
    let mut start = line.end;
    let mut before = rope.chars_at(line.end);
    while start > line.start && before.prev().is_some_and(is_blank) {
        start -= 1;
    }
    let below = Line::new(rope, index + 1);
    start..below.start + blanks(rope, &below)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// How many blanks a line starts with.
fn blanks(rope: &Rope, line: &Line) -> usize {
    let chars = rope.chars_at(line.start).take(line.end - line.start);
    chars.take_while(|character| is_blank(*character)).count()
}

/// Gives each line that is not blank one more step of indentation.
pub fn indent(rope: &Rope, selection: TextSelection, indentation: Indentation) -> Plan {
    let unit = indentation.unit();
    let mut delta = Delta::new();
    let mut walked = 0;
    for index in touched(rope, selection) {
        let line = Line::new(rope, index);
        if line.start == line.end && !selection.is_caret() {
            continue;
        }
        delta = delta.retain(line.start - walked).insert(&unit);
        walked = line.start;
    }
    Plan {
        selection: selected_with_indentation(rope, selection, &delta),
        delta,
    }
}

/// Takes one step of indentation from each line, or what it has of one.
pub fn outdent(rope: &Rope, selection: TextSelection, indentation: Indentation) -> Plan {
    let mut delta = Delta::new();
    let mut walked = 0;
    for index in touched(rope, selection) {
        let line = Line::new(rope, index);
        let leading = rope.chars_at(line.start).take(blanks(rope, &line));
        let removed = indentation.first_step(leading);
        delta = delta.retain(line.start - walked).delete(removed);
        walked = line.start + removed;
    }
    Plan {
        selection: selected_with_indentation(rope, selection, &delta),
        delta,
    }
}

/// A selection that began at a line's start still does; a caret stays with its character.
fn selected_with_indentation(
    rope: &Rope,
    selection: TextSelection,
    delta: &Delta,
) -> TextSelection {
    let (start, _) = ends(selection);
    let at_line_start = rope.line_to_char(line_of(rope, start)) == start;
    let carry = |position: usize| {
        let bias = if position == start && at_line_start && !selection.is_caret() {
            Bias::Before
        } else {
            Bias::After
        };
        delta.map(position, bias)
    };
    TextSelection {
        anchor: carry(selection.anchor),
        head: carry(selection.head),
    }
}

/// Comments the lines out, or, if all of them are, in again.
pub fn toggle_comment(rope: &Rope, selection: TextSelection, comment: Comment) -> Plan {
    let lines: Vec<Line> = touched(rope, selection)
        .map(|index| Line::new(rope, index))
        .filter(|line| line.start + blanks(rope, line) < line.end)
        .collect();
    let commented: Option<Vec<_>> = lines
        .iter()
        .map(|line| marks(rope, line, comment))
        .collect();
    let delta = match commented {
        Some(marks) if !marks.is_empty() => uncomment(&marks),
        _ => comment_out(rope, &lines, comment),
    };
    Plan {
        selection: selected_with_indentation(rope, selection, &delta),
        delta,
    }
}

/// Where a commented line has its marks, each with the space that belongs to it.
fn marks(rope: &Rope, line: &Line, comment: Comment) -> Option<[Range<usize>; 2]> {
    let text = rope.slice(line.start..line.end).to_string();
    let body = text.trim_end().trim_start_matches(is_blank);
    let start = line.start + blanks(rope, line);
    let rest = body.strip_prefix(comment.start)?;
    let mut opening = comment.start.chars().count();
    let rest = match rest.strip_prefix(' ') {
        Some(rest) => {
            opening += 1;
            rest
        }
        None => rest,
    };
    let end = start + body.chars().count();
    let mut closing = 0;
    if let Some(mark) = comment.end {
        let inner = rest.strip_suffix(mark)?;
        closing = mark.chars().count() + usize::from(inner.ends_with(' '));
    }
    Some([start..start + opening, end - closing..end])
}

fn uncomment(marks: &[[Range<usize>; 2]]) -> Delta {
    let mut walked = 0;
    let mut delta = Delta::new();
    for range in marks.iter().flatten() {
        delta = delta.retain(range.start - walked).delete(range.len());
        walked = range.end;
    }
    delta
}

/// Marks stand in one column: that of the line that is indented least.
fn comment_out(rope: &Rope, lines: &[Line], comment: Comment) -> Delta {
    let least = lines.iter().map(|line| blanks(rope, line)).min();
    let column = least.unwrap_or_default();
    let mut walked = 0;
    let mut delta = Delta::new();
    for line in lines {
        let start = line.start + column;
        delta = delta
            .retain(start - walked)
            .insert(&format!("{} ", comment.start));
        walked = start;
        if let Some(mark) = comment.end {
            delta = delta.retain(line.end - walked).insert(&format!(" {mark}"));
            walked = line.end;
        }
    }
    delta
}

/// Takes the blanks off the ends of all lines but the one with the caret, where somebody may be
/// about to type on. O(document).
pub fn trim(rope: &Rope, caret: usize) -> Delta {
    let kept = line_of(rope, caret);
    let mut delta = Delta::new();
    let mut walked = 0;
    for index in (0..rope.len_lines()).filter(|index| *index != kept) {
        let line = Line::new(rope, index);
        let mut start = line.end;
        let mut before = rope.chars_at(line.end);
        while start > line.start && before.prev().is_some_and(is_blank) {
            start -= 1;
        }
        if start < line.end {
            delta = delta.retain(start - walked).delete(line.end - start);
            walked = line.end;
        }
    }
    delta
}

#[cfg(test)]
mod tests;
