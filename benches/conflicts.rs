//! What looking for conflicts costs: on the key path, and on its own thread.
//!
//! `cargo bench --bench conflicts`

use std::{collections::BTreeSet, hint::black_box, time::Instant};

use iroh_loro_realtime::{
    Delta,
    crdt::conflict::{DetectOptions, Grade, PendingEdits, blocks, compare},
};
use loro::{ExportMode, IdSpan, LoroDoc};

/// Stretches of our own edits that others do not have yet.
const STRETCHES: usize = 500;
/// Operations in the history that both sides know.
const HISTORY: usize = 260_000;
/// Edits of each side while they are apart.
const EDITS: usize = 500;

fn main() {
    live();
    exact();
}

fn live() {
    let mut pending = PendingEdits::default();
    for number in 0..STRETCHES {
        let place = number * 100;
        pending.edit(&Delta::replace(place..place, "word"), number as u64);
    }
    assert_eq!(pending.len(), STRETCHES);
    let updates = 10_000;
    let started = Instant::now();
    for number in 0..updates {
        let place = (number * 7_919) % (STRETCHES * 100);
        black_box(pending.meet(&Delta::replace(place..place, "x")));
    }
    let each = started.elapsed() / updates as u32;
    println!("live: {each:?} for a remote update with {STRETCHES} pending ranges");
}

fn exact() {
    let doc = LoroDoc::new();
    doc.set_peer_id(1).expect("a new document");
    let text = doc.get_text("main");
    for number in 0..HISTORY {
        let letter = match number % 60 {
            58 => ".",
            59 => "\n",
            _ => "a",
        };
        // Not all in one run, as nobody writes from start to end.
        let place = if number % 1_000 == 0 {
            0
        } else {
            text.len_unicode()
        };
        text.insert(place, letter).expect("it fits");
    }
    doc.commit();
    let other = doc.fork();
    other.set_peer_id(2).expect("nothing is pending");
    for (doc, shift) in [(&doc, 0), (&other, 3)] {
        let text = doc.get_text("main");
        for number in 0..EDITS {
            let place = (number * 400 + shift) % text.len_unicode();
            text.insert(place, " word ").expect("it fits");
            doc.commit();
        }
    }
    let before = doc.oplog_vv();
    let updates = other.export(ExportMode::updates(&before)).expect("updates");
    doc.import(&updates).expect("updates");
    let end = doc.oplog_vv().get(&2).copied().unwrap_or(0);

    let started = Instant::now();
    let found = blocks(&doc, &BTreeSet::from([1]), IdSpan::new(2, 0, end));
    let sides = started.elapsed();
    let started = Instant::now();
    let snapshot = doc.export(ExportMode::Snapshot).expect("a snapshot");
    let locked = started.elapsed();
    let started = Instant::now();
    let copy = LoroDoc::new();
    copy.import(&snapshot).expect("a snapshot");
    let copied = started.elapsed();
    let started = Instant::now();
    let options = DetectOptions::default();
    let mut clashes = 0;
    for block in &found {
        let compared = compare(
            &copy,
            &block.ours,
            &block.theirs,
            &options,
            Grade::Likely,
            &|| false,
        );
        clashes += compared.expect("they can be compared").clashes.len();
    }
    println!(
        "exact: {HISTORY} operations, {EDITS} edits on each side, {clashes} conflicts: \
         {sides:?} to find the sides, {locked:?} to export (under the lock), {copied:?} to copy, \
         {:?} to compare",
        started.elapsed()
    );
}
