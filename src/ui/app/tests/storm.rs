//! A minute of a storm: keys faster than anybody types, two others typing, a window that is pulled
//! to every size. Nothing is lost, and everybody ends with the same text.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config as RunnerConfig, RngAlgorithm, TestRng, TestRunner},
};

use super::*;
use crate::{SharedDocument, ui::command::COMMANDS};

/// 200 keys a second for a minute.
const KEYS: usize = 12_000;

/// Somebody else with a replica of their own.
struct Other {
    document: SharedDocument,
    typed: usize,
}

impl Other {
    fn new(desk: &Desk) -> Self {
        let ours = desk.app.document.shared().snapshot().expect("a snapshot");
        Self {
            document: SharedDocument::from_snapshot(&ours).expect("a document"),
            typed: 0,
        }
    }

    /// Types a word somewhere.
    fn write(&mut self, at: usize) {
        let guard = self.document.lock();
        let text = guard.doc().get_text(TextDocument::CONTAINER);
        let at = at % (text.len_unicode() + 1);
        let word = ["word ", "\n", "日本 ", "e\u{301}\t"][self.typed % 4];
        text.insert(at, word).expect("it fits");
        guard.doc().commit();
        self.typed += 1;
    }

    /// Exchanges all that the other side lacks.
    fn sync(&self, desk: &mut Desk) {
        let ours = desk.app.document.shared().clone();
        for (from, to) in [(&self.document, &ours), (&ours, &self.document)] {
            let bytes = from.snapshot().expect("a snapshot");
            to.lock().doc().import(&bytes).expect("edits");
        }
        desk.send(Event::DocumentChanged);
    }

    fn text(&self) -> String {
        let guard = self.document.lock();
        guard.doc().get_text(TextDocument::CONTAINER).to_string()
    }
}

fn keys() -> impl Strategy<Value = KeyPress> {
    // Leaving the storm is no part of it.
    let calm = ["quit", "suspend"];
    let keys: Vec<KeyPress> = COMMANDS
        .iter()
        .filter(|info| !calm.contains(&info.name))
        .flat_map(|info| info.keys.iter().filter_map(|key| key.parse().ok()))
        .collect();
    let typed = "abc \t{}()/*日é".chars().map(|c| {
        let code = crossterm::event::KeyCode::Char(c);
        KeyPress::new(code, crossterm::event::KeyModifiers::NONE)
    });
    prop_oneof![
        2 => prop::sample::select(keys),
        3 => prop::sample::select(typed.collect::<Vec<_>>()),
    ]
}

#[test]
fn a_minute_of_keys_and_sizes_with_two_others_typing() {
    storm(7, KEYS);
}

/// `COPAD_STORM_SEED` names another seed, to look for what these do not find.
#[test]
fn shorter_storms_of_other_seeds() {
    let named = std::env::var("COPAD_STORM_SEED").ok();
    match named.and_then(|seed| seed.parse().ok()) {
        Some(seed) => storm(seed, KEYS),
        None => (1..=4).for_each(|seed| storm(seed, KEYS / 8)),
    }
}

/// Lets so many keys rain down. The seed is told if anything goes wrong.
fn storm(seed: u64, keys_pressed: usize) {
    println!("COPAD_STORM_SEED={seed}");
    let mut bytes = [0; 32];
    bytes
        .chunks_exact_mut(8)
        .for_each(|part| part.copy_from_slice(&seed.to_le_bytes()));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(RunnerConfig::default(), rng);
    let mut desk = Desk::new("fn main() {\n    start();\n}\n");
    let mut others = [Other::new(&desk), Other::new(&desk)];
    desk.joins(ADA, 3, 3);
    desk.joins(LINUS, 0, 8);
    let pick = (keys(), any::<usize>(), (0_u16..=300, 0_u16..=100));
    for step in 0..keys_pressed {
        let tree = pick.new_tree(&mut runner).expect("a value");
        let (press, at, (columns, rows)) = tree.current();
        // A text that grows for ever is another test.
        if desk.app.rope().len_chars() > 4_000 {
            desk.send(Event::Edit(crate::crdt::Delta::replace(100..3_900, "")));
        }
        desk.send(Event::Key(KeyEvent::new(press.code, press.modifiers)));
        if step % 7 == 0 {
            others[at % 2].write(at / 2);
        }
        if step % 31 == 0 {
            others[step % 2].sync(&mut desk);
        }
        if step % 100 == 0 {
            desk.send(Event::Resize(columns, rows));
            let screen = Rect::new(0, 0, columns, rows);
            desk.app.draw_into(screen, &mut Buffer::empty(screen));
        }
    }
    for _ in 0..2 {
        others.iter().for_each(|other| other.sync(&mut desk));
    }
    let ours = desk.app.rope().to_string();
    let least = keys_pressed / 24;
    assert!(others.iter().all(|other| other.typed > least));
    assert_eq!(others[0].text(), ours);
    assert_eq!(others[1].text(), ours);
}
