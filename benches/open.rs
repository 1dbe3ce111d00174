//! How soon a file is on the screen and can be edited, and what it takes in memory.
//!
//! `cargo bench --bench open`. `screen`: from the start of the binary until the first words of the
//! file are out; `editable`: until a key that was pressed then is answered; `loaded`: until the
//! processor is at rest, so that everything behind the screen is ready. Baseline of the times: those of
//! the file of 10 KB; of `memory`: the size of the file. `history`: a paper of 260,000 keystrokes
//! with its whole history, which is read from the store. `idle-cpu`: the share of one processor
//! that a host with three peers takes while nobody does anything.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use iroh_loro_realtime::{
    DocumentId,
    crdt::TextFormat,
    store::{Journal, Journaled, SaveRecord, Store, hash_of_text},
};

mod common;

use common::{
    Bar, Figures, Times, full_or_quick,
    history::{document_written, keystrokes, prose},
    is_wanted,
    process::{processor_time, resident},
    terminal::{Machine, Person, Terminal},
};

/// What one start took.
struct Start {
    screen: Duration,
    editable: Duration,
    loaded: Duration,
    memory: f64,
}

/// Waits until a program has used no processor time for a while, and returns when that began.
fn rest(terminal: &Terminal) -> Instant {
    let process = terminal.process();
    let (mut used, mut since) = (processor_time(&process), Instant::now());
    while since.elapsed() < Duration::from_millis(500) {
        thread::sleep(Duration::from_millis(20));
        let now = processor_time(&process);
        if now != used {
            (used, since) = (now, Instant::now());
        }
    }
    since
}

fn start(person: &Person, file: &str, first: &str) -> Start {
    let started = Instant::now();
    let mut terminal = person.open(&[file]);
    let screen = terminal.shows(first);
    let pressed = terminal.press("z");
    terminal.shows("z");
    let editable = screen + pressed.elapsed();
    let loaded = rest(&terminal) - started;
    let memory = resident(&terminal.process()) as f64;
    Start {
        screen,
        editable,
        loaded,
        memory,
    }
}

struct Median {
    screen: Duration,
    editable: Duration,
    loaded: Duration,
    memory: f64,
}

fn median(starts: Vec<Start>) -> Median {
    let of = |time: fn(&Start) -> Duration| Times::of(starts.iter().map(time).collect()).median();
    Median {
        screen: of(|start| start.screen),
        editable: of(|start| start.editable),
        loaded: of(|start| start.loaded),
        memory: starts.iter().map(|start| start.memory).fold(0.0, f64::max),
    }
}

fn sizes(figures: &mut Figures) {
    let mut smallest = None;
    let sizes = [
        ("10KB", 10_000, 30_000.0),
        ("10MB", 10_000_000, 60_000.0),
        ("100MB", 100_000_000, 350_000.0),
    ];
    for (name, bytes, most) in sizes {
        let text = prose(bytes);
        let runs = full_or_quick(5, 1);
        let starts = (0..runs).map(|_| {
            // Each time on a machine that never saw the file.
            let machine = Machine::new();
            let ada = machine.person("ada");
            ada.file("notes.txt", &text);
            start(&ada, "notes.txt", "lorem")
        });
        let median = median(starts.collect());
        let smallest = smallest.get_or_insert((median.screen, median.editable, median.loaded));
        let figure = |what: &str| format!("open-{name}-{what}");
        figures.add_time(
            &figure("screen"),
            median.screen,
            smallest.0,
            Bar::AtMost(most),
        );
        figures.add_time(&figure("editable"), median.editable, smallest.1, Bar::None);
        figures.add_time(&figure("loaded"), median.loaded, smallest.2, Bar::None);
        let bar = match name {
            "100MB" => Bar::Times(6.0),
            _ => Bar::None,
        };
        figures.add(
            &figure("memory"),
            median.memory / 1e6,
            "MB",
            bytes as f64 / 1e6,
            bar,
        );
    }
}

/// Stores a history as copad would have, with its file. Returns the start of its first long line.
fn keep(person: &Person) -> String {
    let document = document_written(&keystrokes());
    let text = document.text();
    person.file("paper.tex", &text);
    let path = person.path("paper.tex");
    let store = Arc::new(Store::open(&person.state()).expect("a store can be made"));
    let id = store.replica_for(&path).expect("a replica can be made").id;
    let assigned = store.assign_document(id, DocumentId::random());
    assigned.expect("it has none");
    let opened = store.record_opened(id, SystemTime::now());
    opened.expect("it is there");
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
    let line = text.lines().find(|line| line.trim().len() > 3);
    let line = line.unwrap_or_default().trim();
    line.chars()
        .take_while(|one| one.is_alphanumeric())
        .collect()
}

fn history(figures: &mut Figures) {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let first = keep(&ada);
    // It is not pressed twice into the same text.
    let median = median(vec![start(&ada, "paper.tex", &first)]);
    let none = Duration::ZERO;
    figures.add_time("open-history-screen", median.screen, none, Bar::None);
    figures.add_time("open-history-editable", median.editable, none, Bar::None);
    figures.add_time("open-history-loaded", median.loaded, none, Bar::None);
    figures.add(
        "open-history-memory",
        median.memory / 1e6,
        "MB",
        0.0,
        Bar::None,
    );
}

fn idle(figures: &mut Figures) {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("notes.txt", &prose(10_000));
    let id = ada.node_id("notes.txt");
    let mut host = ada.open(&["--name", "Ada", "notes.txt"]);
    host.shows("lorem");
    let mut guests = Vec::new();
    for name in ["ben", "cleo", "dan"] {
        let mut guest = machine
            .person(name)
            .open(&["--name", name, "--connect", &id]);
        guest.shows("lorem");
        guests.push(guest);
    }
    thread::sleep(Duration::from_secs(15));
    let process = host.process();
    let (before, started) = (processor_time(&process), Instant::now());
    thread::sleep(Duration::from_secs(full_or_quick(60, 5)));
    let share = (processor_time(&process) - before).as_secs_f64() / started.elapsed().as_secs_f64();
    figures.add("open-idle-cpu", share * 100.0, "%", 0.0, Bar::AtMost(0.05));
    drop(guests);
}

fn main() {
    let mut figures = Figures::new();
    if is_wanted("sizes") {
        sizes(&mut figures);
    }
    if is_wanted("history") {
        history(&mut figures);
    }
    if is_wanted("idle") {
        idle(&mut figures);
    }
}
