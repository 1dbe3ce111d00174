//! What our document has, kept up to date by what is added, so that nobody asks the document for
//! its version at every keystroke.

use std::{sync::Arc, time::Duration};

use loro::{IdSpan, VersionVector};

use super::tree::Arrival;
use crate::net::{
    node::NodeId,
    peer::link::HEARTBEAT,
    replica::{Imported, Replica, lacking},
};

/// Updates that wait for others, at most; there is no need to know of more to ask for them.
const MAX_WAITING: usize = 64;
/// How long to ask for what an update waits for. After that only digests tell that it is missing;
/// the update goes on waiting, and nobody need send it again.
const WAITS_FOR: Duration = Duration::from_secs(60);

/// Operations that came before others that they depend on.
#[derive(Debug)]
struct Waiting {
    span: IdSpan,
    from: Arrival,
    ask_at: Duration,
    until: Duration,
}

impl Waiting {
    /// Returns whether what it waits for is still asked for.
    fn is_wanted(&self) -> bool {
        self.ask_at < self.until
    }
}

/// The version of our document.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Shared with what is known of the peers that have the same.
    version: Arc<VersionVector>,
    started: bool,
    digest: Option<u64>,
    /// Hash of the content at this version, or that the document could not tell.
    content: Option<Option<u64>>,
    changed_at: Duration,
    waiting: Vec<Waiting>,
}

impl History {
    /// Reads the version, the first time.
    pub fn start<R: Replica>(&mut self, replica: &R) {
        if !self.started {
            self.started = true;
            self.version = Arc::new(replica.version());
        }
    }

    pub fn version(&self) -> &Arc<VersionVector> {
        &self.version
    }

    pub fn changed_at(&self) -> Duration {
        self.changed_at
    }

    /// Returns whether operations from this peer wait for others.
    pub fn is_waiting_from(&self, node: NodeId) -> bool {
        self.waiting.iter().any(|waiting| waiting.from.node == node)
    }

    /// Notes operations that the document has now. Returns those that are news. `None`: there are
    /// others before them that we have not heard of, and only the document knows which.
    pub fn advance(&mut self, spans: &[IdSpan], now: Duration) -> Option<Vec<IdSpan>> {
        let mut fresh = Vec::new();
        for &span in spans {
            let end = self.version.get(&span.peer).copied().unwrap_or(0);
            if end < span.counter.start {
                return None;
            }
            if end < span.counter.end {
                fresh.push(IdSpan::new(span.peer, end, span.counter.end));
            }
        }
        if !fresh.is_empty() {
            let version = Arc::make_mut(&mut self.version);
            for &span in &fresh {
                version.extend_to_include(span);
            }
        }
        self.changed(!fresh.is_empty(), now);
        Some(fresh)
    }

    /// Notes the document's version as the document itself tells it. Returns what is news.
    pub fn refresh(&mut self, version: VersionVector, now: Duration) -> Vec<IdSpan> {
        let fresh = lacking(&version, &self.version);
        if !fresh.is_empty() {
            self.version = Arc::new(version);
        }
        self.changed(!fresh.is_empty(), now);
        fresh
    }

