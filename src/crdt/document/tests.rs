mod peers;

use std::thread;

use loro::{ExportMode, JsonOpContent, JsonTextOp, VersionVector};

use super::*;

fn context(kind: EditKind, head: usize, milliseconds: u64) -> EditContext {
    EditContext {
        kind,
        selection: TextSelection::caret(head),
        now: Duration::from_millis(milliseconds),
    }
}

/// Replaces `range` as a step of its own.
#[track_caller]
fn replace(
    document: &mut TextDocument,
    range: std::ops::Range<usize>,
    text: &str,
) -> Vec<AppliedChange> {
    let context = context(EditKind::Other, range.end, 0);
    document
        .edit(&Delta::replace(range, text), context)
        .expect("the edit fits")
}

/// Gives `to` what `from` has and `to` lacks, without letting `to` take it in yet.
fn send(from: &TextDocument, to: &TextDocument) {
    let known = to.shared.doc().oplog_vv();
    let updates = {
        let guard = from.shared.lock();
        guard.doc().export(ExportMode::updates(&known))
    };
    let updates = updates.expect("a healthy document can be exported");
    let guard = to.shared.lock();
    guard.doc().import(&updates).expect("the updates are whole");
}

/// A second replica of the same document.
fn replica_of(document: &TextDocument) -> TextDocument {
    let replica = LoroDoc::new();
    let snapshot = document.shared.doc().export(ExportMode::Snapshot);
    let snapshot = snapshot.expect("a healthy document can be exported");
    replica.import(&snapshot).expect("the snapshot is whole");
    TextDocument::new(SharedDocument::new(replica))
}

fn loro_text(document: &TextDocument) -> String {
    document.text.to_string()
}

#[test]
fn documents_can_move_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<TextDocument>();
}

#[test]
fn an_edit_comes_back_as_an_applied_change() {
    let mut document = TextDocument::from_text("hello\r\n");
    let delta = Delta::replace(1..4, "👨‍👩‍👧");
    let changes = replace(&mut document, 1..4, "👨‍👩‍👧");
    let origin = Origin::Edit;
    assert_eq!(changes, [AppliedChange { delta, origin }]);
    assert_eq!(document.rope(), "h👨‍👩‍👧o\r\n");

    let undone = document.undo().expect("there is an edit");
    assert_eq!(undone.selection, TextSelection::caret(4));
    assert_eq!(undone.changes[0].origin, Origin::Undo);
    assert_eq!(document.rope(), "hello\r\n");
    assert!(!document.can_undo() && document.can_redo());

    let redone = document.redo().expect("there is an undone edit");
    assert_eq!(redone.selection, TextSelection::caret(6));
    assert_eq!(document.rope(), "h👨‍👩‍👧o\r\n");
    assert_eq!(document.redo(), None);
}

#[test]
fn a_document_from_text_has_nothing_to_undo() {
    let mut document = TextDocument::from_text("given");
    assert!(!document.can_undo());
    assert_eq!(document.undo(), None);
    assert_eq!(document.drain(), []);
    assert_eq!(loro_text(&document), "given");
}

#[test]
fn an_edit_is_carried_over_what_arrived_before_it() {
    let mut here = TextDocument::from_text("one two");
    let mut there = replica_of(&here);
    replace(&mut there, 0..0, "zero ");
    replace(&mut there, 12..12, "!");
    send(&there, &here);

    // Planned for "one two", with the caret at its end.
    let changes = replace(&mut here, 7..7, " three");
    assert_eq!(here.rope(), "zero one two three!");
    let origins: Vec<Origin> = changes.iter().map(|change| change.origin).collect();
    assert_eq!(origins, [Origin::Remote, Origin::Edit]);
    let undone = here.undo().expect("one step");
    assert_eq!(here.rope(), "zero one two!");
    assert_eq!(undone.selection, TextSelection::caret(12));
}

#[test]
fn edits_that_do_not_fit_change_nothing() {
    let mut document = TextDocument::from_text("abc");
    let result = document.edit(&Delta::replace(2..4, ""), context(EditKind::Other, 0, 0));
    let error = result.expect_err("it reaches beyond the end");
    assert_eq!(
        error.to_string(),
        "the edit reaches to character 4, but the text has 3"
    );
    assert_eq!(document.rope(), "abc");
    assert!(!document.can_undo());
}

#[test]
fn an_old_version_is_not_edited() {
    let mut document = TextDocument::from_text("abc");
    let old = document.shared.doc().oplog_frontiers();
    replace(&mut document, 0..0, "x");
    {
        let guard = document.shared.lock();
        guard.doc().checkout(&old).expect("the version exists");
    }
    let result = document.edit(&Delta::replace(0..0, "y"), context(EditKind::Other, 0, 0));
    assert!(matches!(result, Err(EditError::Detached)));
    assert_eq!(document.undo(), None);
    assert!(document.can_undo());

    document.drain();
    assert_eq!(document.rope(), "abc");
    document.shared.lock().doc().checkout_to_latest();
    let changes = document.drain();
    assert_eq!(changes[0].origin, Origin::Remote);
    assert_eq!(document.rope(), "xabc");
}

