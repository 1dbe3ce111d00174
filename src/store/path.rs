//! One name for each file, whichever way a person wrote it, and how paths are shown.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::file::{FileError, must_be_regular};

/// Links that are followed before they count as a circle; the kernel's own limit.
const MAX_LINKS: usize = 40;

/// Returns the absolute path of a file, with every symbolic link in it followed.
///
/// The file itself may be missing, its folder may not. A link that points to a missing file names
/// that file. Two names of one file give the same path, except for hard links.
///
/// # Errors
///
/// Fails when the path is empty, when its folder is missing or closed to us, when it ends in a
/// slash without being a folder, and when its links go in a circle.
pub fn canonical_path(path: &Path) -> Result<PathBuf, FileError> {
    let mut named = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&named) {
            Ok(canonical) => return Ok(canonical),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::io("find", path, error)),
        }
        // What is there without having a path of its own: an open pipe below `/dev/fd`.
        if let Ok(metadata) = fs::metadata(&named) {
            must_be_regular(path, &metadata)?;
        }
        match fs::read_link(&named) {
            Ok(target) => named = folder_of(&named).join(target),
            Err(_) => return missing_file(path, &named),
        }
    }
    Err(FileError::io(
        "find",
        path,
        io::Error::other("its symbolic links go in a circle"),
    ))
}

/// Names a file that is not there yet. `path` is what the person wrote, `named` where it led.
fn missing_file(path: &Path, named: &Path) -> Result<PathBuf, FileError> {
    let ends_in_slash = named.as_os_str().as_bytes().ends_with(b"/");
    let Some(name) = named.file_name().filter(|_| !ends_in_slash) else {
        return Err(FileError::NoFileName {
            path: path.to_owned(),
        });
    };
    match fs::canonicalize(folder_of(named)) {
        Ok(folder) if folder.is_dir() => Ok(folder.join(name)),
        Ok(_) => Err(FileError::FolderMissing {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(FileError::FolderMissing {
            path: path.to_owned(),
        }),
        Err(error) => Err(FileError::io("find", path, error)),
    }
}

/// Returns the folder that a path's last part is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// Returns the path of a sibling whose name has something added at its end.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(OsStr::new(suffix));
    PathBuf::from(name)
}

/// Returns a path as it may be written on a screen: control characters in it are spelt out.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_name_of_one_file_gives_one_path() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("sub")).unwrap();
        symlink(root.join("sub"), root.join("link-to-sub")).unwrap();
        symlink("notes.md", root.join("sub/alias.md")).unwrap();
        symlink("alias.md", root.join("sub/alias-of-alias.md")).unwrap();
        let names = [
            "sub/notes.md",
            "sub/../sub/notes.md",
            "./sub/./notes.md",
            "link-to-sub/notes.md",
            "sub/alias.md",
            "link-to-sub/alias-of-alias.md",
        ];
        for exists in [false, true] {
            if exists {
                fs::write(root.join("sub/notes.md"), "x").unwrap();
            }
            for name in names {
                let found = canonical_path(&root.join(name)).unwrap();
                assert_eq!(found, root.join("sub/notes.md"), "{name}, exists: {exists}");
            }
        }
    }

    #[test]
    fn what_names_no_file_is_said_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("plain"), "x").unwrap();
        symlink("circle-b", root.join("circle-a")).unwrap();
        symlink("circle-a", root.join("circle-b")).unwrap();
        let cases = [
            ("absent/notes.md", "is not there"),
            ("notes.md/", "names no file"),
            ("absent/..", "names no file"),
            ("plain/notes.md", "cannot find"),
            ("circle-a", "cannot find"),
        ];
        for (name, words) in cases {
            let sentence = canonical_path(&root.join(name)).unwrap_err().to_string();
            assert!(sentence.contains(words), "{name}: {sentence}");
            assert!(sentence.contains(name), "{name}: {sentence}");
        }
        assert!(canonical_path(Path::new("")).is_err());
    }

    #[test]
    fn control_characters_are_spelt_out() {
        assert_eq!(shown(Path::new("a\u{1b}[2Jb\nc é")), "a\\u{1b}[2Jb\\nc é");
    }
}
