//! Deltas put after one another, and carried over one another.

use super::{Bias, Change, Content, Delta};

/// Takes a delta's steps apart, in pieces of any length. Behind the last step it retains forever.
struct Steps<'a, C> {
    rest: std::slice::Iter<'a, Change<C>>,
    /// The step begun, as far as it is not taken yet, with its length: counting it is not free.
    current: Option<(Change<C>, usize)>,
}

impl<'a, C: Content> Steps<'a, C> {
    fn new(changes: &'a [Change<C>]) -> Self {
        let mut steps = Self {
            rest: changes.iter(),
            current: None,
        };
        steps.advance();
        steps
    }

    fn advance(&mut self) {
        self.current = self
            .rest
            .next()
            .map(|change| (change.clone(), change.length()));
    }

    fn is_done(&self) -> bool {
        self.current.is_none()
    }

    fn is_insert(&self) -> bool {
        matches!(self.current, Some((Change::Insert(_), _)))
    }

    fn is_delete(&self) -> bool {
        matches!(self.current, Some((Change::Delete(_), _)))
    }

    /// Returns how much the current step still covers; without end behind the last one.
    fn length(&self) -> usize {
        self.current
            .as_ref()
            .map_or(usize::MAX, |(_, length)| *length)
    }

    /// Takes the next `length` characters of the current step, or all that is left of it.
    fn take(&mut self, length: usize) -> Change<C> {
        match self.current.take() {
            None => Change::Retain(length),
            Some((change, available)) if available <= length => {
                self.advance();
                change
            }
            Some((change, available)) => {
                let left = available - length;
                let (taken, rest) = match change {
                    Change::Retain(_) => (Change::Retain(length), Change::Retain(left)),
                    Change::Delete(_) => (Change::Delete(length), Change::Delete(left)),
                    Change::Insert(mut content) => {
                        let rest = content.split_off(length);
                        (Change::Insert(content), Change::Insert(rest))
                    }
                };
                self.current = Some((rest, left));
                taken
            }
        }
    }

    /// Passes over the next `length` characters of the current step, at most all that is left.
    fn skip(&mut self, length: usize) {
        self.take(length);
    }
}

impl<C: Content> Delta<C> {
    /// Returns the delta that does what `self` does and then what `next` does.
    ///
    /// `next` must have been made for the text that `self` leaves behind.
    #[must_use]
    pub fn compose(&self, next: &Self) -> Self {
        let mut first = Steps::new(self.changes());
        let mut second = Steps::new(next.changes());
        let mut composed = Self::default();
        while !(first.is_done() && second.is_done()) {
            if second.is_insert() {
                composed.push(second.take(usize::MAX));
            } else if first.is_delete() {
                composed.push(first.take(usize::MAX));
            } else {
                let length = first.length().min(second.length());
                match (first.take(length), second.take(length)) {
                    (kept, Change::Retain(_) | Change::Insert(_)) => composed.push(kept),
                    // Text that comes and goes leaves no trace.
                    (Change::Insert(_), Change::Delete(_)) => {}
                    (Change::Retain(_) | Change::Delete(_), gone) => composed.push(gone),
                }
            }
        }
        composed.trim();
        composed
    }

    /// Carries `self` over `over`: both were made for the same text, the result is what is left
    /// of `self` to do once `over` is done.
    ///
    /// `bias` says where the text that `self` inserts goes when `over` inserts at the same place.
    /// With opposite biases the two ways around the square meet: `self` and then what is left of
    /// `over` gives the same text as `over` and then what is left of `self`.
    #[must_use]
    pub fn transform<D: Content>(&self, over: &Delta<D>, bias: Bias) -> Self {
        let mut own = Steps::new(self.changes());
        let mut other = Steps::new(over.changes());
        let mut carried = Self::default();
        while !own.is_done() {
            if own.is_insert() && (bias == Bias::Before || !other.is_insert()) {
                carried.push(own.take(usize::MAX));
            } else if other.is_insert() {
                carried.push(Change::Retain(other.length()));
                other.skip(usize::MAX);
            } else {
                let length = own.length().min(other.length());
                let gone = other.is_delete();
                let change = own.take(length);
                other.skip(length);
                if !gone {
                    carried.push(change);
                }
            }
        }
        carried.trim();
        carried
    }
}
