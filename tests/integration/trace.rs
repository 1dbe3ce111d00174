//! Two people's real keystrokes, with all that they did at the same time, over a connection that
//! comes and goes.

use std::{fs::File, path::Path, sync::Mutex};

use flate2::read::GzDecoder;
use iroh::SecretKey;
use iroh_loro_realtime::DocumentId;
use loro::{ExportMode, IdSpan, LoroDoc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;

use crate::nodes::{Machine, Node, until_within};

/// Transactions in one update at most: what somebody types within about a second.
const KEYSTROKES: usize = 10;
/// Updates between two changes of the connection at most.
const CALM: usize = 150;

/// One writer's half: updates in the order of writing, each with its true parents.
type Half = Vec<Vec<u8>>;

struct Trace {
    halves: [Half; 2],
    end: String,
}

/// Replays a trace with one document for each writer, which learns from the other one exactly
/// what its writer had seen.
struct Replay {
    docs: [LoroDoc; 2],
    /// How much of the other one each has.
    seen: [i32; 2],
    /// From where on each writer's operations are not in an update yet.
    cut: [i32; 2],
    waiting: [usize; 2],
    halves: [Half; 2],
}

impl Replay {
    fn new() -> Self {
        let docs = [1, 2].map(|peer| {
            let doc = LoroDoc::new();
            doc.set_peer_id(peer).unwrap();
            doc
        });
        Self {
            docs,
            seen: [0; 2],
            cut: [0; 2],
            waiting: [0; 2],
            halves: [vec![], vec![]],
        }
    }

    fn end_of(&self, agent: usize) -> i32 {
        let version = self.docs[agent].oplog_vv();
        version.get(&(agent as u64 + 1)).copied().unwrap_or(0)
    }

    fn span(&self, agent: usize, from: i32, to: i32) -> Vec<u8> {
        let span = IdSpan::new(agent as u64 + 1, from, to);
        let range = ExportMode::updates_in_range(vec![span]);
        self.docs[agent].export(range).unwrap()
    }

    /// A writer has seen the other one's text up to here.
    fn learn(&mut self, agent: usize, end: i32) {
        if end > self.seen[agent] {
            let update = self.span(1 - agent, self.seen[agent], end);
            let status = self.docs[agent].import(&update).unwrap();
            assert!(status.pending.is_none());
            self.seen[agent] = end;
        }
    }

    fn write(&mut self, agent: usize, patches: &Value) -> i32 {
        let text = self.docs[agent].get_text("main");
        for patch in patches.as_array().unwrap() {
            let number = |index: usize| patch[index].as_u64().unwrap() as usize;
            text.delete(number(0), number(1)).unwrap();
            text.insert(number(0), patch[2].as_str().unwrap()).unwrap();
        }
        self.docs[agent].commit();
        self.waiting[agent] += 1;
        if self.waiting[agent] == KEYSTROKES {
            self.cut(agent);
        }
        self.end_of(agent)
    }

    fn cut(&mut self, agent: usize) {
        let end = self.end_of(agent);
        if end > self.cut[agent] {
            let update = self.span(agent, self.cut[agent], end);
            self.halves[agent].push(update);
            self.cut[agent] = end;
        }
        self.waiting[agent] = 0;
    }
}

/// `None` where the traces are not.
fn read() -> Option<Trace> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/traces/friendsforever.json.gz");
    let found = File::open(&path).or_else(|_| {
        // One folder deeper, in a worktree.
        let deeper = Path::new(env!("CARGO_MANIFEST_DIR"));
        File::open(deeper.join("../../shared/traces/friendsforever.json.gz"))
    });
    let Ok(file) = found else {
        println!("skipped: there is no {}", path.display());
        return None;
    };
    let trace: Value = serde_json::from_reader(GzDecoder::new(file)).unwrap();
    let mut replay = Replay::new();
    // Who wrote each transaction, and where the writer's operations ended after it.
    let mut done: Vec<(usize, i32)> = Vec::new();
    for transaction in trace["txns"].as_array().unwrap() {
        let agent = transaction["agent"].as_u64().unwrap() as usize;
        for parent in transaction["parents"].as_array().unwrap() {
            let (writer, end) = done[parent.as_u64().unwrap() as usize];
            if writer != agent {
                replay.learn(agent, end);
            }
        }
        let end = replay.write(agent, &transaction["patches"]);
        done.push((agent, end));
    }
    for agent in [0, 1] {
        replay.cut(agent);
    }
    let end = trace["endContent"].as_str().unwrap().to_owned();
    let halves = replay.halves;
    Some(Trace { halves, end })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_come_to_the_same_end_over_a_connection_that_comes_and_goes() {
    let Some(trace) = tokio::task::spawn_blocking(read).await.unwrap() else {
        return;
    };
    let machine = Machine::new();
    let id = Some(DocumentId::random());
    let one = machine.start("Alice", "", id, SecretKey::generate()).await;
    let other = machine.start("Bob", "", id, SecretKey::generate()).await;
    other.connect_to(&one).await;

    let cuts = Mutex::new(0);
    let [first, second] = &trace.halves;
    tokio::join!(feed(&one, first, 1, &cuts), feed(&other, second, 2, &cuts));
    let patience = std::time::Duration::from_secs(40);
    until_within(patience, "both have everything", || {
        one.text() == trace.end && other.text() == trace.end
    })
    .await;
    let updates = first.len() + second.len();
    let cuts = *cuts.lock().unwrap();
    println!("{updates} updates, {cuts} times offline");
    assert!(cuts > 10);
}

/// Hands a node its writer's updates, and takes it off and on the net at random.
async fn feed(node: &Node, half: &Half, seed: u64, cuts: &Mutex<usize>) {
    let mut random = StdRng::seed_from_u64(seed);
    let manager = node.protocol.connection_manager();
    let mut calm = random.random_range(1..=CALM);
    let mut online = true;
    for update in half {
        node.doc().import(update).unwrap();
        calm -= 1;
        if calm == 0 {
            calm = random.random_range(1..=CALM);
            online = !online;
            if online {
                manager.go_online();
            } else {
                manager.go_offline();
                *cuts.lock().unwrap() += 1;
            }
        }
        // Lets the other one, and the network, have their turn.
        tokio::task::yield_now().await;
    }
    manager.go_online();
}
