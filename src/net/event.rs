//! What the library tells an application, and what the application tells about its user.

use std::{collections::BTreeMap, sync::Arc};

use loro::{
    ValueOrContainer,
    event::{ListDiffItem, TreeDiff},
};
use serde::{Deserialize, Serialize};

use crate::{
    crdt::{Anchor, Delta},
    net::{
        access::{Role, Roster, Signed},
        node::NodeId,
    },
};

/// The person behind a replica, as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Shown to others. Cleaned of control characters and shortened by whoever receives it.
    pub name: String,
    /// `#RRGGBB`.
    pub color: String,
    /// Where a picture of the person is, for applications that can show one.
    pub avatar_url: Option<String>,
}

/// A caret: where a person's next character will go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorPosition {
    /// Counted from 0.
    pub line: usize,
    /// Unicode scalar values from the start of the line, counted from 0.
    pub column: usize,
    /// The name of the root text container, such as `"main"`.
    pub container: String,
    /// Unicode scalar values from the start of the container.
    pub offset: usize,
    /// The same place as an anchor, which stays exact when the text changes on its way to whoever
    /// reads this. Where there is one, it counts, and the offset is only what it was at first.
    pub anchor: Option<Anchor>,
}

impl CursorPosition {
    /// Describes a caret by line, column, container and offset (Unicode scalar values).
    pub fn new(line: usize, column: usize, container: String, offset: usize) -> Self {
        Self {
            line,
            column,
            container,
            offset,
            anchor: None,
        }
    }

    /// Pins the caret to an anchor.
    pub fn with_anchor(mut self, anchor: Option<Anchor>) -> Self {
        self.anchor = anchor;
        self
    }
}

/// A selected stretch of text. `start` is where selecting began and may lie behind `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Where selecting began.
    pub start: CursorPosition,
    /// Where the caret is.
    pub end: CursorPosition,
}

impl Selection {
    /// Describes a selection by its two ends.
    pub fn new(start: CursorPosition, end: CursorPosition) -> Self {
        Self { start, end }
    }
}

/// Who caused a change of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOrigin {
    /// This process, through `apply_local_change`
    /// or directly on the document.
    Local,
    /// The peer that handed the change to us; it may have been written by somebody behind it.
    Peer(NodeId),
}

/// What a change did to one container.
#[derive(Clone, Debug)]
pub enum ContainerDelta {
    /// A text: retain, insert, delete, counted in Unicode scalar values.
    Text(Delta),
    /// A list or a movable list.
    List(Vec<ListDiffItem>),
    /// A map: the keys that changed, with their new values; `None` means deleted.
    Map(BTreeMap<String, Option<ValueOrContainer>>),
    /// A tree.
    Tree(TreeDiff),
    /// A counter: by how much it grew.
    Counter(f64),
    /// A container of a kind that this version does not know.
    Unknown,
}

/// A change of one container of the document.
#[derive(Clone, Debug)]
pub struct DocumentEvent {
    /// Which container changed.
    pub container: loro::ContainerID,
    /// What happened to it. Positions count Unicode scalar values.
    pub delta: Arc<ContainerDelta>,
    /// Who caused it.
    pub origin: ChangeOrigin,
    /// Counts the imports and commits of this process; events with the same number belong together.
    pub batch: u64,
}

/// What another person is doing now.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// Who they are.
    pub user: UserInfo,
    /// Where their caret is, as far as this replica can tell yet.
    pub cursor: Option<CursorPosition>,
    /// What they have selected.
    pub selection: Option<Selection>,
    /// Whether they typed within the last three seconds.
    pub typing: bool,
    /// Whether they said that they left the keyboard.
    pub away: bool,
}

/// News about the people around the document.
#[derive(Clone, Debug, PartialEq)]
pub enum PresenceEvent {
    /// Somebody is here now.
    Joined {
        /// Their replica.
        node: NodeId,
        /// What they are doing.
        presence: Presence,
    },
    /// Somebody moved, selected, typed, or changed name or colour.
    Updated {
        /// Their replica.
        node: NodeId,
        /// What they are doing.
        presence: Presence,
    },
    /// Somebody asks everybody to come to where their caret is. At most once in five seconds.
    Called {
        /// Their replica.
        node: NodeId,
    },
    /// Somebody is gone.
    Left {
        /// Their replica.
        node: NodeId,
        /// Who they were.
        user: UserInfo,
    },
}

/// How far a large answer has come that brings this replica up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncProgress {
    /// Who is sending it.
    pub node: NodeId,
    /// How many operations of it are in the document. A keystroke is one; so is each character of
    /// a longer insertion.
    pub done: u64,
    /// How many it has.
    pub total: u64,
}

/// Whose content goes on after two replicas came to hold different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Ours: the peer's replica starts anew from it.
    Ours,
    /// Theirs: our replica has to start anew from it.
    Theirs,
}

/// The life of a peer, as one replica sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeerState {
    /// A dial or a handshake is under way.
    Connecting,
    /// Connected; the two replicas are telling each other what they lack.
    Syncing,
    /// Both have what the other had at the time of the handshake.
    Connected,
    /// Connected, but silent for four seconds, in which two heartbeats should have come.
    Unstable,
    /// We said goodbye and wait for the connection to end.
    Disconnecting,
    /// No connection. Unless the peer was refused or let go, it will be dialled again.
    Disconnected,
}

/// Why a peer's state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// We or they dialled, and it went as it should.
    Normal,
    /// The peer left on its own will.
    Left,
    /// The connection was lost or could not be made; the text is iroh's own.
    Lost(String),
    /// The peer would not have us, or we would not have it.
    Denied(String),
    /// The peer sent nothing for too long.
    Silent,
    /// The application asked for it.
    Requested,
}

/// A peer went from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionEvent {
    /// Which peer.
    pub node: NodeId,
    /// The state it left.
    pub from: PeerState,
    /// The state it is in now.
    pub to: PeerState,
    /// Why.
    pub reason: Reason,
}

/// News about who may do what.
#[derive(Clone, Debug, PartialEq)]
pub enum AccessEvent {
    /// Somebody who is no member wants to come in, and waits for an answer.
    Knock {
        /// Their replica.
        node: NodeId,
        /// Who they say they are, cleaned.
        user: UserInfo,
    },
    /// A knock needs no answer any more: it was answered, or whoever knocked went away.
    KnockOver {
        /// Whose.
        node: NodeId,
    },
    /// We knocked, and somebody is asked about us.
    Waiting {
        /// At which replica.
        node: NodeId,
        /// Who is asked, cleaned.
        asked: String,
    },
    /// There is a newer list of members; store it, and give it to the next session.
    RosterChanged(Box<Signed<Roster>>),
    /// Somebody has another role now; it may be ourselves.
    RoleChanged {
        /// Whose replica.
        node: NodeId,
        /// What they were. `None`: no member.
        from: Option<Role>,
        /// What they are now. `None`: no member.
        to: Option<Role>,
    },
}
