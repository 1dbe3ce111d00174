//! A network of sessions in one thread and in virtual time, for tests and benchmarks.
//!
//! Every site is a real Loro document with a real [`Session`](super::session::Session); the
//! network plays the driver's part and everything between: it decides about simultaneous dials by
//! the same rule, delays what is sent, loses connections, holds up what crosses a partition, and
//! lets processes die and come back. One seed decides everything, so that each run can be
//! repeated. A story reads like this:
//!
//! ```
//! use iroh_loro_realtime::net::sim::Network;
//!
//! let mut net = Network::new(7);
//! let (ana, bo) = (net.add("Ana"), net.add("Bo"));
//! net.connect(bo, ana);
//! net.insert(ana, 0, "hello");
//! net.run_until_equal();
//! assert_eq!(net.text(bo), "hello");
//! ```

mod deliver;
mod site;
mod traffic;
mod wire;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    ops::Range,
    time::Duration,
};

use loro::{ExportMode, VersionVector};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::net::{
    event::Reason,
    node::{DocumentId, NodeId, PeerAddress},
    peer::PeerView,
    presence::LocalPresence,
    session::{ConnectionId, Input, Output},
};
use deliver::Event;
use site::Site;
use traffic::Meter;
pub use traffic::Traffic;
use wire::Wire;

/// The text container that all sites write in.
const TEXT: &str = "main";
/// How long the ends of a dead connection go on believing in it, at most.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a story may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long nothing may happen before the network counts as quiet: longer than it takes to notice
/// a dead connection and to dial again.
const QUIET: Duration = Duration::from_secs(12);

/// A site of the network, by the order in which they were added.
pub type SiteId = usize;

/// What a site starts with.
#[derive(Clone, Debug)]
pub struct SiteOptions {
    /// The participant's name.
    pub name: String,
    /// The document that the site holds. `None`: it takes that of the first peer that has one.
    pub document: Option<DocumentId>,
    /// What the document is called there.
    pub title: String,
    /// With how many introduced peers it connects by itself.
    pub degree_limit: usize,
}

/// Something that will happen.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Planned {
    at: Duration,
    serial: u64,
    event: Event,
}

/// Sites and what is between them.
pub struct Network {
    seed: u64,
    random: StdRng,
    now: Duration,
    latency: Range<Duration>,
    sites: Vec<Site>,
    wires: BTreeMap<ConnectionId, Wire>,
    blocked: BTreeSet<(SiteId, SiteId)>,
    planned: BinaryHeap<Reverse<Planned>>,
    serial: u64,
    busy_at: Duration,
    meter: Meter,
}

