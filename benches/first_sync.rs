//! How fast somebody who joins gets a document, by its size and by its history.
//!
//! `cargo bench --bench first_sync`. From the dial until both have what the other had. Baseline:
//! the same bytes, those of the document's updates, over one raw stream between the same
//! endpoints. A ratio of 1.67 is 60 % of that rate. `editing` is how long a keystroke waited for
//! the document's lock at most while the answer came in: the joiner can write before the end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use iroh_loro_realtime::{DocumentId, SharedDocument};
use loro::{ExportMode, LoroDoc};
use tokio::time::sleep;

mod common;

use common::{
    Bar, Figures, Times, full_or_quick,
    history::{copy_of, document_of, document_written, keystrokes, prose},
    is_wanted,
    nodes::{Node, runtime},
};

struct Measured {
    sync: Duration,
    raw: Duration,
    editing: Duration,
    /// How often the joiner could see how far it was.
    progress: usize,
}

async fn measure(document: &SharedDocument, updates: &[u8]) -> Measured {
    let host = Node::start("Host", copy_of(document), Some(DocumentId::random())).await;
    let guest = Node::start("Guest", SharedDocument::new(LoroDoc::new()), None).await;
    let raw = host.pour(&guest, updates).await;

    let arrived = Arc::new(AtomicBool::new(false));
    let (typing, over) = (guest.protocol.clone(), Arc::clone(&arrived));
    let typist = tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        while !over.load(Ordering::Relaxed) {
            let pressed = Instant::now();
            let done = typing.apply_local_change(|doc| doc.get_text("notes").insert(0, "x"));
            done.await.expect("it can be written");
            longest = longest.max(pressed.elapsed());
            sleep(Duration::from_millis(50)).await;
        }
        longest
    });
    let mut watch = guest.protocol.sync_progress();
    let watcher = tokio::spawn(async move {
        let mut seen = 0;
        while watch.changed().await.is_ok() {
            seen += 1;
        }
        seen
    });
    let started = Instant::now();
    guest.connect_to(&host).await;
    let sync = started.elapsed();
    arrived.store(true, Ordering::Relaxed);
    let editing = typist.await.expect("the typist ends");
    let length = |node: &Node| node.protocol.doc().get_text("main").len_unicode();
    assert_eq!(length(&host), length(&guest));
    guest.stop().await;
    host.stop().await;
    Measured {
        sync,
        raw,
        editing,
        progress: watcher.await.expect("the watcher ends"),
    }
}

fn main() {
    let runtime = runtime();
    let mut figures = Figures::new();
    let sizes = [
        ("1MB", 1_000_000, 5),
        ("10MB", 10_000_000, 5),
        ("100MB", 100_000_000, 1),
    ];
    let plain = sizes[..full_or_quick(3, 2)].iter();
    let mut documents: Vec<_> = plain
        .map(|(name, bytes, runs)| (*name, Some(*bytes), full_or_quick(*runs, 1)))
        .collect();
    documents.push(("history", None, full_or_quick(3, 1)));
    for (name, bytes, runs) in documents {
        if !is_wanted(name) {
            continue;
        }
        let document = match bytes {
            Some(bytes) => document_of(&prose(bytes)),
            None => document_written(&keystrokes()),
        };
        let updates = document.doc().export(ExportMode::all_updates());
        let updates = updates.expect("it can be exported");
        let (mut sync, mut raw, mut editing) = (Vec::new(), Vec::new(), Vec::new());
        let mut progress = 0;
        for _ in 0..runs {
            let measured = runtime.block_on(measure(&document, &updates));
            sync.push(measured.sync);
            raw.push(measured.raw);
            editing.push(measured.editing);
            progress = measured.progress;
        }
        let [sync, raw, editing] = [sync, raw, editing].map(|times| Times::of(times).median());
        let bar = match name {
            "10MB" => Bar::Times(1.0 / 0.6),
            _ => Bar::None,
        };
        let figure = |what: &str| format!("first-sync-{name}{what}");
        figures.add_time(&figure(""), sync, raw, bar);
        figures.add_time(&figure("-editing"), editing, sync, Bar::None);
        let megabytes = updates.len() as f64 / 1e6;
        figures.add(&figure("-bytes"), megabytes, "MB", 0.0, Bar::None);
        figures.add(
            &figure("-progress"),
            progress as f64,
            "times",
            0.0,
            Bar::None,
        );
    }
}
