//! What can go wrong: lost connections, partitions, crashes, sleep, slow readers.

use std::time::Duration;

use rand::RngExt;

use super::{Mischief, Network, SiteId, wire::Wire};
use crate::net::{
    node::{NodeId, PeerAddress},
    session::{Input, Sabotage},
};

impl Network {
    /// Loses every connection between two sites. They notice within the idle timeout.
    pub fn cut(&mut self, a: SiteId, b: SiteId) {
        self.cut_wires(|wire| wire.sites == [a, b] || wire.sites == [b, a]);
    }

    /// Lets nothing pass between two sites until [`Network::heal`].
    pub fn block(&mut self, a: SiteId, b: SiteId) {
        self.blocked.insert((a.min(b), a.max(b)));
        self.time_out_blocked();
    }

    /// Lets nothing pass between these sites and all others until [`Network::heal`].
    pub fn partition(&mut self, island: &[SiteId]) {
        for a in 0..self.sites.len() {
            for b in 0..a {
                if island.contains(&a) != island.contains(&b) {
                    self.blocked.insert((b, a));
                }
            }
        }
        self.time_out_blocked();
    }

    /// Lets everything pass again.
    pub fn heal(&mut self) {
        self.blocked.clear();
        self.release_held();
    }

    /// Kills a site's process without a word.
    pub fn crash(&mut self, site: SiteId) {
        self.sites[site].alive = false;
        self.changes += 1;
        self.sites[site].next_tick = None;
        self.note_wake(site);
        self.cut_wires(|wire| wire.sites.contains(&site));
    }

    /// Starts a site again, as a new process on the same document.
    pub fn restart(&mut self, site: SiteId) {
        self.restart_torn(site, 0);
    }

    /// Starts a site again, as a new process on what the old one had journaled: everything but
    /// the last so many operations of its own.
    pub fn restart_torn(&mut self, site: SiteId, torn: usize) {
        if self.sites[site].alive {
            self.crash(site);
        }
        let seed = self.random.random();
        let keeps_peer_id = self.mischief == Some(Mischief::ReusePeerId);
        self.sites[site].restart(seed, torn, keeps_peer_id);
        self.equip(site);
        self.changes += 1;
        for peer in self.sites[site].requested.clone() {
            self.connect(site, peer);
        }
    }

    /// Starts a site again with an empty document, to take that of another.
    pub(super) fn start_anew(&mut self, site: SiteId, from: NodeId) {
        if !self.sites[site].alive {
            return;
        }
        self.crash(site);
        let seed = self.random.random();
        self.sites[site].start_anew(seed);
        self.equip(site);
        self.changes += 1;
        self.input(site, Input::Dial(PeerAddress::unknown(from)));
        for peer in self.sites[site].requested.clone() {
            self.connect(site, peer);
        }
    }

    /// Lets a site say goodbye and end.
    pub fn leave(&mut self, site: SiteId) {
        self.input(site, Input::Shutdown);
        self.run_for(Duration::from_secs(1));
        self.crash(site);
        self.sites[site].left = true;
    }

    /// Opens one more connection between two sites, although the one that they have still stands:
    /// the dialler believes it lost.
    pub fn double(&mut self, dialler: SiteId, acceptor: SiteId) {
        let node = self.sites[acceptor].node;
        let site = &self.sites[dialler];
        if dialler == acceptor || !site.alive || site.dialling.contains_key(&node) {
            return;
        }
        let attempt = self.start_dial(dialler, acceptor);
        self.doubles.insert(attempt);
    }

    /// Lets a site read nothing until [`Network::read`].
    pub fn slow(&mut self, site: SiteId) {
        self.sites[site].slow = true;
    }

    /// Lets a site read all that has arrived.
    pub fn read(&mut self, site: SiteId) {
        self.sites[site].slow = false;
        self.release_held();
    }

    /// Suspends a site's machine: nothing happens there, and its monotonic clock stands still.
    pub fn sleep(&mut self, site: SiteId) {
        if self.sites[site].alive {
            self.sites[site].slept_at.get_or_insert(self.now);
            self.note_wake(site);
            self.time_out_blocked();
        }
    }

    /// Wakes a site's machine.
    pub fn wake(&mut self, site: SiteId) {
        let Some(slept_at) = self.sites[site].slept_at.take() else {
            return;
        };
        self.sites[site].behind += self.now - slept_at;
        let missed = std::mem::take(&mut self.sites[site].missed);
        self.input(site, Input::Woke);
        if self.sites[site].alive {
            // A driver that was held up hands in all that has gathered.
            let outputs = self.sites[site].handle_all(missed, self.now);
            self.note_wake(site);
            self.carry_out(site, outputs);
        }
        self.release_held();
    }

    /// Lets a site's clock jump ahead.
    pub fn jump(&mut self, site: SiteId, by: Duration) {
        self.sites[site].ahead += by;
        self.note_wake(site);
    }

    /// Lets every session consider a peer slow when this many bytes are on their way to it.
    pub fn set_queue_limit(&mut self, bytes: usize) {
        self.queue_limit = Some(bytes);
    }

    /// Lets every session cut large answers into pieces of this many operations.
    pub fn set_slice(&mut self, operations: usize) {
        self.slice = Some(operations);
    }

    /// Breaks something on purpose, from now on and in every process that starts later.
    pub fn set_mischief(&mut self, mischief: Mischief) {
        self.mischief = Some(mischief);
    }

    /// Gives a new process what the story has set for all.
    pub(super) fn equip(&mut self, site: SiteId) {
        let session = &mut self.sites[site].session;
        if let Some(limit) = self.queue_limit {
            session.set_queue_limit(limit);
        }
        if let Some(slice) = self.slice {
            session.set_slice(slice);
        }
        match self.mischief {
            Some(Mischief::DropRelay) => session.sabotage(Sabotage::DropRelay),
            Some(Mischief::SkipRepair) => session.sabotage(Sabotage::SkipRepair),
            Some(Mischief::ForgetSlowReader) => session.sabotage(Sabotage::ForgetSlowReader),
            Some(Mischief::ApplyTwice) => self.sites[site].apply_twice(),
            Some(Mischief::ReusePeerId) | None => {}
        }
    }

    fn cut_wires(&mut self, which: impl Fn(&Wire) -> bool) {
        let ids: Vec<_> = self
            .wires
            .iter()
            .filter(|(_, wire)| which(wire))
            .map(|(&id, _)| id)
            .collect();
        for id in ids {
            self.cut_wire(id);
        }
    }
}
