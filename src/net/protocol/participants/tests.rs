use loro::{ExportMode, LoroDoc};

use super::*;
use crate::net::protocol::events::{Subscriptions, subscribe};

const BOB: NodeId = NodeId([2; 32]);

/// A document with its participants, as a driver has them.
struct Stage {
    doc: LoroDoc,
    participants: Participants,
    _subscriptions: Subscriptions,
}

impl Stage {
    fn new(text: &str) -> Self {
        let doc = LoroDoc::new();
        doc.get_text("main").insert(0, text).unwrap();
        doc.commit();
        let (wake, _) = mpsc::channel();
        let (texts, changes) = mpsc::channel();
        let (conflicts, _) = mpsc::channel();
        let subscriptions = subscribe(&doc, wake, texts, None, conflicts);
        let document = SharedDocument::new(doc.clone());
        Self {
            doc,
            participants: Participants::new(document, changes),
            _subscriptions: subscriptions,
        }
    }

    fn insert(&self, position: usize, text: &str) {
        self.doc.get_text("main").insert(position, text).unwrap();
        self.doc.commit();
    }

    fn anchor(doc: &LoroDoc, position: usize, bias: Bias) -> WireAnchor {
        WireAnchor(Anchor::at(doc, "main", position, bias).unwrap().encode())
    }

    fn put_bob(&mut self, start: Option<WireAnchor>, cursor: WireAnchor) -> Presence {
        let presence = RemotePresence {
            user: UserInfo {
                name: "Bob".to_owned(),
                color: "#112233".to_owned(),
                avatar_url: None,
            },
            cursor: Some(cursor),
            selection_start: start,
            typing: false,
            away: false,
        };
        match self.participants.update(BOB, presence) {
            PresenceEvent::Updated { presence, .. } => presence,
            other => panic!("{other:?}"),
        }
    }

    /// Line, column and offset of Bob's caret.
    #[track_caller]
    fn bob(&mut self) -> (usize, usize, usize) {
        self.participants.follow_text();
        let (_, presence) = self.participants.all().remove(0);
        place(&presence.cursor.expect("no caret"))
    }
}

fn place(cursor: &CursorPosition) -> (usize, usize, usize) {
    (cursor.line, cursor.column, cursor.offset)
}

#[test]
fn a_caret_has_its_line_and_follows_the_text() {
    let mut stage = Stage::new("é1\nsecond 👩‍👩‍👧\nthird");
    let caret = Stage::anchor(&stage.doc, 5, Bias::Before);
    let presence = stage.put_bob(None, caret);
    assert_eq!(presence.cursor.as_ref().map(place), Some((1, 2, 5)));
    stage.insert(0, "👍\n👍");
    assert_eq!(stage.bob(), (2, 2, 8));
    stage.insert(8, "here");
    assert_eq!(
        stage.bob(),
        (2, 2, 8),
        "what is typed at a caret stays behind it"
    );
    stage.doc.get_text("main").delete(0, 10).unwrap();
    stage.doc.commit();
    assert_eq!(stage.bob(), (0, 0, 0));
}

#[test]
fn a_selection_needs_both_its_ends() {
    let mut stage = Stage::new("one two");
    let start = Stage::anchor(&stage.doc, 4, Bias::After);
    let end = Stage::anchor(&stage.doc, 7, Bias::Before);
    let presence = stage.put_bob(Some(start), end);
    let selection = presence.selection.unwrap();
    assert_eq!((selection.start.offset, selection.end.offset), (4, 7));
}

#[test]
fn a_place_that_is_not_here_yet_is_found_after_the_import() {
    let mut stage = Stage::new("");
    let elsewhere = LoroDoc::new();
    elsewhere.get_text("main").insert(0, "words").unwrap();
    elsewhere.commit();
    let presence = stage.put_bob(None, Stage::anchor(&elsewhere, 3, Bias::Before));
    assert_eq!(presence.cursor, None);
    assert!(stage.participants.find_missing().is_empty());
    let update = elsewhere.export(ExportMode::all_updates()).unwrap();
    stage.doc.import(&update).unwrap();
    let found = stage.participants.find_missing();
    assert_eq!(found.len(), 1);
    assert_eq!(stage.bob(), (0, 3, 3));
}

#[test]
fn what_is_no_anchor_is_nowhere() {
    let mut stage = Stage::new("text");
    for bytes in [vec![], vec![0xff; 64], vec![1, 2, 3]] {
        let presence = stage.put_bob(None, WireAnchor(bytes));
        assert_eq!(presence.cursor, None);
    }
    assert!(stage.participants.mirrors.is_empty());
}

#[test]
fn texts_without_a_caret_have_no_mirror() {
    let mut stage = Stage::new("text");
    for name in ["a", "b", "c"] {
        let anchor = Anchor::at(&stage.doc, name, 0, Bias::Before).unwrap();
        stage.put_bob(None, WireAnchor(anchor.encode()));
        assert_eq!(stage.participants.mirrors.len(), 1);
    }
    let user = UserInfo {
        name: String::new(),
        color: String::new(),
        avatar_url: None,
    };
    stage.participants.leave(BOB, user);
    assert!(stage.participants.all().is_empty());
}

#[test]
fn a_place_in_a_text_that_is_not_there_makes_none() {
    let mut stage = Stage::new("text");
    let elsewhere = LoroDoc::new();
    elsewhere.get_text("other").insert(0, "words").unwrap();
    elsewhere.commit();
    for bias in [Bias::Before, Bias::After] {
        for position in [0, 2, 5] {
            let anchor = Anchor::at(&elsewhere, "other", position, bias).unwrap();
            let shown = stage.put_bob(None, WireAnchor(anchor.encode()));
            assert_eq!(shown.cursor, None);
        }
    }
    assert!(!is_there(
        &stage.doc,
        &ContainerID::new_root("other", ContainerType::Text)
    ));
    assert!(is_there(
        &elsewhere,
        &ContainerID::new_root("other", ContainerType::Text)
    ));
}
