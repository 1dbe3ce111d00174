//! How the copads of one person on one machine talk about what they have open.
//!
//! Each running copad listens at a Unix socket in the runtime folder, named by its process id. One
//! question, one answer: what is open, or to save a file that another copad has open as well.
//! Questions are answered by whoever owns the documents; this file only carries them.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind, Read, Write},
    os::unix::{
        fs::{DirBuilderExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{DocumentId, NodeId, PeerState};

/// The folder of the sockets, in the runtime folder.
const FOLDER: &str = "control";
/// Bytes of a question or an answer at most.
const MAX_MESSAGE: u32 = 1 << 20;
/// How long a copad may take to answer what it knows.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a save may take: the disk may be slow.
const SAVING: Duration = Duration::from_secs(20);

/// What one copad asks another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Question {
    /// What do you have open?
    Status,
    /// Save this file, which you have open, with everything up to a version of its document.
    Save {
        /// The file, canonical.
        path: PathBuf,
        /// The version of the document, as Loro encodes it.
        version: Vec<u8>,
    },
}

/// What the other says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// What it has open.
    Status(ProcessStatus),
    /// Whether the file was saved; if not, why, as a sentence.
    Saved(Result<(), String>),
}

/// What a running copad has open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// Its process id.
    pub process: u32,
    /// Whether it has no screen.
    pub serves: bool,
    /// Its documents.
    pub documents: Vec<DocumentStatus>,
}

/// How a document fares in one copad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentStatus {
    /// What it is called.
    pub title: String,
    /// Its file.
    pub path: Option<PathBuf>,
    /// Which document it is, once that is known.
    pub document: Option<DocumentId>,
    /// The node id under which it is shared.
    pub node: NodeId,
    /// Whether its file holds its text.
    pub saved: bool,
    /// Who else has it.
    pub peers: Vec<PeerStatus>,
}

/// How it goes with a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerStatus {
    /// Its node id.
    pub node: NodeId,
    /// Who is there, once they said so.
    pub name: Option<String>,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether it may lack something that is here.
    pub behind: bool,
}

impl From<&crate::PeerInfo> for PeerStatus {
    fn from(peer: &crate::PeerInfo) -> Self {
        let connected = matches!(peer.state, PeerState::Connected | PeerState::Unstable);
        Self {
            node: peer.node,
            name: peer.user.as_ref().map(|user| user.name.clone()),
            connected: connected && !peer.left,
            behind: peer.behind,
        }
    }
}

/// A question that waits for its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// The socket of this process, until it is dropped.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl ControlSocket {
    /// Listens for questions, and passes them on. Must be called inside a tokio runtime.
    pub(crate) fn open(
        runtime_directory: &Path,
        asked: mpsc::UnboundedSender<Asked>,
    ) -> io::Result<Self> {
        let path = socket_of(runtime_directory, std::process::id());
        if let Some(folder) = path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder)?;
        }
        // A process of this id that is no more left it behind.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        // Nobody else comes into the folder, so that nobody is faster than this.
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let accepting = tokio::spawn(accept(listener, asked));
        Ok(Self { path, accepting })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.accepting.abort();
        let _ = fs::remove_file(&self.path);
    }
}

async fn accept(listener: UnixListener, asked: mpsc::UnboundedSender<Asked>) {
    while let Ok((stream, _)) = listener.accept().await {
        let asked = asked.clone();
        tokio::spawn(async move {
            // Who goes away in between does not want the answer.
            let _ = tokio::time::timeout(SAVING, answer(stream, asked)).await;
        });
    }
}

async fn answer(
    mut stream: tokio::net::UnixStream,
    asked: mpsc::UnboundedSender<Asked>,
) -> io::Result<()> {
    let length = stream.read_u32().await?;
    let mut bytes = vec![0; checked(length)?];
    stream.read_exact(&mut bytes).await?;
    let (reply, answer) = oneshot::channel();
    let question = decode(&bytes)?;
    let gone = |_| io::Error::from(ErrorKind::BrokenPipe);
    asked
        .send(Asked { question, reply })
        .map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
    let answer = answer.await.map_err(gone)?;
    stream.write_all(&encode(&answer)?).await
}

