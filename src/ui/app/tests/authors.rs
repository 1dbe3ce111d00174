//! Who wrote what.

use loro::{ExportMode, LoroDoc};

use super::*;
use crate::{crdt::conflict::Author, replica_tag};

/// Somebody else's replica of the same document.
pub(super) struct Elsewhere {
    doc: LoroDoc,
    _signing: loro::Subscription,
}

impl Elsewhere {
    pub(super) fn of(desk: &Desk, node: NodeId) -> Self {
        let snapshot = desk.app.document.shared().snapshot().expect("a snapshot");
        let doc = LoroDoc::new();
        doc.import(&snapshot).expect("the same document");
        let author = Author {
            replica: replica_tag(node),
            color: user_of(node).color,
            name: user_of(node).name,
        };
        Self {
            _signing: author.sign(&doc),
            doc,
        }
    }

    /// Writes there, and brings it here.
    pub(super) fn write(&self, desk: &mut Desk, position: usize, text: &str) {
        self.write_unseen(desk, position, text);
        desk.send(Event::DocumentChanged);
    }

    /// Writes there, and brings it into the document before the application looks.
    fn write_unseen(&self, desk: &Desk, position: usize, text: &str) {
        let before = self.doc.oplog_vv();
        let inserted = self.doc.get_text(TextDocument::CONTAINER);
        inserted.insert(position, text).expect("it fits");
        self.doc.commit();
        let update = self.doc.export(ExportMode::updates(&before));
        let shared = desk.app.document.shared().clone();
        let guard = shared.lock();
        let imported = guard.doc().import(&update.expect("an update"));
        imported.expect("it can be imported");
        drop(guard);
    }
}

impl Elsewhere {
    /// Writes somewhere.
    pub(super) fn write_somewhere(&self, desk: &mut Desk, at: usize, text: &str) {
        let length = self.doc.get_text(TextDocument::CONTAINER).len_unicode();
        self.write(desk, at % (length + 1), text);
    }
}

fn desk() -> Desk {
    let mut desk = Desk::new("We meet at three.\n\nBring cake.\n");
    let ada = Elsewhere::of(&desk, ADA);
    ada.write(&mut desk, 29, " and 漢字 tea");
    let linus = Elsewhere::of(&desk, LINUS);
    linus.write(&mut desk, 7, " again");
    desk
}

#[test]
fn changes_that_come_together_are_each_their_author_s() {
    let mut desk = Desk::marked("We meet at three.\n\nBring cake.\n|");
    let ada = Elsewhere::of(&desk, ADA);
    let linus = Elsewhere::of(&desk, LINUS);
    // What comes second moves what came first.
    ada.write_unseen(&desk, 8, "all ");
    linus.write_unseen(&desk, 0, "Tomorrow: ");
    desk.send(Event::DocumentChanged);
    let told = desk.app.unseen_changes().iter();
    let told: Vec<_> = told
        .map(|unseen| {
            let words = desk.app.rope().slice(unseen.range.clone()).to_string();
            (words, unseen.name.as_deref().unwrap_or_default().to_owned())
        })
        .collect();
    let expected = [("all ", "Ada"), ("Tomorrow: ", "Linus Torvalds")];
    let expected = expected.map(|(words, name)| (words.to_owned(), name.to_owned()));
    assert_eq!(told, expected);
}

#[test]
fn colours_say_who_wrote_what() {
    let mut desk = desk();
    // What came while nobody was connected is taken as seen.
    desk.keys("Alt-Q Ctrl-E");
    desk.wait(Duration::from_secs(30));
    desk.assert_screen("authors__three", 80, 24);
    desk.keys("Ctrl-E");
    desk.wait(Duration::from_secs(30));
    assert!(!desk.status().contains("by "));
}

#[test]
fn without_colours_what_others_wrote_is_marked_all_the_same() {
    let theme = Theme::load("dark", None).expect("a theme");
    let mut desk = Desk::with_theme(
        "ours, ",
        theme.with_depth(crate::ui::theme::ColorDepth::None),
    );
    Elsewhere::of(&desk, ADA).write(&mut desk, 6, "theirs");
    desk.keys("Alt-Q Ctrl-E");
    desk.wait(Duration::from_secs(30));
    desk.assert_screen("authors__without_colours", 40, 12);
}

#[test]
fn the_last_line_names_who_wrote_at_the_caret() {
    let mut desk = desk();
    desk.keys("Ctrl-E");
    desk.wait(Duration::from_secs(30));
    assert!(desk.status().contains("by you"), "{}", desk.status());
    desk.keys("Ctrl-End Left Left Left");
    assert!(desk.status().contains("by Ada"), "{}", desk.status());
    // Whoever is here is called as they are called now.
    desk.joins(ADA, 0, 0);
    let presence = Presence {
        user: user("Ada Lovelace", "#E86A74"),
        ..presence(ADA, 0, 0)
    };
    desk.send(Event::Presence(Box::new(PresenceEvent::Updated {
        node: ADA,
        presence,
    })));
    desk.wait(Duration::from_secs(30));
    assert!(desk.status().contains("by Ada Lovelace"));
    // What is typed now is ours at once.
    desk.write("x");
    desk.keys("Left");
    assert!(desk.status().contains("by you"), "{}", desk.status());
}

#[test]
fn it_holds_for_what_is_visible_wherever_that_is() {
    let text: String = (0..3_000).map(|line| format!("line {line}\n")).collect();
    let mut desk = Desk::new(&text);
    let end = desk.app.rope().len_chars();
    Elsewhere::of(&desk, ADA).write(&mut desk, end, "the last words");
    desk.keys("Ctrl-E Ctrl-End");
    desk.wait(Duration::from_secs(30));
    assert!(desk.status().contains("by Ada"), "{}", desk.status());
    desk.keys("Alt-Z Ctrl-Home Alt-Z Ctrl-End Left");
    desk.wait(Duration::from_secs(30));
    assert!(desk.status().contains("by Ada"), "{}", desk.status());
}
