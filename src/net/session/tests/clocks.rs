//! Machines that sleep, and clocks that somebody sets.

use std::time::Duration;

use super::{is_connected, party, run_until_mesh, states};
use crate::net::{
    session::{Input, Output},
    sim::{Network, SiteId},
};

const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long it may take after waking until everybody has everything.
const BACK_WITHIN: Duration = Duration::from_secs(3);

fn mesh(seed: u64) -> (Network, Vec<SiteId>) {
    let mut net = Network::new(seed);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    run_until_mesh(&mut net, &sites);
    net.run_for(Duration::from_secs(5));
    (net, sites)
}

/// Returns whether a site ever told that a participant is gone.
fn saw_anybody_leave(net: &Network, site: SiteId) -> bool {
    let mut outputs = net.log(site).iter().map(|(_, output)| output);
    outputs.any(|output| matches!(output, Output::Left { .. }))
}

#[test]
fn after_an_hour_of_sleep_a_machine_is_back_in_sync_within_three_seconds() {
    for seed in 0..15 {
        let (mut net, sites) = mesh(seed);
        net.sleep(sites[0]);
        for _ in 0..10 {
            net.insert(sites[1], 0, "while one sleeps ");
            net.run_for(HOUR / 10);
        }
        net.wake(sites[0]);
        net.insert(sites[0], 0, "awake ");
        net.run_for(BACK_WITHIN);
        net.assert_equal();
        assert!(is_connected(&net, sites[0], sites[1]), "seed {seed}");
        assert!(!saw_anybody_leave(&net, sites[0]), "seed {seed}");
    }
}

#[test]
fn two_who_slept_find_each_other_within_three_seconds() {
    for seed in 0..15 {
        let (mut net, sites) = mesh(seed);
        for &site in &sites {
            net.sleep(site);
        }
        net.run_for(HOUR);
        for &site in &sites {
            net.wake(site);
            net.insert(site, 0, "awake ");
        }
        net.run_for(BACK_WITHIN);
        net.assert_equal();
    }
}

#[test]
fn a_clock_that_is_set_disturbs_nobody() {
    let (mut net, sites) = mesh(1);
    let before: Vec<_> = sites
        .iter()
        .map(|&site| states(&net, site, sites[0]).len() + states(&net, site, sites[1]).len())
        .collect();
    // Whichever way it was set, the driver only sees that the two clocks drifted apart.
    for round in 0..6 {
        for &site in &sites {
            net.input(site, Input::Woke);
        }
        net.insert(sites[round % 3], 0, "on and on ");
        net.run_for(Duration::from_secs(1));
        net.assert_equal();
    }
    net.run_for(Duration::from_secs(20));
    for (&site, before) in sites.iter().zip(before) {
        let now = states(&net, site, sites[0]).len() + states(&net, site, sites[1]).len();
        assert_eq!(now, before, "a state changed at site {site}");
        assert!(!saw_anybody_leave(&net, site));
    }
}

#[test]
fn a_clock_that_jumps_by_a_year_is_caught_up_with_within_three_seconds() {
    for seed in 0..20 {
        let (mut net, sites) = mesh(seed);
        net.jump(sites[1], YEAR);
        net.insert(sites[0], 0, "before ");
        net.insert(sites[1], 0, "after ");
        net.run_for(BACK_WITHIN);
        net.assert_equal();
        assert!(is_connected(&net, sites[1], sites[0]), "seed {seed}");
        assert!(is_connected(&net, sites[0], sites[1]), "seed {seed}");
        assert!(!saw_anybody_leave(&net, sites[0]), "seed {seed}");
        assert!(!saw_anybody_leave(&net, sites[1]), "seed {seed}");
    }
}