/// Asks a running copad. Blocks.
///
/// # Errors
///
/// When there is no such process, or it does not answer in time. [`ErrorKind::ConnectionRefused`]
/// and [`ErrorKind::NotFound`] mean that it is gone.
pub(crate) fn ask(
    runtime_directory: &Path,
    process: u32,
    question: &Question,
) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket_of(runtime_directory, process))?;
    let patience = match question {
        Question::Status => PATIENCE,
        Question::Save { .. } => SAVING,
    };
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.write_all(&encode(question)?)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; checked(u32::from_be_bytes(length))?];
    stream.read_exact(&mut bytes)?;
    decode(&bytes)
}

/// Asks every running copad what it has open, in the order of their process ids. Sockets that
/// nobody listens at any more are removed.
///
/// # Errors
///
/// When the runtime folder cannot be read.
pub(crate) fn running(runtime_directory: &Path) -> io::Result<Vec<Running>> {
    let entries = match fs::read_dir(runtime_directory.join(FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut processes: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
    processes.sort_unstable();
    let mut running = Vec::new();
    for process in processes {
        match ask(runtime_directory, process, &Question::Status) {
            Ok(Answer::Status(status)) => running.push(Running::Answered(status)),
            Err(error) if is_gone(&error) => {
                let _ = fs::remove_file(socket_of(runtime_directory, process));
            }
            Ok(Answer::Saved(_)) | Err(_) => running.push(Running::Silent(process)),
        }
    }
    Ok(running)
}

/// A running copad, asked what it has open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// It said so.
    Answered(ProcessStatus),
    /// The process did not answer: it is suspended, or another version.
    Silent(u32),
}

/// Whether nobody listens at a socket any more.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::NotFound
    )
}

fn socket_of(runtime_directory: &Path, process: u32) -> PathBuf {
    runtime_directory.join(FOLDER).join(process.to_string())
}

/// Writes a message with its length before it.
fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let bytes = postcard::to_stdvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    checked(length)?;
    Ok([&length.to_be_bytes()[..], &bytes].concat())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
}

fn checked(length: u32) -> io::Result<usize> {
    if length > MAX_MESSAGE {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            "the message is too long",
        ));
    }
    Ok(length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(process: u32) -> ProcessStatus {
        ProcessStatus {
            process,
            serves: true,
            documents: Vec::new(),
        }
    }

    /// Opens the socket of this process, answers one question with `answer`, and asks it.
    fn asked_once(directory: &Path, question: &Question, answer: Answer) -> io::Result<Answer> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (tell, mut asked) = mpsc::unbounded_channel();
        let socket = {
            let _inside = runtime.enter();
            ControlSocket::open(directory, tell)?
        };
        runtime.spawn(async move {
            let asked = asked.recv().await.expect("somebody asks");
            asked.reply.send(answer).expect("somebody waits");
        });
        let answer = ask(directory, std::process::id(), question);
        drop(socket);
        answer
    }

    #[test]
    fn a_question_is_answered_and_the_socket_goes() {
        let folder = tempfile::tempdir().unwrap();
        let answer = Answer::Status(status(7));
        let heard = asked_once(folder.path(), &Question::Status, answer.clone()).unwrap();
        assert_eq!(heard, answer);
        assert!(running(folder.path()).unwrap().is_empty());
        let sockets = fs::read_dir(folder.path().join(FOLDER)).unwrap();
        assert_eq!(sockets.count(), 0);
    }

    #[test]
    fn a_save_that_failed_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let question = Question::Save {
            path: PathBuf::from("/notes.md"),
            version: vec![1, 2],
        };
        let answer = Answer::Saved(Err("the disk is full".to_owned()));
        let heard = asked_once(folder.path(), &question, answer.clone()).unwrap();
        assert_eq!(heard, answer);
    }

    #[test]
    fn a_socket_without_a_listener_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        let stale = socket_of(folder.path(), 1);
        drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
        assert!(stale.exists());
        assert!(running(folder.path()).unwrap().is_empty());
        assert!(!stale.exists());
        assert!(running(&folder.path().join("nowhere")).unwrap().is_empty());
    }

    #[test]
    fn only_this_user_can_ask() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _inside = runtime.enter();
        let (tell, _asked) = mpsc::unbounded_channel();
        let socket = ControlSocket::open(folder.path(), tell).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&socket.path), 0o600);
        assert_eq!(mode(&folder.path().join(FOLDER)), 0o700);
    }
}
