use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ropey::Rope;

use super::*;
use crate::{
    crdt::{Delta, EditContext, EditKind, TextDocument, TextFormat, TextSelection},
    store::{
        FileError, Journal, Journaled, SaveRecord, SavedFile, Store, StoreError, read_file,
        save_file,
    },
};

const OLD: &str = "what the file held before\n";
const NEW: &str = "what was written since, which is longer\n";

fn save(path: &Path, text: &str) -> Result<SavedFile, FileError> {
    save_file(path, &Rope::from_str(text), TextFormat::default())
}

/// A folder with one file in it, which has a second name if it is to be written in place.
fn file(in_place: bool) -> (tempfile::TempDir, PathBuf) {
    // In memory where there is such a folder: the faults are made up, and waiting is not.
    let folder = tempfile::tempdir_in("/dev/shm");
    let folder = folder.unwrap_or_else(|_| tempfile::tempdir().unwrap());
    let path = folder.path().join("notes.md");
    fs::write(&path, OLD).unwrap();
    if in_place {
        fs::hard_link(&path, folder.path().join("second name")).unwrap();
    }
    (folder, path)
}

/// Fails a save at these points. Returns whether all of them came to pass.
#[track_caller]
fn save_with(faults: &[(Point, Fault)], in_place: bool) -> bool {
    let (folder, path) = file(in_place);
    arm(folder.path(), faults);
    let saved = save(&path, NEW);
    let all = fired(folder.path()) == faults.len();
    let held = fs::read_to_string(&path).unwrap();
    match saved {
        Ok(_) => assert_eq!(held, NEW, "{faults:?}"),
        Err(FileError::Torn { backup, .. }) => {
            assert_eq!(fs::read_to_string(backup).unwrap(), OLD, "{faults:?}");
        }
        Err(error) => {
            // A name that may not survive a crash is no reason to put the old text back.
            let named = faults.iter().any(|(point, _)| *point == Point::SyncFolder);
            assert!(held == OLD || named && held == NEW, "{faults:?}: {held}");
            assert_sentence(&error.to_string());
        }
    }
    save(&path, NEW).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), NEW, "{faults:?}");
    let temporary = fs::read_dir(folder.path()).unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().starts_with(".copad")
    });
    assert!(!temporary, "{faults:?} left a temporary file");
    all
}

#[track_caller]
fn assert_sentence(sentence: &str) {
    assert!(sentence.contains("notes.md"), "{sentence}");
    assert!(!sentence.contains('\n'), "{sentence}");
}

/// Opens, journals, saves, folds and loads with a disk that fails once. Returns whether it did.
#[track_caller]
fn keep_with(point: Point, fault: Fault) -> bool {
    let (folder, path) = file(false);
    let state = folder.path().join("state");
    arm(&state, &[(point, fault)]);
    let store = again(|| Store::open(&state));
    let replica = again(|| store.replica_for(&path)).id;
    let store = Arc::new(store);
    let mut document = TextDocument::from_text(OLD);
    let shared = document.shared().clone();
    let start = |journaled| {
        Journal::start(
            Arc::clone(&store),
            replica,
            shared.clone(),
            journaled,
            |_| {},
        )
        .unwrap()
    };
    let journal = start(Journaled::default());
    again(|| journal.flush());

    append(&mut document, NEW);
    let saved = again(|| save(&path, &document.rope().to_string()));
    again(|| {
        journal.record_save(SaveRecord {
            path: path.clone(),
            format: TextFormat::default(),
            hash: saved.hash,
            version: document.version(),
        })
    });
    let history = again(|| store.load_history(replica));
    let bytes = document.shared().snapshot().unwrap();
    again(|| store.fold(replica, history.last, &bytes, None));
    append(&mut document, "the end");
    again(|| journal.close());

    let text = document.rope().to_string();
    let (stored, _) = again(|| store.load_history(replica)).restore().unwrap();
    assert_eq!(stored.text(), text, "{point:?} {fault:?}");
    let record = store.replica(replica).unwrap().saved.unwrap();
    assert_eq!(record.hash, saved.hash, "{point:?} {fault:?}");
    assert!(stored.has_version(&record.version));
    fired(&state) == 1
}

/// Does something that may fail once, in a sentence, and must succeed when it is tried again.
#[track_caller]
fn again<T, E: ToString>(mut work: impl FnMut() -> Result<T, E>) -> T {
    match work() {
        Ok(done) => done,
        Err(error) => {
            let sentence = error.to_string();
            assert!(
                sentence.contains("copad.db") && !sentence.contains('\n'),
                "{sentence}"
            );
            work().map_err(|error| error.to_string()).unwrap()
        }
    }
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

#[test]
fn a_disk_that_fails_anywhere_costs_nothing() {
    let mut passed = Vec::new();
    for &fault in Fault::ALL {
        for &point in Point::ALL {
            for in_place in [false, true] {
                if save_with(&[(point, fault)], in_place) {
                    passed.push((point, fault));
                }
            }
            if keep_with(point, fault) {
                passed.push((point, fault));
            }
        }
        // Writing back comes to pass only after something else has failed.
        let twice = [(Point::SyncInPlace, fault), (Point::RestoreInPlace, fault)];
        assert!(save_with(&twice, true));
        passed.push((Point::RestoreInPlace, fault));

        let (folder, path) = file(false);
        arm(folder.path(), &[(Point::ReadFile, fault)]);
        assert_sentence(&read_file(&path).unwrap_err().to_string());
        assert_eq!(read_file(&path).unwrap().text, OLD);
        assert_eq!(fired(folder.path()), 1);
        passed.push((Point::ReadFile, fault));
    }
    for &point in Point::ALL {
        for &fault in Fault::ALL {
            assert!(
                passed.contains(&(point, fault)),
                "nothing tries {point:?}, {fault:?}"
            );
        }
    }
}

#[test]
fn a_full_database_is_said_in_a_sentence_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    let replica = store.create_replica("notes.md").unwrap().id;
    let mut document = TextDocument::from_text("");
    let shared = document.shared().clone();
    let (tell, news) = std::sync::mpsc::channel();
    let tell = move |told| {
        let _ = tell.send(told);
    };
    let journal = Journal::start(
        Arc::clone(&store),
        replica,
        shared,
        Journaled::default(),
        tell,
    )
    .unwrap();
    journal.flush().unwrap();

    store.limit_pages(Some(1)).unwrap();
    append(&mut document, &"0123456789abcdef".repeat(4096));
    let error = journal.flush().unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    let patience = Duration::from_secs(30);
    let told = news.recv_timeout(patience).unwrap();
    assert_eq!(
        told,
        crate::store::JournalNews::Failing {
            sentence: error.to_string(),
            reason: error.reason().to_owned(),
        }
    );
    store.limit_pages(None).unwrap();
    assert_eq!(
        news.recv_timeout(patience).unwrap(),
        crate::store::JournalNews::Recovered
    );
    journal.close().unwrap();
    let text = store.text_at(replica, SystemTime::now()).unwrap();
    assert_eq!(text, Some(document.rope().to_string()));
}
