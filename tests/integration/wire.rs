//! Peers that are not this library: later versions, strangers that say nothing, and those that
//! break the protocol. What ends, ends for them alone.

use iroh::SecretKey;
use iroh_loro_realtime::{
    ConnectError, DocumentId, Listener, NetworkKind, NodeId, PeerState, RealtimeLoroProtocol,
    Reason, bind,
    crdt::SharedDocument,
    net::message::{CloseReason, MAX_FRAME, Message, Part},
};
use loro::{ExportMode, LoroDoc};
use tokio::time::timeout;

use crate::{
    nodes::{Machine, disconnection, until, user},
    stranger::{COMPRESSED, PATIENCE, Stranger, framed, reason},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_minor_version_may_say_what_we_do_not_know() {
    let machine = Machine::new();
    let id = DocumentId::random();
    let host = machine
        .start("Alice", "known ", Some(id), SecretKey::generate())
        .await;
    let mut later = Stranger::dial(host.endpoint.addr()).await.unwrap();
    let doc = LoroDoc::new();
    later.introduce(77, id, &doc).await;

    let unknown = framed(&[99, 1, 2, 3, 4, 5]);
    later.sync.0.write_all(&unknown).await.unwrap();
    later.presence.0.write_all(&unknown).await.unwrap();
    // A stream of a kind that is not known here either.
    let (mut send, _receive) = later.connection.open_bi().await.unwrap();
    let _ = send.write_all(&[77, 1, 2, 3]).await;
    doc.get_text("main").insert(0, "later ").unwrap();
    let updates = doc.export(ExportMode::all_updates()).unwrap();
    let last = true;
    later
        .say(&Message::UpdateBatch(Part { last, updates }))
        .await;
    until("what we do know arrives", || host.text().contains("later")).await;
    assert_eq!(later.connection.close_reason(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_major_version_is_refused_with_words_on_both_sides() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let mut events = host.protocol.connection_manager().subscribe();
    let later = bind(NetworkKind::Local, SecretKey::generate(), None)
        .await
        .unwrap();
    let alpn: &[u8] = b"iroh-loro-realtime/2";
    let connection = later.connect(host.endpoint.addr(), alpn).await.unwrap();
    let error = timeout(PATIENCE, connection.closed()).await.unwrap();
    assert_eq!(reason(&error), Some(CloseReason::OtherVersion));
    let event = disconnection(&mut events).await;
    assert_eq!(event.node, later.id().into());
    let words = "the peer speaks another version of the protocol";
    assert_eq!(event.reason, Reason::Denied(words.to_owned()));

    // The other way round, with a later version that has no words for us.
    later.set_alpns(vec![alpn.to_vec()]);
    let accepting = later.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            let _ = incoming.await;
        }
    });
    let refused = host.protocol.connect(&host.endpoint, later.addr()).await;
    let node = later.id().into();
    assert_eq!(refused, Err(ConnectError::OtherProtocol { node }));
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("another version"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_breaks_the_protocol_ends_only_the_own_connection() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join("Bob", &host).await;
    let mut guests_events = guest.protocol.connection_manager().subscribe();
    let head = |length: u32, size: u32| [length.to_le_bytes(), size.to_le_bytes()].concat();
    let too_large = MAX_FRAME as u32 + 1;
    let cases: [(&str, Vec<u8>, bool); 7] = [
        ("a frame that is too large", head(too_large, 0), false),
        ("an endless frame", head(COMPRESSED - 1, 0), false),
        ("a bomb", head(8 | COMPRESSED, too_large), false),
        (
            "a frame that does not inflate",
            [head(8 | COMPRESSED, 5000), vec![0xff; 8]].concat(),
            false,
        ),
        ("nonsense", framed(&[0, 0xff, 0xff]), false),
        ("a large presence", head(100_000, 0), true),
        ("presence on the wrong stream", framed(&[9, 1, 2]), true),
    ];
    for (what, bytes, on_presence) in cases {
        let mut stranger = Stranger::dial(host.endpoint.addr()).await.unwrap();
        let stream = if on_presence {
            &mut stranger.presence.0
        } else {
            &mut stranger.sync.0
        };
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(stranger.end().await, Some(CloseReason::Protocol), "{what}");
    }

    let stranger = Stranger::dial(host.endpoint.addr()).await.unwrap();
    while let Ok(Ok((mut send, _))) = timeout(PATIENCE, stranger.connection.open_bi()).await {
        let _ = send.write_all(&[77]).await;
    }
    let end = stranger.end().await;
    assert_eq!(end, Some(CloseReason::Protocol), "streams without end");

    guest.write(0, "still here").await;
    until("the guest is heard", || host.text() == "still here").await;
    while let Ok(event) = guests_events.try_recv() {
        assert_ne!(event.node, host.node(), "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_who_say_nothing_are_few_and_soon_gone() {
    /// As many as may be silent at once.
    const PLACES: usize = 32;
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join("Bob", &host).await;
    let mut silent = Vec::new();
    // On a busy machine the first are sent away before the last have come: then more fit in.
    let refused = loop {
        match Stranger::dial(host.endpoint.addr()).await {
            Ok(stranger) => silent.push(stranger),
            Err(refused) => break refused,
        }
    };
    assert_eq!(reason(&refused), Some(CloseReason::Busy));
    assert!(silent.len() >= PLACES);
    guest.write(0, "undisturbed").await;
    until("the guest is heard", || host.text() == "undisturbed").await;

    for stranger in &silent {
        assert_eq!(stranger.end().await, Some(CloseReason::Silent));
    }
    let late = machine.join("Carol", &host).await;
    assert_eq!(late.text(), "undisturbed");
    assert_eq!(host.state_of(&guest), Some(PeerState::Connected));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_dials_at_once_gets_in_after_proving_where_it_is() {
    let machine = Machine::new();
    let key = [9; 32];
    let document = SharedDocument::new(LoroDoc::new());
    let protocol = RealtimeLoroProtocol::builder(document, NodeId::of_key(&key), user("Alice"))
        .spawn()
        .unwrap();
    let directory = Some(machine.directory());
    let listener = Listener::start(NetworkKind::Local, key, directory.clone(), &protocol)
        .await
        .unwrap();
    let host = SecretKey::from_bytes(&key).public();
    let dials: Vec<_> = (0..48)
        .map(|_| {
            let directory = directory.clone();
            tokio::spawn(async move {
                let endpoint = bind(NetworkKind::Local, SecretKey::generate(), directory)
                    .await
                    .unwrap();
                let dialled = endpoint.connect(host, RealtimeLoroProtocol::ALPN);
                timeout(PATIENCE, dialled).await.unwrap().unwrap();
                endpoint.close().await;
            })
        })
        .collect();
    for dial in dials {
        dial.await.unwrap();
    }
    listener.close().await;
}
