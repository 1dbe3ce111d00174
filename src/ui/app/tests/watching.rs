//! What the person sees and decides when something happens to the file.

use super::*;
use crate::{
    store::meet,
    ui::app::event::{FileChange, FileFound},
};

/// The last look at the file that was asked for and not answered.
fn asked_look(desk: &mut Desk) -> Option<FileLookRequest> {
    let asked = desk
        .effects
        .iter()
        .rposition(|effect| matches!(effect, Effect::LookAtFile(_)))?;
    match desk.effects.remove(asked) {
        Effect::LookAtFile(request) => Some(*request),
        _ => None,
    }
}

/// Answers the look that was asked for.
#[track_caller]
fn found(desk: &mut Desk, found: FileFound) {
    let request = asked_look(desk).expect("a look was asked for");
    desk.send(Event::FileSeen(Box::new(FileLook {
        path: request.path,
        known: request.known,
        version: request.version,
        found,
    })));
}

/// Something happens to the file, and the look at it finds this.
#[track_caller]
fn touched(desk: &mut Desk, what: FileFound) {
    desk.send(Event::FileTouched);
    found(desk, what);
}

/// Another program gives the file this text.
#[track_caller]
pub(super) fn written(desk: &mut Desk, text: &str) {
    desk.send(Event::FileTouched);
    answer_with_text(desk, text);
}

#[track_caller]
pub(super) fn answer_with_text(desk: &mut Desk, text: &str) {
    let request = asked_look(desk).expect("a look was asked for");
    let change = FileChange {
        hash: ContentHash::of(text.as_bytes()),
        format: TextFormat::default(),
        text: Rope::from_str(text),
        version: request.version,
        written: 0,
        meeting: meet(
            &request.trail,
            &request.text,
            text,
            request.shared,
            &request.options,
        ),
    };
    desk.send(Event::FileSeen(Box::new(FileLook {
        path: request.path,
        known: request.known,
        version: request.version,
        found: FileFound::Changed(Box::new(change)),
    })));
}

fn saves(desk: &Desk) -> Vec<&SaveRequest> {
    let saves = desk.effects.iter().filter_map(|effect| match effect {
        Effect::Save(request) => Some(request),
        _ => None,
    });
    saves.collect()
}

#[track_caller]
fn succeed(desk: &mut Desk, made: bool) {
    let request = saves(desk).pop().expect("a save was asked for").clone();
    desk.effects.clear();
    desk.send(Event::Saved(Ok(SavedFile {
        hash: ContentHash::of(request.text.to_string().as_bytes()),
        path: request.path,
        version: request.version,
        made,
    })));
}

/// A desk with an edit that the file then contradicts.
fn contested() -> Desk {
    let mut desk = Desk::new("first\nlet size = 10;\nlast\n");
    desk.app.selection = TextSelection::caret(19);
    desk.keys("Backspace");
    desk.write("2");
    written(&mut desk, "first\nlet size = 99;\nlast\n");
    desk
}

#[test]
fn a_change_of_the_file_is_taken_in_and_can_be_undone_in_one_step() {
    let mut desk = Desk::marked("one\ntwo|\nthree\n");
    written(&mut desk, "ONE\ntwo\nthree\nfour\n");
    assert_eq!(desk.marks(), "ONE\ntwo|\nthree\nfour\n");
    assert!(desk.status().contains("Another program changed notes.md"));
    assert!(!desk.app.modified(), "the file holds the text");
    let holds = |effect: &Effect| matches!(effect, Effect::RecordFile { holds: true, .. });
    assert!(desk.effects.iter().any(holds));
    desk.keys("Ctrl-Z");
    assert_eq!(desk.marks(), "one\ntwo|\nthree\n");
    assert!(desk.app.modified());
    desk.keys("Ctrl-S");
    let expected = ContentHash::of("ONE\ntwo\nthree\nfour\n".as_bytes());
    assert_eq!(saves(&desk)[0].expected, Some(expected));
}

