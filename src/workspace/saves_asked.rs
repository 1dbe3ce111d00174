//! Other copads on the same file that want it saved, and wait for the answer.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Answer, SaveError, SavedFile};
use crate::crdt::SharedDocument;

/// How long to wait for the edits that are to be saved: they come over the network.
const ARRIVAL: Duration = Duration::from_secs(5);

/// Who wants the file saved.
#[derive(Default)]
pub(crate) struct SavesAsked {
    /// Those whose edits are not here yet.
    waiting: Vec<Waiting>,
    /// Those whose save is on its way to the disk, with the state of the document that has it all.
    saving: Vec<(u64, oneshot::Sender<Answer>)>,
}

struct Waiting {
    version: Vec<u8>,
    until: Instant,
    reply: oneshot::Sender<Answer>,
}

impl SavesAsked {
    /// Somebody wants the file saved with everything up to a version.
    pub(crate) fn ask(&mut self, version: Vec<u8>, reply: oneshot::Sender<Answer>, now: Instant) {
        self.waiting.push(Waiting {
            version,
            until: now + ARRIVAL,
            reply,
        });
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether to save now, because what somebody waits for is here. Who waited too long is told.
    /// `state` is that of the document as it would be saved, as in [`SavedFile::version`].
    pub(crate) fn is_due(&mut self, document: &SharedDocument, state: u64, now: Instant) -> bool {
        let mut due = false;
        for one in std::mem::take(&mut self.waiting) {
            if document.has_version(&one.version) {
                self.saving.push((state, one.reply));
                due = true;
            } else if now < one.until {
                self.waiting.push(one);
            } else {
                let sentence = "your last edits did not reach the copad that has the file; \
                                they are kept here: save again";
                answer(one.reply, Err(sentence.to_owned()));
            }
        }
        due
    }

    /// The file was saved, or not.
    pub(crate) fn saved(&mut self, result: &Result<SavedFile, SaveError>) {
        for (state, reply) in std::mem::take(&mut self.saving) {
            match result {
                // What was asked for before is still on its way.
                Ok(file) if file.version < state => self.saving.push((state, reply)),
                // It goes on when that is taken in.
                Err(SaveError::Changed) => self.saving.push((state, reply)),
                Ok(_) => answer(reply, Ok(())),
                Err(error) => answer(reply, Err(error.to_string())),
            }
        }
    }
}

fn answer(reply: oneshot::Sender<Answer>, result: Result<(), String>) {
    // Who asked may have given up.
    let _ = reply.send(Answer::Saved(result));
}
