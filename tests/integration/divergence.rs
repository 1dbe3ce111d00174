//! Two replicas with the same operations and another content: one gives way, and loses nothing.

use iroh::SecretKey;
use iroh_loro_realtime::{ConflictEvent, DocumentId, SessionState, Standing};
use loro::LoroDoc;
use tokio::time::timeout;

use crate::nodes::{Machine, Node, PATIENCE, until};

/// Writes under a Loro peer id that somebody else uses as well, which nobody should.
fn write_as_seven(node: &Node, text: &str) {
    node.doc().set_peer_id(7).unwrap();
    node.doc().get_text("main").insert(0, text).unwrap();
    node.doc().commit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_gives_way_and_starts_anew() {
    let machine = Machine::new();
    let id = Some(DocumentId::random());
    let ana = machine.start("Ana", "", id, SecretKey::generate()).await;
    let bo = machine.start("Bo", "", id, SecretKey::generate()).await;
    write_as_seven(&ana, "this");
    write_as_seven(&bo, "that");
    let mut nodes = [ana, bo].map(|node| {
        let events = node.protocol.conflicts();
        (node, events)
    });
    nodes[0].0.connect_to(&nodes[1].0).await;

    let mut kept = Vec::new();
    for (node, events) in &mut nodes {
        let event = timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        let ConflictEvent::Diverged {
            stands, set_aside, ..
        } = event
        else {
            panic!("{event:?}");
        };
        if stands == Standing::Theirs {
            let aside = LoroDoc::from_snapshot(&set_aside).unwrap();
            assert_eq!(aside.get_text("main").to_string(), node.text());
        }
        kept.push((stands, set_aside.is_empty()));
    }
    kept.sort_by_key(|(stands, _)| *stands == Standing::Theirs);
    assert_eq!(kept, [(Standing::Ours, true), (Standing::Theirs, false)]);

    let superseded = |node: &Node| {
        let state = node.protocol.session_state();
        matches!(*state.borrow(), SessionState::Superseded { .. })
    };
    until("one session ends", || {
        nodes.iter().any(|(node, _)| superseded(node))
    })
    .await;
    let [first, second] = nodes.map(|(node, _)| node);
    let (stands, gives_way) = if superseded(&first) {
        (second, first)
    } else {
        (first, second)
    };
    let state = gives_way.protocol.session_state().borrow().clone();
    assert_eq!(state, SessionState::Superseded { by: stands.node() });
    assert_eq!(
        *stands.protocol.session_state().borrow(),
        SessionState::Running
    );

    // The application opens the other's document anew, on the same endpoint.
    let key = gives_way.endpoint.secret_key().clone();
    gives_way.stop().await;
    let anew = machine.start("Anew", "", id, key).await;
    anew.connect_to(&stands).await;
    assert_eq!(anew.text(), stands.text());
    anew.write(0, "and on: ").await;
    until("they write together again", || stands.text() == anew.text()).await;
}