#[test]
fn a_change_beside_unsaved_edits_is_no_question() {
    let mut desk = Desk::marked("one\ntwo|\n");
    desk.write("!");
    written(&mut desk, "one\ntwo\nthree\n");
    assert_eq!(desk.marks(), "one\ntwo!|\nthree\n");
    assert!(!desk.app.has_dialog());
    assert!(desk.app.modified(), "the file lacks what was typed");
    let holds = |effect: &Effect| matches!(effect, Effect::RecordFile { holds: false, .. });
    assert!(desk.effects.iter().any(holds));
}

#[test]
fn a_clash_is_asked_once_after_a_pause_and_each_answer_does_what_it_says() {
    for (keys, text, modified) in [
        ("Enter", "first\nlet size = 992;\nlast\n", true),
        ("Tab Enter", "first\nlet size = 12;\nlast\n", true),
        ("Tab Tab Enter", "first\nlet size = 99;\nlast\n", false),
    ] {
        let mut desk = contested();
        assert!(!desk.app.has_dialog(), "no key answers it by accident");
        desk.wait(Duration::from_secs(1));
        assert!(desk.app.has_dialog());
        desk.keys(keys);
        assert_eq!(desk.app.rope().to_string(), text, "{keys}");
        assert_eq!(desk.app.modified(), modified, "{keys}");
        desk.wait(Duration::from_secs(10));
        assert!(!desk.app.has_dialog(), "it is decided");
        if keys != "Tab Enter" {
            desk.keys("Ctrl-Z");
            assert_eq!(desk.app.rope().to_string(), "first\nlet size = 12;\nlast\n");
        }
    }
}

#[test]
fn a_question_that_was_put_off_comes_again_with_the_next_save() {
    let mut desk = contested();
    desk.wait(Duration::from_secs(1));
    desk.keys("Esc");
    desk.wait(Duration::from_secs(60));
    assert!(!desk.app.has_dialog());
    assert!(desk.status().contains("file changed too: save to decide"));
    desk.keys("Ctrl-S");
    assert!(desk.app.has_dialog() && saves(&desk).is_empty());
    desk.keys("Enter");
    assert_eq!(saves(&desk)[0].text, "first\nlet size = 992;\nlast\n");
    succeed(&mut desk, false);
    assert!(!desk.app.modified());
}

#[test]
fn a_question_that_has_become_needless_goes() {
    let mut desk = contested();
    desk.wait(Duration::from_secs(1));
    assert!(desk.app.has_dialog());
    touched(
        &mut desk,
        FileFound::Holds(ContentHash::of(b"first\nlet size = 10;\nlast\n")),
    );
    assert!(!desk.app.has_dialog());
}

#[test]
fn a_save_gives_way_to_another_program_and_goes_on_after_it() {
    let mut desk = Desk::marked("one\ntwo|\n");
    desk.write("!");
    desk.keys("Ctrl-S");
    desk.effects.clear();
    desk.send(Event::Saved(Err(SaveError::Changed)));
    answer_with_text(&mut desk, "zero\none\ntwo\n");
    let saves = saves(&desk);
    assert_eq!(saves[0].text, "zero\none\ntwo!\n");
    assert_eq!(
        saves[0].expected,
        Some(ContentHash::of(b"zero\none\ntwo\n"))
    );
}

#[test]
fn who_saves_and_quits_is_asked_first_and_then_quits() {
    let mut desk = Desk::marked("let size = 10|;\n");
    desk.keys("Backspace");
    desk.keys("Ctrl-Q Enter");
    desk.effects.clear();
    desk.send(Event::Saved(Err(SaveError::Changed)));
    answer_with_text(&mut desk, "let size = 99;\n");
    desk.wait(Duration::from_secs(1));
    desk.keys("Tab Enter");
    succeed(&mut desk, false);
    assert!(
        desk.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Quit))
    );
}

