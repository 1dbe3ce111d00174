//! Finding and replacing: what is looked for, where the next match is, how many there are.
//!
//! What is visible, and the next match if it is not far away, is looked for at once. Counting all
//! matches and replacing them is a [`Job`]; what others write meanwhile stays.

use std::ops::Range;

use ratatui::layout::{Position, Rect};

use super::{App, Effect, Job};
use crate::{
    crdt::{Bias, Delta, EditKind, TextSelection},
    ui::{
        dialog::{Dialog, SearchAnswer, SearchBar},
        text::search::{Finder, MOST_MATCHES, Query},
    },
};

/// How many characters are looked at while the person waits.
pub(super) const AT_ONCE: usize = 500_000;
/// A longer selection is text to work on, not something to look for.
pub(super) const LONGEST_PRESET: usize = 200;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Next,
    Previous,
}

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Search {
    query: Query,
    finder: Option<Finder>,
    problem: Option<String>,
    /// Where looking began: the place to go back to while nothing is found.
    origin: usize,
    /// Changes with the query.
    round: u64,
    /// All matches in the state of the text that `counted` names.
    matches: Vec<Range<usize>>,
    counted: Option<u64>,
    /// Whether a job is counting.
    is_counting: bool,
    /// Where to go as soon as all matches are known.
    waiting: Option<Direction>,
    /// What was done to the text since a job began to work out the replacement of all matches.
    replacing: Option<Vec<Delta<usize>>>,
}

impl Search {
    /// Goes nowhere once all matches are known: the person went on without that.
    pub(super) fn stop_waiting(&mut self) {
        self.waiting = None;
    }

    /// Carries what is remembered of the text over a change of it.
    pub(super) fn follow(&mut self, delta: &Delta) {
        self.origin = delta.map(self.origin, Bias::After);
        if let Some(since) = &mut self.replacing {
            since.push(delta.shape());
        }
    }
}

impl App {
    /// Opens the line to search with, or turns it into the one to replace with.
    pub(super) fn open_search(&mut self, replace: bool) {
        if let Some(Dialog::Search(bar)) = &mut self.dialog {
            return bar.show(replace);
        }
        let selected = self.selected();
        let rope = self.rope();
        let one_line = rope.char_to_line(selected.start) == rope.char_to_line(selected.end);
        let mut query = self.search.query.clone();
        if !selected.is_empty() && one_line && selected.len() <= LONGEST_PRESET {
            query.pattern = rope.slice(selected.clone()).to_string();
            query.regex = false;
        }
        self.search.origin = selected.start;
        self.search.waiting = None;
        let bar = SearchBar::new(query.clone(), replace);
        self.open(Dialog::Search(Box::new(bar)));
        self.set_query(query);
        self.reveal();
    }

    /// Does what the line to search with asks for.
    pub(super) fn answer_search(&mut self, answer: SearchAnswer) {
        match answer {
            SearchAnswer::Edited(query) => {
                self.set_query(query);
                self.find_from_origin();
            }
            SearchAnswer::Next => self.find(Direction::Next),
            SearchAnswer::Previous => self.find(Direction::Previous),
            SearchAnswer::ReplaceOne(with) => self.replace_one(&with),
            SearchAnswer::ReplaceAll(with) => self.replace_all(with),
        }
    }

    pub(super) fn find_next(&mut self) {
        self.find(Direction::Next);
    }

    pub(super) fn find_previous(&mut self) {
        self.find(Direction::Previous);
    }

    /// Takes rows for the line to search with.
    pub(super) fn cut_search(&self, document: &mut Rect) -> Rect {
        let rows = match &self.dialog {
            Some(Dialog::Search(bar)) => bar.rows(),
            Some(_) | None => 0,
        };
        let rows = rows.min(document.height.saturating_sub(1));
        document.height -= rows;
        Rect {
            y: document.bottom(),
            height: rows,
            ..*document
        }
    }

    /// Whether the mouse at this cell belongs to the text although a dialog is open.
    pub(super) fn search_lets_through(&self, at: Position) -> bool {
        matches!(self.dialog, Some(Dialog::Search(_))) && !self.areas().search.contains(at)
    }

    /// Tells the line to search with where it is and how many matches there are.
    pub(super) fn tell_search_bar(&mut self) {
        let place = self.areas().search;
        let words = self.search_words();
        if let Some(Dialog::Search(bar)) = &mut self.dialog {
            bar.tell(place, words, self.search.problem.clone());
        }
    }

    /// The matches to show within a part of the text.
    pub(crate) fn shown_matches(&self, visible: Range<usize>) -> Vec<Range<usize>> {
        match (&self.dialog, &self.search.finder) {
            (Some(Dialog::Search(_)), Some(finder)) => finder.within(self.rope(), visible),
            _ => Vec::new(),
        }
    }

    /// Sees to it that all matches are counted while the line to search with is open.
    pub(super) fn keep_counting(&mut self) {
        let is_open = matches!(self.dialog, Some(Dialog::Search(_)));
        let fresh = self.search.counted == Some(self.version);
        if fresh || self.search.is_counting || !(is_open || self.search.waiting.is_some()) {
            return;
        }
        if let Some(finder) = self.search.finder.clone() {
            self.search.is_counting = true;
            self.effects.push(Effect::Work(Job::Find {
                finder,
                text: self.rope().clone(),
                round: self.search.round,
                version: self.version,
            }));
        }
    }

