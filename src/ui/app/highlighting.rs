//! Keeps what is on the screen coloured, with all reading of the language left to [`Job`]s.
//!
//! Colours move with the text at once; a job then looks again at what changed. Where the text above
//! was never read, what is visible is coloured from a guess first, and what is above is read
//! piece by piece until the guess can be replaced.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use ropey::Rope;

use super::{App, Effect, Job, follow::carried};
use crate::{
    crdt::{Bias, Delta},
    ui::{
        text::highlight::{self, Found, Language, Span, State},
        theme::Role,
    },
};

/// Larger texts stay without colours, in bytes.
const LARGEST: usize = 64 << 20;
/// How many lines a job reads at most.
const AT_ONCE: usize = 1_000;
/// How far above what is visible a guess begins.
const GUESS: usize = 100;
/// How many lines above what is visible are read to replace a guess.
const FAR: usize = 100_000;
/// An edit with more parts than this is not followed; its colours come anew.
const MANY: usize = 64;

/// Lines to look at.
#[derive(Clone, Debug)]
pub struct Reading {
    text: Rope,
    /// The file whose name tells the language, as long as that is not known.
    path: PathBuf,
    language: Option<Language>,
    /// The line to start from with the state before it; `None`: the first one, or a guess.
    from: Option<(usize, State)>,
    lines: Range<usize>,
    wanted: Range<usize>,
    is_exact: bool,
}

/// What was seen in them.
#[derive(Clone, Debug)]
pub struct Read {
    language: Option<Language>,
    found: Found,
    /// The characters of the text that was read for which the spans are complete.
    covered: Range<usize>,
    is_exact: bool,
}

impl Reading {
    /// Reads the lines. O(lines), and slow.
    pub(super) fn run(self) -> Read {
        let first = self.text.line(0).chars().take(200).collect::<String>();
        let language = self.language.or_else(|| Language::of(&self.path, &first));
        let found = language.map(|language| {
            let state = self
                .from
                .map_or_else(|| State::start(language), |(_, state)| state);
            highlight::read(&self.text, state, self.lines, &self.wanted)
        });
        let end = self.wanted.end.min(self.text.len_lines());
        let start = self.wanted.start.min(end);
        Read {
            language,
            found: found.unwrap_or_default(),
            covered: self.text.line_to_char(start)..self.text.line_to_char(end),
            is_exact: self.is_exact,
        }
    }
}

/// What is known of the language of the text.
#[derive(Debug, Default)]
pub(super) struct Highlighting {
    is_off: bool,
    /// The name that the language was looked for with.
    path: Option<PathBuf>,
    language: Option<Language>,
    /// Whether a job looked for the language.
    is_known: bool,
    checkpoints: Vec<(usize, State)>,
    spans: Vec<Span>,
    /// The characters whose colours are in `spans`.
    covered: Range<usize>,
    is_exact: bool,
    /// Whether the text changed since it was coloured.
    is_stale: bool,
    /// What was done to the text since a job began, and the first line that was touched.
    running: Option<(Vec<Delta<usize>>, usize)>,
}

impl Highlighting {
    pub(super) fn new(is_on: bool) -> Self {
        Self {
            is_off: !is_on,
            ..Self::default()
        }
    }

    /// Moves the colours with the text, which is the text after the change.
    pub(super) fn follow(&mut self, delta: &Delta, rope: &Rope) {
        let Some(first) = delta.first_changed() else {
            return;
        };
        let line = rope.char_to_line(first.min(rope.len_chars()));
        self.checkpoints
            .retain(|(checkpoint, _)| *checkpoint <= line);
        self.is_stale = true;
        if let Some((since, touched)) = &mut self.running {
            since.push(delta.shape());
            *touched = line.min(*touched);
        }
        let delta = delta.shape();
        self.covered = carried(&self.covered, &delta);
        carry(&mut self.spans, &delta);
    }

