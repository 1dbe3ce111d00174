//! A copad whose machine sleeps, as far as that can be had: its process is stopped for a while.
//!
//! `SUSPENDED_SECONDS` says for how long; 8 by default, more than the 5 seconds of silence after
//! which a connection is given up.

use std::{
    env, thread,
    time::{Duration, Instant},
};

use crate::terminal::{Machine, Terminal};

const DOCUMENT_END: &str = "\x1b[1;5F";

#[test]
fn a_copad_that_slept_is_back_in_sync_when_it_wakes() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let id = ada.node_id(&ada.file("notes.md", "text\n"));
    let mut host = ada.open(&["--name", "Ada", "notes.md"]);
    let mut guest = machine
        .person("ben")
        .open(&["--name", "Ben", "--connect", &id]);
    host.sees(&["Ben", "synced"]);
    guest.sees(&["text", "synced"]);

    // Each side sleeps once, while the other goes on.
    sleeps(&guest, &mut host, "while Ben slept ");
    guest.keys(DOCUMENT_END);
    sleeps(&host, &mut guest, "while Ada slept");
    guest.sees(&["while Ben slept text", "while Ada slept"]);
}

/// Stops one side, types at the other, and wakes the first.
#[track_caller]
fn sleeps(sleeper: &Terminal, awake: &mut Terminal, words: &str) {
    sleeper.signal("STOP");
    awake.keys(words);
    awake.sees(&[words.trim_end()]);
    // What is told meanwhile is true: nobody has it.
    awake.waits("the other is missed", |screen| {
        !screen.contents().contains("synced with")
    });
    thread::sleep(suspension());
    sleeper.signal("CONT");
    let woken = Instant::now();
    sleeper.sees(&[words.trim_end()]);
    let arrived = woken.elapsed();
    sleeper.sees(&["synced with"]);
    awake.sees(&["synced with"]);
    println!(
        "the text was there {} ms after waking, and both knew after {} ms",
        arrived.as_millis(),
        woken.elapsed().as_millis()
    );
}

fn suspension() -> Duration {
    let seconds = env::var("SUSPENDED_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(8))
}
