//! Building the iroh endpoint of a replica: how far it reaches, and how its connections behave.
//!
//! Nothing here waits for the network: with no route, no relay and no multicast at all an endpoint
//! is bound as quickly as otherwise, and what becomes reachable later is used then. Knows nothing
//! of documents and sessions.

mod servers;

use std::{path::PathBuf, str::FromStr, time::Duration};

use iroh::{
    Endpoint, RelayMode, SecretKey,
    endpoint::{PortmapperConfig, QuicTransportConfig, VarInt, presets},
};
use iroh_mdns_address_lookup::MdnsAddressLookup;
use thiserror::Error;

pub use self::servers::{Discovery, InvalidServerUrl, ServerUrl, Servers};
use crate::net::{lookup::SameMachineLookup, message::MAX_STREAMS, protocol::RealtimeLoroProtocol};

/// How long a connection may be silent before it counts as lost. iroh's own 30 s would show a
/// peer as present for half a minute after its machine went to sleep.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// Only for a session that says nothing, since its heartbeats come more often. QUIC repeats what is
/// not acknowledged, so that several packets must be lost before the idle timeout strikes.
const KEEP_ALIVE: Duration = Duration::from_millis(2_500);
/// Bytes in flight on one stream: enough for 100 ms at 80 Mbit/s. With much more, a reader that
/// stands still over a bad network would end the connection: QUIC keeps at most 1,024 pieces of a
/// stream apart, and this is fewer packets.
const STREAM_WINDOW: u32 = 1024 * 1024;
/// Bytes in flight on one connection, in each direction.
const CONNECTION_WINDOW: u32 = 2 * STREAM_WINDOW;
/// One-way streams that a peer may open: iroh-gossip uses one for each topic that both are in, and
/// this protocol none.
const ONE_WAY_STREAMS: u32 = if cfg!(feature = "gossip") { 32 } else { 0 };
/// Keeps our multicast questions apart from those of other iroh programs.
const MDNS_SERVICE: &str = "copad";

/// How far peers may be found and reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NetworkKind {
    /// This machine only: bound to 127.0.0.1, no relay, no DNS, no multicast, no port mapper.
    Local,
    /// The networks that this machine is attached to, peers found by multicast DNS. No relay.
    Lan,
    /// Everywhere: also through iroh's public relays, found by DNS and pkarr.
    #[default]
    Internet,
}

/// The text is none of `local`, `lan` and `internet`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is no network: it is local, lan or internet")]
pub struct UnknownNetwork(String);

impl FromStr for NetworkKind {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        match text {
            "local" => Ok(Self::Local),
            "lan" => Ok(Self::Lan),
            "internet" => Ok(Self::Internet),
            _ => Err(UnknownNetwork(text.to_owned())),
        }
    }
}

/// The endpoint could not be made.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// The address to listen at was refused.
    #[error("cannot listen at 127.0.0.1")]
    Address(#[source] iroh::endpoint::InvalidSocketAddr),
    /// No socket could be opened.
    #[error("cannot open a network socket: {0:#}")]
    Bind(#[source] iroh::endpoint::BindError),
}

/// Binds an endpoint that accepts this protocol, without waiting for the network.
///
/// `lookup_directory` is where endpoints on this machine find each other by node id alone; it is
/// made (for this user only) if it is missing. When it cannot be used, or when the network has no
/// multicast, that way of finding peers is left out and logged. Must be called inside a tokio
/// runtime; takes a few milliseconds.
pub async fn bind(
    kind: NetworkKind,
    secret_key: SecretKey,
    lookup_directory: Option<PathBuf>,
) -> Result<Endpoint, EndpointError> {
    bind_with(kind, &Servers::default(), secret_key, lookup_directory).await
}

/// The same as [`bind`], through servers of one's own.
///
/// # Errors
///
/// As for [`bind`]. Servers that do not answer are no error.
pub async fn bind_with(
    kind: NetworkKind,
    servers: &Servers,
    secret_key: SecretKey,
    lookup_directory: Option<PathBuf>,
) -> Result<Endpoint, EndpointError> {
    let builder = match kind {
        NetworkKind::Local => Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled)
            .clear_ip_transports()
            .bind_addr("127.0.0.1:0")
            .map_err(EndpointError::Address)?,
        NetworkKind::Lan => Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled),
        NetworkKind::Internet => servers.configure(Endpoint::builder(presets::N0)),
    };
    let endpoint = builder
        .secret_key(secret_key)
        .alpns(vec![RealtimeLoroProtocol::ALPN.to_vec()])
        .transport_config(transport_config())
        .bind()
        .await
        .map_err(EndpointError::Bind)?;
    if let Some(directory) = lookup_directory {
        add_same_machine_lookup(&endpoint, directory);
    }
    match kind {
        NetworkKind::Local => {}
        NetworkKind::Lan | NetworkKind::Internet if !servers.uses(Discovery::Multicast) => {}
        NetworkKind::Lan | NetworkKind::Internet => add_mdns(&endpoint),
    }
    Ok(endpoint)
}

fn transport_config() -> QuicTransportConfig {
    // Five seconds are far below the largest idle timeout that QUIC can express.
    let idle = IDLE_TIMEOUT.try_into().ok();
    QuicTransportConfig::builder()
        .keep_alive_interval(KEEP_ALIVE)
        .max_idle_timeout(idle)
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(u64::from(CONNECTION_WINDOW))
        .max_concurrent_bidi_streams(VarInt::from_u32(MAX_STREAMS))
        .max_concurrent_uni_streams(VarInt::from_u32(ONE_WAY_STREAMS))
        .datagram_receive_buffer_size(None)
        .build()
}

fn add_same_machine_lookup(endpoint: &Endpoint, directory: PathBuf) {
    let lookup = SameMachineLookup::new(directory, endpoint.id().into());
    lookup.publish_sockets(&endpoint.bound_sockets());
    match endpoint.address_lookup() {
        Ok(services) => services.add(lookup),
        Err(error) => tracing::warn!("no same-machine lookup: {error:#}"),
    }
}

fn add_mdns(endpoint: &Endpoint) {
    let started = MdnsAddressLookup::builder()
        .service_name(MDNS_SERVICE)
        .build(endpoint.id());
    match (started, endpoint.address_lookup()) {
        (Ok(mdns), Ok(services)) => services.add(mdns),
        (Err(error), _) => tracing::warn!("peers are not found by multicast: {error:#}"),
        (_, Err(error)) => tracing::warn!("peers are not found by multicast: {error:#}"),
    }
}
