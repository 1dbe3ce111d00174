//! Whatever bytes a stranger sends: no decoder panics, and none takes more memory than its limit.
//!
//! `DECODING_INPUTS` says how many inputs each of the seven parts gets. Half of them are random,
//! half are genuine messages with some damage. What once went wrong goes into `corpus.txt`, which
//! is read before.
//!
//! The updates inside messages are Loro's to decode and are left out here: Loro does not withstand
//! crafted bytes, which the crate's documentation says.

mod access;
mod corpus;
mod genuine;
mod hostile;
mod site;

use std::{
    alloc::System,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use genuine::Meeting;
use hostile::{Part, check};
use iroh_loro_realtime::{
    crdt::Anchor,
    net::{
        frame::{frame, read_from_memory},
        message::{MAX_ANCHOR, MAX_FRAME, Message},
        session::{Input, Output},
    },
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What reading one frame may take: its bytes as they came, and as they are when inflated.
const FRAME_ALLOWANCE: usize = 2 * MAX_FRAME + 4096;
/// What decoding one message may take. A list of the smallest addresses takes five times as much
/// in memory as on the wire, and growing it takes as much again; a list that lies about its
/// length is given one mebibyte before that shows.
const MESSAGE_ALLOWANCE: usize = 12 * MAX_FRAME;
/// What a session may take to answer one message: a copy of it, and a few messages of its own.
const SESSION_ALLOWANCE: usize = 16 * MAX_FRAME;

/// The allocator counts for the whole process, so only one test at a time may run.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something, and asserts that all its allocations together are not larger than allowed.
fn within<T>(allowance: usize, act: impl FnOnce() -> T) -> T {
    let region = Region::new(ALLOCATOR);
    let result = act();
    let taken = region.change().bytes_allocated;
    assert!(taken <= allowance, "{taken} bytes taken");
    result
}

fn decode(bytes: &[u8]) -> Option<Message> {
    within(MESSAGE_ALLOWANCE, || Message::decode(bytes)).ok()
}

#[test]
fn frames() {
    let _turn = alone();
    let genuine = genuine::messages().into_iter().map(|message| {
        let parts = frame(message).expect("a genuine message fits");
        parts.concat()
    });
    let big = frame(b"again and ".repeat(MAX_FRAME / 10)).expect("it fits");
    let genuine = genuine.chain([big.concat()]).collect();
    check(Part::Frame, genuine, |bytes| {
        let mut rest = bytes;
        while !rest.is_empty() {
            let read = within(FRAME_ALLOWANCE, || read_from_memory(&mut rest, MAX_FRAME));
            match read {
                Ok(Some(message)) => assert!(message.len() <= MAX_FRAME),
                Ok(None) | Err(_) => break,
            }
        }
    });
}

#[test]
fn messages() {
    let _turn = alone();
    check(Part::Message, genuine::messages(), |bytes| {
        if let Some(message) = decode(bytes) {
            let again = message.encode().expect("what was accepted can be sent");
            assert_eq!(Message::decode(&again).ok(), Some(message));
        }
    });
}

#[test]
fn handshakes() {
    let _turn = alone();
    check(Part::Handshake, genuine::handshakes(), |bytes| {
        let Some(message) = decode(bytes).filter(genuine::is_not_for_loro) else {
            return;
        };
        let mut meeting = Meeting::arranged();
        within(SESSION_ALLOWANCE, || meeting.receive(message.clone()));
        // A second one, from whoever thinks that the first went well.
        within(SESSION_ALLOWANCE, || meeting.receive(message));
    });
}

#[test]
fn presence() {
    let _turn = alone();
    let mut meeting = Meeting::held();
    check(Part::Presence, genuine::presence(), |bytes| {
        let Some(message) = decode(bytes).filter(genuine::is_not_for_loro) else {
            return;
        };
        let outputs = within(SESSION_ALLOWANCE, || meeting.receive(message));
        for output in &outputs {
            if let Output::PresenceChanged { presence, .. } = output {
                assert!(presence.user.name.chars().count() <= 128);
                let anchors = presence.cursor.iter().chain(&presence.selection_start);
                assert!(anchors.clone().all(|anchor| anchor.0.len() <= MAX_ANCHOR));
                within(MAX_FRAME, || {
                    for anchor in anchors {
                        if let Ok(anchor) = Anchor::decode(&anchor.0) {
                            assert_eq!(anchor.encode().len(), presence_bytes(&anchor));
                            let place = anchor.resolve(meeting.doc());
                            assert!(place.is_none_or(|place| place <= meeting.length()));
                        }
                    }
                });
            }
        }
        meeting.pass(Duration::from_millis(10));
        if outputs
            .iter()
            .any(|output| matches!(output, Output::Close { .. }))
        {
            meeting = Meeting::held();
        }
    });
}

/// An anchor has one form only.
fn presence_bytes(anchor: &Anchor) -> usize {
    let bytes = anchor.encode();
    assert_eq!(Anchor::decode(&bytes).as_ref(), Ok(anchor));
    bytes.len()
}

#[test]
fn a_meeting_says_every_kind_that_strangers_may_send() {
    let _turn = alone();
    let kinds: Vec<u8> = genuine::messages()
        .iter()
        .map(|message| message[0])
        .collect();
    // Hello, welcome, sync request and response, update, presence, joined, left, heartbeat.
    for kind in [0, 1, 3, 4, 5, 6, 7, 8, 9] {
        assert!(kinds.contains(&kind), "no message of kind {kind}");
    }
    let mut meeting = Meeting::held();
    let outputs = meeting.input(Input::Tick);
    assert!(
        outputs
            .iter()
            .all(|output| !matches!(output, Output::Close { .. }))
    );
}
