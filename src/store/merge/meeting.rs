//! Two ways that part from one text: what another program made of a file, and what became of the
//! document meanwhile.
//!
//! Both are carried over one another, so that each edit of anyone is in the outcome. Where they
//! touch one another a person has to look; what the person can choose is worked out here too. Pure:
//! knows no file and no screen.

use std::{collections::HashMap, ops::Range};

use ropey::Rope;

use super::{
    difference,
    hunk::{Hunk, delta_of, hunks},
    trail::Trail,
};
use crate::crdt::{
    Bias, Delta,
    conflict::{DetectOptions, Edit, Grade, Rule, detect},
};

/// Texts of the recent past that a file is compared with at most, when another copad of the same
/// document may have written it,
const CANDIDATES: usize = 16;
/// and bytes that are compared for that at most. Two texts are compared in any case.
const COMPARED: usize = 4_000_000;
/// Characters on each side of a change that may be part of its word.
const WORD: usize = 64;
/// Places that are shown to a person at most.
const SHOWN: usize = 50;
/// Characters of each side that are shown to a person at most.
const SHOWN_CHARACTERS: usize = 400;
/// Characters of all texts of a crossing together. What is longer is no longer one thought.
const CROSSING: usize = 20_000;

/// What can be made of a file that somebody changed and a document that changed as well.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Both changes are in.
    pub merge: Outcome,
    /// The document stays as it is; saving replaces what the other program wrote.
    pub keep: Outcome,
    /// The document becomes what the file holds.
    pub take: Outcome,
    /// Where both changed the same place, in the order of the text.
    pub clashes: Vec<Clash>,
    /// Where both changed the same thought, in the order of the text: what a person may want to
    /// look at once both changes are in.
    pub crossings: Vec<Crossing>,
}

/// A place that both changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The line in the document, from 1.
    pub line: usize,
    /// Its lines in the document, without the last line end.
    pub mine: String,
    /// Its lines in the file, without the last line end.
    pub file: String,
}

/// A thought that both changed: a word, a sentence or a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Why a person may want to look.
    pub rule: Rule,
    /// How grave that is.
    pub grade: Grade,
    /// Where it is in the document, in characters, before anything is made of the file.
    pub range: Range<usize>,
    /// What both started from.
    pub before: String,
    /// What it is in the document.
    pub mine: String,
    /// What it is in the file.
    pub file: String,
    /// A character in the document that was put in there since, if one was.
    pub written: Option<usize>,
}

/// One way to go on.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What has to be done to the document.
    pub edit: Delta,
    /// What leads from the file's text to the document's after that: what is not saved.
    pub rest: Delta<usize>,
}

impl Outcome {
    /// Carries it over a change that the document went through meanwhile.
    pub fn carry(&mut self, over: &Delta<usize>) {
        let later = over.transform(&self.edit, Bias::After);
        self.edit = self.edit.transform(over, Bias::Before);
        self.rest = self.rest.compose(&later);
    }
}

/// Compares what a file holds now with the text `now`, to which the trail leads. `shared` says
/// whether others have the same document, and so may have written the file; `options`, what counts
/// as one thought.
pub fn meet(
    trail: &Trail,
    now: &Rope,
    file: &str,
    shared: bool,
    options: &DetectOptions,
) -> Meeting {
    let parting = Parting::find(trail, now, file, shared);
    let Parting { base, change, ours } = &parting;
    Meeting {
        merge: Outcome {
            edit: change.transform(ours, Bias::Before),
            rest: ours.transform(change, Bias::After),
        },
        keep: Outcome {
            edit: Delta::new(),
            rest: change.invert(base).shape().compose(ours),
        },
        take: Outcome {
            edit: ours.invert(base).compose(change),
            rest: Delta::default(),
        },
        clashes: parting.clashes(now),
        crossings: parting.crossings(now, options),
    }
}

/// Two ways from one text.
struct Parting {
    base: Rope,
    /// To what is in the file.
    change: Delta,
    /// To what is in the document.
    ours: Delta<usize>,
}

