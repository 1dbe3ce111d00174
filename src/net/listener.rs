//! An endpoint that lets peers in to one document, for applications that have no router of their
//! own.

use std::path::PathBuf;

use iroh::{SecretKey, protocol::Router};

use crate::net::{
    endpoint::{EndpointError, NetworkKind, bind},
    node::NodeId,
    protocol::RealtimeLoroProtocol,
};

/// Listens for peers, and lets the protocol dial them. Ends when it is dropped or closed.
#[derive(Debug)]
pub struct Listener {
    router: Router,
}

impl Listener {
    /// Binds an endpoint and joins it with the protocol. Never waits for the network.
    ///
    /// `key` is the secret of the node id under which the protocol was started;
    /// `lookup_directory` is as for [`bind`]. Must be called inside a tokio runtime.
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
        let endpoint = bind(kind, SecretKey::from_bytes(&key), lookup_directory).await?;
        protocol.attach(&endpoint).await;
        let router = protocol.register(Router::builder(endpoint)).spawn();
        Ok(Self { router })
    }

    /// Stops listening, and ends the protocol with it.
    pub async fn close(&self) {
        if let Err(error) = self.router.shutdown().await {
            tracing::warn!("the endpoint did not close well: {error:#}");
        }
    }
}

impl NodeId {
    /// Returns the node id that belongs to a secret key.
    pub fn of_key(key: &[u8; 32]) -> Self {
        SecretKey::from_bytes(key).public().into()
    }
}
