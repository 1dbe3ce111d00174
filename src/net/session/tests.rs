//! Stories about sessions, told with the simulated network.

mod access;
mod clocks;
mod conflicts;
mod crowds;
mod divergence;
mod hostile;
mod offline;
mod overlay;
mod people;
mod schedules;
mod stories;
mod tree;

use crate::net::{
    event::{ConnectionEvent, PeerState, Reason},
    node::DocumentId,
    session::Output,
    sim::{Network, SiteId, SiteOptions},
};

/// Everybody asks for the first one; the rest is introductions.
fn party(net: &mut Network, names: &[&str]) -> Vec<SiteId> {
    let sites: Vec<_> = names.iter().map(|name| net.add(name)).collect();
    for &guest in &sites[1..] {
        net.connect(guest, sites[0]);
    }
    sites
}

/// A chain of sites that only connect to whom they were told to.
fn line(net: &mut Network, length: usize) -> Vec<SiteId> {
    let sites: Vec<_> = (0..length)
        .map(|index| {
            net.add_with(SiteOptions {
                name: format!("site {index}"),
                document: Some(DocumentId([1; 32])),
                title: "notes.md".to_owned(),
                degree_limit: 0,
                access: crate::net::session::AccessConfig::default(),
            })
        })
        .collect();
    for pair in sites.windows(2) {
        net.connect(pair[0], pair[1]);
    }
    sites
}

fn is_connected(net: &Network, a: SiteId, b: SiteId) -> bool {
    net.peer(a, b)
        .is_some_and(|peer| peer.state == PeerState::Connected)
}

#[track_caller]
fn run_until_mesh(net: &mut Network, sites: &[SiteId]) {
    net.run_until("everybody is connected to everybody", |net| {
        sites
            .iter()
            .all(|&a| sites.iter().all(|&b| a == b || is_connected(net, a, b)))
    });
}

/// Returns through which states one site saw another go.
fn states(net: &Network, site: SiteId, peer: SiteId) -> Vec<(PeerState, Reason)> {
    let node = net.node(peer);
    net.log(site)
        .iter()
        .filter_map(|(_, output)| match output {
            Output::Connection(ConnectionEvent {
                node: of,
                to,
                reason,
                ..
            }) if *of == node => Some((*to, reason.clone())),
            _ => None,
        })
        .collect()
}
