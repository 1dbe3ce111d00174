use super::*;
use crate::crdt::{Delta, EditContext, EditKind, TextDocument, TextSelection};

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
    replica: ReplicaId,
    document: TextDocument,
    last: i64,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let replica = store.create_replica("notes.md").unwrap().id;
    Fixture {
        folder,
        store,
        replica,
        document: TextDocument::from_text(""),
        last: 0,
    }
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

impl Fixture {
    /// Types at the end of the text and journals that.
    fn types(&mut self, text: &str, seconds: u64) {
        let before = self.document.shared().doc().oplog_vv();
        let end = self.document.rope().len_chars();
        let context = EditContext {
            kind: EditKind::Other,
            selection: TextSelection::default(),
            now: Duration::ZERO,
        };
        let delta = Delta::replace(end..end, text);
        self.document.edit(&delta, context).unwrap();
        let doc = self.document.shared().doc();
        let entry = JournalEntry {
            bytes: doc.export(loro::ExportMode::updates(&before)).unwrap(),
            version: Some(self.document.version()),
        };
        let at = time(seconds);
        self.last = self
            .store
            .append(self.replica, self.last, &[entry], at)
            .unwrap();
    }

    fn folds(&self) {
        let bytes = self.document.shared().snapshot().unwrap();
        self.store
            .fold(self.replica, self.last, &bytes, None)
            .unwrap();
    }

    /// Changes rows behind the store's back.
    fn spoil(&self, sql: &str) {
        let database = Connection::open(self.store.path()).unwrap();
        assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.store
            .read(|connection| connection.query_row(&sql, [], |row| row.get(0)))
            .unwrap()
    }

    #[track_caller]
    fn holds(&self, text: &str, damaged: bool) {
        let history = self.store.load_history(self.replica).unwrap();
        let (document, journaled) = history.restore().unwrap();
        assert_eq!(document.text(), text);
        assert_eq!(
            (history.is_damaged(), journaled.damaged),
            (damaged, damaged)
        );
    }
}

#[test]
fn what_was_journaled_is_there_for_the_next_process() {
    let mut fixture = fixture();
    assert!(
        fixture
            .store
            .load_history(fixture.replica)
            .unwrap()
            .is_empty()
    );
    fixture.types("one ", 1);
    fixture.types("two ", 2);
    fixture.holds("one two ", false);
    fixture.folds();
    fixture.holds("one two ", false);
    fixture.types("three", 3);
    fixture.store = Store::open(fixture.folder.path()).unwrap();
    fixture.holds("one two three", false);
    assert_eq!(
        fixture.store.text(fixture.replica).unwrap(),
        "one two three"
    );
}

#[test]
fn the_snapshot_before_the_last_stays_with_what_came_after_it() {
    let mut fixture = fixture();
    for (seconds, text) in (1..).zip(["one ", "two ", "three ", "four "]) {
        fixture.types(text, seconds);
        fixture.folds();
    }
    fixture.types("five", 5);
    assert_eq!(
        (fixture.count("snapshots"), fixture.count("journal")),
        (2, 2)
    );
    fixture.spoil("UPDATE snapshots SET bytes = x'deadbeef' WHERE generation = 4");
    fixture.holds("one two three four five", true);
    fixture.store.put_aside(fixture.replica).unwrap();
    fixture.holds("one two three four five", false);
    // A damaged one makes room, not the one it falls back to.
    fixture.folds();
    fixture.holds("one two three four five", false);
    fixture.spoil("UPDATE snapshots SET bytes = 'a text' WHERE generation = 4");
    fixture.holds("one two three four five", true);
}

