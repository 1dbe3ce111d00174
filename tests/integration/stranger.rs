//! A peer that is not this library: it speaks the library's messages, and every byte of it is the
//! test's own choice.

use std::time::Duration;

use iroh::{
    Endpoint, EndpointAddr, SecretKey,
    endpoint::{Connection, ConnectionError, RecvStream, SendStream},
};
use iroh_loro_realtime::{
    DocumentId, NetworkKind, NodeId, PeerAddress, RealtimeLoroProtocol, SigningKey, UserInfo, bind,
    net::{
        access::{Role, Statement},
        frame::read_from_memory,
        message::{CloseReason, DocumentTag, Hello, MAX_FRAME, Message, Part, Prove, Welcome},
    },
};
use loro::{ExportMode, LoroDoc, VersionVector};
use serde::Serialize;
use tokio::time::timeout;

/// Longer than anybody may take to introduce themselves.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Set in the length of a frame that is compressed.
pub const COMPRESSED: u32 = 1 << 31;
const BINDING_LABEL: &[u8] = b"EXPORTER-iroh-loro-realtime-1";

/// What a proof is a signature of, as somebody else would write it down.
#[derive(Serialize)]
struct Proof {
    prover: NodeId,
    verifier: NodeId,
    document: Option<DocumentTag>,
    nonce: [u8; 32],
    binding: [u8; 32],
}

impl Statement for Proof {
    const DOMAIN: &'static str = "iroh-loro-realtime handshake 1";
}

/// A peer whose every byte the test decides.
pub struct Stranger {
    pub endpoint: Endpoint,
    pub connection: Connection,
    pub sync: (SendStream, RecvStream),
    pub presence: (SendStream, RecvStream),
}

impl Stranger {
    pub async fn dial(to: EndpointAddr) -> Result<Self, ConnectionError> {
        Self::dial_as(SecretKey::generate(), to).await
    }

    /// Dials as whoever holds a key.
    pub async fn dial_as(key: SecretKey, to: EndpointAddr) -> Result<Self, ConnectionError> {
        let endpoint = bind(NetworkKind::Local, key, None).await.unwrap();
        let alpn = RealtimeLoroProtocol::ALPN;
        let connection = endpoint.connect(to, alpn).await.unwrap();
        Self::over(endpoint, connection).await
    }

    /// Takes the streams of a connection that stands.
    pub async fn over(endpoint: Endpoint, connection: Connection) -> Result<Self, ConnectionError> {
        let mut sync = connection.accept_bi().await?;
        let mut presence = connection.accept_bi().await?;
        for (stream, purpose) in [(&mut sync.1, 1), (&mut presence.1, 2)] {
            let mut first = [0];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(first, [purpose]);
        }
        Ok(Self {
            endpoint,
            connection,
            sync,
            presence,
        })
    }

    pub fn node(&self) -> NodeId {
        self.endpoint.id().into()
    }

    pub async fn say(&mut self, message: &Message) {
        let message = message.encode().unwrap();
        self.sync.0.write_all(&framed(&message)).await.unwrap();
    }

    /// Returns the next message that is no heartbeat.
    pub async fn hear(&mut self) -> Message {
        loop {
            let mut frame = vec![0; 4];
            self.sync.1.read_exact(&mut frame).await.unwrap();
            let length = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
            let inflated = if length & COMPRESSED == 0 { 0 } else { 4 };
            let rest = (length & !COMPRESSED) as usize + inflated;
            frame.resize(4 + rest, 0);
            self.sync.1.read_exact(&mut frame[4..]).await.unwrap();
            let message = read_from_memory(&mut &frame[..], MAX_FRAME).unwrap();
            let message = Message::decode(&message.unwrap()).unwrap();
            if !matches!(message, Message::Heartbeat { .. }) {
                return message;
            }
        }
    }

