//! `copad serve`: documents that are always there, without a screen.
//!
//! Each document has a task of its own that keeps its history and its file up to date and lets
//! peers come and go; see `document`. Everything that happens is told in a structured log.
//! Never knows a terminal.

mod document;
pub(crate) mod log;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
    task::{JoinError, JoinSet},
};

pub use crate::workspace::Trust;
use crate::{
    InvalidInvitation, Invitation, NetworkKind, ProtocolError, Servers,
    store::{FileError, NoHome, Places, StoreError, canonical_path},
    workspace::{
        self, Answer, Asked, ControlSocket, OpeningError, ProcessStatus, Question, Retrial,
    },
};
use document::{Order, Served};

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The files to serve; they need not exist.
    pub files: Vec<PathBuf>,
    /// The name that others see; `None`: the login name, and that it is a server.
    pub name: Option<String>,
    /// The node id or ticket of a replica whose document is joined into the file; then there is one
    /// file.
    pub connect: Option<String>,
    /// Whom to let in that is not a member; nobody is asked here, so it takes a ticket.
    pub trust: Trust,
    /// How an edit that may have ended the last process is tried again, so that its sender stays.
    pub retrial: Option<Retrial>,
    /// How far peers may be found.
    pub network: NetworkKind,
    /// Through which servers.
    pub servers: Servers,
    /// Where to write the log; `None`: standard error.
    pub log: Option<PathBuf>,
}

/// Why nothing is served. Each is one sentence for a person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// No folder to keep things in.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// What was given as a node id or ticket is neither.
    #[error(transparent)]
    Invitation(#[from] InvalidInvitation),
    /// The state folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be served.
    #[error(transparent)]
    File(#[from] FileError),
    /// A document cannot be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The network part of the program cannot start.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Only one document can be joined, into one file.
    #[error("--connect joins one document: name the one file that it is saved to")]
    OneFile,
    /// The document of somebody else cannot be joined into a file without asking a person.
    #[error(
        "{} has a text of its own: join with copad --connect first, or name a new file",
        .0.display()
    )]
    HasText(PathBuf),
    /// The log cannot be written.
    #[error("the log cannot be written to {}: {source}", path.display())]
    Log {
        /// Where it was to go.
        path: PathBuf,
        /// Why it cannot.
        source: io::Error,
    },
    /// A peer's update broke a document. What was stored of it is sound: serve it again.
    #[error("the session of {} failed: {reason}; start it again", path.display())]
    Failed {
        /// The document's file.
        path: PathBuf,
        /// What the session said.
        reason: String,
    },
    /// The last save of a file failed, as the log says. Its text is stored.
    #[error(
        "{} could not be saved at the end; what was written is stored, and serving the file \
         again saves it",
        .0.display()
    )]
    NotSaved(PathBuf),
    /// The last of a document's history could not be written.
    #[error("the last changes of {} could not be stored; the log says why", .0.display())]
    NotStored(PathBuf),
    /// The system gives no threads or signals.
    #[error("the server cannot start: {0}")]
    System(#[from] io::Error),
}

/// Serves files until it is told to stop by SIGTERM or SIGINT. Everything is on the disk then.
///
/// # Errors
///
/// Fails at the start when something that the options name cannot be used, and later when a peer's
/// update broke a document, so that whoever supervises this process starts it anew.
pub fn run(options: &Options) -> Result<(), ServeError> {
    let invitation: Option<Invitation> = options.connect.as_deref().map(str::parse).transpose()?;
    let paths = options.files.iter().map(|path| canonical_path(path));
    let paths: BTreeSet<PathBuf> = paths.collect::<Result<_, _>>()?;
    if invitation.is_some() && paths.len() != 1 {
        return Err(ServeError::OneFile);
    }
    let places = Places::of_this_process()?;
    let name = options.name.clone();
    let name = name.unwrap_or_else(|| format!("{} (server)", workspace::login_name()));
    log::start(options.log.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let mut server = Server::default();
        let setting = document::Setting {
            places: &places,
            name: &name,
            network: options.network,
            servers: &options.servers,
            invitation: invitation.as_ref(),
            trust: options.trust,
            retrial: options.retrial.as_ref(),
        };
        for path in &paths {
            server.add(document::open(path, &setting)?);
        }
        server.run(&places.runtime).await
    });
    // Whatever still waits for the network has nothing more to tell.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// The documents that are served, each in its task.
#[derive(Default)]
struct Server {
    documents: Vec<Task>,
    tasks: JoinSet<Result<(), ServeError>>,
}

struct Task {
    path: PathBuf,
    orders: mpsc::UnboundedSender<Order>,
}

impl Server {
    fn add(&mut self, served: Served) {
        let (orders, inbox) = mpsc::unbounded_channel();
        self.documents.push(Task {
            path: served.path().to_owned(),
            orders,
        });
        self.tasks.spawn(served.run(inbox));
    }

    async fn run(mut self, runtime_directory: &Path) -> Result<(), ServeError> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let (tell, mut asked) = mpsc::unbounded_channel();
        let _control = ControlSocket::open(runtime_directory, tell)
            .inspect_err(|error| tracing::warn!(%error, "other copads cannot ask this one"));
        let mut result = loop {
            tokio::select! {
                _ = terminate.recv() => break Ok(()),
                _ = interrupt.recv() => break Ok(()),
                Some(asked) = asked.recv() => self.answer(asked),
                Some(ended) = self.tasks.join_next() => break flattened(ended),
            }
        };
        tracing::info!("stopping");
        for document in &self.documents {
            // A task that has ended needs no order to do so.
            let _ = document.orders.send(Order::Stop);
        }
        while let Some(ended) = self.tasks.join_next().await {
            result = result.and(flattened(ended));
        }
        match &result {
            Ok(()) => tracing::info!("stopped"),
            Err(error) => tracing::error!(%error, "stopped"),
        }
        result
    }

    /// Answers another copad of this person.
    fn answer(&self, Asked { question, reply }: Asked) {
        match question {
            Question::Status => {
                let orders: Vec<_> = self
                    .documents
                    .iter()
                    .map(|one| one.orders.clone())
                    .collect();
                tokio::spawn(async move {
                    let status = status(&orders).await;
                    // Who asked may have given up.
                    let _ = reply.send(Answer::Status(status));
                });
            }
            Question::Save { path, version } => {
                match self.documents.iter().find(|one| one.path == path) {
                    Some(one) => {
                        let _ = one.orders.send(Order::Save { version, reply });
                    }
                    None => {
                        let sentence = format!("{} is not served any more", path.display());
                        let _ = reply.send(Answer::Saved(Err(sentence)));
                    }
                }
            }
        }
    }
}

/// A task that panicked is a failure like others.
fn flattened(ended: Result<Result<(), ServeError>, JoinError>) -> Result<(), ServeError> {
    ended.unwrap_or_else(|panic| Err(ServeError::System(io::Error::other(panic))))
}

async fn status(documents: &[mpsc::UnboundedSender<Order>]) -> ProcessStatus {
    let mut told = Vec::new();
    for orders in documents {
        let (reply, answer) = oneshot::channel();
        if orders.send(Order::Status(reply)).is_ok() {
            told.extend(answer.await);
        }
    }
    ProcessStatus {
        process: std::process::id(),
        serves: true,
        documents: told,
    }
}
