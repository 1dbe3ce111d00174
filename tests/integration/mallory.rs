//! A peer that means harm, beside two people who write with each other: whatever it sends, nothing
//! of it reaches their document, and they go on.
//!
//! With `--nocapture`, each test prints how long keystrokes took meanwhile, from one replica into
//! the other, and how much memory this process takes.

use std::{
    collections::HashSet,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use iroh::SecretKey;
use iroh_loro_realtime::{
    Access, KnockAnswer, NetworkKind, NodeId, PeerAddress, PresenceEvent, SigningKey, bind,
    net::{
        access::Role,
        message::{
            CloseReason, DeniedCode, MAX_FRAME, Member, Message, Part, PresenceRelay,
            PresenceUpdate,
        },
    },
};
use loro::{ExportMode, LoroDoc};
use tokio::time::{sleep, timeout};

use crate::{
    nodes::{Machine, Node, Options, until, user},
    stranger::{PATIENCE, Stranger, framed},
};

/// Keystrokes that the two exchange at least while something is tried.
const KEYSTROKES: usize = 25;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(10);
/// What Mallory would like to see in the document.
const FORGED: &str = "forged";

/// Ada's document, in which Ben writes, too. Who else knocks comes in as what their name says.
struct House {
    ada: Node,
    ben: Node,
    names: Arc<Mutex<Vec<String>>>,
    /// Letters that the two have typed.
    typed: usize,
    _machine: Machine,
}

impl House {
    async fn new() -> Self {
        let machine = Machine::new();
        let document_key = SigningKey::random();
        let names = Arc::default();
        let ada = governed(&machine, "Ada", Some(&document_key), Arc::clone(&names)).await;
        let ben = governed(&machine, "Editor Ben", None, Arc::default()).await;
        ben.connect_to(&ada).await;
        until("Ben has the document", || ben.is_connected_to(&ada)).await;
        Self {
            ada,
            ben,
            names,
            typed: 0,
            _machine: machine,
        }
    }

    /// Somebody comes in as what the name says.
    async fn stranger(&self, name: &str) -> Stranger {
        let mut stranger = Stranger::dial(self.ada.endpoint.addr()).await.unwrap();
        stranger.come_in(name).await;
        stranger
    }

    /// The two write while something happens, and afterwards their document holds what they wrote
    /// and nothing else.
    async fn beside<T: Send + 'static>(
        &mut self,
        what: &str,
        attack: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let attack = tokio::spawn(attack);
        let mut times = Vec::new();
        while times.len() < KEYSTROKES || !attack.is_finished() {
            times.push(self.keystroke().await);
            sleep(PAUSE).await;
        }
        let result = attack.await.unwrap();
        for node in [&self.ada, &self.ben] {
            let text = node.text();
            assert_eq!(text.len(), self.typed, "{what}");
            assert!(text.bytes().all(|byte| byte == b'a' || byte == b'b'));
        }
        times.sort();
        println!(
            "{what}: {} keystrokes, half within {:?}, 95 of 100 within {:?}, all within {:?}; {} MB",
            times.len(),
            times[times.len() / 2],
            times[times.len() * 95 / 100],
            times[times.len() - 1],
            resident_megabytes(),
        );
        result
    }

    /// One of the two types a letter, and the other has it.
    async fn keystroke(&mut self) -> Duration {
        let (writer, reader, letter) = match self.typed % 2 {
            0 => (&self.ada, &self.ben, "a"),
            _ => (&self.ben, &self.ada, "b"),
        };
        let start = std::time::Instant::now();
        writer.write(0, letter).await;
        self.typed += 1;
        let typed = self.typed;
        let length = || reader.doc().get_text("main").len_unicode();
        until("the letter arrives", || length() >= typed).await;
        start.elapsed()
    }
}

async fn governed(
    machine: &Machine,
    name: &str,
    document_key: Option<&SigningKey>,
    names: Arc<Mutex<Vec<String>>>,
) -> Node {
    let key = SecretKey::generate();
    let node_key = SigningKey::from_bytes(&key.to_bytes());
    let endpoint = bind(NetworkKind::Local, key, Some(machine.directory()))
        .await
        .unwrap();
    let answer = Access::Ask(Arc::new(move |_, user| {
        let mut names = names.lock().unwrap_or_else(PoisonError::into_inner);
        names.push(user.name.clone());
        let role = match user.name.split(' ').next() {
            Some("Editor") => Role::Editor,
            _ => Role::Viewer,
        };
        Some(KnockAnswer::Admit(role))
    }));
    let options = Options {
        document: document_key.map(SigningKey::document),
        configure: &|builder| {
            let builder = builder.access(answer.clone()).node_key(node_key.clone());
            match document_key {
                Some(key) => builder.document_key(key.clone()),
                None => builder,
            }
        },
        ..Options::default()
    };
    Node::start(name, endpoint, options).await
}