    /// Notes what an update left waiting.
    pub fn wait_for(&mut self, imported: &Imported, from: Arrival, now: Duration) {
        for &span in &imported.pending {
            if self.waiting.len() >= MAX_WAITING {
                // What nobody is asked for any more is the first to be forgotten.
                let given_up = self.waiting.iter().position(|old| old.until <= now);
                given_up.map(|old| self.waiting.swap_remove(old));
            }
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push(Waiting {
                    span,
                    from,
                    ask_at: now + HEARTBEAT,
                    until: now + WAITS_FOR,
                });
            }
        }
    }

    /// Returns the operations that peers sent and that wait for others.
    pub fn waiting_spans(&self) -> Vec<IdSpan> {
        self.waiting.iter().map(|waiting| waiting.span).collect()
    }

    /// Returns what waits that came from others than this peer. When it is unlocked it is theirs,
    /// whoever sends what unlocks it.
    pub fn waiting_from_others(&self, node: NodeId) -> Vec<(Arrival, IdSpan)> {
        self.waiting
            .iter()
            .filter(|waiting| waiting.from.node != node)
            .map(|waiting| (waiting.from, waiting.span))
            .collect()
    }

    /// Returns whom to ask because something has been waiting for too long.
    pub fn whom_to_ask(&mut self, now: Duration) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for waiting in self
            .waiting
            .iter_mut()
            .filter(|waiting| waiting.is_wanted())
        {
            if waiting.ask_at <= now {
                waiting.ask_at = now + HEARTBEAT;
                nodes.push(waiting.from.node);
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    pub fn deadline(&self) -> Option<Duration> {
        let wanted = self.waiting.iter().filter(|waiting| waiting.is_wanted());
        wanted.map(|waiting| waiting.ask_at).min()
    }

    /// Returns a number that is the same for the same version, and for others almost never.
    pub fn digest(&mut self) -> u64 {
        *self.digest.get_or_insert_with(|| digest_of(&self.version))
    }

    /// Returns a hash of what the document holds at this version, if it is still at it.
    pub fn content<R: Replica>(&mut self, replica: &R) -> Option<u64> {
        *self
            .content
            .get_or_insert_with(|| replica.content_hash(&self.version))
    }

    fn changed(&mut self, changed: bool, now: Duration) {
        if !changed {
            return;
        }
        self.digest = None;
        self.content = None;
        self.changed_at = now;
        let version = &self.version;
        self.waiting.retain(|waiting| {
            let end = version.get(&waiting.span.peer).copied().unwrap_or(0);
            end < waiting.span.counter.end
        });
    }
}

fn digest_of(version: &VersionVector) -> u64 {
    let mut ends: Vec<_> = version
        .iter()
        .filter(|&(_, &end)| end > 0)
        .map(|(&peer, &end)| (peer, end))
        .collect();
    ends.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for (peer, end) in ends {
        hasher.update(&peer.to_le_bytes());
        hasher.update(&end.to_le_bytes());
    }
    let mut digest = [0; 8];
    hasher.finalize_xof().fill(&mut digest);
    u64::from_le_bytes(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_the_version() {
        let version: VersionVector = [(1, 3), (2, 4)].into_iter().collect();
        let same: VersionVector = [(2, 4), (3, 0), (1, 3)].into_iter().collect();
        let other: VersionVector = [(1, 4), (2, 3)].into_iter().collect();
        assert_eq!(digest_of(&version), digest_of(&same));
        assert_ne!(digest_of(&version), digest_of(&other));
    }

    #[test]
    fn only_news_advance_the_version() {
        let now = Duration::from_secs(1);
        let mut history = History::default();
        let first = IdSpan::new(1, 0, 3);
        assert_eq!(history.advance(&[first], now), Some(vec![first]));
        assert_eq!(history.advance(&[first], now), Some(vec![]));
        assert_eq!(
            history.advance(&[IdSpan::new(1, 1, 5)], now),
            Some(vec![IdSpan::new(1, 3, 5)])
        );
        assert_eq!(history.advance(&[IdSpan::new(1, 6, 7)], now), None);
        assert_eq!(history.version().get(&1), Some(&5));
    }

    #[test]
    fn what_waits_is_asked_for_until_it_came() {
        let now = Duration::from_secs(1);
        let from = NodeId([1; 32]);
        let mut history = History::default();
        let imported = Imported {
            spans: vec![],
            pending: vec![IdSpan::new(1, 3, 5)],
            unlocked: vec![],
        };
        let arrival = Arrival {
            node: from,
            is_own: true,
            by_tree: true,
        };
        history.wait_for(&imported, arrival, now);
        assert_eq!(history.whom_to_ask(now), []);
        assert_eq!(history.whom_to_ask(now + HEARTBEAT), [from]);
        assert_eq!(history.whom_to_ask(now + HEARTBEAT), []);
        history.advance(&[IdSpan::new(1, 0, 5)], now);
        assert!(!history.is_waiting_from(from));
    }
}