#[test]
fn a_damaged_entry_is_left_out_and_kept_aside() {
    let mut fixture = fixture();
    for (seconds, text) in (1..).zip(["one ", "two ", "three "]) {
        fixture.types(text, seconds);
    }
    fixture.spoil("UPDATE journal SET bytes = x'00' || bytes WHERE number = 2");
    // The third depends on the second, and waits for it.
    fixture.holds("one ", true);
    let copy = fixture.store.put_aside(fixture.replica).unwrap();
    assert_eq!(copy, "copad.db.damaged-1");
    let copy = Connection::open(fixture.folder.path().join(copy)).unwrap();
    let kept: i64 = copy
        .query_row("SELECT count(*) FROM journal", [], |row| row.get(0))
        .unwrap();
    assert_eq!((kept, fixture.count("journal")), (3, 2));
    // A peer that has it brings everything back.
    let history = fixture.store.load_history(fixture.replica).unwrap();
    let (restored, _) = history.restore().unwrap();
    let whole = fixture.document.shared().snapshot().unwrap();
    restored.doc().import(&whole).unwrap();
    assert_eq!(restored.text(), "one two three ");
}

#[test]
fn an_entry_counts_only_where_it_was_written() {
    for change in [
        "number = number + 7",
        "hash = zeroblob(32)",
        "bytes = 'text'",
    ] {
        let mut fixture = fixture();
        fixture.types("one ", 1);
        fixture.spoil(&format!("UPDATE journal SET {change}"));
        let history = fixture.store.load_history(fixture.replica).unwrap();
        assert!(history.is_damaged() && history.is_empty(), "{change}");
    }
    let mut fixture = fixture();
    fixture.types("one ", 1);
    fixture.folds();
    fixture.types("two", 2);
    fixture.spoil("UPDATE snapshots SET covers = covers + 1");
    fixture.holds("one two", true);
}

#[test]
fn a_fold_that_comes_late_takes_nothing_away() {
    let mut fixture = fixture();
    fixture.types("one ", 1);
    let early = fixture.document.shared().snapshot().unwrap();
    for (seconds, text) in (2..).zip(["two ", "three "]) {
        fixture.types(text, seconds);
        fixture.folds();
    }
    fixture
        .store
        .fold(fixture.replica, 1, &early, None)
        .unwrap();
    fixture.holds("one two three ", false);
}

#[test]
fn a_text_can_be_had_as_it_was() {
    let mut fixture = fixture();
    fixture.types("one ", 60);
    fixture.types("two ", 119);
    fixture.types("three", 240);
    let at = |fixture: &Fixture, seconds| {
        let text = fixture.store.text_at(fixture.replica, time(seconds));
        text.unwrap()
    };
    let expected = [
        (59, None),
        (60, Some("one ")),
        (118, Some("one ")),
        (119, Some("one two ")),
        (239, Some("one two ")),
        (100_000, Some("one two three")),
    ];
    for (seconds, text) in expected {
        assert_eq!(at(&fixture, seconds).as_deref(), text, "{seconds}");
    }
    // Once the entries are gone, the last version of each minute is known.
    fixture.folds();
    fixture.types(".", 241);
    fixture.folds();
    assert_eq!(fixture.count("journal"), 1);
    assert_eq!(at(&fixture, 118), None);
    assert_eq!(at(&fixture, 119).as_deref(), Some("one two "));
    assert_eq!(at(&fixture, 241).as_deref(), Some("one two three."));
}

#[test]
fn a_large_snapshot_leaves_no_large_log() {
    let fixture = fixture();
    let bytes = vec![7; 16 << 20];
    for covers in 1..4 {
        fixture
            .store
            .fold(fixture.replica, covers, &bytes, None)
            .unwrap();
    }
    for covers in 4..6 {
        fixture
            .store
            .fold(fixture.replica, covers, b"small", None)
            .unwrap();
    }
    let log = fixture.folder.path().join("copad.db-wal");
    assert!(std::fs::metadata(log).unwrap().len() <= 8 << 20);
}

#[test]
fn a_replica_that_is_gone_takes_no_entry() {
    let mut fixture = fixture();
    fixture.types("one", 1);
    fixture.store.forget(fixture.replica).unwrap();
    let entry = JournalEntry {
        bytes: Vec::new(),
        version: None,
    };
    let error = fixture.store.append(fixture.replica, 1, &[entry], time(1));
    assert!(matches!(error, Err(StoreError::UnknownReplica { .. })));
    for table in ["journal", "moments", "snapshots"] {
        assert_eq!(fixture.count(table), 0, "{table}");
    }
}
