//! Edits made apart that touch the same thought: finding them, keeping them until a person has
//! answered, and answering.
//!
//! Knows Loro and the text, and nothing of who is connected to whom.
//!
//! # How it goes
//!
//! 1. [`blocks`] tells which operations were made apart: what came in, and what was written here
//!    that its writer did not know.
//! 2. [`compare`] takes a copy of the document to what both sides had, and to what each side had,
//!    and hands the edits to [`detect`], which names the gravest [`Rule`] that holds for each pair
//!    of edits that are near each other.
//! 3. [`keep`] writes what is new into a map of the document, under a name that every replica
//!    comes to by itself.
//! 4. [`settle`] puts an answer's outcome into the text, [`write_answer`] notes it for everybody,
//!    and [`repair`] puts right what two answers at once made of it.
//!
//! What clashes with something that is no replica, such as a file that another program changed, is
//! an [`OutsideClash`]: it is kept and answered like any other.
//!
//! [`PendingEdits`] is the cheap way for people who are connected: it costs a few microseconds,
//! and keeps nothing.
//!
//! # How often a person is asked
//!
//! The keystrokes of two people who wrote a text of 21,000 characters together (26,078 edits),
//! replayed as if they had been apart for so many edits of both, again and again. A card is what
//! is hard or likely.
//!
//! | apart for | merges | hard | likely | soft | cards for each merge |
//! | --- | --- | --- | --- | --- | --- |
//! | 1 (of the first 4,000) | 2,000 | 0.00 | 0.25 | 0.00 | 0.001 |
//! | 10 (of the first 4,000) | 400 | 0.00 | 0.25 | 0.00 | 0.003 |
//! | 60 | 435 | 0.15 | 0.08 | 0.61 | 0.01 |
//! | 600 | 44 | 0.23 | 0.08 | 0.42 | 0.18 |
//!
//! All 16 cards were read. Half of the merges are what nobody meant ("A synopsis of friends for the
//! win...nepic"), and half would do as they are, most of them two sentences that were begun at one
//! place.
//!
//! Grades are counted for 1,000 edits. `CONFLICT_TRANSACTIONS=30000 CONFLICT_APART="60 600" cargo
//! test --test conflicts trace -- --nocapture` counts again (with `4000` and `"1 10"` for the first
//! two rows), and prints the cards with `CONFLICT_CARDS=1`. Whole lines that both add at one place
//! are soft for this reason: they are what people do to lists all the time, and the merge has both.

mod author;
mod block;
mod compare;
mod detect;
mod keep;
mod live;
mod outside;
mod record;
mod rule;

pub use author::{Author, DISK};
pub use block::{Block, blocks};
pub use compare::{Clash, CompareError, Compared, Side, compare};
pub use detect::{DetectOptions, Edit, Overlap, TextKind, detect};
pub use keep::{keep, open, repair};
pub use live::PendingEdits;
pub use outside::OutsideClash;
pub use record::{
    CONTAINER, Choice, ConflictAnswer, ConflictContent, ConflictId, ConflictPlace, ConflictRecord,
    ConflictSide, ConflictState, InvalidConflictId, is_known, read, replacement, settle, write,
    write_answer,
};
pub use rule::{Grade, Grades, RULES, Rule, RuleInfo};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
