//! What the application is told, and what it asks for in return.
//!
//! The terminal loop turns the world into [`Event`]s and carries out [`Effect`]s. Nothing here
//! reads a file, a clock or a socket.

use std::{path::PathBuf, time::Duration};

use crossterm::event::{KeyEvent, MouseEvent};
use ropey::Rope;

use super::{AccessNews, AccessRequest};
use crate::{
    ConnectionEvent, NodeId, PeerState, PresenceEvent, UserInfo,
    crdt::{Delta, TextFormat, TextSelection},
};

/// Something happened: at the keyboard, in the document, among the peers.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key went down (releases are ignored).
    Key(KeyEvent),
    /// The mouse moved or a button changed.
    Mouse(MouseEvent),
    /// The terminal handed over pasted text in one piece.
    Paste(String),
    /// The screen has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal window got the keyboard.
    FocusGained,
    /// The terminal window lost the keyboard.
    FocusLost,
    /// The time that [`App::next_tick`](super::App::next_tick) named has come.
    Tick,
    /// The document holds changes that the screen has not taken in.
    DocumentChanged,
    /// A change that was worked out elsewhere for the text as it is shown, to be made as one edit.
    Edit(Delta),
    /// All peers, as the session sees them now. Send it whenever one of them changed.
    Peers(Vec<PeerRow>),
    /// Somebody came, moved or went. Positions are those of the document at this moment.
    Presence(Box<PresenceEvent>),
    /// A peer's connection changed.
    Connection(ConnectionEvent),
    /// The answer to [`Effect::Save`].
    Saved(Result<SavedFile, SaveError>),
    /// The answer to [`Effect::RequestPaste`].
    Clipboard(String),
    /// Something to tell the person for a few seconds.
    Message(MessageKind, String),
    /// The first synchronisation is done; the document came from a peer under this title.
    Joined {
        /// What the host calls the document, as a file name.
        title: String,
    },
    /// Somebody knocks, or who may do what has changed.
    Access(Box<AccessNews>),
    /// How others can join this document.
    Share(ShareInfo),
    /// The file that was named holds other text than the document that was joined.
    AskExisting(ExistingFile),
}

/// Something that the terminal loop has to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write the text to a file and answer with [`Event::Saved`].
    Save(SaveRequest),
    /// End the program.
    Quit,
    /// Hand the terminal back to the shell until it wakes us.
    Suspend,
    /// Put this text on the clipboard.
    Copy(String),
    /// Fetch the clipboard and answer with [`Event::Clipboard`].
    RequestPaste,
    /// Tell the others where our caret is.
    Publish(LocalCaret),
    /// Join the document behind this node id (64 lower-case hexadecimal digits) or ticket.
    Connect(String),
    /// Cut all connections (`true`), or let them come back (`false`).
    Offline(bool),
    /// Clear the terminal and draw everything anew.
    Redraw,
    /// Put this in the title of the terminal's window.
    SetTitle(String),
    /// Let somebody in, or change what they may do.
    Access(AccessRequest),
    /// The answer to [`Event::AskExisting`].
    AnswerExisting(Existing),
}

/// Where our caret is and what we are doing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalCaret {
    /// Caret and selection, in Unicode scalar values of the document as it is now.
    pub selection: TextSelection,
    /// Whether we changed the text within the last three seconds.
    pub typing: bool,
    /// Whether we left the keyboard.
    pub away: bool,
}

/// A text on its way to the disk.
#[derive(Clone, Debug)]
pub struct SaveRequest {
    /// Where to.
    pub path: PathBuf,
    /// The text. Cheap to clone; later edits do not touch it.
    pub text: Rope,
    /// Byte-order mark and line ending to write with.
    pub format: TextFormat,
    /// Which state of the document this is. Goes back in [`SavedFile::version`].
    pub version: u64,
    /// Whether a file that is already there may be replaced. If not, and there is one, answer
    /// [`SaveError::Exists`].
    pub replace: bool,
}

/// A text that reached the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFile {
    /// Where it is.
    pub path: PathBuf,
    /// The [`SaveRequest::version`] that was written.
    pub version: u64,
}

/// Why a text did not reach the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveError {
    /// Another file has that name, and we were not told to replace it.
    Exists(PathBuf),
    /// Anything else, as a sentence with the file's name in it.
    Failed(String),
}

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Good to know. Shown for four seconds.
    Info,
    /// Something did not work. Shown for eight seconds.
    Error,
}

/// How others can join this document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareInfo {
    /// The whole node id.
    pub node_id: String,
    /// What the other person types, ending with the node id.
    pub command: String,
    /// From where others can reach us, as a sentence: "It works on this machine only."
    pub reach: String,
}

/// A file that stands in the way of joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingFile {
    /// Which file.
    pub path: PathBuf,
    /// How many lines it has.
    pub mine_lines: usize,
    /// How many lines differ from the document that was joined.
    pub differing_lines: usize,
}

/// What to do with a file that stands in the way of joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Turn the differences into edits on top of the shared document.
    KeepMine,
    /// Take the shared document; the file is backed up beside it.
    TakeTheirs,
    /// Touch nothing and do not join.
    Cancel,
}

/// A peer, as the session sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRow {
    /// Which replica.
    pub node: NodeId,
    /// Who is behind it, once it said so.
    pub user: Option<UserInfo>,
    /// Where its connection stands.
    pub state: PeerState,
    /// How long a message there and back takes.
    pub round_trip: Option<Duration>,
    /// Whether it said goodbye.
    pub left: bool,
    /// Whether it may lack edits that are here.
    pub behind: bool,
    /// Why it could not be reached, if it could not.
    pub last_error: Option<String>,
}
