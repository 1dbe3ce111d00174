//! Neighbours that somebody else chooses.

use std::time::Duration;

use super::{crowds::loners, is_connected};
use crate::net::{
    session::Input,
    sim::{Network, SiteId},
};

/// Gives each site the one before and the one behind it as neighbours.
fn choose_ring(net: &mut Network, sites: &[SiteId]) {
    for (index, &site) in sites.iter().enumerate() {
        let others = [sites.len() - 1, 1].map(|step| sites[(index + step) % sites.len()]);
        let nodes = others.map(|other| net.node(other)).to_vec();
        net.input(site, Input::Neighbours(nodes));
    }
}

/// Everybody came in by the first.
fn star(net: &mut Network, count: usize) -> Vec<SiteId> {
    let sites = loners(net, count);
    for &guest in &sites[1..] {
        net.connect(guest, sites[0]);
    }
    net.run_until_quiet();
    sites
}

#[test]
fn chosen_neighbours_take_the_place_of_whom_one_came_in_by() {
    let mut net = Network::new(80);
    let sites = star(&mut net, 12);
    choose_ring(&mut net, &sites);
    net.run_for(Duration::from_secs(20));
    for (index, &site) in sites.iter().enumerate() {
        for (other_index, &other) in sites.iter().enumerate() {
            let apart = index.abs_diff(other_index);
            let is_next = apart == 1 || apart == sites.len() - 1;
            assert_eq!(is_connected(&net, site, other), is_next, "{site}, {other}");
        }
    }
    net.insert(sites[3], 0, "hello");
    net.run_until_equal();
    net.assert_equal();
}

#[test]
fn without_neighbours_one_comes_in_again_by_whom_one_knows() {
    let mut net = Network::new(81);
    let sites = star(&mut net, 5);
    choose_ring(&mut net, &sites);
    net.run_for(Duration::from_secs(20));
    assert!(!is_connected(&net, sites[2], sites[0]));
    net.crash(sites[1]);
    net.crash(sites[3]);
    net.run_until("the first takes it in again", |net| {
        is_connected(net, sites[2], sites[0])
    });
    net.insert(sites[2], 0, "back");
    net.run_until_equal();
}