impl Network {
    /// Starts without any site. The same seed and the same story give the same run.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            random: StdRng::seed_from_u64(seed),
            now: Duration::ZERO,
            latency: Duration::from_millis(1)..Duration::from_millis(60),
            sites: Vec::new(),
            wires: BTreeMap::new(),
            blocked: BTreeSet::new(),
            planned: BinaryHeap::new(),
            serial: 0,
            busy_at: Duration::ZERO,
            meter: Meter::default(),
        }
    }

    /// Returns the seed that this network was started with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Lets everything that is sent from now on take this long.
    pub fn set_latency(&mut self, latency: Range<Duration>) {
        self.latency = latency;
    }

    /// Adds a site that holds the one document that most stories are about.
    pub fn add(&mut self, name: &str) -> SiteId {
        self.add_with(SiteOptions {
            name: name.to_owned(),
            document: Some(DocumentId([1; 32])),
            title: "notes.md".to_owned(),
            degree_limit: 32,
        })
    }

    /// Adds a site.
    pub fn add_with(&mut self, options: SiteOptions) -> SiteId {
        let seed = self.random.random();
        let id = self.sites.len();
        self.sites.push(Site::new(id, options, seed));
        id
    }

    /// Returns how many sites there are.
    pub fn len(&self) -> usize {
        self.sites.len()
    }

    /// Returns whether nobody was added yet.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Lets one site ask for another, now and after each of its restarts.
    pub fn connect(&mut self, from: SiteId, to: SiteId) {
        if !self.sites[from].requested.contains(&to) {
            self.sites[from].requested.push(to);
        }
        let address = PeerAddress::unknown(self.sites[to].node);
        self.input(from, Input::Dial(address));
    }

    /// Lets one site let go of another.
    pub fn forget(&mut self, from: SiteId, whom: SiteId) {
        self.sites[from].requested.retain(|&site| site != whom);
        let node = self.sites[whom].node;
        self.input(from, Input::Forget(node));
    }

    /// Writes at a position, counted in Unicode scalar values and cut at the end of the text.
    pub fn insert(&mut self, site: SiteId, position: usize, text: &str) {
        let target = self.sites[site].text();
        let position = position.min(target.len_unicode());
        let done = target.insert(position, text);
        debug_assert!(done.is_ok(), "the position is inside the text");
        self.commit(site);
    }

    /// Takes out a stretch of text, counted in Unicode scalar values and cut at the end.
    pub fn delete(&mut self, site: SiteId, range: Range<usize>) {
        let target = self.sites[site].text();
        let end = range.end.min(target.len_unicode());
        let done = target.delete(range.start.min(end), end.saturating_sub(range.start));
        debug_assert!(done.is_ok(), "the range is inside the text");
        self.commit(site);
    }

    /// Exports all that a site has.
    pub fn export(&self, site: SiteId) -> Vec<u8> {
        let doc = self.sites[site].document.doc();
        doc.export(ExportMode::all_updates()).unwrap_or_default()
    }

    /// Lets the application at a site import something by itself.
    pub fn import(&mut self, site: SiteId, updates: &[u8]) {
        let imported = self.sites[site].document.doc().import(updates);
        debug_assert!(imported.is_ok(), "only updates are imported");
        self.input(site, Input::DocumentChanged);
    }

    /// Tells the site's session what its participant is doing.
    pub fn present(&mut self, site: SiteId, presence: LocalPresence) {
        self.input(site, Input::LocalPresence(presence));
    }

    /// Hands any input to the site's session, as its driver would.
    pub fn input(&mut self, site: SiteId, input: Input) {
        if self.sites[site].alive {
            let outputs = self.sites[site].handle(input, self.now);
            self.carry_out(site, outputs);
        }
    }

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
        self.sites[site].next_tick = None;
        self.cut_wires(|wire| wire.sites.contains(&site));
    }

    /// Starts a site again, as a new process on the same document.
    pub fn restart(&mut self, site: SiteId) {
        if self.sites[site].alive {
            self.crash(site);
        }
        let seed = self.random.random();
        self.sites[site].restart(seed);
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

    /// Lets virtual time pass.
    pub fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    /// Runs until something holds.
    ///
    /// # Panics
    ///
    /// Panics if it does not hold within five minutes of virtual time.
    #[track_caller]
    pub fn run_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let limit = self.now + PATIENCE;
        while !holds(self) {
            let went_on = self.step(limit) || holds(self);
            assert!(
                went_on,
                "{what}: not within {PATIENCE:?} (seed {})",
                self.seed
            );
        }
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
        self.run_until("all sites hold the same operations", Self::is_equal);
        self.assert_equal();
    }

    /// Checks that all living sites hold the same text and the same operations, that no update
    /// waits for another, and that their sessions know what their documents have.
    ///
    /// # Panics
    ///
    /// Panics if one of these does not hold.
    #[track_caller]
    pub fn assert_equal(&self) {
        let mut living = self.sites.iter().filter(|site| site.alive);
        let Some(first) = living.next() else {
            return;
        };
        let doc = first.document.doc();
        for site in living {
            let other = site.document.doc();
            let (name, seed) = (&site.options.name, self.seed);
            assert_eq!(other.oplog_vv(), doc.oplog_vv(), "{name} (seed {seed})");
            assert_eq!(
                site.text().to_string(),
                first.text().to_string(),
                "{name} (seed {seed})"
            );
        }
        for site in self.sites.iter().filter(|site| site.alive) {
            let pending = site.document.doc().export_pending_updates();
            assert!(
                matches!(pending, Ok(None)),
                "something waits at {} (seed {})",
                site.options.name,
                self.seed
            );
        }
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

    /// Returns the time that passed since the start.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Returns a site's text.
    pub fn text(&self, site: SiteId) -> String {
        self.sites[site].text().to_string()
    }

    /// Returns what a site's document has.
    pub fn version(&self, site: SiteId) -> VersionVector {
        self.sites[site].document.doc().oplog_vv()
    }

    /// Returns a site's node id.
    pub fn node(&self, site: SiteId) -> NodeId {
        self.sites[site].node
    }

    /// Returns whether a site's process runs.
    pub fn is_alive(&self, site: SiteId) -> bool {
        self.sites[site].alive
    }

    /// Returns what one site's session says about another, if it knows of it.
    pub fn peer(&self, site: SiteId, peer: SiteId) -> Option<PeerView> {
        let node = self.sites[peer].node;
        self.sites[site]
            .session
            .peers()
            .find(|view| view.node == node)
    }

    /// Returns all that a site's session put out beside messages, with the time.
    pub fn log(&self, site: SiteId) -> &[(Duration, Output)] {
        &self.sites[site].log
    }

    /// Returns what was sent since the start, or since [`Network::reset_traffic`].
    pub fn traffic(&self) -> &Traffic {
        &self.meter.traffic
    }

    /// Starts to count anew. What was sent before still counts as sent.
    pub fn reset_traffic(&mut self) {
        self.meter.traffic = Traffic::default();
    }

    fn commit(&mut self, site: SiteId) {
        self.sites[site].document.doc().commit();
        // The driver learns of a commit a moment later, when other things may have happened.
        let wait = self
            .random
            .random_range(Duration::ZERO..Duration::from_millis(5));
        self.plan(wait, Event::LocalUpdate { site });
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

    fn plan(&mut self, wait: Duration, event: Event) {
        self.serial += 1;
        self.planned.push(Reverse(Planned {
            at: self.now + wait,
            serial: self.serial,
            event,
        }));
    }

    fn is_blocked(&self, a: SiteId, b: SiteId) -> bool {
        self.blocked.contains(&(a.min(b), a.max(b)))
    }

    fn random_latency(&mut self) -> Duration {
        self.random.random_range(self.latency.clone())
    }

    fn lost() -> Reason {
        Reason::Lost("timed out".to_owned())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the simulated network's seed was {}", self.seed);
        }
    }
}
