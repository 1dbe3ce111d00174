//! A text that is edited before its document is there.

use super::*;
use crate::crdt::Filling;

/// A document that is still to be made.
fn desk_ahead(text: &str) -> (Desk, Filling) {
    let mut desk = Desk::new(text);
    let (document, filling) = TextDocument::ahead(text.into());
    desk.app.document = document;
    (desk, filling)
}

fn prepare(desk: &mut Desk, filling: Filling) {
    filling.fill().expect("a new document takes any text");
    desk.app.write_early_edits().expect("they fit");
    desk.send(Event::Prepared);
}

fn saves(desk: &Desk) -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::Save(request) => Some(request.text.to_string()),
        _ => None,
    };
    desk.effects.iter().filter_map(text).collect()
}

fn looks(desk: &Desk) -> usize {
    let looks = |effect: &&Effect| matches!(effect, Effect::LookAtFile(_));
    desk.effects.iter().filter(looks).count()
}

#[test]
fn a_save_waits_for_the_document_and_takes_all_that_was_typed() {
    let (mut desk, filling) = desk_ahead("text");
    desk.write("my ");
    desk.keys("Ctrl-S");
    assert!(desk.status().contains("it is saved right after"));
    desk.write("new ");
    assert_eq!(saves(&desk), [""; 0]);
    assert_eq!(desk.app.rope().to_string(), "my new text");
    prepare(&mut desk, filling);
    assert_eq!(saves(&desk), ["my new text"]);
    assert_eq!(desk.app.document().shared().text(), "my new text");
    desk.keys("Ctrl-Z");
    assert_eq!(desk.app.document().shared().text(), "text");
}

#[test]
fn the_file_is_looked_at_when_the_document_is_there_if_something_happened_to_it() {
    let (mut desk, filling) = desk_ahead("text");
    desk.send(Event::FocusGained);
    desk.send(Event::FileTouched);
    assert_eq!(looks(&desk), 0);
    prepare(&mut desk, filling);
    assert_eq!(looks(&desk), 1);

    let (mut desk, filling) = desk_ahead("text");
    desk.send(Event::FocusGained);
    prepare(&mut desk, filling);
    assert_eq!((looks(&desk), saves(&desk).len()), (0, 0));
}
