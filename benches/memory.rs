//! What a peer costs in memory, and presence on the wire.
//!
//! Counts what sessions allocate, with as many peers as named below, all connected, in sync and
//! idle. What iroh keeps for a connection is not in it, nor are the tasks that read and write its
//! streams. `cargo bench --bench memory`; debug builds give the same numbers, so that
//! `cargo test --bench memory` will do. Each line is `NAME value unit ratio baseline`, where the
//! ratio is value to baseline, and the baseline what is allowed. Ends with code 1 if a value is
//! larger than that.

use std::{alloc::System, collections::VecDeque, process::ExitCode, time::Duration};

use iroh_loro_realtime::{
    DocumentId, NodeId, PeerAddress, PeerState, UserInfo,
    crdt::{Anchor, Bias, SharedDocument},
    net::{
        frame::frame,
        message::{Message, WireAnchor},
        presence::LocalPresence,
        session::{AccessConfig, Input, Output, Session, SessionConfig},
    },
};
use loro::LoroDoc;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many peers are connected at once.
const CROWDS: [u8; 4] = [1, 8, 50, 200];
/// Bytes that a peer may cost.
const PEER_ALLOWED: usize = 1000;
/// Bytes that presence may take, as payload and with its frame.
const PRESENCE_ALLOWED: usize = 100;
/// Long enough for everything that happens once in a while.
const IDLE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// A session with its document. All write the same text before they meet.
struct Site {
    session: Session,
    replica: SharedDocument,
}

impl Site {
    fn new(number: u8, history: &[u8]) -> Self {
        let node = NodeId([number; 32]);
        let config = SessionConfig {
            node,
            document: Some(DocumentId([7; 32])),
            title: "notes.md".to_owned(),
            user: UserInfo {
                name: format!("Person {number}"),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address: PeerAddress {
                node,
                direct: vec![([192, 168, 0, number], 4000).into()],
                relay: Some("https://relay.example/".to_owned()),
            },
            degree_limit: 0,
            access: AccessConfig::default(),
        };
        let doc = LoroDoc::new();
        doc.import(history).expect("it was exported here");
        Self {
            session: Session::new(config, number.into()),
            replica: SharedDocument::new(doc),
        }
    }

    fn handle(&mut self, input: Input, now: Duration) -> Vec<Output> {
        self.session.handle(input, now, &mut self.replica)
    }
}

/// Who receives a message.
enum Side {
    Middle,
    Others,
}

/// A document that several people wrote before.
fn history() -> Vec<u8> {
    let doc = LoroDoc::new();
    for writer in 1..=4 {
        doc.set_peer_id(writer).expect("nothing is pending");
        doc.get_text("main")
            .insert(0, "some words\n")
            .expect("inside");
        doc.commit();
    }
    doc.export(loro::ExportMode::Snapshot)
        .expect("it can be exported")
}

/// One session in the middle, and everybody else connected to it alone.
struct Star {
    middle: Site,
    others: Vec<Site>,
    now: Duration,
}

impl Star {
    fn new(others: u8) -> Self {
        let history = history();
        Self {
            middle: Site::new(0, &history),
            others: (1..=others)
                .map(|number| Site::new(number, &history))
                .collect(),
            now: SECOND,
        }
    }

    fn connect_all(&mut self) {
        for index in 0..self.others.len() {
            let connection = index as u64;
            let opened = |node| Input::Opened {
                node,
                connection,
                address: None,
                binding: [0; 32],
            };
            let other = &mut self.others[index];
            let theirs = other.handle(opened(self.middle.session.node()), self.now);
            let ours = self.middle.handle(opened(other.session.node()), self.now);
            self.deliver(ours, theirs);
        }
    }

    /// Lets a time pass in which nobody does anything.
    fn idle(&mut self) {
        let end = self.now + IDLE;
        while self.now < end {
            self.now += SECOND;
            let ours = self.middle.handle(Input::Tick, self.now);
            let mut theirs = Vec::new();
            for other in &mut self.others {
                theirs.extend(other.handle(Input::Tick, self.now));
            }
            self.deliver(ours, theirs);
        }
    }

