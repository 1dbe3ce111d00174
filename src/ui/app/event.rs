//! What the application is told, and what it asks for in return.
//!
//! The terminal loop turns the world into [`Event`]s and carries out [`Effect`]s. Nothing here
//! reads a file, a clock or a socket.

use std::{path::PathBuf, time::Duration};

use crossterm::event::{KeyEvent, MouseEvent};
use ropey::Rope;

use super::{AccessNews, AccessRequest, FileList, Job, Outcome};
use crate::ui::{config::Config, theme::Theme};
pub use crate::workspace::{SaveError, SaveRequest, SavedFile};
use crate::{
    ConflictId, ConflictInfo, ConnectionEvent, NodeId, PeerState, PresenceEvent, Reunion,
    Settlement, UserInfo,
    crdt::{
        Delta, TextFormat, TextSelection,
        conflict::{Choice, DetectOptions, OutsideClash},
    },
    store::{ContentHash, LoadedFile, Meeting, Trail},
    workspace::LastSaved,
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
    /// The document is there whose text was shown before.
    Prepared,
    /// What was typed before that is stored.
    EarlyStored,
    /// The answer to [`Effect::Work`].
    Worked(Box<Outcome>),
    /// The settings and the theme were changed.
    Configured(Box<(Config, Theme)>),
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
    /// Save the file, as if the person had asked for it.
    Save,
    /// Leave the program, as if the person had asked for it.
    Quit,
    /// Close the document, as if the person had asked for it.
    Close,
    /// The answer to [`Effect::Open`]: nothing if the file is open now, else why it is not.
    Opened(Option<String>),
    /// The answer to [`Effect::ListFolder`] and [`Effect::ListRecent`].
    Files(FileList),
    /// Why nothing may be changed here, or that it may again.
    ReadOnly(Option<String>),
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
    /// Something happened to the file, or near it.
    FileTouched,
    /// The answer to [`Effect::LookAtFile`].
    FileSeen(Box<FileLook>),
    /// Whether edits are safe on this machine's disk changed.
    Journal(JournalState),
    /// The conflicts that nobody has answered, whenever one of them changed.
    Conflicts {
        /// All of them.
        open: Vec<ConflictInfo>,
        /// The time of the machine.
        clock: Clock,
    },
    /// A conflict needs no answer any more.
    ConflictSettled {
        /// Which one.
        id: ConflictId,
        /// How that came.
        how: Settlement,
        /// The name of whoever answered, as it was told; empty if nobody did.
        by: String,
    },
    /// Somebody is back, and what was done meanwhile has been compared.
    Met(Reunion),
    /// What a demonstration shows from now on; `{command}` stands for the key of that command.
    Demonstrated(String),
}

/// The time of the machine, and where on earth it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// In seconds since 1970.
    pub now: i64,
    /// How many seconds local time is ahead of that in Greenwich.
    pub offset: i32,
}

/// Whether every edit is written down on this machine, apart from the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JournalState {
    /// It is, a moment after it was made.
    #[default]
    Works,
    /// It is not, for this reason in few words: "disk full".
    Fails(String),
}

/// Something that the terminal loop has to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write the text to a file and answer with [`Event::Saved`].
    Save(SaveRequest),
    /// End the program; nothing here is in the way.
    Quit,
    /// Close this document; nothing here is in the way.
    Close,
    /// The person does not want to leave any more, if they did.
    Stay,
    /// Open a file beside this document and answer with [`Event::Opened`]. It is as it was typed.
    Open(PathBuf),
    /// Open a document without a file beside this one.
    New,
    /// Show another open document: so many further in their order.
    Turn(isize),
    /// List a folder, as it was typed with its slash, and answer with [`Event::Files`].
    ListFolder(String),
    /// List the files that were open last, and answer with [`Event::Files`].
    ListRecent,
    /// Hand the terminal back to the shell until it wakes us.
    Suspend,
    /// Do this where it may take its time, and answer with [`Event::Worked`].
    Work(Job),
    /// Tell the others who we are from now on.
    Introduce(UserInfo),
    /// Ask everybody to come to where the caret is.
    CallEveryone,
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
    /// A conflict was answered, and the outcome is in the text: note it for everybody.
    AnswerConflict(ConflictId, Choice),
    /// The answer to a conflict was taken back.
    ReopenConflict(ConflictId),
    /// The text and its file clashed, and both are in: keep that for everybody to see.
    ReportConflicts(Vec<OutsideClash>),
    /// See whether the file is as it was known, and answer with [`Event::FileSeen`].
    LookAtFile(Box<FileLookRequest>),
    /// Record that the file's bytes have this hash, and whether it holds the document's text as it
    /// is now.
    RecordFile {
        /// Of the file's bytes.
        hash: ContentHash,
        /// Whether it holds the document's text as it is now.
        holds: bool,
    },
}

