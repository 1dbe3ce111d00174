//! Readers that do not keep up, on the wire and in the application.

use std::{sync::mpsc, thread};

use iroh_loro_realtime::{ContainerDelta, DocumentEvent, PeerState, Reason, crdt::SharedDocument};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::broadcast::{self, error::TryRecvError};

use crate::nodes::{Machine, Node, until, until_within};

/// Keeps a node from importing anything, as an application does that is busy with its document.
struct Standstill {
    _release: mpsc::Sender<()>,
}

impl Standstill {
    fn of(node: &Node) -> Self {
        let document = node.protocol.document().clone();
        let (release, released) = mpsc::channel::<()>();
        let (locked, is_locked) = mpsc::channel();
        thread::spawn(move || {
            let _guard = document.lock();
            locked.send(()).unwrap();
            let _ = released.recv();
        });
        is_locked.recv().unwrap();
        Self { _release: release }
    }
}

/// It stops until the others notice, which takes them three heartbeats. Ten seconds would show
/// the same: nothing else happens before half a minute of silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_for_a_while_is_caught_up() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let slow = machine.join("Bob", &host).await;
    let other = machine.join("Carol", &host).await;
    let mut events = host.protocol.connection_manager().subscribe();
    let standstill = Standstill::of(&slow);
    for _ in 0..300 {
        host.write(0, "h").await;
        other.write(0, "o").await;
    }
    until("the others go on", || {
        host.text().len() == 600 && other.text() == host.text()
    })
    .await;
    until("the host notices", || {
        host.state_of(&slow) == Some(PeerState::Unstable)
    })
    .await;
    assert_eq!(slow.text(), "");
    drop(standstill);
    until("it is caught up", || slow.text() == host.text()).await;
    until("it counts as connected", || host.is_connected_to(&slow)).await;
    while let Ok(event) = events.try_recv() {
        assert_ne!(event.to, PeerState::Disconnected, "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_for_whom_too_much_waits_is_synced_anew() {
    let machine = Machine::new();
    let host = machine.host_that_queues("Alice", 256 * 1024).await;
    let slow = machine.join_alone("Bob", &host).await;
    let other = machine.join_alone("Carol", &host).await;
    let mut events = host.protocol.connection_manager().subscribe();
    let standstill = Standstill::of(&slow);
    let mut random = StdRng::seed_from_u64(1);
    let mut length = 0;
    let end = loop {
        if let Ok(event) = events.try_recv() {
            if event.to == PeerState::Disconnected {
                break event;
            }
            continue;
        }
        // What cannot be compressed, in pieces that the other one keeps up with.
        let noise: String = (0..64 * 1024)
            .map(|_| char::from(random.random_range(b'!'..=b'~')))
            .collect();
        host.write(length, &noise).await;
        length += noise.len();
        until("the other one has it", || {
            other.doc().get_text("main").len_unicode() == length
        })
        .await;
    };
    let slowly = Reason::Lost("the peer reads too slowly".to_owned());
    assert_eq!((end.node, &end.reason), (slow.node(), &slowly));
    println!("{length} bytes were written until the queue was full");
    drop(standstill);
    let patience = std::time::Duration::from_secs(20);
    until_within(patience, "it has everything", || {
        slow.doc().get_text("main").len_unicode() == length
    })
    .await;
    assert!(host.is_connected_to(&other));
    assert!(slow.text() == host.text());
    // What it came back for is more than may wait unasked, and still one answer was enough.
    while let Ok(event) = events.try_recv() {
        assert_ne!(event.reason, slowly);
    }
}

/// How an application keeps a copy of a text that is right although it missed events.
struct Copy {
    text: String,
    events: broadcast::Receiver<DocumentEvent>,
    resynchronised: usize,
}

impl Copy {
    fn follow(&mut self, document: &SharedDocument) {
        // Whatever is in the text by now has been told by then.
        drop(document.lock());
        loop {
            match self.events.try_recv() {
                Ok(event) => self.apply(&event),
                Err(TryRecvError::Lagged(_)) => self.read_anew(document),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn apply(&mut self, event: &DocumentEvent) {
        let ContainerDelta::Text(delta) = &*event.delta else {
            return;
        };
        let mut rope = self.text.as_str().into();
        delta.apply(&mut rope);
        self.text = rope.to_string();
    }

    fn read_anew(&mut self, document: &SharedDocument) {
        // Nothing changes meanwhile, so what was missed is in the text, and what follows is not.
        let guard = document.lock();
        self.events = self.events.resubscribe();
        self.text = guard.doc().get_text("main").to_string();
        self.resynchronised += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_lags_is_told_and_reads_the_document_anew() {
    let machine = Machine::new();
    let host = machine.host("Alice", "").await;
    let guest = machine.join_with_room("Bob", &host, 100).await;
    let mut copy = Copy {
        text: String::new(),
        events: guest.updates.resubscribe(),
        resynchronised: 0,
    };
    for round in 0..500 {
        host.write(round, "x").await;
        guest.write(0, "y").await;
    }
    until("both have all", || {
        guest.text().len() == 1000 && guest.text() == host.text()
    })
    .await;
    copy.follow(guest.protocol.document());
    assert_eq!(copy.resynchronised, 1);
    assert_eq!(copy.text, guest.text());

    host.write(0, "after ").await;
    until("the guest has it", || guest.text() == host.text()).await;
    copy.follow(guest.protocol.document());
    assert_eq!(copy.resynchronised, 1);
    assert_eq!(copy.text, guest.text());
}
