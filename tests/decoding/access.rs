//! Tickets as a person pastes them, and rosters and proofs as strangers send them: nothing but
//! errors.

use std::time::Duration;

use iroh_loro_realtime::{
    PeerAddress,
    net::{
        access::{Entrance, Membership, Role, Roster, RosterMember, Signed, TicketTerms},
        message::Message,
        session::{AccessConfig, Input, Output},
        signature::SigningKey,
        ticket::{Invitation, Ticket},
    },
};
use iroh_tickets::Ticket as _;
use loro::LoroDoc;

use crate::{
    SESSION_ALLOWANCE, alone, decode,
    hostile::{Part, check},
    site::{Site, messages_of, opened},
    within,
};

/// What reading a ticket may take: its text in two forms, its bytes, and what they hold.
const TICKET_ALLOWANCE: usize = 256 * 1024;
/// What taking in a roster may take: a list that lies about its length is given one mebibyte
/// before that shows.
const ROSTER_ALLOWANCE: usize = 4 * 1024 * 1024;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn tickets() -> Vec<Ticket> {
    let far = PeerAddress {
        node: key(2).node(),
        direct: vec![([127, 0, 0, 1], 4000).into(); 3],
        relay: Some("https://relay.example/".to_owned()),
    };
    let near = PeerAddress::unknown(key(2).node());
    [(far, Role::Viewer), (near, Role::Editor)]
        .map(|(address, role)| Ticket::issue(&key(1), address, TicketTerms::usual(role, 1_000)))
        .into()
}

#[test]
fn tickets_as_text_and_as_bytes() {
    let _turn = alone();
    let issued = tickets();
    let genuine: Vec<_> = issued
        .iter()
        .flat_map(|ticket| [ticket.to_string().into_bytes(), ticket.encode_bytes()])
        .collect();
    check(Part::Ticket, genuine, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(Invitation::Ticket(ticket)) =
            within(TICKET_ALLOWANCE, || text.parse::<Invitation>())
        {
            assert!(issued.contains(&ticket), "nobody issued this");
        }
        if let Ok(ticket) = within(TICKET_ALLOWANCE, || Ticket::decode_bytes(bytes)) {
            assert!(issued.contains(&ticket), "nobody issued this");
        }
    });
}

#[test]
fn rosters() {
    let _turn = alone();
    let document = key(1);
    let roster = Roster::new(document.document(), key(2).node());
    let member = |byte| RosterMember {
        node: key(byte).node(),
        role: Role::Editor,
        may_admit: byte == 3,
    };
    let signed = roster
        .with_member(member(3))
        .and_then(|roster| roster.with_member(member(4)))
        .and_then(|roster| roster.with_blocked(key(5).node()))
        .expect("there is room")
        .sign(&document);
    let genuine = postcard::to_stdvec(&signed).expect("it can be written");
    check(Part::Roster, vec![genuine], |bytes| {
        within(ROSTER_ALLOWANCE, || {
            let Ok((roster, _)) = postcard::take_from_bytes::<Signed<Roster>>(bytes) else {
                return;
            };
            let mut membership = Membership::new(document.document());
            if membership.take_roster(roster.clone()) == Ok(true) {
                assert_eq!(roster, signed, "the owner did not sign this");
            }
        });
    });
}

const HOST: u8 = 2;
const GUEST: u8 = 3;

/// One end of a connection between the owner of a document, who lets in only holders of tickets,
/// and one of these.
fn end(number: u8) -> Site {
    Site::new(number, LoroDoc::new(), |config| {
        config.node = key(number).node();
        config.address = PeerAddress::unknown(config.node);
        let is_host = number == HOST;
        config.document = is_host.then(|| key(1).document());
        config.access = AccessConfig {
            entrance: Entrance::Tickets,
            node_key: Some(key(number)),
            document_key: is_host.then(|| key(1)),
            ..AccessConfig::default()
        };
    })
}

/// The host's end, when a connection with the guest stands.
fn host() -> Site {
    let mut host = end(HOST);
    host.handle(opened(key(GUEST).node(), 1), Duration::ZERO);
    host
}

fn hears(site: &mut Site, message: Message) -> Vec<Output> {
    let connection = 1;
    site.handle(
        Input::Received {
            connection,
            message,
        },
        Duration::ZERO,
    )
}

/// Returns what a guest with a ticket says until its ticket is looked up.
fn handshake(ticket: &Ticket) -> Vec<Message> {
    let (mut host, mut guest) = (end(HOST), end(GUEST));
    guest.handle(
        Input::Hold(Box::new(ticket.proof().clone())),
        Duration::ZERO,
    );
    let outputs = guest.handle(opened(key(HOST).node(), 1), Duration::ZERO);
    let mut said: Vec<_> = messages_of(outputs).map(|(_, message)| message).collect();
    let outputs = host.handle(opened(key(GUEST).node(), 1), Duration::ZERO);
    let mut answers: Vec<_> = messages_of(outputs).map(|(_, message)| message).collect();
    let mut heard = 0;
    while heard < said.len() || !answers.is_empty() {
        for answer in std::mem::take(&mut answers) {
            said.extend(messages_of(hears(&mut guest, answer)).map(|(_, message)| message));
        }
        for message in said[heard..].to_vec() {
            heard += 1;
            answers.extend(messages_of(hears(&mut host, message)).map(|(_, message)| message));
        }
    }
    said.retain(|message| {
        matches!(
            message,
            Message::Hello(_) | Message::Challenge { .. } | Message::Prove(_)
        )
    });
    said
}

#[test]
fn proofs() {
    let _turn = alone();
    let address = PeerAddress::unknown(key(HOST).node());
    let ticket = Ticket::issue(&key(1), address, TicketTerms::usual(Role::Editor, 1_000));
    let said = handshake(&ticket);
    let [hello, challenge, prove] = &said[..] else {
        panic!("not a handshake: {said:?}");
    };
    let opens = |message: Message| {
        let mut host = host();
        hears(&mut host, hello.clone());
        hears(&mut host, challenge.clone());
        let outputs = within(SESSION_ALLOWANCE, || hears(&mut host, message));
        outputs.iter().any(|output| match output {
            Output::Redeem { .. } | Output::Access(_) => true,
            Output::Send { message, .. } => matches!(message, Message::Welcome(_)),
            _ => false,
        })
    };
    assert!(opens(prove.clone()), "the genuine one is heard");
    let genuine = prove.encode().expect("it fits");
    check(Part::Proof, vec![genuine], |bytes| {
        if let Some(message) = decode(bytes).filter(|message| message != prove) {
            assert!(!opens(message), "this proves nothing");
        }
    });
}
