//! A network of sessions in one thread and in virtual time, for tests and benchmarks.
//!
//! Every site is a real Loro document with a real [`Session`]; the
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

mod check;
mod deliver;
mod faults;
mod ledger;
mod plan;
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
    session::{AccessConfig, ConnectionId, Input, Output, Session},
};
use deliver::Event;
use ledger::Ledger;
pub use plan::{Mischief, Plan, Report, Shape, Step};
use site::Site;
use traffic::Meter;
pub use traffic::Traffic;
use wire::Wire;

/// The text container that all sites write in.
const TEXT: &str = "main";
/// How long the ends of a dead connection go on believing in it, at most.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// Who may come in; anybody by default.
    pub access: AccessConfig,
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
    /// When each site's session wants to know that time passed, the next one first.
    wakes: BTreeSet<(Duration, SiteId)>,
    wake_of: BTreeMap<SiteId, Duration>,
    serial: u64,
    busy_at: Duration,
    meter: Meter,
    /// Counts what may have changed a document.
    changes: u64,
    ledger: Ledger,
    mischief: Option<Mischief>,
    queue_limit: Option<usize>,
    slice: Option<usize>,
    /// Dials that are made although a connection stands.
    doubles: BTreeSet<u64>,
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
            wakes: BTreeSet::new(),
            wake_of: BTreeMap::new(),
            serial: 0,
            busy_at: Duration::ZERO,
            meter: Meter::default(),
            changes: 0,
            ledger: Ledger::default(),
            mischief: None,
            queue_limit: None,
            slice: None,
            doubles: BTreeSet::new(),
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
            access: AccessConfig::default(),
        })
    }

    /// Adds a site.
    pub fn add_with(&mut self, options: SiteOptions) -> SiteId {
        let seed = self.random.random();
        let id = self.sites.len();
        self.sites.push(Site::new(id, options, seed));
        self.equip(id);
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

    /// Lets a site write under this Loro peer id. Two that write under the same one diverge.
    pub fn set_loro_peer(&mut self, site: SiteId, peer: u64) {
        let set = self.sites[site].document.doc().set_peer_id(peer);
        debug_assert!(set.is_ok(), "nothing is being written");
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
        self.changes += 1;
        self.input(site, Input::DocumentChanged);
    }

    /// Tells the site's session what its participant is doing.
    pub fn present(&mut self, site: SiteId, presence: LocalPresence) {
        self.input(site, Input::LocalPresence(presence));
    }

    /// Hands any input to the site's session, as its driver would.
    pub fn input(&mut self, site: SiteId, input: Input) {
        let Some(target) = self.sites.get_mut(site).filter(|site| site.alive) else {
            return;
        };
        if target.slept_at.is_some() {
            target.missed.push(input);
            return;
        }
        let outputs = target.handle(input, self.now);
        self.note_wake(site);
        self.carry_out(site, outputs);
    }

    /// Lets virtual time pass.
    pub fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    /// Returns the time that passed since the start.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Returns a site's text.
    pub fn text(&self, site: SiteId) -> String {
        self.sites[site].text().to_string()
    }

    /// Returns the texts that a site gave up because another's document stands in place of its own.
    pub fn set_aside(&self, site: SiteId) -> &[String] {
        &self.sites[site].set_aside
    }

    /// Returns how long a site's text is, in Unicode scalar values.
    pub fn length(&self, site: SiteId) -> usize {
        self.sites[site].text().len_unicode()
    }

    /// Returns what a site's document has.
    pub fn version(&self, site: SiteId) -> VersionVector {
        self.sites[site].document.doc().oplog_vv()
    }

    /// Returns a site's session, to be looked at.
    pub fn session(&self, site: SiteId) -> &Session {
        &self.sites[site].session
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
        self.ledger.note(&self.sites[site]);
        self.sites[site].document.doc().commit();
        self.changes += 1;
        // The driver learns of a commit a moment later, when other things may have happened.
        let wait = self
            .random
            .random_range(Duration::ZERO..Duration::from_millis(5));
        self.plan(wait, Event::LocalUpdate { site });
    }

    fn plan(&mut self, wait: Duration, event: Event) {
        self.serial += 1;
        self.planned.push(Reverse(Planned {
            at: self.now + wait,
            serial: self.serial,
            event,
        }));
    }

    /// Notes when a site's session wants to know that time passed; it may have changed.
    fn note_wake(&mut self, site: SiteId) {
        let wake = self.sites[site].wakes_at();
        let before = match wake {
            Some(at) => self.wake_of.insert(site, at),
            None => self.wake_of.remove(&site),
        };
        if before != wake {
            before.map(|at| self.wakes.remove(&(at, site)));
            wake.map(|at| self.wakes.insert((at, site)));
        }
    }

    fn is_blocked(&self, a: SiteId, b: SiteId) -> bool {
        let asleep = |site: SiteId| self.sites[site].slept_at.is_some();
        asleep(a) || asleep(b) || self.blocked.contains(&(a.min(b), a.max(b)))
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
