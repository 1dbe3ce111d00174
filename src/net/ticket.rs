//! Tickets: who holds one comes in without knocking.
//!
//! A ticket says where to knock, for which document, as what, until when and how often, and its
//! secret shows that one was given it. The document's owner signs all of that, so that nobody can
//! make one up or change a byte of one. **The node that issued a ticket redeems it**: only there
//! are its uses counted, so it must be running when somebody comes with the ticket. To whom a
//! ticket goes is not written in it: whoever finds it can use it, as a key to a door.
//!
//! As text it is the word `copad` and base32, which survives being copied, spoken and wrapped.

use std::{fmt, str::FromStr};

use iroh_tickets::{ParseError, Ticket as _};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::{
    access::{Role, Signed, Statement, TicketId, TicketTerms},
    address::InvalidNodeId,
    message::{MAX_DIRECT_ADDRESSES, MAX_RELAY_URL},
    node::{DocumentId, NodeId, PeerAddress},
    peer::trim_address,
    signature::{Signature, SigningKey},
};

/// The version of the bytes inside a ticket.
const VERSION: u8 = 1;
/// Characters of a ticket's text at most.
const MAX_TEXT: usize = 4096;
/// Bytes of a ticket's secret.
const SECRET: usize = 16;
/// Keeps the hash of a secret apart from all other hashes.
const ID_CONTEXT: &str = "iroh-loro-realtime ticket id 1";

/// What the owner signs when a ticket is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketGrant {
    /// The document that it is for.
    pub document: DocumentId,
    /// The node that issued it and redeems it.
    pub node: NodeId,
    /// Hash of where that node was reachable.
    pub places: [u8; 32],
    /// What it is good for.
    pub terms: TicketTerms,
    /// Hash of its secret.
    pub id: TicketId,
}

impl Statement for TicketGrant {
    const DOMAIN: &'static str = "iroh-loro-realtime ticket 1";
}

/// What a holder shows to the node that issued the ticket, and to nobody else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketProof {
    /// What the owner signed.
    pub grant: Signed<TicketGrant>,
    secret: [u8; SECRET],
}

impl TicketProof {
    /// Returns whether this is a genuine ticket of a document that this node issued. Whether it is
    /// still good only its book knows.
    pub fn is_genuine(&self, document: DocumentId, issuer: NodeId) -> bool {
        let grant = &self.grant.statement;
        grant.document == document
            && grant.node == issuer
            && grant.terms.role != Role::Owner
            && grant.id == id_of(&self.secret)
            && self.grant.is_by(&document.0)
    }
}

impl fmt::Debug for TicketProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TicketProof")
            .field(&self.grant.statement.id)
            .finish()
    }
}

/// A way in to a document. Secret: do not log it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    address: PeerAddress,
    proof: TicketProof,
}

/// The text is neither a node id nor a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidInvitation {
    /// It does not look like a ticket, and is no node id.
    #[error(transparent)]
    Node(#[from] InvalidNodeId),
    /// It looks like a ticket, and is none.
    #[error(transparent)]
    Ticket(#[from] InvalidTicket),
}

/// The text is no ticket, or none that anybody made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidTicket {
    /// It does not begin like one.
    #[error("this is not a ticket: a ticket begins with \"copad\"")]
    NotATicket,
    /// It begins like one, and cannot be read.
    #[error("the ticket is damaged: copy it once more, from the first to the last letter")]
    Damaged,
    /// A later program made it.
    #[error("the ticket is of a newer version of copad")]
    Newer,
}

/// Where a person wants to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitation {
    /// A node id alone: somebody there is asked.
    Node(NodeId),
    /// A ticket.
    Ticket(Box<Ticket>),
}

/// The bytes of a ticket.
#[derive(Serialize, Deserialize)]
struct Wire {
    version: u8,
    document: DocumentId,
    address: PeerAddress,
    terms: TicketTerms,
    secret: [u8; SECRET],
    signature: Signature,
}

impl Ticket {
    /// Makes a ticket. `document_key` is the key whose public half is the document's id, `address`
    /// that of this node, which redeems it.
    pub fn issue(document_key: &SigningKey, address: PeerAddress, terms: TicketTerms) -> Self {
        let address = trim_address(address);
        let secret: [u8; SECRET] = rand::random();
        let grant = TicketGrant {
            document: document_key.document(),
            node: address.node,
            places: places_of(&address),
            terms,
            id: id_of(&secret),
        };
        Self {
            address,
            proof: TicketProof {
                grant: Signed::new(grant, document_key),
                secret,
            },
        }
    }

