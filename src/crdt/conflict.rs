//! Edits made apart that touch the same thought: finding them, keeping them until a person has
//! answered, and answering.
//!
//! Knows Loro and the text, and nothing of who is connected to whom.

mod detect;
mod rule;

pub use detect::{DetectOptions, Edit, Overlap, TextKind, detect};
pub use rule::{Grade, Grades, RULES, Rule, RuleInfo};
