//! Conflicts on whole documents: random stories of three people, and real keystrokes.

mod schedules;
mod story;
mod trace;
