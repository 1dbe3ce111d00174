//! How long one keystroke takes from one replica to another, in documents of all sizes.
//!
//! `cargo bench --bench latency`. From `apply_local_change` on one node to the `DocumentEvent` on
//! the other, over two real endpoints on 127.0.0.1, one keystroke at a time with a pause behind it.
//! Baseline: the median of what 91 bytes take one way over a raw stream between the same
//! endpoints, with the same pauses.

use std::{
    thread,
    time::{Duration, Instant},
};

use iroh_loro_realtime::{ChangeOrigin, DocumentId, SharedDocument};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

mod common;

use common::{
    Bar, Figures, Times, full_or_quick,
    history::{copy_of, document_of, prose},
    is_wanted,
    nodes::{Node, runtime},
};

/// Keys that follow each other in less than 15 ms are gathered; nobody types that quickly.
const PAUSE: Duration = Duration::from_millis(16);
/// Echoes between keystrokes.
const ECHOES: usize = 4;

struct Measured {
    keys: Times,
    raw: Times,
}

async fn measure(document: SharedDocument, samples: usize) -> Measured {
    let length = document.doc().get_text("main").len_unicode();
    let id = Some(DocumentId::random());
    let guest = Node::start("Guest", copy_of(&document), id).await;
    let host = Node::start("Host", document, id).await;
    guest.connect_to(&host).await;
    let mut guest = guest;
    let mut random = StdRng::seed_from_u64(1);
    let mut caret = length / 2;
    let (mut keys, mut raw) = (Vec::new(), Vec::new());
    for number in 0..samples {
        if number % 100 == 0 {
            caret = random.random_range(0..=length);
        }
        while guest.updates.try_recv().is_ok() {}
        thread::sleep(PAUSE);
        let started = Instant::now();
        host.write(caret, "x").await;
        while !matches!(guest.change().await.origin, ChangeOrigin::Peer(_)) {}
        keys.push(started.elapsed());
        caret += 1;
        if number % (samples / 20).max(1) == 0 {
            raw.extend(host.echo(&guest, ECHOES, PAUSE).await);
        }
    }
    guest.stop().await;
    host.stop().await;
    Measured {
        keys: Times::of(keys),
        raw: Times::of(raw),
    }
}

fn main() {
    let runtime = runtime();
    let samples = full_or_quick(2_000, 200);
    let mut figures = Figures::new();
    // Unknown when that part is not wanted.
    let mut smallest = Duration::ZERO;
    let sizes = [
        ("1KB", 1_000),
        ("1MB", 1_000_000),
        ("10MB", 10_000_000),
        ("100MB", 100_000_000),
    ];
    for (name, bytes) in &sizes[..full_or_quick(4, 3)] {
        if !is_wanted(name) {
            continue;
        }
        let document = document_of(&prose(*bytes));
        let Measured { keys, raw } = runtime.block_on(measure(document, samples));
        let (median, slow) = (keys.median(), keys.percentile(99));
        let one_way = raw.median();
        let name = |what: &str| format!("latency-{name}-{what}");
        figures.add_time(&name("p50"), median, one_way, Bar::Times(4.0));
        figures.add_time(&name("p99"), slow, one_way, Bar::Times(10.0));
        if *bytes == sizes[0].1 {
            smallest = median;
        }
        figures.add_time(&name("to-1KB"), median, smallest, Bar::Times(1.5));
    }
}
