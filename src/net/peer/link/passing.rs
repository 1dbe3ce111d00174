//! What becomes on a link of what others wrote.

use loro::VersionVector;

use super::Link;

/// What becomes on a link of what others wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// It is passed on like what is written here: the peer cannot tell the two apart.
    Plain,
    /// It is passed on, and told apart.
    Eager,
    /// It is only announced.
    Lazy,
}

impl Link {
    /// Returns whether what others wrote is only announced.
    pub fn is_lazy(&self) -> bool {
        self.passing == Passing::Lazy
    }

    /// Returns whether the peer tells what it wrote from what it passes on.
    pub fn knows_tree(&self) -> bool {
        self.passing != Passing::Plain
    }

    /// Lets what others wrote be passed on or only announced, if the peer understands that.
    pub fn set_passing(&mut self, passing: Passing) {
        if self.knows_tree() {
            self.passing = passing;
        }
    }

    /// Returns how much of what we have the peer is not known to have, for at most so many Loro
    /// peers. From now on it counts as known: whoever lacks it asks for it.
    pub fn announce(&mut self, ours: &VersionVector, most: usize) -> Vec<(u64, i32)> {
        let Some(known) = &mut self.known else {
            return Vec::new();
        };
        let mut spans = known.lacking(ours);
        spans.truncate(most);
        known.extend(&spans);
        spans
            .iter()
            .map(|span| (span.peer, span.counter.end))
            .collect()
    }
}
