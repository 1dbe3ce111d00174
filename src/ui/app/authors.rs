//! Who wrote what: for the characters on the screen alone, kept while the text moves.
//!
//! Asking the document costs a search for each character, so only what came onto the screen or was
//! changed there is asked for. The length of the text does not matter.

use std::{collections::HashMap, ops::Range};

use ratatui::style::Style;

use super::App;
use crate::{
    crdt::{Bias, Delta, conflict::Author},
    replica_tag,
    ui::{dialog::clean_name, text::layout},
};

/// Somebody who wrote something, by the order in which they were found.
type Index = u16;
/// Ourselves.
const OWN: Index = 0;
/// Nobody that is known.
const NOBODY: Index = Index::MAX;

/// What is known of who wrote what is on the screen.
#[derive(Debug, Default)]
pub(super) struct Authorship {
    /// In the order of the text, without overlaps.
    segments: Vec<Segment>,
    /// Everybody who was found but ourselves, from index 1 on.
    others: Vec<Author>,
    /// The index of each Loro peer id that was looked up.
    known: HashMap<u64, Index>,
}

/// Characters in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    start: usize,
    /// Who wrote each of them.
    writers: Vec<Index>,
}

impl Segment {
    fn end(&self) -> usize {
        self.start + self.writers.len()
    }
}

impl Authorship {
    /// Moves what is known with the text. What was changed is asked for anew.
    pub(super) fn follow(&mut self, delta: &Delta) {
        if self.segments.is_empty() {
            return;
        }
        let touched = delta.touched_before();
        self.segments
            .retain(|one| one.end() <= touched.start || touched.end <= one.start);
        for segment in &mut self.segments {
            if segment.start >= touched.end {
                segment.start = delta.map(segment.start, Bias::After);
            }
        }
    }

    fn writer_at(&self, position: usize) -> Index {
        let index = self.segments.partition_point(|one| one.end() <= position);
        let segment = self.segments.get(index);
        let place = segment.and_then(|one| Some((one, position.checked_sub(one.start)?)));
        place.map_or(NOBODY, |(one, place)| one.writers[place])
    }

    /// Whether everything is known of these stretches.
    fn covers(&self, wanted: &[Range<usize>]) -> bool {
        wanted.iter().filter(|one| !one.is_empty()).all(|wanted| {
            let index = self
                .segments
                .partition_point(|one| one.end() <= wanted.start);
            let segment = self.segments.get(index);
            segment.is_some_and(|one| one.start <= wanted.start && wanted.end <= one.end())
        })
    }

    /// Keeps these stretches and no others. `ask` is asked for what is not known of them.
    fn keep(
        &mut self,
        wanted: &[Range<usize>],
        ask: impl Fn(Range<usize>) -> Vec<Option<u64>>,
    ) -> Vec<(Range<usize>, Vec<Option<u64>>)> {
        let mut asked = Vec::new();
        let mut kept = Vec::new();
        for wanted in wanted.iter().filter(|one| !one.is_empty()) {
            let mut writers = Vec::with_capacity(wanted.len());
            let mut at = wanted.start;
            while at < wanted.end {
                let index = self.segments.partition_point(|one| one.end() <= at);
                match self.segments.get(index) {
                    Some(one) if one.start <= at => {
                        let end = one.end().min(wanted.end);
                        writers.extend(&one.writers[at - one.start..end - one.start]);
                        at = end;
                    }
                    next => {
                        let end = next.map_or(wanted.end, |one| one.start.min(wanted.end));
                        asked.push((at..end, ask(at..end)));
                        writers.resize(writers.len() + (end - at), NOBODY);
                        at = end;
                    }
                }
            }
            kept.push(Segment {
                start: wanted.start,
                writers,
            });
        }
        self.segments = kept;
        asked
    }

    /// Notes who wrote the characters from a position on.
    fn note(&mut self, start: usize, writers: &[Index]) {
        let index = self.segments.partition_point(|one| one.end() <= start);
        if let Some(segment) = self.segments.get_mut(index) {
            let from = start.saturating_sub(segment.start);
            for (place, writer) in segment.writers.iter_mut().skip(from).zip(writers) {
                *place = *writer;
            }
        }
    }
}

impl App {
    pub(super) fn toggle_authors(&mut self) {
        self.settings.show_authors = !self.settings.show_authors;
        self.reply(match self.settings.show_authors {
            true => "The colours say who wrote what, the last line who wrote at your caret",
            false => "Who wrote what is not shown",
        });
    }

    /// Sees to it that it is known who wrote what is visible, if that is shown.
    pub(super) fn keep_authors(&mut self) {
        if !self.settings.show_authors {
            self.authorship = Authorship::default();
            return;
        }
        if self.document.is_ahead() {
            return;
        }
        let wanted = self.visible_stretches();
        if self.authorship.covers(&wanted) {
            return;
        }
        let document = &self.document;
        let asked = self
            .authorship
            .keep(&wanted, |range| document.writers(range));
        for (range, peers) in asked {
            let writers: Vec<_> = peers
                .into_iter()
                .map(|peer| peer.map_or(NOBODY, |peer| self.index_of(peer)))
                .collect();
            self.authorship.note(range.start, &writers);
        }
    }

    /// The characters on the screen, row by row.
    fn visible_stretches(&self) -> Vec<Range<usize>> {
        let rows = self.visible_rows().into_iter();
        if self.wrap {
            return rows.map(|row| row.position.start..row.end).collect();
        }
        let (rope, options) = (self.rope(), self.layout_options());
        let visible = self.left..self.left.saturating_add(self.areas().text.width);
        rows.filter_map(|row| {
            let cells = layout::cells_within(rope, &options, &row, visible.clone());
            Some(cells.first()?.chars.start..cells.last()?.chars.end)
        })
        .collect()
    }

