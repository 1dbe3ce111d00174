//! A list to choose from, as it stands on the screen: how far it is scrolled, and which row is where.
//!
//! Knows numbers of rows only; what a row says, and what choosing it means, is the business of each
//! dialog.

use ratatui::{
    layout::{Position, Rect},
    style::Style,
};

use crate::ui::theme::{Mark, Role, Theme};

/// The place of a list, and the topmost row that is shown.
#[derive(Debug, Default)]
pub(super) struct List {
    top: usize,
    /// Where the list was drawn.
    pub(super) area: Rect,
}

impl List {
    /// Goes back to the first row.
    pub(super) fn reset(&mut self) {
        self.top = 0;
    }

    /// How many rows a page is.
    pub(super) fn page(&self) -> isize {
        isize::try_from(self.area.height.max(2) - 1).unwrap_or(1)
    }

    /// The row that is drawn here, of so many.
    pub(super) fn at(&self, at: Position, count: usize) -> Option<usize> {
        if !self.area.contains(at) {
            return None;
        }
        let row = self.top + usize::from(at.y - self.area.y);
        (row < count).then_some(row)
    }

    /// Takes a place on the screen, scrolled so that the chosen row is visible. Returns the rows to
    /// draw there, each with its row of the screen.
    pub(super) fn show(
        &mut self,
        area: Rect,
        chosen: usize,
        count: usize,
    ) -> impl Iterator<Item = (u16, usize)> + use<> {
        self.area = area;
        let height = usize::from(area.height).max(1);
        self.top = self.top.clamp((chosen + 1).saturating_sub(height), chosen);
        (area.y..area.bottom()).zip(self.top..count)
    }
}

/// The row that is so many further than another, of so many; it stays within them.
pub(super) fn further(chosen: usize, rows: isize, count: usize) -> usize {
    let last = count.saturating_sub(1);
    chosen.saturating_add_signed(rows).min(last)
}

/// What stands before a row, and how it looks.
pub(super) fn look(theme: &Theme, is_chosen: bool) -> (&'static str, Style) {
    match is_chosen {
        true => (theme.mark(Mark::Chosen), theme.style(Role::ChoiceCurrent)),
        false => (" ", theme.style(Role::Choice)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_visible_and_found_by_the_mouse() {
        let mut list = List::default();
        let area = Rect::new(2, 5, 10, 3);
        let table = [
            // the chosen row, and the first and the last row shown
            (0, 0, 2),
            (4, 2, 4),
            (3, 2, 4),
            (1, 1, 3),
            (9, 7, 9),
        ];
        for (chosen, first, last) in table {
            let shown: Vec<_> = list.show(area, chosen, 10).collect();
            assert_eq!(shown, [(5, first), (6, first + 1), (7, last)]);
            assert_eq!(list.at(Position::new(3, 7), 10), Some(last));
        }
        assert_eq!(list.at(Position::new(3, 7), 9), None);
        assert_eq!(list.at(Position::new(1, 7), 10), None);
        assert_eq!(list.page(), 2);
        list.reset();
        assert_eq!(list.show(area, 0, 1).collect::<Vec<_>>(), [(5, 0)]);
    }

    #[test]
    fn going_further_ends_at_the_ends() {
        for (chosen, rows, count, expected) in
            [(0, -1, 3, 0), (1, 1, 3, 2), (2, 5, 3, 2), (0, 1, 0, 0)]
        {
            assert_eq!(further(chosen, rows, count), expected);
        }
    }
}