impl Parting {
    /// Finds the text that the file's came from: what was last known to be in the file, unless the
    /// file holds a later text of the document itself.
    fn find(trail: &Trail, now: &Rope, file: &str, shared: bool) -> Self {
        let steps = trail.recent().iter().enumerate().rev();
        let texts: Vec<(usize, &Rope)> = steps
            .filter_map(|(index, step)| Some((index, step.after.as_ref()?)))
            .collect();
        let is_it = |text: &Rope| text.len_bytes() == file.len() && *text == file;
        let from = |index: usize, text: &Rope, change: Delta| Self {
            base: text.clone(),
            change,
            ours: trail.behind(index),
        };
        if let Some((index, text)) = texts.iter().find(|(_, text)| is_it(text)) {
            return from(*index, text, Delta::new());
        }
        if shared {
            // A replica of the document that had not all of ours yet, or more than we had then:
            // whatever is in the file besides one of our texts, others must have put in since.
            let length = file.chars().count();
            let mut candidates = texts;
            candidates.retain(|(_, text)| text.len_chars() <= length);
            candidates.sort_by_key(|(_, text)| length - text.len_chars());
            candidates.truncate((COMPARED / file.len().max(1)).clamp(2, CANDIDATES));
            for (index, text) in candidates {
                let change = difference(&text.to_string(), file);
                let parting = from(index, text, change).without_common(now, shared);
                if parting.change.is_empty() {
                    return parting;
                }
            }
        }
        let base = trail.base().clone();
        let parting = Self {
            change: difference(&base.to_string(), file),
            base,
            ours: trail.whole(),
        };
        parting.without_common(now, shared)
    }

    /// Moves the parting behind what both did alike, so that it is not done twice.
    fn without_common(self, now: &Rope, shared: bool) -> Self {
        let our_hunks = hunks(&self.ours);
        let places: HashMap<(usize, usize), usize> = our_hunks
            .iter()
            .enumerate()
            .map(|(index, hunk)| ((hunk.start, hunk.deleted), index))
            .collect();
        let (mut common, mut theirs) = (Vec::new(), Vec::new());
        // What else we put in at a common place: before it and behind it.
        let mut around = HashMap::new();
        for hunk in hunks(&self.change) {
            let ours = places.get(&(hunk.start, hunk.deleted)).copied();
            let inside = ours.and_then(|index| {
                let inserted = our_hunks[index].inserted.unwrap_or_default();
                let start = self.ours.map(hunk.start, Bias::Before);
                let text = now.slice(start..start + inserted).to_string();
                Some((index, hunk.found_in(&text, shared)?))
            });
            match inside {
                Some((index, before)) => {
                    let length = hunk.inserted_length();
                    let inserted = our_hunks[index].inserted_length();
                    around.insert(index, (before, length, inserted - before - length));
                    common.push(hunk);
                }
                None => theirs.push(hunk),
            }
        }
        if common.is_empty() {
            return self;
        }
        let common = delta_of(common);
        let (mut extra, mut rest) = (Vec::new(), Vec::new());
        for (index, hunk) in our_hunks.into_iter().enumerate() {
            let Some(&(before, length, behind)) = around.get(&index) else {
                rest.push(hunk);
                continue;
            };
            let start = common.map(hunk.start, Bias::Before);
            extra.extend(Hunk::insertion(start, before));
            extra.extend(Hunk::insertion(start + length, behind));
        }
        let extra = delta_of(extra);
        let rest = delta_of(rest).transform(&common, Bias::Before);
        let mut base = self.base;
        common.apply(&mut base);
        Self {
            base,
            change: delta_of(theirs).transform(&common, Bias::Before),
            ours: extra.compose(&rest.transform(&extra, Bias::Before)),
        }
    }

    /// Finds where both touched the same place and it matters: one took text away that the other
    /// put text into or next to, or both put something else in its place.
    fn clashes(&self, now: &Rope) -> Vec<Clash> {
        let ours = hunks(&self.ours);
        let mut clashes: Vec<Clash> = Vec::new();
        let mut file = self.base.clone();
        self.change.apply(&mut file);
        let mut shown_to = 0;
        for theirs in hunks(&self.change) {
            let (start, end) = self.word_around(&theirs);
            let first = ours.partition_point(|hunk| hunk.end() < start);
            let touching = ours[first..].iter().take_while(|hunk| hunk.start <= end);
            let deletes = theirs.deleted > 0;
            let inserts = theirs.inserted.is_some();
            let clash = { touching }
                .any(|hunk| (deletes || hunk.deleted > 0) && (inserts || hunk.inserted.is_some()));
            // Several changes of one line are shown once.
            if clash && (clashes.is_empty() || theirs.start >= shown_to) {
                let lines = self.lines_around(start, end);
                shown_to = lines.1 + 1;
                clashes.push(self.clash(lines, now, &file));
            }
            if clashes.len() == SHOWN {
                break;
            }
        }
        clashes
    }

