//! An open document among its peers: the protocol, and the endpoint it speaks through.

use std::{path::PathBuf, time::Duration};

use tokio::{sync::broadcast, task::JoinHandle};

use super::Entrance;
use crate::{
    ConflictSettings, DocumentEvent, DocumentId, EndpointError, Listener, NetworkKind, NodeId,
    PeerAddress, PeerInfo, PresenceEvent, ProtocolError, RealtimeLoroProtocol, Servers,
    SharedDocument, Ticket, UserInfo,
};

/// How long closing the endpoint may take, after everybody was told that we leave.
const CLOSING: Duration = Duration::from_millis(500);

/// What is shared, as whom, and with whom.
#[derive(Clone, Debug)]
pub(crate) struct SharingOptions {
    /// What is shared.
    pub(crate) document: SharedDocument,
    /// `None`: it takes the document that is joined.
    pub(crate) document_id: Option<DocumentId>,
    /// What others see it called.
    pub(crate) title: String,
    /// The secret key of the node id under which it is shared.
    pub(crate) key: [u8; 32],
    /// Who others see.
    pub(crate) user: UserInfo,
    /// How far peers may be found.
    pub(crate) kind: NetworkKind,
    /// Through which servers.
    pub(crate) servers: Servers,
    /// Where programs on this machine find each other.
    pub(crate) lookup_directory: PathBuf,
    /// What is held to be a conflict.
    pub(crate) conflicts: ConflictSettings,
    /// Whom to let in.
    pub(crate) entrance: Entrance,
    /// What to show to whoever issued it.
    pub(crate) ticket: Option<Ticket>,
    /// Whom to dial.
    pub(crate) peers: Vec<PeerAddress>,
}

/// Where to tell what comes from others.
pub(crate) struct SharingEvents {
    /// Changes of the document.
    pub(crate) updates: broadcast::Sender<DocumentEvent>,
    /// Coming, going and moving about.
    pub(crate) presence: broadcast::Sender<PresenceEvent>,
}

/// A document that is shared, until it is stopped.
pub(crate) struct Sharing {
    protocol: RealtimeLoroProtocol,
    /// Binds the endpoint in the background, and keeps it.
    listener: JoinHandle<Option<Listener>>,
}

impl Sharing {
    /// Starts the protocol and, in the background and after `ready`, the endpoint; `failed` is told
    /// when that cannot be had. Never waits for the network. Must be called inside a tokio runtime.
    pub(crate) fn start(
        options: SharingOptions,
        events: SharingEvents,
        ready: impl Future<Output = ()> + Send + 'static,
        failed: impl FnOnce(EndpointError) + Send + 'static,
    ) -> Result<Self, ProtocolError> {
        let node = NodeId::of_key(&options.key);
        let builder = RealtimeLoroProtocol::builder(options.document, node, options.user);
        let protocol = options
            .entrance
            .configure(builder, &options.key)
            .document_id(options.document_id)
            .title(options.title)
            .conflicts(options.conflicts)
            .lookup_directory(Some(options.lookup_directory.clone()))
            .updates(events.updates)
            .presence(events.presence)
            .spawn()?;
        if let Some(ticket) = &options.ticket {
            protocol.hold(ticket);
        }
        let dialled = protocol.clone();
        let (kind, servers) = (options.kind, options.servers);
        let directory = options.lookup_directory;
        let listener = tokio::spawn(async move {
            ready.await;
            match Listener::start_with(kind, &servers, options.key, Some(directory), &dialled).await
            {
                Ok(listener) => {
                    for peer in options.peers {
                        dialled.connection_manager().connect(peer);
                    }
                    Some(listener)
                }
                Err(error) => {
                    failed(error);
                    None
                }
            }
        });
        Ok(Self { protocol, listener })
    }

    /// Returns the protocol.
    pub(crate) fn protocol(&self) -> &RealtimeLoroProtocol {
        &self.protocol
    }

    /// Returns the peers as the session sees them.
    pub(crate) fn peers(&self) -> Vec<PeerInfo> {
        self.protocol.connection_manager().peers()
    }

    /// Says goodbye to everybody. Takes little more than a second at most.
    pub(crate) async fn stop(self) {
        self.protocol.shutdown().await;
        if !self.listener.is_finished() {
            return self.listener.abort();
        }
        if let Ok(Some(listener)) = self.listener.await {
            // Whoever was not told by then finds out by our silence.
            let _ = tokio::time::timeout(CLOSING, listener.close()).await;
        }
    }
}
