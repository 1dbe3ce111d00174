//! Files of every kind: what the table in the README says of each is what happens.

use std::{
    fs::{self, File},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::Command,
};

use iroh_loro_realtime::store::{FileError, LoadedFile, read_file, save_file};
use ropey::Rope;
use tempfile::TempDir;

/// A file of some kind, in a folder of its own.
struct Sample {
    folder: TempDir,
    path: PathBuf,
    /// Kept open while the sample is looked at.
    _listener: Option<UnixListener>,
    /// What has to hold after it was saved.
    after: fn(&Sample),
}

impl Sample {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Self {
            path: folder.path().join("sample"),
            folder,
            _listener: None,
            after: |_| {},
        }
    }

    fn holds(bytes: impl AsRef<[u8]>) -> Self {
        let sample = Self::new();
        fs::write(&sample.path, bytes).expect("a file can be written");
        sample
    }

    fn other(&self) -> PathBuf {
        self.folder.path().join("other")
    }

    fn mode(self, mode: u32) -> Self {
        set_mode(&self.path, mode);
        self
    }

    fn then(mut self, after: fn(&Sample)) -> Self {
        self.after = after;
        self
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        // So that the folder can be removed.
        set_mode(self.folder.path(), 0o700);
    }
}

fn set_mode(path: &Path, mode: u32) {
    let set = fs::set_permissions(path, fs::Permissions::from_mode(mode));
    set.expect("the mode can be set");
}

/// Whether permissions hold this user back.
fn is_held_back() -> bool {
    let sample = Sample::holds("x").mode(0o000);
    File::open(&sample.path).is_err()
}

/// Makes a file of the kind that a row of the table is about. `None`: not on this machine, or not
/// as this user.
fn sample(kind: &str) -> Option<Sample> {
    let sample = match kind {
        "lines that end in CR LF" => Sample::holds("one\r\ntwo\r\n"),
        "mixed line ends" => Sample::holds("one\r\ntwo\nthree\rfour\r\n"),
        "a byte-order mark" => Sample::holds("\u{feff}one\n"),
        "no line end at the end" => Sample::holds("one\ntwo"),
        "nothing in it" => Sample::holds(""),
        "control characters" => Sample::holds("nul \0, escape \u{1b}[31m, bell \u{7}\n"),
        "UTF-16 with a byte-order mark" => Sample::holds(b"\xff\xfeh\0i\0\r\0\n\0\x3d\xd8\x67\xdc"),
        "UTF-32" => Sample::holds(b"\xff\xfe\0\0h\0\0\0"),
        "Latin-1, or what else is not UTF-8" => Sample::holds(b"caf\xe9 au lait\n"),
        "100 MB" => Sample::holds("a line of a very large file\r\n".repeat(3_450_000)),
        "more than 1 GiB" => {
            let sample = Sample::new();
            let file = File::create(&sample.path).expect("a file can be made");
            file.set_len((1 << 30) + 1).expect("it can be large");
            sample
        }
        "a symbolic link" => {
            let sample = Sample::new();
            fs::write(sample.other(), "text\n").expect("a file can be written");
            symlink("other", &sample.path).expect("a link can be made");
            sample.then(|sample| assert!(sample.path.is_symlink()))
        }
        "a hard link" => {
            let sample = Sample::holds("text\n");
            fs::hard_link(&sample.path, sample.other()).expect("a link can be made");
            sample.then(|sample| {
                let number = |path: &Path| fs::metadata(path).expect("it is there").ino();
                assert_eq!(number(&sample.path), number(&sample.other()));
                let entries = fs::read_dir(sample.folder.path()).expect("a folder");
                assert_eq!(entries.count(), 2, "the backup stayed");
            })
        }
        "somebody else's" => {
            let sample = Sample::holds("text\n").mode(0o646);
            chown(&sample.path, Some(12345), Some(12345)).ok()?;
            sample.then(|sample| {
                let metadata = fs::metadata(&sample.path).expect("it is there");
                assert_eq!((metadata.uid(), metadata.gid()), (12345, 12345));
                assert_eq!(metadata.mode() & 0o777, 0o646);
            })
        }
        "mode 0400" => Sample::holds("text\n").mode(0o400),
        "in a read-only folder" if is_held_back() => {
            let sample = Sample::holds("text\n");
            set_mode(sample.folder.path(), 0o500);
            sample
        }
        "mode 0000" if is_held_back() => Sample::holds("text\n").mode(0o000),
        "in a read-only folder" | "mode 0000" => return None,
        "not there yet" => Sample::new(),
        "in a missing folder" => {
            let mut sample = Sample::new();
            sample.path = sample.folder.path().join("missing/sample");
            sample
        }
        "a folder" => {
            let sample = Sample::new();
            fs::create_dir(&sample.path).expect("a folder can be made");
            sample
        }
        "a named pipe" => {
            let sample = Sample::new();
            let made = Command::new("mkfifo").arg(&sample.path).status();
            assert!(made.expect("mkfifo runs").success());
            sample
        }
        "a socket" => {
            let mut sample = Sample::new();
            sample._listener = Some(UnixListener::bind(&sample.path).expect("a socket"));
            sample
        }
        "`/dev/null`" => {
            let mut sample = Sample::new();
            sample.path = "/dev/null".into();
            sample
        }
        other => panic!("the table speaks of {other:?}, of which nothing is known here"),
    };
    Some(sample)
}

