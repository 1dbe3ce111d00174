//! Finding text and putting other text in its place.
//!
//! Matches lie within a line, its end excluded, so that every line can be looked at by itself: the
//! visible ones at once, all of them on a worker. Ranges count characters of the document.

use std::ops::{ControlFlow, Range};

use regex::{Regex, RegexBuilder};
use ropey::Rope;

use super::grapheme::Line;
use crate::crdt::Delta;

/// How many matches are counted and gone through; what comes after them is found by going on.
pub const MOST_MATCHES: usize = 200_000;

/// How large a compiled pattern may be, in bytes: patterns come from people, and from pastes.
const PATTERN_SIZE: usize = 1 << 20;

/// How much of a long line is looked at around what is visible of it, in characters.
const AROUND: usize = 2_000;

/// When capital and small letters are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// While the pattern has no capital letter.
    #[default]
    Smart,
    /// Never.
    Sensitive,
    /// Always.
    Ignored,
}

impl Case {
    /// Returns the next one, in a circle.
    pub fn next(self) -> Self {
        match self {
            Self::Smart => Self::Sensitive,
            Self::Sensitive => Self::Ignored,
            Self::Ignored => Self::Smart,
        }
    }

    fn ignores(self, pattern: &str) -> bool {
        match self {
            Self::Smart => !pattern.chars().any(char::is_uppercase),
            Self::Sensitive => false,
            Self::Ignored => true,
        }
    }
}

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The text, or the regular expression.
    pub pattern: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether only whole words count.
    pub whole_word: bool,
    /// When capital and small letters are the same.
    pub case: Case,
}

/// A query that is ready to be looked for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Finder {
    regex: Regex,
    /// Whether `$1` in a replacement means something.
    expands: bool,
}

impl Query {
    /// Makes it ready. `Ok(None)`: there is nothing to look for.
    ///
    /// # Errors
    ///
    /// One sentence without a full stop, if the pattern is no regular expression.
    pub fn compile(&self) -> Result<Option<Finder>, String> {
        if self.pattern.is_empty() {
            return Ok(None);
        }
        let mut pattern = if self.regex {
            self.pattern.clone()
        } else {
            regex::escape(&self.pattern)
        };
        if self.whole_word {
            pattern = format!(r"\b{{start-half}}(?:{pattern})\b{{end-half}}");
        }
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(self.case.ignores(&self.pattern))
            .size_limit(PATTERN_SIZE)
            .build()
            .map_err(|error| explain(&error))?;
        Ok(Some(Finder {
            regex,
            expands: self.regex,
        }))
    }
}

/// The last line of the parser's message says what is wrong; those before draw a picture of it.
fn explain(error: &regex::Error) -> String {
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    let what = last.strip_prefix("error: ").unwrap_or(last);
    match error {
        regex::Error::CompiledTooBig(_) => "This pattern is too large".to_owned(),
        _ => format!("Not a regular expression: {what}"),
    }
}

impl Finder {
    /// Looks through some lines, from the first to the last, until `visit` breaks off.
    fn visit(
        &self,
        rope: &Rope,
        lines: Range<usize>,
        mut visit: impl FnMut(Range<usize>) -> ControlFlow<()>,
    ) {
        let mut text = String::new();
        for index in lines {
            let line = Line::new(rope, index);
            let found = self.visit_part(rope, line.start..line.end, &mut text, &mut visit);
            if found.is_break() {
                return;
            }
        }
    }

