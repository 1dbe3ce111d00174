//! The way a text went since it was like its file: how another program's change of the file is
//! carried to the text as it is now.
//!
//! The latest steps are kept one by one, each with the text after it. That is cheap, for ropes share
//! what they have in common, and it tells a file that another copad of the same document wrote (it
//! holds a text that ours was a moment ago) from one that somebody else changed. Older steps are
//! folded into one another.

use std::{collections::VecDeque, sync::Arc};

use ropey::Rope;

use super::difference;
use crate::crdt::Delta;

/// Steps that are kept one by one at most.
const RECENT: usize = 1024;
/// Steps that are folded at once.
const FOLDED: usize = 512;

/// One change.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The number of the text that it led to.
    version: u64,
    pub(super) shape: Arc<Delta<usize>>,
    /// The text after it; `None` if the next step was made before anybody looked.
    pub(super) after: Option<Rope>,
}

/// A part of the way of which single steps are not known any more.
#[derive(Clone, Debug)]
enum Stretch {
    Known(Arc<Delta<usize>>),
    /// To be found out by comparing.
    Between(Rope, Rope),
}

/// What happened to a text since it was like its file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trail {
    /// What is in the file.
    base: Rope,
    older: Vec<Stretch>,
    /// The number of the text at which `recent` starts.
    folded: u64,
    recent: VecDeque<Step>,
}

impl Trail {
    /// Starts at a file's text; the document holds `now`, which has this number.
    pub fn new(base: Rope, now: &Rope, version: u64) -> Self {
        let older = if base == *now {
            Vec::new()
        } else {
            vec![Stretch::Between(base.clone(), now.clone())]
        };
        Self {
            base,
            older,
            folded: version,
            recent: VecDeque::new(),
        }
    }

    /// Starts at a file's text, from which `rest` leads to the text of this number.
    pub fn known(base: Rope, rest: Delta<usize>, version: u64) -> Self {
        let rest = Some(rest).filter(|rest| !rest.is_empty());
        Self {
            base,
            older: rest
                .into_iter()
                .map(|rest| Stretch::Known(Arc::new(rest)))
                .collect(),
            folded: version,
            recent: VecDeque::new(),
        }
    }

    /// Goes on by a change; `version` is the number of the text that it led to.
    pub fn note(&mut self, version: u64, delta: &Delta) {
        self.recent.push_back(Step {
            version,
            shape: Arc::new(delta.shape()),
            after: None,
        });
    }

    /// Takes down the text as it is after the last step.
    pub fn see(&mut self, now: &Rope) {
        if let Some(step) = self.recent.back_mut()
            && step.after.is_none()
        {
            step.after = Some(now.clone());
        }
    }

    /// Folds old steps if there are many. A version that somebody waits to hear of must not be
    /// among them.
    pub fn fold(&mut self) {
        while self.recent.len() > RECENT {
            let steps: Vec<Step> = self.recent.drain(..FOLDED).collect();
            self.folded = steps.last().map_or(self.folded, |step| step.version);
            let shapes: Vec<_> = steps.into_iter().map(|step| step.shape).collect();
            self.older
                .push(Stretch::Known(Arc::new(compose_all(&shapes))));
        }
    }

    /// The file was given the text of this number; the document holds `now`.
    pub fn settle(&mut self, text: Rope, version: u64, now: &Rope) {
        if version < self.folded {
            let folded = self.recent.back().map_or(self.folded, |step| step.version);
            *self = Self::new(text, now, folded);
            return;
        }
        self.base = text;
        self.older.clear();
        self.folded = version;
        self.recent.retain(|step| step.version > version);
    }

    /// Returns what happened since the text of this number, or `None` if that is too long ago.
    pub fn since(&self, version: u64) -> Option<Vec<Arc<Delta<usize>>>> {
        let later = self.recent.iter().filter(|step| step.version > version);
        (version >= self.folded).then(|| later.map(|step| Arc::clone(&step.shape)).collect())
    }

    pub(super) fn base(&self) -> &Rope {
        &self.base
    }

    pub(super) fn recent(&self) -> &VecDeque<Step> {
        &self.recent
    }

    /// Returns the whole way from the file's text. Compares texts if it must.
    pub(super) fn whole(&self) -> Delta<usize> {
        let known = self.older.iter().map(|stretch| match stretch {
            Stretch::Known(shape) => Arc::clone(shape),
            Stretch::Between(before, after) => {
                let delta = difference(&before.to_string(), &after.to_string());
                Arc::new(delta.shape())
            }
        });
        let recent = self.recent.iter().map(|step| Arc::clone(&step.shape));
        compose_all(&known.chain(recent).collect::<Vec<_>>())
    }

    /// Returns the way from behind the recent step of this index.
    pub(super) fn behind(&self, index: usize) -> Delta<usize> {
        let shapes = self.recent.iter().skip(index + 1);
        compose_all(
            &shapes
                .map(|step| Arc::clone(&step.shape))
                .collect::<Vec<_>>(),
        )
    }
}

/// Puts changes behind one another. In halves: a change grows with each that it takes in.
fn compose_all(shapes: &[Arc<Delta<usize>>]) -> Delta<usize> {
    match shapes {
        [] => Delta::default(),
        [only] => Delta::clone(only),
        _ => {
            let (first, second) = shapes.split_at(shapes.len() / 2);
            compose_all(first).compose(&compose_all(second))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(trail: &mut Trail, now: &mut Rope, version: u64) {
        let delta = Delta::replace(version as usize..version as usize, "x");
        delta.apply(now);
        trail.note(version, &delta);
        trail.see(now);
    }

    #[test]
    fn folding_forgets_single_steps_but_not_where_they_led() {
        let mut now = Rope::from_str("0");
        let mut trail = Trail::new(now.clone(), &now, 0);
        for version in 1..=3000 {
            typed(&mut trail, &mut now, version);
            trail.fold();
        }
        assert!(trail.recent().len() <= RECENT);
        assert_eq!(trail.since(2990).map(|steps| steps.len()), Some(10));
        assert_eq!(trail.since(100), None);
        let whole = trail.whole();
        assert_eq!((whole.insertions(), whole.first_changed()), (3000, Some(1)));
    }

    #[test]
    fn after_saving_only_what_came_later_is_left() {
        let mut now = Rope::from_str("0");
        let mut trail = Trail::new(Rope::new(), &now, 0);
        assert_eq!(trail.whole().insertions(), 1);
        for version in 1..=9 {
            typed(&mut trail, &mut now, version);
        }
        trail.settle(Rope::from_str("0xxxx"), 4, &now);
        assert_eq!(trail.whole().insertions(), 5);
        assert_eq!(trail.behind(0).insertions(), 4);
        // A version that was folded meanwhile: the texts are compared.
        trail.folded = 8;
        trail.settle(Rope::from_str("0xxxxx"), 5, &now);
        assert_eq!(trail.whole().insertions(), 4);
        assert_eq!(trail.since(9), Some(Vec::new()));
    }
}
