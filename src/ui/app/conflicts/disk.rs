//! What another program wrote into the file and what nobody had saved: where both changed the same
//! thought, the merge of both leaves a conflict, with the disk as an author.

use std::{ops::Range, sync::Arc};

use crate::{
    crdt::{
        Bias, Content, Delta,
        conflict::{DISK, OutsideClash},
    },
    store::Crossing,
    ui::{
        app::{App, Effect, event::FileChange, follow::carried},
        dialog::{ConflictDialog, Dialog},
    },
};

/// A thought that both changed, and where it is now.
#[derive(Debug)]
pub(super) struct Crossed {
    crossing: Crossing,
    range: Range<usize>,
    written: Option<usize>,
    /// The document before the file's change came in.
    version: Vec<u8>,
    /// When the file was written.
    time: i64,
}

impl Crossed {
    /// Carries it over a change of the text.
    pub(super) fn follow<C: Content>(&mut self, delta: &Delta<C>) {
        self.range = carried(&self.range, delta);
        self.written = self.written.map(|place| delta.map(place, Bias::After));
    }
}

impl App {
    /// The file's change is about to be taken in: notes where it meets ours. `later` is what the
    /// text went through since it was compared with the file.
    pub(in crate::ui::app) fn expect_file_conflicts(
        &mut self,
        change: &FileChange,
        later: &[Arc<Delta<usize>>],
    ) {
        let version = self.document.version();
        let crossings = change.meeting.crossings.iter();
        let crossed = crossings.map(|crossing| {
            let mut crossed = Crossed {
                range: crossing.range.clone(),
                written: crossing.written,
                crossing: crossing.clone(),
                version: version.clone(),
                time: change.written,
            };
            later.iter().for_each(|delta| crossed.follow(delta));
            crossed
        });
        self.conflicts.crossed = crossed.collect();
    }

    /// It could not be taken in.
    pub(in crate::ui::app) fn forget_file_conflicts(&mut self) {
        self.conflicts.crossed.clear();
    }

    /// The file's change is in: what it met becomes conflicts, which everybody sees.
    pub(in crate::ui::app) fn report_file_conflicts(&mut self) {
        let crossed = std::mem::take(&mut self.conflicts.crossed);
        let clashes: Vec<_> = crossed
            .into_iter()
            .filter_map(|crossed| self.clash_with_file(crossed))
            .collect();
        if clashes.is_empty() {
            return;
        }
        let open = self.conflicts.open.iter().map(|open| open.info.id);
        self.conflicts.merged_file = Some(open.collect());
        self.effects.push(Effect::ReportConflicts(clashes));
    }

    fn clash_with_file(&self, crossed: Crossed) -> Option<OutsideClash> {
        let anchor = |place, bias| self.document.anchor(place, bias);
        Some(OutsideClash {
            place: (
                anchor(crossed.range.start, Bias::Before)?,
                anchor(crossed.range.end, Bias::After)?,
            ),
            rule: crossed.crossing.rule,
            grade: crossed.crossing.grade,
            before: crossed.crossing.before,
            document: crossed.crossing.mine,
            written: crossed.written.and_then(|place| anchor(place, Bias::After)),
            version: crossed.version,
            outside: crossed.crossing.file,
            name: DISK.to_owned(),
            time: crossed.time,
        })
    }

    /// Opens the cards of what the file's change led to, unless the person is typing or busy in
    /// another dialog; then their marks will do until it is over.
    pub(super) fn offer_merged_file(&mut self) {
        let Some(before) = &self.conflicts.merged_file else {
            return;
        };
        let is_new = |id| !before.contains(&id);
        let new = self.conflicts.open.iter();
        let Some(at) = { new }.position(|open| is_new(open.info.id)) else {
            return;
        };
        if self.typing_until.is_some() || self.dialog.is_some() {
            return;
        }
        self.conflicts.merged_file = None;
        let dialog = ConflictDialog::new(self.cards(), at).with_merged_file(&self.name());
        self.open(Dialog::Conflict(Box::new(dialog)));
    }
}
