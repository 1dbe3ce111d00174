use std::{
    collections::BTreeSet,
    os::unix::fs::{chown, symlink},
};

use proptest::prelude::*;
use rustix::fs::{XattrFlags, getxattr, setxattr};

use super::*;
use crate::store::read_file;

struct Fixture {
    folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    Fixture {
        folder: tempfile::tempdir().unwrap(),
    }
}

impl Fixture {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn with(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Checks that these files are in the folder and no others, no temporary ones above all.
    #[track_caller]
    fn holds(&self, names: &[&str]) {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let found: BTreeSet<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(found, names.iter().map(|name| name.to_string()).collect());
    }
}

fn save(path: &Path, text: &str) -> Result<SavedFile, FileError> {
    save_file(path, &Rope::from_str(text), TextFormat::default())
}

#[track_caller]
fn saves(path: &Path, text: &str) {
    let saved = save(path, text).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), text);
    let hash = ContentHash::of(text.as_bytes());
    let len = text.len() as u64;
    assert_eq!(saved, SavedFile { hash, len });
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_new_file_is_made_as_any_program_makes_one() {
    let fixture = fixture();
    let path = fixture.path("notes.md");
    saves(&path, "one\ntwo");
    let other = fixture.with("other", "");
    let mode = |path: &Path| fs::metadata(path).unwrap().mode();
    assert_eq!(mode(&path), mode(&other));
    fixture.holds(&["notes.md", "other"]);
}

#[test]
fn a_file_that_somebody_made_meanwhile_is_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.md");
    let temporary = temporary_beside(&path, 0o666).unwrap();
    fs::write(&path, "theirs").unwrap();
    let refused = put_new(temporary, &path).unwrap_err();
    assert!(matches!(refused, FileError::Changed { .. }), "{refused}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
}

#[test]
fn an_old_file_is_replaced_and_keeps_its_mode() {
    for mode in [0o600, 0o644, 0o660, 0o755, 0o200 | 0o444] {
        let fixture = fixture();
        let path = fixture.with("notes.md", "a much longer text than the new one");
        set_mode(&path, mode);
        let before = fs::metadata(&path).unwrap();
        saves(&path, "new");
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o7777, mode);
        assert_ne!(after.ino(), before.ino(), "it was not replaced as a whole");
        fixture.holds(&["notes.md"]);
    }
}

#[test]
fn links_stay_links() {
    let fixture = fixture();
    fs::create_dir(fixture.path("sub")).unwrap();
    let target = fixture.with("sub/notes.md", "old");
    let (link, dangling) = (fixture.path("link"), fixture.path("dangling"));
    symlink("sub/notes.md", &link).unwrap();
    symlink("sub/new.md", &dangling).unwrap();
    saves(&link, "new");
    saves(&dangling, "made");
    assert!(link.is_symlink() && dangling.is_symlink());
    assert_eq!(fs::read_to_string(target).unwrap(), "new");
    fixture.holds(&["sub", "link", "dangling"]);
}

#[test]
fn every_name_of_a_file_shows_the_new_text() {
    let fixture = fixture();
    let path = fixture.with("notes.md", "a much longer text than the new one");
    let other = fixture.path("other-name");
    fs::hard_link(&path, &other).unwrap();
    set_mode(&path, 0o640);
    for text in ["new", "newer and longer than what was there before", ""] {
        saves(&path, text);
        assert_eq!(fs::read_to_string(&other).unwrap(), text);
    }
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
    fixture.holds(&["notes.md", "other-name"]);
}

#[test]
fn another_owner_stays_the_owner() {
    let fixture = fixture();
    let path = fixture.with("notes.md", "old");
    if chown(&path, Some(12345), Some(54321)).is_err() {
        println!("skipped: only root can give files away");
        return;
    }
    set_mode(&path, 0o4640);
    saves(&path, "new");
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.uid(), after.gid()), (12345, 54321));
    assert_eq!(after.mode() & 0o7777, 0o4640);
    fixture.holds(&["notes.md"]);
}

#[test]
fn extended_attributes_stay() {
    let fixture = fixture();
    let path = fixture.with("notes.md", "old");
    if setxattr(&path, "user.mood", b"calm", XattrFlags::empty()).is_err() {
        println!("skipped: this file system has no extended attributes");
        return;
    }
    saves(&path, "new");
    let mut buffer = [0; 16];
    let length = getxattr(&path, "user.mood", &mut buffer[..]).unwrap();
    assert_eq!(&buffer[..length], b"calm");
}

