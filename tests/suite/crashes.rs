//! A copad that is killed while somebody types in it, again and again.
//!
//! Each round opens the same file with a peer attached, types a line in one of the two terminals,
//! saves now and then, and kills the host with SIGKILL at a random moment. `CRASHES` says how many
//! rounds (a handful by default), `CRASH_SEED` which ones, and `CRASH_GRACE` how many milliseconds
//! of typing may be lost: what was on the host's own screen for longer must be in its database.

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use iroh_loro_realtime::store::{Replica, Store};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use vt100::Screen;

use crate::terminal::{Machine, Person, Terminal};

const SAVE: &str = "\x13";
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pairs of people that crash at the same time.
const SITES: u64 = 4;
/// One in so many rounds crashes after a pause as long as the grace.
const WAITS: u64 = 4;
/// To the end of the text.
const END: &str = "\x1b[1;5F";
/// Letters of a line at most, so that it fits a row beside the list of people.
const LINE: usize = 40;

#[test]
fn a_crash_at_any_moment_loses_nothing_that_was_seen() {
    let rounds = number("CRASHES", 4);
    let seed = number("CRASH_SEED", 1);
    // Several at once, so that one works while the others wait.
    thread::scope(|scope| {
        for site in 0..SITES {
            let rounds = (rounds + site) / SITES;
            scope.spawn(move || crash_again_and_again(seed * SITES + site, rounds));
        }
    });
}

fn crash_again_and_again(seed: u64, rounds: u64) {
    if rounds == 0 {
        return;
    }
    let started = Instant::now();
    let mut site = Site::new(seed);
    for round in 0..rounds {
        site.crash(round);
    }
    println!(
        "seed {seed}: {rounds} crashes, {} letters typed, {} lost, in {:.1} s",
        site.typed,
        site.lost,
        started.elapsed().as_secs_f64()
    );
}

fn number(variable: &str, otherwise: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => otherwise,
    }
}

/// Two people at one file.
struct Site {
    _machine: Machine,
    ada: Person,
    host: Terminal,
    guest: Terminal,
    random: StdRng,
    grace: Duration,
    /// Which of [`WAITS`] rounds waits; not the same at all sites.
    waits: u64,
    /// Everything that is in the document, and was before the round.
    text: String,
    typed: usize,
    lost: usize,
}

/// What one round typed, and what became of it by then.
struct Typing {
    /// The line that was typed, as far as it was.
    line: String,
    /// What the file may hold: as it was before, and as it was at each save.
    saves: Vec<String>,
    /// How much of the line the host showed, and since when.
    shown: Vec<(Instant, usize)>,
}

impl Site {
    fn new(seed: u64) -> Self {
        let machine = Machine::new();
        let ada = machine.person("ada");
        let notes = ada.file("notes.md", "");
        let id = ada.node_id(&notes);
        let host = ada.open(&["--name", "Ada", "notes.md"]);
        let guest = machine
            .person("ben")
            .open(&["--name", "Ben", "--connect", &id]);
        guest.sees(&["Ada"]);
        Self {
            _machine: machine,
            ada,
            host,
            guest,
            random: StdRng::seed_from_u64(seed),
            grace: Duration::from_millis(number("CRASH_GRACE", 3_000)),
            waits: seed % WAITS,
            text: String::new(),
            typed: 0,
            lost: 0,
        }
    }

    fn crash(&mut self, round: u64) {
        self.host.waits("both are here", both_are_here);
        let by_guest = self.random.random_bool(0.3);
        let typing = self.types(round, by_guest);
        if round % WAITS == self.waits {
            // All that was typed is older than the grace, and must be there.
            thread::sleep(self.grace);
        }
        let killed = Instant::now();
        self.host.crash();

        let file = fs::read_to_string(self.ada.path("notes.md")).expect("the file is readable");
        assert!(
            typing.saves.contains(&file),
            "round {round}: the file holds {file:?}"
        );
        let stored = self.stored();
        let kept = stored.strip_prefix(self.text.as_str()).unwrap_or_else(|| {
            panic!(
                "round {round}: {stored:?} does not begin with {:?}",
                self.text
            )
        });
        assert!(
            typing.line.starts_with(kept),
            "round {round}: {kept:?} of {:?}",
            typing.line
        );
        let before = killed - self.grace;
        let old = typing.shown.iter().filter(|(since, _)| *since <= before);
        let old = old.map(|(_, length)| *length).max().unwrap_or_default();
        assert!(
            kept.trim_start().len() >= old,
            "round {round}: {kept:?} is kept of {:?}, of which {old} letters are older than {:?}",
            typing.line,
            self.grace
        );
        self.reopens(round, &typing, kept);
    }

