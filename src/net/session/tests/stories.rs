//! Single situations, each with its expected end.

use std::time::Duration;

use super::{is_connected, line, party, run_until_mesh, states};
use crate::net::{
    event::{PeerState, Reason},
    node::DocumentId,
    session::{Input, Output},
    sim::{Network, SiteOptions},
};

#[test]
fn a_newcomer_gets_the_text_and_both_see_each_others_edits() {
    let mut net = Network::new(1);
    let (ana, bo) = (net.add("Ana"), net.add("Bo"));
    net.insert(ana, 0, "grüße 👩‍👩‍👧 今日は");
    net.connect(bo, ana);
    net.run_until_equal();
    assert_eq!(net.text(bo), "grüße 👩‍👩‍👧 今日は");

    net.insert(bo, 5, "!");
    net.insert(ana, 0, "👍🏽 ");
    net.run_until_equal();
    assert_eq!(net.text(ana), "👍🏽 grüße! 👩‍👩‍👧 今日は");
}

#[test]
fn a_peer_goes_through_its_life_in_order() {
    let mut net = Network::new(2);
    let (ana, bo) = (net.add("Ana"), net.add("Bo"));
    net.connect(bo, ana);
    net.run_until("they are connected", |net| {
        is_connected(net, ana, bo) && is_connected(net, bo, ana)
    });
    net.leave(ana);
    assert_eq!(
        states(&net, bo, ana)[..4],
        [
            (PeerState::Connecting, Reason::Normal),
            (PeerState::Syncing, Reason::Normal),
            (PeerState::Connected, Reason::Normal),
            (PeerState::Disconnected, Reason::Left),
        ]
    );
    assert_eq!(
        states(&net, ana, bo),
        [
            (PeerState::Connecting, Reason::Normal),
            (PeerState::Syncing, Reason::Normal),
            (PeerState::Connected, Reason::Normal),
            (PeerState::Disconnecting, Reason::Requested),
            (PeerState::Disconnected, Reason::Requested),
        ]
    );
}

#[test]
fn a_large_update_travels_in_parts() {
    let mut net = Network::new(3);
    let (ana, bo) = (net.add("Ana"), net.add("Bo"));
    let line = "0123456789abcdef ünïcödé\n".repeat(200);
    for _ in 0..200 {
        net.insert(ana, 0, &line);
    }
    net.connect(bo, ana);
    net.run_until_equal();
    assert!(net.traffic().messages > 8, "{:?}", net.traffic());
    assert_eq!(net.traffic().repeated_operations, 0);
}

#[test]
fn simultaneous_dials_end_with_one_connection() {
    for seed in 0..50 {
        let mut net = Network::new(seed);
        let (ana, bo) = (net.add("Ana"), net.add("Bo"));
        net.connect(ana, bo);
        net.connect(bo, ana);
        net.insert(ana, 0, "a");
        net.insert(bo, 0, "b");
        net.run_until_equal();
        net.run_until_quiet();
        for (site, peer) in [(ana, bo), (bo, ana)] {
            assert_eq!(
                states(&net, site, peer),
                [
                    (PeerState::Connecting, Reason::Normal),
                    (PeerState::Syncing, Reason::Normal),
                    (PeerState::Connected, Reason::Normal),
                ],
                "seed {seed}"
            );
        }
    }
}

#[test]
fn in_a_steady_mesh_each_edit_is_sent_once_to_each() {
    let mut net = Network::new(4);
    let sites = party(&mut net, &["Ana", "Bo", "Cy", "Dee", "Eve"]);
    run_until_mesh(&mut net, &sites);
    net.run_for(Duration::from_secs(3));
    net.reset_traffic();
    let mut edits = 0;
    for round in 0..40 {
        for &site in &sites {
            net.insert(site, round * 3, "é");
            net.run_for(Duration::from_millis(37));
            edits += 1;
        }
    }
    net.run_until_quiet();
    net.assert_equal();
    let traffic = net.traffic();
    assert_eq!(traffic.repeated_operations, 0);
    assert_eq!(traffic.updates, edits * (sites.len() - 1));
    assert_eq!(traffic.sync_requests, 0);
}

#[test]
fn edits_pass_along_a_line() {
    let mut net = Network::new(5);
    let sites = line(&mut net, 3);
    net.run_until_equal();
    net.run_for(Duration::from_secs(2));
    net.reset_traffic();
    net.insert(sites[0], 0, "from the left ");
    net.insert(sites[2], 0, "from the right ");
    net.run_until_equal();
    assert!(net.text(sites[1]).contains("left"));
    assert_eq!(net.traffic().updates, 4);
    assert_eq!(net.traffic().sync_requests, 0);
    assert_eq!(net.traffic().repeated_operations, 0);
    assert!(!is_connected(&net, sites[0], sites[2]));
}

#[test]
fn a_line_of_ten_is_bridged_without_questions() {
    let mut net = Network::new(6);
    let sites = line(&mut net, 10);
    net.run_until_quiet();
    net.reset_traffic();
    for (index, &site) in sites.iter().enumerate() {
        net.insert(site, index, "x");
    }
    net.run_until_equal();
    assert_eq!(net.traffic().sync_requests, 0);
    assert_eq!(net.traffic().repeated_operations, 0);
}

