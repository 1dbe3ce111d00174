use std::{
    ffi::OsString,
    fs,
    os::unix::{ffi::OsStringExt, fs::symlink},
    time::Duration,
};

use super::*;
use crate::{PeerAddress, crdt::Encoding, store::KnownPeer};

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state")).unwrap();
    Fixture { folder, store }
}

impl Fixture {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn replica(&self, name: &str) -> Replica {
        self.store.replica_for(&self.path(name)).unwrap()
    }

    /// What the next process would find.
    fn reopened(&self, id: ReplicaId) -> Replica {
        let store = Store::open(self.store.state_dir()).unwrap();
        store.replica(id).unwrap()
    }

    fn meets(&self, replica: &Replica, node: NodeId) {
        let peer = KnownPeer {
            address: PeerAddress::unknown(node),
            name: None,
            color: None,
            last_seen: time(1),
        };
        self.store.record_peer(replica.id, &peer).unwrap();
    }
}

/// Stores something of a document.
fn remember(store: &Store, id: ReplicaId) {
    let entry = JournalEntry {
        bytes: b"changes".to_vec(),
        version: Some(b"version".to_vec()),
    };
    store.append(id, 0, &[entry], time(1)).unwrap();
    store.fold(id, 1, b"snapshot", None).unwrap();
    assert!(store.has_history(id).unwrap());
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn ids(replicas: Vec<Replica>) -> Vec<ReplicaId> {
    replicas.into_iter().map(|replica| replica.id).collect()
}

#[test]
fn a_file_keeps_its_key_and_shares_it_with_no_other() {
    let fixture = fixture();
    let notes = fixture.replica("notes.md");
    assert_eq!(notes.path, Some(fixture.path("notes.md")));
    assert_eq!((notes.title.as_str(), notes.document), ("notes.md", None));
    assert_eq!(fixture.replica("notes.md"), notes);
    assert_eq!(fixture.reopened(notes.id), notes);
    assert_ne!(fixture.replica("other.md").node_key, notes.node_key);
    assert_ne!(notes.node_key.to_bytes(), [0; 32]);
}

#[test]
fn every_name_of_a_file_is_one_replica() {
    let fixture = fixture();
    let notes = fixture.replica("notes.md");
    fs::write(fixture.path("notes.md"), "now it is there").unwrap();
    symlink("notes.md", fixture.path("link.md")).unwrap();
    for name in ["notes.md", "link.md", "./state/../notes.md"] {
        assert_eq!(fixture.replica(name).id, notes.id, "{name}");
    }
}

#[test]
fn a_path_need_not_be_utf_8() {
    let fixture = fixture();
    let name = |bytes: &[u8]| {
        let path = fixture.path("").join(OsString::from_vec(bytes.to_vec()));
        fixture.store.replica_for(&path).unwrap()
    };
    let (one, two) = (name(b"caf\xe9"), name(b"caf\xe8"));
    assert_ne!(one.id, two.id);
    assert_eq!(name(b"caf\xe9"), one);
    assert_eq!(one.title, "caf\u{fffd}");
    assert_eq!(fixture.reopened(one.id).path, one.path);
}

#[test]
fn what_is_recorded_is_there_for_the_next_process() {
    let fixture = fixture();
    let store = &fixture.store;
    let mut expected = fixture.replica("notes.md");
    expected.document = Some(DocumentId([7; 32]));
    expected.title = "minutes".to_owned();
    expected.format = TextFormat {
        encoding: Encoding::Utf16Be,
        byte_order_mark: true,
        line_ending: LineEnding::CrLf,
    };
    expected.last_opened = Some(time(1_700_000_000));
    expected.unclosed = true;
    expected.saved = Some(SavedState {
        hash: ContentHash::of(b"text"),
        version: vec![1, 2, 3],
    });
    let id = expected.id;
    store.assign_document(id, DocumentId([7; 32])).unwrap();
    store.record_title(id, "minutes").unwrap();
    store.record_format(id, expected.format).unwrap();
    store.record_opened(id, time(1_700_000_000)).unwrap();
    store
        .record_saved(id, ContentHash::of(b"text"), &[1, 2, 3])
        .unwrap();
    assert_eq!(fixture.reopened(id), expected);

    // A save that is under way, until it is recorded.
    let hash = ContentHash::of(b"longer text");
    store.record_saving(id, hash, &[4]).unwrap();
    let version = vec![4];
    expected.saving = Some(SavedState { hash, version });
    assert_eq!(fixture.reopened(id), expected);
    store.record_saved(id, hash, &[4]).unwrap();
    expected.saved = expected.saving.take();
    assert_eq!(fixture.reopened(id), expected);
}

#[test]
fn times_outside_the_range_are_brought_into_it() {
    let fixture = fixture();
    let id = fixture.replica("notes.md").id;
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
    fixture.store.record_opened(id, early).unwrap();
    assert_eq!(fixture.reopened(id).last_opened, Some(time(0)));
}

#[test]
fn a_replica_holds_one_document() {
    let fixture = fixture();
    let store = &fixture.store;
    let id = fixture.replica("notes.md").id;
    let (mine, theirs) = (DocumentId([1; 32]), DocumentId([2; 32]));
    store.assign_document(id, mine).unwrap();
    store.assign_document(id, mine).unwrap();
    let error = store.assign_document(id, theirs).unwrap_err();
    assert!(error.to_string().contains("notes.md"), "{error}");
    assert_eq!(fixture.reopened(id).document, Some(mine));
}

#[test]
fn starting_over_keeps_only_who_we_are() {
    let fixture = fixture();
    let store = &fixture.store;
    let before = fixture.replica("notes.md");
    let id = before.id;
    store.assign_document(id, DocumentId([1; 32])).unwrap();
    remember(store, id);
    store
        .record_saved(id, ContentHash::of(b"text"), b"version")
        .unwrap();
    fixture.meets(&before, NodeId([9; 32]));
    store.start_over(id).unwrap();
    assert_eq!(fixture.reopened(id), before);
    assert!(store.load_history(id).unwrap().is_empty());
    assert_eq!(store.peers(id).unwrap(), []);
    store.assign_document(id, DocumentId([2; 32])).unwrap();
}

#[test]
fn joined_documents_are_found_again() {
    let fixture = fixture();
    let store = &fixture.store;
    let (host, document) = (NodeId([9; 32]), DocumentId([7; 32]));
    let older = store.create_replica("theirs").unwrap();
    let newer = store.create_replica("theirs").unwrap();
    let unopened = store.create_replica("theirs").unwrap();
    let with_file = fixture.replica("notes.md");
    for replica in [&older, &newer, &unopened, &with_file] {
        store.assign_document(replica.id, document).unwrap();
        fixture.meets(replica, host);
    }
    store.record_opened(older.id, time(1)).unwrap();
    store.record_opened(newer.id, time(2)).unwrap();
    store.record_opened(with_file.id, time(3)).unwrap();

    let joined = store.replicas_joined_through(host).unwrap();
    assert_eq!(ids(joined), [newer.id, older.id, unopened.id]);
    let of_document = store.replicas_of(document).unwrap();
    let all = [with_file.id, newer.id, older.id, unopened.id];
    assert_eq!(ids(of_document), all);
    assert_eq!(ids(store.replicas().unwrap()), all);
    assert_eq!(store.replicas_of(DocumentId([8; 32])).unwrap(), []);
    assert_eq!(store.replicas_joined_through(NodeId([8; 32])).unwrap(), []);
}

#[test]
fn a_joined_document_gets_a_file() {
    let fixture = fixture();
    let store = &fixture.store;
    let joined = store.create_replica("theirs").unwrap();
    let path = store
        .bind_path(joined.id, &fixture.path("./mine.md"))
        .unwrap();
    assert_eq!(path, fixture.path("mine.md"));
    let bound = fixture.replica("mine.md");
    assert_eq!((bound.id, bound.title.as_str()), (joined.id, "mine.md"));
    assert_eq!(bound.node_key, joined.node_key);
    // Once more to the same place changes nothing.
    store.bind_path(joined.id, &path).unwrap();
    assert_eq!(fixture.replica("mine.md"), bound);
}

#[test]
fn the_replica_that_had_the_file_stays_without_one_unless_it_is_open() {
    let fixture = fixture();
    let store = &fixture.store;
    let old = fixture.replica("notes.md");
    let joined = store.create_replica("theirs").unwrap();

    let lock = store.try_lock(old.id).unwrap();
    let error = store.bind_path(joined.id, &fixture.path("notes.md"));
    let sentence = error.unwrap_err().to_string();
    let process = format!("(process {})", std::process::id());
    assert!(sentence.contains(&process), "{sentence}");
    assert_eq!(fixture.replica("notes.md").id, old.id);

    drop(lock);
    store
        .bind_path(joined.id, &fixture.path("notes.md"))
        .unwrap();
    assert_eq!(fixture.replica("notes.md").id, joined.id);
    let path = None;
    assert_eq!(fixture.reopened(old.id), Replica { path, ..old });
}

#[test]
fn what_is_forgotten_is_gone_and_its_file_is_not() {
    let fixture = fixture();
    let store = &fixture.store;
    fs::write(fixture.path("notes.md"), "text").unwrap();
    let replica = fixture.replica("notes.md");
    remember(store, replica.id);

    let lock = store.try_lock(replica.id).unwrap();
    let error = store.forget(replica.id).unwrap_err();
    assert!(matches!(error, StoreError::OpenElsewhere { .. }), "{error}");
    drop(lock);
    store.forget(replica.id).unwrap();

    let error = store.replica(replica.id).unwrap_err();
    assert!(
        matches!(error, StoreError::UnknownReplica { .. }),
        "{error}"
    );
    let error = store.record_title(replica.id, "x").unwrap_err();
    assert!(
        matches!(error, StoreError::UnknownReplica { .. }),
        "{error}"
    );
    assert!(store.load_history(replica.id).unwrap().is_empty());
    assert_eq!(
        fs::read_to_string(fixture.path("notes.md")).unwrap(),
        "text"
    );
    let again = fixture.replica("notes.md");
    assert_ne!((again.id, again.node_key), (replica.id, replica.node_key));
}

#[test]
fn a_document_joined_into_a_file_leaves_it_alone_until_it_is_bound() {
    let fixture = fixture();
    let store = &fixture.store;
    let notes = fixture.replica("notes.md");
    let (host, other) = (NodeId([7; 32]), NodeId([8; 32]));
    let path = fixture.path("notes.md");
    let waiting = store.replica_for_joining(&path, host).unwrap();
    assert_ne!(
        (waiting.id, waiting.node_key.clone()),
        (notes.id, notes.node_key.clone())
    );
    assert_eq!(waiting.path, None);
    assert_eq!(store.replica_for_joining(&path, host).unwrap(), waiting);
    let elsewhere = store.replica_for_joining(&path, other).unwrap();
    assert_ne!(elsewhere.id, waiting.id);
    assert_eq!(ids(store.replicas_joined_through(host).unwrap()), []);

    assert_eq!(ids(store.replicas_meant_for(&path).unwrap()), []);
    remember(store, waiting.id);
    assert_eq!(ids(store.replicas_meant_for(&path).unwrap()), [waiting.id]);
    assert_eq!(fixture.replica("notes.md"), notes);
    store.bind_path(waiting.id, &path).unwrap();
    assert_eq!(fixture.replica("notes.md").id, waiting.id);
    assert_eq!(ids(store.replicas_meant_for(&path).unwrap()), []);

    store.give_file_up(elsewhere.id).unwrap();
    assert_eq!(
        ids(store.replicas_joined_through(other).unwrap()),
        [elsewhere.id]
    );
}

#[test]
fn a_replica_knows_whether_it_was_closed_and_where_the_person_was() {
    let fixture = fixture();
    let store = &fixture.store;
    let id = fixture.replica("notes.md").id;
    assert!(!fixture.reopened(id).unclosed);
    store.record_opened(id, time(1)).unwrap();
    assert!(fixture.reopened(id).unclosed);
    store.record_closed(id).unwrap();
    assert!(!fixture.reopened(id).unclosed);
    assert_eq!(store.view(id).unwrap(), None);
    store.record_view(id, b"here").unwrap();
    assert_eq!(store.view(id).unwrap(), Some(b"here".to_vec()));
}
