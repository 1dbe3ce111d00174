use super::*;
use crate::crdt::{Delta, EditContext, EditKind, TextDocument, TextSelection};

const PATIENCE: Duration = Duration::from_secs(30);

struct Fixture {
    folder: tempfile::TempDir,
    store: Arc<Store>,
    replica: ReplicaId,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    let replica = store.create_replica("notes.md").unwrap().id;
    Fixture {
        folder,
        store,
        replica,
    }
}

impl Fixture {
    fn start(&self, document: &TextDocument, journaled: Journaled) -> Journal {
        let tell = |news| panic!("{news:?}");
        let document = document.shared().clone();
        Journal::start(
            Arc::clone(&self.store),
            self.replica,
            document,
            journaled,
            tell,
        )
        .unwrap()
    }

    /// What the next process would find, and what is stored of it.
    fn restored(&self) -> (SharedDocument, Journaled) {
        let store = Store::open(self.folder.path()).unwrap();
        store.load_history(self.replica).unwrap().restore().unwrap()
    }

    /// Waits until the next process would find this.
    #[track_caller]
    fn finds(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.restored().0.text();
            if found == text {
                return;
            }
            assert!(Instant::now() < end, "found {found:?}, not {text:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn count(&self, sql: &str) -> i64 {
        let query = |connection: &rusqlite::Connection| connection.query_row(sql, [], |r| r.get(0));
        self.store.read(query).unwrap()
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
fn edits_undo_and_imports_are_stored_without_being_asked_for() {
    let fixture = fixture();
    let mut document = TextDocument::from_text("start");
    let journal = fixture.start(&document, Journaled::default());
    fixture.finds("start");
    append(&mut document, " typed");
    fixture.finds("start typed");
    document.undo().unwrap();
    fixture.finds("start");
    let peer = loro::LoroDoc::from_snapshot(&document.shared().snapshot().unwrap()).unwrap();
    peer.get_text("main").insert(0, "peer ").unwrap();
    peer.commit();
    let update = peer.export(loro::ExportMode::all_updates()).unwrap();
    document.shared().lock().doc().import(&update).unwrap();
    fixture.finds("peer start");
    journal.close().unwrap();
}

#[test]
fn a_flush_returns_when_all_is_stored_and_a_close_says_so() {
    let fixture = fixture();
    fixture
        .store
        .record_opened(fixture.replica, SystemTime::now())
        .unwrap();
    let mut document = TextDocument::from_text("");
    let journal = fixture.start(&document, Journaled::default());
    append(&mut document, "one ");
    journal.flush().unwrap();
    assert_eq!(fixture.restored().0.text(), "one ");
    append(&mut document, "two");
    journal.note_view(b"here".to_vec());
    assert!(fixture.store.replica(fixture.replica).unwrap().unclosed);
    journal.close().unwrap();
    assert_eq!(fixture.restored().0.text(), "one two");
    assert!(!fixture.store.replica(fixture.replica).unwrap().unclosed);
    assert_eq!(
        fixture.store.view(fixture.replica).unwrap(),
        Some(b"here".to_vec())
    );
    // Whatever comes later has nobody to go to, and does no harm.
    append(&mut document, "three");
    journal.flush().unwrap();
    journal.close().unwrap();
}

#[test]
fn a_journal_goes_on_where_the_last_one_ended() {
    let fixture = fixture();
    let mut document = TextDocument::from_text("start");
    let journal = fixture.start(&document, Journaled::default());
    append(&mut document, " one");
    journal.close().unwrap();
    let entries = "SELECT count(*) FROM journal";
    let before = fixture.count(entries);

    let (shared, journaled) = fixture.restored();
    let mut document = TextDocument::new(shared);
    let journal = fixture.start(&document, journaled);
    journal.flush().unwrap();
    assert_eq!(fixture.count(entries), before, "nothing is stored twice");
    append(&mut document, " two");
    journal.close().unwrap();
    assert_eq!(fixture.restored().0.text(), "start one two");
    assert_eq!(fixture.count(entries), before + 1);
}

#[test]
fn a_dropped_journal_still_stores_what_was_there() {
    let fixture = fixture();
    let mut document = TextDocument::from_text("");
    let journal = fixture.start(&document, Journaled::default());
    append(&mut document, "typed");
    drop(journal);
    fixture.finds("typed");
}

#[test]
fn what_waits_for_others_survives_a_restart() {
    let fixture = fixture();
    let (ada, bob) = (loro::LoroDoc::new(), TextDocument::from_text(""));
    let export = |from: &loro::VersionVector| ada.export(loro::ExportMode::updates(from)).unwrap();
    ada.get_text("main").insert(0, "first ").unwrap();
    ada.commit();
    let (first, known) = (export(&loro::VersionVector::new()), ada.oplog_vv());
    ada.get_text("main").insert(6, "then").unwrap();
    ada.commit();
    let then = export(&known);

    let journal = fixture.start(&bob, Journaled::default());
    bob.shared().lock().doc().import(&then).unwrap();
    journal.close().unwrap();
    let entries = "SELECT count(*) FROM journal";
    let stored = fixture.count(entries);
    for _ in 0..2 {
        let (shared, journaled) = fixture.restored();
        assert_eq!(shared.text(), "");
        fixture
            .start(&TextDocument::new(shared), journaled)
            .close()
            .unwrap();
        assert_eq!(fixture.count(entries), stored, "nothing is stored twice");
    }
    let (shared, journaled) = fixture.restored();
    fold::fold(&fixture.store, fixture.replica, &shared, &journaled.version).unwrap();
    fixture
        .store
        .transact(|t| Ok(t.execute("DELETE FROM journal", [])?))
        .unwrap();
    let (shared, _) = fixture.restored();
    shared.doc().import(&first).unwrap();
    assert_eq!(shared.text(), "first then");
}

#[test]
fn a_large_text_is_stored_in_parts_and_folded() {
    let fixture = fixture();
    let text = "0123456789abcdef".repeat(80 * 1024);
    let mut document = TextDocument::from_text(&text);
    let journal = fixture.start(&document, Journaled::default());
    journal.flush().unwrap();
    assert!(fixture.count("SELECT count(*) FROM journal") > 20);
    let end = Instant::now() + PATIENCE;
    while fixture.count("SELECT count(*) FROM snapshots") == 0 {
        assert!(Instant::now() < end, "it is not folded");
        thread::sleep(Duration::from_millis(5));
    }
    append(&mut document, "more");
    journal.close().unwrap();
    assert_eq!(fixture.restored().0.text(), text + "more");
}

#[test]
fn many_entries_are_folded() {
    let fixture = fixture();
    let mut document = TextDocument::from_text("");
    let journal = fixture.start(&document, Journaled::default());
    for _ in 0..1_000 {
        append(&mut document, "x");
        journal.flush().unwrap();
    }
    let end = Instant::now() + PATIENCE;
    while fixture.count("SELECT count(*) FROM snapshots") == 0 {
        assert!(Instant::now() < end, "they are not folded");
        thread::sleep(Duration::from_millis(5));
    }
    append(&mut document, "y");
    journal.close().unwrap();
    assert_eq!(fixture.restored().0.text(), "x".repeat(1_000) + "y");
}

#[test]
fn what_is_left_at_the_end_is_folded() {
    let fixture = fixture();
    let mut document = TextDocument::from_text("");
    let journal = fixture.start(&document, Journaled::default());
    for _ in 0..120 {
        append(&mut document, "x");
        journal.flush().unwrap();
    }
    assert_eq!(fixture.count("SELECT count(*) FROM snapshots"), 0);
    journal.close().unwrap();
    assert_eq!(fixture.count("SELECT count(*) FROM snapshots"), 1);
    assert_eq!(fixture.restored().0.text(), "x".repeat(120));
}

#[test]
fn what_the_disk_lost_meanwhile_is_folded_from_the_document() {
    let fixture = fixture();
    let mut document = TextDocument::from_text("one ");
    let journal = fixture.start(&document, Journaled::default());
    append(&mut document, "two");
    journal.flush().unwrap();
    let spoil =
        |t: &rusqlite::Transaction<'_>| Ok(t.execute("UPDATE journal SET bytes = x'00'", [])?);
    fixture.store.transact(spoil).unwrap();
    let version = document.shared().doc().oplog_vv();
    fold::fold(&fixture.store, fixture.replica, document.shared(), &version).unwrap();
    journal.close().unwrap();
    assert_eq!(fixture.restored().0.text(), "one two");
}
