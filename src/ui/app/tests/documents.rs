//! Opening other files, reading this one again, and leaving.

use super::*;
use crate::ui::watching;

fn entries(names: &[&str]) -> Vec<FolderEntry> {
    let entry = |name: &&str| FolderEntry {
        name: name.trim_end_matches('/').to_owned(),
        is_folder: name.ends_with('/'),
    };
    names.iter().map(entry).collect()
}

fn list(desk: &mut Desk, folder: &str, names: &[&str]) {
    let asked = desk
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::ListFolder(asked) if asked == folder));
    assert!(asked, "{folder:?} was not asked for");
    desk.send(Event::Files(FileList::Folder {
        folder: folder.to_owned(),
        entries: entries(names),
    }));
}

/// A desk with the dialog open, in a folder and with a past.
fn opening() -> Desk {
    let mut desk = Desk::marked("text|");
    desk.keys("Ctrl-O");
    assert!(
        desk.effects
            .iter()
            .any(|it| matches!(it, Effect::ListRecent))
    );
    list(
        &mut desk,
        "",
        &["notes.md", "novel.txt", "src/", "übung.md"],
    );
    let recent = [
        ("src/main.rs", "1 hour ago"),
        ("~/letters/to ada.txt", "3 days ago"),
    ];
    desk.send(Event::Files(FileList::Recent(
        recent
            .map(|(path, age)| RecentFile {
                path: path.to_owned(),
                age: age.to_owned(),
            })
            .to_vec(),
    )));
    desk
}

fn opened(desk: &Desk) -> Option<&str> {
    desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Open(path) => path.to_str(),
        _ => None,
    })
}

#[test]
fn a_file_is_opened_by_typing_completing_or_choosing() {
    for (keys, path) in [
        // What was typed, whether it is there or not.
        ("n o t e s . m d Enter", "notes.md"),
        ("n e w . m d Enter", "new.md"),
        // Tab adds what is certain,
        ("n Tab t Tab Enter", "notes.md"),
        ("ü Tab Enter", "übung.md"),
        // then goes through the list.
        ("n o Tab Tab Enter", "notes.md"),
        ("n o Tab Down Enter", "novel.txt"),
        ("n o Down Tab Enter", "notes.md"),
        ("n o Down Down Up Enter", "notes.md"),
        ("n o Down Up Enter", "no"),
        // With nothing typed, what was open last comes first.
        ("Down Enter", "src/main.rs"),
        ("Down Down Enter", "~/letters/to ada.txt"),
        ("Down Down Down Enter", "notes.md"),
        // And is found by what is in it.
        ("a d a Down Enter", "~/letters/to ada.txt"),
    ] {
        let mut desk = opening();
        desk.keys(keys);
        assert_eq!(opened(&desk), Some(path), "{keys}");
        assert_eq!(desk.marks(), "text|", "{keys}");
    }
}

#[test]
fn a_folder_is_entered_not_opened() {
    for keys in ["s Tab", "s r c Enter", "s Down Enter", "s r c /"] {
        let mut desk = opening();
        desk.keys(keys);
        assert_eq!(opened(&desk), None, "{keys}");
        list(&mut desk, "src/", &["lib.rs", "ui/"]);
        desk.keys("l Tab Enter");
        assert_eq!(opened(&desk), Some("src/lib.rs"), "{keys}");
    }
}

#[test]
fn what_cannot_be_opened_is_said_where_it_was_typed() {
    let mut desk = opening();
    desk.keys("Enter");
    assert!(
        desk.text_of_screen(80, 24)
            .join("\n")
            .contains("Type the name")
    );
    desk.write("src.bin");
    desk.keys("Enter");
    desk.send(Event::Opened(Some("src.bin is not text".to_owned())));
    desk.assert_screen("dialog__open_failed", 80, 24);
    desk.keys("Backspace");
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(!screen.contains("is not text"), "{screen}");
    desk.send(Event::Opened(None));
    desk.write("x");
    assert_eq!(desk.marks(), "textx|", "the dialog is gone");
    // Somebody who closed it meanwhile is told all the same.
    desk.send(Event::Opened(Some("gone.md cannot be read".to_owned())));
    assert!(desk.status().contains("gone.md cannot be read"));
}

#[test]
fn the_dialog_fits_every_screen() {
    let mut desk = opening();
    desk.assert_screen("dialog__open", 80, 24);
    desk.assert_screen("dialog__open_40x12", 40, 12);
    desk.write("no");
    desk.keys("Tab Down");
    desk.assert_screen("dialog__open_choosing", 80, 24);
    for size in [(1, 1), (3, 2), (10, 4), (300, 100)] {
        desk.text_of_screen(size.0, size.1);
    }
}

