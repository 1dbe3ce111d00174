//! Carrying out a plan, and checking what must hold after it.

use std::time::Duration;

use super::{Mischief, Plan, Shape, Step};
use crate::net::{
    node::DocumentId,
    session::AccessConfig,
    session::Input,
    sim::{Network, SiteId, SiteOptions},
};

/// Within so long something arrives that is only announced, with the next heartbeat, and asked for a
/// little later: what others wrote, where not everybody is connected with everybody and links have
/// just left the tree.
const ANNOUNCED: Duration = Duration::from_secs(2);

const WORDS: [&str; 8] = [
    "word ",
    "\n",
    "é",
    "👩‍👩‍👧‍👦",
    "日本語",
    "e\u{301}",
    "שלום",
    "long words in a row ",
];
/// How long a healed network has, until all sites are equal.
const HEALING: Duration = Duration::from_secs(200);
/// Bytes that may be on their way to one peer: so few that slow readers are noticed.
const QUEUE_LIMIT: usize = 1_500;
/// Operations of one piece of an answer: so few that many answers are cut. In long plans there are
/// more, because each piece costs as much as there is that was written meanwhile.
const SLICE: usize = 120;
/// The longest delay while nothing goes wrong, in milliseconds.
const CALM_DELAY: u64 = 40;

/// What a run was like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Edits that were made.
    pub edits: usize,
    /// Messages of all kinds but heartbeats and content digests.
    pub messages: usize,
    /// Questions for what is lacking.
    pub sync_requests: usize,
}

impl Plan {
    /// Carries the plan out and returns what it was like.
    ///
    /// # Errors
    ///
    /// Says what did not hold that must hold whatever the plan is: after everything is healed,
    /// all sites become equal in every respect, and then one more round of edits reaches everybody
    /// at once, without any repair.
    pub fn run(&self, mischief: Option<Mischief>) -> Result<Report, String> {
        let mut net = Network::new(self.seed);
        net.ledger.keep();
        net.set_queue_limit(QUEUE_LIMIT);
        net.set_slice(SLICE.max(self.steps.len() / 15));
        if let Some(mischief) = mischief {
            net.set_mischief(mischief);
        }
        let sites = self.build(&mut net);
        for &step in &self.steps {
            take(&mut net, &sites, step);
        }
        heal(&mut net, &sites);
        if !net.try_run_until_equal(HEALING) {
            let overview = net.overview();
            return Err(format!("not equal after everything was healed: {overview}"));
        }
        if !net.try_run_until(HEALING, |net| net.is_whole(&sites)) {
            let overview = net.overview();
            return Err(format!(
                "not connected after everything was healed: {overview}"
            ));
        }
        net.run_until_quiet();
        check(&net, &sites)?;
        let report = Report {
            edits: net.ledger.edits(),
            messages: net.traffic().messages,
            sync_requests: net.traffic().sync_requests,
        };
        calm(&mut net, &sites)?;
        vanish(&mut net, &sites)?;
        Ok(report)
    }

    fn build(&self, net: &mut Network) -> Vec<SiteId> {
        net.set_latency(Duration::from_millis(1)..Duration::from_millis(self.slowest.into()));
        let sites: Vec<_> = (0..self.sites)
            .map(|index| {
                net.add_with(SiteOptions {
                    name: format!("site {index}"),
                    document: Some(DocumentId([1; 32])),
                    title: "notes.md".to_owned(),
                    degree_limit: usize::try_from(self.degree).unwrap_or(0),
                    access: AccessConfig::default(),
                })
            })
            .collect();
        for (index, &site) in sites.iter().enumerate().skip(1) {
            let whom = match self.shape {
                Shape::Star => sites[0],
                Shape::Line => sites[index - 1],
            };
            net.connect(site, whom);
        }
        sites
    }
}

fn take(net: &mut Network, sites: &[SiteId], step: Step) {
    let site_of = |number: u32| sites[number as usize % sites.len()];
    match step {
        Step::Insert { site, place, word } => {
            let site = site_of(site);
            let position = position(net, site, place);
            net.insert(site, position, WORDS[word as usize % WORDS.len()]);
        }
        Step::Delete { site, place, count } => {
            let site = site_of(site);
            let position = position(net, site, place);
            net.delete(site, position..position + count as usize);
        }
        Step::Wait { milliseconds } => net.run_for(Duration::from_millis(milliseconds.into())),
        Step::Cut { site, other } => net.cut(site_of(site), site_of(other)),
        Step::Double { site, other } => net.double(site_of(site), site_of(other)),
        Step::Part { site, other } => net.partition(&[site_of(site), site_of(other)]),
        Step::Heal => net.heal(),
        Step::Slow { site } => net.slow(site_of(site)),
        Step::Read { site } => net.read(site_of(site)),
        Step::Sleep { site } => net.sleep(site_of(site)),
        Step::Wake { site } => net.wake(site_of(site)),
        Step::Jump { site, seconds } => {
            net.jump(site_of(site), Duration::from_secs(seconds.into()));
        }
        Step::Leave { site } => net.leave(site_of(site)),
        Step::Crash { site } => net.crash(site_of(site)),
        Step::Restart { site, torn } => net.restart_torn(site_of(site), torn as usize),
        Step::Offline { site } => net.input(site_of(site), Input::Offline),
        Step::Online { site } => net.input(site_of(site), Input::Online),
    }
}

