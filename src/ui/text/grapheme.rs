//! Grapheme clusters: what a person takes for one character.
//!
//! A rope's text is not in one piece, and a line may be megabytes long. So clusters are looked for
//! within *stretches*, pieces of text between two places where a boundary is certain whatever
//! stands around them; nearly always a stretch is a single character. And lines are divided into
//! *segments* of about [`SEGMENT`] characters, so that even a line without a certain boundary costs
//! no more than one segment.

use std::ops::Range;

use ropey::{Rope, iter::Chars};
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// The length of a segment in characters, give or take a few dozen.
pub const SEGMENT: usize = 4096;

/// How many characters a segment may be longer, in search of a good place to end.
const SLACK: usize = 64;

/// How many characters of a stretch are read at once; flags behind each other have no certain
/// boundary, and a row shows but a few of them.
const PIECE: usize = 32;

/// The extent of a line, in characters of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the line, counted from 0.
    pub index: usize,
    /// Where it starts.
    pub start: usize,
    /// Where its text ends, before `\n` or `\r\n`.
    pub end: usize,
    /// Where the next line starts, or the end of the document.
    pub next: usize,
}

impl Line {
    /// Returns the line with a number; the last one if there are fewer.
    pub fn new(rope: &Rope, index: usize) -> Self {
        let index = index.min(rope.len_lines() - 1);
        let start = rope.line_to_char(index);
        let next = rope.line_to_char(index + 1);
        let mut before = rope.chars_at(next);
        let mut end = next;
        if next > start && before.prev() == Some('\n') {
            end -= 1;
            if end > start && before.prev() == Some('\r') {
                end -= 1;
            }
        }
        Self {
            index,
            start,
            end,
            next,
        }
    }

    /// Returns the line that a position is in; positions behind the document count as its end.
    pub fn at(rope: &Rope, position: usize) -> Self {
        Self::new(rope, rope.char_to_line(position.min(rope.len_chars())))
    }

    /// Returns the segment that a position is in. The end of the line is in the last one.
    pub fn segment_at(&self, rope: &Rope, position: usize) -> Range<usize> {
        let position = position.clamp(self.start, self.end);
        let index = (position - self.start) / SEGMENT;
        let start = self.segment_start(rope, index);
        match start.filter(|start| *start <= position) {
            Some(start) => start..self.segment_start(rope, index + 1).unwrap_or(self.end),
            None => {
                let before = index.checked_sub(1);
                let before = before.and_then(|index| self.segment_start(rope, index));
                before.unwrap_or(self.start)..start.unwrap_or(self.end)
            }
        }
    }

    /// Returns where a segment starts: at the first certain boundary, better still one behind white
    /// space, at or after a multiple of [`SEGMENT`]. `None` if the line ends before.
    fn segment_start(&self, rope: &Rope, index: usize) -> Option<usize> {
        if index == 0 {
            return Some(self.start);
        }
        let nominal = self.start + index * SEGMENT;
        if nominal >= self.end {
            return None;
        }
        let limit = self.end.min(nominal + SLACK);
        let mut chars = rope.chars_at(nominal - 1);
        let mut before = chars.next()?;
        let mut found = None;
        for (position, after) in (nominal..limit).zip(chars) {
            if is_certain_boundary(before, after) {
                if before.is_whitespace() {
                    return Some(position);
                }
                found = found.or(Some(position));
            }
            before = after;
        }
        // A cluster that goes on and on is cut; a short rest stays with the segment before.
        let cut = (limit < self.end).then_some(nominal);
        found.or(cut)
    }
}

/// Whether clusters always divide between these two characters, whatever stands around them.
fn is_certain_boundary(before: char, after: char) -> bool {
    if is_plain(before) && is_plain(after) {
        return true;
    }
    // A letter is put in front: if the first character joins it, it is a mark or a joiner, and
    // what comes before it has a say.
    let mut bytes = [b'a'; 9];
    let middle = 1 + before.encode_utf8(&mut bytes[1..]).len();
    let length = middle + after.encode_utf8(&mut bytes[middle..]).len();
    let Ok(text) = std::str::from_utf8(&bytes[..length]) else {
        return false;
    };
    is_boundary(text, 1) && is_boundary(text, middle)
}

fn is_boundary(text: &str, offset: usize) -> bool {
    GraphemeCursor::new(offset, text.len(), true)
        .is_boundary(text, 0)
        .unwrap_or(false)
}

/// Characters that never join with another of their kind. The ranges are not all there are, but
/// most of what is written.
fn is_plain(character: char) -> bool {
    matches!(character,
        ' '..='~'
        | '\u{c0}'..='\u{2ff}'     // Latin
        | '\u{370}'..='\u{482}'    // Greek and Cyrillic
        | '\u{48a}'..='\u{52f}'    // Cyrillic
        | '\u{3041}'..='\u{3096}'  // Hiragana
        | '\u{30a1}'..='\u{30fa}'  // Katakana
        | '\u{4e00}'..='\u{9fff}'  // Han
    )
}

