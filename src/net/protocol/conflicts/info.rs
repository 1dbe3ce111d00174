//! What an application is told about conflicts, and what it may say.

use std::{ops::Range, sync::Arc, time::Duration};

use loro::{ContainerID, LoroDoc, LoroError};

use crate::{
    crdt::{
        Anchor, SnapshotError,
        conflict::{
            Choice, CompareError, ConflictAnswer, ConflictContent, ConflictId, ConflictPlace,
            ConflictRecord, ConflictState, DetectOptions, Grade, Grades, TextKind,
        },
    },
    net::{event::Standing, node::NodeId},
};

/// A conflict is between so many.
pub(super) const SIDES: usize = 2;

/// What is done about overlaps of a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// What the merge made of it stays, and nobody is asked.
    KeepMerged,
    /// This replica's version takes the place.
    PreferMine,
    /// The other's version takes the place.
    PreferTheirs,
    /// Both versions stay, one behind the other.
    KeepBoth,
    /// A person decides.
    Ask,
}

/// What is held to be a conflict, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConflictSettings {
    /// What kind of text the document has. Prose by default.
    pub kind: TextKind,
    /// How grave each rule is.
    pub grades: Grades,
    /// What is done about hard, likely and soft overlaps. By default hard and likely ones are
    /// asked about, and soft ones stay merged.
    pub strategies: [(Grade, Strategy); 3],
    /// For how long edits must have been unknown to the other side. Overlaps of people who see
    /// each other type are no conflicts. 10 seconds by default.
    pub apart: Duration,
}

impl Default for ConflictSettings {
    fn default() -> Self {
        Self {
            kind: TextKind::Prose,
            grades: Grades::default(),
            strategies: [
                (Grade::Hard, Strategy::Ask),
                (Grade::Likely, Strategy::Ask),
                (Grade::Soft, Strategy::KeepMerged),
            ],
            apart: Duration::from_secs(10),
        }
    }
}

impl ConflictSettings {
    /// Returns how overlaps are told and graded.
    pub fn options(&self) -> DetectOptions {
        DetectOptions {
            kind: self.kind,
            grades: self.grades.clone(),
        }
    }

    pub(super) fn strategy(&self, grade: Grade) -> Strategy {
        let row = self.strategies.iter().find(|(of, _)| *of == grade);
        row.map_or(Strategy::KeepMerged, |(_, strategy)| *strategy)
    }

    /// The lowest grade about which something is done.
    pub(super) fn lowest(&self) -> Grade {
        let done = |grade: &Grade| self.strategy(*grade) != Strategy::KeepMerged;
        Grade::ALL.into_iter().find(done).unwrap_or(Grade::Hard)
    }
}

/// What became of edits that were made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictResolution {
    /// The merge stands; nobody needs to look.
    AutoMerged,
    /// A person should decide. There may be more: see
    /// [`open_conflicts`](super::ConflictResolver::open_conflicts).
    RequiresUserInput {
        /// The gravest of the conflicts.
        conflict_id: ConflictId,
    },
}

/// An answer to a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// What the merge made of it stays.
    KeepMerged,
    /// This replica's version. If it wrote neither, the first of
    /// [`sides`](ConflictRecord::sides).
    Mine,
    /// The other's version.
    Theirs,
    /// The version of this one of [`sides`](ConflictRecord::sides).
    Side(usize),
    /// Both versions, the earlier first. For values of a map's key it is the same as
    /// [`KeepMerged`](Self::KeepMerged).
    Both,
    /// This text.
    Edited(String),
}

/// What is known of a conflict now.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictInfo {
    /// Its name, on every replica the same one.
    pub id: ConflictId,
    /// The container that it is in.
    pub container: ContainerID,
    /// Where it is in its text, in Unicode scalar values; `None` in a map.
    pub range: Option<Range<usize>>,
    /// What holds the place in the text, whatever is written around it; `None` in a map.
    pub anchors: Option<(Anchor, Anchor)>,
    /// What was found: where, why, and what each side made of it.
    pub record: ConflictRecord,
    /// Which of the sides is this replica's, if one is.
    pub mine: Option<usize>,
    /// What stands there now; `None` if the place is gone.
    pub merged: Option<ConflictContent>,
    /// The answer that holds, if somebody has answered.
    pub answer: Option<ConflictAnswer>,
    /// Whether somebody else answered otherwise at the same time, and was overruled.
    pub disputed: bool,
    /// Whether there is something to decide: nobody has answered, and what stands there is
    /// neither nothing nor what one of the sides wanted.
    pub open: bool,
}

