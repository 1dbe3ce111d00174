//! Many people writing at once: over real endpoints in one process, and hundreds in simulation.
//!
//! `cargo bench --bench group`, with `--features sim` for the simulated part. 2, 10 and 50 writers
//! press five keys a second each; every edit is timed until the last of them has it. Baseline: the
//! same with two writers. In simulation, replicas whose neighbours HyParView chooses write one after
//! the other; `deliveries` is how often an edit is sent for each replica that lacks it, 1 being the
//! least, and times are virtual.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use iroh_loro_realtime::{DocumentId, SharedDocument};
use loro::LoroDoc;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::time::{MissedTickBehavior, interval, sleep};

mod common;

#[cfg(feature = "sim")]
use common::is_named;
use common::{
    Bar, Figures, Times, full_or_quick, is_quick, is_wanted,
    nodes::{Node, runtime, until},
    process::{processor_time, resident},
};

/// Between two keys of one writer.
const PAUSE: Duration = Duration::from_millis(200);

/// By writer: when somebody had their edits, the first of them first.
type Seen = BTreeMap<u64, Vec<Instant>>;

struct Measured {
    until_all: Times,
    /// The share of one processor.
    processor: f64,
    bytes_each: f64,
}

/// Notes when each edit of the others gets here.
fn watch(node: &Node) -> Arc<Mutex<Seen>> {
    let seen = Arc::new(Mutex::new(Seen::new()));
    let noted = Arc::clone(&seen);
    let doc = node.protocol.doc().clone();
    let mut updates = node.updates.resubscribe();
    tokio::spawn(async move {
        while updates.recv().await.is_ok() {
            let now = Instant::now();
            let mut seen = noted.lock().unwrap_or_else(PoisonError::into_inner);
            for (peer, end) in doc.oplog_vv().iter() {
                let seen = seen.entry(*peer).or_default();
                let end = usize::try_from(*end).unwrap_or(0);
                seen.resize(end.max(seen.len()), now);
            }
        }
    });
    seen
}

/// Presses keys at five a second, and returns when each edit was made.
async fn write(node: &Node, keys: usize, delay: Duration, seed: u64) -> Vec<Instant> {
    let mut random = StdRng::seed_from_u64(seed);
    sleep(delay).await;
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut times = Vec::with_capacity(keys);
    for _ in 0..keys {
        ticks.tick().await;
        let share: f64 = random.random();
        times.push(Instant::now());
        let done = node.protocol.apply_local_change(|doc| {
            let text = doc.get_text("main");
            text.insert((text.len_unicode() as f64 * share) as usize, "x")
        });
        done.await.expect("it is inside the text");
    }
    times
}

async fn measure(writers: usize, keys: usize) -> Measured {
    let before = resident("self");
    let id = Some(DocumentId::random());
    let mut nodes = Vec::new();
    for number in 0..writers {
        let document = SharedDocument::new(LoroDoc::new());
        let node = Node::start(&format!("Writer {number}"), document, id).await;
        if let Some(host) = nodes.first() {
            node.connect_to(host).await;
        }
        nodes.push(node);
    }
    // They find each other.
    sleep(Duration::from_secs(2)).await;
    let bytes_each = resident("self").saturating_sub(before) as f64 / writers as f64;
    let seen: Vec<_> = nodes.iter().map(watch).collect();
    let nodes = Arc::new(nodes);
    let (busy, started) = (processor_time("self"), Instant::now());
    let tasks: Vec<_> = (0..writers)
        .map(|number| {
            let nodes = Arc::clone(&nodes);
            let delay = PAUSE.mul_f64(number as f64 / writers as f64);
            tokio::spawn(async move { write(&nodes[number], keys, delay, number as u64).await })
        })
        .collect();
    let mut written = Vec::new();
    for task in tasks {
        written.push(task.await.expect("the writer ends"));
    }
    let (busy, elapsed) = (processor_time("self") - busy, started.elapsed());
    let all = || {
        let mut versions = nodes.iter().map(|node| node.protocol.doc().oplog_vv());
        let first = versions.next();
        versions.all(|version| Some(version) == first)
    };
    until(all).await;
    // What came last is noted by then.
    sleep(Duration::from_millis(200)).await;
    let text = |node: &Node| node.protocol.doc().get_text("main").to_string();
    assert!(nodes.iter().all(|node| text(node) == text(&nodes[0])));

    let mut times = Vec::new();
    for (writer, written) in written.iter().enumerate() {
        let peer = nodes[writer].protocol.doc().peer_id();
        for (edit, at) in written.iter().enumerate() {
            let others = seen.iter().enumerate().filter(|(node, _)| *node != writer);
            let last = others.filter_map(|(_, seen)| {
                let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.get(&peer)?.get(edit).copied()
            });
            times.extend(last.max().map(|last| last.saturating_duration_since(*at)));
        }
    }
    for node in Arc::into_inner(nodes).expect("the writers have ended") {
        node.stop().await;
    }
    Measured {
        until_all: Times::of(times),
        processor: busy.as_secs_f64() / elapsed.as_secs_f64(),
        bytes_each,
    }
}

