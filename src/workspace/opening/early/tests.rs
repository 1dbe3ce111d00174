//! A large file that is typed into before its document is there, and what a crash leaves of that.

use std::{fs, path::PathBuf, sync::Arc};

use super::*;
use crate::{
    crdt::Delta,
    store::{Journal, read_file},
    workspace::opening::{Opening, reopen_at_once},
};

struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
    store: Arc<Store>,
    id: ReplicaId,
    text: String,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("notes.md");
        let text = "a line of a large file\n".repeat(LARGE / 20);
        fs::write(&path, &text).unwrap();
        let store = Arc::new(Store::open(&folder.path().join("state")).unwrap());
        let id = store.replica_for(&path).unwrap().id;
        Self {
            _folder: folder,
            path,
            store,
            id,
            text,
        }
    }

    fn open(&self) -> Opening {
        let replica = self.store.replica(self.id).unwrap();
        self.store
            .record_opened(self.id, SystemTime::UNIX_EPOCH)
            .unwrap();
        let file = read_file(&self.path).unwrap();
        let text = file.text.as_str().into();
        reopen_at_once(&self.store, &replica, Some(file), text).unwrap()
    }

    /// Makes the document, as far as this goes before a crash.
    fn prepare(&self, opening: &mut Opening) -> Journaled {
        let preparation = opening.preparation.take().expect("it is ahead");
        let journaled = preparation.run(&self.store, self.id).unwrap();
        opening.document.catch_up().unwrap();
        journaled
    }

    fn journal(&self, opening: &Opening, journaled: Journaled) {
        let shared = opening.document.shared().clone();
        let journal = Journal::start(Arc::clone(&self.store), self.id, shared, journaled, |_| {});
        journal.unwrap().flush().unwrap();
    }

    /// Opens it once more, to the end.
    #[track_caller]
    fn finds(&self, text: &str, modified: bool) -> Opening {
        let mut opening = self.open();
        assert_eq!(opening.modified, modified);
        assert!(*opening.document.rope() == text, "other text is shown");
        let journaled = match opening.preparation.is_some() {
            true => self.prepare(&mut opening),
            false => opening.journaled.clone(),
        };
        assert!(opening.document.shared().text() == text, "other text");
        self.journal(&opening, journaled);
        self.store.remove_early_edits(self.id);
        opening
    }
}

/// Types at the start, and has that kept as the editor does.
fn types(opening: &mut Opening, log: &mut EarlyLog, text: &str) {
    let context = EditContext {
        kind: EditKind::Other,
        selection: TextSelection::caret(0),
        now: Duration::ZERO,
    };
    let edit = Delta::replace(0..0, text);
    opening.document.edit(&edit, context).unwrap();
    log.append(&opening.document.take_unstored()).unwrap();
}

fn take_log(opening: &mut Opening) -> EarlyLog {
    let preparation = opening.preparation.as_mut().expect("it is ahead");
    preparation.take_log().expect("it was not taken")
}

#[test]
fn only_a_large_file_without_a_history_is_shown_first() {
    let fixture = Fixture::new();
    fixture.finds(&fixture.text, false);
    assert!(fixture.open().preparation.is_none());
    let small = Fixture::new();
    fs::write(&small.path, "few words").unwrap();
    assert!(small.open().preparation.is_none());
}

#[test]
fn wherever_it_was_killed_what_was_typed_is_there() {
    let killed: [fn(&Fixture, &mut Opening); 3] = [
        |_, _| {},
        |fixture, opening| drop(fixture.prepare(opening)),
        |fixture, opening| {
            let journaled = fixture.prepare(opening);
            fixture.journal(opening, journaled);
        },
    ];
    for (number, kill) in killed.into_iter().enumerate() {
        let fixture = Fixture::new();
        let mut opening = fixture.open();
        let mut log = take_log(&mut opening);
        types(&mut opening, &mut log, "first ");
        types(&mut opening, &mut log, "second ");
        kill(&fixture, &mut opening);
        drop(opening);
        let text = format!("second first {}", fixture.text);
        let found = fixture.finds(&text, true);
        let message = found.message.clone().expect("it is told");
        assert!(message.contains("everything you typed is here"), "{number}");
        assert!(found.last_saved.is_none());
        // It is not made a second time.
        fixture.finds(&text, true);
    }
}

#[test]
fn it_may_be_killed_again_and_again() {
    let fixture = Fixture::new();
    let mut text = fixture.text.clone();
    for word in ["one ", "two ", "three "] {
        let mut opening = fixture.open();
        let mut log = take_log(&mut opening);
        assert!(*opening.document.rope() == text.as_str());
        types(&mut opening, &mut log, word);
        text.insert_str(0, word);
    }
    fixture.finds(&text, true);
}

#[test]
fn what_was_typed_into_another_text_is_put_aside() {
    let fixture = Fixture::new();
    let mut opening = fixture.open();
    let mut log = take_log(&mut opening);
    types(&mut opening, &mut log, "typed");
    fs::write(&fixture.path, "another text").unwrap();
    let opening = fixture.open();
    assert_eq!(*opening.document.rope(), "another text");
    let message = opening.message.expect("it is told");
    let aside = fixture.path.with_extension("md.diverged");
    assert!(message.contains(aside.to_str().unwrap()), "{message}");
    assert_eq!(fs::read_to_string(aside).unwrap(), "typed");
    assert_eq!(fixture.store.early_edits(fixture.id), None);
}

#[test]
fn a_file_that_was_changed_meets_what_was_stored_as_ever() {
    let fixture = Fixture::new();
    let mut opening = fixture.open();
    let mut log = take_log(&mut opening);
    types(&mut opening, &mut log, "typed ");
    fixture.prepare(&mut opening);
    fs::write(&fixture.path, format!("{}theirs", fixture.text)).unwrap();
    let opening = fixture.open();
    let text = format!("typed {}", fixture.text);
    assert!(*opening.document.rope() == text.as_str());
    let last_saved = opening.last_saved.expect("the file is merged later");
    assert!(last_saved.text == fixture.text.as_str());
}
