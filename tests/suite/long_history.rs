//! A document with a quarter of a million edits behind it: how soon it is on the screen, and
//! whether the first key takes longer than the others. Prints what it measured, for a machine that
//! is idle and a release build:
//!
//! ```text
//! cargo test --release --test suite long_history -- --nocapture
//! ```

use std::{
    env,
    fs::{self, File},
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use flate2::read::GzDecoder;
use iroh_loro_realtime::{
    DocumentId,
    crdt::{SharedDocument, TextDocument, TextFormat},
    store::{Journal, Journaled, SaveRecord, Store, hash_of_text},
};
use serde_json::Value;

use crate::terminal::{Machine, Person};

/// Edits that are made up where there are no traces.
const MADE_UP: usize = 20_000;

/// Replays what somebody wrote over months, or makes something up. The traces are looked for in the
/// folder that `TRACES` names, or beside the package.
fn history() -> SharedDocument {
    let document = SharedDocument::new(loro::LoroDoc::new());
    let text = document.doc().get_text(TextDocument::CONTAINER);
    let edit = |position: usize, deleted: usize, inserted: &str| {
        if deleted > 0 {
            text.delete(position, deleted).expect("the trace is sound");
        }
        text.insert(position, inserted).expect("the trace is sound");
        document.doc().commit();
    };
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::var_os("TRACES").unwrap_or_else(|| "../shared/traces".into());
    let path = package.join(folder).join("automerge-paper.json.gz");
    let Ok(file) = File::open(&path) else {
        println!("there is no {}: the edits are made up", path.display());
        for word in 0..MADE_UP {
            edit(word / 2, 0, if word % 60 == 0 { "\n" } else { "x" });
        }
        return document;
    };
    let trace: Value = serde_json::from_reader(GzDecoder::new(file)).expect("a trace is JSON");
    let transactions = trace["txns"].as_array().expect("a trace has transactions");
    for patch in transactions
        .iter()
        .filter_map(|one| one["patches"].as_array())
        .flatten()
    {
        let number = |index: usize| patch[index].as_u64().expect("a number") as usize;
        edit(number(0), number(1), patch[2].as_str().expect("a text"));
    }
    document
}

/// Stores a history as copad would have, with its file.
fn keep(person: &Person, document: &SharedDocument) {
    let text = document.text();
    let path = person.file("paper.tex", &text);
    let store = Arc::new(Store::open(&person.state()).expect("a store can be made"));
    let id = store.replica_for(&path).expect("a replica can be made").id;
    store
        .assign_document(id, DocumentId::random())
        .expect("it has none");
    store
        .record_opened(id, SystemTime::now())
        .expect("it is there");
    let journaled = Journaled::default();
    let journal = Journal::start(Arc::clone(&store), id, document.clone(), journaled, |_| {});
    let journal = journal.expect("a thread can be started");
    let format = TextFormat::default();
    let record = SaveRecord {
        path,
        format,
        hash: hash_of_text(&text.as_str().into(), format),
        version: document.version(),
    };
    journal.record_save(record).expect("the save is recorded");
    journal.close().expect("everything is stored");
}

#[test]
fn a_long_history_is_on_the_screen_at_once() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let document = history();
    keep(&ada, &document);
    let text = document.text();
    let first = text
        .lines()
        .find(|line| line.len() > 3)
        .expect("it has a line");
    let first: String = first.chars().take(40).collect();
    let size = fs::metadata(ada.state().join("copad.db")).map_or(0, |metadata| metadata.len());
    let operations = document.doc().len_ops();

    for _ in 0..3 {
        let started = Instant::now();
        let mut terminal = ada.open(&["paper.tex"]);
        terminal.sees(&[first.trim()]);
        let shown = started.elapsed();
        let mut keys = Vec::new();
        for number in 1..=10 {
            let pressed = Instant::now();
            terminal.keys("!");
            terminal.sees(&[&"!".repeat(number)]);
            keys.push(pressed.elapsed());
        }
        let slowest = keys.iter().skip(1).max().copied().unwrap_or(Duration::ZERO);
        println!(
            "{operations} operations, {size} bytes: on the screen after {shown:?}; \
             the first key took {:?}, the slowest of nine others {slowest:?}",
            keys[0]
        );
        terminal.keys("\x1a");
        terminal.waits("the keys are taken back", |screen| {
            !screen.contents().contains("!!")
        });
    }
}
