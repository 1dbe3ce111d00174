//! Conflicts on the screen: where they are in the text, their cards, and answers as ordinary edits.

mod disk;

use std::{collections::BTreeSet, ops::Range};

use super::{App, Effect, MessageKind, follow::carried};
use crate::{
    ConflictId, ConflictInfo, ConflictSettings, Resolution, Reunion,
    crdt::{
        Delta, EditKind, TextDocument,
        conflict::{ConflictContent, TextKind, replacement},
    },
    ui::{
        dialog::{Card, ConflictAction, ConflictDialog, Dialog, clean_name, lasting},
        pane::words::count,
    },
};

/// Conflicts that wait for an answer, and answers that can be taken back.
#[derive(Debug, Default)]
pub(crate) struct Conflicts {
    /// In the order of the text.
    open: Vec<Open>,
    /// The answers that were given here, the last one last.
    given: Vec<Given>,
    /// What happened while people were apart, until the person was told.
    reunions: Vec<Reunion>,
    /// The time of the machine, in seconds since 1970, when conflicts were last told of.
    told_at: i64,
    /// What clashes with the file, while its change is being taken in.
    crossed: Vec<disk::Crossed>,
    /// Which conflicts were open when the text and its file were merged, until the person was told
    /// of those that this led to.
    merged_file: Option<BTreeSet<ConflictId>>,
}

/// A conflict in the text that is shown.
#[derive(Clone, Debug)]
struct Open {
    info: ConflictInfo,
    /// Where it is; follows every change.
    range: Range<usize>,
}

/// An answer that was given here.
#[derive(Clone, Copy, Debug)]
struct Given {
    id: ConflictId,
    /// Which of our edits it was; `None` if it left the text alone.
    edit: Option<u64>,
}

impl App {
    /// How many conflicts wait for an answer.
    pub(crate) fn open_conflicts(&self) -> usize {
        self.conflicts.open.len()
    }

