//! What is remembered of the file between two events.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use ropey::Rope;

use super::event::{FileChange, FileOnDisk};
use crate::{
    crdt::Delta,
    store::{ContentHash, Trail},
};

/// What is known of the file, and what is under way with it.
pub(super) struct FileState {
    /// Of what it holds, as far as we know; of nothing if it is not there.
    pub(super) hash: ContentHash,
    pub(super) exists: bool,
    /// What happened to the text since it was like that.
    pub(super) trail: Trail,
    /// Whether a peer's document must come before the text has to do with the file.
    pub(super) waits: bool,
    /// Whether it may hold what was taken in before the end of the last session, and was not
    /// recorded as such.
    pub(super) reopened: bool,
    /// Whether somebody looks at it right now, and whether to look once more then.
    pub(super) looking: bool,
    pub(super) look_again: bool,
    /// Whether the person wants the text that it holds.
    pub(super) reload: Reload,
    /// When it is our turn to look.
    pub(super) turn: Option<Duration>,
    /// Texts on their way to the disk; they arrive in this order.
    pub(super) saving: VecDeque<Saving>,
    /// A save gave way to another program, and goes on once its change is taken in.
    pub(super) retry: Option<Retry>,
    /// Saves in a row that gave way.
    pub(super) yields: u8,
    /// What is wrong with it; said once.
    pub(super) trouble: Option<Trouble>,
    pub(super) question: Option<Question>,
    /// The person wants both, and it is compared once more.
    pub(super) merging: bool,
    /// Looks in a row after which others had changed the text already.
    pub(super) overtaken: u8,
    /// Why the last save failed, in few words, and when.
    pub(super) failure: Option<(String, Duration)>,
    /// When the text changed last.
    pub(super) changed: Duration,
    /// When the person pressed a key last.
    pub(super) pressed: Duration,
}

/// A text on its way to the disk.
pub(super) struct Saving {
    pub(super) text: Rope,
    /// Nobody asked for it.
    pub(super) quiet: bool,
}

/// Whether the person wants the text that the file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// They do not.
    No,
    /// They do.
    Wanted,
    /// They do, and somebody is reading it.
    Asked,
}

/// Something is wrong with the file.
#[derive(PartialEq, Eq)]
pub(super) struct Trouble {
    /// It is not there; otherwise it cannot be read.
    pub(super) gone: bool,
    pub(super) sentence: String,
}

/// A save that goes on later.
pub(super) struct Retry {
    pub(super) quiet: bool,
}

/// What the person has to decide.
pub(super) struct Question {
    pub(super) change: Arc<FileChange>,
    /// Whether it was put off.
    pub(super) put_off: bool,
    /// Whether to save as soon as it is answered.
    pub(super) then_save: bool,
}

impl FileState {
    /// Starts with what the file held when it was opened; the document holds `now`.
    pub(super) fn new(file: Option<FileOnDisk>, now: &Rope, version: u64) -> Self {
        let file = file.unwrap_or_else(|| FileOnDisk {
            hash: ContentHash::of(&[]),
            exists: false,
            text: now.clone(),
            waits: false,
            since: None,
        });
        // The two share their memory if they are alike.
        let is_same = file.text.is_instance(now) || file.text == *now;
        let base = if is_same { now.clone() } else { file.text };
        let reopened = file.since.is_some();
        let trail = match file.since {
            Some(since) => Trail::known(base, since, version),
            None => Trail::new(base, now, version),
        };
        Self {
            hash: file.hash,
            exists: file.exists,
            trail,
            waits: file.waits,
            reopened,
            looking: false,
            look_again: false,
            reload: Reload::No,
            turn: reopened.then_some(Duration::ZERO),
            saving: VecDeque::new(),
            retry: None,
            yields: 0,
            trouble: None,
            question: None,
            merging: false,
            overtaken: 0,
            failure: None,
            changed: Duration::ZERO,
            pressed: Duration::ZERO,
        }
    }

    /// Notes a change of the text; `version` is the number of the text that it led to.
    pub(super) fn note(&mut self, delta: &Delta, version: u64, now: Duration) {
        self.trail.note(version, delta);
        self.changed = now;
    }

    /// Notes that the person is at the keyboard.
    pub(super) fn press(&mut self, now: Duration) {
        self.pressed = now;
    }

    /// Whether a peer's document must come before the text has to do with the file.
    pub(super) fn arrived(&mut self) {
        self.waits = false;
    }

    /// What a file that is saved under this path must hold to be replaced.
    pub(super) fn expected(&self) -> ContentHash {
        self.hash
    }

    /// Notes that a text is on its way. Nobody asked for a `quiet` one.
    pub(super) fn save_started(&mut self, text: &Rope, quiet: bool) {
        self.trail.see(text);
        self.saving.push_back(Saving {
            text: text.clone(),
            quiet,
        });
    }

    /// The text is not in the file, for this reason. Returns whether somebody had asked for it.
    pub(super) fn save_failed(&mut self, reason: &str, now: Duration) -> bool {
        self.failure = Some((reason.to_owned(), now));
        let saving = self.saving.pop_front();
        !saving.is_some_and(|saving| saving.quiet)
    }

    /// The text was not meant for the file that is there.
    pub(super) fn save_refused(&mut self) {
        self.saving.pop_front();
    }

    /// The text of this number is in the file. Returns whether somebody had asked for it.
    pub(super) fn save_succeeded(&mut self, hash: ContentHash, version: u64, now: &Rope) -> bool {
        let saving = self.saving.pop_front();
        let quiet = saving.as_ref().is_some_and(|saving| saving.quiet);
        if let Some(saving) = saving {
            self.trail.settle(saving.text, version, now);
        }
        self.hash = hash;
        self.exists = true;
        self.failure = None;
        self.trouble = None;
        self.question = None;
        self.yields = 0;
        !quiet
    }

    /// Whether the file was there when we last knew.
    pub(super) fn existed(&self) -> bool {
        self.exists
    }
}
