//! Peers that break the protocol: they lose their connection, and nobody else loses anything.

use std::time::Duration;

use loro::{LoroDoc, VersionVector};

use crate::{
    crdt::SharedDocument,
    net::{
        access::Role,
        event::{PeerState, Reason, UserInfo},
        message::{
            Announcement, CloseReason, ConflictKind, ConflictNotification, Divergence, Hello,
            MAX_MEMBERS, MAX_UNINTRODUCED, MAX_UPDATE, MINOR_VERSION, Member, Message, Part,
            PresenceUpdate, QUESTIONS_SAVED, Welcome,
        },
        node::{DocumentId, NodeId, PeerAddress},
        session::{AccessConfig, Input, Output, Session, SessionConfig},
    },
};

const US: NodeId = NodeId([1; 32]);
const FRIEND: NodeId = NodeId([2; 32]);
const MALLORY: NodeId = NodeId([3; 32]);
const DOCUMENT: DocumentId = DocumentId([9; 32]);
const FRIENDS: u64 = 1;
const MALLORYS: u64 = 2;

/// A session whose peers are played by hand.
struct Stage {
    session: Session,
    document: SharedDocument,
    now: Duration,
}

impl Stage {
    /// A friend and Mallory are connected and in sync.
    fn new() -> Self {
        let mut stage = Self {
            session: Session::new(
                SessionConfig {
                    node: US,
                    document: Some(DOCUMENT),
                    title: "notes.md".to_owned(),
                    user: user("Ana"),
                    address: PeerAddress::unknown(US),
                    degree_limit: 8,
                    access: AccessConfig::default(),
                },
                1,
            ),
            document: SharedDocument::new(LoroDoc::new()),
            now: Duration::from_secs(1),
        };
        stage.shake_hands(FRIEND, FRIENDS);
        stage.shake_hands(MALLORY, MALLORYS);
        stage
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        self.session.handle(input, self.now, &mut self.document)
    }

    fn receive(&mut self, connection: u64, message: Message) -> Vec<Output> {
        self.input(Input::Received {
            connection,
            message,
        })
    }

    fn open(&mut self, node: NodeId, connection: u64) -> Vec<Output> {
        self.input(Input::Opened {
            node,
            connection,
            address: None,
            binding: [0; 32],
        })
    }

    fn shake_hands(&mut self, node: NodeId, connection: u64) {
        self.shake_hands_as(node, connection, 0);
    }

    fn shake_hands_as(&mut self, node: NodeId, connection: u64, minor_version: u16) {
        self.open(node, connection);
        self.receive(connection, hello_as(node, minor_version));
        self.prove(connection);
        self.receive(connection, welcome());
        self.receive(connection, sync_request(&VersionVector::new()));
        self.receive(connection, Message::SyncResponse(part(b"")));
        assert_eq!(self.state(node), Some(PeerState::Connected));
    }

    /// Where anybody may come in, nobody asks for a proof.
    fn prove(&mut self, connection: u64) {
        self.receive(connection, Message::Challenge { nonce: [0; 32] });
        self.receive(connection, Message::Prove(Box::default()));
    }

    fn state(&self, node: NodeId) -> Option<PeerState> {
        let peer = self.session.peers().find(|peer| peer.node == node);
        peer.map(|peer| peer.state)
    }

    /// Mallory sends something that ends the connection, and only that one.
    #[track_caller]
    fn assert_thrown_out(&mut self, message: Message) {
        let outputs = self.receive(MALLORYS, message.clone());
        let closed: Vec<_> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Close { connection, reason } => Some((*connection, *reason)),
                _ => None,
            })
            .collect();
        let expected = [(MALLORYS, CloseReason::Protocol)];
        assert_eq!(closed, expected, "after {message:?}");
        assert_eq!(self.state(MALLORY), Some(PeerState::Disconnecting));
        assert_eq!(self.state(FRIEND), Some(PeerState::Connected));
        // Whatever else arrives does not matter.
        assert_eq!(self.receive(MALLORYS, message), []);
    }
}

fn user(name: &str) -> UserInfo {
    UserInfo {
        name: name.to_owned(),
        color: "#4ECDC4".to_owned(),
        avatar_url: None,
    }
}

fn hello(node: NodeId) -> Message {
    hello_as(node, 0)
}

fn hello_as(node: NodeId, minor_version: u16) -> Message {
    Message::Hello(Hello {
        minor_version,
        document: None,
        user: user("Someone"),
        address: PeerAddress::unknown(node),
    })
}