    /// Where conflicts are that wait for an answer.
    pub(crate) fn conflict_ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.conflicts.open.iter().map(|open| open.range.clone())
    }

    /// What is held to be a conflict in this document.
    pub(crate) fn conflict_settings(&self) -> ConflictSettings {
        ConflictSettings {
            kind: TextKind::of_file(&self.name()),
            ..self.config.conflicts.clone()
        }
    }

    /// Takes in which conflicts are open now; `now` is in seconds since 1970.
    pub(super) fn conflicts(&mut self, infos: Vec<ConflictInfo>, now: i64) {
        self.conflicts.told_at = now;
        let mut open: Vec<Open> = infos
            .into_iter()
            .filter_map(|info| {
                let (start, end) = info.anchors.as_ref()?;
                let is_here = start.container() == TextDocument::CONTAINER;
                let start = self.document.resolve(start).filter(|_| is_here)?;
                let range = start..self.document.resolve(end)?.max(start);
                Some(Open { info, range })
            })
            .collect();
        open.sort_by_key(|open| (open.range.start, open.range.end, open.info.id));
        self.conflicts.open = open;
        self.renew_cards();
        self.offer_summary();
    }

    /// Somebody is back, and what was done meanwhile has been compared.
    pub(super) fn met(&mut self, reunion: Reunion) {
        if reunion.theirs == 0 {
            return;
        }
        // What somebody did may be compared in several pieces.
        let reunions = &mut self.conflicts.reunions;
        match reunions.iter_mut().find(|told| told.name == reunion.name) {
            Some(told) => {
                told.apart = told.apart.max(reunion.apart);
                told.ours = told.ours.max(reunion.ours);
                told.theirs += reunion.theirs;
            }
            None => reunions.push(reunion),
        }
        self.offer_summary();
    }

    /// Opens the summary by itself, unless the person is typing or busy in another dialog; then
    /// it waits. Without conflicts a sentence will do.
    pub(super) fn offer_summary(&mut self) {
        self.offer_merged_file();
        if self.conflicts.reunions.is_empty() || self.typing_until.is_some() {
            return;
        }
        if self.dialog.is_some() {
            return;
        }
        let reunions = std::mem::take(&mut self.conflicts.reunions);
        if self.conflicts.open.is_empty() {
            if let Some(reunion) = reunions.last() {
                let name = clean_name(&reunion.name).unwrap_or_else(|| "Somebody".to_owned());
                let places = count(reunion.theirs, "place");
                let sentence = format!("{name} changed {places} while you were apart");
                self.notify(MessageKind::Info, sentence);
            }
            return;
        }
        let dialog = ConflictDialog::new(self.cards(), 0).with_summary(&reunions);
        self.open(Dialog::Conflict(Box::new(dialog)));
    }

    /// Shows the cards, beginning at the conflict at the caret or behind it.
    pub(super) fn show_conflicts(&mut self) {
        let head = self.selection.head;
        let open = &self.conflicts.open;
        let at = open.iter().position(|open| open.range.end >= head);
        let Some(first) = open.get(at.unwrap_or(0)) else {
            return self.reply("No conflicts");
        };
        let (id, at) = (first.info.id, at.unwrap_or(0));
        let dialog = ConflictDialog::new(self.cards(), at);
        self.open(Dialog::Conflict(Box::new(dialog)));
        self.show_place(id);
    }

    /// Puts the caret to the next conflict in the text.
    pub(super) fn go_to_next_conflict(&mut self) {
        let head = self.selection.head;
        let ranges = || self.conflicts.open.iter().map(|open| open.range.start);
        let next = ranges().find(|start| *start > head);
        match next.or_else(|| ranges().next()) {
            Some(start) => {
                self.goal = None;
                self.place(start, false);
            }
            None => self.reply("No conflicts"),
        }
    }

    /// Does what a card asks for.
    pub(super) fn act_on_conflict(&mut self, action: ConflictAction) {
        match action {
            ConflictAction::Show(id) => self.show_place(id),
            ConflictAction::Resolve(id, resolution) => {
                self.resolve_conflict(id, &resolution);
                self.renew_cards();
                self.show_card();
            }
            ConflictAction::KeepAll => {
                let ids: Vec<_> = self
                    .conflicts
                    .open
                    .iter()
                    .map(|open| open.info.id)
                    .collect();
                for id in ids {
                    self.resolve_conflict(id, &Resolution::KeepMerged);
                }
                self.renew_cards();
            }
            ConflictAction::Undo => self.undo_answer(),
        }
    }

    /// Puts the outcome into the text as an ordinary edit, and tells everybody that it is settled.
    fn resolve_conflict(&mut self, id: ConflictId, resolution: &Resolution) {
        let Some(place) = self
            .conflicts
            .open
            .iter()
            .position(|open| open.info.id == id)
        else {
            return;
        };
        let Open { info, range } = self.conflicts.open[place].clone();
        let (choice, outcome) = info.outcome(resolution);
        let mut edit = None;
        if let Some(text) = outcome.as_ref().and_then(|outcome| outcome.as_text()) {
            let now = self.rope().slice(range.clone()).to_string();
            let text = self.with_own_line_ends(text);
            let (within, text) = replacement(&now, &text);
            let start = range.start + within.start;
            let delta = Delta::replace(start..start + within.len(), text);
            if !delta.is_empty() {
                self.edit(&delta, EditKind::Other);
                self.typing_until = None;
                edit = Some(self.own_edits);
            }
        }
        self.conflicts.open.retain(|open| open.info.id != id);
        self.conflicts.given.push(Given { id, edit });
        self.effects.push(Effect::AnswerConflict(id, choice));
    }

    /// Takes back the last answer, with its edit.
    fn undo_answer(&mut self) {
        match self.conflicts.given.last().copied() {
            Some(Given { edit: None, .. }) => self.reopen_last(),
            Some(Given { edit, .. }) if edit == Some(self.own_edits) => self.undo(),
            Some(_) => self.say_on_card("You have edited since; undo that first."),
            None => self.say_on_card("Nothing to undo."),
        }
    }

    /// An answer's edit was just undone: the conflict is open again.
    pub(super) fn after_undo(&mut self, undone: u64) {
        let last = self.conflicts.given.last();
        if last.is_some_and(|given| given.edit == Some(undone)) {
            self.reopen_last();
            // The answer before it is the last edit again.
            let now = self.own_edits;
            if let Some(given) = self.conflicts.given.last_mut()
                && given.edit == Some(undone - 1)
            {
                given.edit = Some(now);
            }
        }
    }

    fn reopen_last(&mut self) {
        if let Some(given) = self.conflicts.given.pop() {
            self.effects.push(Effect::ReopenConflict(given.id));
        }
    }

    fn say_on_card(&mut self, words: &str) {
        if let Some(Dialog::Conflict(dialog)) = &mut self.dialog {
            dialog.tell(words);
        }
    }

    /// Somebody else settled a conflict, or edits left nothing of it.
    pub(super) fn conflict_settled(&mut self, id: ConflictId, words: &'static str) {
        let given_here = self.conflicts.given.iter().any(|given| given.id == id);
        let shown = match &self.dialog {
            Some(Dialog::Conflict(dialog)) => dialog.shown() == Some(id),
            Some(_) | None => false,
        };
        if given_here && words != crate::ui::app::DISPUTED {
            return;
        }
        self.conflicts.open.retain(|open| open.info.id != id);
        if shown {
            self.say_on_card(words);
        }
        self.renew_cards();
        self.notify(MessageKind::Info, words);
    }

    /// Carries the places of conflicts over a change.
    pub(super) fn conflicts_follow(&mut self, delta: &Delta) {
        for open in &mut self.conflicts.open {
            open.range = carried(&open.range, delta);
        }
        for crossed in &mut self.conflicts.crossed {
            crossed.follow(delta);
        }
    }

    /// Brings the cards up to date, and closes them when none is left.
    fn renew_cards(&mut self) {
        let cards = self.cards();
        let Some(Dialog::Conflict(dialog)) = &mut self.dialog else {
            return;
        };
        if !dialog.update(cards) {
            self.dialog = None;
            self.reply("No conflicts are left");
        }
    }

    fn show_card(&mut self) {
        if let Some(Dialog::Conflict(dialog)) = &self.dialog
            && let Some(id) = dialog.shown()
        {
            self.show_place(id);
        }
    }

    /// Scrolls so that a conflict's place is above the card, and puts the caret there.
    fn show_place(&mut self, id: ConflictId) {
        let open = self.conflicts.open.iter().find(|open| open.info.id == id);
        if let Some(start) = open.map(|open| open.range.start) {
            self.goal = None;
            self.place(start, false);
            self.look_at_top(start);
        }
    }

    fn cards(&self) -> Vec<Card> {
        let open = self.conflicts.open.iter();
        open.map(|open| self.card(open)).collect()
    }

    fn card(&self, open: &Open) -> Card {
        let rope = self.rope();
        let range = open.range.start.min(rope.len_chars())..open.range.end.min(rope.len_chars());
        let first = rope.char_to_line(range.start);
        let last = rope.char_to_line(range.end);
        let line = |line: usize| {
            rope.get_line(line)
                .map_or(String::new(), |line| line.to_string().trim_end().to_owned())
        };
        let sides = &open.info.record.sides;
        let mut info = open.info.clone();
        info.merged = Some(ConflictContent::Text(rope.slice(range).to_string()));
        Card {
            place: format!("{}:{}", self.name(), first + 1),
            context: [
                first.checked_sub(1).map_or_else(String::new, line),
                line(last + 1),
            ],
            names: [0, 1].map(|side| match open.info.mine {
                Some(mine) if mine == side => None,
                _ => clean_name(&sides[side].name),
            }),
            ages: [0, 1].map(|side| match sides[side].time {
                0 => String::new(),
                time => {
                    let seconds = u64::try_from(self.conflicts.told_at - time).unwrap_or(0);
                    format!("{} ago", lasting(seconds))
                }
            }),
            info,
        }
    }
}
