//! Giving a document up for another: what is opened next, and where the text stays.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::app::App;
use crate::{NodeId, store::Places};

/// What is opened in place of a document.
pub(super) struct Successor {
    /// Who broke the document before, so that it is opened again without them.
    pub(super) culprit: Option<NodeId>,
    /// The node id or the ticket of the replica that is joined. `None`: the same as before.
    pub(super) host: Option<String>,
    /// Where the text was put that the host's replaces.
    set_aside: Option<PathBuf>,
    /// What to tell the person.
    message: Option<String>,
}

impl Successor {
    /// A person joins another document from an empty one.
    pub(super) fn join(host: String) -> Self {
        Self {
            culprit: None,
            host: Some(host),
            set_aside: None,
            message: None,
        }
    }

    /// The host's content goes on in place of ours.
    pub(super) fn replace(host: NodeId, set_aside: PathBuf) -> Self {
        let message = format!(
            "Your copy differed from the others' by a fault and starts anew from theirs; your text is in {}",
            set_aside.display()
        );
        Self {
            culprit: None,
            host: Some(host.to_string()),
            set_aside: Some(set_aside),
            message: Some(message),
        }
    }

    /// The document is opened again as it was stored. `text` is where it stands as it was shown.
    pub(super) fn restore(culprit: NodeId, name: &str, text: Option<PathBuf>) -> Self {
        let kept = text.map_or_else(String::new, |path| {
            format!(", as it was in {}", path.display())
        });
        let message = format!(
            "An edit from {name} broke the document: {name} is shut out, and it is open again from what was stored{kept}"
        );
        Self {
            culprit: Some(culprit),
            host: None,
            set_aside: None,
            message: Some(message),
        }
    }

    /// Whether the document before has no future.
    pub(super) fn replaces(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Returns what to tell the person, if they did not ask for this.
    pub(super) fn message(&self) -> Option<String> {
        self.message.clone()
    }
}

/// Writes the text beside its file, or into the state folder if it has none. Returns where it is.
pub(super) fn keep(app: &App) -> io::Result<PathBuf> {
    let text = app.document().rope().to_string();
    match app.path() {
        Some(path) => write_beside(path, &text),
        None => {
            let places = Places::of_this_process().map_err(io::Error::other)?;
            let folder = places.state.join("set-aside");
            fs::create_dir_all(&folder)?;
            write_beside(&folder.join("text"), &text)
        }
    }
}

/// Writes a new file with a free name (`notes.md.diverged`, `notes.md.diverged2` …).
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
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
        let path = folder.path().join("notes.md");
        let first = write_beside(&path, "one")?;
        let second = write_beside(&path, "two")?;
        assert_eq!(first, folder.path().join("notes.md.diverged"));
        assert_eq!(second, folder.path().join("notes.md.diverged2"));
        assert_eq!(fs::read_to_string(first)?, "one");
        assert_eq!(fs::read_to_string(second)?, "two");
        Ok(())
    }

    #[test]
    fn only_who_did_not_ask_is_told() {
        let host = NodeId::of_key(&[1; 32]);
        let joined = Successor::join(host.to_string());
        assert!(!joined.replaces());
        assert_eq!(joined.message(), None);
        let replaced = Successor::replace(host, PathBuf::from("/notes.md.diverged"));
        assert!(replaced.replaces());
        assert!(
            replaced
                .message()
                .is_some_and(|text| text.ends_with("/notes.md.diverged"))
        );
    }
}
