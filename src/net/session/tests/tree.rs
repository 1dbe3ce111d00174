//! The tree over which what others wrote is passed on: it forms, heals, and nobody depends on it.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::crowds::loners;
use crate::net::sim::{Network, SiteId};

/// Edits until everybody has found out which links are needless.
const WARM_UP: usize = 12;
const EDITS: usize = 10;

/// Thirty who are connected at random, six connections each on the average, after some edits.
fn crowd(seed: u64) -> (Network, Vec<SiteId>) {
    let mut net = Network::new(seed);
    let mut random = StdRng::seed_from_u64(seed);
    let sites = loners(&mut net, 30);
    for (index, &site) in sites.iter().enumerate().skip(1) {
        for _ in 0..3 {
            net.connect(site, sites[random.random_range(0..index)]);
        }
    }
    net.run_until_quiet();
    for number in 0..WARM_UP {
        net.insert(sites[number * 17 % sites.len()], 0, "w");
        net.run_for(Duration::from_secs(1));
    }
    net.run_until_equal();
    net.run_until_quiet();
    (net, sites)
}

/// Lets some write one after the other, and returns how often each edit was sent to each.
fn deliveries(net: &mut Network, sites: &[SiteId]) -> f64 {
    net.reset_traffic();
    for number in 0..EDITS {
        net.insert(sites[number * 7 % sites.len()], 0, "é");
        net.run_for(Duration::from_millis(700));
    }
    net.run_until_equal();
    net.run_until_quiet();
    net.assert_equal();
    net.traffic().updates as f64 / (EDITS * (sites.len() - 1)) as f64
}

#[test]
fn in_the_steady_state_each_edit_reaches_each_hardly_more_than_once() {
    for seed in 40..42 {
        let (mut net, sites) = crowd(seed);
        let deliveries = deliveries(&mut net, &sites);
        let traffic = net.traffic();
        assert!(deliveries <= 1.3, "{deliveries}, {traffic:?}");
        assert_eq!(traffic.sync_requests, 0, "{traffic:?}");
        assert_eq!(traffic.repeated_operations, 0, "{traffic:?}");
    }
}

#[test]
fn while_everybody_writes_at_once_everything_arrives() {
    let (mut net, sites) = crowd(50);
    for round in 0..2 {
        for &site in &sites {
            net.insert(site, round, "x");
        }
        net.run_for(Duration::from_millis(200));
    }
    net.run_until_equal();
    net.assert_equal();
}

#[test]
fn when_some_vanish_the_tree_is_mended() {
    let (mut net, sites) = crowd(60);
    for &site in &sites[12..18] {
        net.crash(site);
    }
    // Their connections are noticed to be dead within this.
    net.run_for(Duration::from_secs(40));
    let left: Vec<_> = [&sites[..12], &sites[18..]].concat();
    for number in 0..WARM_UP {
        net.insert(left[number * 11 % left.len()], 0, "m");
        net.run_for(Duration::from_secs(1));
    }
    net.run_until_equal();
    let deliveries = deliveries(&mut net, &left);
    assert!(deliveries <= 1.5, "{deliveries}");
}

#[test]
fn two_send_the_same_messages_as_ever() {
    let mut net = Network::new(70);
    let (ana, bo) = (net.add("Ana"), net.add("Bo"));
    net.connect(bo, ana);
    net.run_until_quiet();
    net.reset_traffic();
    for number in 0..EDITS {
        net.insert([ana, bo][number % 2], 0, "x");
        net.run_for(Duration::from_millis(100));
    }
    net.run_until_equal();
    let traffic = net.traffic();
    assert_eq!((traffic.updates, traffic.messages), (EDITS, EDITS));
}
