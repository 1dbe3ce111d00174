//! Several real nodes on 127.0.0.1, from the first dial to the last goodbye.

mod nodes;

use std::time::{Duration, Instant};

use iroh::SecretKey;
use iroh_loro_realtime::{
    ChangeOrigin, ConnectError, ContainerDelta, CursorPosition, DocumentId, NetworkKind, NodeId,
    PeerState, PresenceEvent, RealtimeLoroProtocol, Reason, Selection, bind,
};
use loro::{ExportMode, LoroDoc};
use nodes::{Machine, Node, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_write_and_see_each_other() {
    let machine = Machine::new();
    let mut host = machine.host("Alice", "shared text").await;
    let guest = machine.join("Bob", &host).await;
    assert_eq!(guest.text(), "shared text");
    assert_eq!(guest.protocol.document_info().borrow().title, "notes.md");
    assert!(guest.protocol.document_info().borrow().first_sync);

    guest.write(7, "our ").await;
    until("the host has it", || host.text() == "shared our text").await;
    host.write(0, "👩‍👩‍👧 ").await;
    until("the guest has it", || guest.text() == host.text()).await;

    let event = host
        .event("the guest's words", |event| {
            event.origin == ChangeOrigin::Peer(guest.node())
        })
        .await;
    assert!(matches!(*event.delta, ContainerDelta::Text(_)));
    assert_eq!(event.container.name().as_str(), "main");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_is_told_and_stays_with_its_text() {
    let machine = Machine::new();
    let mut host = machine.host("Alice", "one\ntwo\nthree").await;
    let guest = machine.join("Bob", &host).await;
    let joined = host
        .presence_of(&guest, |event| {
            matches!(event, PresenceEvent::Joined { .. })
        })
        .await;
    let PresenceEvent::Joined { presence, .. } = joined else {
        unreachable!()
    };
    assert_eq!(presence.user.name, "Bob");

    let place = |offset| CursorPosition::new(0, 0, "main".to_owned(), offset);
    let presence = guest.protocol.presence_manager();
    presence
        .update_selection(Some(Selection::new(place(4), place(7))))
        .await
        .unwrap();
    presence.set_typing(true).await.unwrap();
    let seen = || {
        let everybody = host.protocol.presence_manager().participants();
        let (_, presence) = everybody
            .into_iter()
            .find(|(node, _)| *node == guest.node())?;
        Some((presence.selection?, presence.typing))
    };
    until("the selection is seen", || {
        seen().is_some_and(|(selection, typing)| {
            typing
                && (selection.start.line, selection.start.column) == (1, 0)
                && (selection.end.line, selection.end.column) == (1, 3)
                && selection.end.offset == 7
        })
    })
    .await;
    host.write(0, "zero\n").await;
    until("it stays with its word", || {
        seen().is_some_and(|(selection, _)| {
            (
                selection.start.line,
                selection.start.offset,
                selection.end.offset,
            ) == (2, 9, 12)
        })
    })
    .await;
    presence.update_cursor(place(1000)).await.unwrap();
    until("a caret behind the end is at the end", || {
        let everybody = host.protocol.presence_manager().participants();
        everybody.into_iter().any(|(node, presence)| {
            node == guest.node() && presence.cursor.is_some_and(|cursor| cursor.offset == 18)
        })
    })
    .await;
    let nowhere = CursorPosition::new(0, 0, "no/name".to_owned(), 7);
    let refused = presence.update_cursor(nowhere).await.unwrap_err();
    assert!(refused.to_string().contains("no/name"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_made_past_the_protocol_is_sent_too() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join("Bob", &host).await;
    host.doc().get_text("main").insert(0, "direct").unwrap();
    host.doc().commit();
    until("a direct change arrives", || guest.text() == "direct").await;

    let elsewhere = LoroDoc::new();
    elsewhere.get_list("list").push("imported").unwrap();
    let update = elsewhere.export(ExportMode::all_updates()).unwrap();
    host.doc().import(&update).unwrap();
    until("an imported change arrives", || {
        guest.doc().get_list("list").len() == 1
    })
    .await;

    guest.doc().get_text("main").insert(0, "un").unwrap();
    until("a change that nobody committed arrives", || {
        host.text() == "undirect"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_of_a_burst_of_keystrokes() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join("Bob", &host).await;
    for _ in 0..1000 {
        host.write(0, "a").await;
        guest.write(0, "b").await;
    }
    until("both have all", || {
        host.text().len() == 2000 && host.text() == guest.text()
    })
    .await;
}

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
async fn a_line_of_three_relays() {
    let machine = Machine::new();
    let middle = machine.host("Middle", "").await;
    let left = machine.join_alone("Left", &middle).await;
    let right = machine.join_alone("Right", &middle).await;
    left.write(0, "left").await;
    until("left's word reaches right", || right.text() == "left").await;
    right.write(4, " right").await;
    until("right's word reaches left", || left.text() == "left right").await;
    assert!(!left.is_connected_to(&right) && !right.is_connected_to(&left));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_dials_end_with_one_connection() {
    for round in 0..20 {
        let machine = Machine::new();
        let id = DocumentId::random();
        let one = machine
            .start("Alice", "", Some(id), SecretKey::generate())
            .await;
        let other = machine
            .start("Bob", "", Some(id), SecretKey::generate())
            .await;
        let mut events = one.protocol.connection_manager().subscribe();
        let mut others_events = other.protocol.connection_manager().subscribe();
        let (there, back) = tokio::join!(
            one.protocol.connect(&one.endpoint, other.endpoint.addr()),
            other.protocol.connect(&other.endpoint, one.endpoint.addr()),
        );
        assert_eq!(there, Ok(other.node()), "round {round}");
        assert_eq!(back, Ok(one.node()), "round {round}");
        one.write(0, "x").await;
        until("a word goes over", || other.text() == "x").await;
        for events in [&mut events, &mut others_events] {
            while let Ok(event) = events.try_recv() {
                assert!(
                    event.to != PeerState::Disconnected,
                    "round {round}: {event:?}"
                );
            }
        }
    }
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
    let lost = events.recv().await.unwrap();
    assert_eq!(lost.reason, Reason::Left);
    guest.write(0, "guest ").await;

    let back = Instant::now();
    let host = machine.start("Alice", "", Some(id), key).await;
    assert_ne!(host.doc().peer_id(), first_writer);
    host.doc().import(&kept).unwrap();
    host.write(0, "host ").await;
    until("both are equal again", || {
        host.text() == guest.text() && host.text().len() == "shared guest host ".len()
    })
    .await;
    assert!(
        back.elapsed() < Duration::from_secs(3),
        "{:?}",
        back.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_is_a_goodbye() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let mut guest = machine.join("Bob", &host).await;
    let mut events = guest.protocol.connection_manager().subscribe();
    let start = Instant::now();
    host.protocol.shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(1));
    let event = tokio::time::timeout(Duration::from_secs(1), events.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((event.node, event.reason), (host.node(), Reason::Left));
    guest
        .presence_of(&host, |event| matches!(event, PresenceEvent::Left { .. }))
        .await;
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
    let event = tokio::time::timeout(Duration::from_secs(2), events.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.reason, Reason::Left);
    // The driver and Loro's callbacks hold the other ends of this.
    let ended = async {
        use tokio::sync::broadcast::error::RecvError;
        while !matches!(updates.recv().await, Err(RecvError::Closed)) {}
    };
    tokio::time::timeout(Duration::from_secs(2), ended)
        .await
        .expect("something still reports changes");
    drop(endpoint);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_failure_to_connect_has_its_sentence() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let own = host.protocol.connect(&host.endpoint, host.endpoint.id());
    assert_eq!(own.await, Err(ConnectError::OwnNode));

    let nobody = SecretKey::generate().public();
    let unknown = host.protocol.connect(&host.endpoint, nobody).await;
    assert!(matches!(unknown, Err(ConnectError::Unreachable { .. })));

    let stranger = machine.host("Mallory", "another document").await;
    let refused = host
        .protocol
        .connect(&host.endpoint, stranger.endpoint.addr())
        .await;
    let Err(ConnectError::Refused { node, text }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(node, stranger.node());
    assert!(!text.is_empty());

    let other = bind(NetworkKind::Local, SecretKey::generate(), None)
        .await
        .unwrap();
    other.set_alpns(vec![b"something/else".to_vec()]);
    let accepting = other.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            let _ = incoming.await;
        }
    });
    let wrong = host.protocol.connect(&host.endpoint, other.addr()).await;
    let node = NodeId::from(other.id());
    assert_eq!(wrong, Err(ConnectError::OtherProtocol { node }));

    let peers = host.protocol.connection_manager();
    until("nothing is left behind", || peers.peers().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_at_an_address_is_told_after_five_seconds() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = iroh::EndpointAddr::new(SecretKey::generate().public())
        .with_ip_addr(silent.local_addr().unwrap());
    let start = Instant::now();
    let result = host.protocol.connect(&host.endpoint, address).await;
    let Err(error @ ConnectError::Unreachable { .. }) = result else {
        panic!("{result:?}");
    };
    assert!(error.to_string().contains("within 5 s"), "{error}");
    assert!(start.elapsed() < Duration::from_millis(5500));
}

#[test]
fn the_handles_go_anywhere() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<RealtimeLoroProtocol>();
    check::<iroh_loro_realtime::PresenceManager>();
    check::<iroh_loro_realtime::ConnectionManager>();
}
