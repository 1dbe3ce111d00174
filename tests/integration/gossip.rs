//! A group whose neighbours iroh-gossip chooses.

use std::time::Duration;

use iroh::{SecretKey, protocol::Router};
use iroh_gossip::net::Gossip;
use iroh_loro_realtime::{
    DocumentId, NetworkKind, PeerState, RealtimeLoroProtocol, SharedDocument, bind,
};
use loro::LoroDoc;

use crate::nodes::{Machine, until_within, user};

const REPLICAS: usize = 30;
/// Connections of the document that one replica may have.
const CONNECTIONS: usize = 8;
/// Edits of each replica.
const EDITS: usize = 5;
/// Thirty endpoints find together, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(240);

struct Member {
    protocol: RealtimeLoroProtocol,
    router: Router,
}

impl Member {
    async fn start(machine: &Machine, name: &str, document: Option<DocumentId>) -> Self {
        let directory = Some(machine.directory());
        let endpoint = bind(NetworkKind::Local, SecretKey::generate(), directory)
            .await
            .unwrap();
        let gossip = Gossip::builder().spawn(endpoint.clone());
        let replica = SharedDocument::new(LoroDoc::new());
        let protocol = RealtimeLoroProtocol::builder(replica, endpoint.id(), user(name))
            .document_id(document)
            .gossip(gossip.clone())
            .spawn()
            .unwrap();
        protocol.attach(&endpoint).await;
        let router = protocol
            .register(Router::builder(endpoint))
            .accept(iroh_gossip::ALPN, gossip)
            .spawn();
        Self { protocol, router }
    }

    /// Comes in by whoever it is told.
    async fn connect_to(&self, other: &Self) {
        let (endpoint, other) = (self.router.endpoint(), other.router.endpoint().id());
        self.protocol.connect(endpoint, other).await.unwrap();
    }

    async fn write(&self, text: &str) {
        let written = self.protocol.apply_local_change(|doc| {
            let target = doc.get_text("main");
            target.insert(target.len_unicode(), text)
        });
        written.await.unwrap();
    }

    fn text(&self) -> String {
        self.protocol.doc().get_text("main").to_string()
    }

    fn connections(&self) -> usize {
        let peers = self.protocol.connection_manager().peers();
        let has_connection = |state| match state {
            PeerState::Connecting | PeerState::Syncing => true,
            PeerState::Connected | PeerState::Unstable | PeerState::Disconnecting => true,
            PeerState::Disconnected => false,
        };
        let connected = peers.iter().filter(|peer| has_connection(peer.state));
        connected.count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_hold_few_connections_and_all_become_equal() {
    let machine = Machine::new();
    let mut members = vec![Member::start(&machine, "Member 0", Some(DocumentId::random())).await];
    for number in 1..REPLICAS {
        let member = Member::start(&machine, &format!("Member {number}"), None).await;
        // All come in by the first.
        member.connect_to(&members[0]).await;
        members.push(member);
    }
    let are_few = || {
        let mut connections = members.iter().map(Member::connections);
        connections.all(|connections| (1..=CONNECTIONS).contains(&connections))
    };
    until_within(PATIENCE, "everybody has few connections", are_few).await;

    for edit in 0..EDITS {
        for (number, member) in members.iter().enumerate() {
            member.write(&format!("{number}.{edit} ")).await;
        }
    }
    let are_equal = || {
        let first = members[0].text();
        let whole = first.split_whitespace().count() == REPLICAS * EDITS;
        whole && members.iter().all(|member| member.text() == first)
    };
    until_within(PATIENCE, "all are equal", are_equal).await;
    until_within(PATIENCE, "the connections are few still", are_few).await;
    let connections: Vec<_> = members.iter().map(Member::connections).collect();
    println!("connections of each: {connections:?}");

    let leaving: Vec<_> = members
        .into_iter()
        .map(|member| {
            tokio::spawn(async move {
                member.protocol.shutdown().await;
                member.router.shutdown().await.unwrap();
            })
        })
        .collect();
    for left in leaving {
        left.await.unwrap();
    }
}
