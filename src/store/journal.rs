//! Keeps every change of an open document on the disk, a moment after it was made.
//!
//! There is one way in for whatever changes a document: typing, undo, what peers send. The journal
//! remembers which version it has written. Any event of the document wakes its thread, which waits
//! a moment for more, exports what is newer than that version and appends it to what is stored. So
//! whoever types never waits: the event only leaves a word, and an export takes microseconds.
//!
//! Now and then the entries are folded into a snapshot, see [`fold`]. Knows nothing of screens and
//! of the network.

mod export;
mod fold;

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use loro::Subscription;

use self::{export::Exporter, fold::Folding};
use super::{
    database::Store,
    error::StoreError,
    history::{JournalEntry, Journaled},
    replica::{ReplicaId, SaveRecord},
};
use crate::crdt::SharedDocument;

/// How long more changes are waited for, so that a burst of keys is one write.
const COALESCE: Duration = Duration::from_millis(80);
/// How often a change is looked for that no event told of, and a failed write is tried again.
const IDLE: Duration = Duration::from_secs(1);

/// What whoever runs a journal should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalNews {
    /// Changes could not be written. It is tried again every second, and told again only after
    /// [`Recovered`](Self::Recovered).
    Failing {
        /// What happened, and what to do.
        sentence: String,
        /// The same in two or three words.
        reason: String,
    },
    /// Everything is written again.
    Recovered,
}

impl JournalNews {
    fn failing(error: &StoreError) -> Self {
        Self::Failing {
            sentence: error.to_string(),
            reason: error.reason().to_owned(),
        }
    }
}

/// The journal of one open document. Dropping it leaves the rest to its thread and does not wait.
#[derive(Debug)]
pub struct Journal {
    replica: ReplicaId,
    commands: Sender<Command>,
    /// `None` once it was closed.
    thread: Mutex<Option<JoinHandle<()>>>,
    _subscription: Subscription,
}

type Reply = SyncSender<Result<(), StoreError>>;

#[derive(Debug)]
enum Command {
    Changed,
    Flush(Reply),
    Saved(Box<SaveRecord>, Reply),
    View(Vec<u8>),
    Folded(Result<i64, StoreError>),
    Close(Reply),
}

impl Journal {
    /// Starts to journal a document, whose replica must be locked by this process. `journaled` is
    /// what is stored of it already; everything else that it holds is written first.
    ///
    /// # Errors
    ///
    /// Fails when the system gives no thread.
    pub fn start(
        store: Arc<Store>,
        replica: ReplicaId,
        document: SharedDocument,
        journaled: Journaled,
        tell: impl Fn(JournalNews) + Send + 'static,
    ) -> io::Result<Self> {
        let (commands, received) = mpsc::channel();
        let woken = Arc::new(AtomicBool::new(false));
        let subscription = document.doc().subscribe_root(Arc::new({
            let (commands, woken) = (commands.clone(), Arc::clone(&woken));
            // Runs inside Loro, so it leaves a word and touches nothing.
            move |_| {
                if !woken.swap(true, Ordering::AcqRel) {
                    let _ = commands.send(Command::Changed);
                }
            }
        }));
        let mut writer = Writer {
            folding: Folding::new(
                Arc::clone(&store),
                replica,
                document.clone(),
                &journaled,
                commands.clone(),
            ),
            exporter: Exporter::new(document, journaled.version, journaled.pending),
            last: journaled.last,
            store,
            replica,
            woken,
            view: None,
            due: Some(Instant::now()),
            failing: false,
            tell: Box::new(tell),
        };
        let thread = thread::Builder::new().name("copad-journal".to_owned());
        let thread = thread.spawn(move || writer.run_guarded(&received))?;
        Ok(Self {
            replica,
            commands,
            thread: Mutex::new(Some(thread)),
            _subscription: subscription,
        })
    }

    /// Returns when everything that the document holds now is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written; the journal goes on trying.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.ask(Command::Flush)
    }

    /// Records what a file holds since it was saved, together with every change up to now.
    ///
    /// # Errors
    ///
    /// Fails when the path cannot be a file's, when the replica that had the file is open
    /// elsewhere, and when the database cannot be written.
    pub fn record_save(&self, save: SaveRecord) -> Result<(), StoreError> {
        self.ask(|reply| Command::Saved(Box::new(save), reply))
    }

    /// Takes note of where the person is in the text; it is written with the next change, or when
    /// the journal is closed.
    pub fn note_view(&self, view: Vec<u8>) {
        let _ = self.commands.send(Command::View(view));
    }

    /// Writes what is left, records that the replica was closed, and ends the journal.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written. Then the replica counts as not closed.
    pub fn close(&self) -> Result<(), StoreError> {
        let closed = self.ask(Command::Close);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // It told what went wrong, if anything did.
            let _ = thread.join();
        }
        closed
    }

    /// Asks the thread for something and waits for the answer. Once the journal was closed there is
    /// nothing left to do, so that is no error.
    fn ask(&self, command: impl FnOnce(Reply) -> Command) -> Result<(), StoreError> {
        let (reply, answer) = mpsc::sync_channel(1);
        // Without its thread the command is dropped, and the reply with it.
        let _ = self.commands.send(command(reply));
        answer.recv().unwrap_or_else(|_| {
            let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
            match *thread {
                None => Ok(()),
                Some(_) => Err(StoreError::JournalEnded {
                    replica: self.replica.0,
                }),
            }
        })
    }
}

