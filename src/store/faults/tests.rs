use std::{fs, path::PathBuf};

use ropey::Rope;

use super::*;
use crate::{
    crdt::TextFormat,
    store::{FileError, SavedFile, read_file, save_file},
};

const OLD: &str = "what the file held before\n";
const NEW: &str = "what was written since, which is longer\n";

fn save(path: &Path, text: &str) -> Result<SavedFile, FileError> {
    save_file(path, &Rope::from_str(text), TextFormat::default())
}

/// A folder with one file in it, which has a second name if it is to be written in place.
fn file(in_place: bool) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.md");
    fs::write(&path, OLD).unwrap();
    if in_place {
        fs::hard_link(&path, folder.path().join("second name")).unwrap();
    }
    (folder, path)
}

/// Fails a save at these points. Returns whether all of them came to pass.
#[track_caller]
fn save_with(faults: &[(Point, Fault)], in_place: bool) -> bool {
    let (folder, path) = file(in_place);
    arm(folder.path(), faults);
    let saved = save(&path, NEW);
    let all = fired(folder.path()) == faults.len();
    let held = fs::read_to_string(&path).unwrap();
    match saved {
        Ok(_) => assert_eq!(held, NEW, "{faults:?}"),
        Err(FileError::Torn { backup, .. }) => {
            assert_eq!(fs::read_to_string(backup).unwrap(), OLD, "{faults:?}");
        }
        Err(error) => {
            // A name that may not survive a crash is no reason to put the old text back.
            let named = faults.iter().any(|(point, _)| *point == Point::SyncFolder);
            assert!(held == OLD || named && held == NEW, "{faults:?}: {held}");
            assert_sentence(&error.to_string());
        }
    }
    save(&path, NEW).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), NEW, "{faults:?}");
    let temporary = fs::read_dir(folder.path()).unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_string_lossy().starts_with(".copad")
    });
    assert!(!temporary, "{faults:?} left a temporary file");
    all
}

#[track_caller]
fn assert_sentence(sentence: &str) {
    assert!(sentence.contains("notes.md"), "{sentence}");
    assert!(!sentence.contains('\n'), "{sentence}");
}

#[test]
fn a_save_that_fails_anywhere_loses_nothing() {
    let mut passed = Vec::new();
    for &fault in Fault::ALL {
        for &point in Point::ALL {
            for in_place in [false, true] {
                if save_with(&[(point, fault)], in_place) {
                    passed.push(point);
                }
            }
        }
        // Writing back comes to pass only after something else has failed.
        let twice = [(Point::SyncInPlace, fault), (Point::RestoreInPlace, fault)];
        assert!(save_with(&twice, true));
    }
    let (folder, path) = file(false);
    for &fault in Fault::ALL {
        arm(folder.path(), &[(Point::ReadFile, fault)]);
        assert_sentence(&read_file(&path).unwrap_err().to_string());
        assert_eq!(fired(folder.path()), 1);
        assert_eq!(read_file(&path).unwrap().text, OLD);
    }
    passed.extend([Point::ReadFile, Point::RestoreInPlace]);
    for point in Point::ALL {
        assert!(passed.contains(point), "nothing tries {point:?}");
    }
}