#[test]
fn when_the_host_leaves_the_others_stay_connected() {
    let mut net = Network::new(7);
    let sites = party(&mut net, &["Host", "Bo", "Cy", "Dee"]);
    run_until_mesh(&mut net, &sites);
    net.leave(sites[0]);
    net.insert(sites[1], 0, "still ");
    net.insert(sites[2], 0, "here");
    net.run_until_equal();
    for &a in &sites[1..] {
        let host = net.peer(a, sites[0]);
        assert!(host.is_some_and(|host| host.left));
        for &b in &sites[1..] {
            assert!(a == b || is_connected(&net, a, b));
        }
    }
}

#[test]
fn a_host_that_comes_back_is_found_within_three_seconds() {
    for seed in 0..20 {
        let mut net = Network::new(seed);
        let sites = party(&mut net, &["Host", "Bo"]);
        net.run_until_equal();
        net.run_for(Duration::from_secs(5));
        net.leave(sites[0]);
        net.run_for(Duration::from_secs(20));
        net.insert(sites[1], 0, "meanwhile ");
        net.insert(sites[0], 0, "asleep ");
        net.restart(sites[0]);
        net.run_for(Duration::from_secs(3));
        assert!(is_connected(&net, sites[0], sites[1]), "seed {seed}");
        net.assert_equal();
    }
}

#[test]
fn a_short_partition_is_unstable_and_a_long_one_is_mended() {
    let mut net = Network::new(8);
    let sites = party(&mut net, &["Ana", "Bo"]);
    net.run_until_equal();
    net.run_for(Duration::from_secs(2));
    net.partition(&[sites[0]]);
    net.insert(sites[0], 0, "one side ");
    net.run_for(Duration::from_millis(4_500));
    let state = net.peer(sites[1], sites[0]).map(|peer| peer.state);
    assert_eq!(state, Some(PeerState::Unstable));
    net.heal();
    net.run_for(Duration::from_secs(1));
    assert!(is_connected(&net, sites[0], sites[1]));
    net.assert_equal();

    net.partition(&[sites[0]]);
    net.insert(sites[1], 0, "other side ");
    net.run_for(Duration::from_secs(60));
    let peer = net.peer(sites[1], sites[0]);
    assert!(peer.is_some_and(|peer| peer.behind && peer.last_error.is_some()));
    net.heal();
    net.run_until_equal();
    net.run_for(Duration::from_secs(2));
    let peer = net.peer(sites[1], sites[0]);
    assert!(peer.is_some_and(|peer| !peer.behind && peer.last_error.is_none()));
}

#[test]
fn a_crashed_replica_comes_back_with_what_it_had() {
    let mut net = Network::new(9);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    run_until_mesh(&mut net, &sites);
    net.insert(sites[1], 0, "before ");
    net.run_until_equal();
    net.insert(sites[1], 0, "unsent ");
    net.crash(sites[1]);
    net.insert(sites[2], 0, "meanwhile ");
    net.run_for(Duration::from_secs(30));
    net.restart(sites[1]);
    net.insert(sites[1], 0, "after ");
    net.run_until_equal();
    for word in ["before", "unsent", "meanwhile", "after"] {
        assert!(net.text(sites[0]).contains(word), "{word}");
    }
    run_until_mesh(&mut net, &sites);
}

#[test]
fn what_an_author_could_not_send_to_all_reaches_all() {
    let mut net = Network::new(10);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    run_until_mesh(&mut net, &sites);
    net.run_for(Duration::from_secs(3));
    // Bo loses Ana, but Cy believes that Bo still gets Ana's edits from Ana.
    net.block(sites[0], sites[1]);
    net.insert(sites[0], 0, "only Cy hears this. ");
    net.run_for(Duration::from_secs(4));
    net.crash(sites[0]);
    net.run_until_equal();
    assert!(net.text(sites[1]).contains("only Cy"));
}

#[test]
fn what_is_missing_is_found_while_others_go_on_typing() {
    let mut net = Network::new(19);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    run_until_mesh(&mut net, &sites);
    net.run_for(Duration::from_secs(3));
    net.block(sites[0], sites[1]);
    net.insert(sites[0], 0, "only Cy hears this. ");
    net.run_for(Duration::from_secs(1));
    net.crash(sites[0]);
    // What Cy types depends on what Bo has not got, and there is never a quiet second.
    for _ in 0..20 {
        net.insert(sites[2], 0, "x");
        net.run_for(Duration::from_millis(150));
    }
    assert!(net.text(sites[1]).contains("only Cy"));
    assert_eq!(net.traffic().repeated_operations, 0);
}

#[test]
fn offline_edits_meet_when_both_are_online_again() {
    let mut net = Network::new(11);
    let sites = party(&mut net, &["Ana", "Bo"]);
    net.run_until_equal();
    net.input(sites[1], Input::Offline);
    net.insert(sites[0], 0, "home ");
    net.insert(sites[1], 0, "train ");
    net.run_for(Duration::from_secs(60));
    assert!(!net.is_equal());
    net.input(sites[1], Input::Online);
    net.run_until_equal();
}

