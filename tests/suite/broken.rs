//! Edits that nobody should send, into the real binary: of some a document breaks, and of some a
//! process dies. Nothing that was typed is lost, and who sent it is shut out.

use iroh::{Endpoint, EndpointAddr, EndpointId, SecretKey, endpoint::Connection};
use iroh_loro_realtime::{
    ImportGuard as _, NetworkKind, NodeId, RealtimeLoroProtocol, bind,
    net::message::{CloseReason, Message, parts},
    store::{ImportMarker, KnownPeer, ReplicaId, Store},
};
use loro::{ExportMode, LoroDoc};
use tokio::runtime::Runtime;

use crate::{
    crafted,
    stranger::{self, Stranger},
    terminal::{Machine, Person, Terminal, eventually},
};

/// A crafted update that panics inside Loro.
const BREAKS: u64 = 2111;

/// Ada's document with a word that is not saved, and Mallory, who may write in it.
struct Scene {
    runtime: Runtime,
    machine: Machine,
    ada: Person,
    host: Terminal,
    id: EndpointId,
    key: SecretKey,
}

impl Scene {
    fn new() -> Self {
        let machine = Machine::new();
        let ada = machine.person("ada");
        let notes = ada.file("notes.md", "first line\n");
        let id = ada.node_id(&notes).parse().expect("a node id");
        let mut host = ada.open(&["--name", "Ada", "notes.md"]);
        host.sees(&["first line"]);
        host.keys("typed ");
        let stored = eventually(|| {
            let (_, text, _) = ada.run(&["export", "notes.md"]);
            text.starts_with("typed first line").then_some(())
        });
        assert!(stored.is_some(), "what is typed is stored at once");
        Self {
            runtime: Runtime::new().expect("a runtime starts"),
            machine,
            ada,
            host,
            key: dials_first(id),
            id,
        }
    }

    /// Mallory dials, as soon as there is somebody to dial.
    fn dial(&self) -> (Endpoint, Connection) {
        let dialled = eventually(|| {
            self.runtime.block_on(async {
                let directory = Some(self.machine.lookup());
                let endpoint = bind(NetworkKind::Local, self.key.clone(), directory)
                    .await
                    .expect("an endpoint can be bound");
                let to = EndpointAddr::from(self.id);
                let alpn = RealtimeLoroProtocol::ALPN;
                let connection = endpoint.connect(to, alpn).await.ok()?;
                Some((endpoint, connection))
            })
        });
        dialled.expect("Ada can be dialled")
    }

    fn node(&self) -> NodeId {
        self.key.public().into()
    }

    /// Mallory comes in and sends an update.
    fn send(&self, update: Vec<u8>) -> Stranger {
        let (endpoint, connection) = self.dial();
        self.runtime.block_on(async {
            let mut mallory = Stranger::over(endpoint, connection)
                .await
                .expect("Mallory is not shut out yet");
            mallory.come_in("Mallory").await;
            for part in parts(update) {
                mallory.say(&Message::UpdateBatch(part)).await;
            }
            mallory
        })
    }
}

/// Of two connections with Ada, who dials somebody who was here before, this one's is kept.
fn dials_first(ada: EndpointId) -> SecretKey {
    let mut keys = std::iter::repeat_with(SecretKey::generate);
    let lower = keys.find(|key| key.public().as_bytes() < ada.as_bytes());
    lower.expect("about half of all keys are lower")
}

#[test]
fn a_document_that_breaks_is_opened_again_without_who_broke_it() {
    let mut scene = Scene::new();
    let update = crafted::crafted(&crafted::genuine(), BREAKS);
    let _mallory = scene.send(update);
    scene.host.sees(&["Mallory broke the document"]);
    scene.host.keys("still ");
    scene.host.sees(&["typed", "still", "first line"]);
    let (_endpoint, connection) = scene.dial();
    let closed = scene.runtime.block_on(connection.closed());
    assert_eq!(stranger::reason(&closed), Some(CloseReason::Denied));
}

/// What Ada's copad keeps of the document.
fn stored(scene: &Scene) -> (Store, ReplicaId) {
    let store = Store::open(&scene.ada.state()).expect("the store can be opened");
    let replica = store.replica_for(&scene.ada.path("notes.md"));
    let replica = replica.expect("the replica is there").id;
    (store, replica)
}

/// What the last copad would have left if it had ended in the midst of this update of Mallory's.
fn leaves_unfinished(scene: &Scene, update: &[u8]) {
    let (store, replica) = stored(scene);
    let (marker, _) = ImportMarker::open(&store, replica).expect("the note can be read");
    marker.begins(scene.node(), &[update]);
}

#[test]
fn after_a_death_by_an_import_nothing_is_lost_and_the_sender_is_named_and_shut_out() {
    let mut scene = Scene::new();
    let mallory = scene.send(crafted::genuine().remove(0));
    scene.host.sees(&["ktyped first line"]);
    let (store, replica) = stored(&scene);
    let known = eventually(|| {
        let peers = store.peers(replica).expect("they can be read");
        let mallory = |peer: &KnownPeer| peer.name.as_deref() == Some("Mallory");
        peers.iter().any(mallory).then_some(())
    });
    assert!(known.is_some(), "Ada keeps who that is");
    drop((mallory, store));
    scene.host.crash();
    leaves_unfinished(&scene, &crafted::crafted(&crafted::genuine(), BREAKS));
    scene.host = scene.ada.open(&["--name", "Ada", "notes.md"]);
    scene
        .host
        .sees(&["typed first line", "an edit from Mallory"]);
    let (_endpoint, connection) = scene.dial();
    let closed = scene.runtime.block_on(connection.closed());
    assert_eq!(stranger::reason(&closed), Some(CloseReason::Denied));
}

#[test]
fn whose_edit_does_no_harm_when_it_is_tried_again_may_come_back() {
    let mut scene = Scene::new();
    scene.host.crash();
    let update = crafted::genuine().remove(0);
    leaves_unfinished(&scene, &update);
    scene.host = scene.ada.open(&["--name", "Ada", "notes.md"]);
    let screen = scene
        .host
        .sees(&["typed first line", "not closed properly"]);
    assert!(!screen.contents().contains("an edit from"));
    let _mallory = scene.send(update);
    scene.host.sees(&["ktyped first line"]);
}

#[test]
fn a_kill_in_the_midst_of_an_import_shuts_nobody_out() {
    /// Whoever writes so much in one piece holds up everybody who types beside it.
    const PIECE: usize = 200_000;
    let mut scene = Scene::new();
    let doc = LoroDoc::new();
    let text = doc.get_text("main");
    text.insert(0, &"long ".repeat(PIECE / 5)).expect("inside");
    doc.commit();
    let slow = doc.export(ExportMode::all_updates());
    let slow = slow.expect("it can be exported");
    let mallory = scene.send(slow.clone());
    let note = std::fs::read_dir(scene.ada.state())
        .expect("the state folder is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().contains("importing-"))
        .expect("there is a note");
    let sender = scene.node().0;
    let importing = eventually(|| {
        let bytes = std::fs::read(&note).ok()?;
        bytes.starts_with(&sender).then_some(())
    });
    assert!(importing.is_some(), "it takes its time");
    scene.host.crash();
    drop(mallory);
    scene.host = scene.ada.open(&["--name", "Ada", "notes.md"]);
    let screen = scene.host.sees(&["typed first line"]);
    assert!(!screen.contents().contains("an edit from"));
    let _mallory = scene.send(slow);
    scene.host.sees(&["long long"]);
}
