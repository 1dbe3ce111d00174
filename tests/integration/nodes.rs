//! Nodes on one machine, for tests that read like stories.

use std::{path::PathBuf, time::Duration};

use iroh::{Endpoint, SecretKey, protocol::Router};
use iroh_loro_realtime::{
    Builder, ConnectionEvent, DocumentEvent, DocumentId, NetworkKind, NodeId, PeerState,
    PresenceEvent, RealtimeLoroProtocol, UserInfo, bind, crdt::SharedDocument,
};
use loro::LoroDoc;
use tempfile::TempDir;
use tokio::{
    sync::broadcast,
    time::{Instant, sleep, timeout},
};

/// How long anything that must happen may take, on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A folder in which nodes find each other.
pub struct Machine {
    lookup: TempDir,
}

/// One replica with its endpoint.
pub struct Node {
    pub protocol: RealtimeLoroProtocol,
    pub router: Router,
    pub endpoint: Endpoint,
    pub updates: broadcast::Receiver<DocumentEvent>,
    pub presence: broadcast::Receiver<PresenceEvent>,
}

impl Machine {
    pub fn new() -> Self {
        let lookup = tempfile::tempdir().unwrap();
        Self { lookup }
    }

    /// Starts a node with a document of its own.
    pub async fn host(&self, name: &str, text: &str) -> Node {
        let id = Some(DocumentId::random());
        self.start(name, text, id, SecretKey::generate()).await
    }

    /// Starts a node without a document, and connects it by node id alone.
    pub async fn join(&self, name: &str, host: &Node) -> Node {
        let guest = self.start(name, "", None, SecretKey::generate()).await;
        guest.connect_to(host).await;
        guest
    }

    /// The same for a node that connects to nobody else.
    pub async fn join_alone(&self, name: &str, host: &Node) -> Node {
        let guest = self
            .start_with_limit(name, "", None, SecretKey::generate(), 0)
            .await;
        guest.connect_to(host).await;
        guest
    }

    pub async fn start(
        &self,
        name: &str,
        text: &str,
        id: Option<DocumentId>,
        key: SecretKey,
    ) -> Node {
        self.start_with_limit(name, text, id, key, 8).await
    }

    async fn start_with_limit(
        &self,
        name: &str,
        text: &str,
        id: Option<DocumentId>,
        key: SecretKey,
        limit: usize,
    ) -> Node {
        let directory = self.directory();
        let endpoint = bind(NetworkKind::Local, key, Some(directory.clone()))
            .await
            .unwrap();
        let options = Options {
            text,
            document: id,
            configure: &|builder| {
                builder
                    .degree_limit(limit)
                    .lookup_directory(Some(directory.clone()))
            },
            ..Options::default()
        };
        Node::start(name, endpoint, options).await
    }

    /// The same with little room for what waits for a slow reader.
    pub async fn host_that_queues(&self, name: &str, bytes: usize) -> Node {
        let directory = Some(self.directory());
        let endpoint = bind(NetworkKind::Local, SecretKey::generate(), directory)
            .await
            .unwrap();
        let options = Options {
            document: Some(DocumentId::random()),
            configure: &|builder| builder.max_queued(bytes),
            ..Options::default()
        };
        Node::start(name, endpoint, options).await
    }

    /// Joins with room for few updates that nobody has looked at.
    pub async fn join_with_room(&self, name: &str, host: &Node, room: usize) -> Node {
        let directory = Some(self.directory());
        let endpoint = bind(NetworkKind::Local, SecretKey::generate(), directory)
            .await
            .unwrap();
        let options = Options {
            room,
            ..Options::default()
        };
        let guest = Node::start(name, endpoint, options).await;
        guest.connect_to(host).await;
        guest
    }

    /// The folder of the same-machine lookup.
    pub fn directory(&self) -> PathBuf {
        self.lookup.path().join("copad")
    }
}

/// How a node differs from the others.
pub struct Options<'a> {
    pub text: &'a str,
    pub document: Option<DocumentId>,
    /// Whether it may dial by itself.
    pub dials: bool,
    /// How many updates wait for whoever counts them.
    pub room: usize,
    pub configure: &'a (dyn Fn(Builder) -> Builder + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            text: "",
            document: None,
            dials: true,
            room: 10_000,
            configure: &|builder| builder,
        }
    }
}

