//! An endpoint that lets peers in to one document, for applications that have no router of their
//! own.

mod door;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use iroh::{
    SecretKey,
    protocol::{IncomingFilter, Router},
};
use tokio::time::timeout;

use crate::net::{
    endpoint::{EndpointError, NetworkKind, Servers, bind_with},
    node::NodeId,
    protocol::RealtimeLoroProtocol,
};
use door::Door;

/// How long closing may take.
const CLOSING: Duration = Duration::from_secs(2);

/// Listens for peers, and lets the protocol dial them. Ends when it is dropped or closed.
#[derive(Debug)]
pub struct Listener {
    router: Router,
}

impl Listener {
    /// Binds an endpoint and joins it with the protocol. Never waits for the network.
    ///
    /// `key` is the secret of the node id under which the protocol was started;
    /// `lookup_directory` is as for [`bind`](crate::bind). Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// If no socket can be opened.
    pub async fn start(
        kind: NetworkKind,
        key: [u8; 32],
        lookup_directory: Option<PathBuf>,
        protocol: &RealtimeLoroProtocol,
    ) -> Result<Self, EndpointError> {
        Self::start_with(kind, &Servers::default(), key, lookup_directory, protocol).await
    }

    /// The same as [`start`](Self::start), through servers of one's own.
    ///
    /// # Errors
    ///
    /// If no socket can be opened.
    pub async fn start_with(
        kind: NetworkKind,
        servers: &Servers,
        key: [u8; 32],
        lookup_directory: Option<PathBuf>,
        protocol: &RealtimeLoroProtocol,
    ) -> Result<Self, EndpointError> {
        let key = SecretKey::from_bytes(&key);
        let endpoint = bind_with(kind, servers, key, lookup_directory).await?;
        protocol.attach(&endpoint).await;
        let router =
            Router::builder(endpoint).incoming_filter(guarded_by(Door::new(Instant::now())));
        let router = protocol.register(router).spawn();
        Ok(Self { router })
    }

    /// Stops listening, and ends the protocol with it. Takes two seconds at most, also when a peer
    /// has vanished and does not answer to the goodbye.
    pub async fn close(&self) {
        match timeout(CLOSING, self.router.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the endpoint did not close well: {error:#}"),
            Err(_) => tracing::debug!("somebody did not answer to the goodbye"),
        }
    }
}

/// A panic cannot leave a count in a bad state.
fn guarded_by(door: Door) -> IncomingFilter {
    let door = Mutex::new(door);
    Arc::new(move |incoming| {
        let mut door = door.lock().unwrap_or_else(PoisonError::into_inner);
        door.knock(incoming.remote_addr_validated(), Instant::now())
    })
}

impl NodeId {
    /// Returns the node id that belongs to a secret key.
    pub fn of_key(key: &[u8; 32]) -> Self {
        SecretKey::from_bytes(key).public().into()
    }
}
