//! A paper typed on one replica, keystroke by keystroke, until the other one has it.
//!
//! `cargo bench --bench throughput`. Baseline: the same keystrokes in one bare Loro document, each
//! committed, and the update of each imported into another, without any network. `at-once` compares
//! with the same but for one import of everything at the end, the least that Loro can do.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use iroh_loro_realtime::{DocumentId, SharedDocument};
use loro::{ExportMode, LoroDoc};

mod common;

use common::{
    Bar, Figures, Times, full_or_quick,
    history::{Keystroke, keystrokes},
    nodes::{Node, runtime, until},
};

/// Types everything, and returns how long it took until the other had it.
async fn typed(keystrokes: &[Keystroke]) -> Duration {
    let id = Some(DocumentId::random());
    let empty = || SharedDocument::new(LoroDoc::new());
    let host = Node::start("Host", empty(), id).await;
    let guest = Node::start("Guest", empty(), id).await;
    guest.connect_to(&host).await;
    let started = Instant::now();
    for keystroke in keystrokes {
        let done = host.protocol.apply_local_change(|doc| keystroke.apply(doc));
        done.await.expect("the trace is sound");
    }
    let version = host.protocol.doc().oplog_vv();
    until(|| guest.protocol.doc().oplog_vv() == version).await;
    let taken = started.elapsed();
    let text = |node: &Node| node.protocol.doc().get_text("main").to_string();
    assert_eq!(text(&host), text(&guest));
    guest.stop().await;
    host.stop().await;
    taken
}

/// The same without a network; also how long it takes with a single import.
fn bare(keystrokes: &[Keystroke]) -> (Duration, Duration) {
    let (one, other) = (LoroDoc::new(), LoroDoc::new());
    let pending = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&pending);
    let _subscription = one.subscribe_local_update(Box::new(move |update| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told.push(update.clone());
        true
    }));
    let mut imports = Duration::ZERO;
    let started = Instant::now();
    for keystroke in keystrokes {
        keystroke.apply(&one).expect("the trace is sound");
        one.commit();
        let importing = Instant::now();
        let updates = std::mem::take(&mut *pending.lock().unwrap_or_else(PoisonError::into_inner));
        for update in updates {
            other.import(&update).expect("it was exported here");
        }
        imports += importing.elapsed();
    }
    let taken = started.elapsed();
    let importing = Instant::now();
    let all = one.export(ExportMode::all_updates()).expect("updates");
    LoroDoc::new().import(&all).expect("it was exported here");
    (taken, taken - imports + importing.elapsed())
}

fn main() {
    let runtime = runtime();
    let keystrokes = keystrokes();
    let mut figures = Figures::new();
    let runs = full_or_quick(3, 1);
    let (mut taken, mut each, mut once) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let (one_by_one, at_once) = bare(&keystrokes);
        each.push(one_by_one);
        once.push(at_once);
        taken.push(runtime.block_on(typed(&keystrokes)));
    }
    let [taken, each, once] = [taken, each, once].map(|times| Times::of(times).median());
    figures.add_time("throughput-time", taken, each, Bar::Times(2.5));
    figures.add_time("throughput-time-at-once", taken, once, Bar::None);
    let rate = |time: Duration| keystrokes.len() as f64 / time.as_secs_f64();
    let bar = Bar::AtLeast(20_000.0);
    figures.add("throughput-keystrokes", rate(taken), "1/s", rate(each), bar);
}