fn welcome() -> Message {
    Message::Welcome(Box::new(Welcome {
        document: Some(DOCUMENT),
        title: String::new(),
        role: Role::Editor,
        roster: None,
        admissions: Vec::new(),
        members: Vec::new(),
    }))
}

fn sync_request(version: &VersionVector) -> Message {
    Message::SyncRequest {
        version_vector: version.encode(),
        received: 0,
        waiting: false,
    }
}

fn part(updates: &[u8]) -> Part {
    Part {
        last: true,
        updates: updates.to_vec(),
    }
}

fn presence(sequence: u64) -> Message {
    Message::PresenceUpdate(PresenceUpdate {
        sequence,
        cursor: None,
        selection_start: None,
        typing: false,
        away: sequence == 2,
        user: None,
    })
}

#[test]
fn who_announces_and_does_not_deliver_is_asked_once_like_the_others() {
    let mut stage = Stage::new();
    for connection in [MALLORYS, FRIENDS] {
        let ends = vec![(77, 5)];
        let announced = stage.receive(connection, Message::Announcement(Announcement { ends }));
        assert_eq!(announced, []);
    }
    let mut asked = Vec::new();
    for _ in 0..40 {
        stage.now += Duration::from_millis(100);
        asked.extend(
            stage
                .input(Input::Tick)
                .into_iter()
                .filter_map(|output| match output {
                    Output::Send {
                        connection,
                        message: Message::SyncRequest { .. },
                    } => Some(connection),
                    _ => None,
                }),
        );
    }
    asked.sort_unstable();
    assert_eq!(asked, [FRIENDS, MALLORYS]);
}

#[test]
fn the_last_link_is_not_pruned() {
    const NEIGHBOUR: NodeId = NodeId([4; 32]);
    const NEIGHBOURS: u64 = 3;
    let mut stage = Stage::new();
    stage.shake_hands_as(NEIGHBOUR, NEIGHBOURS, MINOR_VERSION);
    let graft = Output::Send {
        connection: NEIGHBOURS,
        message: Message::Graft,
    };
    assert_eq!(stage.receive(NEIGHBOURS, Message::Prune), []);
    // What hung on the others must not wait for what was pruned.
    let reason = Reason::Lost("timed out".to_owned());
    for connection in [FRIENDS, MALLORYS] {
        let reason = reason.clone();
        let outputs = stage.input(Input::Closed { connection, reason });
        assert_eq!(outputs.contains(&graft), connection == FRIENDS);
    }
    assert_eq!(stage.receive(NEIGHBOURS, Message::Prune), [graft]);
}

#[test]
fn messages_in_the_wrong_phase_end_the_connection() {
    for message in [
        hello(MALLORY),
        welcome(),
        // Nobody asked.
        Message::SyncResponse(part(b"")),
    ] {
        Stage::new().assert_thrown_out(message);
    }
}

#[test]
fn before_the_handshake_only_the_handshake_is_heard() {
    for message in [
        welcome(),
        hello(FRIEND),
        sync_request(&VersionVector::new()),
        Message::UpdateBatch(part(b"")),
        Message::UserLeft { node: FRIEND },
        Message::Heartbeat {
            digest: 0,
            received: 0,
        },
    ] {
        let mut stage = Stage::new();
        let newcomer = NodeId([4; 32]);
        stage.open(newcomer, 3);
        let outputs = stage.receive(3, message.clone());
        let closed = Output::Close {
            connection: 3,
            reason: CloseReason::Protocol,
        };
        assert!(outputs.contains(&closed), "after {message:?}: {outputs:?}");
        // A stranger who never got in is not kept in mind.
        stage.input(Input::Closed {
            connection: 3,
            reason: Reason::Requested,
        });
        assert_eq!(stage.state(newcomer), None);
    }
}

#[test]
fn a_peer_of_a_later_minor_version_is_welcome() {
    let mut stage = Stage::new();
    let newcomer = NodeId([4; 32]);
    stage.open(newcomer, 3);
    let Message::Hello(mut greeting) = hello(newcomer) else {
        panic!("this is a hello");
    };
    greeting.minor_version = u16::MAX;
    stage.receive(3, Message::Hello(greeting));
    stage.prove(3);
    stage.receive(3, welcome());
    stage.receive(3, sync_request(&VersionVector::new()));
    stage.receive(3, Message::SyncResponse(part(b"")));
    assert_eq!(stage.state(newcomer), Some(PeerState::Connected));
    // A conflict of a kind that we do not know is not ours to judge.
    let unknown = ConflictNotification {
        kind: ConflictKind::Unknown(77),
        details: vec![1, 2, 3],
    };
    assert_eq!(stage.receive(3, Message::ConflictNotification(unknown)), []);
}

