//! Whether it was an edit of somebody else's that ended the last copad, or chance.
//!
//! A process that was killed in the midst of an import looks like one that died of it. So the edit
//! is tried once more, in a process that may die: with the document as it was stored, with what came
//! in shortly before, and with little memory and time. Who sent it is innocent if that process
//! lives. What cannot be tried again, or lacks something, is held against them.
//!
//! This starts a process only as it is told to, and never decides what becomes of the sender.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    retry_import,
    store::{ImportMarker, ReplicaId, Store, StoreError},
};

/// Bytes of memory that trying an update may take, and how many more for each byte of the document.
const MEMORY: u64 = 3 << 30;
const MEMORY_PER_BYTE: u64 = 16;
/// Seconds of a processor's time that it may take.
const PROCESSOR: u64 = 10;
/// How long it may take altogether, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether it is over.
const LOOK: Duration = Duration::from_millis(5);

/// How to start a process that [tries](try_again) what the last one was importing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrial {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// Why an update could not be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetrialError {
    /// What it goes into, or the update itself, is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such document.
    #[error("there is no document {0}")]
    Unknown(String),
    /// The document cannot be read.
    #[error("the document cannot be read: {0}")]
    Document(String),
    /// The system gives no thread or sets no limit.
    #[error("the update cannot be tried safely: {0}")]
    System(#[from] io::Error),
}

impl Retrial {
    /// Names a program that calls [`try_again`] with what follows these arguments, a folder and a
    /// word, and that ends with 0 if that is true.
    pub fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        Self { program, arguments }
    }

    /// Returns whether what the last process was importing is harmless. Takes as long as that, a
    /// minute at most.
    pub(crate) fn acquits(&self, store: &Store, replica: ReplicaId) -> bool {
        match self.run(store, replica) {
            Ok(status) => {
                tracing::warn!("an edit was tried again, which ended with {status}");
                status.success()
            }
            Err(error) => {
                tracing::error!("an edit cannot be tried again: {error}");
                false
            }
        }
    }

    fn run(&self, store: &Store, replica: ReplicaId) -> io::Result<ExitStatus> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(store.state_dir())
            .arg(replica.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= end {
                child.kill()?;
                return child.wait();
            }
            thread::sleep(LOOK);
        }
    }
}

/// Tries what the last process was importing into a replica of this state folder when it ended.
/// Returns whether it is harmless. **This may end the process**, which is then the answer.
///
/// # Errors
///
/// Fails when it cannot be tried, which says nothing about it.
pub fn try_again(state: &Path, replica: &str) -> Result<bool, RetrialError> {
    let store = Store::open(state)?;
    let mut replicas = store.replicas()?.into_iter();
    let replica = replicas
        .find(|known| known.id.to_string() == replica)
        .ok_or_else(|| RetrialError::Unknown(replica.to_owned()))?;
    let Some(unfinished) = ImportMarker::unfinished(&store, replica.id)? else {
        return Ok(true);
    };
    if unfinished.updates.is_empty() {
        return Ok(false);
    }
    let history = store.load_history(replica.id)?;
    let (document, _) = history
        .restore()
        .map_err(|error| RetrialError::Document(error.to_string()))?;
    let stored = document.doc().len_ops() as u64;
    limit(
        stored
            + unfinished
                .updates
                .iter()
                .map(|update| update.len() as u64)
                .sum::<u64>(),
    )?;
    // A session has a thread of its own, with as large a stack as this one.
    let trial = thread::Builder::new().spawn(move || {
        let from = unfinished.from;
        for before in unfinished.before {
            // It did no harm then.
            let _ = retry_import(document.clone(), from, &[before]);
        }
        // What is refused in good order did not end anything.
        retry_import(document, from, &unfinished.updates).unwrap_or(true)
    })?;
    // It panicked.
    Ok(trial.join().unwrap_or(false))
}

fn limit(bytes: u64) -> io::Result<()> {
    let memory = MEMORY.saturating_add(bytes.saturating_mul(MEMORY_PER_BYTE));
    for (resource, most) in [
        (Resource::As, memory),
        (Resource::Cpu, PROCESSOR),
        // What it dies of need not be kept.
        (Resource::Core, 0),
    ] {
        let now = getrlimit(resource);
        let current = now.current.map_or(most, |now| now.min(most));
        let wanted = Rlimit {
            current: Some(current),
            ..now
        };
        setrlimit(resource, wanted)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_that_ends_well_acquits() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        for (script, acquits) in [
            ("exit 0", true),
            ("exit 1", false),
            ("kill -KILL $$", false),
            // A folder and a word follow; what is behind a script are its arguments.
            ("test -d \"$0\" && test -n \"$1\"", true),
        ] {
            let arguments = vec!["-c".into(), script.into()];
            let retrial = Retrial::new("/bin/sh".into(), arguments);
            assert_eq!(retrial.acquits(&store, replica), acquits, "{script}");
        }
        let missing = Retrial::new(folder.path().join("nothing"), Vec::new());
        assert!(!missing.acquits(&store, replica));
    }

    #[test]
    fn what_is_not_there_cannot_be_tried() {
        let folder = tempfile::tempdir().unwrap();
        let error = try_again(folder.path(), "7").unwrap_err();
        assert_eq!(error.to_string(), "there is no document 7");
    }
}
