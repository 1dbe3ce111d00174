//! Documents that differ although they hold the same operations.

use std::time::Duration;

use super::{line, party, run_until_mesh};
use crate::net::sim::Network;

#[test]
fn documents_that_differ_under_the_same_version_come_together() {
    let mut net = Network::new(21);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    run_until_mesh(&mut net, &sites);
    // Two writers under one Loro peer id, which nothing but a mistake leads to.
    net.partition(&[sites[1]]);
    net.set_loro_peer(sites[0], 7);
    net.set_loro_peer(sites[1], 7);
    net.insert(sites[0], 0, "this");
    net.insert(sites[1], 0, "that");
    net.run_for(Duration::from_secs(20));
    assert!(!sites.iter().any(|&site| net.saw_divergence(site)));
    let before = sites.iter().map(|&site| net.text(site));
    let before: Vec<_> = before.collect();
    net.heal();
    net.run_for(Duration::from_secs(60));
    // One of two may have given way before the third compared its own with it.
    let saw = sites.iter().filter(|&&site| net.saw_divergence(site));
    assert!(saw.count() >= 2);
    // One content goes on everywhere. Who held the other one has it aside, once.
    net.assert_equal();
    let stands = net.text(sites[0]);
    for (&site, before) in sites.iter().zip(before) {
        let given_up: Vec<_> = (before != stands).then_some(before).into_iter().collect();
        assert_eq!(net.set_aside(site), given_up);
    }
    run_until_mesh(&mut net, &sites);
    net.insert(sites[1], 0, "and on ");
    net.run_until_equal();
}

#[test]
fn a_whole_chain_of_documents_that_differ_comes_together() {
    let mut stood = [0, 0];
    for seed in 0..20 {
        let mut net = Network::new(seed);
        let sites = line(&mut net, 4);
        net.run_until_equal();
        net.run_for(Duration::from_secs(2));
        // The two halves get the same operations with another content, each its own.
        net.partition(&sites[..2]);
        for (site, text) in [(sites[0], "this"), (sites[3], "that")] {
            net.set_loro_peer(site, 7);
            net.insert(site, 0, text);
        }
        net.run_for(Duration::from_secs(20));
        net.heal();
        net.run_for(Duration::from_secs(120));
        net.assert_equal();
        // Who starts anew may hear of the other content first, and give that up as well.
        let stands = net.text(sites[0]);
        for (index, &site) in sites.iter().enumerate() {
            let before = if index < 2 { "this" } else { "that" };
            let kept = net.set_aside(site).iter().any(|text| text == before);
            assert!(before == stands || kept, "seed {seed}, site {index}");
        }
        stood[usize::from(net.text(sites[0]) == "that")] += 1;
        net.insert(sites[0], 4, " goes on");
        net.run_until_equal();
    }
    println!("this stood {} times, that {} times", stood[0], stood[1]);
}