    /// Returns where to knock.
    pub fn address(&self) -> &PeerAddress {
        &self.address
    }

    /// Returns the document that it is for.
    pub fn document(&self) -> DocumentId {
        self.proof.grant.statement.document
    }

    /// Returns what it is good for.
    pub fn terms(&self) -> TicketTerms {
        self.proof.grant.statement.terms
    }

    /// Returns the name under which its uses are counted.
    pub fn id(&self) -> TicketId {
        self.proof.grant.statement.id
    }

    /// Returns what is shown to the node that issued it.
    pub fn proof(&self) -> &TicketProof {
        &self.proof
    }
}

impl iroh_tickets::Ticket for Ticket {
    const KIND: &'static str = "copad";

    fn encode_bytes(&self) -> Vec<u8> {
        let grant = &self.proof.grant.statement;
        let wire = Wire {
            version: VERSION,
            document: grant.document,
            address: self.address.clone(),
            terms: grant.terms,
            secret: self.proof.secret,
            signature: self.proof.grant.signature(),
        };
        // Writing into memory has nothing to fail at.
        postcard::to_stdvec(&wire).unwrap_or_default()
    }

    fn decode_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        let (wire, rest) = postcard::take_from_bytes::<Wire>(bytes)?;
        let address = &wire.address;
        let fits = rest.is_empty()
            && wire.version == VERSION
            && wire.terms.role != Role::Owner
            && address.direct.len() <= MAX_DIRECT_ADDRESSES
            && address.relay.as_ref().map_or(0, String::len) <= MAX_RELAY_URL;
        if !fits {
            return Err(ParseError::verification_failed("this is no ticket"));
        }
        let grant = TicketGrant {
            document: wire.document,
            node: wire.address.node,
            places: places_of(&wire.address),
            terms: wire.terms,
            id: id_of(&wire.secret),
        };
        let ticket = Self {
            address: wire.address,
            proof: TicketProof {
                grant: Signed::from_parts(grant, wire.signature),
                secret: wire.secret,
            },
        };
        if !ticket.proof.grant.is_by(&grant.document.0) {
            return Err(ParseError::verification_failed(
                "the signature is not right",
            ));
        }
        Ok(ticket)
    }
}

/// Writes the ticket as text, with its secret.
impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode_string())
    }
}

/// Shows which ticket it is, and not its secret.
impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("node", &self.address.node)
            .field("terms", &self.terms())
            .finish_non_exhaustive()
    }
}

/// Reads a ticket as a person gives it: white space anywhere and capital letters do not matter.
impl FromStr for Ticket {
    type Err = InvalidTicket;

    fn from_str(text: &str) -> Result<Self, InvalidTicket> {
        let text: String = text
            .chars()
            .filter(|character| !character.is_whitespace())
            .take(MAX_TEXT + 1)
            .collect();
        let text = text.to_ascii_lowercase();
        if !text.starts_with(Self::KIND) {
            return Err(InvalidTicket::NotATicket);
        }
        if text.len() > MAX_TEXT {
            return Err(InvalidTicket::Damaged);
        }
        Self::decode_string(&text).map_err(|_| match version_of(&text) {
            Some(version) if version > VERSION => InvalidTicket::Newer,
            Some(_) | None => InvalidTicket::Damaged,
        })
    }
}

impl Invitation {
    /// Returns whom to dial, and where.
    pub fn address(&self) -> PeerAddress {
        match self {
            Self::Node(node) => PeerAddress::unknown(*node),
            Self::Ticket(ticket) => ticket.address().clone(),
        }
    }

    /// Returns the ticket, if it is one.
    pub fn into_ticket(self) -> Option<Ticket> {
        match self {
            Self::Node(_) => None,
            Self::Ticket(ticket) => Some(*ticket),
        }
    }
}

/// Reads a node id or a ticket.
impl FromStr for Invitation {
    type Err = InvalidInvitation;