    /// Carries messages to and fro, in order, until nobody says anything any more.
    fn deliver(&mut self, ours: Vec<Output>, theirs: Vec<Output>) {
        let mut ways = VecDeque::new();
        ways.extend(messages_of(ours).map(|input| (Side::Others, input)));
        ways.extend(messages_of(theirs).map(|input| (Side::Middle, input)));
        while let Some((side, (connection, message))) = ways.pop_front() {
            let input = Input::Received {
                connection,
                message,
            };
            match side {
                Side::Middle => {
                    let answers = self.middle.handle(input, self.now);
                    ways.extend(messages_of(answers).map(|input| (Side::Others, input)));
                }
                Side::Others => {
                    let answers = self.others[connection as usize].handle(input, self.now);
                    ways.extend(messages_of(answers).map(|input| (Side::Middle, input)));
                }
            }
        }
    }

    /// Returns the bytes that the session in the middle has, by letting go of it.
    fn size_of_middle(self) -> usize {
        let Site { session, replica } = self.middle;
        let region = Region::new(ALLOCATOR);
        drop(session);
        let freed = region.change().bytes_deallocated;
        drop(replica);
        freed
    }
}

fn messages_of(outputs: Vec<Output>) -> impl Iterator<Item = (u64, Message)> {
    outputs.into_iter().filter_map(|output| match output {
        Output::Send {
            connection,
            message,
        } => Some((connection, message)),
        _ => None,
    })
}

/// Returns the bytes that each idle peer of so many costs.
fn bytes_per_peer(peers: u8) -> usize {
    let alone = Star::new(0).size_of_middle();
    let mut star = Star::new(peers);
    star.connect_all();
    star.idle();
    let connected = star
        .middle
        .session
        .peers()
        .filter(|peer| peer.state == PeerState::Connected)
        .count();
    assert_eq!(connected, usize::from(peers));
    (star.size_of_middle() - alone).div_ceil(connected)
}

/// Returns what a caret and a selection take as a message, and with the frame around it.
fn bytes_of_presence(selects: bool) -> (usize, usize) {
    let mut star = Star::new(1);
    star.connect_all();
    star.idle();
    let doc = star.middle.replica.doc().clone();
    let anchor = |place, bias| {
        let anchor = Anchor::at(&doc, "main", place, bias).expect("inside");
        Some(WireAnchor(anchor.encode()))
    };
    let presence = LocalPresence {
        user: UserInfo {
            name: "Person 0".to_owned(),
            color: "#4ECDC4".to_owned(),
            avatar_url: None,
        },
        cursor: anchor(20, Bias::Before),
        selection_start: selects.then(|| anchor(5, Bias::After)).flatten(),
        typing: true,
        away: false,
    };
    let outputs = star.middle.handle(Input::LocalPresence(presence), star.now);
    let updates = messages_of(outputs).map(|(_, message)| message);
    let update = updates
        .filter(Message::is_presence)
        .last()
        .expect("the other is told at once");
    let payload = update.encode().expect("a session keeps the limits");
    let size = payload.len();
    let framed = frame(payload).expect("it is small");
    (size, framed.iter().map(|piece| piece.len()).sum())
}

struct Line {
    name: String,
    value: usize,
    allowed: usize,
}

fn main() -> ExitCode {
    let mut lines = Vec::new();
    for peers in CROWDS {
        lines.push(Line {
            name: format!("memory_per_idle_peer_of_{peers}"),
            value: bytes_per_peer(peers),
            allowed: PEER_ALLOWED,
        });
    }
    for (what, selects) in [("cursor", false), ("selection", true)] {
        let (payload, framed) = bytes_of_presence(selects);
        for (name, value) in [("payload", payload), ("frame", framed)] {
            lines.push(Line {
                name: format!("presence_{what}_{name}"),
                value,
                allowed: PRESENCE_ALLOWED,
            });
        }
    }
    for line in &lines {
        let ratio = line.value as f64 / line.allowed as f64;
        println!(
            "{} {} bytes {ratio:.2} {}",
            line.name, line.value, line.allowed
        );
    }
    println!("\n| what | bytes | allowed |\n| --- | --- | --- |");
    for line in &lines {
        let name = line.name.replace('_', " ");
        println!("| {name} | {} | {} |", line.value, line.allowed);
    }
    if lines.iter().all(|line| line.value <= line.allowed) {
        ExitCode::SUCCESS
    } else {
        eprintln!("something is larger than it may be");
        ExitCode::FAILURE
    }
}
