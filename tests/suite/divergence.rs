//! Two copads whose documents differ although they should not: one gives way, and keeps its text.

use std::{fs, path::Path, sync::Arc, time::SystemTime};

use iroh_loro_realtime::{
    DocumentId, NodeId, PeerAddress,
    crdt::{SharedDocument, TextDocument},
    store::{Journal, Journaled, KnownPeer, Replica, Store},
};
use loro::LoroDoc;

use crate::terminal::{Machine, Person};

/// Stores a document as a copad would that wrote under a Loro peer id which another one used, too.
fn store(person: &Person, text: &str) -> (Arc<Store>, Replica) {
    let file = person.file("notes.md", text);
    let store = Store::open(&person.path("state/copad")).expect("a store can be made");
    let store = Arc::new(store);
    let replica = store.replica_for(&file).expect("the file has a replica");
    let document = DocumentId([7; 32]);
    store
        .assign_document(replica.id, document)
        .expect("it has none yet");
    let doc = LoroDoc::new();
    doc.set_peer_id(7).expect("nothing is pending");
    let written = doc.get_text(TextDocument::CONTAINER).insert(0, text);
    written.expect("inside");
    doc.commit();
    let journal = Journal::start(
        Arc::clone(&store),
        replica.id,
        SharedDocument::new(doc),
        Journaled::default(),
        |news| panic!("{news:?}"),
    );
    let journal = journal.expect("the system gives a thread");
    journal.close().expect("it is stored");
    (store, replica)
}

fn node_of(replica: &Replica) -> NodeId {
    NodeId::of_key(&replica.node_key.to_bytes())
}

#[track_caller]
fn text_in(path: &Path) -> String {
    fs::read_to_string(path).expect("the file is there")
}

#[test]
fn who_gives_way_finds_the_own_text_beside_the_file() {
    let machine = Machine::new();
    let texts = ["this is Ada's\n", "this is Ben's\n"];
    let people = [machine.person("ada"), machine.person("ben")];
    let (_, ada) = store(&people[0], texts[0]);
    let (bens_store, ben) = store(&people[1], texts[1]);
    let known = KnownPeer {
        address: PeerAddress::unknown(node_of(&ada)),
        name: None,
        color: None,
        last_seen: SystemTime::now(),
    };
    let recorded = bens_store.record_peer(ben.id, &known);
    recorded.expect("a peer can be recorded");
    drop(bens_store);

    let terminals = ["Ada", "Ben"].map(|name| {
        let person = &people[usize::from(name == "Ben")];
        person.open_sized(&["--name", name, "notes.md"], 160, 24)
    });
    let aside = people
        .each_ref()
        .map(|person| person.path("notes.md.diverged"));
    terminals[0].waits("somebody gives way", |_| {
        aside.iter().any(|path| path.exists())
    });
    let loser = usize::from(aside[1].exists());
    terminals[loser].sees(&["Your copy differed from the others' by a fault"]);
    assert_eq!(text_in(&aside[loser]), texts[loser]);
    assert!(!aside[1 - loser].exists());
    // The file is not touched before the person has decided.
    assert_eq!(text_in(&people[loser].path("notes.md")), texts[loser]);
    terminals[loser].sees(&[texts[1 - loser].trim_end()]);
}
