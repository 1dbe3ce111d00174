//! The public face: a document, made collaborative.
//!
//! [`RealtimeLoroProtocol`] starts a driver that owns the session, and is the
//! handle to it: cheap to clone, usable from any thread. It sits on an application's own iroh
//! router beside other protocols, and dials through the application's endpoint. When the last
//! handle is gone, the driver says goodbye to all peers and ends.

mod access;
mod arrival;
mod clock;
mod conflicts;
mod connections;
mod driver;
mod error;
mod events;
#[cfg(feature = "gossip")]
mod gossip;
mod guarded;
mod participants;
mod presence;
mod published;
mod versions;
mod wake;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use iroh::{
    Endpoint, EndpointAddr,
    endpoint::Connection,
    protocol::{AcceptError, ProtocolHandler},
};
use loro::{LoroDoc, LoroResult};
use tokio::{
    runtime::Handle,
    sync::{broadcast, oneshot, watch},
};

use crate::{
    crdt::SharedDocument,
    net::{
        access::{Roster, Signed, TicketBook},
        connection::MAX_QUEUED,
        event::{DocumentEvent, PresenceEvent, SyncProgress, UserInfo},
        node::{DocumentId, NodeId, PeerAddress},
        session::{AccessConfig, Input, SessionConfig},
        signature::SigningKey,
        ticket::Ticket,
    },
};
pub use access::{Access, AccessManager, AccessState, KnockHandler, NotOwner, TicketLedger};
use arrival::Arrivals;
use driver::{Driver, Parts};
use presence::OwnPresence;
use published::Published;
use wake::Wake;

pub(crate) use conflicts::replica_tag;
pub use conflicts::{
    ConflictError, ConflictEvent, ConflictInfo, ConflictResolution, ConflictResolver,
    ConflictSettings, Resolution, Reunion, Settlement, Strategy,
};
pub use connections::ConnectionManager;
pub use error::{ChangeError, ConnectError, PresenceError, ProtocolError};
pub use guarded::{ImportGuard, retry_import};
pub use presence::PresenceManager;
pub use published::{DocumentInfo, SessionState};

/// How many members a replica connects to by itself. A group of this size is fully connected.
const DEGREE_LIMIT: usize = 8;

/// A document that is written by several people at once.
///
/// Clones are handles to the same session. The document may be changed through
/// [`apply_local_change`](Self::apply_local_change) or directly; either way the change is sent.
#[derive(Clone)]
pub struct RealtimeLoroProtocol {
    shared: Arc<Shared>,
}

/// What all handles have in common. The driver does not hold it, so that it goes with the last.
struct Shared {
    node: NodeId,
    document: SharedDocument,
    wake: mpsc::Sender<Wake>,
    published: Arc<Published>,
    presence: OwnPresence,
    conflicts: ConflictResolver,
    document_key: Option<SigningKey>,
}

impl Shared {
    /// Hands something to the driver; false if it has ended.
    fn send(&self, wake: Wake) -> bool {
        self.wake.send(wake).is_ok()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.conflicts.cancel();
        self.send(Wake::Stop(None));
    }
}

/// Options for a session, made by [`RealtimeLoroProtocol::builder`]. What is not set stays as its
/// function says.
///
/// ```
/// use iroh_loro_realtime::{DocumentId, NodeId, RealtimeLoroProtocol, SharedDocument, UserInfo};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), iroh_loro_realtime::ProtocolError> {
/// let key = [7; 32]; // in earnest: random, and kept secret
/// let user = UserInfo { name: "Alice".to_string(), color: "#4ECDC4".to_string(), avatar_url: None };
/// let (updates, _) = tokio::sync::broadcast::channel(100);
/// let document = SharedDocument::new(loro::LoroDoc::new());
/// let protocol = RealtimeLoroProtocol::builder(document, NodeId::of_key(&key), user)
///     .document_id(Some(DocumentId::random()))
///     .title("notes.md".to_string())
///     .updates(updates)
///     .spawn()?;
/// # protocol.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct Builder {
    document: SharedDocument,
    node: NodeId,
    user: UserInfo,
    info: DocumentInfo,
    degree_limit: usize,
    access: Access,
    keys: AccessConfig,
    ledger: Arc<dyn TicketLedger>,
    guard: Option<Arc<dyn ImportGuard>>,
    lookup_directory: Option<PathBuf>,
    max_queued: usize,
    updates: Option<broadcast::Sender<DocumentEvent>>,
    presence: Option<broadcast::Sender<PresenceEvent>>,
    conflicts: ConflictSettings,
    #[cfg(feature = "gossip")]
    gossip: Option<iroh_gossip::net::Gossip>,
}

