//! Getting connected: at the same time, and not at all.

use iroh::SecretKey;
use iroh_loro_realtime::{ConnectError, DocumentId, NetworkKind, NodeId, PeerState, Reason, bind};

use crate::nodes::{Machine, until};

/// Rounds that run at once: enough to keep both processors busy, and their schedules apart.
const AT_ONCE: u64 = 4;
const ROUNDS: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_dials_end_with_one_connection() {
    let runners: Vec<_> = (0..AT_ONCE)
        .map(|runner| {
            tokio::spawn(async move {
                let machine = Machine::new();
                for round in (runner..ROUNDS).step_by(AT_ONCE as usize) {
                    dial_each_other(&machine, round).await;
                }
            })
        })
        .collect();
    for runner in runners {
        runner.await.unwrap();
    }
}

async fn dial_each_other(machine: &Machine, round: u64) {
    let id = Some(DocumentId::random());
    let one = machine.start("Alice", "", id, SecretKey::generate()).await;
    let other = machine.start("Bob", "", id, SecretKey::generate()).await;
    let mut events = one.protocol.connection_manager().subscribe();
    let mut others_events = other.protocol.connection_manager().subscribe();
    let (there, back) = tokio::join!(
        one.protocol.connect(&one.endpoint, other.endpoint.addr()),
        async {
            // Not always in the very same moment.
            for _ in 0..round % 50 {
                tokio::task::yield_now().await;
            }
            let address = one.endpoint.addr();
            other.protocol.connect(&other.endpoint, address).await
        }
    );
    assert_eq!(there, Ok(other.node()), "round {round}");
    assert_eq!(back, Ok(one.node()), "round {round}");
    one.write(0, "x").await;
    until("a word goes over", || other.text() == "x").await;
    for (events, node) in [(&mut events, &other), (&mut others_events, &one)] {
        let mut seen = Vec::new();
        while let Ok(event) = events.try_recv() {
            assert_eq!(event.node, node.node());
            assert_eq!(event.reason, Reason::Normal, "round {round}: {event:?}");
            seen.push(event.to);
        }
        let one_life = [
            PeerState::Connecting,
            PeerState::Syncing,
            PeerState::Connected,
        ];
        assert_eq!(seen, one_life, "round {round}");
    }
    for node in [one, other] {
        node.stop().await;
    }
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
    let result = host.protocol.connect(&host.endpoint, address).await;
    let Err(error @ ConnectError::Unreachable { .. }) = result else {
        panic!("{result:?}");
    };
    assert!(error.to_string().contains("within 5 s"), "{error}");
}