/// One grapheme cluster of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grapheme<'a> {
    /// Where it is.
    pub chars: Range<usize>,
    /// Its text.
    pub text: &'a str,
}

/// A walk over the clusters of a part of a line. It lends each cluster, so that walking allocates
/// nothing.
pub struct Graphemes<'a> {
    chars: Chars<'a>,
    /// A character that was read but belongs to the next stretch.
    ahead: Option<char>,
    /// Where the next character to read from `chars` is.
    position: usize,
    end: usize,
    stretch: String,
    /// Whether the stretch goes on behind what was read of it.
    is_open: bool,
    /// How many bytes of the stretch have been handed out, and where the rest of it is.
    taken: usize,
    next: usize,
}

impl<'a> Graphemes<'a> {
    /// Starts a walk. The range must start at a cluster's start and lie within one segment.
    pub fn new(rope: &'a Rope, range: Range<usize>) -> Self {
        let end = range.end.min(rope.len_chars());
        let start = range.start.min(end);
        Self {
            chars: rope.chars_at(start),
            ahead: None,
            position: start,
            end,
            stretch: String::new(),
            is_open: false,
            taken: 0,
            next: start,
        }
    }

    /// Returns the next cluster.
    #[allow(clippy::should_implement_trait)] // It lends; an iterator cannot.
    pub fn next(&mut self) -> Option<Grapheme<'_>> {
        if self.taken == self.stretch.len() && !self.is_open && self.take_plain() {
            let start = self.next;
            self.next += 1;
            return Some(Grapheme {
                chars: start..self.next,
                text: &self.stretch,
            });
        }
        let length = loop {
            let rest = &self.stretch[self.taken..];
            let length = match rest.len() {
                0 | 1 => rest.len(),
                _ => rest.graphemes(true).next().map_or(0, str::len),
            };
            // The last cluster of what was read may go on.
            if length > 0 && !(self.is_open && length == rest.len()) {
                break length;
            }
            if length == 0 && !self.start_stretch() {
                return None;
            }
            self.read_stretch();
        };
        let text = &self.stretch[self.taken..self.taken + length];
        let start = self.next;
        self.taken += length;
        self.next += text.chars().count();
        Some(Grapheme {
            chars: start..self.next,
            text,
        })
    }

    /// Hands out the next character if it is a cluster by itself, as nearly all are, without a look
    /// at tables. Otherwise nothing has happened.
    fn take_plain(&mut self) -> bool {
        let Some(first) = self.ahead.take().or_else(|| self.read_char()) else {
            return false;
        };
        let after = self.read_char();
        let is_alone = after.is_none_or(|after| is_plain(first) && is_plain(after));
        if is_alone {
            self.stretch.clear();
            self.stretch.push(first);
            self.taken = self.stretch.len();
            self.ahead = after;
            return true;
        }
        // Two characters cannot be put back: the walk over the text steps back instead.
        if after.is_some() {
            self.chars.prev();
            self.position -= 1;
        }
        self.ahead = Some(first);
        false
    }

    fn read_char(&mut self) -> Option<char> {
        if self.position == self.end {
            return None;
        }
        self.position += 1;
        self.chars.next()
    }

    /// Begins a stretch with its first character, or returns false at the end.
    fn start_stretch(&mut self) -> bool {
        self.stretch.clear();
        self.taken = 0;
        let first = self.ahead.take().or_else(|| self.read_char());
        self.stretch.extend(first);
        first.is_some()
    }

    /// Reads on to the end of the stretch, or another piece of it: as much again as there is, so
    /// that also an endless cluster is looked at only a few times.
    fn read_stretch(&mut self) {
        self.stretch.drain(..self.taken);
        self.taken = 0;
        let Some(mut before) = self.stretch.chars().next_back() else {
            return;
        };
        self.is_open = false;
        for _ in 0..PIECE.max(self.stretch.len()) {
            let Some(after) = self.read_char() else {
                return;
            };
            if is_certain_boundary(before, after) {
                self.ahead = Some(after);
                return;
            }
            self.stretch.push(after);
            before = after;
        }
        self.is_open = true;
    }
}

/// Returns the nearest cluster start at or before a position. Between `\r` and `\n` that is the end
/// of the line's text.
pub fn floor(rope: &Rope, position: usize) -> usize {
    let line = Line::at(rope, position);
    let position = position.min(line.next);
    if position >= line.end {
        return if position == line.next {
            position
        } else {
            line.end
        };
    }
    cluster_at(rope, &line, position).start
}

