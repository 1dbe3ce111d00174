//! Many sites in one network: each edit reaches everybody, and goes over each connection once.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::net::{
    node::DocumentId,
    sim::{Network, SiteId, SiteOptions},
};

const EDITS: usize = 10;

/// Adds sites that connect only to whom they are told to.
pub(super) fn loners(net: &mut Network, count: usize) -> Vec<SiteId> {
    (0..count)
        .map(|index| {
            net.add_with(SiteOptions {
                name: format!("site {index}"),
                document: Some(DocumentId([1; 32])),
                title: String::new(),
                degree_limit: 0,
                access: crate::net::session::AccessConfig::default(),
            })
        })
        .collect()
}

/// Lets some of the sites write, and returns how many updates were sent for each edit.
#[track_caller]
fn updates_per_edit(net: &mut Network, sites: &[SiteId], what: &str) -> f64 {
    net.run_until_quiet();
    net.reset_traffic();
    for number in 0..EDITS {
        net.insert(sites[number * 7 % sites.len()], 0, "é");
        net.run_for(Duration::from_millis(300));
    }
    net.run_until_equal();
    net.run_until_quiet();
    net.assert_equal();
    let traffic = net.traffic();
    assert_eq!(traffic.repeated_operations, 0, "{what}: {traffic:?}");
    assert_eq!(traffic.sync_requests, 0, "{what}: {traffic:?}");
    let updates = traffic.updates as f64 / EDITS as f64;
    let messages = traffic.messages as f64 / EDITS as f64;
    println!("{what}: {updates} updates and {messages} messages for each edit");
    updates
}

#[test]
fn a_star_of_fifty_sends_each_edit_once_to_each() {
    let mut net = Network::new(20);
    let sites = loners(&mut net, 51);
    for &guest in &sites[1..] {
        net.connect(guest, sites[0]);
    }
    assert_eq!(updates_per_edit(&mut net, &sites, "a star of 50"), 50.0);
}

#[test]
fn a_line_of_ten_sends_each_edit_once_over_each_connection() {
    let mut net = Network::new(22);
    let sites = loners(&mut net, 10);
    for pair in sites.windows(2) {
        net.connect(pair[0], pair[1]);
    }
    assert_eq!(updates_per_edit(&mut net, &sites, "a line of 10"), 9.0);
}

#[test]
fn a_random_graph_of_fifty_sends_no_edit_twice_over_a_connection() {
    for seed in 23..26 {
        let mut net = Network::new(seed);
        let random = &mut StdRng::seed_from_u64(seed);
        let sites = loners(&mut net, 50);
        // Each asks for three others, so that the average degree is six.
        for (index, &site) in sites.iter().enumerate().skip(1) {
            for _ in 0..3 {
                net.connect(site, sites[random.random_range(0..index)]);
            }
        }
        let updates = updates_per_edit(&mut net, &sites, "a random graph of 50, degree 6");
        // 147 connections at most, each crossed at most once in each direction.
        assert!((49.0..=294.0).contains(&updates));
    }
}
