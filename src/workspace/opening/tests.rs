//! What is opened after copad was killed while it saved.

use std::{fs, path::PathBuf, sync::Arc};

use super::*;
use crate::{
    crdt::{Delta, EditContext, EditKind, TextSelection},
    store::{Journal, ReplicaId, hash_of_text, read_file},
};

struct Fixture {
    folder: tempfile::TempDir,
    path: PathBuf,
    store: Arc<Store>,
    id: ReplicaId,
}

impl Fixture {
    /// A file that is open for the first time.
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("notes.md");
        fs::write(&path, text).unwrap();
        let store = Arc::new(Store::open(&folder.path().join("state")).unwrap());
        let id = store.replica_for(&path).unwrap().id;
        let at = std::time::SystemTime::UNIX_EPOCH;
        store.record_opened(id, at).unwrap();
        Self {
            folder,
            path,
            store,
            id,
        }
    }

    fn open(&self) -> Opening {
        let replica = self.store.replica(self.id).unwrap();
        reopen(&self.store, &replica, Some(read_file(&self.path).unwrap())).unwrap()
    }

    /// Stores all of it, as a journal does that is killed afterwards.
    fn keep(&self, opening: &Opening) {
        let shared = opening.document.shared().clone();
        let journaled = opening.journaled.clone();
        let journal = Journal::start(Arc::clone(&self.store), self.id, shared, journaled, |_| {});
        journal.unwrap().flush().unwrap();
    }

    /// Begins to save: everything but the file itself.
    fn begin_to_save(&self, opening: &Opening) {
        let hash = hash_of_text(opening.document.rope(), opening.format);
        let version = opening.document.version();
        self.store.record_saving(self.id, hash, &version).unwrap();
    }
}

fn types(opening: &mut Opening, text: &str) {
    let end = opening.document.rope().len_chars();
    let context = EditContext {
        kind: EditKind::Other,
        selection: TextSelection::default(),
        now: std::time::Duration::ZERO,
    };
    let delta = Delta::replace(end..end, text);
    opening.document.edit(&delta, context).unwrap();
}

#[test]
fn a_save_that_was_not_recorded_is_no_other_programs_edit() {
    let fixture = Fixture::new("one ");
    let mut opening = fixture.open();
    types(&mut opening, "two ");
    fixture.begin_to_save(&opening);
    fs::write(&fixture.path, "one two ").unwrap();
    types(&mut opening, "three");
    fixture.keep(&opening);
    drop(opening);

    let opening = fixture.open();
    assert_eq!(*opening.document.rope(), "one two three");
    assert!(opening.modified);
    assert!(opening.message.unwrap().contains("not closed properly"));
    let replica = fixture.store.replica(fixture.id).unwrap();
    assert_eq!(replica.saving, None);
}

#[test]
fn a_save_that_was_cut_short_is_nobodys_edit() {
    let fixture = Fixture::new("what the file held before");
    let mut opening = fixture.open();
    types(&mut opening, ", and more");
    fixture.keep(&opening);
    fixture.begin_to_save(&opening);
    let backup = fixture.folder.path().join("notes.md.bak");
    fs::copy(&fixture.path, backup).unwrap();
    fs::write(&fixture.path, "what the f").unwrap();
    drop(opening);

    let opening = fixture.open();
    let text = "what the file held before, and more";
    assert_eq!(*opening.document.rope(), text);
    assert!(opening.modified);
    assert!(opening.message.unwrap().contains("notes.md.bak"));
}

#[test]
fn another_programs_edit_is_told_apart_after_a_crash_as_well() {
    let fixture = Fixture::new("one three");
    let mut opening = fixture.open();
    types(&mut opening, " four");
    fixture.keep(&opening);
    fixture.begin_to_save(&opening);
    drop(opening);
    fs::write(&fixture.path, "one two three").unwrap();
    let opening = fixture.open();
    assert_eq!(*opening.document.rope(), "one three four");
    // From here the application compares the text with the file, and takes the edit in.
    let last_saved = opening.last_saved.unwrap();
    assert_eq!(last_saved.text, "one three");
    assert_eq!(last_saved.since.insertions(), " four".len());
}

#[test]
fn a_torn_file_may_be_saved_over_once_that_was_told() {
    let fixture = Fixture::new("what the file held before");
    let mut opening = fixture.open();
    types(&mut opening, ", and more");
    fixture.keep(&opening);
    fixture.begin_to_save(&opening);
    fs::copy(&fixture.path, fixture.folder.path().join("notes.md.bak")).unwrap();
    fs::write(&fixture.path, "what the f").unwrap();
    let replica = fixture.store.replica(fixture.id).unwrap();
    let file = read_file(&fixture.path).unwrap();
    let saved = replica.saved.clone().unwrap();
    let shared = opening.document.shared();
    let told = merge_change_on_disk(&fixture.store, &replica, shared, &file, &saved).unwrap();
    assert!(told.unwrap().contains("notes.md.bak"));
    let replica = fixture.store.replica(fixture.id).unwrap();
    assert_eq!(replica.saved.unwrap().hash, file.hash);
}
