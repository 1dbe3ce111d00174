//! Several selections at a time: how they come to be, move, write, and become one again.
//!
//! One of them is the main one, [`App::selection`]: the newest. The view follows it, and it is what
//! others see. Whatever is written goes into the text as one edit, down the same path as an edit of
//! a single place.

use std::ops::Range;

use super::{
    App, Effect, Job,
    lines::carry_over_others,
    search::{AT_ONCE, LONGEST_PRESET},
};
use crate::{
    crdt::{Delta, EditKind, TextSelection},
    ui::{
        command::Command,
        text::{
            layout,
            movement::{vertical, word_at},
            search::{Case, Finder, Query},
            several::{Caret, Replacement, merge, replace_each},
        },
    },
};

/// How many selections there may be. Every edit is carried over every one of them.
const MOST: usize = 256;

/// What there is beside the main selection.
#[derive(Debug, Default)]
pub(super) struct Several {
    /// The other selections, in the order of the text.
    beside: Vec<Caret>,
    /// Whether the first one was picked as a word, so that only whole words are like it.
    whole_words: bool,
    /// Whether a job looks for the next match.
    is_looking: bool,
}

impl App {
    /// The selections beside the main one.
    pub(crate) fn beside(&self) -> &[Caret] {
        &self.several.beside
    }

    /// Whether there are others beside the main selection.
    pub(crate) fn has_several(&self) -> bool {
        !self.several.beside.is_empty()
    }

    /// Whether any of the selections has text in it.
    pub(super) fn selects_anything(&self) -> bool {
        let others = self.several.beside.iter();
        let mut all = others
            .map(|caret| &caret.selection)
            .chain([&self.selection]);
        all.any(|selection| !selection.is_caret())
    }

    /// All selections, in the order of the text.
    pub(super) fn carets(&self) -> Vec<Caret> {
        let main = Caret {
            selection: self.selection,
            goal: self.goal,
            is_main: true,
        };
        let mut carets = Vec::with_capacity(self.several.beside.len() + 1);
        carets.extend_from_slice(&self.several.beside);
        let place = carets.partition_point(|caret| caret.range().start < main.range().start);
        carets.insert(place, main);
        carets
    }

    /// Selects all of these, with the main one among them.
    pub(super) fn set_carets(&mut self, mut carets: Vec<Caret>) {
        merge(&mut carets);
        if let Some(main) = carets.iter().position(|caret| caret.is_main) {
            let main = carets.remove(main);
            (self.selection, self.goal) = (main.selection, main.goal);
        }
        self.several = Several {
            beside: carets,
            ..Several::default()
        };
    }

    /// Leaves only the main selection.
    pub(super) fn keep_one(&mut self) {
        self.several = Several::default();
        self.document.close_undo_group();
    }

    /// Selects something else at each selection.
    pub(super) fn select_at_each(
        &mut self,
        select: impl Fn(&ropey::Rope, TextSelection) -> TextSelection,
    ) {
        let mut carets = self.carets();
        for caret in &mut carets {
            caret.selection = select(self.rope(), caret.selection);
            caret.goal = None;
        }
        self.set_carets(carets);
        self.document.close_undo_group();
        self.reveal();
    }

    pub(super) fn selections_beside(&self) -> Vec<TextSelection> {
        let others = self.several.beside.iter();
        others.map(|caret| caret.selection).collect()
    }

    /// Selects what was selected before an edit was made or taken back.
    pub(super) fn restore_selections(&mut self, main: TextSelection, beside: &[TextSelection]) {
        let caret = |selection, is_main| Caret {
            selection,
            goal: None,
            is_main,
        };
        let others = beside.iter().map(|selection| caret(*selection, false));
        self.set_carets(others.chain([caret(main, true)]).collect());
    }

    /// Carries the other selections over a change.
    pub(super) fn several_follow(&mut self, delta: &Delta, own: bool) {
        if own {
            self.several.is_looking = false;
        }
        if self.several.beside.is_empty() {
            return;
        }
        for caret in &mut self.several.beside {
            caret.selection = match own {
                true => caret.selection.after_own(delta),
                false => caret.selection.carried(delta),
            };
        }
        let (whole_words, is_looking) = (self.several.whole_words, self.several.is_looking);
        self.set_carets(self.carets());
        (self.several.whole_words, self.several.is_looking) = (whole_words, is_looking);
    }

    /// Keeps the other selections inside the text.
    pub(super) fn clamp_several(&mut self, end: usize) {
        for caret in &mut self.several.beside {
            let TextSelection { anchor, head } = &mut caret.selection;
            (*anchor, *head) = ((*anchor).min(end), (*head).min(end));
        }
    }

    /// Replaces a part of the text at each selection, as one edit. `replacement` is told how many
    /// selections there are before this one.
    pub(super) fn replace_at_each(
        &mut self,
        kind: EditKind,
        replacement: impl Fn(&Self, usize, &Caret) -> Replacement,
    ) {
        let mut carets = self.carets();
        if let [only] = carets.as_slice() {
            let Replacement { range, text } = replacement(self, 0, only);
            return self.replace(range, &text, kind);
        }
        let replacements = carets.iter().enumerate();
        let replacements: Vec<_> = replacements
            .map(|(index, caret)| replacement(self, index, caret))
            .collect();
        let (delta, behind) = replace_each(&replacements);
        for (caret, behind) in carets.iter_mut().zip(behind) {
            caret.selection = TextSelection::caret(behind);
        }
        self.make_at_each(&delta, carets, kind);
    }

