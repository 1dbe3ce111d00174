use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    crdt::{Delta, EditContext, EditKind, SharedDocument, TextDocument, TextSelection},
    store::{JournalEntry, Replica},
};

/// Words that are typed, one entry of the journal each.
const WORDS: usize = 60;
/// Damages that are tried; as many again for each of the files.
const DAMAGES: u64 = 500;

/// A database with a document that was edited, folded twice and edited on.
struct Sound {
    folder: tempfile::TempDir,
    replica: Replica,
    /// Its text after each word.
    texts: BTreeSet<String>,
    last: String,
}

fn append(document: &mut TextDocument, text: &str) {
    let end = document.rope().len_chars();
    let context = EditContext {
        kind: EditKind::Other,
        selection: TextSelection::default(),
        now: Duration::ZERO,
    };
    document
        .edit(&Delta::replace(end..end, text), context)
        .unwrap();
}

/// In memory where there is such a folder: nothing here depends on what a disk does.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// `in_log`: how many words are in the log only.
fn sound(in_log: usize) -> Sound {
    let folder = folder();
    let store = Store::open(folder.path()).unwrap();
    let replica = store.create_replica("notes.md").unwrap();
    store.record_opened(replica.id, SystemTime::now()).unwrap();
    let mut document = TextDocument::from_text("");
    let mut texts = BTreeSet::from([String::new()]);
    for word in 1..=WORDS {
        let before = document.shared().doc().oplog_vv();
        append(&mut document, &format!("word {word}, "));
        texts.insert(document.rope().to_string());
        let entry = JournalEntry {
            bytes: export(document.shared(), &before),
            version: Some(document.version()),
        };
        let after = word as i64 - 1;
        store
            .append(replica.id, after, &[entry], SystemTime::now())
            .unwrap();
        if word % 20 == 0 {
            let bytes = document.shared().snapshot().unwrap();
            store.fold(replica.id, word as i64, &bytes, None).unwrap();
        }
        if word == WORDS - in_log {
            store.checkpoint().unwrap();
        }
    }
    let last = document.rope().to_string();
    // Copied while it is open, so that the log is there, as after a crash.
    let copy = self::folder();
    copy_all(
        &folder.path().join("copad.db"),
        &copy.path().join("copad.db"),
    )
    .unwrap();
    Sound {
        folder: copy,
        replica,
        texts,
        last,
    }
}

fn export(document: &SharedDocument, from: &loro::VersionVector) -> Vec<u8> {
    document
        .doc()
        .export(loro::ExportMode::updates(from))
        .unwrap()
}

/// Flips bytes, or cuts the file.
fn damage(bytes: &mut Vec<u8>, random: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    match random.random_range(0..4) {
        0 => bytes.truncate(random.random_range(0..bytes.len())),
        1 => {
            // A sector that was never written.
            let start = random.random_range(0..bytes.len()) & !511;
            let end = (start + 512).min(bytes.len());
            bytes[start..end].fill(0);
        }
        _ => {
            for _ in 0..random.random_range(1..8) {
                let at = random.random_range(0..bytes.len());
                bytes[at] ^= random.random_range(1..=255);
            }
        }
    }
}

/// What became of a damaged database.
#[derive(Debug, Default)]
struct Outcome {
    whole: u32,
    earlier: u32,
    lost: u32,
    kept_aside: u32,
}