fn main() {
    let mut figures = Figures::new();
    let runtime = runtime();
    let keys = full_or_quick(100, 15);
    // Unknown when that part is not wanted.
    let (mut median_of_two, mut slow_of_two) = (Duration::ZERO, Duration::ZERO);
    for writers in [2, 10, full_or_quick(50, 20)] {
        if !is_wanted(&format!("group-{writers}")) {
            continue;
        }
        let measured = runtime.block_on(measure(writers, keys));
        let times = &measured.until_all;
        let (median, slow) = (times.median(), times.percentile(99));
        if writers == 2 {
            (median_of_two, slow_of_two) = (median, slow);
        }
        let name = |what: &str| format!("group-{writers}-{what}");
        figures.add_time(&name("p50"), median, median_of_two, Bar::None);
        let bar = match writers {
            50 => Bar::AtMost(150_000.0),
            _ => Bar::None,
        };
        figures.add_time(&name("p99"), slow, slow_of_two, bar);
        figures.add(
            &name("cpu"),
            measured.processor * 100.0,
            "%",
            0.0,
            Bar::None,
        );
        figures.add(
            &name("memory"),
            measured.bytes_each / 1e3,
            "KB/peer",
            0.0,
            Bar::None,
        );
    }
    #[cfg(feature = "sim")]
    for replicas in [30, 200, 1_000] {
        let name = format!("group-sim-{replicas}");
        // The times are virtual, so whoever asks for the large ones gets them in any mode.
        if is_named(&name) || (is_wanted(&name) && (replicas == 30) == is_quick()) {
            simulated::measure(&mut figures, replicas);
        }
    }
    #[cfg(not(feature = "sim"))]
    println!(
        "# the simulated part needs --features sim{}",
        if is_quick() {
            ", and no BENCH_QUICK"
        } else {
            ""
        }
    );
}

#[cfg(feature = "sim")]
mod simulated {
    use std::time::Duration;

    use iroh_loro_realtime::{
        DocumentId, PeerState,
        net::{
            session::{AccessConfig, Input},
            sim::{Network, SiteId, SiteOptions},
        },
    };

    use crate::common::{Bar, Figures, membership::neighbours};

    /// Edits that are counted.
    const EDITS: usize = 20;
    /// Edits before them, in which the replicas find out which links are needless.
    const WARM_UP: usize = 12;
    /// Far longer than a message and an acknowledgement take.
    const SETTLE: Duration = Duration::from_secs(20);

    /// All replicas, each connected with the neighbours that HyParView chooses for it.
    fn gather(replicas: usize) -> Network {
        let mut net = Network::new(3);
        let sites: Vec<SiteId> = (0..replicas)
            .map(|number| {
                net.add_with(SiteOptions {
                    name: format!("Replica {number}"),
                    document: Some(DocumentId([1; 32])),
                    title: "notes.md".to_owned(),
                    degree_limit: 0,
                    access: AccessConfig::default(),
                })
            })
            .collect();
        for (site, neighbours) in neighbours(replicas, 3).into_iter().enumerate() {
            let nodes = neighbours.into_iter().map(|other| net.node(sites[other]));
            let nodes = nodes.collect();
            net.input(site, Input::Neighbours(nodes));
        }
        net
    }

    /// Returns how many connections the one holds who has most.
    fn most_connections(net: &Network) -> usize {
        let connected = |site| {
            let peers = net.session(site).peers();
            peers
                .filter(|peer| peer.state != PeerState::Disconnected)
                .count()
        };
        (0..net.len()).map(connected).max().unwrap_or(0)
    }

    /// Everybody's distance from one replica is the fewest connections that a message has to take.
    pub fn measure(figures: &mut Figures, replicas: usize) {
        let mut net = gather(replicas);
        net.run_for(SETTLE);
        net.insert(0, 0, "start");
        net.run_until_equal();
        net.run_for(SETTLE);
        for edit in 0..WARM_UP {
            net.insert((edit * 104_729) % replicas, edit, "w");
            net.run_for(Duration::from_secs(2));
        }
        net.run_until_equal();
        net.reset_traffic();
        let mut slowest = Duration::ZERO;
        for edit in 0..EDITS {
            let started = net.now();
            net.insert((edit * 7_919) % replicas, edit, "x");
            net.run_until_equal();
            slowest = slowest.max(net.now() - started);
            net.run_for(Duration::from_secs(2));
        }
        let name = |what: &str| format!("group-sim-{replicas}-{what}");
        let traffic = net.traffic();
        let needed = (EDITS * (replicas - 1)) as f64;
        let deliveries = traffic.updates as f64 / needed;
        figures.add(
            &name("deliveries"),
            deliveries,
            "per-replica",
            1.0,
            Bar::AtMost(1.5),
        );
        let messages = traffic.messages as f64 / EDITS as f64;
        figures.add(
            &name("messages"),
            messages,
            "per-edit",
            (replicas - 1) as f64,
            Bar::None,
        );
        figures.add(
            &name("connections"),
            most_connections(&net) as f64,
            "most",
            0.0,
            Bar::AtMost(8.0),
        );
        // A message takes 30 ms on the average, and up to 60.
        let hops = (slowest.as_millis() as f64 / 60.0).ceil();
        figures.add(&name("hops"), hops, "at-least", 0.0, Bar::None);
        figures.add_time(&name("seen-by-all"), slowest, Duration::ZERO, Bar::None);

        let island: Vec<SiteId> = (0..replicas / 2).collect();
        net.partition(&island);
        net.insert(0, 0, "island");
        net.insert(replicas - 1, 0, "mainland");
        net.run_for(Duration::from_secs(10));
        let healed = net.now();
        net.heal();
        net.run_until_equal();
        figures.add_time(
            &name("after-partition"),
            net.now() - healed,
            slowest,
            Bar::None,
        );
    }
}