pub fn user(name: &str) -> UserInfo {
    UserInfo {
        name: name.to_owned(),
        color: "#4ECDC4".to_owned(),
        avatar_url: None,
    }
}

impl Node {
    /// Starts a node on an endpoint of its own kind.
    pub async fn start(name: &str, endpoint: Endpoint, options: Options<'_>) -> Self {
        let doc = LoroDoc::new();
        if !options.text.is_empty() {
            doc.get_text("main").insert(0, options.text).unwrap();
            doc.commit();
        }
        let (updates_sender, updates) = broadcast::channel(options.room);
        let (presence_sender, presence) = broadcast::channel(100);
        let title = options.document.map_or("", |_| "notes.md");
        let document = SharedDocument::new(doc);
        let builder = RealtimeLoroProtocol::builder(document, endpoint.id(), user(name))
            .document_id(options.document)
            .title(title.to_owned())
            .updates(updates_sender)
            .presence(presence_sender);
        let protocol = (options.configure)(builder).spawn().unwrap();
        if options.dials {
            protocol.attach(&endpoint).await;
        }
        let router = protocol.register(Router::builder(endpoint.clone())).spawn();
        Self {
            protocol,
            router,
            endpoint,
            updates,
            presence,
        }
    }

    pub fn node(&self) -> NodeId {
        self.endpoint.id().into()
    }

    pub fn doc(&self) -> &LoroDoc {
        self.protocol.doc()
    }

    pub fn text(&self) -> String {
        self.doc().get_text("main").to_string()
    }

    pub async fn write(&self, position: usize, text: &str) {
        self.protocol
            .apply_local_change(|doc| doc.get_text("main").insert(position, text))
            .await
            .unwrap();
    }

    pub async fn connect_to(&self, other: &Node) {
        let connected = self
            .protocol
            .connect(&self.endpoint, other.endpoint.id())
            .await;
        assert_eq!(connected, Ok(other.node()));
    }

    pub fn is_connected_to(&self, other: &Node) -> bool {
        self.state_of(other) == Some(PeerState::Connected)
    }

    pub fn state_of(&self, other: &Node) -> Option<PeerState> {
        let peers = self.protocol.connection_manager().peers();
        let peer = peers.iter().find(|peer| peer.node == other.node())?;
        Some(peer.state)
    }

    /// Waits for a change of the document.
    pub async fn event(
        &mut self,
        what: &str,
        wanted: impl Fn(&DocumentEvent) -> bool,
    ) -> DocumentEvent {
        let waiting = async {
            loop {
                let event = self.updates.recv().await.unwrap();
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect(what)
    }

    /// Waits for news about somebody.
    pub async fn presence_of(
        &mut self,
        other: &Node,
        wanted: impl Fn(&PresenceEvent) -> bool,
    ) -> PresenceEvent {
        let waiting = async {
            loop {
                let event = self.presence.recv().await.unwrap();
                let (PresenceEvent::Joined { node, .. }
                | PresenceEvent::Updated { node, .. }
                | PresenceEvent::Called { node }
                | PresenceEvent::Left { node, .. }) = &event;
                if *node == other.node() && wanted(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("no such news")
    }

    /// Says goodbye and closes the endpoint.
    pub async fn stop(self) {
        self.protocol.shutdown().await;
        self.router.shutdown().await.unwrap();
    }
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    until_within(PATIENCE, what, holds)
}

/// Waits until something is so that may take longer than most.
#[track_caller]
pub fn until_within(
    patience: Duration,
    what: &str,
    holds: impl Fn() -> bool,
) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let start = Instant::now();
        while !holds() {
            assert!(
                start.elapsed() < patience,
                "never came about: {what} ({place})"
            );
            sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Waits until a peer of this replica is disconnected, and returns how that was told.
#[track_caller]
pub fn disconnection(
    events: &mut broadcast::Receiver<ConnectionEvent>,
) -> impl Future<Output = ConnectionEvent> {
    let place = std::panic::Location::caller();
    async move {
        let waiting = async {
            loop {
                let event = events.recv().await.unwrap();
                if event.to == PeerState::Disconnected {
                    return event;
                }
            }
        };
        match timeout(PATIENCE, waiting).await {
            Ok(event) => event,
            Err(_) => panic!("nobody was ever disconnected ({place})"),
        }
    }
}