impl Builder {
    /// Names the document. A replica with another document is refused; `None`, the default, takes
    /// over the id of the first peer that has one.
    pub fn document_id(mut self, document: Option<DocumentId>) -> Self {
        self.info.document = document;
        self
    }

    /// Tells others what the document is called, such as a file name. Empty by default.
    pub fn title(mut self, title: String) -> Self {
        self.info.title = title;
        self
    }

    /// Sets with how many of the members that others introduce this replica connects by itself; 8
    /// by default. Peers that the application asks for, and those that dial us, come on top.
    pub fn degree_limit(mut self, limit: usize) -> Self {
        self.degree_limit = limit;
        self
    }

    /// Lets iroh-gossip choose the neighbours, for groups of dozens and more: each replica is then
    /// connected with five others or so, however many there are, besides whom it comes in by.
    /// Register the same instance on the endpoint's router, under [`iroh_gossip::ALPN`]. Who is
    /// let in stays as [`access`](Self::access) says.
    #[cfg(feature = "gossip")]
    pub fn gossip(mut self, gossip: iroh_gossip::net::Gossip) -> Self {
        self.gossip = Some(gossip);
        self.degree_limit = 0;
        self
    }

    /// Says who is let in; by default **everybody who knows the node id**, see [`Access::Open`].
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Gives the session the secret half of its node id, so that it can prove who it is. Without
    /// it, only where [everybody](Access::Open) comes in this replica does.
    pub fn node_key(mut self, key: SigningKey) -> Self {
        self.keys.node_key = Some(key);
        self
    }

    /// Makes this replica the document's owner. The [document's id](Self::document_id) must be the
    /// public half of this key; another key is ignored.
    pub fn document_key(mut self, key: SigningKey) -> Self {
        self.keys.document_key = Some(key);
        self
    }

    /// Hands in the newest [list of members](crate::AccessEvent::RosterChanged) that was stored.
    pub fn roster(mut self, roster: Option<Signed<Roster>>) -> Self {
        self.keys.roster = roster;
        self
    }

    /// Shuts these nodes out for the whole session: they are neither dialled nor let in.
    pub fn ban(mut self, nodes: Vec<NodeId>) -> Self {
        self.keys.banned = nodes;
        self
    }

    /// Notes whose update goes into the document, so that it is known after the process died of it.
    /// Whether it did, or was only killed at that moment, [`retry_import`] tells.
    pub fn import_guard(mut self, guard: Arc<dyn ImportGuard>) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Says who counts the uses of tickets; in memory by default.
    pub fn ticket_ledger(mut self, ledger: Arc<dyn TicketLedger>) -> Self {
        self.ledger = ledger;
        self
    }

    /// Names the folder of the same-machine lookup that the endpoint was [bound](crate::bind)
    /// with. A missing peer that comes back on this machine is then dialled at once, instead of
    /// at the next of the growing intervals.
    pub fn lookup_directory(mut self, directory: Option<PathBuf>) -> Self {
        self.lookup_directory = directory;
        self
    }

    /// Sets how many bytes of updates may wait for one peer; 16 MiB by default. When a peer reads
    /// so slowly that more would wait, the connection ends, and one sync from what it has replaces
    /// the queue when it is back. Lower it where memory is scarce.
    pub fn max_queued(mut self, bytes: usize) -> Self {
        self.max_queued = bytes;
        self
    }

    /// Reports every change of the document here, those of this process included. A subscriber
    /// that reads too slowly is told by [`RecvError::Lagged`](broadcast::error::RecvError::Lagged)
    /// how many events it missed; what they said is all in [`doc`](RealtimeLoroProtocol::doc), so
    /// it reads that anew and goes on with the events that follow. An event that it reads later
    /// may then be part of what it has read from the document already: it counts only from the
    /// events on that come after [`resubscribing`](broadcast::Receiver::resubscribe), done while
    /// the [document's lock](SharedDocument::lock) is held.
    pub fn updates(mut self, updates: broadcast::Sender<DocumentEvent>) -> Self {
        self.updates = Some(updates);
        self
    }

    /// Reports here who comes, goes, and does what.
    pub fn presence(mut self, presence: broadcast::Sender<PresenceEvent>) -> Self {
        self.presence = Some(presence);
        self
    }

    /// Sets what is held to be a conflict, and what is done about it.
    pub fn conflicts(mut self, settings: ConflictSettings) -> Self {
        self.conflicts = settings;
        self
    }

