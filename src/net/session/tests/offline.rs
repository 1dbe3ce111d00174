//! A day on three trains: much is written apart, and merged while everybody goes on typing.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{party, run_until_mesh};
use crate::net::{
    event::SyncProgress,
    session::{Input, Output},
    sim::{Network, SiteId},
};

/// Edits that each makes alone.
const EDITS: usize = 5_000;
/// How long it may take until everybody has everything.
const MERGED_WITHIN: Duration = Duration::from_secs(2);
/// Operations of a piece, about.
const SLICE: usize = 2_000;

/// Writes as people do: on for a while, and then elsewhere.
fn write_alone(net: &mut Network, site: SiteId, random: &mut StdRng) {
    let mut place = 0;
    for number in 0..EDITS {
        if number % 25 == 0 {
            place = random.random_range(0..=net.length(site));
        }
        if number % 6 == 5 {
            net.delete(site, place..place + 1);
        } else {
            net.insert(site, place, "x");
            place += 1;
        }
        if number % 100 == 0 {
            net.run_for(Duration::from_millis(10));
        }
    }
}

fn progress(net: &Network, site: SiteId) -> Vec<SyncProgress> {
    let outputs = net.log(site).iter().filter_map(|(_, output)| match output {
        Output::Progress(progress) => Some(*progress),
        _ => None,
    });
    outputs.collect()
}

/// Returns how many operations came in at once at most, from this time on.
fn largest_import(net: &Network, site: SiteId, from: Duration) -> usize {
    let log = net.log(site).iter().filter(|(time, _)| *time >= from);
    let sizes = log.filter_map(|(_, output)| match output {
        Output::Imported { spans, .. } => {
            let lengths = spans
                .iter()
                .map(|span| span.counter.end - span.counter.start);
            usize::try_from(lengths.sum::<i32>()).ok()
        }
        _ => None,
    });
    sizes.max().unwrap_or(0)
}

#[test]
fn a_day_of_edits_is_merged_in_pieces_while_everybody_types() {
    let random = &mut StdRng::seed_from_u64(1);
    let mut net = Network::new(1);
    let sites = party(&mut net, &["Ana", "Bo", "Cy"]);
    let page = "Some line of a document that is not too long.\n".repeat(100);
    net.insert(sites[0], 0, &page);
    net.run_until_equal();
    run_until_mesh(&mut net, &sites);
    for &site in &sites {
        net.input(site, Input::Offline);
    }
    for &site in &sites {
        write_alone(&mut net, site, random);
    }
    for &site in &sites {
        net.input(site, Input::Online);
    }
    let start = net.now();
    while net.now() < start + MERGED_WITHIN {
        for &site in &sites {
            net.insert(site, 0, "!");
        }
        net.run_for(Duration::from_millis(50));
    }
    // What was typed last is still on its way.
    net.run_for(Duration::from_millis(150));
    net.assert_equal();
    assert_eq!(net.traffic().repeated_operations, 0);

    for &site in &sites {
        let largest = largest_import(&net, site, start);
        assert!(largest < 2 * SLICE, "{largest} operations at once");
        let told = progress(&net, site);
        for &other in &sites {
            let node = net.node(other);
            let of_one = told.iter().filter(|progress| progress.node == node);
            let of_one: Vec<_> = of_one.collect();
            assert!(of_one.is_sorted_by_key(|progress| progress.done));
            if let (Some(first), Some(last)) = (of_one.first(), of_one.last()) {
                assert_eq!((first.done, last.done), (0, last.total), "at site {site}");
                assert!(of_one.len() > 2);
            }
        }
        assert!(!told.is_empty());
    }
}