    /// Makes an edit that leads to these selections.
    pub(super) fn make_at_each(&mut self, delta: &Delta, mut planned: Vec<Caret>, kind: EditKind) {
        if delta.is_empty() || self.refuses_edits() {
            return;
        }
        if let Some(changes) = self.change(delta, kind) {
            carry_over_others(&mut planned, delta, &changes);
            planned.iter_mut().for_each(|caret| caret.goal = None);
            self.set_carets(planned);
            self.after_own_edit();
        }
    }

    /// Adds a selection, which becomes the main one.
    fn add_selection(&mut self, selection: TextSelection, goal: Option<u16>) {
        let mut carets = self.carets();
        if carets.len() >= MOST {
            return self.reply(format!("There can be {MOST} selections, not more"));
        }
        carets.iter_mut().for_each(|caret| caret.is_main = false);
        carets.push(Caret {
            selection,
            goal,
            is_main: true,
        });
        self.set_carets(carets);
        self.document.close_undo_group();
        self.reveal();
        let is_second = self.several.beside.len() == 1;
        let key = self.keymap.keys_for(Command::Cancel).into_iter().next();
        if let Some(key) = key.filter(|_| is_second) {
            self.reply(format!("{key} goes back to one selection"));
        }
    }

    /// Puts a caret a row above the first one (-1) or below the last one (1).
    pub(super) fn add_caret(&mut self, rows: isize) {
        let carets = self.carets();
        let outermost = if rows < 0 {
            carets.first()
        } else {
            carets.last()
        };
        let Some(outermost) = outermost else { return };
        let options = self.layout_options();
        let row_of = |position| {
            layout::row_at(self.rope(), &options, position)
                .position
                .start
        };
        let TextSelection { anchor, head } = outermost.selection;
        let (to, goal) = vertical(self.rope(), &options, head, outermost.goal, rows);
        if row_of(to) == row_of(head) {
            return;
        }
        let from = match outermost.selection.is_caret() {
            true => to,
            false => vertical(self.rope(), &options, anchor, None, rows).0,
        };
        let selection = TextSelection {
            anchor: from,
            head: to,
        };
        self.add_selection(selection, Some(goal));
    }

    /// Puts a caret where the mouse is.
    pub(super) fn add_caret_at(&mut self, position: usize) {
        self.add_selection(TextSelection::caret(position), None);
    }

    /// Selects the words at the carets; where there is a selection, its next match as well.
    pub(super) fn add_next_match(&mut self) {
        let carets = self.carets();
        if carets.iter().any(|caret| caret.selection.is_caret()) {
            return self.select_words();
        }
        let Some(finder) = self.finder_for_selection() else {
            return self.reply("Only a part of one line can be looked for");
        };
        let taken: Vec<_> = carets.iter().map(Caret::range).collect();
        let (rope, from) = (self.rope(), self.selected().end);
        let is_small = rope.len_chars() <= AT_ONCE;
        let found = finder.next_new(rope, from, AT_ONCE, &taken);
        let found = match found {
            None if is_small => finder.next_new(rope, 0, AT_ONCE, &taken),
            found => found,
        };
        if found.is_some() || is_small {
            return self.add_match(found);
        }
        let job = Job::FindNew {
            finder,
            text: rope.clone(),
            from,
            taken,
            version: self.version,
        };
        self.several.is_looking = true;
        self.effects.push(Effect::Work(job));
    }

    /// Takes what a job found, if it is still wanted.
    pub(super) fn found_new(&mut self, found: Option<Range<usize>>, version: u64) {
        if !std::mem::take(&mut self.several.is_looking) {
            return;
        }
        if version == self.version {
            self.add_match(found);
        } else {
            self.add_next_match();
        }
    }

    fn add_match(&mut self, found: Option<Range<usize>>) {
        let Some(found) = found else {
            return self.reply(match self.has_several() {
                true => "Every match is selected",
                false => "There is no other match",
            });
        };
        let whole_words = self.several.whole_words;
        let selection = TextSelection {
            anchor: found.start,
            head: found.end,
        };
        self.add_selection(selection, None);
        self.several.whole_words = whole_words;
    }

    fn select_words(&mut self) {
        self.select_at_each(|rope, selection| {
            if !selection.is_caret() {
                return selection;
            }
            let word = word_at(rope, selection.head);
            TextSelection {
                anchor: word.start,
                head: word.end,
            }
        });
        self.several.whole_words = true;
        if !self.selects_anything() {
            self.reply("There is no word at the caret");
        }
    }

    /// Finds what is selected, letter by letter; `None` if that is not a part of one line.
    fn finder_for_selection(&self) -> Option<Finder> {
        let (selected, rope) = (self.selected(), self.rope());
        let one_line = rope.char_to_line(selected.start) == rope.char_to_line(selected.end);
        if !one_line || selected.len() > LONGEST_PRESET {
            return None;
        }
        let query = Query {
            pattern: rope.slice(selected).to_string(),
            regex: false,
            whole_word: self.several.whole_words,
            case: Case::Sensitive,
        };
        query.compile().ok().flatten()
    }
}
