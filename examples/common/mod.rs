//! What the examples of one process begin and end with: a replica on an endpoint of its own.

use std::error::Error;

use iroh::{SecretKey, protocol::Router};
use iroh_loro_realtime::{
    DocumentEvent, NetworkKind, PresenceEvent, RealtimeLoroProtocol, UserInfo, bind,
};
use loro::LoroDoc;
use tokio::sync::broadcast;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A replica of the document that others can reach on 127.0.0.1.
pub struct Replica {
    pub protocol: RealtimeLoroProtocol,
    router: Router,
}

impl Replica {
    /// Starts a replica; returns it with what it tells of the document and of people.
    pub async fn start(
        name: &str,
        color: &str,
    ) -> Outcome<(
        Self,
        broadcast::Receiver<DocumentEvent>,
        broadcast::Receiver<PresenceEvent>,
    )> {
        let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None).await?;
        let user = UserInfo {
            name: name.to_string(),
            color: color.to_string(),
            avatar_url: None,
        };
        let (update_tx, updates) = broadcast::channel(100);
        let (presence_tx, people) = broadcast::channel(100);
        let protocol =
            RealtimeLoroProtocol::new(LoroDoc::new(), endpoint.id(), user, update_tx, presence_tx)
                .await?;
        let router = Router::builder(endpoint)
            .accept(RealtimeLoroProtocol::ALPN, protocol.clone())
            .spawn();
        Ok((Self { protocol, router }, updates, people))
    }

    /// Connects to another replica. Elsewhere its node id would be enough.
    pub async fn connect_to(&self, other: &Self) -> Outcome<()> {
        let address = other.router.endpoint().addr();
        let endpoint = self.router.endpoint();
        self.protocol.connect(endpoint, address).await?;
        Ok(())
    }

    /// Says goodbye, so that the others need not wonder.
    pub async fn leave(self) -> Outcome<()> {
        self.protocol.shutdown().await;
        self.router.shutdown().await?;
        Ok(())
    }
}