/// What the file held when the document was opened.
#[derive(Clone, Debug)]
pub struct FileOnDisk {
    /// Of its bytes; of nothing if there is no file.
    pub hash: ContentHash,
    /// Whether there is one.
    pub exists: bool,
    /// Its text.
    pub text: Rope,
    /// Whether the document that belongs into it has to come from a peer first. Until then it is
    /// neither looked at nor written.
    pub waits: bool,
    /// What leads from its text to the document, if that is known. Then the file may hold something
    /// else by now, and is looked at soon.
    pub since: Option<Delta<usize>>,
}

impl FileOnDisk {
    /// Describes a file as it was read. `waits`: a peer's document must come first.
    pub(crate) fn of(file: &LoadedFile, waits: bool) -> Self {
        Self {
            hash: file.hash,
            exists: !file.is_new,
            text: Rope::from_str(&file.text),
            waits,
            since: None,
        }
    }

    /// Describes what a file held when it was last saved, after another program changed it.
    pub(crate) fn last_saved(last_saved: LastSaved) -> Self {
        Self {
            hash: last_saved.hash,
            exists: true,
            text: last_saved.text,
            waits: false,
            since: Some(last_saved.since),
        }
    }
}

/// What to compare the file with.
#[derive(Clone, Debug)]
pub struct FileLookRequest {
    /// The file.
    pub path: PathBuf,
    /// The hash of its bytes as far as we know.
    pub known: ContentHash,
    /// What happened to the text since the file held it.
    pub trail: Trail,
    /// The text that this led to,
    pub text: Rope,
    /// and its number.
    pub version: u64,
    /// Whether others have the same document, and so may have written the file.
    pub shared: bool,
    /// Whether its text is wanted even if its bytes are as known.
    pub whole: bool,
    /// What counts as one thought.
    pub options: DetectOptions,
}

/// What a look at the file found.
#[derive(Clone, Debug)]
pub struct FileLook {
    /// The file.
    pub path: PathBuf,
    /// The [`FileLookRequest::known`] that it was compared with.
    pub known: ContentHash,
    /// The [`FileLookRequest::version`] that it was compared with.
    pub version: u64,
    /// What is there.
    pub(crate) found: FileFound,
}

/// What there is at the place of the file.
#[derive(Clone, Debug)]
pub(crate) enum FileFound {
    /// Bytes of the hash that was known.
    Holds(ContentHash),
    /// Nothing.
    Missing,
    /// Something that cannot be read as text, as a sentence with the file's name in it.
    Unusable(String),
    /// Another text.
    Changed(Box<FileChange>),
}

/// A file that another program wrote.
#[derive(Clone, Debug)]
pub(crate) struct FileChange {
    /// Of its bytes.
    pub(crate) hash: ContentHash,
    /// How it is written now.
    pub(crate) format: TextFormat,
    /// Its text.
    pub(crate) text: Rope,
    /// The number of the document's text that it was compared with.
    pub(crate) version: u64,
    /// When it was written, in seconds since 1970; 0 if nobody knows.
    pub(crate) written: i64,
    /// What can be made of both.
    pub(crate) meeting: Meeting,
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
    /// How much of a large exchange of edits with it is done, in percent; `None` while there is
    /// none.
    pub progress: Option<u8>,
    /// Why it could not be reached, if it could not.
    pub last_error: Option<String>,
}
