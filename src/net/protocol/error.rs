//! What can go wrong when the library is used, each with one sentence for a person.

use loro::LoroError;
use thiserror::Error;

use crate::net::{address::InvalidNodeId, node::NodeId};

/// The protocol could not be started.
#[derive(Debug, Error)]
pub enum ProtocolError {
    /// The protocol needs a running tokio runtime for its connections.
    #[error("the protocol was started outside of a tokio runtime")]
    NoRuntime,
    /// The system gave no thread for the session.
    #[error("no thread could be started for the session")]
    Thread(#[source] std::io::Error),
}

/// No peer was reached, or it would not take part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// The node id is that of this replica.
    #[error("this is your own node id: give it to others, and use theirs here")]
    OwnNode,
    /// The node id is no public key.
    #[error(transparent)]
    InvalidNode(#[from] InvalidNodeId),
    /// The endpoint belongs to another node than the protocol was made for.
    #[error("the endpoint has another node id than this replica")]
    OtherEndpoint,
    /// Nobody answered within five seconds, or the connection broke before both were in sync.
    #[error("{} could not be reached: {reason}", .node.short())]
    Unreachable {
        /// Whom.
        node: NodeId,
        /// What happened, without a full stop.
        reason: String,
    },
    /// The peer answered, and does not want this replica.
    #[error("{} does not take part: {text}", .node.short())]
    Refused {
        /// Who.
        node: NodeId,
        /// Its own words.
        text: String,
    },
    /// A program answered that does not speak this protocol, or another version of it.
    #[error("{} answers, but it is not copad, or another version of it", .node.short())]
    OtherProtocol {
        /// Who.
        node: NodeId,
    },
    /// The application let the peer go, or went offline, before it was reached.
    #[error("connecting to {} was given up", .node.short())]
    GivenUp {
        /// Who.
        node: NodeId,
    },
    /// The peer is shut out here: what it sent broke the document.
    #[error("{} is shut out here, because an edit of theirs broke the document", .node.short())]
    ShutOut {
        /// Whom.
        node: NodeId,
    },
    /// The protocol was shut down.
    #[error("the session has ended")]
    Stopped,
}

/// A change of the document failed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The closure returned this error. What it did before that stays.
    #[error("the document could not be changed: {0}")]
    Document(#[from] LoroError),
    /// The session ended because of a panic, and the document cannot be trusted any more.
    #[error("the document is damaged, and cannot be changed any more")]
    Damaged,
}

/// A cursor or selection could not be told to others.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PresenceError {
    /// There is no such place in the document: no root text container can have that name.
    #[error("there is no position {offset} in \"{container}\"")]
    NoSuchPlace {
        /// The name that was given.
        container: String,
        /// Unicode scalar values from its start.
        offset: usize,
    },
    /// The protocol was shut down.
    #[error("the session has ended")]
    Stopped,
}
