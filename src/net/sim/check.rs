//! Running until something holds, and checking that the sites agree.

use std::time::Duration;

use super::{Network, SiteId};
use crate::net::{event::PeerState, message::CloseReason, replica::Replica as _, session::Output};

/// How long a story may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long nothing may happen before the network counts as quiet: longer than it takes to notice
/// a dead connection and to dial again.
const QUIET: Duration = Duration::from_secs(12);

impl Network {
    /// Runs until something holds.
    ///
    /// # Panics
    ///
    /// Panics if it does not hold within five minutes of virtual time.
    #[track_caller]
    pub fn run_until(&mut self, what: &str, holds: impl FnMut(&Self) -> bool) {
        if !self.try_run_until(PATIENCE, holds) {
            panic!("{what}: not within {PATIENCE:?} (seed {})", self.seed);
        }
    }

    /// Runs until something holds, but no longer than this. Returns whether it held.
    pub fn try_run_until(
        &mut self,
        patience: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> bool {
        let limit = self.now + patience;
        while !holds(self) {
            if !self.step(limit) && !holds(self) {
                return false;
            }
        }
        true
    }

    /// Runs until nothing but heartbeats and vain dials has happened for a while.
    ///
    /// # Panics
    ///
    /// Panics if that does not come within five minutes of virtual time.
    #[track_caller]
    pub fn run_until_quiet(&mut self) {
        self.busy_at = self.now;
        self.run_until("the network is quiet", |net| net.now >= net.busy_at + QUIET);
    }

    /// Runs until all living sites hold the same operations.
    ///
    /// # Panics
    ///
    /// Panics if that does not come within five minutes of virtual time, or if the documents
    /// differ in spite of it.
    #[track_caller]
    pub fn run_until_equal(&mut self) {
        if !self.try_run_until_equal(PATIENCE) {
            panic!(
                "the sites do not hold the same operations within {PATIENCE:?} (seed {})",
                self.seed
            );
        }
        self.assert_equal();
    }

    /// Runs until all living sites hold the same operations, but no longer than this. Returns
    /// whether they do.
    pub fn try_run_until_equal(&mut self, patience: Duration) -> bool {
        // Comparing versions costs more than most of what happens: do it after changes only.
        let mut seen = None;
        self.try_run_until(patience, move |net| {
            seen.replace(net.changes) != Some(net.changes) && net.is_equal()
        })
    }

    /// Checks what [`Network::difference`] looks for.
    ///
    /// # Panics
    ///
    /// Panics if there is a difference.
    #[track_caller]
    pub fn assert_equal(&self) {
        if let Some(difference) = self.difference() {
            panic!("{difference} (seed {})", self.seed);
        }
    }

    /// Looks for a difference between the living sites: in their operations, their text, or their
    /// whole content; for text that was shown otherwise than it is; for updates that wait for
    /// others; for edits of the ledger that are lost, or there twice.
    pub fn difference(&self) -> Option<String> {
        let living: Vec<_> = self.sites.iter().filter(|site| site.alive).collect();
        let first = living.first()?;
        let version = first.document.doc().oplog_vv();
        let text = first.text().to_string();
        let content = first.document.content_hash(&version);
        for site in &living {
            let doc = site.document.doc();
            let name = &site.options.name;
            if doc.oplog_vv() != version {
                return Some(format!("{name} holds other operations"));
            }
            let own = site.text().to_string();
            if own != text {
                return Some(format!("{name} holds another text: {own:?} and {text:?}"));
            }
            if content.is_none() || site.document.content_hash(&version) != content {
                return Some(format!("{name} holds another content"));
            }
            if site.mirrored() != text {
                return Some(format!("{name} shows another text than it holds"));
            }
            if !matches!(doc.export_pending_updates(), Ok(None)) {
                return Some(format!("something waits at {name}"));
            }
            if let Some(problem) = self.ledger.problem(site) {
                return Some(format!("{name}: {problem}"));
            }
        }
        None
    }

    /// Returns whether a site ever found that another one's document differs from its own.
    pub fn saw_divergence(&self, site: SiteId) -> bool {
        let mut outputs = self.sites[site].log.iter().map(|(_, output)| output);
        outputs.any(|output| matches!(output, Output::Diverged { .. }))
    }

    /// Returns whether a site ever threw somebody out for breaking the protocol.
    pub fn saw_breach(&self, site: SiteId) -> bool {
        let mut outputs = self.sites[site].log.iter().map(|(_, output)| output);
        outputs.any(|output| match output {
            Output::Close { reason, .. } => {
                matches!(reason, CloseReason::Protocol | CloseReason::Excess)
            }
            _ => false,
        })
    }

    /// Returns whether everybody is connected to everybody whom the story connected them to.
    pub(super) fn is_whole(&self, sites: &[SiteId]) -> bool {
        sites.iter().all(|&site| {
            let mut requested = self.sites[site].requested.iter();
            requested.all(|&other| {
                let connected = |a: SiteId, b: SiteId| {
                    self.peer(a, b)
                        .is_some_and(|peer| peer.state == PeerState::Connected)
                };
                connected(site, other) && connected(other, site)
            })
        })
    }

    /// Describes who is connected to whom, and who has how much.
    pub(super) fn overview(&self) -> String {
        let mut text = String::new();
        for (index, site) in self.sites.iter().enumerate() {
            let peers: Vec<_> = site
                .session
                .peers()
                .filter_map(|peer| {
                    let number = self.sites.iter().position(|site| site.node == peer.node)?;
                    Some((number, peer.state, peer.last_error))
                })
                .collect();
            let operations = site.document.doc().len_ops();
            let version = site.document.doc().oplog_vv();
            for (author, other) in self.sites.iter().enumerate() {
                let peer = other.document.doc().peer_id();
                let has = version.get(&peer).copied().unwrap_or(0);
                let all = other.document.doc().oplog_vv();
                let all = all.get(&peer).copied().unwrap_or(0);
                if has < all {
                    text += &format!("\n  site {index} lacks {has}..{all} by site {author}");
                }
            }
            text += &format!("\n  site {index}: {operations} operations, {peers:?}");
        }
        text
    }

    /// Returns whether all living sites hold the same operations, and all of their own.
    pub fn is_equal(&self) -> bool {
        let mut versions = self
            .sites
            .iter()
            .filter(|site| site.alive)
            .map(|site| site.document.doc().oplog_vv());
        let Some(first) = versions.next() else {
            return true;
        };
        versions.all(|version| version == first)
    }
}
