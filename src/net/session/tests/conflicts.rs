//! What peers tell each other of conflicts between edits.

use std::time::Duration;

use super::{party, run_until_mesh};
use crate::{
    crdt::conflict::ConflictId,
    net::{
        message::{ConflictKind, ConflictNotification},
        session::{Input, Output},
        sim::{Network, SiteId},
    },
};

fn told(net: &Network, site: SiteId) -> Vec<ConflictId> {
    let outputs = net.log(site).iter();
    let told = outputs.filter_map(|(_, output)| match output {
        Output::ConflictTold { conflict, .. } => Some(*conflict),
        _ => None,
    });
    told.collect()
}

#[test]
fn everybody_is_told_once_by_whoever_knows() {
    let mut net = Network::new(5);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    run_until_mesh(&mut net, &sites);
    let id = ConflictId([7; 16]);
    for kind in [
        ConflictKind::New,
        ConflictKind::Changed,
        ConflictKind::Settled,
    ] {
        let notification = ConflictNotification::about(id, kind);
        net.input(sites[0], Input::Announce(notification));
    }
    net.run_for(Duration::from_secs(5));
    assert_eq!(told(&net, sites[0]), []);
    for site in &sites[1..] {
        assert_eq!(told(&net, *site), [id; 3]);
    }
}

#[test]
fn what_names_no_conflict_is_nothing() {
    let mut net = Network::new(6);
    let sites = party(&mut net, &["Ana", "Mallory"]);
    run_until_mesh(&mut net, &sites);
    for (kind, details) in [
        (ConflictKind::New, vec![1; 15]),
        (ConflictKind::Settled, vec![1; 4_096]),
        (ConflictKind::Unknown(4), vec![1; 16]),
    ] {
        let notification = ConflictNotification { kind, details };
        net.input(sites[1], Input::Announce(notification));
    }
    net.run_for(Duration::from_secs(5));
    assert_eq!(told(&net, sites[0]), []);
    run_until_mesh(&mut net, &sites);
}