#[test]
fn a_click_opens_what_is_under_it() {
    let mut desk = opening();
    let screen = desk.text_of_screen(80, 24);
    let row = screen.iter().position(|row| row.contains("novel.txt"));
    desk.click(30, row.expect("it is listed") as u16);
    assert_eq!(opened(&desk), Some("novel.txt"));
}

#[test]
fn save_as_completes_names_too() {
    let mut desk = Desk::marked("text|");
    desk.keys("Alt-S");
    list(&mut desk, "", &["notes.md", "novel.txt", "src/"]);
    desk.keys("Ctrl-A Ctrl-K");
    desk.write("no");
    desk.keys("Tab");
    desk.assert_screen("dialog__save_as_candidates", 80, 24);
    desk.write("v");
    desk.keys("Tab Enter");
    let saved = desk.effects.iter().rev().find_map(|effect| match effect {
        Effect::Save(request) => request.path.to_str(),
        _ => None,
    });
    assert_eq!(saved, Some("novel.txt"));
}

#[test]
fn commands_for_other_documents_are_passed_on() {
    let mut desk = Desk::marked("text|");
    desk.keys("Ctrl-N Ctrl-PageDown Alt-, Ctrl-W");
    let passed: Vec<_> = desk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::New => Some("new".to_owned()),
            Effect::Turn(by) => Some(format!("turn {by}")),
            Effect::Close => Some("close".to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(passed, ["new", "turn 1", "turn -1", "close"]);
}

#[test]
fn leaving_asks_about_what_is_not_saved() {
    for (leave, keys, quits, closes) in [
        ("Ctrl-Q", "q", 1, 0),
        ("Ctrl-Q", "Esc", 0, 0),
        ("Ctrl-W", "w", 0, 1),
        ("Ctrl-W", "c", 0, 0),
        ("Ctrl-W", "Esc", 0, 0),
    ] {
        let mut desk = Desk::marked("text|");
        desk.write("x");
        desk.keys(leave);
        desk.keys(keys);
        let count =
            |wanted: fn(&Effect) -> bool| desk.effects.iter().filter(|it| wanted(it)).count();
        assert_eq!(
            count(|it| matches!(it, Effect::Quit)),
            quits,
            "{leave} {keys}"
        );
        assert_eq!(
            count(|it| matches!(it, Effect::Close)),
            closes,
            "{leave} {keys}"
        );
        let stays = count(|it| matches!(it, Effect::Stay)) > 0;
        assert_eq!(stays, quits + closes == 0, "{leave} {keys}");
    }
    let mut desk = Desk::marked("text|");
    desk.write("x");
    desk.keys("Ctrl-W");
    desk.assert_screen("dialog__close", 80, 24);
}

/// Answers a look at the file, which holds this.
fn answer_look(desk: &mut Desk, folder: &tempfile::TempDir, text: &str) {
    let looks = desk.effects.iter().rev();
    let request = looks.into_iter().find_map(|effect| match effect {
        Effect::LookAtFile(request) => Some(request.as_ref().clone()),
        _ => None,
    });
    let request = request.expect("somebody looks");
    let path = folder.path().join("notes.md");
    let written = crate::workspace::write(&SaveRequest {
        path: path.clone(),
        text: Rope::from_str(text),
        format: desk.app.format,
        version: 0,
        replace: true,
        expected: None,
    });
    written.expect("written");
    let mut look = watching::look_with(FileLookRequest { path, ..request }, || {});
    look.path = "notes.md".into();
    desk.send(Event::FileSeen(Box::new(look)));
}

#[test]
fn reading_the_file_again_takes_its_text_as_one_step() {
    let folder = tempfile::tempdir().expect("a folder");
    // Whether another program changed the file or not.
    for on_disk in ["one\ntwo\n", "one\n2\nthree\n"] {
        let mut desk = Desk::marked("one\ntwo\n|");
        desk.write("mine");
        desk.others_insert(0, "theirs ");
        desk.keys("Ctrl-U");
        answer_look(&mut desk, &folder, on_disk);
        assert_eq!(desk.app.rope().to_string(), on_disk);
        assert!(!desk.app.modified(), "the file holds the text");
        assert!(desk.status().contains("is read again"), "{}", desk.status());
        desk.keys("Ctrl-Z");
        assert_eq!(desk.app.rope().to_string(), "theirs one\ntwo\nmine");
        assert!(desk.app.modified());
    }
}

#[test]
fn reading_again_says_what_is_in_the_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Desk::marked("text|");
    desk.keys("Ctrl-U");
    answer_look(&mut desk, &folder, "text");
    assert!(desk.status().contains("holds this text already"));
    desk.keys("Alt-O Ctrl-U");
    assert!(desk.status().contains("only reading"), "{}", desk.status());
    desk.keys("Alt-O");
    desk.app.path = None;
    desk.keys("Ctrl-U");
    assert!(desk.status().contains("has no file to read again"));
}
