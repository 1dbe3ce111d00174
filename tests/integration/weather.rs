//! Writing together over a bad network, and over none at all.

use std::{net::Ipv6Addr, time::Duration};

use iroh::{
    Endpoint, EndpointAddr, RelayMode,
    endpoint::{PortmapperConfig, presets},
};
use iroh_loro_realtime::{DocumentId, NetworkKind, PeerState, bind};
use tokio::time::sleep;

use crate::{
    nodes::{Node, Options, disconnection, until_within},
    proxy::{Proxy, Weather},
};

/// How long a bad network may take to bring both sides together.
const PATIENCE: Duration = Duration::from_secs(30);

/// A host, and a guest that reaches it only through the proxy.
struct Pair {
    host: Node,
    guest: Node,
    proxy: Proxy,
}

impl Pair {
    /// `None` where the machine has no IPv6: without it the two would find each other directly.
    async fn start(weather: Weather, seed: u64) -> Option<Self> {
        if std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
            println!("skipped: this machine has no ::1");
            return None;
        }
        let endpoint = Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled)
            .clear_ip_transports()
            .bind_addr("[::1]:0")
            .unwrap()
            .bind()
            .await
            .unwrap();
        let target = endpoint.bound_sockets()[0];
        let options = Options {
            text: "start ",
            document: Some(DocumentId::random()),
            dials: false,
            ..Options::default()
        };
        let host = Node::start("Alice", endpoint, options).await;
        let endpoint = bind(NetworkKind::Local, iroh::SecretKey::generate(), None)
            .await
            .unwrap();
        let guest = Node::start("Bob", endpoint, Options::default()).await;
        let proxy = Proxy::start(target, weather, seed).await;
        let address = EndpointAddr::new(host.endpoint.id()).with_ip_addr(proxy.address);
        // Tried again and again, however bad the weather is.
        guest.protocol.connection_manager().connect(address.into());
        let pair = Self { host, guest, proxy };
        pair.until("both are connected", || {
            pair.guest.is_connected_to(&pair.host) && pair.host.is_connected_to(&pair.guest)
        })
        .await;
        Some(pair)
    }

    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        until_within(PATIENCE, what, holds).await;
    }

    /// Both write at their own ends of the text.
    async fn write(&self, edits: usize, pause: Duration) {
        for _ in 0..edits {
            self.host.write(0, "a").await;
            let end = self.guest.doc().get_text("main").len_unicode();
            self.guest.write(end, "z").await;
            sleep(pause).await;
        }
    }

    async fn until_equal(&self, length: usize) {
        self.until("both have the same", || {
            let text = self.host.text();
            text.len() == length && text == self.guest.text()
        })
        .await;
    }
}

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
    assert_eq!(pair.guest.state_of(&pair.host), Some(PeerState::Connected));
}
