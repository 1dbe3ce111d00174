//! What a copad that was killed while it saved left beside a person's file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::process::{Pid, test_kill_process};

use super::{
    hash::ContentHash,
    path::{folder_of, with_suffix},
    save::{TEMPORARY_PREFIX, backup_suffix},
};

/// Removes temporary files of saves whose process is gone. The file itself is never touched, and
/// where the folder cannot be written they stay.
pub fn remove_unfinished_saves(file: &Path) {
    let Ok(entries) = fs::read_dir(folder_of(file)) else {
        return;
    };
    for entry in entries.flatten() {
        let is_left = entry
            .file_name()
            .to_str()
            .and_then(process_of)
            .is_some_and(is_gone);
        if is_left && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let removed = fs::remove_file(entry.path());
            tracing::info!("an unfinished save was left: {removed:?}");
        }
    }
}

/// Returns the backup that tells that a file was being written over when copad was killed, so that
/// it may hold a part of the new text and a part of the old: one that holds what the file held when
/// it was last saved.
///
/// # Errors
///
/// Fails when a backup cannot be read.
pub fn unfinished_overwrite(file: &Path, saved: ContentHash) -> io::Result<Option<PathBuf>> {
    for number in 1.. {
        let backup = with_suffix(file, &backup_suffix(number));
        match fs::read(&backup) {
            Ok(bytes) if ContentHash::of(&bytes) == saved => return Ok(Some(backup)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The process that a temporary file's name tells of.
fn process_of(name: &str) -> Option<Pid> {
    let (process, _) = name.strip_prefix(TEMPORARY_PREFIX)?.split_once('-')?;
    Pid::from_raw(process.parse().ok()?)
}

fn is_gone(process: Pid) -> bool {
    matches!(test_kill_process(process), Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn only_saves_of_the_dead_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let own = std::process::id();
        let names = [
            (format!("{TEMPORARY_PREFIX}{dead}-abc123"), false),
            (format!("{TEMPORARY_PREFIX}{own}-abc123"), true),
            (format!("{TEMPORARY_PREFIX}abc123"), true),
            (format!("notes{dead}-abc123"), true),
        ];
        for (name, _) in &names {
            fs::write(folder.path().join(name), "text").unwrap();
        }
        remove_unfinished_saves(&folder.path().join("notes.md"));
        for (name, stays) in names {
            assert_eq!(folder.path().join(&name).exists(), stays, "{name}");
        }
        remove_unfinished_saves(Path::new("/no/such/folder/notes.md"));
    }

    #[test]
    fn a_backup_of_what_was_saved_tells_of_an_unfinished_save() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.md");
        let saved = ContentHash::of(b"what was saved");
        assert_eq!(unfinished_overwrite(&file, saved).unwrap(), None);
        fs::write(folder.path().join("notes.md.bak"), "a person's own").unwrap();
        assert_eq!(unfinished_overwrite(&file, saved).unwrap(), None);
        let backup = folder.path().join("notes.md.bak2");
        fs::write(&backup, "what was saved").unwrap();
        assert_eq!(unfinished_overwrite(&file, saved).unwrap(), Some(backup));
    }
}