impl ConflictInfo {
    pub(crate) fn of(
        doc: &LoroDoc,
        id: ConflictId,
        state: ConflictState,
        mine: Option<usize>,
    ) -> Option<Self> {
        let disputed = state.is_disputed();
        let answer = state.answer().cloned();
        let record = state.record;
        let anchors = record.anchors();
        let container = match &record.place {
            ConflictPlace::Text { .. } => anchors.as_ref()?.0.container_id(),
            ConflictPlace::Key { container, .. } => container.as_str().try_into().ok()?,
        };
        let merged = record.now(doc);
        let decided = merged.as_ref().is_none_or(|now| record.is_moot(now));
        Some(Self {
            id,
            container,
            range: record.range(doc),
            anchors,
            mine,
            open: answer.is_none() && !decided,
            merged,
            answer,
            disputed,
            record,
        })
    }

    /// Returns for how long the sides did not know of each other's edits, to the second.
    pub fn apart(&self) -> Duration {
        Duration::from_secs(self.record.apart.into())
    }

    /// Returns what side an answer means, and what it puts at the place; `None` where it leaves
    /// what is there.
    pub fn outcome(&self, resolution: &Resolution) -> (Choice, Option<ConflictContent>) {
        let choice = resolution.choice(self.mine);
        let outcome = match resolution {
            Resolution::Edited(text) => Some(ConflictContent::Text(text.clone())),
            Resolution::KeepMerged
            | Resolution::Mine
            | Resolution::Theirs
            | Resolution::Side(_)
            | Resolution::Both => self.record.outcome(choice),
        };
        (choice, outcome)
    }
}

impl Resolution {
    /// Returns the choice that this is for whoever wrote that side.
    pub(super) fn choice(&self, mine: Option<usize>) -> Choice {
        let side = |side: usize| Choice::Side(side as u8);
        match self {
            Self::KeepMerged => Choice::Merged,
            Self::Mine => side(mine.unwrap_or(0)),
            Self::Theirs => side(1 - mine.unwrap_or(0).min(1)),
            Self::Side(which) => side((*which).min(SIDES - 1)),
            Self::Both => Choice::Both,
            Self::Edited(_) => Choice::Edited,
        }
    }
}

/// News about conflicts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictEvent {
    /// A person should look at this one. Also when an answer was taken back.
    New {
        /// Which one.
        conflict_id: ConflictId,
    },
    /// Somebody changed the text at the place of an open conflict.
    Changed {
        /// Which one.
        conflict_id: ConflictId,
    },
    /// Nobody needs to look any more.
    Settled {
        /// Which one.
        conflict_id: ConflictId,
        /// How that came.
        how: Settlement,
    },
    /// Somebody who was away for longer than [`ConflictSettings::apart`] is back, and what was
    /// done meanwhile has been compared.
    Met(Reunion),
    /// A peer has the same operations as we and yet another content, which no replica comes to by
    /// itself: a Loro peer id was used by two writers, or a disk lied.
    Diverged {
        /// Which peer.
        node: NodeId,
        /// Whose content goes on. Both sides come to the same answer. If it is theirs, the session
        /// ends as [`Superseded`](crate::SessionState::Superseded).
        stands: Standing,
        /// Our whole document as it was then, as a snapshot of Loro's, so that nothing in it is
        /// lost. Empty if ours stands, or if it could not be exported any more.
        set_aside: Arc<[u8]>,
    },
}

/// How a conflict came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settlement {
    /// Somebody answered.
    Answered,
    /// Several answered otherwise at once; one of the answers holds.
    Disputed,
    /// Edits left nothing to decide.
    Moot,
}

/// What happened while two sides were apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reunion {
    /// The other's name as it was told, empty if it was not: clean it before it is shown.
    pub name: String,
    /// Since when, by the first edit that the other did not know.
    pub apart: Duration,
    /// In how many places this replica changed something.
    pub ours: usize,
    /// In how many places the other did.
    pub theirs: usize,
    /// How many of them a person should look at.
    pub conflicts: usize,
}

/// Why nothing was done about a conflict.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConflictError {
    /// The document knows no conflict of this name.
    #[error("there is no such conflict")]
    Unknown,
    /// The place is gone, or the answer does not fit what is there.
    #[error("the answer does not fit the conflict")]
    DoesNotFit,
    /// This replica is a viewer's: others would not take what it writes.
    #[error("a viewer cannot answer conflicts")]
    Viewer,
    /// The edits could not be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// No copy of the document could be made.
    #[error(transparent)]
    Copy(#[from] SnapshotError),
    /// The document refused the edit.
    #[error("the document refused the edit")]
    Refused(#[from] LoroError),
    /// The session has ended.
    #[error("the session has ended")]
    Ended,
}
