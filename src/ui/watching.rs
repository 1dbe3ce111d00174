//! Noticing that another program changed the file, and looking at what it made of it.
//!
//! The folder is watched rather than the file, since editors write a new file and give it the old
//! name. What the system tells is only a reason to look: it may be late, or missing on some file
//! systems, so the application looks on other occasions too.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use ropey::Rope;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    app::{Event, FileChange, FileFound, FileLook, FileLookRequest},
    editor::News,
};
use crate::{
    store::{self, LoadedFile},
    workspace::Stamp,
};

/// Programs write a file in several steps; they are over when nothing came for this long,
const QUIET: Duration = Duration::from_millis(150);
/// but after this time somebody looks anyway.
const LONGEST: Duration = Duration::from_secs(1);
/// A file that was just written may be half-written. It is read again until it stays alike for
/// [`QUIET`], this often at most.
const READS: usize = 20;

/// Watches over one file, until it is dropped.
#[derive(Default)]
pub(super) struct FileWatch {
    path: Option<PathBuf>,
    _watcher: Option<RecommendedWatcher>,
}

impl FileWatch {
    /// Watches the file of this path from now on, and tells when something happens to it.
    pub(super) fn follow(&mut self, path: Option<&Path>, tell: &mpsc::UnboundedSender<News>) {
        if self.path.as_deref() == path {
            return;
        }
        self.path = path.map(Path::to_owned);
        self._watcher = path.and_then(|path| match watch(path, tell.clone()) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!("changes of the file are noticed late: {error}");
                None
            }
        });
    }
}

fn watch(path: &Path, tell: mpsc::UnboundedSender<News>) -> notify::Result<RecommendedWatcher> {
    let target = store::canonical_path(path)
        .map_err(|error| notify::Error::io(std::io::Error::other(error.to_string())))?;
    let name = target.file_name().map(OsStr::to_owned);
    let folder = target.parent().unwrap_or(Path::new("/")).to_owned();
    let (happened, happenings) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns_us = event.map_or(true, |event| {
            let named = |path: &PathBuf| path.file_name() == name.as_deref() || path.is_dir();
            changes_something(event.kind)
                && (event.paths.is_empty() || event.paths.iter().any(named))
        });
        if concerns_us {
            // If it is full somebody is about to look anyway.
            let _ = happened.try_send(());
        }
    })?;
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    tokio::spawn(tell_when_quiet(happenings, tell));
    Ok(watcher)
}

/// Reading a file is an event as well, and we read it ourselves.
fn changes_something(kind: EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) => true,
        EventKind::Any | EventKind::Other => true,
        EventKind::Access(_) => false,
    }
}

/// Tells once for several events in a row. Ends when the watcher is dropped.
async fn tell_when_quiet(mut happenings: mpsc::Receiver<()>, tell: mpsc::UnboundedSender<News>) {
    while happenings.recv().await.is_some() {
        let quiet = async { while let Ok(Some(())) = timeout(QUIET, happenings.recv()).await {} };
        let _ = timeout(LONGEST, quiet).await;
        if tell.send(News::App(Event::FileTouched)).is_err() {
            return;
        }
        // A program that writes all the time is no reason to look all the time.
        sleep(QUIET).await;
    }
}

/// Looks at the file. Waits for the disk, compares texts, and so belongs on a thread of its own.
pub(super) fn look(request: FileLookRequest) -> FileLook {
    look_with(request, || std::thread::sleep(QUIET))
}

/// `pause` waits until a program that is writing should have gone on.
pub(super) fn look_with(request: FileLookRequest, pause: impl Fn()) -> FileLook {
    FileLook {
        found: find(&request, pause),
        path: request.path,
        known: request.known,
        version: request.version,
    }
}

/// Looks at the file of which another copad takes care. That one takes in what others do to it; all
/// that counts here is whether the file holds our text, or one that it was.
pub(super) fn observe(request: FileLookRequest) -> FileLook {
    let unseen = unseen(request.clone());
    let look = look_with(request, || {});
    match &look.found {
        FileFound::Holds(_) => look,
        FileFound::Changed(change)
            if change.meeting.merge.edit.is_empty() && change.meeting.clashes.is_empty() =>
        {
            look
        }
        FileFound::Changed(_) | FileFound::Missing | FileFound::Unusable(_) => unseen,
    }
}

/// What the request came to without looking.
pub(super) fn unseen(request: FileLookRequest) -> FileLook {
    FileLook {
        found: FileFound::Holds(request.known),
        path: request.path,
        known: request.known,
        version: request.version,
    }
}

fn find(request: &FileLookRequest, pause: impl Fn()) -> FileFound {
    let mut before = None;
    for _ in 0..READS {
        let file = match store::read_file(&request.path) {
            Ok(file) if file.hash == request.known && !file.is_new && !request.whole => {
                return FileFound::Holds(file.hash);
            }
            Ok(file) => Ok(file),
            Err(error) => Err(error.to_string()),
        };
        // Gone, or half-written: editors do that for a moment.
        let now = Stamp::of(&request.path);
        if before == Some(now) {
            return found(request, file);
        }
        before = Some(now);
        pause();
    }
    match store::read_file(&request.path) {
        Ok(file) => found(request, Ok(file)),
        Err(error) => FileFound::Unusable(error.to_string()),
    }
}

fn found(request: &FileLookRequest, file: Result<LoadedFile, String>) -> FileFound {
    match file {
        Err(sentence) => FileFound::Unusable(sentence),
        Ok(file) if file.is_new => FileFound::Missing,
        Ok(file) => {
            let meeting = store::meet(
                &request.trail,
                &request.text,
                &file.text,
                request.shared,
                &request.options,
            );
            FileFound::Changed(Box::new(FileChange {
                hash: file.hash,
                format: file.format,
                text: Rope::from_str(&file.text),
                version: request.version,
                written: written(&request.path),
                meeting,
            }))
        }
    }
}

/// When a file was written, in seconds since 1970; 0 if that cannot be told.
fn written(path: &Path) -> i64 {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = modified.map(|time| time.duration_since(SystemTime::UNIX_EPOCH));
    since.map_or(0, |since| since.map_or(0, |since| since.as_secs() as i64))
}