#[test]
fn what_is_wrong_with_the_file_is_said_once() {
    let mut desk = Desk::marked("text|");
    touched(&mut desk, FileFound::Missing);
    assert!(desk.status().contains("notes.md is gone from the disk"));
    assert!(desk.app.modified(), "there is something to save again");
    desk.wait(Duration::from_secs(60));
    touched(&mut desk, FileFound::Missing);
    assert!(desk.status().contains("file is gone, text kept here"));
    desk.keys("Ctrl-S");
    succeed(&mut desk, true);
    assert!(
        desk.status().contains("it is saved again"),
        "{}",
        desk.status()
    );
    assert!(!desk.app.modified());

    let sentence = "notes.md is a folder: give the name of a file of text";
    desk.wait(Duration::from_secs(60));
    touched(&mut desk, FileFound::Unusable(sentence.to_owned()));
    assert!(desk.status().contains("is a folder"));
    desk.wait(Duration::from_secs(60));
    touched(&mut desk, FileFound::Unusable(sentence.to_owned()));
    assert!(desk.status().contains("file cannot be read"));
    touched(&mut desk, FileFound::Holds(ContentHash::of(b"text")));
    assert!(desk.status().contains("notes.md is back"));
}

#[test]
fn a_new_file_that_is_not_there_yet_is_not_missed() {
    let mut desk = Desk::new("");
    desk.app.file = super::super::file_state::FileState::new(None, &Rope::new(), 0);
    touched(&mut desk, FileFound::Missing);
    assert!(!desk.app.modified());
    written(&mut desk, "somebody made it\n");
    assert_eq!(desk.app.rope().to_string(), "somebody made it\n");
}

#[test]
fn the_file_is_looked_at_when_the_window_gets_the_keyboard() {
    let mut desk = Desk::new("text");
    desk.send(Event::FocusGained);
    assert!(asked_look(&mut desk).is_some());
    desk.send(Event::FocusGained);
    assert!(asked_look(&mut desk).is_none(), "one look at a time");
    desk.app.path = None;
    desk.send(Event::FileTouched);
    assert!(asked_look(&mut desk).is_none());
}

#[test]
fn who_comes_later_in_the_order_looks_later() {
    let mut desk = Desk::new("text");
    desk.joins(ADA, 0, 0);
    desk.send(Event::FileTouched);
    assert!(asked_look(&mut desk).is_none(), "Ada comes first");
    assert!(desk.app.next_tick().is_some());
    desk.wait(Duration::from_secs(1));
    assert!(asked_look(&mut desk).is_some());
}

#[test]
fn the_text_is_saved_by_itself_after_a_pause() {
    let mut desk = Desk::marked("text|");
    desk.write("!");
    desk.wait(Duration::from_secs(60));
    assert!(saves(&desk).is_empty(), "nobody asked for it");

    desk.app.config.autosave = Some(Duration::from_secs(5));
    desk.write("!");
    desk.wait(Duration::from_secs(4));
    desk.write("!");
    desk.wait(Duration::from_secs(4));
    assert!(saves(&desk).is_empty(), "there was no pause yet");
    desk.wait(Duration::from_secs(1));
    assert_eq!(saves(&desk)[0].text, "text!!!");
    succeed(&mut desk, false);
    assert!(!desk.status().contains("Saved"), "nobody asked for it");
    assert!(desk.status().contains("saved"));
    // Nothing is due until we count as away.
    let away = desk.app.next_tick().expect("being away");
    assert!(away - desk.now > Duration::from_secs(60));
}

