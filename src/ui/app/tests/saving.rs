//! Saving and leaving.

use super::*;

fn last_save(desk: &Desk) -> SaveRequest {
    let request = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Save(request) => Some(request.clone()),
        _ => None,
    });
    request.expect("a save was asked for")
}

fn succeed(desk: &mut Desk) {
    let SaveRequest {
        path,
        version,
        text,
        ..
    } = last_save(desk);
    desk.send(Event::Saved(Ok(SavedFile {
        path,
        version,
        hash: ContentHash::of(text.to_string().as_bytes()),
        made: false,
    })));
}

fn fail(desk: &mut Desk, sentence: &str) {
    desk.send(Event::Saved(Err(SaveError::Failed {
        sentence: sentence.to_owned(),
        reason: "disk full".to_owned(),
        elsewhere: false,
    })));
}

fn quits(desk: &Desk) -> bool {
    desk.effects
        .iter()
        .any(|effect| matches!(effect, Effect::Quit))
}

#[test]
fn the_document_is_modified_until_that_text_is_on_the_disk() {
    let mut desk = Desk::marked("a|");
    assert!(!desk.app.modified());
    desk.write("b");
    assert!(desk.app.modified());
    desk.keys("Ctrl-S");
    assert_eq!(last_save(&desk).text, "ab");
    desk.write("c");
    succeed(&mut desk);
    assert!(desk.app.modified(), "c is not on the disk");
    desk.keys("Ctrl-S");
    succeed(&mut desk);
    assert!(!desk.app.modified());
    desk.others_insert(0, "x");
    assert!(desk.app.modified(), "the file lacks what others wrote");
    assert!(desk.status().contains("notes.md *"));
}

#[test]
fn a_save_that_fails_says_so_and_keeps_the_mark() {
    let mut desk = Desk::marked("a|");
    desk.write("b");
    desk.keys("Ctrl-S");
    fail(&mut desk, "notes.md cannot be written");
    assert!(desk.app.modified());
    assert!(desk.status().contains("notes.md cannot be written"));
}

#[test]
fn quitting_asks_only_when_there_is_something_to_lose() {
    let mut desk = Desk::marked("a|");
    desk.keys("Ctrl-Q");
    assert!(quits(&desk));

    for (keys, quits_now) in [
        ("Enter", false),
        ("q", true),
        ("Esc", false),
        ("Tab Enter", true),
    ] {
        let mut desk = Desk::marked("a|");
        desk.write("b");
        desk.keys("Ctrl-Q");
        assert!(!quits(&desk));
        desk.keys(keys);
        assert_eq!(quits(&desk), quits_now, "{keys}");
    }
}

#[test]
fn save_and_quit_quits_when_the_text_is_on_the_disk() {
    let mut desk = Desk::marked("a|");
    desk.write("b");
    desk.keys("Ctrl-Q Enter");
    assert!(!quits(&desk));
    succeed(&mut desk);
    assert!(quits(&desk));

    let mut desk = Desk::marked("a|");
    desk.write("b");
    desk.keys("Ctrl-Q Enter");
    fail(&mut desk, "the disk is full");
    assert!(!quits(&desk));
    desk.keys("Ctrl-S");
    succeed(&mut desk);
    assert!(!quits(&desk), "the wish to quit is over");
}

#[test]
fn save_and_quit_waits_for_that_text_and_not_for_an_earlier_one() {
    let mut desk = Desk::marked("a|");
    desk.write("b");
    desk.keys("Ctrl-S");
    let first = last_save(&desk);
    desk.write("c");
    desk.keys("Ctrl-Q Enter");
    desk.send(Event::Saved(Ok(SavedFile {
        hash: ContentHash::of(first.text.to_string().as_bytes()),
        path: first.path,
        version: first.version,
        made: false,
    })));
    assert!(!quits(&desk), "c is not on the disk");
    assert_eq!(last_save(&desk).text, "abc");
    succeed(&mut desk);
    assert!(quits(&desk));
}

#[test]
fn a_document_without_a_file_asks_where() {
    let mut desk = Desk::marked("|");
    desk.app.path = None;
    desk.send(Event::Joined {
        title: "plan.txt".to_owned(),
    });
    desk.others_insert(0, "theirs");
    assert!(
        !desk.app.modified(),
        "what others wrote is not ours to lose"
    );
    desk.write("x");
    desk.keys("Ctrl-Q Enter");
    desk.keys("Enter");
    let request = last_save(&desk);
    assert_eq!((request.path, request.replace), ("plan.txt".into(), false));
    desk.send(Event::Saved(Err(SaveError::Exists("plan.txt".into()))));
    desk.keys("Enter");
    assert!(last_save(&desk).replace, "asked twice, it replaces");
    succeed(&mut desk);
    assert!(quits(&desk));
    assert!(!desk.app.modified());
}

#[test]
fn another_name_is_not_replaced_by_an_old_yes() {
    let mut desk = Desk::marked("|");
    desk.keys("Alt-S");
    desk.write("2");
    desk.keys("Enter");
    desk.send(Event::Saved(Err(SaveError::Exists("notes.md2".into()))));
    desk.write("3");
    desk.keys("Enter");
    let request = last_save(&desk);
    assert_eq!(
        (request.path, request.replace),
        ("notes.md23".into(), false)
    );
}

#[test]
fn the_window_is_named_after_the_document() {
    let mut desk = Desk::marked("|");
    desk.write("x");
    desk.keys("Ctrl-S");
    succeed(&mut desk);
    let titles: Vec<&str> = desk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SetTitle(title) => Some(title.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(titles, ["notes.md* - copad", "notes.md - copad"]);
}
