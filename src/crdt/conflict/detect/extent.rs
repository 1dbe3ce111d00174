//! Words, sentences and lines around an edit, in the text that it was made for.

use std::ops::Range;

use ropey::Rope;

use super::{Edit, TextKind};

/// A word, and a paragraph on either side, is looked at no further than this many characters.
const LONGEST_WORD: usize = 64;
const LONGEST_PARAGRAPH: usize = 2_000;
/// Lines of prose shorter than this are thoughts of their own, not lines broken by hand.
const WRAPPED_LINE: usize = 40;

/// What an edit touches, in characters of the text before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// The words that it changes; the edit's own range if none.
    pub(super) words: Range<usize>,
    /// The sentences (prose) or lines (code) that it changes; empty if it touches none.
    pub(super) thought: Range<usize>,
    /// The lines that it is in, both included, counted from 0.
    pub(super) lines: (usize, usize),
    /// Whether it only puts whole lines in.
    pub(super) adds_lines: bool,
}

impl Extent {
    pub(super) fn of(base: &Rope, edit: &Edit, kind: TextKind) -> Self {
        let adds_lines = adds_lines(base, edit);
        let empty = edit.range.start..edit.range.start;
        let thought = match kind {
            _ if adds_lines => empty,
            TextKind::Code => lines_around(base, &edit.range),
            TextKind::Prose => sentences_around(base, edit).unwrap_or(empty),
        };
        Self {
            words: words_around(base, edit),
            thought,
            lines: (
                base.char_to_line(edit.range.start),
                base.char_to_line(last_of(&edit.range)),
            ),
            adds_lines,
        }
    }
}

/// The last character of a range, or the place of an empty one.
fn last_of(range: &Range<usize>) -> usize {
    range.end.saturating_sub(1).max(range.start)
}

fn line_start(base: &Rope, position: usize) -> usize {
    base.line_to_char(base.char_to_line(position))
}

/// The end of the line that a position is in, without its line feed.
fn line_end(base: &Rope, position: usize) -> usize {
    let line = base.char_to_line(position);
    let end = base.line_to_char((line + 1).min(base.len_lines()));
    let feed = line + 1 < base.len_lines() || (end > 0 && base.char(end - 1) == '\n');
    end - usize::from(feed && end > base.line_to_char(line))
}

fn lines_around(base: &Rope, range: &Range<usize>) -> Range<usize> {
    line_start(base, range.start)..line_end(base, last_of(range)).max(range.end)
}

/// Whether an edit only puts whole lines between others.
fn adds_lines(base: &Rope, edit: &Edit) -> bool {
    let position = edit.range.start;
    let before = edit.inserted.ends_with('\n') && position == line_start(base, position);
    let behind = edit.inserted.starts_with('\n') && position == line_end(base, position);
    edit.range.is_empty() && (before || behind)
}

/// Whether two neighbouring characters belong to the same word, or at least on the same spot of
/// the screen.
fn joins(left: char, right: char) -> bool {
    (in_words(left) && in_words(right))
        || extends(right)
        || left == '\u{200d}'
        || (is_regional(left) && is_regional(right))
        || (left.is_ascii_digit() && divides_numbers(right))
        || (divides_numbers(left) && right.is_ascii_digit())
}

/// Whether a character stands in numbers and times: "3.50", "10:30".
fn divides_numbers(character: char) -> bool {
    matches!(character, '.' | ',' | ':' | '/')
}

/// Whether a character stands in words of several. Each ideograph is a word for itself.
fn in_words(character: char) -> bool {
    let ideograph = matches!(character as u32,
        0x2e80..=0x309f | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff);
    (character.is_alphanumeric() && !ideograph) || matches!(character, '_' | '\'' | '’')
}

/// Whether a character changes the one before it: accents, joiners, skin tones.
fn extends(character: char) -> bool {
    matches!(character as u32,
        0x300..=0x36f | 0x200d | 0xfe00..=0xfe0f | 0x20d0..=0x20ff | 0x1f3fb..=0x1f3ff)
}

fn is_regional(character: char) -> bool {
    matches!(character as u32, 0x1f1e6..=0x1f1ff)
}

fn words_around(base: &Rope, edit: &Edit) -> Range<usize> {
    let Range { mut start, mut end } = edit.range.clone();
    let before = start.checked_sub(1).map(|place| base.char(place));
    let behind = (end < base.len_chars()).then(|| base.char(end));
    let meet = |left: Option<char>, right: Option<char>| {
        left.zip(right)
            .is_some_and(|(left, right)| joins(left, right))
    };
    // What stood next to the neighbours, and what stands there now.
    let stood_first = (start < base.len_chars()).then(|| base.char(start));
    let stood_last = end.checked_sub(1).map(|place| base.char(place));
    let (first, last) = (edit.inserted.chars().next(), edit.inserted.chars().last());
    if meet(before, stood_first) || meet(before, first) {
        let first = start.saturating_sub(LONGEST_WORD);
        start -= 1;
        while start > first && joins(base.char(start - 1), base.char(start)) {
            start -= 1;
        }
    }
    if meet(stood_last, behind) || meet(last, behind) {
        let limit = (end + LONGEST_WORD).min(base.len_chars());
        end += 1;
        while end < limit && joins(base.char(end - 1), base.char(end)) {
            end += 1;
        }
    }
    start..end
}