#[test]
fn what_failed_is_not_tried_by_itself_again_until_there_is_more() {
    let mut desk = Desk::marked("text|");
    desk.app.config.autosave = Some(Duration::from_secs(5));
    desk.write("!");
    desk.wait(Duration::from_secs(5));
    desk.effects.clear();
    desk.send(Event::Saved(Err(SaveError::Failed {
        sentence: "notes.md cannot be saved because the disk is full".to_owned(),
        reason: "disk full".to_owned(),
        elsewhere: false,
    })));
    desk.wait(Duration::from_secs(60));
    assert!(saves(&desk).is_empty());
    assert!(
        desk.status()
            .contains("saving failed: disk full, kept in the journal")
    );
    desk.write("!");
    desk.wait(Duration::from_secs(5));
    assert_eq!(saves(&desk).len(), 1);
    succeed(&mut desk, false);
    assert!(!desk.status().contains("disk full"));
}

#[test]
fn nothing_is_saved_by_itself_where_a_person_has_to_decide() {
    let autosave = Some(Duration::from_secs(1));
    let mut desk = contested();
    desk.app.config.autosave = autosave;
    for _ in 0..9 {
        desk.wait(Duration::from_secs(1));
    }
    assert!(saves(&desk).is_empty(), "there is a question");

    let mut desk = Desk::marked("text|");
    desk.app.config.autosave = autosave;
    touched(&mut desk, FileFound::Missing);
    desk.write("!");
    desk.wait(Duration::from_secs(9));
    assert!(saves(&desk).is_empty(), "somebody deleted it");
}

#[test]
fn what_cannot_be_saved_here_can_be_saved_elsewhere() {
    let mut desk = Desk::marked("text|");
    desk.write("!");
    desk.keys("Ctrl-S");
    desk.send(Event::Saved(Err(SaveError::Failed {
        sentence: "notes.md is read-only: allow writing (chmod u+w) or save under another name"
            .to_owned(),
        reason: "read-only".to_owned(),
        elsewhere: true,
    })));
    desk.assert_screen("dialog__save_as_where_it_can_be_written_80x24", 80, 24);
    desk.write("2");
    desk.keys("Enter");
    assert_eq!(
        saves(&desk).pop().map(|save| &save.path),
        Some(&"notes.md2".into())
    );
    succeed(&mut desk, true);
    assert!(!desk.app.modified() && !desk.app.has_dialog());
}

#[test]
fn the_question() {
    let mut desk = contested();
    desk.wait(Duration::from_secs(1));
    desk.assert_screen("dialog__file_changed_80x24", 80, 24);
    desk.assert_screen("dialog__file_changed_40x12", 40, 12);
    desk.assert_screen("dialog__file_changed_24x8", 24, 8);
}

#[test]
fn the_words_at_the_bottom() {
    let mut desk = contested();
    desk.joins(ADA, 0, 0);
    desk.wait(Duration::from_secs(1));
    desk.keys("Enter");
    desk.wait(Duration::from_secs(9));
    desk.keys("Ctrl-S");
    desk.send(Event::Saved(Err(SaveError::Failed {
        sentence: "notes.md cannot be saved because the disk is full: free some room".to_owned(),
        reason: "disk full".to_owned(),
        elsewhere: false,
    })));
    desk.wait(Duration::from_secs(9));
    let mut lines = String::new();
    for columns in [120, 80, 60, 40, 30, 20] {
        lines += &desk.text_of_screen(columns, 6).pop().expect("a line");
        lines += "\n";
    }
    desk.send(Event::Journal(JournalState::Fails("disk full".to_owned())));
    for columns in [120, 80, 40] {
        lines += &desk.text_of_screen(columns, 6).pop().expect("a line");
        lines += "\n";
    }
    desk.send(Event::Journal(JournalState::Works));
    desk.keys("Ctrl-S");
    succeed(&mut desk, false);
    desk.app.offline = true;
    desk.write("abc");
    desk.wait(Duration::from_secs(9));
    for columns in [120, 80, 40, 30] {
        lines += &desk.text_of_screen(columns, 6).pop().expect("a line");
        lines += "\n";
    }
    snapshot::assert_screen("status_line__in_words", &lines);
}
