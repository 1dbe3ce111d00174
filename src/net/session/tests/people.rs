//! Presence: who is seen where, for how long, and under which name.

use std::time::Duration;

use super::{party, run_until_mesh};
use crate::net::{
    event::UserInfo,
    message::WireAnchor,
    node::DocumentId,
    presence::{LocalPresence, RemotePresence, color_of},
    session::{Input, Output},
    sim::{Network, SiteId, SiteOptions},
};

fn doing(cursor: u8, typing: bool) -> LocalPresence {
    LocalPresence {
        user: UserInfo {
            name: "Bo".to_owned(),
            color: "#4ECDC4".to_owned(),
            avatar_url: None,
        },
        cursor: Some(WireAnchor(vec![cursor])),
        selection_start: None,
        typing,
        away: false,
    }
}

/// Returns what one site's application last heard of another's participant.
fn seen(net: &Network, site: SiteId, peer: SiteId) -> Option<RemotePresence> {
    let node = net.node(peer);
    net.log(site)
        .iter()
        .rev()
        .find_map(|(_, output)| match output {
            Output::PresenceChanged { node: of, presence } if *of == node => Some(presence.clone()),
            _ => None,
        })
}

/// Returns when people came (true) and went (false), as one site saw it.
fn comings(net: &Network, site: SiteId) -> Vec<(bool, String)> {
    net.log(site)
        .iter()
        .filter_map(|(_, output)| match output {
            Output::Joined { user, .. } => Some((true, user.name.clone())),
            Output::Left { user, .. } => Some((false, user.name.clone())),
            _ => None,
        })
        .collect()
}

fn two(seed: u64) -> (Network, SiteId, SiteId) {
    let mut net = Network::new(seed);
    let sites = party(&mut net, &["Ana", "Bo"]);
    run_until_mesh(&mut net, &sites);
    (net, sites[0], sites[1])
}

#[test]
fn the_newest_place_is_seen() {
    let (mut net, ana, bo) = two(1);
    for place in 0..100 {
        net.present(bo, doing(place, false));
        net.run_for(Duration::from_millis(7));
    }
    net.run_for(Duration::from_secs(1));
    let cursor = seen(&net, ana, bo).and_then(|presence| presence.cursor);
    assert_eq!(cursor, Some(WireAnchor(vec![99])));
    // 0.7 seconds, and not more than one update in 30 ms.
    let updates = net
        .log(ana)
        .iter()
        .filter(|(_, output)| matches!(output, Output::PresenceChanged { .. }));
    assert!(updates.count() <= 25);
}

#[test]
fn typing_ends_by_itself_three_seconds_after_it_was_last_said() {
    let (mut net, ana, bo) = two(2);
    let is_typing = |net: &Network| seen(net, ana, bo).is_some_and(|presence| presence.typing);
    for _ in 0..5 {
        net.present(bo, doing(1, true));
        net.run_for(Duration::from_millis(1_500));
        assert!(is_typing(&net));
    }
    net.run_for(Duration::from_millis(1_400));
    assert!(is_typing(&net));
    net.run_for(Duration::from_millis(300));
    assert!(!is_typing(&net));
}

#[test]
fn who_says_goodbye_is_gone_at_once() {
    let (mut net, ana, bo) = two(3);
    net.leave(bo);
    let expected = [(true, "Bo".to_owned()), (false, "Bo".to_owned())];
    assert_eq!(comings(&net, ana), expected);
}

#[test]
fn who_is_lost_is_waited_for_fifteen_seconds() {
    let (mut net, ana, bo) = two(4);
    net.crash(bo);
    net.run_for(Duration::from_secs(14));
    assert_eq!(comings(&net, ana), [(true, "Bo".to_owned())]);
    net.run_for(Duration::from_secs(7));
    assert_eq!(comings(&net, ana).last(), Some(&(false, "Bo".to_owned())));
}

#[test]
fn who_comes_back_in_time_never_left() {
    let (mut net, ana, bo) = two(5);
    net.present(bo, doing(1, false));
    net.cut(ana, bo);
    net.run_for(Duration::from_secs(30));
    assert_eq!(comings(&net, ana), [(true, "Bo".to_owned())]);
    let cursor = seen(&net, ana, bo).and_then(|presence| presence.cursor);
    assert_eq!(cursor, Some(WireAnchor(vec![1])));
}

#[test]
fn a_newcomer_sees_where_everybody_is() {
    let (mut net, _, bo) = two(6);
    net.present(bo, doing(42, false));
    net.run_for(Duration::from_secs(10));
    let cy = net.add("Cy");
    net.connect(cy, bo);
    net.run_for(Duration::from_secs(1));
    let cursor = seen(&net, cy, bo).and_then(|presence| presence.cursor);
    assert_eq!(cursor, Some(WireAnchor(vec![42])));
}