    fn from_str(text: &str) -> Result<Self, InvalidInvitation> {
        match text.parse() {
            Ok(ticket) => Ok(Self::Ticket(Box::new(ticket))),
            Err(InvalidTicket::NotATicket) => Ok(Self::Node(text.parse()?)),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the first byte of a ticket's text. It fills one letter and three of the next one's five
/// bits.
fn version_of(text: &str) -> Option<u8> {
    let mut letters = text.strip_prefix(Ticket::KIND)?.bytes().map(value_of);
    let (first, second) = (letters.next()??, letters.next()??);
    Some(first << 3 | second >> 2)
}

fn value_of(letter: u8) -> Option<u8> {
    match letter {
        b'a'..=b'z' => Some(letter - b'a'),
        b'2'..=b'7' => Some(letter - b'2' + 26),
        _ => None,
    }
}

fn id_of(secret: &[u8; SECRET]) -> TicketId {
    let hash = blake3::derive_key(ID_CONTEXT, secret);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    TicketId(id)
}

fn places_of(address: &PeerAddress) -> [u8; 32] {
    let bytes = postcard::to_stdvec(address).unwrap_or_default();
    *blake3::hash(&bytes).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(role: Role) -> Ticket {
        let address = PeerAddress {
            node: SigningKey::from_bytes(&[4; 32]).node(),
            direct: vec!["127.0.0.1:4000".parse().unwrap()],
            relay: Some("https://relay.example./".to_owned()),
        };
        let terms = TicketTerms::usual(role, 1_000_000);
        Ticket::issue(&SigningKey::from_bytes(&[1; 32]), address, terms)
    }

    #[test]
    fn a_ticket_survives_being_written_wrapped_and_read() {
        for role in [Role::Viewer, Role::Editor] {
            let ticket = ticket(role);
            let text = ticket.to_string();
            assert!(text.starts_with("copad"), "{text}");
            assert_eq!(text.parse(), Ok(ticket.clone()));
            let (head, tail) = text.split_at(70);
            let wrapped = format!("  {head}\n  {}\n", tail.to_uppercase());
            assert_eq!(wrapped.parse(), Ok(ticket.clone()));
            let genuine = ticket
                .proof()
                .is_genuine(ticket.document(), ticket.address().node);
            assert!(genuine);
        }
    }

    #[test]
    fn a_ticket_with_one_changed_byte_is_none() {
        let ticket = ticket(Role::Editor);
        let bytes = ticket.encode_bytes();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            assert!(Ticket::decode_bytes(&changed).is_err(), "byte {place}");
        }
        let text = ticket.to_string();
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed.parse::<Ticket>().is_err(), "letter {place}");
        }
    }

    #[test]
    fn a_proof_is_good_for_one_document_and_one_node() {
        let ticket = ticket(Role::Viewer);
        let (proof, node) = (ticket.proof(), ticket.address().node);
        let other = SigningKey::from_bytes(&[2; 32]);
        assert!(!proof.is_genuine(other.document(), node));
        assert!(!proof.is_genuine(ticket.document(), other.node()));
        let mut stolen = proof.clone();
        stolen.secret[0] ^= 1;
        assert!(!stolen.is_genuine(ticket.document(), node));
    }

    #[test]
    fn what_is_no_ticket_gets_a_sentence() {
        let node = SigningKey::from_bytes(&[4; 32]).node();
        let mut newer = ticket(Role::Viewer).encode_bytes();
        newer[0] = 2;
        let newer: String = Ticket::KIND.chars().chain(base32(&newer).chars()).collect();
        for (text, expected) in [
            (node.to_string(), Ok(Invitation::Node(node))),
            (
                "hello".to_owned(),
                Err("hello".parse::<NodeId>().unwrap_err().into()),
            ),
            (String::new(), Err("".parse::<NodeId>().unwrap_err().into())),
            ("copad".to_owned(), Err(InvalidTicket::Damaged.into())),
            ("copadabc!".to_owned(), Err(InvalidTicket::Damaged.into())),
            (
                format!("copad{}", "a".repeat(9000)),
                Err(InvalidTicket::Damaged.into()),
            ),
            (newer, Err(InvalidTicket::Newer.into())),
        ] {
            assert_eq!(text.parse::<Invitation>(), expected, "{text}");
        }
    }

    /// Writes base32 as tickets do.
    fn base32(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let bits: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
            .collect();
        bits.chunks(5)
            .map(|chunk| {
                let value = (0..5).fold(0, |value, bit| {
                    value << 1 | chunk.get(bit).copied().unwrap_or(0)
                });
                char::from(LETTERS[usize::from(value)])
            })
            .collect()
    }

    #[test]
    fn secrets_are_not_shown() {
        let ticket = ticket(Role::Viewer);
        let secret = format!("{:?}", ticket.proof.secret);
        for shown in [format!("{ticket:?}"), format!("{:?}", ticket.proof)] {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }
}