#[test]
fn nobody_gives_up_a_document_for_a_mere_claim() {
    let mut stage = Stage::new();
    for (version, receiver) in [(0, 0), (1, 2), (u64::MAX, u64::MAX)] {
        let divergence = Divergence {
            version,
            sender: 0,
            receiver,
        };
        let claim = ConflictNotification::divergence(divergence);
        let outputs = stage.receive(MALLORYS, Message::ConflictNotification(claim));
        assert_eq!(outputs, []);
    }
}

#[test]
fn broken_updates_end_the_connection() {
    let mut update = {
        let doc = LoroDoc::new();
        let inserted = doc.get_text("main").insert(0, "text");
        assert!(inserted.is_ok());
        doc.export(loro::ExportMode::all_updates())
            .unwrap_or_default()
    };
    let last = update.len() - 1;
    update[last] ^= 1;
    for bytes in [b"nonsense".as_slice(), &update] {
        Stage::new().assert_thrown_out(Message::UpdateBatch(part(bytes)));
    }
}

#[test]
fn broken_versions_end_the_connection() {
    let negative: VersionVector = [(7, -1)].into_iter().collect();
    let mut stage = Stage::new();
    stage.assert_thrown_out(sync_request(&negative));
    let mut stage = Stage::new();
    stage.assert_thrown_out(Message::SyncRequest {
        version_vector: vec![0xff; 20],
        received: 0,
        waiting: false,
    });
}

#[test]
fn versions_from_the_future_are_harmless() {
    let mut stage = Stage::new();
    let future: VersionVector = [(7, i32::MAX), (8, 5)].into_iter().collect();
    let outputs = stage.receive(MALLORYS, sync_request(&future));
    let answer = Output::Send {
        connection: MALLORYS,
        message: Message::SyncResponse(part(b"")),
    };
    assert_eq!(outputs, [answer]);
    let acknowledged = Message::Heartbeat {
        digest: 0,
        received: u64::MAX,
    };
    stage.receive(MALLORYS, acknowledged);
    assert_eq!(stage.state(MALLORY), Some(PeerState::Connected));
}

#[test]
fn an_update_without_end_ends_the_connection() {
    // Zeroed memory that nobody touches costs nothing: keep it so, and copy no message.
    let mut stage = Stage::new();
    let endless = |size| {
        Message::UpdateBatch(Part {
            last: false,
            updates: vec![0; size],
        })
    };
    assert_eq!(stage.receive(MALLORYS, endless(MAX_UPDATE / 8)), []);
    let outputs = stage.receive(MALLORYS, endless(MAX_UPDATE - MAX_UPDATE / 8 + 1));
    assert!(outputs.contains(&Output::Close {
        connection: MALLORYS,
        reason: CloseReason::Protocol
    }));
    assert_eq!(stage.state(FRIEND), Some(PeerState::Connected));
}

#[test]
fn old_presence_is_ignored() {
    let mut stage = Stage::new();
    // It is news here, and passed on.
    assert_eq!(stage.receive(FRIENDS, presence(2)).len(), 2);
    assert_eq!(stage.receive(FRIENDS, presence(1)), []);
    assert_eq!(stage.receive(FRIENDS, presence(2)), []);
}

#[test]
fn presence_that_overtakes_the_handshake_is_kept() {
    let mut stage = Stage::new();
    let newcomer = NodeId([4; 32]);
    stage.open(newcomer, 3);
    stage.receive(3, hello(newcomer));
    stage.prove(3);
    assert_eq!(stage.receive(3, presence(2)), []);
    let outputs = stage.receive(3, welcome());
    assert!(outputs.iter().any(|output| matches!(
        output,
        Output::PresenceChanged { presence, .. } if presence.away
    )));
}