    /// Finds the thoughts that both changed.
    fn crossings(&self, now: &Rope, options: &DetectOptions) -> Vec<Crossing> {
        if self.change.is_empty() || self.ours.is_empty() {
            return Vec::new();
        }
        let place = |hunk: &Hunk<usize>| self.ours.map(hunk.start, Bias::Before);
        let hunks = hunks(&self.ours);
        let ours: Vec<Edit> = hunks
            .iter()
            .map(|hunk| Edit {
                range: hunk.start..hunk.end(),
                inserted: text_of(now, place(hunk)..place(hunk) + hunk.inserted_length()),
                author: 0,
                time: 0,
            })
            .collect();
        let theirs = Edit::all_of(&self.change, 1, 0);
        let mut file = self.base.clone();
        self.change.apply(&mut file);
        let found = detect(&self.base, &ours, &theirs, options).into_iter();
        found
            .map(|overlap| {
                let stretch = |start, end: usize| start..end.max(start);
                let Range { start, end } = overlap.range;
                let range = stretch(
                    self.ours.map(start, Bias::Before),
                    self.ours.map(end, Bias::After),
                );
                let in_file = stretch(
                    self.change.map(start, Bias::Before),
                    self.change.map(end, Bias::After),
                );
                let mut touched = overlap.left.iter().filter_map(|index| hunks.get(*index));
                Crossing {
                    rule: overlap.rule,
                    grade: overlap.grade,
                    before: text_of(&self.base, start..end),
                    mine: text_of(now, range.clone()),
                    file: text_of(&file, in_file),
                    written: touched.find(|hunk| hunk.inserted.is_some()).map(place),
                    range,
                }
            })
            .filter(|crossing| {
                let texts = [&crossing.before, &crossing.mine, &crossing.file];
                texts.iter().map(|text| text.len()).sum::<usize>() <= CROSSING
            })
            .collect()
    }

    /// The stretch of a change, with the word that it takes something of.
    fn word_around(&self, hunk: &Hunk<String>) -> (usize, usize) {
        let (mut start, mut end) = (hunk.start, hunk.end());
        if hunk.deleted == 0 {
            return (start, end);
        }
        let in_word = |index: usize| {
            let character = self.base.get_char(index);
            character.is_some_and(char::is_alphanumeric)
        };
        let (earliest, latest) = (start.saturating_sub(WORD), end + WORD);
        while start > earliest && in_word(start) && in_word(start - 1) {
            start -= 1;
        }
        while end < latest && in_word(end - 1) && in_word(end) {
            end += 1;
        }
        (start, end)
    }

    /// The lines of the common text that a stretch lies in, without the last line end.
    fn lines_around(&self, start: usize, end: usize) -> (usize, usize) {
        // A line that goes with its end does not take the next one with it.
        let inside = end.saturating_sub(1).max(start);
        let (first, last) = (
            self.base.char_to_line(start),
            self.base.char_to_line(inside),
        );
        let next = self
            .base
            .line_to_char((last + 1).min(self.base.len_lines()));
        let ended = next > inside && self.base.get_char(next - 1) == Some('\n');
        (self.base.line_to_char(first), next - usize::from(ended))
    }

    fn clash(&self, (start, end): (usize, usize), now: &Rope, file: &Rope) -> Clash {
        let line_of = |rope: &Rope, at: usize| rope.line_to_char(rope.char_to_line(at));
        // Lines put in before are not part of it, but what was put in before in the same line is.
        let mine = line_of(now, self.ours.map(start, Bias::After));
        let theirs = line_of(file, self.change.map(start, Bias::After));
        let text = |rope: &Rope, start: usize, end: usize| {
            let text = rope.slice(start..end.max(start));
            text.chars().take(SHOWN_CHARACTERS).collect()
        };
        Clash {
            line: now.char_to_line(mine) + 1,
            mine: text(now, mine, self.ours.map(end, Bias::After)),
            file: text(file, theirs, self.change.map(end, Bias::After)),
        }
    }
}

fn text_of(rope: &Rope, range: Range<usize>) -> String {
    rope.slice(range).to_string()
}

#[cfg(test)]
mod tests;
