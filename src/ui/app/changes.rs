//! What others did to the text: since we were away, until the caret has been there, and right
//! where we are writing, for a moment.

use std::{ops::Range, time::Duration};

use super::{App, follow::carried};
use crate::{
    PeerState,
    crdt::{AppliedChange, Change, Origin, conflict::PendingEdits},
    ui::dialog::{ChangeList, Dialog, clean_name},
};

/// How long a line is marked in which somebody writes where we have just written.
const MEETING: Duration = Duration::from_secs(3);
/// Stretches that are kept at most; those of whole rewritten documents tell nobody anything.
const MOST: usize = 500;

/// What others did to the text that the person may not have seen.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// In the order in which they came.
    unseen: Vec<Unseen>,
    /// How many of them were looked at for who did it.
    named: usize,
    /// Whether a peer is handing over what was done while we were apart.
    catching_up: bool,
    /// Where our own edits are that others may not have.
    pending: PendingEdits,
    /// Where somebody writes where we do, and until when it is shown.
    meetings: Vec<(Range<usize>, Duration)>,
}

/// A stretch that somebody changed while we were away.
#[derive(Clone, Debug)]
pub(crate) struct Unseen {
    /// Where; empty where something was taken out.
    pub(crate) range: Range<usize>,
    /// Who did it, clean, if that is known; not before the event is over that brought it.
    pub(crate) name: Option<String>,
    /// In which colour.
    pub(crate) color: String,
}

impl App {
    /// What others did while we were away, as far as the caret has not been there.
    pub(crate) fn unseen_changes(&self) -> &[Unseen] {
        &self.changes.unseen
    }

    /// Where others write right now where we have just written.
    pub(crate) fn meetings(&self) -> impl Iterator<Item = Range<usize>> {
        self.changes.meetings.iter().map(|(range, _)| range.clone())
    }

    /// When the next mark of a meeting goes.
    pub(super) fn meetings_until(&self) -> Option<Duration> {
        self.changes.meetings.iter().map(|(_, until)| *until).min()
    }

    /// Notes that a peer begins, or has ended, to hand over what was done while we were apart.
    pub(super) fn catch_up(&mut self, to: PeerState) {
        match to {
            PeerState::Syncing => self.changes.catching_up = true,
            PeerState::Connected | PeerState::Disconnected => self.changes.catching_up = false,
            PeerState::Connecting | PeerState::Unstable | PeerState::Disconnecting => {}
        }
    }

    /// Everybody who is connected has all of our edits.
    pub(super) fn all_have_our_edits(&mut self) {
        self.changes.pending.acknowledge(self.own_edits);
    }

    /// Takes in a change of the text, before it is counted.
    pub(super) fn changes_follow(&mut self, change: &AppliedChange) {
        let delta = &change.delta;
        for unseen in &mut self.changes.unseen {
            unseen.range = carried(&unseen.range, delta);
        }
        for (range, _) in &mut self.changes.meetings {
            *range = carried(range, delta);
        }
        let apart = self.connected() == 0;
        match change.origin {
            Origin::Edit | Origin::Undo if apart => self.changes.pending = PendingEdits::default(),
            Origin::Edit | Origin::Undo => {
                self.changes.pending.edit(delta, self.own_edits + 1);
                if self.changes.pending.len() > MOST {
                    self.changes.pending = PendingEdits::default();
                }
            }
            Origin::Remote if apart || self.changes.catching_up => self.note_unseen(change),
            Origin::Remote => {
                let until = self.now + MEETING;
                let met = self.changes.pending.meet(delta).into_iter();
                self.changes
                    .meetings
                    .extend(met.map(|range| (range, until)));
            }
            Origin::Direct => {}
        }
    }

    fn note_unseen(&mut self, change: &AppliedChange) {
        let delta = &change.delta;
        // The whole document as it comes from a host is no news.
        if delta.insertions() >= self.rope().len_chars() {
            return;
        }
        let mut place = 0;
        let mut replaced = false;
        for change in delta.changes() {
            let range = match change {
                Change::Retain(length) => {
                    place += length;
                    replaced = false;
                    continue;
                }
                Change::Insert(text) => place..place + text.chars().count(),
                // What took its place is noted already.
                Change::Delete(_) if replaced => continue,
                Change::Delete(_) => place..place,
            };
            place = range.end;
            replaced = !range.is_empty();
            if self.changes.unseen.len() == MOST {
                return;
            }
            self.changes.unseen.push(Unseen {
                range,
                name: None,
                color: String::new(),
            });
        }
    }

    /// Looks up who did what came in. The document holds all of it by now, and so does the text:
    /// in between, a place in the text would be another one in the document.
    fn name_unseen(&mut self) {
        for unseen in self.changes.unseen.iter_mut().skip(self.changes.named) {
            // Who took something out nobody knows.
            let author = match unseen.range.is_empty() {
                true => None,
                false => self.document.author_at(unseen.range.start),
            };
            let author = author.unwrap_or_default();
            unseen.name = clean_name(&author.name);
            unseen.color = author.color;
        }
        self.changes.named = self.changes.unseen.len();
    }

    /// Forgets what the caret has reached, and what was shown for long enough.
    pub(super) fn see_changes(&mut self) {
        self.name_unseen();
        let (now, head) = (self.now, self.selection.head);
        self.changes.meetings.retain(|(_, until)| now < *until);
        if self
            .published
            .is_some_and(|caret| caret.selection.head == head)
        {
            return;
        }
        let reached = |range: &Range<usize>| range.start <= head && head <= range.end;
        self.changes.unseen.retain(|unseen| !reached(&unseen.range));
        self.changes.named = self.changes.unseen.len();
    }

    /// Forgets all that others did while we were away.
    pub(super) fn forget_changes(&mut self) {
        if self.changes.unseen.is_empty() {
            return self.reply("Nobody changed anything while you were away");
        }
        self.changes.unseen.clear();
        self.changes.named = 0;
        self.reply("All changes are taken as seen");
    }

    /// Lists what others did while we were away, by author and place.
    pub(super) fn list_changes(&mut self) {
        if self.changes.unseen.is_empty() {
            return self.reply("Nobody changed anything while you were away");
        }
        let rope = self.rope();
        let mut rows: Vec<(String, usize, String)> = self
            .changes
            .unseen
            .iter()
            .map(|unseen| {
                let name = unseen.name.clone();
                let range = unseen.range.start.min(rope.len_chars())
                    ..unseen.range.end.min(rope.len_chars());
                let words = match range.is_empty() {
                    true => "(deleted)".to_owned(),
                    false => rope.slice(range.clone()).chars().take(80).collect(),
                };
                let line = rope.char_to_line(range.start) + 1;
                (name.unwrap_or_else(|| "Somebody".to_owned()), line, words)
            })
            .collect();
        rows.sort();
        self.open(Dialog::Changes(ChangeList::new(&rows)));
    }
}