#[test]
fn invented_members_take_bounded_room_and_are_given_up() {
    let mut stage = Stage::new();
    let mut dials = 0;
    for number in 0..2 * MAX_MEMBERS as u32 {
        let mut node = [7; 32];
        node[..4].copy_from_slice(&number.to_le_bytes());
        let outputs = stage.receive(
            MALLORYS,
            Message::UserJoined(Member {
                address: PeerAddress::unknown(NodeId(node)),
                user: user("Nobody"),
            }),
        );
        assert_eq!(outputs, []);
    }
    assert!(stage.session.peers().count() <= MAX_MEMBERS);
    let end = stage.now + Duration::from_secs(1_800);
    while stage.now < end {
        let Some(next) = stage.session.next_tick() else {
            break;
        };
        stage.now = stage.now.max(next);
        let mut underway = 0;
        for output in stage.input(Input::Tick) {
            if let Output::Dial { address } = output {
                dials += 1;
                underway += 1;
                stage.input(Input::DialFailed {
                    node: address.node,
                    error: "nobody".to_owned(),
                });
            }
        }
        assert!(underway <= 8, "never more than the degree limit at once");
        // The real ones go on talking.
        for connection in [FRIENDS, MALLORYS] {
            let heartbeat = Message::Heartbeat {
                digest: 0,
                received: 0,
            };
            stage.receive(connection, heartbeat);
        }
    }
    assert_eq!(stage.state(FRIEND), Some(PeerState::Connected));
    assert!(dials <= 6 * MAX_MEMBERS);
}

#[test]
fn one_cannot_connect_to_oneself_or_flood_the_list_of_peers() {
    let mut stage = Stage::new();
    let outputs = stage.open(US, 3);
    assert_eq!(
        outputs,
        [Output::Close {
            connection: 3,
            reason: CloseReason::Protocol
        }]
    );
    assert_eq!(stage.input(Input::Dial(PeerAddress::unknown(US))), []);
    for number in 0..MAX_UNINTRODUCED as u64 {
        let mut node = [8; 32];
        node[..8].copy_from_slice(&number.to_le_bytes());
        stage.open(NodeId(node), 100 + number);
    }
    let outputs = stage.open(NodeId([5; 32]), 4);
    assert_eq!(
        outputs,
        [Output::Close {
            connection: 4,
            reason: CloseReason::Busy
        }]
    );
}

#[test]
fn who_does_not_introduce_itself_is_let_go() {
    let mut stage = Stage::new();
    stage.open(NodeId([4; 32]), 3);
    stage.now += Duration::from_secs(10);
    let outputs = stage.input(Input::Tick);
    assert!(outputs.contains(&Output::Close {
        connection: 3,
        reason: CloseReason::Silent
    }));
}

#[test]
fn who_asks_without_end_is_let_go_with_a_reason() {
    let mut stage = Stage::new();
    let question = sync_request(&VersionVector::new());
    // The handshake took one.
    for _ in 1..QUESTIONS_SAVED {
        stage.receive(MALLORYS, question.clone());
    }
    assert_eq!(stage.state(MALLORY), Some(PeerState::Connected));
    let outputs = stage.receive(MALLORYS, question);
    assert!(outputs.contains(&Output::Close {
        connection: MALLORYS,
        reason: CloseReason::Excess
    }));
    assert_eq!(stage.state(FRIEND), Some(PeerState::Connected));
}

#[test]
fn a_silent_peer_is_unstable_and_then_let_go() {
    let mut stage = Stage::new();
    let start = stage.now;
    let mut seen = Vec::new();
    while let Some(next) = stage.session.next_tick() {
        stage.now = stage.now.max(next);
        if stage.now > start + Duration::from_secs(31) {
            break;
        }
        for output in stage.input(Input::Tick) {
            if let Output::Connection(event) = output
                && event.node == FRIEND
            {
                seen.push((event.to, event.reason, (stage.now - start).as_secs()));
            }
        }
    }
    assert_eq!(
        seen,
        [
            (PeerState::Unstable, Reason::Silent, 4),
            (PeerState::Disconnecting, Reason::Silent, 30),
        ]
    );
}

#[test]
fn nobody_is_admitted_after_the_goodbye() {
    let mut stage = Stage::new();
    let outputs = stage.input(Input::Shutdown);
    for connection in [FRIENDS, MALLORYS] {
        let goodbye = Output::Close {
            connection,
            reason: CloseReason::Leaving,
        };
        assert!(outputs.contains(&goodbye));
    }
    let outputs = stage.open(NodeId([4; 32]), 3);
    assert_eq!(
        outputs,
        [Output::Close {
            connection: 3,
            reason: CloseReason::Leaving
        }]
    );
    assert_eq!(stage.input(Input::Dial(PeerAddress::unknown(FRIEND))), []);
}
