//! The same with real disks: a small one that fills up, and one that turns read-only. Both are
//! mounted in a namespace of their own, by running this test again inside it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use ropey::Rope;

use crate::{
    crdt::{Delta, EditContext, EditKind, TextDocument, TextFormat, TextSelection},
    store::{FileError, Journal, Journaled, Store, StoreError, save_file},
};

/// Names the disk, for the test inside the namespace.
const DISK: &str = "COPAD_TEST_DISK";
const OLD: &str = "what the file held before\n";

/// Runs one test of this file again with a disk of one MiB.
fn with_small_disk(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=1m tmpfs \"$1\" || exit 99
                  exec \"$2\" --exact \"$3\" --nocapture";
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh"])
        .arg(folder.path())
        .arg(env::current_exe().unwrap())
        .arg(format!("store::faults::real::{test}"))
        .env(DISK, folder.path())
        .output();
    let Ok(output) = output else {
        return println!("skipped: there is no unshare");
    };
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(99) || told.contains("unshare failed") {
        return println!("skipped: nothing can be mounted here: {told}");
    }
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

/// The disk, for those who are in the namespace.
fn disk() -> Option<PathBuf> {
    env::var_os(DISK).map(PathBuf::from)
}

struct Desk {
    path: PathBuf,
    store: Arc<Store>,
    document: TextDocument,
    journal: Journal,
    replica: crate::store::ReplicaId,
}

/// A file that is open.
fn open(disk: &Path) -> Desk {
    let path = disk.join("notes.md");
    fs::write(&path, OLD).unwrap();
    let store = Arc::new(Store::open(&disk.join("state")).unwrap());
    let replica = store.replica_for(&path).unwrap().id;
    let document = TextDocument::from_text(OLD);
    let shared = document.shared().clone();
    let journal = Journal::start(
        Arc::clone(&store),
        replica,
        shared,
        Journaled::default(),
        |_| {},
    );
    let journal = journal.unwrap();
    journal.flush().unwrap();
    Desk {
        path,
        store,
        document,
        journal,
        replica,
    }
}

impl Desk {
    fn types(&mut self, text: &str) {
        let context = EditContext {
            kind: EditKind::Other,
            selection: TextSelection::default(),
            now: std::time::Duration::ZERO,
        };
        self.document
            .edit(&Delta::replace(0..0, text), context)
            .unwrap();
    }

    fn save(&self) -> Result<(), FileError> {
        let text = Rope::from_str(&self.document.rope().to_string());
        save_file(&self.path, &text, TextFormat::default()).map(|_| ())
    }

    /// Checks that the file is the old one.
    #[track_caller]
    fn is_old(&self) {
        assert_eq!(fs::read_to_string(&self.path).unwrap(), OLD);
    }

    /// Checks that everything can be kept now.
    #[track_caller]
    fn is_kept(&self) {
        self.save().unwrap();
        let text = self.document.rope().to_string();
        assert_eq!(fs::read_to_string(&self.path).unwrap(), text);
        self.journal.close().unwrap();
        assert_eq!(self.store.text(self.replica).unwrap(), text);
        let names = fs::read_dir(self.path.parent().unwrap()).unwrap();
        let left = names.filter(|name| {
            let name = name.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with(".copad")
        });
        assert_eq!(left.count(), 0);
    }
}

#[test]
fn a_full_disk_keeps_what_it_has() {
    let Some(disk) = disk() else {
        return with_small_disk("a_full_disk_keeps_what_it_has");
    };
    let mut desk = open(&disk);
    let ballast = disk.join("ballast");
    let mut left = 512 * 1024;
    while left >= 4096 {
        let mut bytes = fs::read(&ballast).unwrap_or_default();
        bytes.resize(bytes.len() + left, 0);
        if fs::write(&ballast, bytes).is_err() {
            left /= 2;
        }
    }
    desk.types(&"0123456789abcdef".repeat(16 * 1024));
    let error = desk.save().unwrap_err();
    assert!(matches!(error, FileError::Full { .. }), "{error}");
    desk.is_old();
    let error = desk.journal.flush().unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    fs::remove_file(ballast).unwrap();
    desk.types("more ");
    desk.is_kept();
}

#[test]
fn a_disk_that_turned_read_only_keeps_what_it_has() {
    let Some(disk) = disk() else {
        return with_small_disk("a_disk_that_turned_read_only_keeps_what_it_has");
    };
    let mut desk = open(&disk);
    let mount = |options: &[&str]| {
        let mounted = Command::new("mount").args(options).arg(&disk).status();
        assert!(mounted.unwrap().success(), "{options:?}");
    };
    // Over itself, since what is open for writing keeps the disk as it is.
    mount(&["--bind", disk.to_str().unwrap()]);
    mount(&["-o", "remount,bind,ro"]);
    assert!(fs::write(disk.join("probe"), "").is_err());
    desk.types("typed ");
    let error = desk.save().unwrap_err().to_string();
    assert!(error.contains("read-only"), "{error}");
    desk.is_old();
    // The database is open already, and takes what the file does not.
    desk.journal.flush().unwrap();
    let error = Store::open(&disk.join("elsewhere")).unwrap_err();
    assert!(error.to_string().contains("elsewhere"), "{error}");
    mount(&["-o", "remount,bind,rw"]);
    desk.is_kept();
}
