//! What a peer has, as far as we can tell.

use std::sync::Arc;

use loro::{IdSpan, VersionVector};

use crate::net::replica::lacking;

/// Operations that a peer has, or that are sure to reach it.
///
/// Peers that have the same as we share one version with us.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<VersionVector>);

impl Known {
    pub fn from_version(version: &VersionVector) -> Self {
        Self(Arc::new(version.clone()))
    }

    /// Returns everything of ours that the peer lacks.
    pub fn lacking(&self, ours: &VersionVector) -> Vec<IdSpan> {
        lacking(ours, &self.0)
    }

    pub fn includes(&self, ours: &VersionVector) -> bool {
        self.0.includes_vv(ours)
    }

    pub fn extend(&mut self, spans: &[IdSpan]) {
        if spans.is_empty() {
            return;
        }
        let version = Arc::make_mut(&mut self.0);
        for &span in spans {
            version.extend_to_include(span);
        }
    }

    pub fn equals(&mut self, ours: &Arc<VersionVector>) {
        self.0 = Arc::clone(ours);
    }

    /// Returns which of these new operations the peer lacks, and all earlier ones that it lacks
    /// if there is a gap before them. Costs as much as there are spans, unless there is a gap.
    pub fn lacking_of(&self, spans: &[IdSpan], ours: &VersionVector) -> Vec<IdSpan> {
        let mut missing = Vec::new();
        for &span in spans {
            let end = self.0.get(&span.peer).copied().unwrap_or(0);
            if end < span.counter.start {
                return self.lacking(ours);
            }
            if end < span.counter.end {
                missing.push(IdSpan::new(span.peer, end, span.counter.end));
            }
        }
        missing
    }
}

/// Returns what is left of a span when another is taken out of it: none, one or two pieces.
pub(crate) fn without(span: IdSpan, taken: IdSpan) -> impl Iterator<Item = IdSpan> {
    let (start, end) = (span.counter.start, span.counter.end);
    let (from, to) = if span.peer == taken.peer {
        (
            taken.counter.start.clamp(start, end),
            taken.counter.end.clamp(start, end),
        )
    } else {
        (end, end)
    };
    [(start, from), (to.max(from), end)]
        .into_iter()
        .filter(|(start, end)| start < end)
        .map(move |(start, end)| IdSpan::new(span.peer, start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(ends: &[(u64, i32)]) -> VersionVector {
        ends.iter().copied().collect()
    }

    #[test]
    fn new_operations_are_lacking_once() {
        let ours = version(&[(1, 10), (2, 5)]);
        let spans = [IdSpan::new(1, 7, 10)];
        for (known, expected) in [
            (version(&[(1, 7), (2, 5)]), vec![IdSpan::new(1, 7, 10)]),
            (version(&[(1, 7)]), vec![IdSpan::new(1, 7, 10)]),
            (version(&[(1, 9), (2, 5)]), vec![IdSpan::new(1, 9, 10)]),
            (version(&[(1, 12)]), vec![]),
            (
                version(&[(1, 6)]),
                vec![IdSpan::new(1, 6, 10), IdSpan::new(2, 0, 5)],
            ),
        ] {
            let missing = Known::from_version(&known).lacking_of(&spans, &ours);
            assert_eq!(missing, expected, "known: {known:?}");
        }
    }

    #[test]
    fn spans_are_cut_out_of_spans() {
        let span = IdSpan::new(1, 2, 8);
        for (taken, left) in [
            (IdSpan::new(2, 0, 9), vec![(2, 8)]),
            (IdSpan::new(1, 0, 2), vec![(2, 8)]),
            (IdSpan::new(1, 8, 9), vec![(2, 8)]),
            (IdSpan::new(1, 0, 9), vec![]),
            (IdSpan::new(1, 0, 4), vec![(4, 8)]),
            (IdSpan::new(1, 5, 9), vec![(2, 5)]),
            (IdSpan::new(1, 4, 6), vec![(2, 4), (6, 8)]),
        ] {
            let pieces: Vec<_> = without(span, taken)
                .map(|piece| (piece.counter.start, piece.counter.end))
                .collect();
            assert_eq!(pieces, left, "without {taken:?}");
        }
    }
}
