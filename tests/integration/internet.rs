//! Connecting by node id alone, as over the internet: through a relay and a pkarr server, both of
//! this process.

use std::time::Duration;

use iroh::{
    Endpoint, RelayMap, RelayMode,
    endpoint::{PortmapperConfig, presets},
    test_utils::{DnsPkarrServer, run_relay_server},
    tls::CaTlsConfig,
};
use iroh_loro_realtime::{DocumentId, RealtimeLoroProtocol};

use crate::nodes::{Node, Options, until};

/// How long publishing and finding an address may take.
const PATIENCE: Duration = Duration::from_secs(10);

async fn endpoint(relays: &RelayMap, lookup: &DnsPkarrServer) -> Endpoint {
    Endpoint::builder(presets::Minimal)
        .preset(lookup.preset())
        .relay_mode(RelayMode::Custom(relays.clone()))
        .ca_tls_config(CaTlsConfig::insecure_skip_verify())
        .portmapper_config(PortmapperConfig::Disabled)
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .alpns(vec![RealtimeLoroProtocol::ALPN.to_vec()])
        .bind()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_id_is_enough_where_a_relay_and_a_lookup_are() {
    let (relays, _url, _relay) = run_relay_server().await.unwrap();
    let lookup = DnsPkarrServer::run().await.unwrap();
    let options = Options {
        text: "shared ",
        document: Some(DocumentId::random()),
        ..Options::default()
    };
    let host = Node::start("Alice", endpoint(&relays, &lookup).await, options).await;
    let guest_endpoint = endpoint(&relays, &lookup).await;
    let guest = Node::start("Bob", guest_endpoint, Options::default()).await;
    let id = host.endpoint.id();
    lookup.on_endpoint(&id, PATIENCE).await.unwrap();

    guest.connect_to(&host).await;
    guest.write(0, "guest ").await;
    host.write(0, "host ").await;
    until("both have both", || {
        host.text() == guest.text() && host.text().len() == "shared guest host ".len()
    })
    .await;
    let relayed = host.endpoint.addr().relay_urls().count();
    assert_eq!(relayed, 1, "the host was not found through the relay");
}
