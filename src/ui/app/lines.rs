//! Editing whole lines, indentation, and what is done to the text before it is saved.

use ropey::Rope;

use super::App;
use crate::{
    crdt::{AppliedChange, Bias, Delta, EditKind, Origin, TextSelection},
    ui::text::{
        bracket,
        indentation::Indentation,
        layout::{self, LayoutOptions},
        lines::{self, Plan},
        movement::previous_grapheme,
        several::{Caret, Replacement},
    },
};

impl App {
    pub(super) fn duplicate_lines(&mut self) {
        let line_end = self.format.line_ending.as_str();
        self.plan_each(Within::Shifted, |rope, selection| {
            Some(lines::duplicate(rope, selection, line_end))
        });
    }

    pub(super) fn move_lines_up(&mut self) {
        self.plan_each(Within::Shifted, lines::move_up);
    }

    pub(super) fn move_lines_down(&mut self) {
        self.plan_each(Within::Shifted, lines::move_down);
    }

    pub(super) fn delete_lines(&mut self) {
        self.plan_each(Within::Collapsed, |rope, selection| {
            Some(lines::delete(rope, selection))
        });
    }

    pub(super) fn join_lines(&mut self) {
        self.plan_each(Within::Carried, |rope, selection| {
            Some(lines::join(rope, selection))
        });
    }

    pub(super) fn indent(&mut self) {
        let indentation = self.settings.indentation;
        self.plan_each(Within::Carried, |rope, selection| {
            Some(lines::indent(rope, selection, indentation))
        });
    }

    pub(super) fn outdent(&mut self) {
        let indentation = self.settings.indentation;
        self.plan_each(Within::Carried, |rope, selection| {
            Some(lines::outdent(rope, selection, indentation))
        });
    }

    pub(super) fn toggle_comment(&mut self) {
        match self.comment() {
            Some(comment) => self.plan_each(Within::Carried, |rope, selection| {
                Some(lines::toggle_comment(rope, selection, comment))
            }),
            None => self.reply("It is not known how this kind of file writes comments"),
        }
    }

    /// Indents the selected lines, or puts in what leads to the next step.
    pub(super) fn insert_tab(&mut self) {
        if self.selects_anything() {
            return self.indent();
        }
        match self.settings.indentation {
            Indentation::Tabs(_) => self.insert("\t", EditKind::Type),
            Indentation::Spaces(width) => {
                self.replace_at_each(EditKind::Type, |app, _, caret| {
                    let missing = width - app.column_of(caret.selection.head) % width.max(1);
                    Replacement {
                        range: caret.range(),
                        text: " ".repeat(missing.into()),
                    }
                });
            }
        }
    }

    /// Where Backspace deletes to: the grapheme before the caret, or in an indentation of spaces the
    /// step before.
    pub(super) fn backspace_target(&self, head: usize) -> usize {
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

    /// The column of a caret in its line, as if lines were not wrapped.
    fn column_of(&self, head: usize) -> u16 {
        let options = LayoutOptions {
            wrap: false,
            ..self.layout_options()
        };
        let row = layout::row_at(self.rope(), &options, head);
        layout::column_of(self.rope(), &options, &row, head)
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
        if self.is_read_only() || !self.may_write() {
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
        let mut carets = self.carets();
        for caret in &mut carets {
            caret.selection = caret.selection.carried(delta);
        }
        if let Some(changes) = self.change(delta, EditKind::Other) {
            carry_over_others(&mut carets, delta, &changes);
            self.set_carets(carets);
        }
    }

    /// Makes the edits that are planned for each selection as one step, and selects what the plans
    /// say. Selections whose lines touch have one plan, which says what is selected `within` it.
    fn plan_each(&mut self, within: Within, plan: impl Fn(&Rope, TextSelection) -> Option<Plan>) {
        let mut delta = Delta::new();
        let mut planned = Vec::new();
        for mut group in groups_by_lines(self.rope(), self.carets()) {
            let whole = spanning(&group);
            let shift = delta.insertions() as isize - delta.deletions() as isize;
            let Some(plan) = plan(self.rope(), whole) else {
                planned.extend(group);
                continue;
            };
            // Its lines are those of no other group, and lie behind those of the groups before.
            let edit = plan.delta.transform(&delta, Bias::After);
            delta = delta.compose(&edit);
            within.select(&mut group, whole, &plan);
            for caret in &mut group {
                caret.selection = shifted(caret.selection, shift);
            }
            planned.extend(group);
        }
        self.make_at_each(&delta, planned, EditKind::Other);
    }
}

/// What becomes of several selections when one edit is planned for the lines of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// They move with their lines.
    Shifted,
    /// They stay with their characters.
    Carried,
    /// Their text is gone.
    Collapsed,
}

impl Within {
    /// Selects in the text after a plan, which was made for `whole`.
    fn select(self, group: &mut [Caret], whole: TextSelection, plan: &Plan) {
        if let [only] = group {
            only.selection = plan.selection;
            return;
        }
        let by = plan.selection.anchor as isize - whole.anchor as isize;
        for caret in group {
            caret.selection = match self {
                Self::Shifted => shifted(caret.selection, by),
                Self::Carried => caret.selection.after_own(&plan.delta),
                Self::Collapsed => plan.selection,
            };
        }
    }
}

/// Puts together the selections whose lines touch.
fn groups_by_lines(rope: &Rope, carets: Vec<Caret>) -> Vec<Vec<Caret>> {
    let mut groups: Vec<Vec<Caret>> = Vec::new();
    let mut end = None;
    for caret in carets {
        let lines = lines::touched(rope, caret.selection);
        match groups.last_mut() {
            Some(group) if end >= Some(lines.start) => group.push(caret),
            Some(_) | None => groups.push(vec![caret]),
        }
        end = end.max(Some(lines.end));
    }
    groups
}

/// The selection from the first of a group to the last; one alone as it is.
fn spanning(group: &[Caret]) -> TextSelection {
    match group {
        [only] => only.selection,
        _ => TextSelection {
            anchor: group.first().map_or(0, |caret| caret.range().start),
            head: group.last().map_or(0, |caret| caret.range().end),
        },
    }
}

fn shifted(selection: TextSelection, by: isize) -> TextSelection {
    TextSelection {
        anchor: selection.anchor.saturating_add_signed(by),
        head: selection.head.saturating_add_signed(by),
    }
}

/// Carries selections that were planned for the text after `delta` to where others, who were
/// quicker than it, have put their places.
pub(super) fn carry_over_others(carets: &mut [Caret], delta: &Delta, changes: &[AppliedChange]) {
    let mut own = delta.shape();
    for change in changes {
        match change.origin {
            Origin::Remote | Origin::Direct => {
                let others = change.delta.shape().transform(&own, Bias::After);
                for caret in &mut *carets {
                    caret.selection = caret.selection.carried(&others);
                }
                own = own.transform(&change.delta, Bias::Before);
            }
            Origin::Edit | Origin::Undo => {}
        }
    }
}