/// The journal's thread.
struct Writer {
    store: Arc<Store>,
    replica: ReplicaId,
    exporter: Exporter,
    folding: Folding,
    /// The number of the last entry that is stored.
    last: i64,
    /// Whether a word was left that was not taken yet.
    woken: Arc<AtomicBool>,
    view: Option<Vec<u8>>,
    /// When to write.
    due: Option<Instant>,
    failing: bool,
    tell: Box<dyn Fn(JournalNews) + Send>,
}

impl Writer {
    /// Runs to the end, and tells when that was not a good one.
    fn run_guarded(&mut self, commands: &Receiver<Command>) {
        let run = AssertUnwindSafe(|| self.run(commands));
        if panic::catch_unwind(run).is_err() {
            let replica = self.replica.0;
            (self.tell)(JournalNews::failing(&StoreError::JournalEnded { replica }));
        }
    }

    fn run(&mut self, commands: &Receiver<Command>) {
        loop {
            let now = Instant::now();
            let until = self.due.unwrap_or(now + IDLE);
            match commands.recv_timeout(until.saturating_duration_since(now)) {
                Ok(Command::Changed) => {
                    // Before the export: a change after it leaves a word again.
                    self.woken.store(false, Ordering::Release);
                    if !self.failing {
                        self.due.get_or_insert(Instant::now() + COALESCE);
                    }
                }
                Ok(Command::Flush(reply)) => {
                    let _ = reply.send(self.write_all());
                }
                Ok(Command::Saved(save, reply)) => {
                    let _ = reply.send(self.write(Some(&save)));
                }
                Ok(Command::View(view)) => self.view = Some(view),
                Ok(Command::Folded(result)) => self.folding.finished(result),
                Ok(Command::Close(reply)) => {
                    let _ = reply.send(self.close());
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    // Told by itself.
                    let _ = self.write(None);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = self.write_all();
                    return;
                }
            }
        }
    }

    /// Writes everything, with what waits inside the document for changes that are not here.
    fn write_all(&mut self) -> Result<(), StoreError> {
        self.exporter.with_pending();
        self.write(None)
    }

    fn close(&mut self) -> Result<(), StoreError> {
        self.write_all()?;
        if let Some(view) = self.view.take() {
            self.store.record_view(self.replica, &view)?;
        }
        self.folding.fold_at_the_end(self.exporter.version());
        self.store.record_closed(self.replica)
    }

    /// Writes what is not stored yet, and tells when that begins or ceases to fail.
    fn write(&mut self, save: Option<&SaveRecord>) -> Result<(), StoreError> {
        let result = self.try_write(save);
        self.due = result.is_err().then(|| Instant::now() + IDLE);
        match &result {
            Ok(()) if self.failing => {
                self.failing = false;
                (self.tell)(JournalNews::Recovered);
            }
            Err(error) if !self.failing && save.is_none() => {
                self.failing = true;
                (self.tell)(JournalNews::failing(error));
            }
            Ok(()) | Err(_) => {}
        }
        self.folding.begin_when_large(self.exporter.version());
        result
    }

    fn try_write(&mut self, save: Option<&SaveRecord>) -> Result<(), StoreError> {
        let exported = self.exporter.export();
        let exported = exported.map_err(|error| StoreError::Unreadable {
            replica: self.replica.0,
            source: error.into(),
        })?;
        let entries: &[JournalEntry] = &exported.entries;
        let at = SystemTime::now();
        let last = match save {
            Some(save) => self
                .store
                .record_save(self.replica, save, self.last, entries, at)?,
            None if entries.is_empty() => return Ok(()),
            None => self.store.append(self.replica, self.last, entries, at)?,
        };
        for (number, entry) in (self.last + 1..).zip(entries) {
            self.folding.appended(number, entry.bytes.len());
        }
        self.last = last;
        self.exporter.written(exported);
        if let Some(view) = self.view.take() {
            // Where the caret was is worth less than a word to the person.
            if let Err(error) = self.store.record_view(self.replica, &view) {
                tracing::warn!("where the caret is cannot be kept: {error}");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
