//! Editing whole lines, indentation, and what is done to the text before it is saved.

use super::App;
use crate::{
    crdt::{AppliedChange, Bias, Delta, EditKind, Origin, TextSelection},
    ui::text::{
        bracket,
        indentation::Indentation,
        layout::{self, LayoutOptions},
        lines::{self, Plan},
        movement::previous_grapheme,
    },
};

impl App {
    pub(super) fn duplicate_lines(&mut self) {
        let line_end = self.format.line_ending.as_str();
        let plan = lines::duplicate(self.rope(), self.selection, line_end);
        self.make(&plan);
    }

    pub(super) fn move_lines_up(&mut self) {
        if let Some(plan) = lines::move_up(self.rope(), self.selection) {
            self.make(&plan);
        }
    }

    pub(super) fn move_lines_down(&mut self) {
        if let Some(plan) = lines::move_down(self.rope(), self.selection) {
            self.make(&plan);
        }
    }

    pub(super) fn delete_lines(&mut self) {
        let plan = lines::delete(self.rope(), self.selection);
        self.make(&plan);
    }

    pub(super) fn join_lines(&mut self) {
        let plan = lines::join(self.rope(), self.selection);
        self.make(&plan);
    }

    pub(super) fn indent(&mut self) {
        let plan = lines::indent(self.rope(), self.selection, self.settings.indentation);
        self.make(&plan);
    }

    pub(super) fn outdent(&mut self) {
        let plan = lines::outdent(self.rope(), self.selection, self.settings.indentation);
        self.make(&plan);
    }

    pub(super) fn toggle_comment(&mut self) {
        match self.comment() {
            Some(comment) => {
                let plan = lines::toggle_comment(self.rope(), self.selection, comment);
                self.make(&plan);
            }
            None => self.reply("It is not known how this kind of file writes comments"),
        }
    }

    /// Indents the selected lines, or puts in what leads to the next step.
    pub(super) fn insert_tab(&mut self) {
        if !self.selected().is_empty() {
            return self.indent();
        }
        match self.settings.indentation {
            Indentation::Tabs(_) => self.insert("\t", EditKind::Type),
            Indentation::Spaces(width) => {
                let missing = width - self.caret_column() % width.max(1);
                self.insert(&" ".repeat(missing.into()), EditKind::Type);
            }
        }
    }

    /// Where Backspace deletes to: the grapheme before the caret, or in an indentation of spaces the
    /// step before.
    pub(super) fn backspace_target(&self) -> usize {
        let head = self.selection.head;
        let one = previous_grapheme(self.rope(), head);
        let Indentation::Spaces(width) = self.settings.indentation else {
            return one;
        };
        let rope = self.rope();
        let head = head.min(rope.len_chars());
        let in_line = head - rope.line_to_char(rope.char_to_line(head));
        let mut before = rope.chars_at(head);
        let spaces = std::iter::from_fn(|| before.prev()).take_while(|c| *c == ' ');
        let step = in_line
            .checked_sub(1)
            .map_or(0, |rest| rest % usize::from(width.max(1)) + 1);
        // Only where nothing but spaces stands before the caret.
        if step > 1 && spaces.take(in_line).count() == in_line {
            head - step
        } else {
            one
        }
    }

    /// The column of the caret in its line, as if lines were not wrapped.
    fn caret_column(&self) -> u16 {
        let options = LayoutOptions {
            wrap: false,
            ..self.layout_options()
        };
        let row = layout::row_at(self.rope(), &options, self.selection.head);
        layout::column_of(self.rope(), &options, &row, self.selection.head)
    }

    pub(super) fn go_to_bracket(&mut self) {
        match bracket::matching(self.rope(), self.selection.head, bracket::FAR) {
            Some(found) => {
                // Behind a bracket is as good as before it: pressing the key again leads back.
                let behind = self.selection.head > found.here;
                self.goal = None;
                self.place(found.there + usize::from(behind), false);
            }
            None => self.reply("There is no bracket at the caret that has a partner"),
        }
    }

    /// The brackets to show: the one at the caret and its partner.
    pub(crate) fn shown_brackets(&self) -> Option<bracket::Brackets> {
        if !self.selected().is_empty() {
            return None;
        }
        bracket::matching(self.rope(), self.selection.head, bracket::NEARBY)
    }

    /// Makes the text as it is to be saved. An edit like any other: it can be undone.
    pub(super) fn tidy_before_save(&mut self) {
        if self.is_read_only() {
            return;
        }
        if self.settings.trim_on_save {
            let delta = lines::trim(self.rope(), self.selection.head);
            self.make_around(&delta);
        }
        let length = self.rope().len_chars();
        if self.settings.final_newline && length > 0 && self.rope().char(length - 1) != '\n' {
            let line_end = self.format.line_ending.as_str();
            self.make_around(&Delta::replace(length..length, line_end));
        }
    }

    /// Makes an edit that leaves caret, selection and view with the text that they are at.
    pub(super) fn make_around(&mut self, delta: &Delta) {
        let selection = self.selection.carried(delta);
        if let Some(changes) = self.change(delta, EditKind::Other) {
            self.selection = carried_over_others(selection, delta, &changes);
        }
    }

    /// Makes a planned edit as one step and selects what the plan says.
    pub(super) fn make(&mut self, plan: &Plan) {
        if plan.delta.is_empty() || self.refuses_edits() {
            return;
        }
        if let Some(changes) = self.change(&plan.delta, EditKind::Other) {
            self.selection = carried_over_others(plan.selection, &plan.delta, &changes);
            self.after_own_edit();
        }
    }
}

/// A selection that was planned for the text after `delta`, where others were quicker than it.
fn carried_over_others(
    mut selection: TextSelection,
    delta: &Delta,
    changes: &[AppliedChange],
) -> TextSelection {
    let mut own = delta.shape();
    for change in changes {
        match change.origin {
            Origin::Remote | Origin::Direct => {
                let others = change.delta.shape().transform(&own, Bias::After);
                selection = selection.carried(&others);
                own = own.transform(&change.delta, Bias::Before);
            }
            Origin::Edit | Origin::Undo => {}
        }
    }
    selection
}
