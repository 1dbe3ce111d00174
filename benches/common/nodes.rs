//! Replicas with real endpoints on 127.0.0.1, and a raw QUIC stream beside them to compare with.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use iroh::{
    Endpoint, SecretKey,
    endpoint::{Connection, ConnectionStats},
    protocol::{AcceptError, ProtocolHandler, Router},
};
use iroh_loro_realtime::{
    DocumentEvent, DocumentId, NetworkKind, NodeId, PeerState, RealtimeLoroProtocol,
    SharedDocument, UserInfo, bind,
};
use tokio::{sync::broadcast, time::sleep};

/// Answers every piece with itself.
const ECHO: &[u8] = b"bench/echo";
/// Takes bytes to the end of the stream, and then answers with one.
const SINK: &[u8] = b"bench/sink";
/// About the size of a keystroke's update.
pub const PIECE: usize = 91;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// One replica with its endpoint.
pub struct Node {
    pub protocol: RealtimeLoroProtocol,
    pub endpoint: Endpoint,
    pub updates: broadcast::Receiver<DocumentEvent>,
    accepted: Accepted,
    router: Router,
}

/// Connections that others dialled, for their statistics.
#[derive(Clone, Debug, Default)]
struct Accepted(Arc<Mutex<Vec<Connection>>>);

/// The protocol, with a note of its connections.
#[derive(Clone, Debug)]
struct Watched {
    protocol: RealtimeLoroProtocol,
    accepted: Accepted,
}

impl ProtocolHandler for Watched {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let accepted = self.accepted.0.lock();
        accepted
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection.clone());
        self.protocol.accept(connection).await
    }
}

#[derive(Clone, Copy, Debug)]
struct Echo;

impl ProtocolHandler for Echo {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let (mut send, mut receive) = connection.accept_bi().await?;
        let mut piece = [0; PIECE];
        while receive.read_exact(&mut piece).await.is_ok() {
            if send.write_all(&piece).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
struct Sink;

impl ProtocolHandler for Sink {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let (mut send, mut receive) = connection.accept_bi().await?;
        let mut buffer = vec![0; 256 * 1024];
        while let Ok(Some(1..)) = receive.read(&mut buffer).await {}
        let _ = send.write_all(&[1]).await;
        let _ = send.finish();
        connection.closed().await;
        Ok(())
    }
}

impl Node {
    /// Starts a replica. `id`: which document it is; `None` takes over that of the first peer.
    pub async fn start(name: &str, document: SharedDocument, id: Option<DocumentId>) -> Self {
        let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None)
            .await
            .expect("a socket can be opened");
        let (sender, updates) = broadcast::channel(100_000);
        let user = UserInfo {
            name: name.to_owned(),
            color: "#4ECDC4".to_owned(),
            avatar_url: None,
        };
        let protocol = RealtimeLoroProtocol::builder(document, endpoint.id(), user)
            .document_id(id)
            .title("notes.md".to_owned())
            .updates(sender)
            .spawn()
            .expect("the session starts");
        protocol.attach(&endpoint).await;
        let accepted = Accepted::default();
        let watched = Watched {
            protocol: protocol.clone(),
            accepted: accepted.clone(),
        };
        let router = Router::builder(endpoint.clone())
            .accept(RealtimeLoroProtocol::ALPN, watched)
            .accept(ECHO, Echo)
            .accept(SINK, Sink)
            .spawn();
        Self {
            protocol,
            endpoint,
            updates,
            accepted,
            router,
        }
    }

    pub fn node(&self) -> NodeId {
        self.endpoint.id().into()
    }

    /// Connects to another replica; returns when both have what the other had.
    pub async fn connect_to(&self, other: &Self) {
        self.protocol
            .connect(&self.endpoint, other.endpoint.addr())
            .await
            .expect("the other answers");
        until(|| other.is_connected_to(self)).await;
    }

    pub fn is_connected_to(&self, other: &Self) -> bool {
        let peers = self.protocol.connection_manager().peers();
        let mut peers = peers.iter();
        peers.any(|peer| peer.node == other.node() && peer.state == PeerState::Connected)
    }

    /// Writes one keystroke.
    pub async fn write(&self, position: usize, text: &str) {
        self.protocol
            .apply_local_change(|doc| doc.get_text("main").insert(position, text))
            .await
            .expect("the position is inside the text");
    }

    /// Waits for the next change of the document.
    pub async fn change(&mut self) -> DocumentEvent {
        self.updates.recv().await.expect("the session goes on")
    }

    /// What the connections that others dialled have carried so far, both ways.
    pub fn carried(&self) -> Vec<ConnectionStats> {
        let accepted = self.accepted.0.lock();
        let accepted = accepted.unwrap_or_else(PoisonError::into_inner);
        accepted.iter().map(Connection::stats).collect()
    }

    /// Sends pieces of [`PIECE`] bytes to and fro on one raw stream, each after a pause. Returns
    /// how long each took one way, as half of the way there and back.
    pub async fn echo(&self, other: &Self, count: usize, pause: Duration) -> Vec<Duration> {
        let connected = self.endpoint.connect(other.endpoint.addr(), ECHO).await;
        let connection = connected.expect("the other answers");
        let (mut send, mut receive) = connection.open_bi().await.expect("a stream");
        let mut piece = [7; PIECE];
        let mut times = Vec::with_capacity(count);
        // The first one opens the stream.
        for number in 0..=count {
            thread::sleep(pause);
            let started = Instant::now();
            send.write_all(&piece).await.expect("it is read");
            receive.read_exact(&mut piece).await.expect("it comes back");
            if number > 0 {
                times.push(started.elapsed() / 2);
            }
        }
        times
    }

    /// Sends bytes over one raw stream, and returns how long it took until the other had them all.
    pub async fn pour(&self, other: &Self, bytes: &[u8]) -> Duration {
        let connected = self.endpoint.connect(other.endpoint.addr(), SINK).await;
        let connection = connected.expect("the other answers");
        let (mut send, mut receive) = connection.open_bi().await.expect("a stream");
        let started = Instant::now();
        send.write_all(bytes).await.expect("it is read");
        send.finish().expect("it is open");
        let mut done = [0];
        receive.read_exact(&mut done).await.expect("it is answered");
        started.elapsed()
    }

    /// Says goodbye and closes the endpoint.
    pub async fn stop(self) {
        self.protocol.shutdown().await;
        self.router.shutdown().await.expect("it was not shut down");
    }
}

/// Waits until something is so.
pub async fn until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "it never came about");
        sleep(Duration::from_millis(1)).await;
    }
}

/// The runtime that all benches over sockets use: as many threads as the editor's.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads can be started")
}
