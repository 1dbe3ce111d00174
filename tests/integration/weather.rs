//! Writing together over a bad network, and over none at all.

use std::time::Duration;

use crate::{
    nodes::disconnection,
    proxy::{Pair, Weather},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_arrive_over_a_network_that_loses_and_delays() {
    let weathers = [
        (0.08, Duration::from_millis(100)),
        (0.30, Duration::from_millis(20)),
    ];
    for (loss, latency) in weathers {
        let Some(pair) = Pair::start(Weather { loss, latency }, 1).await else {
            return;
        };
        pair.write(200, Duration::from_millis(5)).await;
        pair.until_equal("start ".len() + 400).await;
        let peers = pair.guest.protocol.connection_manager().peers();
        println!("{loss}: round trip {:?}", peers[0].round_trip);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_of_edits_is_exchanged_after_a_cut() {
    let Some(pair) = Pair::start(Weather::GOOD, 1).await else {
        return;
    };
    let mut hosts_events = pair.host.protocol.connection_manager().subscribe();
    let mut guests_events = pair.guest.protocol.connection_manager().subscribe();
    pair.proxy.set(Weather::CUT);
    // What two people write in a minute at ten keys a second; the minute itself proves nothing.
    pair.write(600, Duration::ZERO).await;
    for events in [&mut hosts_events, &mut guests_events] {
        disconnection(events).await;
    }
    let manager = pair.guest.protocol.connection_manager();
    assert!(manager.peers().iter().all(|peer| peer.behind));
    pair.proxy.set(Weather::GOOD);
    pair.until_equal("start ".len() + 1200).await;
    pair.until("they count as connected", || {
        pair.guest.is_connected_to(&pair.host) && pair.host.is_connected_to(&pair.guest)
    })
    .await;
}
