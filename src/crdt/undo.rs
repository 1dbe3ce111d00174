//! Undo and redo of what one person did, whatever others did meanwhile.
//!
//! A step is the delta that takes an edit back. Other people's changes must be carried into every
//! step, for the text that it was made for is gone. Doing that at once would make each remote
//! keystroke cost as much as the history is long. So only the top step notes what others did
//! since it is on top; when it is taken off, it is carried over the notes, and the notes, carried
//! over it, go to the step below. The redo stack works the same way.
//!
//! Knows deltas and selections; never sees a document.

use std::{collections::VecDeque, time::Duration};

use ropey::Rope;

use super::{Bias, Delta, EditContext, EditKind, TextSelection};

/// How many steps are kept. The oldest go first.
const MAX_STEPS: usize = 1_000;
/// How long after a keystroke the next one still belongs to the same step.
const GROUP_PAUSE: Duration = Duration::from_millis(600);
/// A step that puts in or takes out more than this is not continued: extending it copies it.
const MAX_GROUP_CHARS: usize = 10_000;

/// Which way through the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Taking back.
    Undo,
    /// Doing again what was taken back.
    Redo,
}

impl Direction {
    fn opposite(self) -> Self {
        match self {
            Direction::Undo => Direction::Redo,
            Direction::Redo => Direction::Undo,
        }
    }
}

/// A change to be made to the text as it is now, to go one step through the history.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The change. Empty if others have already removed all there was to change.
    pub(super) delta: Delta,
    /// The selection that fits the text before the change.
    pub(super) from: TextSelection,
    /// The selection that fits the text after the change.
    pub(super) to: TextSelection,
    /// The selections beside `from`.
    pub(super) beside_from: Vec<TextSelection>,
    /// The selections beside `to`.
    pub(super) beside_to: Vec<TextSelection>,
}

impl Step {
    /// Carries the step over what others did, which makes `others` fit the text after the step.
    fn carry(&mut self, others: &mut Pending) {
        for shape in &mut others.shapes {
            let after_step = shape.transform(&self.delta, Bias::After);
            self.delta = self.delta.transform(shape, Bias::Before);
            for selection in std::iter::once(&mut self.from).chain(&mut self.beside_from) {
                *selection = selection.carried(shape);
            }
            for selection in std::iter::once(&mut self.to).chain(&mut self.beside_to) {
                *selection = selection.carried(&after_step);
            }
            *shape = after_step;
        }
    }
}

/// What others did since a step is on top, one after the other.
///
/// Neighbours are composed as they come, the smaller ones first, so that there are never many and
/// that noting a change costs little however much is noted.
#[derive(Debug, Default)]
struct Pending {
    shapes: Vec<Delta<usize>>,
}

impl Pending {
    fn push(&mut self, shape: Delta<usize>) {
        if shape.is_empty() {
            return;
        }
        let mut last = shape;
        while let Some(earlier) = self.shapes.pop() {
            if earlier.changes().len() > 2 * last.changes().len() {
                self.shapes.push(earlier);
                break;
            }
            last = earlier.compose(&last);
        }
        self.shapes.push(last);
    }
}

/// Steps one way through the history, the next one last.
#[derive(Debug, Default)]
struct Stack {
    steps: VecDeque<(Step, Pending)>,
    /// How many steps were too old to be kept.
    dropped: usize,
}

impl Stack {
    fn push(&mut self, step: Step) {
        if self.steps.len() == MAX_STEPS {
            self.steps.pop_front();
            self.dropped += 1;
        }
        self.steps.push_back((step, Pending::default()));
    }

    /// Takes the next step off, fit for the text as it is now.
    fn pop(&mut self) -> Option<Step> {
        let (mut step, mut others) = self.steps.pop_back()?;
        step.carry(&mut others);
        if let Some((_, pending)) = self.steps.back_mut() {
            for shape in others.shapes {
                pending.push(shape);
            }
        }
        Some(step)
    }