#[test]
fn changes_made_past_it_come_in_committed_or_not() {
    let mut document = TextDocument::from_text("abc");
    let shared = document.shared().clone();
    let insert = |position, text: &str| {
        let guard = shared.lock();
        let target = guard.doc().get_text(TextDocument::CONTAINER);
        target.insert(position, text).expect("the position exists");
    };
    insert(3, "d");
    shared.lock().doc().commit();
    insert(4, "e");
    let changes = replace(&mut document, 3..3, "-");
    let origins: Vec<Origin> = changes.iter().map(|change| change.origin).collect();
    assert_eq!(origins, [Origin::Direct, Origin::Direct, Origin::Edit]);
    assert_eq!(document.rope(), "abc-de");
    document.undo().expect("one step");
    assert_eq!(document.rope(), "abcde");
}

#[test]
fn two_views_of_one_document_undo_apart() {
    let mut one = TextDocument::from_text("");
    let mut other = TextDocument::new(one.shared().clone());
    replace(&mut one, 0..0, "one");
    let changes = replace(&mut other, 0..0, "other ");
    assert_eq!(changes[0].origin, Origin::Direct);
    assert_eq!(other.rope(), "other one");
    one.undo().expect("its own edit");
    other.drain();
    assert_eq!(other.rope(), "other ");
    assert_eq!(one.rope(), "other ");
}

#[test]
fn each_edit_leaves_as_one_update() {
    let mut document = TextDocument::from_text("");
    let (sender, updates) = std::sync::mpsc::channel();
    let _subscription = document
        .shared
        .doc()
        .subscribe_local_update(Box::new(move |bytes| sender.send(bytes.clone()).is_ok()));
    let peer = LoroDoc::new();
    replace(&mut document, 0..0, "typed");
    replace(&mut document, 0..0, &"漢\n".repeat(4_000));
    document.undo().expect("the paste");
    document.redo().expect("the paste");
    let updates: Vec<Vec<u8>> = updates.try_iter().collect();
    assert_eq!(updates.len(), 4);
    for update in updates {
        peer.import(&update).expect("the update is whole");
    }
    assert_eq!(
        peer.get_text(TextDocument::CONTAINER).to_string(),
        loro_text(&document)
    );
}

#[test]
fn large_text_is_cut_into_chunks_and_comes_back_from_undo() {
    let text = "👨‍👩‍👧 漢字\r\n".repeat(2_000);
    let mut document = TextDocument::from_text(&text);
    let length = document.rope().len_chars();
    assert_eq!(document.rope(), text.as_str());

    replace(&mut document, 5..length - 5, "x");
    document.undo().expect("the deletion");
    assert_eq!(document.rope(), text.as_str());
    assert_eq!(loro_text(&document), text);

    replace(&mut document, 5..5, &text);
    assert_eq!(document.rope().len_chars(), 2 * length);
    assert_eq!(loro_text(&document), document.rope().to_string());
    let history = document
        .shared
        .doc()
        .export_json_updates(&VersionVector::default(), &document.shared.doc().oplog_vv());
    let history = history.expect("a healthy document can be exported");
    for operation in history.changes.iter().flat_map(|change| &change.ops) {
        if let JsonOpContent::Text(JsonTextOp::Insert { text, .. }) = &operation.content {
            assert!(text.len() <= bulk::CHUNK_BYTES, "{}", text.len());
        }
    }
}

#[test]
fn commits_taken_over_by_another_thread_are_still_our_edits() {
    let mut document = TextDocument::from_text("x");
    let shared = document.shared().clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    // An export commits what is pending. This one takes no lock, as it should.
    let exporter = thread::spawn(move || {
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            let _ = shared
                .doc()
                .export(ExportMode::updates_owned(shared.doc().oplog_vv()));
        }
    });
    for end in 1..1_000 {
        // Two operations, so that the other thread may come between them.
        let delta = Delta::replace(end - 1..end, "xx");
        let changes = document.edit(&delta, context(EditKind::Type, end, 0));
        let origin = Origin::Edit;
        assert_eq!(changes.expect("it fits"), [AppliedChange { delta, origin }]);
    }
    drop(stop);
    exporter.join().expect("exporting goes on");
    document.undo().expect("all was one step");
    assert_eq!(document.rope(), "x");
}

#[test]
fn anchors_hold_while_the_rope_lags_behind() {
    let mut here = TextDocument::from_text("one two three");
    let mut there = replica_of(&here);
    let two = there.anchor(4, Bias::After).expect("inside the text");
    replace(&mut there, 0..4, "");
    send(&there, &here);

    // Loro has dropped "one " here; the rope shows it still.
    assert_eq!(here.rope(), "one two three");
    assert_eq!(here.resolve(&two), Some(4));
    let three = here.anchor(8, Bias::Before).expect("inside the text");
    here.drain();
    assert_eq!(here.resolve(&two), Some(0));
    assert_eq!(here.resolve(&three), Some(4));
    assert_eq!(here.anchor(10, Bias::After), None);
    let elsewhere = Anchor::at(here.shared.doc(), "notes", 0, Bias::Before);
    assert_eq!(
        here.resolve(&elsewhere.expect("any text has a start")),
        None
    );
}
