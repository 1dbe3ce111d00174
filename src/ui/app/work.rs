//! What takes longer than a frame may: handed out as a job, taken back as its outcome.
//!
//! A job is a plain value that owns all it needs (a copy of a rope shares its text), so that it can
//! run on any thread, or at once in a test.

use std::ops::Range;

use ropey::Rope;

use super::{
    App,
    highlighting::{Read, Reading},
};
use crate::{crdt::Delta, ui::text::search::Finder};

/// Something to be done on another thread.
#[derive(Clone, Debug)]
pub enum Job {
    /// Find all matches.
    Find {
        /// What to look for.
        finder: Finder,
        /// Where.
        text: Rope,
        /// Which search this is; comes back in the outcome.
        round: u64,
        /// Which state of the text this is; comes back in the outcome.
        version: u64,
    },
    /// Find a match that is not selected yet, in a circle.
    FindNew {
        /// What to look for.
        finder: Finder,
        /// Where.
        text: Rope,
        /// The position to begin at.
        from: usize,
        /// The matches that are selected, in their order.
        taken: Vec<Range<usize>>,
        /// Which state of the text this is; comes back in the outcome.
        version: u64,
    },
    /// Find out how a part of the text is coloured.
    Highlight(Reading),
    /// Work out the edit that replaces all matches.
    Replace {
        /// What to look for.
        finder: Finder,
        /// Where.
        text: Rope,
        /// What takes the place of each match.
        with: String,
    },
}

/// What became of a job.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// All matches there are, or as many as are counted.
    Found {
        /// Where they are, from the start of the text to its end.
        matches: Vec<Range<usize>>,
        /// Which search it was.
        round: u64,
        /// Which state of the text it was.
        version: u64,
    },
    /// A match that was not selected, if there is one.
    FoundNew {
        /// Where it is.
        found: Option<Range<usize>>,
        /// Which state of the text it was.
        version: u64,
    },
    /// How a part of the text is coloured.
    Highlighted(Read),
    /// An edit for the text that the job was given.
    Replaced {
        /// The edit.
        delta: Delta,
        /// How many matches it replaces.
        count: usize,
    },
}

impl Job {
    /// Does the work. O(document).
    pub fn run(self) -> Outcome {
        match self {
            Self::Find {
                finder,
                text,
                round,
                version,
            } => Outcome::Found {
                matches: finder.all(&text),
                round,
                version,
            },
            Self::FindNew {
                finder,
                text,
                from,
                taken,
                version,
            } => Outcome::FoundNew {
                found: finder
                    .next_new(&text, from, usize::MAX, &taken)
                    .or_else(|| finder.next_new(&text, 0, usize::MAX, &taken)),
                version,
            },
            Self::Highlight(reading) => Outcome::Highlighted(reading.run()),
            Self::Replace { finder, text, with } => {
                let (delta, count) = finder.replace_all(&text, &with);
                Outcome::Replaced { delta, count }
            }
        }
    }
}

impl App {
    pub(super) fn worked(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Found {
                matches,
                round,
                version,
            } => self.counted(matches, round, version),
            Outcome::FoundNew { found, version } => self.found_new(found, version),
            Outcome::Highlighted(read) => self.highlighted(read),
            Outcome::Replaced { delta, count } => self.replaced_all(delta, count),
        }
    }
}