#[test]
fn a_replica_without_a_document_takes_the_peers() {
    let mut net = Network::new(12);
    let host = net.add("Host");
    net.insert(host, 0, "text");
    let guest = net.add_with(SiteOptions {
        name: "Guest".to_owned(),
        document: None,
        title: String::new(),
        degree_limit: 8,
        access: crate::net::session::AccessConfig::default(),
    });
    net.connect(guest, host);
    net.run_until_equal();
    let adopted = Output::Adopted {
        document: DocumentId([1; 32]),
        title: "notes.md".to_owned(),
    };
    assert!(net.log(guest).iter().any(|(_, output)| *output == adopted));
}

#[test]
fn replicas_without_documents_find_together_and_adopt_later() {
    let mut net = Network::new(13);
    let nameless = |name: &str| SiteOptions {
        name: name.to_owned(),
        document: None,
        title: String::new(),
        degree_limit: 8,
        access: crate::net::session::AccessConfig::default(),
    };
    let (ana, bo) = (net.add_with(nameless("Ana")), net.add_with(nameless("Bo")));
    net.connect(ana, bo);
    net.insert(ana, 0, "a");
    net.insert(bo, 0, "b");
    net.run_until_equal();
    let host = net.add("Host");
    net.insert(host, 0, "h");
    net.connect(ana, host);
    net.run_until_equal();
    run_until_mesh(&mut net, &[ana, bo, host]);
    for site in [ana, bo] {
        let adoptions = net
            .log(site)
            .iter()
            .filter(|(_, output)| matches!(output, Output::Adopted { .. }));
        assert_eq!(adoptions.count(), 1);
    }
}

#[test]
fn different_documents_stay_apart() {
    let mut net = Network::new(14);
    let ana = net.add("Ana");
    let bo = net.add_with(SiteOptions {
        name: "Bo".to_owned(),
        document: Some(DocumentId([2; 32])),
        title: "other.md".to_owned(),
        degree_limit: 8,
        access: crate::net::session::AccessConfig::default(),
    });
    net.insert(ana, 0, "mine");
    net.insert(bo, 0, "yours");
    net.connect(bo, ana);
    net.run_until_quiet();
    assert_eq!(net.text(ana), "mine");
    assert_eq!(net.text(bo), "yours");
    let seen = states(&net, bo, ana);
    assert!(matches!(
        seen.last(),
        Some((PeerState::Disconnected, Reason::Denied(_)))
    ));
    let error = net.peer(bo, ana).and_then(|peer| peer.last_error);
    assert_eq!(
        error.as_deref(),
        Some("the two sides hold different documents")
    );
    // Nobody insists.
    let dials = net
        .log(bo)
        .iter()
        .filter(|(_, output)| matches!(output, Output::Dial { .. }));
    assert_eq!(dials.count(), 1);
}

#[test]
fn who_is_let_go_does_not_come_back_by_itself() {
    let mut net = Network::new(15);
    let sites = party(&mut net, &["Ana", "Bo"]);
    net.run_until_equal();
    net.run_for(Duration::from_secs(2));
    net.forget(sites[0], sites[1]);
    net.run_for(Duration::from_secs(60));
    assert_eq!(net.peer(sites[0], sites[1]), None);
    net.insert(sites[0], 0, "alone");
    net.run_for(Duration::from_secs(10));
    assert_eq!(net.text(sites[1]), "");
    net.connect(sites[0], sites[1]);
    net.run_until_equal();
}

#[test]
fn the_degree_limit_bounds_a_crowd() {
    const LIMIT: usize = 4;
    let mut net = Network::new(16);
    let sites: Vec<_> = (0..12)
        .map(|index| {
            net.add_with(SiteOptions {
                name: format!("site {index}"),
                document: Some(DocumentId([1; 32])),
                title: String::new(),
                degree_limit: LIMIT,
                access: crate::net::session::AccessConfig::default(),
            })
        })
        .collect();
    for index in 1..sites.len() {
        net.connect(sites[index], sites[index / 2]);
    }
    net.run_for(Duration::from_secs(20));
    for &site in &sites {
        net.insert(site, 0, "word ");
    }
    net.run_until_equal();
    net.run_until_quiet();
    assert_eq!(net.traffic().repeated_operations, 0);
    // With the host gone the rest still hangs together.
    net.leave(sites[0]);
    net.insert(sites[11], 0, "later ");
    net.run_until_equal();
}

#[test]
fn an_application_that_imports_by_itself_is_heard() {
    let mut net = Network::new(17);
    let sites = party(&mut net, &["Ana", "Bo"]);
    net.run_until_equal();
    let updates = {
        let mut elsewhere = Network::new(18);
        let site = elsewhere.add("Elsewhere");
        elsewhere.insert(site, 0, "from a file ");
        elsewhere.export(site)
    };
    net.import(sites[0], &updates);
    net.run_until_equal();
    assert_eq!(net.text(sites[1]), "from a file ");
}
