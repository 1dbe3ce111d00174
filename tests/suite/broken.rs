//! Edits that nobody should send, into the real binary: of some a document breaks, and of some a
//! process dies. Nothing that was typed is lost, and who sent it is shut out.

use iroh::{Endpoint, EndpointAddr, EndpointId, SecretKey, endpoint::Connection};
use iroh_loro_realtime::{
    NetworkKind, RealtimeLoroProtocol, bind,
    net::message::{CloseReason, Message, parts},
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
            id,
            key: SecretKey::generate(),
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

#[test]
fn after_a_death_in_the_midst_of_an_import_nothing_is_lost_and_the_sender_is_named() {
    /// Whoever writes so much in one piece holds up everybody who types beside it.
    const PIECE: usize = 1_200_000;
    let mut scene = Scene::new();
    let doc = LoroDoc::new();
    let text = doc.get_text("main");
    text.insert(0, &"long ".repeat(PIECE / 5)).expect("inside");
    doc.commit();
    let slow = doc.export(ExportMode::all_updates());
    let _mallory = scene.send(slow.expect("it can be exported"));
    let note = std::fs::read_dir(scene.ada.state())
        .expect("the state folder is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().contains("importing-"))
        .expect("there is a note");
    let importing = eventually(|| {
        let bytes = std::fs::read(&note).ok()?;
        bytes.iter().any(|byte| *byte != 0).then_some(())
    });
    assert!(importing.is_some(), "it takes its time");
    scene.host.crash();
    scene.host = scene.ada.open(&["--name", "Ada", "notes.md"]);
    scene
        .host
        .sees(&["typed first line", "an edit from Mallory"]);
}