fn position(net: &Network, site: SiteId, place: u32) -> usize {
    net.length(site) * place as usize / 1000
}

fn heal(net: &mut Network, sites: &[SiteId]) {
    net.heal();
    for &site in sites {
        net.wake(site);
        net.read(site);
        if !net.is_alive(site) {
            net.restart(site);
        }
        net.input(site, Input::Online);
    }
}

fn check(net: &Network, sites: &[SiteId]) -> Result<(), String> {
    if let Some(difference) = net.difference() {
        return Err(difference);
    }
    let repeated = net.traffic().repeated_operations;
    if repeated > 0 {
        return Err(format!(
            "{repeated} operations were sent twice over one connection"
        ));
    }
    if sites.iter().any(|&site| net.saw_divergence(site)) {
        return Err("documents are the same and were taken for different ones".to_owned());
    }
    if sites.iter().any(|&site| net.saw_breach(site)) {
        return Err("somebody was taken for one who breaks the protocol".to_owned());
    }
    for &a in sites {
        for &b in sites {
            if net.is_connected(a, b) && net.peer(a, b).is_some_and(|peer| peer.behind) {
                return Err(format!("site {a} does not know what site {b} has"));
            }
        }
    }
    Ok(())
}

/// While nothing goes wrong, everything arrives at once and nothing is repaired; whoever reads
/// slowly has everything as soon as they have read.
fn calm(net: &mut Network, sites: &[SiteId]) -> Result<(), String> {
    net.set_latency(Duration::from_millis(1)..Duration::from_millis(CALM_DELAY));
    // Let arrive what is still on its way.
    net.run_for(Duration::from_secs(2));
    net.reset_traffic();
    let hops = sites.len() as u64;
    for &site in sites {
        net.insert(site, 0, "calm ");
    }
    net.run_for(Duration::from_millis(hops * (CALM_DELAY + 5)));
    if is_mesh(net, sites) {
        expect_calm(net, "edits in a calm network")?;
    } else {
        net.run_for(ANNOUNCED);
        expect_equal(net, "edits in a calm network")?;
    }

    let slow = sites[net.seed() as usize % sites.len()];
    net.slow(slow);
    // Few and long: enough to be too much for one who does not read.
    let sentence = "while one reads slowly ".repeat(QUEUE_LIMIT / 100);
    for _ in 0..4 {
        for &site in sites {
            net.insert(site, 0, &sentence);
        }
        net.run_for(Duration::from_millis(100));
    }
    net.read(slow);
    // There, the word that it was read, what was missed, and on to those behind.
    net.run_for(Duration::from_millis(2 * (hops + 5) * CALM_DELAY));
    if !is_mesh(net, sites) {
        net.run_for(ANNOUNCED);
    }
    expect_equal(net, "edits while one reads slowly")
}

fn is_mesh(net: &Network, sites: &[SiteId]) -> bool {
    let knows_all = |a: SiteId| sites.iter().all(|&b| a == b || net.is_connected(a, b));
    sites.iter().all(|&site| knows_all(site))
}

/// One writes to some while another cannot hear it, and is never seen again. The others believe
/// that it told that one itself.
fn vanish(net: &mut Network, sites: &[SiteId]) -> Result<(), String> {
    let host = sites[net.seed() as usize % sites.len()];
    let deaf = sites[(net.seed() as usize + 1) % sites.len()];
    if !is_mesh(net, sites) {
        return Ok(());
    }
    net.block(host, deaf);
    net.insert(host, 0, "last words ");
    net.run_for(Duration::from_secs(2));
    net.crash(host);
    if !net.try_run_until_equal(HEALING) {
        let overview = net.overview();
        return Err(format!("not equal after one vanished: {overview}"));
    }
    net.difference().map_or(Ok(()), Err)
}

fn expect_calm(net: &Network, what: &str) -> Result<(), String> {
    let requests = net.traffic().sync_requests;
    if requests > 0 {
        return Err(format!("{what} made {requests} repairs necessary"));
    }
    expect_equal(net, what)
}

fn expect_equal(net: &Network, what: &str) -> Result<(), String> {
    if !net.is_equal() {
        return Err(format!(
            "{what} have not reached everybody: {}",
            net.overview()
        ));
    }
    let repeated = net.traffic().repeated_operations;
    if repeated > 0 {
        return Err(format!(
            "{repeated} operations were sent twice over one connection"
        ));
    }
    net.difference().map_or(Ok(()), Err)
}