#[test]
fn names_are_cleaned_wherever_they_come_from() {
    let mut net = Network::new(7);
    let evil = SiteOptions {
        name: "\u{202e}Mal\u{1b}[2Jlory\u{200b}".to_owned(),
        document: None,
        title: String::new(),
        degree_limit: 8,
        access: crate::net::session::AccessConfig::default(),
    };
    let (ana, mallory, bo) = (net.add("Ana"), net.add_with(evil), net.add("Bo"));
    net.connect(mallory, ana);
    net.run_for(Duration::from_secs(1));
    net.connect(bo, ana);
    net.run_for(Duration::from_secs(10));
    let mut presence = doing(1, false);
    presence.user.name = "\u{2066}New\u{7}".to_owned();
    presence.user.color = "javascript:".to_owned();
    net.present(mallory, presence);
    net.run_for(Duration::from_secs(1));
    for site in [ana, bo] {
        assert!(comings(&net, site).contains(&(true, "Mal[2Jlory".to_owned())));
        let user = seen(&net, site, mallory).map(|presence| presence.user);
        let expected = UserInfo {
            name: "New".to_owned(),
            color: color_of(net.node(mallory)),
            avatar_url: None,
        };
        assert_eq!(user, Some(expected));
    }
}

#[test]
fn away_and_a_new_name_reach_the_others() {
    let (mut net, ana, bo) = two(8);
    let mut presence = doing(3, false);
    presence.away = true;
    presence.user.name = "Bodo".to_owned();
    net.present(bo, presence);
    net.run_for(Duration::from_secs(1));
    let presence = seen(&net, ana, bo);
    assert!(presence.is_some_and(|presence| presence.away && presence.user.name == "Bodo"));
    let name = net.peer(ana, bo).and_then(|peer| peer.user);
    assert_eq!(name.map(|user| user.name).as_deref(), Some("Bodo"));
    net.input(bo, Input::Offline);
    net.run_for(Duration::from_secs(1));
    assert_eq!(comings(&net, ana).last(), Some(&(false, "Bodo".to_owned())));
}

#[test]
fn the_ends_of_a_line_see_each_other() {
    let mut net = Network::new(9);
    let sites = ["Ana", "Bo", "Cy", "Dee"].map(|name| add_loner(&mut net, name));
    for pair in sites.windows(2) {
        net.connect(pair[0], pair[1]);
    }
    net.run_for(Duration::from_secs(3));
    let (ana, dee) = (sites[0], sites[3]);
    let place = |net: &Network| seen(net, ana, dee).and_then(|presence| presence.cursor);
    for cursor in 1..50 {
        net.present(dee, doing(cursor, false));
        net.run_for(Duration::from_millis(50));
    }
    net.run_for(Duration::from_secs(1));
    assert_eq!(place(&net), Some(WireAnchor(vec![49])));
    assert_eq!(comings(&net, ana).len(), 3, "everybody came once");

    // A place in between that is lost for a moment makes nobody leave.
    net.cut(sites[1], sites[2]);
    net.run_for(Duration::from_secs(12));
    net.present(dee, doing(77, false));
    net.run_for(Duration::from_secs(1));
    assert_eq!(place(&net), Some(WireAnchor(vec![77])));
    assert_eq!(comings(&net, ana).len(), 3);

    // Who starts anew counts anew.
    net.restart(dee);
    net.run_for(Duration::from_secs(12));
    net.present(dee, doing(5, false));
    net.run_for(Duration::from_secs(1));
    assert_eq!(place(&net), Some(WireAnchor(vec![5])));

    net.leave(dee);
    net.run_for(Duration::from_secs(1));
    assert_eq!(comings(&net, ana).last(), Some(&(false, "Bo".to_owned())));
}

#[test]
fn who_comes_near_does_not_come_twice() {
    let (mut net, ana, bo) = two(10);
    let cy = add_loner(&mut net, "Cy");
    net.block(ana, cy);
    net.connect(cy, bo);
    net.run_for(Duration::from_secs(10));
    net.present(cy, doing(3, false));
    net.run_for(Duration::from_secs(1));
    let cursor = |net: &Network| seen(net, ana, cy).and_then(|presence| presence.cursor);
    assert_eq!(cursor(&net), Some(WireAnchor(vec![3])));
    net.heal();
    net.connect(cy, ana);
    net.run_for(Duration::from_secs(10));
    net.present(cy, doing(4, false));
    net.run_for(Duration::from_secs(1));
    assert_eq!(cursor(&net), Some(WireAnchor(vec![4])));
    let expected = [(true, "Bo".to_owned()), (true, "Cy".to_owned())];
    assert_eq!(comings(&net, ana), expected);
}

/// Adds a site that connects to nobody by itself.
fn add_loner(net: &mut Network, name: &str) -> SiteId {
    net.add_with(SiteOptions {
        name: name.to_owned(),
        document: Some(DocumentId([1; 32])),
        title: String::new(),
        degree_limit: 0,
        access: crate::net::session::AccessConfig::default(),
    })
}

#[test]
fn everybody_can_be_asked_to_come_but_not_all_the_time() {
    let (mut net, ana, bo) = two(7);
    let calls = |net: &Network, site| {
        let log = net.log(site).iter();
        log.filter(|(_, output)| matches!(output, Output::Called { .. }))
            .count()
    };
    for _ in 0..20 {
        net.input(bo, Input::Call);
        net.run_for(Duration::from_millis(100));
    }
    assert_eq!((calls(&net, ana), calls(&net, bo)), (1, 0));
    net.run_for(Duration::from_secs(6));
    net.input(bo, Input::Call);
    net.input(ana, Input::Call);
    net.run_for(Duration::from_secs(1));
    assert_eq!((calls(&net, ana), calls(&net, bo)), (2, 1));
}
