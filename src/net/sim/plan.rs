//! Plans: everything that happens in one run, so that a run that failed can be repeated.
//!
//! A plan comes from a seed, and is also a text with one step per line, which can be stored,
//! shortened by hand and read again.

mod run;
mod text;

use rand::{RngExt, SeedableRng, rngs::StdRng};

pub use run::Report;

/// How the sites find each other at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Everybody asks for the first one.
    Star,
    /// Each asks for the one before it.
    Line,
}

/// One thing that happens. Sites are numbered; numbers beyond the last start again at the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A site writes a word at a place, in thousandths of its text.
    Insert {
        /// Who writes.
        site: u32,
        /// Where, in thousandths.
        place: u32,
        /// The number of the word.
        word: u32,
    },
    /// A site takes some characters out.
    Delete {
        /// Who deletes.
        site: u32,
        /// Where, in thousandths.
        place: u32,
        /// How many characters.
        count: u32,
    },
    /// Time passes.
    Wait {
        /// How much.
        milliseconds: u32,
    },
    /// The connection between two sites is lost.
    Cut {
        /// One.
        site: u32,
        /// The other.
        other: u32,
    },
    /// A site dials another anew, although a connection stands.
    Double {
        /// One.
        site: u32,
        /// The other.
        other: u32,
    },
    /// Nothing passes between two sites and all others.
    Part {
        /// One.
        site: u32,
        /// The other.
        other: u32,
    },
    /// Everything passes again.
    Heal,
    /// A site stops to read.
    Slow {
        /// Which.
        site: u32,
    },
    /// A site reads again.
    Read {
        /// Which.
        site: u32,
    },
    /// A machine is suspended.
    Sleep {
        /// Whose.
        site: u32,
    },
    /// A machine wakes up.
    Wake {
        /// Whose.
        site: u32,
    },
    /// A clock jumps ahead.
    Jump {
        /// Whose.
        site: u32,
        /// By how much.
        seconds: u32,
    },
    /// A site says goodbye and ends.
    Leave {
        /// Who.
        site: u32,
    },
    /// A process dies.
    Crash {
        /// Whose.
        site: u32,
    },
    /// A process starts from what was journaled.
    Restart {
        /// Whose.
        site: u32,
        /// How many of its own last operations were not.
        torn: u32,
    },
    /// A site closes all connections.
    Offline {
        /// Which.
        site: u32,
    },
    /// A site connects again.
    Online {
        /// Which.
        site: u32,
    },
}

/// A mistake that is made on purpose, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// What a peer sent is not passed on.
    DropRelay,
    /// Heartbeats with another digest are ignored.
    SkipRepair,
    /// What is imported is applied twice to the text that an editor shows.
    ApplyTwice,
    /// A restarted process writes under the Loro peer id of the one before.
    ReusePeerId,
    /// A peer that reads too slowly is not marked as needing a sync.
    ForgetSlowReader,
}

impl Mischief {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DropRelay,
        Self::SkipRepair,
        Self::ApplyTwice,
        Self::ReusePeerId,
        Self::ForgetSlowReader,
    ];
}

/// Everything that happens in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decides about delays and about everything that the sites leave to chance.
    pub seed: u64,
    /// How many sites there are.
    pub sites: u32,
    /// With how many introduced peers each connects by itself.
    pub degree: u32,
    /// Whom they ask for.
    pub shape: Shape,
    /// The longest delay of a message, in milliseconds.
    pub slowest: u32,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Makes the plan of a seed, with 3 to 5 sites.
    pub fn random(seed: u64, steps: usize) -> Self {
        let random = &mut StdRng::seed_from_u64(seed);
        let sites = random.random_range(3..=5);
        Self::with_sites(seed, sites, steps)
    }

    /// Makes the plan of a seed, with so many sites.
    pub fn with_sites(seed: u64, sites: u32, steps: usize) -> Self {
        let random = &mut StdRng::seed_from_u64(!seed);
        let shape = if random.random_bool(0.5) {
            Shape::Star
        } else {
            Shape::Line
        };
        let degree = [0, 0, 2, 32][random.random_range(0..4)];
        Self {
            seed,
            sites,
            degree,
            shape,
            slowest: random.random_range(5..400),
            steps: random_steps(sites, steps, random),
        }
    }
}

/// Each restart adds a writer to the document, and what it costs Loro to import something that was
/// written at the same time as other things grows with the writers times the edits. No document
/// lives through thousands of processes in an hour: in long plans they die more rarely.
const RESTARTS: usize = 40;

fn random_steps(sites: u32, count: usize, random: &mut StdRng) -> Vec<Step> {
    let mut steps = Vec::with_capacity(count);
    // Two steps of a hundred are restarts.
    let kept = (RESTARTS as f64 * 50.0 / count.max(1) as f64).min(1.0);
    while steps.len() < count {
        let step = random_step(sites, random);
        let ends = matches!(
            step,
            Step::Crash { .. } | Step::Leave { .. } | Step::Restart { .. }
        );
        if !ends || random.random_bool(kept) {
            steps.push(step);
        }
    }
    steps
}

fn random_step(sites: u32, random: &mut StdRng) -> Step {
    let site = random.random_range(0..sites);
    let other = random.random_range(0..sites);
    let place = random.random_range(0..=1000);
    match random.random_range(0..200) {
        0..75 => Step::Insert {
            site,
            place,
            word: random.random_range(0..8),
        },
        75..105 => Step::Delete {
            site,
            place,
            count: random.random_range(1..6),
        },
        105..165 => Step::Wait {
            milliseconds: random.random_range(0..1_500),
        },
        165..171 => Step::Cut { site, other },
        171..173 => Step::Double { site, other },
        173..177 => Step::Part { site, other },
        177..181 => Step::Heal,
        181..183 => Step::Slow { site },
        183..186 => Step::Read { site },
        186..187 => Step::Sleep { site },
        187..189 => Step::Wake { site },
        189..190 => Step::Jump {
            site,
            seconds: random.random_range(1..600),
        },
        190..191 => Step::Leave { site },
        191..193 => Step::Crash { site },
        193..197 => Step::Restart {
            site,
            torn: [0, 0, 3, 20][random.random_range(0..4)],
        },
        197..198 => Step::Offline { site },
        _ => Step::Online { site },
    }
}