    fn take_in(&mut self, mut read: Read) {
        let (since, touched) = self.running.take().unwrap_or((Vec::new(), usize::MAX));
        self.language = read.language;
        self.is_known = true;
        self.is_stale = !since.is_empty();
        for delta in &since {
            read.covered = carried(&read.covered, delta);
            carry(&mut read.found.spans, delta);
        }
        if read.is_exact {
            let known = self.checkpoints.last().map(|(line, _)| *line);
            let new = read.found.checkpoints.into_iter();
            let new = new.filter(|(line, _)| Some(*line) > known && *line <= touched);
            self.checkpoints.extend(new);
        }
        // What was only read to go on from there has no colours.
        if !read.covered.is_empty() {
            self.spans = read.found.spans;
            self.covered = read.covered;
            self.is_exact = read.is_exact;
        }
    }

    /// What a character is in its language.
    fn role_at(&self, position: usize) -> Option<Role> {
        let index = self
            .spans
            .partition_point(|span| span.chars.end <= position);
        let span = self.spans.get(index)?;
        span.chars.contains(&position).then_some(span.role)
    }
}

fn carry(spans: &mut Vec<Span>, delta: &Delta<usize>) {
    if delta.changes().len() > MANY {
        return spans.clear();
    }
    for span in spans.iter_mut() {
        let start = delta.map(span.chars.start, Bias::After);
        span.chars = start..delta.map(span.chars.end, Bias::Before).max(start);
    }
    spans.retain(|span| !span.chars.is_empty());
}

impl App {
    /// What a character is in the language of the text, if that is coloured.
    pub(crate) fn syntax_at(&self, position: usize) -> Option<Role> {
        self.highlighting.role_at(position)
    }

    pub(super) fn toggle_highlighting(&mut self) {
        self.highlighting = Highlighting::new(self.highlighting.is_off);
        self.reply(match self.highlighting.is_off {
            true => "Languages are not coloured",
            false => "Languages are coloured",
        });
    }

    pub(super) fn highlighted(&mut self, read: Read) {
        self.highlighting.take_in(read);
    }

    /// Sees to it that what is visible gets its colours.
    pub(super) fn keep_highlighting(&mut self) {
        if self.highlighting.is_off || self.highlighting.running.is_some() {
            return;
        }
        if self.rope().len_bytes() > LARGEST {
            self.highlighting = Highlighting::new(false);
            return self.reply("This text is too large to be coloured");
        }
        let path = self
            .path
            .clone()
            .unwrap_or_else(|| PathBuf::from(&self.title));
        if self.highlighting.path.as_ref() != Some(&path) {
            self.highlighting = Highlighting::new(true);
            self.highlighting.path = Some(path.clone());
        }
        if self.highlighting.is_known && self.highlighting.language.is_none() {
            return;
        }
        if let Some(reading) = self.next_reading(&path) {
            self.highlighting.running = Some((Vec::new(), usize::MAX));
            self.effects.push(Effect::Work(Job::Highlight(reading)));
        }
    }

    /// What to read next, if anything.
    fn next_reading(&self, path: &Path) -> Option<Reading> {
        let highlighting = &self.highlighting;
        let rows = self.visible_rows();
        let (first, last) = (rows.first()?, rows.last()?);
        let is_covered = highlighting.covered.start <= first.position.start
            && last.end <= highlighting.covered.end;
        if is_covered && !highlighting.is_stale && highlighting.is_exact {
            return None;
        }
        let margin = rows.len();
        let wanted = first.position.line.saturating_sub(margin)..last.position.line + margin + 1;
        let known = highlighting
            .checkpoints
            .partition_point(|(line, _)| *line <= wanted.start);
        let from = known
            .checked_sub(1)
            .map(|index| highlighting.checkpoints[index].clone());
        let start = from.as_ref().map_or(0, |(line, _)| *line);
        let reading =
            |from: Option<(usize, State)>, lines: Range<usize>, wanted, is_exact| Reading {
                text: self.rope().clone(),
                path: path.to_owned(),
                language: highlighting.language,
                from,
                lines,
                wanted,
                is_exact,
            };
        let missing = wanted.start - start;
        if missing <= AT_ONCE {
            return Some(reading(from, start..wanted.end, wanted, true));
        }
        if !is_covered || highlighting.is_stale {
            let guess = wanted.start - GUESS..wanted.end;
            return Some(reading(None, guess, wanted, false));
        }
        // The guess is shown; from here on what is above is read, to replace it.
        (missing <= FAR).then(|| reading(from, start..start + AT_ONCE + 1, 0..0, true))
    }
}
