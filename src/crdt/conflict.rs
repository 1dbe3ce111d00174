//! Edits made apart that touch the same thought: finding them, keeping them until a person has
//! answered, and answering.
//!
//! Knows Loro and the text, and nothing of who is connected to whom.

mod author;
mod block;
mod compare;
mod detect;
mod keep;
mod live;
mod record;
mod rule;

pub use author::Author;
pub use block::{Block, blocks};
pub use compare::{Clash, CompareError, Compared, Side, compare};
pub use detect::{DetectOptions, Edit, Overlap, TextKind, detect};
pub use keep::{keep, open, repair};
pub use live::PendingEdits;
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