    /// Types a line, letter by letter, until the moment of the crash.
    fn types(&mut self, round: u64, by_guest: bool) -> Typing {
        let file = fs::read_to_string(self.ada.path("notes.md")).expect("the file is readable");
        let mut typing = Typing {
            line: "\n".to_owned(),
            saves: vec![file],
            shown: Vec::new(),
        };
        let mut saved_from = usize::MAX;
        let name = name_of(round);
        let end = Instant::now() + Duration::from_millis(self.random.random_range(0..600));
        let typist = if by_guest {
            &mut self.guest
        } else {
            &mut self.host
        };
        // To the end of the text, whoever typed there last.
        typist.keys(END);
        typist.keys("\r");
        typist.keys(&name);
        typing.line.push_str(&name);
        while Instant::now() < end && typing.line.len() < LINE {
            let letter = char::from(self.random.random_range(b'a'..=b'z'));
            let typist = if by_guest {
                &mut self.guest
            } else {
                &mut self.host
            };
            typist.keys(&letter.to_string());
            typing.line.push(letter);
            if self.random.random_bool(0.05) {
                self.host.keys(SAVE);
                // The guest's letters may have come or not.
                let from = if by_guest { 0 } else { typing.line.len() };
                saved_from = saved_from.min(from);
            }
            typing
                .shown
                .push((Instant::now(), last_line(&self.host.shown(), &name).len()));
            thread::sleep(Duration::from_millis(self.random.random_range(2..25)));
        }
        // The file is looked at before it is written, and what is typed meanwhile is saved as well.
        let saves = (saved_from..=typing.line.len()).map(|to| &typing.line[..to]);
        typing
            .saves
            .extend(saves.map(|line| self.text.clone() + line));
        typing
    }

    /// What the host's database holds after the crash. Looks at a copy: the next copad must find
    /// what the last one left.
    fn stored(&self) -> String {
        let (_copy, store, replica) = self.store();
        assert!(replica.unclosed);
        store.text(replica.id).expect("the history can be read")
    }

    fn store(&self) -> (TempDir, Store, Replica) {
        let copy = tempfile::tempdir().expect("a temporary folder can be made");
        for name in ["copad.db", "copad.db-wal"] {
            // Whatever was not there is not needed.
            let _ = fs::copy(self.ada.state().join(name), copy.path().join(name));
        }
        let store = Store::open(copy.path()).expect("the database is sound");
        assert_eq!(store.rescued(), None);
        let replica = store.replica_for(&self.ada.path("notes.md"));
        (copy, store, replica.expect("the replica is there"))
    }

    /// Opens the file again, and waits until both have what either had.
    fn reopens(&mut self, round: u64, typing: &Typing, kept: &str) {
        let name = name_of(round);
        self.host = self.ada.open(&["--name", "Ada", "notes.md"]);
        let told = |screen: &Screen| screen.contents().contains("not closed properly");
        if !(self.text.is_empty() && kept.is_empty()) {
            self.host.waits("it is told that it was not closed", told);
        }
        self.host.waits("both are here", both_are_here);
        self.host.keys(END);
        self.guest.keys(END);
        let seen = last_line(&self.guest.shown(), &name);
        // Until its name is whole a line is not found on a screen.
        let stored = kept.trim_start();
        let stored = if stored.starts_with(&name) {
            stored.len()
        } else {
            0
        };
        let line = self.both_show(&name, seen.len().max(stored));
        let whole = typing.line.trim_start();
        assert!(
            whole.starts_with(&line),
            "round {round}: {line:?} of {whole:?}"
        );
        self.typed += whole.len();
        self.lost += whole.len() - line.len();
        assert!(!self.has_unfinished_saves(), "round {round}");
        self.host.keys(SAVE);
        self.host.sees(&["Saved notes.md"]);
        self.text = fs::read_to_string(self.ada.path("notes.md")).expect("the file is readable");
    }

    /// Whether something is in the folder that a save left.
    fn has_unfinished_saves(&self) -> bool {
        let mut names = fs::read_dir(self.ada.path("")).expect("a home is readable");
        names.any(|entry| {
            let name = entry.expect("a folder entry is readable").file_name();
            name.to_string_lossy().starts_with(".copad-save")
        })
    }

    /// Waits until both show the same line, and returns it.
    fn both_show(&self, name: &str, at_least: usize) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let (mine, theirs) = (self.host.shown(), self.guest.shown());
            let line = last_line(&mine, name);
            if line.len() >= at_least && line == last_line(&theirs, name) {
                return line;
            }
            assert!(
                Instant::now() < end,
                "the screens differ:\n{}\n{}",
                mine.contents(),
                theirs.contents()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn both_are_here(screen: &Screen) -> bool {
    screen.contents().matches("  here").count() == 2
}

/// How the line of a round begins.
fn name_of(round: u64) -> String {
    format!("line{round}=")
}

/// The letters after the name of a line, as far as they are on the screen, with the name.
fn last_line(screen: &Screen, name: &str) -> String {
    let contents = screen.contents();
    let line = contents.lines().rev().find_map(|line| {
        let at = line.find(&format!(" {name}"))?;
        Some(
            line[at + 1..]
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
    });
    line.unwrap_or_default()
}