/// Returns how much of this process is in memory, or 0 where the system does not say.
fn resident_megabytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0) / 1024
}

fn batch(updates: Vec<u8>) -> Message {
    let last = true;
    Message::UpdateBatch(Part { last, updates })
}

/// An update that writes under this Loro peer id, on top of what a document has.
fn update_as(peer: u64, like: &LoroDoc) -> Vec<u8> {
    let doc = LoroDoc::new();
    doc.import(&like.export(ExportMode::all_updates()).unwrap())
        .unwrap();
    doc.set_peer_id(peer).unwrap();
    let before = doc.oplog_vv();
    doc.get_text("main").insert(0, FORGED).unwrap();
    doc.commit();
    doc.export(ExportMode::updates(&before)).unwrap()
}

fn presence(sequence: u64) -> PresenceUpdate {
    PresenceUpdate {
        sequence,
        cursor: None,
        selection_start: None,
        typing: true,
        away: false,
        user: Some(user("Impostor")),
    }
}

/// Waits until the other side has handled everything that was said before.
async fn was_heard(stranger: &mut Stranger) {
    let question = Message::SyncRequest {
        version_vector: loro::VersionVector::default().encode(),
        received: 0,
        waiting: false,
    };
    stranger.say(&question).await;
    stranger
        .hear_of(|message| matches!(message, Message::SyncResponse(_)))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_writes_nothing_whatever_it_sends() {
    let mut house = House::new().await;
    let mut viewer = house.stranger("Viewer").await;
    let genuine = update_as(7, &LoroDoc::new());
    house
        .beside("updates of a viewer", async move {
            was_heard(&mut viewer).await;
            for _ in 0..100 {
                viewer.say(&batch(genuine.clone())).await;
                viewer.say(&batch(b"nonsense".to_vec())).await;
                let part = Part {
                    last: true,
                    updates: genuine.clone(),
                };
                viewer.say(&Message::SyncResponse(part)).await;
            }
            was_heard(&mut viewer).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_speaks_for_others() {
    let mut house = House::new().await;
    let (ada, ben, nobody) = (house.ada.node(), house.ben.node(), NodeId([7; 32]));
    for name in ["Viewer", "Editor"] {
        let mut mallory = house.stranger(name).await;
        let own = mallory.node();
        let viewer = name == "Viewer";
        house
            .beside("presence for others", async move {
                for (sequence, author) in (1..).zip([ada, ben, nobody].repeat(20)) {
                    let relay = Message::PresenceRelay(Box::new(PresenceRelay {
                        author,
                        user: user("Impostor"),
                        update: Some(presence(1_000_000 + sequence)),
                    }));
                    let relay = framed(&relay.encode().unwrap());
                    mallory.presence.0.write_all(&relay).await.unwrap();
                    let member = Member {
                        address: PeerAddress::unknown(author),
                        user: user("Impostor"),
                    };
                    mallory.say(&Message::UserJoined(member)).await;
                    mallory.say(&Message::UserLeft { node: author }).await;
                }
                // The last word on that stream is Mallory's own, so that its arrival shows.
                let update = PresenceUpdate {
                    user: None,
                    ..presence(2)
                };
                let update = framed(&Message::PresenceUpdate(update).encode().unwrap());
                mallory.presence.0.write_all(&update).await.unwrap();
                was_heard(&mut mallory).await;
            })
            .await;
        let seen = async {
            loop {
                match house.ada.presence.recv().await.unwrap() {
                    PresenceEvent::Updated { node, .. } if node == own => break,
                    PresenceEvent::Left { node, .. } => assert_ne!(node, ben),
                    PresenceEvent::Called { node } => assert_ne!(node, nobody),
                    PresenceEvent::Joined { node, presence }
                    | PresenceEvent::Updated { node, presence } => {
                        assert_ne!(presence.user.name, "Impostor", "{node:?}");
                        assert_ne!(node, nobody, "viewer: {viewer}");
                    }
                }
            }
        };
        timeout(PATIENCE, seen).await.expect("Mallory is seen");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_under_the_peer_id_of_who_reads_it() {
    let mut house = House::new().await;
    let mut mallory = house.stranger("Editor Mallory").await;
    let forged = update_as(house.ada.doc().peer_id(), house.ada.doc());
    let end = house
        .beside("updates under another's Loro peer id", async move {
            mallory.say(&batch(forged)).await;
            mallory.end().await
        })
        .await;
    assert_eq!(end, Some(CloseReason::Protocol));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_messages_at_once_hold_nobody_up() {
    let mut house = House::new().await;
    let mut mallory = house.stranger("Editor Mallory").await;
    house
        .beside("100,000 messages at once", async move {
            let gone = Message::UserLeft {
                node: NodeId([9; 32]),
            };
            let many = framed(&gone.encode().unwrap()).repeat(1_000);
            for _ in 0..100 {
                // Refused at some point, perhaps.
                if mallory.sync.0.write_all(&many).await.is_err() {
                    break;
                }
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_with_wrong_lengths_end_the_connection_of_a_member_too() {
    let mut house = House::new().await;
    let hello = Message::UserLeft {
        node: NodeId([9; 32]),
    };
    let message = hello.encode().unwrap();
    let with_length = |length: usize| {
        let mut frame = framed(&message);
        frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
        frame.repeat(100)
    };
    for frames in [
        with_length(0),
        with_length(message.len() - 1),
        with_length(message.len() + 1),
        with_length(MAX_FRAME + 1),
        with_length(u32::MAX as usize),
    ] {
        let mut mallory = house.stranger("Editor Mallory").await;
        let end = house
            .beside("frames with wrong lengths", async move {
                mallory.sync.0.write_all(&frames).await.unwrap();
                mallory.end().await
            })
            .await;
        assert_eq!(end, Some(CloseReason::Protocol));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_waits_alone() {
    let mut house = House::new().await;
    let silent = house.stranger("Viewer").await;
    let large = "b".repeat(256 * 1024);
    for _ in 0..16 {
        house.ada.write(0, &large).await;
        house.typed += large.len();
    }
    house
        .beside("never reads, while 4 MB are written", async move {
            let _ = timeout(Duration::from_millis(500), silent.connection.closed()).await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_are_too_many() {
    let mut house = House::new().await;
    let mallory = house.stranger("Editor Mallory").await;
    let (opened, end) = house
        .beside("1,000 streams", async move {
            let mut opened = 0;
            while opened < 1_000
                && let Ok(Ok((mut send, _receive))) =
                    timeout(PATIENCE, mallory.connection.open_bi()).await
            {
                let _ = send.write_all(&[77]).await;
                opened += 1;
            }
            (opened, mallory.end().await)
        })
        .await;
    assert!(opened < 1_000);
    assert_eq!(end, Some(CloseReason::Protocol));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_connections_hold_nobody_up() {
    let mut house = House::new().await;
    let address = house.ada.endpoint.addr();
    house
        .beside("1,000 connections", async move {
            let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None)
                .await
                .unwrap();
            let mut all = Vec::new();
            for _ in 0..1_000 {
                let alpn = iroh_loro_realtime::RealtimeLoroProtocol::ALPN;
                if let Ok(connection) = endpoint.connect(address.clone(), alpn).await {
                    all.push(connection);
                }
            }
            assert!(!all.is_empty());
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_arrive_harmless() {
    let mut house = House::new().await;
    let names = [
        "Viewer \u{1b}[31mred\u{1b}]0;owned\u{7}",
        "Viewer \u{1b}]52;c;ZWNobw==\u{7}\u{9b}2J",
        "Viewer \u{202e}live\u{2066}\u{200b}\u{feff}\u{e0041}",
        "\u{1b}Viewer\r\n\t\u{85}\u{2028}",
    ];
    for name in names {
        let mallory = house.stranger(name).await;
        house
            .beside("a name that is made to harm", async move { drop(mallory) })
            .await;
    }
    let seen = house.names.lock().unwrap();
    let distinct: HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), 1 + names.len());
    for name in distinct {
        let harmless = |c: char| !c.is_control() && !('\u{200b}'..='\u{206f}').contains(&c);
        assert!(name.chars().all(harmless), "{name:?}");
        assert!(!name.contains(['\u{feff}', '\u{e0041}']), "{name:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_handshake_opens_nothing() {
    let mut house = House::new().await;
    let key = SecretKey::generate();
    let mut genuine = Stranger::dial_as(key.clone(), house.ada.endpoint.addr())
        .await
        .unwrap();
    let recorded = genuine.come_in("Editor Eve").await;
    drop(genuine);
    // By somebody else, and by who has even the key and says what was said before.
    for key in [SecretKey::generate(), key] {
        let mut mallory = Stranger::dial_as(key, house.ada.endpoint.addr())
            .await
            .unwrap();
        let recorded = Message::Prove(Box::new(recorded.clone()));
        let code = house
            .beside("a recorded handshake", async move {
                mallory.greet(2, "Editor Eve").await;
                mallory.say(&recorded).await;
                assert!(matches!(mallory.hear().await, Message::Prove(_)));
                let Message::Denied(denied) = mallory.hear().await else {
                    panic!("not denied");
                };
                denied.code
            })
            .await;
        assert_eq!(code, DeniedCode::Refused);
    }
}
