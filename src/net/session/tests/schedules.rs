//! Random schedules: whatever happens in whatever order, all replicas become equal.
//!
//! `SIM_SCHEDULES` sets how many are run, `SIM_SEED` runs the one with this seed.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::party;
use crate::net::{
    session::Input,
    sim::{Network, SiteId},
};

const SCHEDULES: u64 = 60;
const STEPS: usize = 80;
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

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn random_schedules_converge() {
    if let Some(seed) = number_from("SIM_SEED") {
        return run(seed);
    }
    for seed in 0..number_from("SIM_SCHEDULES").unwrap_or(SCHEDULES) {
        run(seed);
    }
}

fn run(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut net = Network::new(seed);
    let names = ["Ana", "Bo", "Cy", "Dee", "Eve"];
    let count = random.random_range(3..=names.len());
    let sites = party(&mut net, &names[..count]);
    let slowest = random.random_range(5..400);
    net.set_latency(Duration::from_millis(1)..Duration::from_millis(slowest));
    for _ in 0..STEPS {
        step(&mut net, &sites, &mut random);
    }
    net.heal();
    for &site in &sites {
        if !net.is_alive(site) {
            net.restart(site);
        }
        net.input(site, Input::Online);
    }
    net.run_until_equal();
    net.run_until_quiet();
    net.assert_equal();
    assert_eq!(net.traffic().repeated_operations, 0, "seed {seed}");
    for &a in &sites {
        for &b in &sites {
            let behind = net.peer(a, b).is_some_and(|peer| peer.behind);
            assert!(!behind, "{a} does not know what {b} has (seed {seed})");
        }
    }
}

fn step(net: &mut Network, sites: &[SiteId], random: &mut StdRng) {
    let (Some(&site), Some(&other)) = (sites.choose(random), sites.choose(random)) else {
        return;
    };
    match random.random_range(0..100) {
        0..55 => edit(net, site, random),
        55..85 => {
            let pause = random.random_range(0..1_500);
            net.run_for(Duration::from_millis(pause));
        }
        85..89 => net.cut(site, other),
        89..91 => net.partition(&[site, other]),
        91..94 => net.heal(),
        94..95 => net.leave(site),
        95..96 => net.crash(site),
        96..98 => net.restart(site),
        98..99 => net.input(site, Input::Offline),
        _ => net.input(site, Input::Online),
    }
}

fn edit(net: &mut Network, site: SiteId, random: &mut StdRng) {
    let length = net.text(site).chars().count();
    let position = random.random_range(0..=length);
    if random.random_bool(0.3) {
        net.delete(site, position..position + random.random_range(1..6));
    } else if let Some(word) = WORDS.choose(random) {
        net.insert(site, position, word);
    }
}
