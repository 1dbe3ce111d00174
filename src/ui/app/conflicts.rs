//! Conflicts on the screen: where they are in the text, their cards, and answers as ordinary edits.

mod disk;

use std::{collections::BTreeSet, ops::Range};

use super::{App, Clock, Effect, MessageKind, follow::carried};
use crate::{
    ConflictId, ConflictInfo, ConflictSettings, Resolution, Reunion, Settlement,
    crdt::{
        Delta, EditKind, TextDocument,
        conflict::{ConflictContent, TextKind, replacement},
    },
    ui::{
        dialog::{Card, ConflictAction, ConflictDialog, Dialog, clean_name, lasting},
        pane::words::count,
    },
};

/// What is said once the last card is closed.
const NONE_LEFT: &str = "No conflicts are left";
const SECONDS_OF_A_DAY: i64 = 86_400;

/// Conflicts that wait for an answer, and answers that can be taken back.
#[derive(Debug, Default)]
pub(crate) struct Conflicts {
    /// In the order of the text.
    open: Vec<Open>,
    /// The answers that were given here, the last one last.
    given: Vec<Given>,
    /// What happened while people were apart, until the person was told.
    reunions: Vec<Reunion>,
    /// The time of the machine when conflicts were last told of.
    told_at: Clock,
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
    /// Whether it changed the text.
    edit: bool,
    /// How many steps could be undone after it.
    depth: usize,
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

    /// Takes in which conflicts are open now.
    pub(super) fn conflicts(&mut self, infos: Vec<ConflictInfo>, clock: Clock) {
        self.conflicts.told_at = clock;
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
        if !self.conflicts.open.is_empty() {
            self.notice.take_if(|notice| notice.text == NONE_LEFT);
        }
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
        let writes = !matches!(action, ConflictAction::Show(_));
        if writes && self.refuses_edits() {
            return;
        }
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
        let mut edit = false;
        if let Some(text) = outcome.as_ref().and_then(|outcome| outcome.as_text()) {
            let now = self.rope().slice(range.clone()).to_string();
            let text = self.with_own_line_ends(text);
            let (within, text) = replacement(&now, &text);
            let start = range.start + within.start;
            let delta = Delta::replace(start..start + within.len(), text);
            if !delta.is_empty() {
                self.edit(&delta, EditKind::Other);
                self.typing_until = None;
                edit = true;
            }
        }
        self.conflicts.open.retain(|open| open.info.id != id);
        let depth = self.document.undo_depth();
        self.conflicts.given.push(Given { id, edit, depth });
        self.effects.push(Effect::AnswerConflict(id, choice));
    }

    /// Takes back the last answer, with its edit, on a card.
    fn undo_answer(&mut self) {
        let depth = self.document.undo_depth();
        match self.conflicts.given.last() {
            Some(given) if given.depth == depth => self.undo(),
            Some(_) => self.say_on_card("You have edited since; undo that first."),
            None => self.say_on_card("Nothing to undo."),
        }
    }

    /// Takes back an answer that left the text alone, if that was the last thing done. Returns
    /// whether it was.
    pub(super) fn take_back_answer(&mut self) -> bool {
        let depth = self.document.undo_depth();
        let is_it = |given: &mut Given| !given.edit && given.depth == depth;
        let Some(last) = self.conflicts.given.pop_if(is_it) else {
            return false;
        };
        self.effects.push(Effect::ReopenConflict(last.id));
        self.reply("The conflict is open again");
        true
    }

    /// An edit was just undone: the answers that came with it or after it are taken back.
    pub(super) fn after_undo(&mut self) {
        let depth = self.document.undo_depth();
        let given = &mut self.conflicts.given;
        while let Some(last) = given.pop_if(|given| given.depth > depth) {
            self.effects.push(Effect::ReopenConflict(last.id));
        }
    }

    fn say_on_card(&mut self, words: &str) {
        if let Some(Dialog::Conflict(dialog)) = &mut self.dialog {
            dialog.tell(words);
        }
    }

    /// Somebody else settled a conflict, or edits left nothing of it. `by` is who answered, as they
    /// call themselves.
    pub(super) fn conflict_settled(&mut self, id: ConflictId, how: Settlement, by: &str) {
        let given_here = self.conflicts.given.iter().any(|given| given.id == id);
        let shown = match &self.dialog {
            Some(Dialog::Conflict(dialog)) => dialog.shown() == Some(id),
            Some(_) | None => false,
        };
        if given_here && how != Settlement::Disputed {
            return;
        }
        let name = clean_name(by).unwrap_or_else(|| "Somebody else".to_owned());
        let words = match how {
            Settlement::Answered => format!("{name} settled the conflict"),
            Settlement::Disputed => {
                format!("Two people answered a conflict at once; the answer of {name} holds")
            }
            Settlement::Moot => "An edit left nothing of the conflict".to_owned(),
        };
        self.conflicts.open.retain(|open| open.info.id != id);
        if shown {
            self.say_on_card(&words);
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
            self.uncover();
            self.reply(NONE_LEFT);
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
            times: [0, 1].map(|side| told(sides[side].time, self.conflicts.told_at)),
            info,
        }
    }
}

/// When something happened: "14:02" if it was today, else "3 days ago". Empty if nobody knows.
fn told(time: i64, clock: Clock) -> String {
    if time == 0 {
        return String::new();
    }
    let local = |time: i64| time + i64::from(clock.offset);
    let day = |time: i64| local(time).div_euclid(SECONDS_OF_A_DAY);
    if day(time) == day(clock.now) {
        let minutes = local(time).rem_euclid(SECONDS_OF_A_DAY) / 60;
        return format!("{:02}:{:02}", minutes / 60, minutes % 60);
    }
    let seconds = u64::try_from(clock.now - time).unwrap_or(0);
    format!("{} ago", lasting(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_today_are_told_by_the_clock() {
        // The 15th of January 2027, 08:00 in Greenwich.
        let now = 1_800_000_000;
        for (time, offset, expected) in [
            (0, 0, ""),
            (now, 0, "08:00"),
            (now - 3_000, 3_600, "08:10"),
            (now - 8 * 3_600, 0, "00:00"),
            (now - 8 * 3_600 - 1, 0, "8 h ago"),
            (now - 8 * 3_600 - 1, 3_600, "00:59"),
            (now - 3 * 86_400, 0, "3 days ago"),
            (now + 60, 0, "08:01"),
            (now + 86_400, 0, "0 s ago"),
        ] {
            let clock = Clock { now, offset };
            assert_eq!(told(time, clock), expected, "{time} {offset}");
        }
    }
}
