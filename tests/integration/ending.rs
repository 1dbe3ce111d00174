//! Leaving, coming back, and breaking.

use iroh::SecretKey;
use iroh_loro_realtime::{
    ChangeError, ConnectError, DocumentId, PeerState, PresenceError, PresenceEvent, Reason,
    SessionState,
};
use loro::ExportMode;

use crate::nodes::{Machine, Node, PATIENCE, disconnection, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_stay_together_when_the_host_leaves() {
    let machine = Machine::new();
    let host = machine.host("Alice", "start ").await;
    let second = machine.join("Bob", &host).await;
    let third = machine.join("Carol", &host).await;
    until("the guests find each other", || {
        second.is_connected_to(&third) && third.is_connected_to(&second)
    })
    .await;
    host.stop().await;
    second.write(0, "second ").await;
    third.write(0, "third ").await;
    until("both have both", || {
        second.text() == third.text() && second.text().len() == "start second third ".len()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_comes_back_is_found_and_caught_up() {
    let machine = Machine::new();
    let key = SecretKey::generate();
    let id = DocumentId::random();
    let host = machine
        .start("Alice", "shared ", Some(id), key.clone())
        .await;
    let guest = machine.join("Bob", &host).await;
    let kept = host.doc().export(ExportMode::Snapshot).unwrap();
    let first_writer = host.doc().peer_id();
    let mut events = guest.protocol.connection_manager().subscribe();
    host.stop().await;
    let lost = disconnection(&mut events).await;
    assert_eq!(lost.reason, Reason::Left);
    guest.write(0, "guest ").await;

    let host = machine.start("Alice", "", Some(id), key).await;
    assert_ne!(host.doc().peer_id(), first_writer);
    host.doc().import(&kept).unwrap();
    host.write(0, "host ").await;
    until("both are equal again", || {
        host.text() == guest.text() && host.text().len() == "shared guest host ".len()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_is_a_goodbye() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let mut guest = machine.join("Bob", &host).await;
    let mut events = guest.protocol.connection_manager().subscribe();
    host.protocol.shutdown().await;
    let event = disconnection(&mut events).await;
    assert_eq!((event.node, event.reason), (host.node(), Reason::Left));
    guest
        .presence_of(&host, |event| matches!(event, PresenceEvent::Left { .. }))
        .await;
    assert_eq!(*host.protocol.session_state().borrow(), SessionState::Ended);
    let late = host.protocol.connect(&host.endpoint, guest.endpoint.addr());
    assert_eq!(late.await, Err(ConnectError::Stopped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_last_handle_ends_everything() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join("Bob", &host).await;
    let mut events = guest.protocol.connection_manager().subscribe();
    let Node {
        protocol,
        router,
        endpoint,
        mut updates,
        ..
    } = host;
    drop(router);
    let managers = (protocol.presence_manager(), protocol.connection_manager());
    drop(protocol);
    drop(managers);
    let event = disconnection(&mut events).await;
    assert_eq!(event.reason, Reason::Left);
    // The driver and Loro's callbacks hold the other ends of this.
    let ended = async {
        use tokio::sync::broadcast::error::RecvError;
        while !matches!(updates.recv().await, Err(RecvError::Closed)) {}
    };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("something still reports changes");
    drop(endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_the_document_ends_the_session_and_is_told() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join("Bob", &host).await;
    let mut events = host.protocol.connection_manager().subscribe();
    let mut others_events = guest.protocol.connection_manager().subscribe();
    let mut state = host.protocol.session_state();
    assert_eq!(*state.borrow(), SessionState::Running);

    let import = |event: loro::event::DiffEvent<'_>| {
        if event.triggered_by == loro::EventTriggerKind::Import {
            panic!("the application made a mistake");
        }
    };
    let subscription = host.doc().subscribe_root(std::sync::Arc::new(import));
    guest.write(0, "word").await;
    let ended = state.wait_for(|state| *state != SessionState::Running);
    let ended = tokio::time::timeout(PATIENCE, ended).await;
    let failed = SessionState::Failed {
        reason: "the application made a mistake".to_owned(),
        culprit: Some(guest.node()),
    };
    assert_eq!(*ended.unwrap().unwrap(), failed);

    let event = disconnection(&mut events).await;
    assert_eq!(event.node, guest.node());
    assert!(matches!(&event.reason, Reason::Lost(text) if text.contains("made a mistake")));
    assert_eq!(host.state_of(&guest), Some(PeerState::Disconnected));
    assert!(host.protocol.presence_manager().participants().is_empty());
    let event = disconnection(&mut others_events).await;
    assert!(matches!(&event.reason, Reason::Lost(text) if text.contains("its document")));

    let late = host.protocol.connect(&host.endpoint, guest.endpoint.addr());
    assert_eq!(late.await, Err(ConnectError::Stopped));
    let typing = host.protocol.presence_manager().set_typing(true).await;
    assert_eq!(typing, Err(PresenceError::Stopped));
    let change = host.protocol.apply_local_change(|_| Ok(())).await;
    assert!(matches!(change, Err(ChangeError::Damaged)));
    host.protocol.shutdown().await;
    // Unsubscribing takes a lock of the document that the panic may have poisoned.
    std::mem::forget(subscription);
}