#[test]
fn a_read_only_file_is_refused_and_kept() {
    let fixture = fixture();
    let path = fixture.with("notes.md", "old");
    set_mode(&path, 0o444);
    let sentence = save(&path, "new").unwrap_err().to_string();
    assert!(sentence.contains("read-only"), "{sentence}");
    assert!(sentence.contains("notes.md"), "{sentence}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    fixture.holds(&["notes.md"]);
}

#[test]
fn a_read_only_folder_is_refused() {
    if is_root() {
        println!("skipped: permissions do not hold root back");
        return;
    }
    let fixture = fixture();
    let path = fixture.with("notes.md", "old");
    set_mode(fixture.folder.path(), 0o555);
    let outcomes = [save(&path, "new"), save(&fixture.path("new.md"), "new")];
    set_mode(fixture.folder.path(), 0o755);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(matches!(error, FileError::FolderReadOnly { .. }), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
}

#[test]
fn what_is_no_file_is_refused() {
    let fixture = fixture();
    for (path, words) in [
        (fixture.folder.path(), "a folder"),
        (Path::new("/dev/null"), "a device"),
        (&fixture.path("absent/notes.md"), "not there"),
    ] {
        let sentence = save(path, "text").unwrap_err().to_string();
        assert!(sentence.contains(words), "{sentence}");
    }
    fixture.holds(&[]);
}

#[test]
fn a_full_disk_leaves_the_file_as_it_was() {
    // The one device on every Linux that is always full; a backup cannot be made beside it, so
    // only the writing itself is tried here.
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: this system has no /dev/full");
        return;
    };
    let text = Rope::from_str("text");
    let content = Content {
        text: &text,
        format: TextFormat::default(),
    };
    let error = overwrite(&full, Path::new("full"), &content).unwrap_err();
    let sentence = FileError::io("save", Path::new("notes.md"), error).to_string();
    assert!(sentence.contains("the disk is full"), "{sentence}");
}

#[test]
fn a_save_that_failed_half_way_is_taken_back() {
    let fixture = fixture();
    let path = fixture.with("notes.md", "what was there before");
    let backup = backup_beside(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    (&file).write_all(b"half of something much longer").unwrap();
    restore(&file, &backup).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "what was there before");
}

#[test]
fn backups_never_overwrite_each_other() {
    let fixture = fixture();
    let path = fixture.with("notes.md", "one");
    set_mode(&path, 0o640);
    assert_eq!(
        backup_beside(&path).unwrap().file_name().unwrap(),
        "notes.md.bak"
    );
    fs::write(&path, "two").unwrap();
    let second = backup_beside(&path).unwrap();
    assert_eq!(second.file_name().unwrap(), "notes.md.bak2");
    assert_eq!(
        fs::read_to_string(fixture.path("notes.md.bak")).unwrap(),
        "one"
    );
    assert_eq!(fs::read_to_string(&second).unwrap(), "two");
    assert_eq!(fs::metadata(&second).unwrap().mode() & 0o7777, 0o640);
    fixture.holds(&["notes.md", "notes.md.bak", "notes.md.bak2"]);
}

#[test]
fn a_backup_of_nothing_is_refused() {
    let fixture = fixture();
    assert!(backup_beside(&fixture.path("absent")).is_err());
    assert!(backup_beside(fixture.folder.path()).is_err());
    fixture.holds(&[]);
}

/// Opens and saves a file with these bytes, in its place and as a whole.
fn open_and_save(bytes: &[u8]) {
    let fixture = fixture();
    let path = fixture.path("notes.md");
    fs::write(&path, bytes).unwrap();
    for linked in [false, true] {
        if linked {
            fs::hard_link(&path, fixture.path("other-name")).unwrap();
        }
        let loaded = read_file(&path).unwrap();
        let saved = save_file(&path, &Rope::from_str(&loaded.text), loaded.format).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!((saved.hash, saved.len), (loaded.hash, loaded.len));
    }
}

#[test]
fn files_that_nobody_edits_stay_as_they_are() {
    let long = "a line of some length, é, 👩‍👩‍👧\r\n".repeat(5_000);
    let table = [
        "",
        "\n",
        "\r\n",
        "no end",
        "one\ntwo\n",
        "one\r\ntwo\r\n",
        "one\r\ntwo",
        "mixed\r\nends\nand\rreturns\r",
        "\u{feff}",
        "\u{feff}one\r\n",
        "\u{feff}\u{feff}two marks\n",
        "in the \u{feff} middle",
        "nul \0 and escape \u{1b}[31m",
        "line \u{2028} and paragraph \u{2029} separators\u{85}\u{b}\u{c}",
        &long,
    ];
    for content in table {
        open_and_save(content.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_that_nobody_edits_stays_as_it_is(
        mark in prop::sample::select(vec!["", "\u{feff}"]),
        lines in prop::collection::vec(("\\PC{0,8}", "\n|\r\n|\r|\u{2028}"), 0..20),
        last in "\\PC{0,8}",
    ) {
        let mut content = mark.to_owned();
        for (line, end) in lines {
            content += &line;
            content += &end;
        }
        open_and_save((content + &last).as_bytes());
    }
}