    fn note(&mut self, shape: &Delta<usize>) {
        if let Some((_, pending)) = self.steps.back_mut() {
            pending.push(shape.clone());
        }
    }
}

/// The step that the next keystroke may continue.
#[derive(Debug)]
struct OpenGroup {
    kind: EditKind,
    /// When its last keystroke was.
    last: Duration,
    /// Where its last keystroke ended.
    edge: usize,
}

/// What a person did and can take back, and what they took back and can do again.
#[derive(Debug, Default)]
pub(super) struct History {
    undo: Stack,
    redo: Stack,
    open: Option<OpenGroup>,
}

impl History {
    /// Returns whether there is a step in this direction. It may turn out to change nothing.
    pub(super) fn has(&self, direction: Direction) -> bool {
        match direction {
            Direction::Undo => !self.undo.steps.is_empty(),
            Direction::Redo => !self.redo.steps.is_empty(),
        }
    }

    /// Returns how many steps could be taken back if all were kept.
    pub(super) fn depth(&self) -> usize {
        self.undo.dropped + self.undo.steps.len()
    }

    /// Makes the next edit a step of its own.
    pub(super) fn close_group(&mut self) {
        self.open = None;
    }

    /// Notes a change that is not the person's own.
    pub(super) fn note_foreign(&mut self, delta: &Delta) {
        let shape = delta.shape();
        self.undo.note(&shape);
        self.redo.note(&shape);
        if let Some(open) = &mut self.open {
            open.edge = shape.map(open.edge, Bias::Before);
        }
    }

    /// Records an edit of the person's own, made to the text `before`. `beside` are selections
    /// beside that of the context.
    pub(super) fn record_edit(
        &mut self,
        delta: &Delta,
        before: &Rope,
        context: &EditContext,
        beside: &[TextSelection],
    ) {
        self.redo = Stack::default();
        let mut step = Step {
            delta: delta.invert(before),
            from: context.selection.after_own(delta),
            to: context.selection,
            beside_from: beside.iter().map(|one| one.after_own(delta)).collect(),
            beside_to: beside.to_vec(),
        };
        if self.continues(delta, context)
            && let Some(earlier) = self.undo.pop()
        {
            step.delta = step.delta.compose(&earlier.delta);
            step.to = earlier.to;
            step.beside_to = earlier.beside_to;
        }
        let size = step.delta.insertions() + step.delta.deletions();
        self.undo.push(step);
        let grows = match context.kind {
            EditKind::Type | EditKind::Erase => size <= MAX_GROUP_CHARS,
            EditKind::Other => false,
        };
        self.open = grows.then(|| OpenGroup {
            kind: context.kind,
            last: context.now,
            edge: delta.touched_after().end,
        });
    }

    /// Returns whether an edit goes on where and when the last one ended.
    fn continues(&self, delta: &Delta, context: &EditContext) -> bool {
        self.open.as_ref().is_some_and(|open| {
            let touched = delta.touched_before();
            open.kind == context.kind
                && context.now.saturating_sub(open.last) <= GROUP_PAUSE
                && (touched.start == open.edge || touched.end == open.edge)
        })
    }

    /// Takes the next step in this direction off, fit for the text as it is now.
    pub(super) fn take(&mut self, direction: Direction) -> Option<Step> {
        self.open = None;
        match direction {
            Direction::Undo => self.undo.pop(),
            Direction::Redo => self.redo.pop(),
        }
    }

    /// Records that a step was taken: `delta` was made to the text `before`.
    pub(super) fn record_step(
        &mut self,
        direction: Direction,
        step: &Step,
        delta: &Delta,
        before: &Rope,
    ) {
        let back = Step {
            delta: delta.invert(before),
            from: step.to,
            to: step.from,
            beside_from: step.beside_to.clone(),
            beside_to: step.beside_from.clone(),
        };
        match direction.opposite() {
            Direction::Undo => self.undo.push(back),
            Direction::Redo => self.redo.push(back),
        }
    }
}

#[cfg(test)]
mod tests;