    /// Finds out who writes under a Loro peer id.
    fn index_of(&mut self, peer: u64) -> Index {
        if let Some(index) = self.authorship.known.get(&peer) {
            return *index;
        }
        let own_process = self.document.shared().doc().peer_id() == peer;
        let author = self.document.author_of(peer);
        let index = match author {
            _ if own_process => OWN,
            // It may come to be known yet.
            None => return NOBODY,
            Some(author) if author.replica == replica_tag(self.node) => OWN,
            Some(author) => {
                let others = &mut self.authorship.others;
                let same = others.iter().position(|one| one.replica == author.replica);
                let place = same.unwrap_or_else(|| {
                    others.push(author);
                    others.len() - 1
                });
                Index::try_from(place + 1).unwrap_or(NOBODY)
            }
        };
        self.authorship.known.insert(peer, index);
        index
    }

    /// How to show who wrote what, for each who wrote something that is visible.
    pub(crate) fn author_styles(&self) -> AuthorStyles<'_> {
        let mut styles = Vec::new();
        if self.settings.show_authors {
            styles.push(self.theme.authored(&self.user.color, true));
            styles.extend(self.authorship.others.iter().map(|author| {
                let color = self.author_now(author).1;
                self.theme.authored(&color, false)
            }));
        }
        AuthorStyles {
            authorship: &self.authorship,
            styles,
        }
    }

    /// Who wrote at the caret, if that is shown and known.
    pub(crate) fn author_at_caret(&self) -> Option<String> {
        if !self.settings.show_authors {
            return None;
        }
        let head = self.selection.head;
        // At the end of a line it is what stands before the caret.
        let before = head.checked_sub(1);
        [Some(head), before].into_iter().flatten().find_map(|at| {
            let writer = self.authorship.writer_at(at);
            match writer {
                OWN => Some("you".to_owned()),
                NOBODY => None,
                other => {
                    let author = self.authorship.others.get(usize::from(other) - 1)?;
                    self.author_now(author).0
                }
            }
        })
    }

    /// What somebody is called and in which colour: as they are now if they are here, else as they
    /// were when they wrote.
    fn author_now(&self, author: &Author) -> (Option<String>, String) {
        let here = self
            .people
            .values()
            .find(|person| person.user.is_some() && replica_tag(person.node) == author.replica);
        match here {
            Some(person) => (clean_name(&person.name()), person.color()),
            None => (clean_name(&author.name), author.color.clone()),
        }
    }
}

/// How to draw what somebody wrote.
pub(crate) struct AuthorStyles<'a> {
    authorship: &'a Authorship,
    /// By index.
    styles: Vec<Style>,
}

impl AuthorStyles<'_> {
    /// How to draw a character; as usual if nobody is known to have written it.
    pub(crate) fn at(&self, position: usize) -> Style {
        if self.styles.is_empty() {
            return Style::new();
        }
        let writer = self.authorship.writer_at(position);
        let style = self.styles.get(usize::from(writer));
        style.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text in which each character was written by the peer of its digit.
    fn ask(text: &str) -> impl Fn(Range<usize>) -> Vec<Option<u64>> {
        move |range| {
            let digits = text.chars().skip(range.start).take(range.len());
            digits
                .map(|digit| digit.to_digit(10).map(u64::from))
                .collect()
        }
    }

    fn keep(authorship: &mut Authorship, text: &str, wanted: &[Range<usize>]) -> usize {
        let asked = authorship.keep(wanted, ask(text));
        let count = asked.iter().map(|(range, _)| range.len()).sum();
        for (range, peers) in asked {
            let writers: Vec<_> = peers
                .into_iter()
                .map(|peer| peer.map_or(NOBODY, |peer| peer as Index))
                .collect();
            authorship.note(range.start, &writers);
        }
        for wanted in wanted {
            for position in wanted.clone() {
                let expected = text
                    .chars()
                    .nth(position)
                    .and_then(|digit| digit.to_digit(10));
                let expected = expected.map_or(NOBODY, |digit| digit as Index);
                assert_eq!(authorship.writer_at(position), expected, "at {position}");
            }
        }
        assert!(authorship.covers(wanted));
        count
    }

    #[test]
    fn only_what_is_new_on_the_screen_is_asked_for() {
        let mut authorship = Authorship::default();
        let text = "0011220011220011";
        assert_eq!(keep(&mut authorship, text, &[0..4, 5..9]), 8);
        assert_eq!(keep(&mut authorship, text, &[0..4, 5..9]), 0);
        assert_eq!(keep(&mut authorship, text, &[2..7, 8..10]), 2);
        assert!(!authorship.covers(std::slice::from_ref(&(0..2))));
        assert!(!authorship.covers(std::slice::from_ref(&(6..9))));
        assert_eq!(authorship.writer_at(15), NOBODY);
    }

    #[test]
    fn what_is_known_moves_with_the_text() {
        let mut authorship = Authorship::default();
        keep(&mut authorship, "0011220011", &[0..3, 3..6, 6..10]);
        // Somebody puts two characters into the second stretch.
        authorship.follow(&Delta::replace(4..4, "xx"));
        let asked = keep(&mut authorship, "001199220011", &[0..3, 3..8, 8..12]);
        assert_eq!(asked, 5, "the others are known");
        authorship.follow(&Delta::replace(0..1, ""));
        assert_eq!(keep(&mut authorship, "01199220011", &[0..9, 9..11]), 2);
    }
}