impl Sound {
    /// Damages a file, and opens the database as copad does.
    fn open_damaged(&self, name: &str, seed: u64, outcome: &mut Outcome) {
        let mut random = StdRng::seed_from_u64(seed);
        let folder = folder();
        let (from, to) = (self.folder.path(), folder.path());
        copy_all(&from.join("copad.db"), &to.join("copad.db")).unwrap();
        let mut bytes = fs::read(to.join(name)).unwrap();
        damage(&mut bytes, &mut random);
        fs::write(to.join(name), &bytes).unwrap();

        let store = Store::open(to).unwrap_or_else(|error| panic!("{name} {seed}: {error}"));
        let aside = store.rescued().map(str::to_owned);
        let text = read_all(&store, self.replica.id, &mut outcome.kept_aside);
        match text {
            Some(text) if text == self.last => outcome.whole += 1,
            Some(text) => {
                let known = self.texts.contains(&text);
                assert!(known, "{name} {seed}: {text:?} was never the text");
                outcome.earlier += 1;
            }
            None => outcome.lost += 1,
        }
        if let Some(aside) = aside {
            outcome.kept_aside += 1;
            // The log of a damaged database is beside it.
            let kept = to.join(if name.ends_with(WAL) {
                aside + WAL
            } else {
                aside
            });
            assert!(fs::read(kept).unwrap() == bytes, "{name} {seed}");
        }
        // It goes on from there.
        let replica = store.replica_for(&to.join("other.md")).unwrap().id;
        let entry = JournalEntry {
            bytes: export(TextDocument::from_text("x").shared(), &Default::default()),
            version: None,
        };
        store
            .append(replica, 0, &[entry], SystemTime::now())
            .unwrap();
        assert_eq!(store.text(replica).unwrap(), "x");
    }
}

/// Reads the document as copad does when it opens it. `None`: there is none any more.
fn read_all(store: &Store, replica: ReplicaId, kept_aside: &mut u32) -> Option<String> {
    store.replica(replica).ok()?;
    store.peers(replica).unwrap();
    store.view(replica).unwrap();
    let history = store.load_history(replica).unwrap();
    if history.is_damaged() {
        let name = store.put_aside(replica).unwrap();
        assert!(store.state_dir().join(name).exists());
        *kept_aside += 1;
        let again = store.load_history(replica).unwrap();
        assert_eq!(again.is_empty(), history.is_empty());
    }
    let (document, _) = history.restore().unwrap();
    Some(document.text())
}

fn damage_many(name: &str, in_log: usize) -> Outcome {
    let sound = sound(in_log);
    let mut outcome = Outcome::default();
    for seed in 0..DAMAGES {
        sound.open_damaged(name, seed, &mut outcome);
    }
    println!("{name}: {outcome:?}");
    outcome
}

#[test]
fn damage_that_is_found_late_is_rescued_by_the_next_to_open() {
    let sound = sound(0);
    let path = sound.folder.path().join("copad.db");
    let store = Store::open(sound.folder.path()).unwrap();
    // Too large to be looked through when it is opened.
    store
        .fold(sound.replica.id, 61, &vec![7; 9 << 20], None)
        .unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let page = (bytes.len() / 2) & !4095;
    bytes[page..page + 4].fill(0);
    fs::write(&path, &bytes).unwrap();

    let store = Store::open(sound.folder.path()).unwrap();
    assert_eq!(store.rescued(), None);
    // What is read of it falls back to what is sound, but it cannot be copied any more.
    assert!(store.load_history(sound.replica.id).unwrap().is_damaged());
    let error = store.put_aside(sound.replica.id).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    drop(store);
    let store = Store::open(sound.folder.path()).unwrap();
    assert!(store.rescued().is_some());
    assert_eq!(store.text(sound.replica.id).unwrap(), sound.last);
    drop(store);
    assert_eq!(Store::open(sound.folder.path()).unwrap().rescued(), None);
}

#[test]
fn a_database_damaged_anywhere_opens_with_what_is_sound() {
    let outcome = damage_many("copad.db", 0);
    // Only a file that was cut to nearly nothing has nothing to give.
    assert!(outcome.whole > 400 && outcome.lost < 25, "{outcome:?}");
}

#[test]
fn a_log_damaged_anywhere_opens_with_what_is_sound() {
    let outcome = damage_many("copad.db-wal", 10);
    assert!(outcome.whole > 50 && outcome.lost == 0, "{outcome:?}");
}