    /// Returns the next message of a kind, whatever else is said before.
    pub async fn hear_of(&mut self, wanted: impl Fn(&Message) -> bool) -> Message {
        let heard = async {
            loop {
                let message = self.hear().await;
                if wanted(&message) {
                    return message;
                }
                assert!(!matches!(message, Message::Denied(_)), "{message:?}");
            }
        };
        timeout(PATIENCE, heard).await.expect("it is said")
    }

    /// Says hello, and returns the other side's challenge.
    pub async fn greet(&mut self, minor_version: u16, name: &str) -> [u8; 32] {
        let address = PeerAddress::unknown(self.node());
        self.say(&Message::Hello(Hello {
            minor_version,
            document: None,
            user: UserInfo {
                name: name.to_owned(),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address,
        }))
        .await;
        assert!(matches!(self.hear().await, Message::Hello(_)));
        let Message::Challenge { nonce } = self.hear().await else {
            panic!("no challenge");
        };
        self.say(&Message::Challenge { nonce: [7; 32] }).await;
        nonce
    }

    /// Returns the proof for this connection.
    pub fn proof(&self, nonce: [u8; 32]) -> Prove {
        let mut binding = [0; 32];
        self.connection
            .export_keying_material(&mut binding, BINDING_LABEL, b"")
            .unwrap();
        let proof = Proof {
            prover: self.node(),
            verifier: self.connection.remote_id().into(),
            document: None,
            nonce,
            binding,
        };
        let key = SigningKey::from_bytes(&self.endpoint.secret_key().to_bytes());
        Prove {
            signature: Some(key.sign(&proof.signed_bytes())),
            ..Prove::default()
        }
    }

    /// Comes as far as having got what the other side has, and having given what `doc` has.
    pub async fn introduce(&mut self, minor_version: u16, document: DocumentId, doc: &LoroDoc) {
        let nonce = self.greet(minor_version, "Zoe").await;
        let proof = self.proof(nonce);
        self.say(&Message::Prove(Box::new(proof))).await;
        assert!(matches!(self.hear().await, Message::Prove(_)));
        self.welcome(Some(document), doc).await;
    }

    /// The same where the document is not known before: says which one it is.
    pub async fn come_in(&mut self, name: &str) -> DocumentId {
        let nonce = self.greet(2, name).await;
        let proof = self.proof(nonce);
        self.say(&Message::Prove(Box::new(proof))).await;
        self.welcome(None, &LoroDoc::new()).await
    }

    /// The same from the moment on when the other side has let this one in.
    pub async fn welcome(&mut self, document: Option<DocumentId>, doc: &LoroDoc) -> DocumentId {
        let heard = self
            .hear_of(|message| matches!(message, Message::Welcome(_)))
            .await;
        let Message::Welcome(heard) = heard else {
            unreachable!("only a welcome is waited for");
        };
        let document = document.or(heard.document).unwrap();
        self.say(&Message::Welcome(Box::new(Welcome {
            document: Some(document),
            title: String::new(),
            role: Role::Editor,
            roster: None,
            admissions: vec![],
            members: vec![],
        })))
        .await;
        self.hear_of(|message| matches!(message, Message::SyncRequest { .. }))
            .await;
        self.say(&Message::SyncRequest {
            version_vector: VersionVector::default().encode(),
            received: 0,
            waiting: false,
        })
        .await;
        let updates = doc.export(ExportMode::all_updates()).unwrap();
        let last = true;
        self.say(&Message::SyncResponse(Part { last, updates }))
            .await;
        document
    }

    pub async fn end(&self) -> Option<CloseReason> {
        let error = timeout(PATIENCE, self.connection.closed())
            .await
            .expect("the connection stays");
        reason(&error)
    }
}

pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = (message.len() as u32).to_le_bytes().to_vec();
    frame.extend(message);
    frame
}

pub fn reason(error: &ConnectionError) -> Option<CloseReason> {
    let ConnectionError::ApplicationClosed(closed) = error else {
        return None;
    };
    let reason = CloseReason::from_code(closed.error_code.into_inner() as u32)?;
    assert_eq!(closed.reason, reason.text().as_bytes());
    Some(reason)
}