    /// Starts the session. Nothing is dialled yet.
    ///
    /// # Errors
    ///
    /// Fails outside of a tokio runtime, or if the system gives no thread.
    pub fn spawn(self) -> Result<RealtimeLoroProtocol, ProtocolError> {
        let runtime = Handle::try_current().map_err(|_| ProtocolError::NoRuntime)?;
        let (wake, inbox) = mpsc::channel();
        let published = Arc::new(Published::new(self.info.clone(), self.node));
        let document_key = self.keys.document_key.clone();
        let config = SessionConfig {
            node: self.node,
            document: self.info.document,
            title: self.info.title,
            user: self.user.clone(),
            address: PeerAddress::unknown(self.node),
            degree_limit: self.degree_limit,
            access: AccessConfig {
                entrance: self.access.entrance(),
                ..self.keys
            },
        };
        let announcing = wake.clone();
        let announce = move |notification| {
            // Nobody is told any more once the session ends.
            let _ = announcing.send(Wake::Input(Input::Announce(notification)));
        };
        let (conflicts, jobs) = ConflictResolver::start(
            self.document.clone(),
            self.node,
            &self.user,
            self.conflicts,
            published.conflicts.clone(),
            published.access_state.subscribe(),
            announce,
        )
        .map_err(ProtocolError::Thread)?;
        #[cfg(feature = "gossip")]
        if let Some(gossip) = self.gossip {
            let overlay = gossip::Overlay::new(gossip, wake.clone(), &published);
            runtime.spawn(overlay.run());
        }
        let driver = Driver::new(Parts {
            document: self.document.clone(),
            config,
            runtime,
            inbox,
            wake: wake.clone(),
            published: Arc::clone(&published),
            arrivals: self.lookup_directory.map(Arrivals::new),
            updates: self.updates,
            presence: self.presence,
            conflicts: jobs,
            max_queued: self.max_queued,
            access: self.access,
            ledger: self.ledger,
            guard: self.guard,
        });
        thread::Builder::new()
            .name(format!("session {}", self.node.short()))
            .spawn(move || driver.run())
            .map_err(ProtocolError::Thread)?;
        Ok(RealtimeLoroProtocol {
            shared: Arc::new(Shared {
                node: self.node,
                document: self.document,
                wake,
                published,
                presence: OwnPresence::new(self.user),
                conflicts,
                document_key,
            }),
        })
    }
}

impl RealtimeLoroProtocol {
    /// What a router registers the protocol under; the digit is the major version.
    pub const ALPN: &'static [u8] = b"iroh-loro-realtime/1";

    /// Starts a session for a document, with everything else as usual.
    ///
    /// `local_node_id` is the id of the endpoint that connections will go through.
    ///
    /// # Errors
    ///
    /// Fails outside of a tokio runtime, or if the system gives no thread.
    pub async fn new(
        doc: LoroDoc,
        local_node_id: impl Into<NodeId>,
        user: UserInfo,
        updates: broadcast::Sender<DocumentEvent>,
        presence: broadcast::Sender<PresenceEvent>,
    ) -> Result<Self, ProtocolError> {
        Self::builder(SharedDocument::new(doc), local_node_id, user)
            .updates(updates)
            .presence(presence)
            .spawn()
    }

    /// Starts the description of a session.
    pub fn builder(document: SharedDocument, node: impl Into<NodeId>, user: UserInfo) -> Builder {
        Builder {
            document,
            node: node.into(),
            user,
            info: DocumentInfo::default(),
            degree_limit: DEGREE_LIMIT,
            access: Access::default(),
            keys: AccessConfig::default(),
            ledger: Arc::new(Mutex::new(TicketBook::default())),
            guard: None,
            lookup_directory: None,
            max_queued: MAX_QUEUED,
            updates: None,
            presence: None,
            conflicts: ConflictSettings::default(),
            #[cfg(feature = "gossip")]
            gossip: None,
        }
    }

    /// Lets the session dial peers through this endpoint by itself, and tell them where we are.
    /// An endpoint with another node id is ignored. [`connect`](Self::connect) attaches, too.
    pub async fn attach(&self, endpoint: &Endpoint) {
        self.shared.send(Wake::Attach(endpoint.clone()));
    }

    /// Connects to a peer, and returns when both have what the other had.
    ///
    /// An address may be a node id alone, if one of the endpoint's lookups knows it. Later the
    /// connection is kept up: when it is lost, the peer is dialled again.
    ///
    /// # Errors
    ///
    /// Fails within five seconds if nobody answers, after minutes if a person there is asked and
    /// gives no answer, at once if nobody knows the node id or the
    /// peer refuses. After a failure the peer is not dialled again, unless it was known before.
    pub async fn connect(
        &self,
        endpoint: &Endpoint,
        peer: impl Into<EndpointAddr>,
    ) -> Result<NodeId, ConnectError> {
        let address = PeerAddress::from(peer.into());
        let node = address.node;
        if node == self.shared.node {
            return Err(ConnectError::OwnNode);
        }
        if NodeId::from(endpoint.id()) != self.shared.node {
            return Err(ConnectError::OtherEndpoint);
        }
        self.attach(endpoint).await;
        let (reply, answer) = oneshot::channel();
        self.shared.send(Wake::Connect { address, reply });
        match answer.await {
            Ok(result) => result.map(|()| node),
            Err(_) => Err(ConnectError::Stopped),
        }
    }

