//! A session with its document, played by hand: for the tests of decoding and for benchmarks.

use std::time::Duration;

use iroh_loro_realtime::{
    DocumentId, NodeId, PeerAddress, UserInfo,
    crdt::SharedDocument,
    net::{
        message::Message,
        session::{AccessConfig, Input, Output, Session, SessionConfig},
    },
};
use loro::LoroDoc;

/// A session with its document.
pub struct Site {
    pub session: Session,
    pub replica: SharedDocument,
}

impl Site {
    /// Starts a session for a document that all sites share. Nobody dials by themselves.
    pub fn new(number: u8, doc: LoroDoc, configure: impl FnOnce(&mut SessionConfig)) -> Self {
        let node = NodeId([number; 32]);
        let mut config = SessionConfig {
            node,
            document: Some(DocumentId([7; 32])),
            title: "notes.md".to_owned(),
            user: UserInfo {
                name: format!("Person {number}"),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address: PeerAddress {
                node,
                direct: vec![([192, 168, 0, number], 4000).into()],
                relay: Some("https://relay.example/".to_owned()),
            },
            degree_limit: 0,
            access: AccessConfig::default(),
        };
        configure(&mut config);
        Self {
            session: Session::new(config, number.into()),
            replica: SharedDocument::new(doc),
        }
    }

    pub fn handle(&mut self, input: Input, now: Duration) -> Vec<Output> {
        self.session.handle(input, now, &mut self.replica)
    }
}

pub fn opened(node: NodeId, connection: u64) -> Input {
    Input::Opened {
        node,
        connection,
        address: None,
        binding: [0; 32],
    }
}

/// Returns the messages among what a session wants, with their connections.
pub fn messages_of(outputs: Vec<Output>) -> impl Iterator<Item = (u64, Message)> {
    outputs.into_iter().filter_map(|output| match output {
        Output::Send {
            connection,
            message,
        } => Some((connection, message)),
        _ => None,
    })
}
