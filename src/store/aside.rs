//! Keeping a text that something else replaces.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::FileError;

/// Writes a text into a new file beside `path` with a free name (`notes.md.diverged`,
/// `notes.md.diverged2` …) and returns that. The folder is made if it is missing. The text is on
/// the disk on return, and nobody else can read it.
///
/// # Errors
///
/// Fails when the folder cannot be written.
pub fn set_aside(path: &Path, text: &str) -> Result<PathBuf, FileError> {
    write_beside(path, text).map_err(|source| FileError::io("write beside", path, source))
}

fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut number = 1_u64;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(".diverged");
        if number > 1 {
            name.push(number.to_string());
        }
        let place = PathBuf::from(name);
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&place);
        match created {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                return Ok(place);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_aside_before_stays() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("new").join("notes.md");
        let first = write_beside(&path, "one")?;
        let second = write_beside(&path, "two")?;
        assert_eq!(first, path.with_extension("md.diverged"));
        assert_eq!(second, path.with_extension("md.diverged2"));
        assert_eq!(fs::read_to_string(first)?, "one");
        assert_eq!(fs::read_to_string(second)?, "two");
        Ok(())
    }
}