/// The sentences that an edit changes, if any.
fn sentences_around(base: &Rope, edit: &Edit) -> Option<Range<usize>> {
    let paragraph = paragraph_around(base, &edit.range);
    let mut touched: Option<Range<usize>> = None;
    for sentence in sentences(base, paragraph) {
        if sentence.is_touched(base, edit) {
            let start = touched.map_or(sentence.start, |touched| touched.start);
            touched = Some(start..sentence.content_end.max(start));
        }
    }
    let touched = touched?;
    Some(touched.start.min(edit.range.start)..touched.end.max(edit.range.end))
}

/// The lines around a range that belong together: a line of a list, a heading and an empty line
/// stand alone; lines that were broken by hand go on in the next one.
fn paragraph_around(base: &Rope, range: &Range<usize>) -> Range<usize> {
    let mut first = base.char_to_line(range.start);
    let mut last = base.char_to_line(last_of(range));
    let earliest = range.start.saturating_sub(LONGEST_PARAGRAPH);
    let latest = range.end + LONGEST_PARAGRAPH;
    while first > 0 && base.line_to_char(first) > earliest && goes_on(base, first - 1) {
        first -= 1;
    }
    while last + 1 < base.len_lines() && base.line_to_char(last) < latest && goes_on(base, last) {
        last += 1;
    }
    let end = line_end(base, base.line_to_char(last)).max(range.end);
    base.line_to_char(first)..end
}

/// Whether a sentence of this line may go on in the next line.
fn goes_on(base: &Rope, line: usize) -> bool {
    let start = base.line_to_char(line);
    let length = line_end(base, start) - start;
    let next: String = base.line(line + 1).chars().take(8).collect();
    length >= WRAPPED_LINE
        && !base.line(line).chars().next().is_some_and(starts_block)
        && !is_ended(base, line_end(base, start))
        && !next.trim().is_empty()
        && !next.trim_start().chars().next().is_some_and(starts_block)
        && !is_numbered(&next)
}

fn starts_block(character: char) -> bool {
    matches!(
        character,
        '#' | '-' | '*' | '+' | '>' | '|' | '`' | '=' | '•'
    )
}

/// Whether a line starts like "12. ".
fn is_numbered(line: &str) -> bool {
    let rest = line
        .trim_start()
        .trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.trim_start().len() && rest.starts_with(['.', ')'])
}

fn ends_sentence(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…') || ends_at_once(character)
}

/// Whether a sentence ends here even if no space follows.
fn ends_at_once(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '｡')
}

fn closes(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '」' | '』' | '）' | '*' | '_'
    )
}

/// Whether the text before a position ends a sentence.
fn is_ended(base: &Rope, mut position: usize) -> bool {
    while position > 0 && closes(base.char(position - 1)) {
        position -= 1;
    }
    position > 0 && ends_sentence(base.char(position - 1))
}

struct Sentence {
    start: usize,
    /// The end without white space behind it.
    content_end: usize,
}

impl Sentence {
    fn is_touched(&self, base: &Rope, edit: &Edit) -> bool {
        let Range { start, end } = edit.range;
        if start < end {
            return start < self.content_end && self.start < end;
        }
        let inserted = edit.inserted.as_str();
        // A whole sentence put before, between or behind others changes none of them.
        let whole = {
            let trimmed = inserted.trim_end().trim_end_matches(closes);
            trimmed.chars().last().is_some_and(ends_sentence) || inserted.ends_with('\n')
        };
        if start == self.content_end && is_ended(base, start) {
            return !inserted.starts_with(char::is_whitespace)
                && !inserted.chars().next().is_some_and(char::is_alphanumeric);
        }
        if start == self.start && whole {
            return false;
        }
        (self.start..=self.content_end).contains(&start)
    }
}

/// Cuts a paragraph into sentences.
fn sentences(base: &Rope, paragraph: Range<usize>) -> Vec<Sentence> {
    let characters: Vec<char> = base.slice(paragraph.clone()).chars().collect();
    let mut found = Vec::new();
    let mut start = 0;
    let mut place = 0;
    while place < characters.len() {
        let here = characters[place];
        place += 1;
        if !ends_sentence(here) || is_mark_of_list(&characters[start..place]) {
            continue;
        }
        let mut end = place;
        while end < characters.len() && (closes(characters[end]) || ends_sentence(characters[end]))
        {
            end += 1;
        }
        let rest = &characters[end..];
        let spaces = rest.iter().take_while(|c| c.is_whitespace()).count();
        let next = rest.get(spaces);
        let ends = ends_at_once(here) || (spaces > 0 && !next.is_some_and(|c| c.is_lowercase()));
        if ends && next.is_some() {
            found.push((start, end));
            start = end + spaces;
        }
        place = end.max(place);
    }
    found.push((start, characters.len()));
    let sentence = |(start, end): (usize, usize)| {
        let blank = characters[start..end].iter().rev();
        let blank = blank.take_while(|c| c.is_whitespace()).count();
        Sentence {
            start: paragraph.start + start,
            content_end: paragraph.start + end - blank,
        }
    };
    found.into_iter().map(sentence).collect()
}

/// Whether a sentence so far is only the number of a list: "12.".
fn is_mark_of_list(sentence: &[char]) -> bool {
    let Some((_, before)) = sentence.split_last() else {
        return false;
    };
    before
        .iter()
        .all(|c| c.is_ascii_digit() || c.is_whitespace())
}