    /// Connects to the node that issued a ticket, and comes in by it; else as
    /// [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); [`ConnectError::Refused`] when the ticket is good no longer.
    pub async fn connect_with_ticket(
        &self,
        endpoint: &Endpoint,
        ticket: &Ticket,
    ) -> Result<NodeId, ConnectError> {
        self.hold(ticket);
        let address = EndpointAddr::try_from(ticket.address())?;
        self.connect(endpoint, address).await
    }

    /// Keeps a ticket, to be shown when the node that issued it is dialled.
    pub fn hold(&self, ticket: &Ticket) {
        let proof = Box::new(ticket.proof().clone());
        self.shared.send(Wake::Input(Input::Hold(proof)));
    }

    /// Changes the document and commits the change, while nothing else changes it.
    ///
    /// Waits while a peer's update is being imported, which takes microseconds as a rule, and
    /// blocks the thread meanwhile.
    ///
    /// # Errors
    ///
    /// Returns the closure's error; what the closure had done before stays, and is sent. Fails
    /// without calling the closure when the document is [damaged](SessionState::Failed).
    pub async fn apply_local_change<T>(
        &self,
        change: impl FnOnce(&LoroDoc) -> LoroResult<T>,
    ) -> Result<T, ChangeError> {
        let guard = self.shared.document.lock();
        if matches!(
            *self.shared.published.state.borrow(),
            SessionState::Failed { .. }
        ) {
            return Err(ChangeError::Damaged);
        }
        let result = change(guard.doc());
        guard.doc().commit();
        Ok(result?)
    }

    /// Returns the document.
    pub fn doc(&self) -> &LoroDoc {
        self.shared.document.doc()
    }

    /// Returns the document with its lock.
    pub fn document(&self) -> &SharedDocument {
        &self.shared.document
    }

    /// Returns the handle to what our participant does, and to what others do.
    pub fn presence_manager(&self) -> PresenceManager {
        PresenceManager::new(Arc::clone(&self.shared))
    }

    /// Returns the handle to who may do what, and who wants to come in.
    pub fn access_manager(&self) -> AccessManager {
        AccessManager::new(Arc::clone(&self.shared))
    }

    /// Returns the handle to peers and connections.
    pub fn connection_manager(&self) -> ConnectionManager {
        ConnectionManager::new(Arc::clone(&self.shared))
    }

    /// Returns the handle to conflicts: edits made apart that a person should look at.
    pub fn conflict_resolver(&self) -> ConflictResolver {
        self.shared.conflicts.clone()
    }

    /// Returns what is known about the document as a whole, now and whenever it changes.
    pub fn document_info(&self) -> watch::Receiver<DocumentInfo> {
        self.shared.published.info.subscribe()
    }

    /// Returns how far a large answer has come that brings this replica up to date, now and
    /// whenever it changes; `None` while there is none. What is here of it is in the document
    /// already, and the document can be changed in between.
    pub fn sync_progress(&self) -> watch::Receiver<Option<SyncProgress>> {
        self.shared.published.progress.subscribe()
    }

    /// Returns whether the session is at work, now and whenever it changes. The end is the last
    /// thing it does: when it is seen here, everything else was reported and released.
    pub fn session_state(&self) -> watch::Receiver<SessionState> {
        self.shared.published.state.subscribe()
    }

    /// Says goodbye to all peers and ends the session. Takes less than a second; close the
    /// endpoint only afterwards. Handles that still exist do nothing any more.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.shared.send(Wake::Stop(Some(reply))) {
            // An error means that the driver has ended already.
            let _ = done.await;
        }
    }
}

/// Takes connections that peers dialled. The connection lives on after `accept` has returned.
impl ProtocolHandler for RealtimeLoroProtocol {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        self.shared.send(Wake::Incoming(connection));
        Ok(())
    }

    async fn shutdown(&self) {
        Self::shutdown(self).await;
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("node", &self.node)
            .field("info", &self.info)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RealtimeLoroProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealtimeLoroProtocol")
            .field("node", &self.shared.node)
            .finish_non_exhaustive()
    }
}