/// The rows of the table: what the file is, what opening does, what saving does.
fn rows() -> Vec<[String; 3]> {
    let readme = include_str!("../../README.md");
    let table = readme
        .lines()
        .skip_while(|line| !line.starts_with("| the file |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cells = |line: &str| -> [String; 3] {
        let cells: Vec<_> = line.trim_matches('|').split('|').collect();
        let cells: [&str; 3] = cells.try_into().expect("three columns");
        cells.map(|cell| cell.trim().to_owned())
    };
    table.map(cells).collect()
}

/// What stands in quotes in a cell.
fn quoted(cell: &str) -> Option<&str> {
    let (_, rest) = cell.split_once('“')?;
    Some(rest.split_once('”')?.0)
}

#[track_caller]
fn refused(kind: &str, cell: &str, error: &FileError) {
    let words = quoted(cell).expect("a refusal is quoted");
    let sentence = error.to_string();
    assert!(sentence.contains(words), "{kind}: {sentence}");
    assert!(!sentence.contains('\n'), "{kind}: {sentence}");
}

/// Opens a file as its row says. Returns it if it opens.
fn opens(kind: &str, cell: &str, sample: &Sample) -> Option<LoadedFile> {
    let file = match read_file(&sample.path) {
        Err(error) => {
            assert!(cell.starts_with("refused: "), "{kind}: {error}");
            refused(kind, cell, &error);
            return None;
        }
        Ok(file) => file,
    };
    assert!(!cell.starts_with("refused"), "{kind} opens");
    let warning = file.warning().unwrap_or_default();
    match quoted(cell) {
        Some(words) => assert!(warning.contains(words), "{kind}: {warning}"),
        None => assert_eq!(warning, "", "{kind}"),
    }
    assert_eq!(file.is_new, kind == "not there yet");
    Some(file)
}

/// Saves a file that nobody edited as its row says.
fn saves(kind: &str, cell: &str, sample: &Sample, file: &LoadedFile) {
    let before = fs::read(&sample.path).unwrap_or_default();
    let result = save_file(&sample.path, &Rope::from_str(&file.text), file.format);
    assert!(
        fs::read(&sample.path).expect("it is readable") == before,
        "{kind}: other bytes than before"
    );
    match result {
        Ok(saved) => {
            assert!(
                cell.starts_with("the same bytes") || cell == "makes it",
                "{kind}"
            );
            assert_eq!((saved.hash, saved.len), (file.hash, file.len), "{kind}");
        }
        Err(error) => {
            refused(kind, cell, &error);
            assert!(
                error.is_about_the_place(),
                "{kind}: no other name is offered"
            );
        }
    }
    (sample.after)(sample);
}

#[test]
fn files_of_every_kind_are_treated_as_the_table_says() {
    let rows = rows();
    assert!(rows.len() > 20, "the table is not where it was");
    for [kind, opening, saving] in rows {
        let Some(sample) = sample(&kind) else {
            println!("skipped: {kind} cannot be tried as this user");
            continue;
        };
        match opens(&kind, &opening, &sample) {
            Some(file) => saves(&kind, &saving, &sample, &file),
            None => assert_eq!(saving, "", "{kind} cannot be opened"),
        }
    }
}
