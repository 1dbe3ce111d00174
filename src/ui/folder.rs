//! What there is to open: the files in a folder, and those that were open last.
//!
//! Waits for the disk, and so belongs on a thread that may wait.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{
    app::{FolderEntry, RecentFile},
    text::is_hidden,
};
use crate::{
    store::{Store, StoreError},
    workspace::age,
};

/// Entries of a folder that are looked at; nobody chooses among more.
const MOST_ENTRIES: usize = 10_000;
/// Recent files that are listed.
const MOST_RECENT: usize = 100;

/// Returns the path that somebody means who typed this: `~/` is their home.
pub(super) fn meant(path: &Path) -> PathBuf {
    let in_home = path.strip_prefix("~").ok();
    match in_home.zip(etcetera::home_dir().ok()) {
        Some((rest, home)) if rest.as_os_str().is_empty() => home,
        Some((rest, home)) => home.join(rest),
        None => path.to_owned(),
    }
}

/// Returns what is in a folder, as it was typed, by name. What cannot be typed in a line is left out.
pub(super) fn list(folder: &str) -> Vec<FolderEntry> {
    let path = match folder {
        "" => PathBuf::from("."),
        folder => meant(Path::new(folder)),
    };
    // A folder that is not there has nothing in it: whoever opens a file in it is told why.
    let found = fs::read_dir(path).into_iter().flatten().take(MOST_ENTRIES);
    let mut entries: Vec<_> = found
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let is_folder = entry.path().is_dir();
            (!name.chars().any(is_hidden)).then_some(FolderEntry { name, is_folder })
        })
        .collect();
    entries.sort();
    entries
}

/// Returns the files that were open here last and are still there, the last one first, but for
/// `except`.
///
/// # Errors
///
/// Fails when the store cannot be read.
pub(super) fn recent(store: &Store, except: Option<&Path>) -> Result<Vec<RecentFile>, StoreError> {
    let now = SystemTime::now();
    let here = std::env::current_dir().ok();
    let home = etcetera::home_dir().ok();
    let files = store.replicas()?.into_iter().filter_map(|replica| {
        let path = replica.path.filter(|path| Some(path.as_path()) != except)?;
        let opened = replica.last_opened?;
        let path = path.is_file().then_some(path)?;
        Some(RecentFile {
            path: short(&path, here.as_deref(), home.as_deref())?,
            age: age(now.duration_since(opened).unwrap_or_default()),
        })
    });
    Ok(files.take(MOST_RECENT).collect())
}

/// A path as somebody would type it: from the folder that they are in, or from their home. `None`: it
/// cannot be typed.
fn short(path: &Path, here: Option<&Path>, home: Option<&Path>) -> Option<String> {
    let text = path.to_str()?;
    let below = |folder: Option<&Path>| path.strip_prefix(folder?).ok()?.to_str();
    let typed = match (below(here), below(home)) {
        (Some(rest), _) => rest.to_owned(),
        (None, Some(rest)) => format!("~/{rest}"),
        (None, None) => text.to_owned(),
    };
    (!typed.chars().any(is_hidden)).then_some(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_listed_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b.md", "a.md", "bell\u{7}"] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        fs::create_dir(folder.path().join("aa")).expect("made");
        let listed = list(&format!("{}/", folder.path().display()));
        let names: Vec<_> = listed.iter().map(FolderEntry::shown).collect();
        assert_eq!(names, ["a.md", "aa/", "b.md"]);
        assert!(list("/there/is/no/such/folder/").is_empty());
    }

    #[test]
    fn paths_are_shown_as_they_would_be_typed() {
        let (here, home) = (Path::new("/home/ada/work"), Path::new("/home/ada"));
        for (path, typed) in [
            ("/home/ada/work/src/a.rs", Some("src/a.rs")),
            ("/home/ada/notes.md", Some("~/notes.md")),
            ("/etc/hosts", Some("/etc/hosts")),
            ("/etc/\u{202e}stsoh", None),
        ] {
            let short = short(Path::new(path), Some(here), Some(home));
            assert_eq!(short.as_deref(), typed, "{path}");
        }
        let home = etcetera::home_dir().expect("there is one");
        assert_eq!(meant(Path::new("~/a b")), home.join("a b"));
        assert_eq!(meant(Path::new("~")), home);
        assert_eq!(meant(Path::new("~ada/x")), Path::new("~ada/x"));
        assert_eq!(meant(Path::new("a/~")), Path::new("a/~"));
    }

    #[test]
    fn recent_files_come_last_opened_first_while_they_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("state")).expect("a store");
        let now = SystemTime::now();
        let root = folder.path().canonicalize().expect("it is there");
        for (seconds, name) in [
            (300, "old.md"),
            (60, "new.md"),
            (30, "gone.md"),
            (0, "own.md"),
        ] {
            let path = root.join(name);
            fs::write(&path, "").expect("written");
            let replica = store.replica_for(&path).expect("a replica").id;
            let opened = now - std::time::Duration::from_secs(seconds);
            store.record_opened(replica, opened).expect("recorded");
        }
        fs::remove_file(root.join("gone.md")).expect("removed");
        let recent = recent(&store, Some(&root.join("own.md"))).expect("listed");
        let names: Vec<_> = recent
            .iter()
            .map(|file| file.path.rsplit('/').next().unwrap_or_default())
            .collect();
        assert_eq!(names, ["new.md", "old.md"]);
        assert_eq!(recent[0].age, "1 minute ago");
    }
}
