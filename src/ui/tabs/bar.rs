//! The row that shows which documents are open: what fits into it, and what a click on it means.
//!
//! Knows names and marks, no documents.

use std::ops::Range;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};

use crate::ui::{
    pane::words::{shorten, width},
    theme::{Role, Theme},
};

/// Names are not made shorter than this, as long as others can be left out instead.
const SHORTEST: usize = 8;
/// What stands before the first name shown if there are more, and behind the last one.
const MORE: [&str; 2] = ["«", "»"];
/// Between two names.
const LINE: &str = "│";

/// What is shown of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) name: String,
    /// Whether there is something to save.
    pub(super) modified: bool,
    /// Whether others changed it since the person last looked.
    pub(super) news: bool,
}

impl Label {
    /// The name in so many columns, with its marks.
    fn text(&self, columns: usize) -> String {
        let modified = if self.modified { " *" } else { "" };
        let news = if self.news { " •" } else { "" };
        format!("{}{modified}{news}", shorten(&self.name, columns))
    }
}

/// The row as it was drawn last.
#[derive(Debug, Default)]
pub(super) struct Bar {
    /// The document that each of these columns belongs to.
    places: Vec<(Range<u16>, usize)>,
}

impl Bar {
    /// The document whose name is here.
    pub(super) fn at(&self, at: Position) -> Option<usize> {
        let place = self
            .places
            .iter()
            .find(|(columns, _)| columns.contains(&at.x));
        place.map(|(_, index)| *index)
    }

    /// Draws the row, with the document that is shown marked.
    pub(super) fn draw(
        &mut self,
        labels: &[Label],
        active: usize,
        area: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) {
        self.places.clear();
        buffer.set_style(area, theme.style(Role::Status));
        let faint = theme.style(Role::StatusFaint);
        let (columns, shown) = fit(labels, active, area.width.into());
        let mut x = area.x;
        let mut write = |text: &str, style: Style| {
            let room = area.right().saturating_sub(x);
            let start = x;
            x = buffer.set_stringn(x, area.y, text, room.into(), style).0;
            start..x
        };
        if shown.start > 0 {
            write(MORE[0], faint);
        }
        for index in shown.clone() {
            // The one that is shown stands on the ground of its text.
            let (mark, style) = match index == active {
                true => ("› ", theme.style(Role::Text).add_modifier(Modifier::BOLD)),
                false => ("  ", theme.style(Role::Status)),
            };
            let text = format!("{mark}{} ", labels[index].text(columns));
            self.places.push((write(&text, style), index));
            if index + 1 < shown.end {
                write(LINE, faint);
            }
        }
        if shown.end < labels.len() {
            write(MORE[1], faint);
        }
        theme.plain(area, buffer);
    }
}

/// Finds how many columns each name may have at most, and which documents are shown: all if their
/// names can be made short enough, else those around the one that is marked.
fn fit(labels: &[Label], active: usize, room: usize) -> (usize, Range<usize>) {
    let needed = |columns: usize, shown: Range<usize>| {
        let names: usize = labels[shown.clone()]
            .iter()
            .map(|label| width(&label.text(columns)) + 3)
            .sum();
        names + shown.len().saturating_sub(1)
    };
    let longest = labels.iter().map(|label| width(&label.name)).max();
    let longest = longest.unwrap_or(0).max(SHORTEST);
    let whole = (SHORTEST..=longest).rev();
    if let Some(columns) = whole
        .clone()
        .find(|it| needed(*it, 0..labels.len()) <= room)
    {
        return (columns, 0..labels.len());
    }
    let mut shown = active..(active + 1).min(labels.len());
    let room = room.saturating_sub(MORE.map(width).iter().sum());
    loop {
        let before = shown.start.saturating_sub(1)..shown.end;
        let behind = shown.start..(shown.end + 1).min(labels.len());
        let grown = [behind, before]
            .into_iter()
            .find(|grown| *grown != shown && needed(SHORTEST, grown.clone()) <= room);
        match grown {
            Some(grown) => shown = grown,
            None => return (SHORTEST, shown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{
        snapshot,
        theme::{Borders, Theme},
    };

    fn label(name: &str) -> Label {
        Label {
            name: name.to_owned(),
            modified: false,
            news: false,
        }
    }

    fn drawn(labels: &[Label], active: usize, columns: u16) -> (String, Bar) {
        let area = Rect::new(0, 0, columns, 1);
        let mut buffer = Buffer::empty(area);
        let theme = Theme::load("dark", None).expect("a theme");
        let mut bar = Bar::default();
        bar.draw(labels, active, area, &mut buffer, &theme);
        let row = (0..columns).map(|x| buffer[(x, 0)].symbol()).collect();
        (row, bar)
    }

    #[test]
    fn names_are_shortened_before_any_is_left_out() {
        let mut labels: Vec<_> = ["notes.md", "a long name for a file.txt", "main.rs"]
            .map(label)
            .to_vec();
        labels[0].modified = true;
        labels[2].news = true;
        for (active, columns, expected) in [
            (
                0,
                64,
                "› notes.md * │  a long name for a file.txt │  main.rs •",
            ),
            (1, 44, "  notes.md * │› a long name f… │  main.rs •"),
            (2, 30, "«  a long… │› main.rs •"),
            (0, 12, "› notes.md *»"),
        ] {
            let shown = drawn(&labels, active, columns).0;
            let expected: String = expected.chars().take(columns.into()).collect();
            assert_eq!(shown.trim_end(), expected.trim_end(), "{columns}");
        }
    }

    #[test]
    fn colours_and_marks() {
        let mut labels: Vec<_> = [
            "notes.md",
            "a long name for a file.txt",
            "main.rs",
            "more.rs",
        ]
        .map(label)
        .to_vec();
        labels[0].modified = true;
        labels[2].news = true;
        let area = Rect::new(0, 0, 40, 2);
        let theme = Theme::load("dark", None).expect("a theme");
        let mut buffer = Buffer::empty(area);
        let row = Rect { height: 1, ..area };
        Bar::default().draw(&labels, 0, row, &mut buffer, &theme);
        let plain = theme.clone().with_borders(Borders::Ascii);
        let row = Rect { y: 1, ..row };
        Bar::default().draw(&labels, 1, row, &mut buffer, &plain);
        let printed = snapshot::print_cells(&buffer, &theme);
        snapshot::assert_screen("tabs__row_of_names", &printed);
    }

    #[test]
    fn a_click_finds_the_document_under_it() {
        let labels = ["one", "two"].map(label);
        let (row, bar) = drawn(&labels, 0, 40);
        assert_eq!(row.trim_end(), "› one │  two");
        for (x, expected) in [
            (0, Some(0)),
            (5, Some(0)),
            (6, None),
            (8, Some(1)),
            (30, None),
        ] {
            assert_eq!(bar.at(Position::new(x, 0)), expected, "{x}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_one_that_is_shown_is_always_in_the_row(
            names in proptest::collection::vec("[a-z日é]{0,30}", 1..12),
            active in 0usize..12,
            columns in 0u16..80,
        ) {
            let labels: Vec<_> = names.iter().map(|name| label(name)).collect();
            let active = active % labels.len();
            let (_, bar) = drawn(&labels, active, columns);
            proptest::prop_assert!(bar.places.iter().any(|(_, index)| *index == active));
            for (place, _) in &bar.places {
                proptest::prop_assert!(place.end <= columns);
            }
        }
    }
}