    pub(super) fn counted(&mut self, matches: Vec<Range<usize>>, round: u64, version: u64) {
        self.search.is_counting = false;
        if round != self.search.round {
            return;
        }
        self.search.matches = matches;
        self.search.counted = Some(version);
        if version == self.version
            && let Some(direction) = self.search.waiting.take()
        {
            self.go_to_match(direction);
        }
    }

    fn set_query(&mut self, query: Query) {
        let search = &mut self.search;
        let compiled = query.compile();
        search.problem = compiled.as_ref().err().cloned();
        search.finder = compiled.unwrap_or_default();
        search.query = query;
        search.round += 1;
        search.matches.clear();
        search.counted = None;
        search.waiting = None;
    }

    /// Shows the first match behind the place where looking began.
    fn find_from_origin(&mut self) {
        self.keep_one();
        self.selection = TextSelection::caret(self.search.origin.min(self.rope().len_chars()));
        if self.search.finder.is_some() {
            self.find(Direction::Next);
        } else {
            self.reveal();
        }
    }

    fn find(&mut self, direction: Direction) {
        let Some(finder) = self.search.finder.clone() else {
            if !matches!(self.dialog, Some(Dialog::Search(_))) {
                self.open_search(false);
            }
            return;
        };
        self.search.waiting = None;
        if self.knows_all_matches() {
            return self.go_to_match(direction);
        }
        let (selected, rope) = (self.selected(), self.rope());
        let near = match direction {
            Direction::Next => finder.next(rope, selected.end, AT_ONCE),
            Direction::Previous => finder.previous(rope, selected.start, AT_ONCE),
        };
        match near {
            Some(found) => self.select_match(&found),
            None => self.search.waiting = Some(direction),
        }
    }

    fn knows_all_matches(&self) -> bool {
        self.search.counted == Some(self.version) && self.search.matches.len() < MOST_MATCHES
    }

    /// Goes on among all matches, and at the end from the start.
    fn go_to_match(&mut self, direction: Direction) {
        let selected = self.selected();
        let matches = &self.search.matches;
        let (found, around) = match direction {
            Direction::Next => {
                let next = matches.partition_point(|found| found.start < selected.end);
                (matches.get(next), matches.first())
            }
            Direction::Previous => {
                let before = matches.partition_point(|found| found.start < selected.start);
                let before = before.checked_sub(1);
                (before.and_then(|index| matches.get(index)), matches.last())
            }
        };
        match (found.cloned(), around.cloned()) {
            (Some(found), _) => self.select_match(&found),
            (None, Some(around)) => {
                self.select_match(&around);
                self.reply(match direction {
                    Direction::Next => "Went on from the start of the text",
                    Direction::Previous => "Went on from the end of the text",
                });
            }
            (None, None) => {
                let pattern = self.search.query.pattern.clone();
                self.reply(format!("\"{pattern}\" is not in the text"));
            }
        }
    }

    fn select_match(&mut self, found: &Range<usize>) {
        self.goal = None;
        self.select(TextSelection {
            anchor: found.start,
            head: found.end,
        });
    }

    /// Replaces the match that is selected, and goes on to the next one.
    fn replace_one(&mut self, with: &str) {
        let Some(finder) = self.search.finder.clone() else {
            return;
        };
        let selected = self.selected();
        if let Some(delta) = finder.replace_one(self.rope(), &selected, with) {
            self.edit(&delta, EditKind::Other);
        }
        self.find(Direction::Next);
    }

    /// Has the replacement of all matches worked out.
    fn replace_all(&mut self, with: String) {
        let Some(finder) = self.search.finder.clone() else {
            return;
        };
        if self.search.replacing.is_some() || self.refuses_edits() {
            return;
        }
        self.search.replacing = Some(Vec::new());
        self.effects.push(Effect::Work(Job::Replace {
            finder,
            text: self.rope().clone(),
            with,
        }));
    }

    /// Makes the edit, carried over all that was written since it was worked out.
    pub(super) fn replaced_all(&mut self, mut delta: Delta, number: usize) {
        for since in self.search.replacing.take().into_iter().flatten() {
            // What others put before a match stays before it.
            delta = delta.transform(&since, Bias::After);
        }
        if number == 0 {
            let pattern = self.search.query.pattern.clone();
            return self.reply(format!("\"{pattern}\" is not in the text"));
        }
        self.make_around(&delta);
        self.reveal();
        let matches = match number {
            1 => "1 match".to_owned(),
            _ => format!("{number} matches"),
        };
        self.reply(format!("Replaced {matches}; undo takes all of it back"));
    }

    /// How many matches there are, and which of them is selected.
    fn search_words(&self) -> String {
        let search = &self.search;
        if search.query.pattern.is_empty() || search.problem.is_some() {
            return String::new();
        }
        let number = search.matches.len();
        match (search.counted, number) {
            (None, _) => "…".to_owned(),
            (Some(_), 0) => "nothing".to_owned(),
            (Some(_), MOST_MATCHES) => format!("over {MOST_MATCHES}"),
            (Some(_), _) => {
                let selected = self.selected();
                match search
                    .matches
                    .binary_search_by_key(&selected.start, |found| found.start)
                {
                    Ok(index) if search.matches[index] == selected => {
                        format!("{} of {number}", index + 1)
                    }
                    _ if number == 1 => "1 match".to_owned(),
                    _ => format!("{number} matches"),
                }
            }
        }
    }
}
