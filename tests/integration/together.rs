//! Nodes that write together: two, a line, a mesh.

use iroh_loro_realtime::{
    ChangeOrigin, ContainerDelta, CursorPosition, PresenceEvent, RealtimeLoroProtocol, Selection,
};
use loro::{ExportMode, LoroDoc};

use crate::nodes::{Machine, until};

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
async fn five_in_a_mesh_introduce_each_other() {
    let machine = Machine::new();
    let mut nodes = vec![machine.host("Node 0", "").await];
    for number in 1..5 {
        let node = machine.join(&format!("Node {number}"), &nodes[0]).await;
        nodes.push(node);
    }
    until("everybody knows everybody", || {
        nodes.iter().all(|node| {
            let others = nodes.iter().filter(|other| other.node() != node.node());
            others.into_iter().all(|other| node.is_connected_to(other))
        })
    })
    .await;
    for round in 0..20 {
        for (number, node) in nodes.iter().enumerate() {
            let word = format!("{number}.{round} ");
            node.write(0, &word).await;
        }
    }
    let all = 5 * (10 * "0.0 ".len() + 10 * "0.10 ".len());
    until("all have all", || {
        let text = nodes[0].text();
        text.len() == all && nodes.iter().all(|node| node.text() == text)
    })
    .await;
}

#[test]
fn the_handles_go_anywhere() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<RealtimeLoroProtocol>();
    check::<iroh_loro_realtime::PresenceManager>();
    check::<iroh_loro_realtime::ConnectionManager>();
}