    /// Looks through a part of a line. `text` is room to work in.
    fn visit_part(
        &self,
        rope: &Rope,
        chars: Range<usize>,
        text: &mut String,
        visit: &mut impl FnMut(Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        text.clear();
        rope.slice(chars.clone())
            .chunks()
            .for_each(|chunk| text.push_str(chunk));
        let (mut byte, mut position) = (0, chars.start);
        for found in self.regex.find_iter(text) {
            // A pattern that takes nothing, as `x*`, is everywhere; nobody wants to see that.
            if found.is_empty() {
                continue;
            }
            let start = position + text[byte..found.start()].chars().count();
            let end = start + found.as_str().chars().count();
            (byte, position) = (found.end(), end);
            visit(start..end)?;
        }
        ControlFlow::Continue(())
    }

    /// Returns all matches, at most [`MOST_MATCHES`]. O(document).
    pub fn all(&self, rope: &Rope) -> Vec<Range<usize>> {
        let mut matches = Vec::new();
        self.visit(rope, 0..rope.len_lines(), |found| {
            matches.push(found);
            if matches.len() < MOST_MATCHES {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        matches
    }

    /// Returns the matches in a visible part of the text. Of long lines only what is near that part
    /// is looked at; there a match that depends on what stands far away may be missed.
    pub fn within(&self, rope: &Rope, visible: Range<usize>) -> Vec<Range<usize>> {
        let mut matches = Vec::new();
        let mut text = String::new();
        let end = visible.end.min(rope.len_chars());
        let mut position = visible.start.min(end);
        loop {
            let line = Line::at(rope, position);
            let start = line.start.max(visible.start.saturating_sub(AROUND));
            let stop = line.end.min(end.saturating_add(AROUND)).max(start);
            let _ = self.visit_part(rope, start..stop, &mut text, &mut |found| {
                matches.push(found);
                ControlFlow::Continue(())
            });
            if line.next <= position || line.next > end {
                return matches;
            }
            position = line.next;
        }
    }

    /// Returns the first match that starts at or behind a position, looking at no more than about
    /// `reach` characters; at none of a line that is longer than that, nor behind it.
    pub fn next(&self, rope: &Rope, position: usize, reach: usize) -> Option<Range<usize>> {
        let first = rope.char_to_line(position.min(rope.len_chars()));
        let last = rope.char_to_line(position.saturating_add(reach).min(rope.len_chars()));
        let mut found = None;
        for line in first..=last {
            if is_longer(rope, line, reach) {
                return None;
            }
            self.visit(rope, line..line + 1, |range| {
                if range.start < position {
                    return ControlFlow::Continue(());
                }
                found = Some(range);
                ControlFlow::Break(())
            });
            if found.is_some() {
                break;
            }
        }
        found
    }

    /// Returns the next match like [`next`](Self::next), but none that is `taken` (in their order).
    pub fn next_new(
        &self,
        rope: &Rope,
        mut position: usize,
        reach: usize,
        taken: &[Range<usize>],
    ) -> Option<Range<usize>> {
        let end = position.saturating_add(reach);
        loop {
            let found = self.next(rope, position, end.checked_sub(position)?)?;
            let after = taken.partition_point(|range| range.end <= found.start);
            match taken.get(after).filter(|range| range.start < found.end) {
                Some(range) => position = range.end.max(found.start + 1),
                None => return Some(found),
            }
        }
    }

    /// Returns the last match that starts before a position, looking at no more than about `reach`
    /// characters; at none of a line that is longer than that, nor before it.
    pub fn previous(&self, rope: &Rope, position: usize, reach: usize) -> Option<Range<usize>> {
        let position = position.min(rope.len_chars());
        let first = rope.char_to_line(position.saturating_sub(reach));
        let last = rope.char_to_line(position);
        let mut near = (first..=last)
            .rev()
            .take_while(|line| !is_longer(rope, *line, reach));
        near.find_map(|line| {
            let mut found = None;
            self.visit(rope, line..line + 1, |range| {
                if range.start >= position {
                    return ControlFlow::Break(());
                }
                found = Some(range);
                ControlFlow::Continue(())
            });
            found
        })
    }

    /// Returns the edit that replaces one match, or `None` if the range is not a match any more.
    pub fn replace_one(&self, rope: &Rope, range: &Range<usize>, with: &str) -> Option<Delta> {
        let mut delta = None;
        let line = Line::at(rope, range.start);
        self.replacements(rope, line.index..line.index + 1, with, |found, text| {
            if found == *range {
                delta = Some(Delta::replace(found, text));
            }
        });
        delta
    }

    /// Returns the edit that replaces all matches, and how many they are. O(document).
    pub fn replace_all(&self, rope: &Rope, with: &str) -> (Delta, usize) {
        let mut delta = Delta::new();
        let (mut walked, mut count) = (0, 0);
        self.replacements(rope, 0..rope.len_lines(), with, |found, text| {
            let built = std::mem::take(&mut delta);
            delta = built
                .retain(found.start - walked)
                .insert(text)
                .delete(found.len());
            walked = found.end;
            count += 1;
        });
        (delta, count)
    }

    /// Goes through the matches of some lines with what is to take their place.
    fn replacements(
        &self,
        rope: &Rope,
        lines: Range<usize>,
        with: &str,
        mut visit: impl FnMut(Range<usize>, &str),
    ) {
        let mut replacement = String::new();
        for index in lines {
            let line = Line::new(rope, index);
            let text = rope.slice(line.start..line.end).to_string();
            let (mut byte, mut position) = (0, line.start);
            for captures in self.regex.captures_iter(&text) {
                let found = captures.get_match();
                if found.is_empty() {
                    continue;
                }
                let start = position + text[byte..found.start()].chars().count();
                let end = start + found.as_str().chars().count();
                (byte, position) = (found.end(), end);
                replacement.clear();
                if self.expands {
                    captures.expand(with, &mut replacement);
                } else {
                    replacement.push_str(with);
                }
                visit(start..end, &replacement);
            }
        }
    }
}

fn is_longer(rope: &Rope, line: usize, reach: usize) -> bool {
    rope.line_to_char(line + 1) - rope.line_to_char(line) > reach
}

#[cfg(test)]
mod tests;