/// Returns the cluster that the character at a position before the line's end belongs to.
pub fn cluster_at(rope: &Rope, line: &Line, position: usize) -> Range<usize> {
    let segment = line.segment_at(rope, position);
    let mut start = position.clamp(segment.start, segment.end);
    let mut chars = rope.chars_at(start);
    let mut after = chars.next();
    // `next` moved behind the character; step back over it once.
    if after.is_some() {
        chars.prev();
    }
    while start > segment.start {
        let (Some(before), Some(following)) = (chars.prev(), after) else {
            break;
        };
        if is_certain_boundary(before, following) {
            break;
        }
        start -= 1;
        after = Some(before);
    }
    let mut walk = Graphemes::new(rope, start..segment.end);
    while let Some(cluster) = walk.next() {
        if cluster.chars.end > position {
            return cluster.chars;
        }
    }
    segment.end..segment.end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::text::samples::{mixed_line, monotonous_line};

    /// What the segmentation says of the whole line at once.
    fn naive(text: &str) -> Vec<Range<usize>> {
        let mut position = 0;
        let ranges = text.graphemes(true).map(|cluster| {
            let start = position;
            position += cluster.chars().count();
            start..position
        });
        ranges.collect()
    }

    /// All clusters of a line, segment after segment.
    fn walked(rope: &Rope, line: &Line) -> Vec<(Range<usize>, String)> {
        let mut clusters = Vec::new();
        let mut position = line.start;
        while position < line.end {
            let segment = line.segment_at(rope, position);
            assert_eq!(segment.start, position, "segments do not tile the line");
            assert!(segment.len() <= SEGMENT + 2 * SLACK && !segment.is_empty());
            let mut walk = Graphemes::new(rope, segment.clone());
            while let Some(cluster) = walk.next() {
                clusters.push((cluster.chars.clone(), cluster.text.to_owned()));
            }
            position = segment.end;
        }
        clusters
    }

    #[test]
    fn lines_end_before_their_line_feed() {
        let rope = Rope::from_str("ab\r\ncd\n\r\n\r\r\ne\r");
        let expected = [(0, 2, 4), (4, 6, 7), (7, 7, 9), (9, 10, 12), (12, 14, 14)];
        for (index, (start, end, next)) in expected.into_iter().enumerate() {
            let line = Line::new(&rope, index);
            assert_eq!(
                (line.start, line.end, line.next),
                (start, end, next),
                "line {index}"
            );
            assert_eq!(Line::at(&rope, start), line);
        }
        assert_eq!(Line::at(&rope, 999).index, 4);
        let empty = Rope::new();
        assert_eq!(
            Line::at(&empty, 5),
            Line {
                index: 0,
                start: 0,
                end: 0,
                next: 0
            }
        );
    }

    #[test]
    fn a_caret_is_never_between_the_parts_of_a_line_end() {
        let rope = Rope::from_str("ab\r\ncd");
        assert_eq!(floor(&rope, 3), 2);
        assert_eq!(floor(&rope, 4), 4);
        assert_eq!(floor(&rope, 2), 2);
        assert_eq!(floor(&rope, 99), 6);
    }

    #[test]
    fn an_endless_cluster_is_cut_into_segments() {
        let mut text = String::from("a");
        text.extend(std::iter::repeat_n('\u{301}', 3 * SEGMENT));
        let rope = Rope::from_str(&text);
        let clusters = walked(&rope, &Line::new(&rope, 0));
        assert_eq!(clusters.len(), 3);
        assert_eq!(clusters[0].0, 0..SEGMENT);
    }

    #[test]
    fn certain_boundaries_are_certain() {
        // Every pair out of a set with all classes, with every context of up to two of them.
        let set = [
            'a', ' ', '\u{301}', '\u{200d}', '👩', '🇩', '각', 'ᄀ', 'ᅡ', 'ᆨ', '\u{600}', 'क',
            '\u{94d}', '\u{903}', '\r', '漢', '\u{fe0f}',
        ];
        for before in set {
            for after in set {
                if !is_certain_boundary(before, after) {
                    continue;
                }
                for first in set {
                    for second in set {
                        let text: String = [first, second, before, after].iter().collect();
                        let middle = text.len() - after.len_utf8();
                        assert!(is_boundary(&text, middle), "{text:?} does not divide");
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn clusters_are_those_of_the_whole_line(text in mixed_line(60)) {
            let rope = Rope::from_str(&text);
            let line = Line::new(&rope, 0);
            let found: Vec<_> = walked(&rope, &line).into_iter().map(|(range, _)| range).collect();
            prop_assert_eq!(&found, &naive(&text));
            for cluster in &found {
                for position in cluster.clone() {
                    prop_assert_eq!(cluster_at(&rope, &line, position), cluster.clone());
                    prop_assert_eq!(floor(&rope, position), cluster.start);
                }
            }
        }

    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn long_lines_too(text in monotonous_line(), copies in 300usize..1500) {
            // The chunks of the rope end wherever they end: also within a cluster.
            let text = text.repeat(copies);
            let rope = Rope::from_str(&text);
            let line = Line::new(&rope, 0);
            let clusters = walked(&rope, &line);
            let joined: String = clusters.iter().map(|(_, text)| text.as_str()).collect();
            prop_assert_eq!(joined, &*text);
            let found: Vec<_> = clusters.into_iter().map(|(range, _)| range).collect();
            prop_assert_eq!(found, naive(&text));
        }
    }
}
