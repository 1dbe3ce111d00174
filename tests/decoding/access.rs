//! Tickets as a person pastes them, and rosters as strangers send them: nothing but errors.

use iroh_loro_realtime::{
    PeerAddress,
    net::{
        access::{Membership, Role, Roster, RosterMember, Signed, TicketTerms},
        signature::SigningKey,
        ticket::{Invitation, Ticket},
    },
};
use iroh_tickets::Ticket as _;

use crate::{
    alone,
    hostile::{Part, check},
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
