//! Making bytes that nobody should send, and trying them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use proptest::{
    prelude::*,
    sample::{Index, select},
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngSeed, TestRunner},
};

use crate::corpus;

/// How many inputs each part tries, unless `DECODING_INPUTS` says otherwise.
const USUAL_INPUTS: usize = 3_000;
/// The same where signatures are checked: one takes as long as hundreds of other inputs, unless
/// curve25519-dalek is optimised.
const SIGNED_INPUTS: usize = 300;
/// How many inputs are made of each one that proptest makes: making them so is ten times as quick.
const VARIATIONS: usize = 20;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Frame,
    Message,
    Handshake,
    Presence,
    Ticket,
    Roster,
    Proof,
}

/// One thing that happens to a genuine message.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Set(Index, u8),
    /// A length that says more than there is.
    Inflate(Index, u32),
    Cut(Index),
    Repeat(Index, Index),
    Insert(Index, Vec<u8>),
    Append(Vec<u8>),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        let place = any::<Index>;
        let few = || prop::collection::vec(any::<u8>(), 1..8);
        prop_oneof![
            3 => (place(), 0_u8..8).prop_map(|(at, bit)| Self::Flip(at, bit)),
            3 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            2 => (place(), any::<u32>()).prop_map(|(at, length)| Self::Inflate(at, length)),
            2 => place().prop_map(Self::Cut),
            1 => (place(), place()).prop_map(|(from, to)| Self::Repeat(from, to)),
            1 => (place(), few()).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
            1 => few().prop_map(Self::Append),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        // Behind the last byte is a place, too.
        let place = |index: &Index, bytes: &Vec<u8>| index.index(bytes.len() + 1);
        match self {
            Self::Flip(at, bit) => {
                let at = place(at, bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Set(at, value) => {
                let at = place(at, bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = *value;
                }
            }
            Self::Inflate(at, length) => {
                let at = place(at, bytes);
                let end = bytes.len().min(at + 1);
                bytes.splice(at..end, varint(*length));
            }
            Self::Cut(at) => bytes.truncate(place(at, bytes)),
            Self::Repeat(from, to) => {
                let (from, to) = (place(from, bytes), place(to, bytes));
                bytes.extend_from_within(from.min(to)..from.max(to));
            }
            Self::Insert(at, more) => {
                let at = place(at, bytes);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Append(more) => bytes.extend(more),
        }
    }
}

/// Writes a length as messages do.
fn varint(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn inputs(genuine: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let random = prop::collection::vec(any::<u8>(), 0..80);
    // The first byte says what kind of message it is; most random ones are of no kind.
    let nearly =
        (0_u8..16, prop::collection::vec(any::<u8>(), 0..120)).prop_map(|(kind, mut rest)| {
            rest.insert(0, kind);
            rest
        });
    let damaged = (select(genuine), prop::collection::vec(Damage::any(), 0..5)).prop_map(
        |(mut bytes, damages)| {
            for damage in &damages {
                damage.apply(&mut bytes);
            }
            bytes
        },
    );
    prop_oneof![1 => random, 1 => nearly, 2 => damaged]
}

/// Tries the corpus, the genuine messages, and then as many inputs as were asked for.
pub fn check(part: Part, genuine: Vec<Vec<u8>>, mut attempt: impl FnMut(&[u8])) {
    assert!(!genuine.is_empty());
    for bytes in corpus::of(part).iter().chain(&genuine) {
        attempt_once(part, bytes, &mut attempt);
    }
    let usual = match part {
        Part::Ticket | Part::Roster | Part::Proof => SIGNED_INPUTS,
        Part::Frame | Part::Message | Part::Handshake | Part::Presence => USUAL_INPUTS,
    };
    let wanted = std::env::var("DECODING_INPUTS")
        .ok()
        .map_or(usual, |count| count.parse().expect("a number"));
    let mut runner = TestRunner::new(Config {
        rng_seed: seed(),
        ..Config::default()
    });
    let inputs = (inputs(genuine), any::<u64>());
    for _ in 0..wanted.div_ceil(VARIATIONS) {
        let input = inputs.new_tree(&mut runner).expect("nothing is filtered");
        let (bytes, mut random) = input.current();
        attempt_once(part, &bytes, &mut attempt);
        for _ in 1..VARIATIONS {
            attempt_once(part, &varied(bytes.clone(), &mut random), &mut attempt);
        }
    }
}

/// Changes a byte, and now and then cuts the rest off.
fn varied(mut bytes: Vec<u8>, random: &mut u64) -> Vec<u8> {
    let number = next(random);
    let (place, value) = ((number >> 16) as usize % (bytes.len() + 1), number as u8);
    if let Some(byte) = bytes.get_mut(place) {
        *byte = match number >> 8 & 3 {
            0 => value,
            1 => *byte ^ (1 << (value & 7)),
            2 => byte.wrapping_add(1),
            _ => byte.wrapping_sub(1),
        };
    }
    if number >> 10 & 7 == 0 {
        bytes.truncate((number >> 40) as usize % (bytes.len() + 1));
    }
    bytes
}

/// Steele's and Vigna's splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A run can be repeated with `DECODING_SEED`.
fn seed() -> RngSeed {
    let given = std::env::var("DECODING_SEED").ok();
    given.map_or(RngSeed::Random, |seed| {
        RngSeed::Fixed(seed.parse().expect("a number"))
    })
}

/// Says which input it was that went wrong, so that it can go into the corpus.
fn attempt_once(part: Part, bytes: &[u8], attempt: &mut impl FnMut(&[u8])) {
    let result = catch_unwind(AssertUnwindSafe(|| attempt(bytes)));
    if let Err(panic) = result {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("this {part:?} went wrong; put it into tests/decoding/corpus.txt:\n{digits}");
        resume_unwind(panic);
    }
}
