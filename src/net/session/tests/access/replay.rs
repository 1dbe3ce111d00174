//! A handshake that somebody recorded and plays again.

use std::time::Duration;

use loro::LoroDoc;

use super::{DOCUMENT, key};
use crate::{
    crdt::SharedDocument,
    net::{
        access::Entrance,
        event::{AccessEvent, UserInfo},
        message::{DeniedCode, Message},
        node::PeerAddress,
        session::{AccessConfig, Input, Output, Session, SessionConfig},
    },
};

/// A session at the end of one connection with number 1, played by hand.
struct End {
    session: Session,
    document: SharedDocument,
}

impl End {
    fn new(number: u8, document: Option<u8>, seed: u64) -> Self {
        let node = key(number).node();
        let config = SessionConfig {
            node,
            document: document.map(|number| key(number).document()),
            title: String::new(),
            user: UserInfo {
                name: "Eve".to_owned(),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address: PeerAddress::unknown(node),
            degree_limit: 8,
            access: AccessConfig {
                entrance: Entrance::Ask,
                node_key: Some(key(number)),
                document_key: document.map(key),
                ..AccessConfig::default()
            },
        };
        Self {
            session: Session::new(config, seed),
            document: SharedDocument::new(LoroDoc::new()),
        }
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        self.session
            .handle(input, Duration::ZERO, &mut self.document)
    }

    /// A connection with a node stands. Returns what is said first.
    fn opened(&mut self, with: u8, connection: u64, binding: [u8; 32]) -> Vec<Output> {
        self.input(Input::Opened {
            node: key(with).node(),
            connection,
            address: None,
            binding,
        })
    }

    fn hears(&mut self, connection: u64, message: Message) -> Vec<Output> {
        self.input(Input::Received {
            connection,
            message,
        })
    }
}

fn said(outputs: Vec<Output>) -> Vec<Message> {
    let message = |output| match output {
        Output::Send { message, .. } => Some(message),
        _ => None,
    };
    outputs.into_iter().filter_map(message).collect()
}

fn asks(outputs: &[Output]) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Access(AccessEvent::Knock { .. })))
}

#[test]
fn a_recorded_handshake_is_worth_nothing_on_another_connection() {
    let (owner, guest, binding) = (1, 2, [7; 32]);
    let mut host = End::new(owner, Some(DOCUMENT), 1);
    let mut eve = End::new(guest, None, 2);
    let mut recording = Vec::new();
    let mut to_host = said(eve.opened(owner, 1, binding));
    let mut to_eve = said(host.opened(guest, 1, binding));
    let mut asked = false;
    while !to_host.is_empty() || !to_eve.is_empty() {
        for message in std::mem::take(&mut to_host) {
            recording.push(message.clone());
            let outputs = host.hears(1, message);
            asked |= asks(&outputs);
            to_eve.extend(said(outputs));
        }
        for message in std::mem::take(&mut to_eve) {
            to_host.extend(said(eve.hears(1, message)));
        }
    }
    assert!(asked, "the genuine handshake gets as far as a person");
    let is_signed =
        |message: &Message| matches!(message, Message::Prove(prove) if prove.signature.is_some());
    assert!(recording.iter().any(is_signed));

    // Another connection is bound otherwise; and even were it not, the challenge is another.
    for (seed, binding) in [(1, [8; 32]), (3, binding)] {
        let mut host = End::new(owner, Some(DOCUMENT), seed);
        let connection = 2;
        host.opened(guest, connection, binding);
        let outputs: Vec<_> = recording
            .iter()
            .flat_map(|message| host.hears(connection, message.clone()))
            .collect();
        assert!(!asks(&outputs), "nobody is asked, seed {seed}");
        let denied = outputs.iter().any(|output| {
            let Output::Send { message, .. } = output else {
                return false;
            };
            matches!(message, Message::Denied(denied) if denied.code == DeniedCode::Refused)
        });
        assert!(denied, "seed {seed}: {outputs:?}");
    }
}
