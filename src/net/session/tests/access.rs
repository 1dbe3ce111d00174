//! Who comes in, as what, and what happens when that changes.

mod replay;

use std::time::Duration;

use loro::LoroDoc;

use super::{is_connected, states};
use crate::{
    crdt::SharedDocument,
    net::{
        access::{Entrance, Role, RosterMember, TicketTerms},
        event::{AccessEvent, PeerState, Reason, UserInfo},
        message::{
            CloseReason, DocumentTag, Hello, KNOCK_PAUSE_SECONDS, Message, Part, PresenceRelay,
            PresenceUpdate, Prove,
        },
        node::{NodeId, PeerAddress},
        session::{AccessConfig, Decree, Input, KnockAnswer, Output, Session, SessionConfig},
        signature::SigningKey,
        sim::{Network, SiteId, SiteOptions},
        ticket::Ticket,
    },
};

const DOCUMENT: u8 = 100;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// A document whose owner decides who comes in.
struct Club {
    net: Network,
    owner: SiteId,
    people: u8,
}

impl Club {
    fn new(entrance: Entrance) -> Self {
        let mut net = Network::new(7);
        let owner = net.add_with(SiteOptions {
            name: "Olga".to_owned(),
            document: Some(key(DOCUMENT).document()),
            title: "notes.md".to_owned(),
            degree_limit: 8,
            access: AccessConfig {
                entrance,
                node_key: Some(key(1)),
                document_key: Some(key(DOCUMENT)),
                ..AccessConfig::default()
            },
        });
        net.insert(owner, 0, "hello");
        Self {
            net,
            owner,
            people: 1,
        }
    }

    /// Somebody who does not know the document yet.
    fn somebody(&mut self, name: &str) -> SiteId {
        self.people += 1;
        self.net.add_with(SiteOptions {
            name: name.to_owned(),
            document: None,
            title: String::new(),
            degree_limit: 8,
            access: AccessConfig {
                entrance: Entrance::Ask,
                node_key: Some(key(self.people)),
                ..AccessConfig::default()
            },
        })
    }

    /// Somebody knocks at a site and gets an answer there.
    fn knock(&mut self, guest: SiteId, at: SiteId, answer: KnockAnswer) {
        self.net.connect(guest, at);
        self.run_until_knock(guest, at);
        let node = self.net.node(guest);
        self.net.input(at, Input::Answer { node, answer });
        self.net.run_for(Duration::from_secs(1));
    }

    fn run_until_knock(&mut self, guest: SiteId, at: SiteId) {
        let node = self.net.node(guest);
        let before = self.knocks_of(guest, at);
        self.net
            .run_until("somebody is asked", |net| knocks(net, at, node) > before);
    }

    fn knocks_of(&self, guest: SiteId, at: SiteId) -> usize {
        knocks(&self.net, at, self.net.node(guest))
    }

    /// Somebody is let in at the owner's side.
    fn member(&mut self, name: &str, role: Role) -> SiteId {
        let guest = self.somebody(name);
        self.knock(guest, self.owner, KnockAnswer::Admit(role));
        self.net.run_until_equal();
        guest
    }

    fn govern(&mut self, decree: Decree) {
        self.net.input(self.owner, Input::Govern(decree));
        self.net.run_for(Duration::from_secs(1));
    }

    fn role(&self, site: SiteId) -> Role {
        self.net.session(site).own_role()
    }

    /// Writes a word at a site; returns whether it arrives at another.
    fn reaches(&mut self, from: SiteId, to: SiteId, word: &str) -> bool {
        self.net.insert(from, 0, word);
        self.net.run_for(Duration::from_secs(8));
        self.net.text(to).contains(word)
    }

    fn ticket(&self, issuer: SiteId, terms: TicketTerms) -> Ticket {
        let address = PeerAddress::unknown(self.net.node(issuer));
        Ticket::issue(&key(DOCUMENT), address, terms)
    }

    fn come_with(&mut self, guest: SiteId, ticket: &Ticket) {
        let proof = Box::new(ticket.proof().clone());
        self.net.input(guest, Input::Hold(proof));
        self.net.connect(guest, self.owner);
        self.net.run_for(Duration::from_secs(2));
    }

    fn last_denial(&self, guest: SiteId, at: SiteId) -> Option<String> {
        states(&self.net, guest, at)
            .into_iter()
            .rev()
            .find_map(|(_, reason)| match reason {
                Reason::Denied(text) => Some(text),
                _ => None,
            })
    }
}

fn knocks(net: &Network, at: SiteId, node: NodeId) -> usize {
    net.log(at)
        .iter()
        .filter(|(_, output)| {
            matches!(output, Output::Access(AccessEvent::Knock { node: of, .. }) if *of == node)
        })
        .count()
}

fn was_waiting(net: &Network, site: SiteId) -> Option<String> {
    net.log(site).iter().find_map(|(_, output)| match output {
        Output::Access(AccessEvent::Waiting { asked, .. }) => Some(asked.clone()),
        _ => None,
    })
}

#[test]
fn whoever_knocks_waits_and_comes_in_as_the_answer_says() {
    let mut club = Club::new(Entrance::Ask);
    for (name, role) in [("Eve", Role::Editor), ("Vic", Role::Viewer)] {
        let guest = club.somebody(name);
        club.net.connect(guest, club.owner);
        club.run_until_knock(guest, club.owner);
        // Longer than a handshake may take, and than anybody may be silent.
        club.net.run_for(Duration::from_secs(60));
        assert_eq!(was_waiting(&club.net, guest).as_deref(), Some("Olga"));
        assert_eq!(club.net.text(guest), "");
        let node = club.net.node(guest);
        let answer = KnockAnswer::Admit(role);
        club.net.input(club.owner, Input::Answer { node, answer });
        club.net.run_until_equal();
        assert_eq!(club.role(guest), role);
        assert_eq!(club.role(club.owner), Role::Owner);
    }
}

#[test]
fn whoever_is_denied_gets_nothing_and_does_not_come_again_at_once() {
    let mut club = Club::new(Entrance::Ask);
    let guest = club.somebody("Eve");
    club.knock(guest, club.owner, KnockAnswer::Deny);
    assert_eq!(club.net.text(guest), "");
    let denial = club.last_denial(guest, club.owner);
    assert_eq!(denial.as_deref(), Some("you were not let in"));

    let before = club.knocks_of(guest, club.owner);
    club.net.connect(guest, club.owner);
    club.net.run_for(Duration::from_secs(2));
    assert_eq!(club.knocks_of(guest, club.owner), before);
    club.net.run_for(Duration::from_secs(KNOCK_PAUSE_SECONDS));
    club.knock(guest, club.owner, KnockAnswer::Admit(Role::Editor));
    club.net.run_until_equal();
}

#[test]
fn whoever_is_blocked_is_not_asked_about_again() {
    let mut club = Club::new(Entrance::Ask);
    let guest = club.somebody("Eve");
    club.knock(guest, club.owner, KnockAnswer::Block);
    club.net.run_for(Duration::from_secs(60));
    let before = club.knocks_of(guest, club.owner);
    club.net.connect(guest, club.owner);
    club.net.run_for(Duration::from_secs(2));
    assert_eq!(club.knocks_of(guest, club.owner), before);
    assert_eq!(club.net.text(guest), "");
    club.govern(Decree::Unblock(club.net.node(guest)));
    club.knock(guest, club.owner, KnockAnswer::Admit(Role::Viewer));
    club.net.run_until_equal();
}

#[test]
fn whoever_stops_waiting_takes_the_question_along() {
    let mut club = Club::new(Entrance::Ask);
    let guest = club.somebody("Eve");
    club.net.connect(guest, club.owner);
    club.run_until_knock(guest, club.owner);
    club.net.forget(guest, club.owner);
    club.net.run_for(Duration::from_secs(1));
    let node = club.net.node(guest);
    let over = club
        .net
        .log(club.owner)
        .iter()
        .any(|(_, output)| *output == Output::Access(AccessEvent::KnockOver { node }));
    assert!(over);
    // An answer that comes too late does no harm.
    let answer = KnockAnswer::Admit(Role::Editor);
    club.net.input(club.owner, Input::Answer { node, answer });
    assert_eq!(
        club.net
            .session(club.owner)
            .roster()
            .unwrap()
            .statement
            .members()
            .len(),
        1
    );
}

#[test]
fn nobody_waits_for_ever() {
    let mut club = Club::new(Entrance::Ask);
    let guest = club.somebody("Eve");
    club.net.connect(guest, club.owner);
    club.run_until_knock(guest, club.owner);
    club.net.run_for(Duration::from_secs(400));
    let denial = club.last_denial(guest, club.owner);
    assert_eq!(denial.as_deref(), Some("nobody answered in time"));
}

#[test]
fn what_a_viewer_writes_goes_nowhere() {
    let mut club = Club::new(Entrance::Ask);
    let viewer = club.member("Vic", Role::Viewer);
    let editor = club.member("Eve", Role::Editor);
    assert!(club.reaches(editor, viewer, "seen"));
    assert!(!club.reaches(viewer, club.owner, "unseen"));
    assert!(!club.net.text(editor).contains("unseen"));
}

#[test]
fn a_promotion_and_a_demotion_take_effect_at_once() {
    let mut club = Club::new(Entrance::Ask);
    let guest = club.member("Vic", Role::Viewer);
    let node = club.net.node(guest);
    assert!(!club.reaches(guest, club.owner, "early"));
    club.govern(Decree::SetRole(node, Role::Editor));
    assert_eq!(club.role(guest), Role::Editor);
    assert!(club.reaches(guest, club.owner, "promoted"));
    // What was written before comes along: it is part of the same history.
    assert!(club.net.text(club.owner).contains("early"));
    club.govern(Decree::SetRole(node, Role::Viewer));
    assert!(!club.reaches(guest, club.owner, "demoted"));
}

#[test]
fn whoever_is_kicked_leaves_everybody_and_may_knock_again() {
    let mut club = Club::new(Entrance::Ask);
    let (eve, bob) = (
        club.member("Eve", Role::Editor),
        club.member("Bob", Role::Editor),
    );
    club.net
        .run_until("they are all connected", |net| is_connected(net, eve, bob));
    club.govern(Decree::Remove(club.net.node(eve)));
    for site in [club.owner, bob] {
        assert!(!is_connected(&club.net, site, eve));
    }
    let denial = club.last_denial(eve, club.owner);
    assert_eq!(
        denial.as_deref(),
        Some("you are not a member of this document any more")
    );
    assert!(!club.reaches(bob, eve, "secret"));
    // At a member who may not let others in there is nobody to ask.
    club.net.connect(eve, bob);
    club.net.run_for(Duration::from_secs(2));
    assert!(!is_connected(&club.net, bob, eve));
    club.knock(eve, club.owner, KnockAnswer::Admit(Role::Editor));
    club.net.run_until_equal();
}

#[test]
fn an_editor_with_the_right_lets_others_in_and_the_owner_takes_note() {
    let mut club = Club::new(Entrance::Ask);
    let porter = club.member("Pia", Role::Editor);
    let stranger = club.somebody("Sam");
    club.net.connect(stranger, porter);
    club.net.run_for(Duration::from_secs(2));
    assert_eq!(club.knocks_of(stranger, porter), 0);
    club.net.forget(stranger, porter);

    club.govern(Decree::LetAdmit(club.net.node(porter), true));
    let guest = club.somebody("Gus");
    club.knock(guest, porter, KnockAnswer::Admit(Role::Viewer));
    club.net
        .run_until("the owner knows", |net| is_connected(net, guest, 0));
    let node = club.net.node(guest);
    let roster = club.net.session(club.owner).roster().unwrap();
    let member = roster.statement.member(node).unwrap();
    assert_eq!((member.role, member.may_admit), (Role::Viewer, false));
    assert_eq!(club.role(guest), Role::Viewer);
}

#[test]
fn members_meet_again_without_the_owner() {
    let mut club = Club::new(Entrance::Ask);
    let (eve, bob) = (
        club.member("Eve", Role::Editor),
        club.member("Bob", Role::Editor),
    );
    club.net
        .run_until("they are all connected", |net| is_connected(net, eve, bob));
    club.net.crash(club.owner);
    club.net.crash(eve);
    club.net.run_for(Duration::from_secs(10));
    club.net.restart(eve);
    club.net.connect(eve, bob);
    club.net.run_until("Eve and Bob are connected", |net| {
        is_connected(net, eve, bob)
    });
    assert!(club.reaches(eve, bob, "again"));
}

#[test]
fn a_ticket_opens_without_a_knock() {
    let mut club = Club::new(Entrance::Ask);
    for role in [Role::Viewer, Role::Editor] {
        let guest = club.somebody("Eve");
        let ticket = club.ticket(club.owner, TicketTerms::usual(role, 0));
        club.come_with(guest, &ticket);
        assert_eq!(club.knocks_of(guest, club.owner), 0);
        assert_eq!(club.role(guest), role);
        club.net.run_until_equal();
    }
}

#[test]
fn a_ticket_that_is_good_no_longer_says_why() {
    let once = TicketTerms::usual(Role::Editor, 0);
    let late = TicketTerms {
        expires: Some(0),
        ..once
    };
    let mut club = Club::new(Entrance::Tickets);
    let first = club.somebody("Eve");
    let used = club.ticket(club.owner, once);
    club.come_with(first, &used);
    for (ticket, text) in [
        (used, "the ticket was used already"),
        (club.ticket(club.owner, late), "the ticket has expired"),
    ] {
        let guest = club.somebody("Bob");
        club.come_with(guest, &ticket);
        let denial = club.last_denial(guest, club.owner);
        assert_eq!(denial.as_deref(), Some(text));
        assert_eq!(club.net.text(guest), "");
    }
}

#[test]
fn a_ticket_of_another_node_or_document_is_worth_nothing() {
    let mut club = Club::new(Entrance::Tickets);
    let forever = TicketTerms::usual(Role::Viewer, 0);
    let here = PeerAddress::unknown(club.net.node(club.owner));
    let elsewhere = Ticket::issue(&key(DOCUMENT + 1), here, forever);
    let guest = club.somebody("Eve");
    club.come_with(guest, &elsewhere);
    let denial = club.last_denial(guest, club.owner);
    assert_eq!(
        denial.as_deref(),
        Some("nobody comes in there without a ticket")
    );
    assert_eq!(club.net.text(guest), "");
}

#[test]
fn from_outside_an_unknown_document_looks_like_a_bad_proof() {
    let hello = |document| {
        Message::Hello(Hello {
            minor_version: 0,
            document,
            user: UserInfo {
                name: "Eve".to_owned(),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address: PeerAddress::unknown(key(2).node()),
        })
    };
    let forged = Prove {
        signature: Some(key(3).sign(b"something")),
        ..Prove::default()
    };
    let cases = [
        (hello(None), Prove::default()),
        (hello(None), forged.clone()),
        (hello(Some(DocumentTag([7; 32]))), forged),
    ];
    let heard = cases.map(|(hello, prove)| {
        let config = SessionConfig {
            node: key(1).node(),
            document: Some(key(DOCUMENT).document()),
            title: "notes.md".to_owned(),
            user: UserInfo {
                name: "Olga".to_owned(),
                color: "#4ECDC4".to_owned(),
                avatar_url: None,
            },
            address: PeerAddress::unknown(key(1).node()),
            degree_limit: 8,
            access: AccessConfig {
                entrance: Entrance::Ask,
                node_key: Some(key(1)),
                document_key: Some(key(DOCUMENT)),
                ..AccessConfig::default()
            },
        };
        let mut session = Session::new(config, 1);
        let mut document = SharedDocument::new(LoroDoc::new());
        let opened = Input::Opened {
            node: key(2).node(),
            connection: 1,
            address: None,
            binding: [7; 32],
        };
        session.handle(opened, Duration::ZERO, &mut document);
        let challenge = Message::Challenge { nonce: [1; 32] };
        [hello, challenge, Message::Prove(Box::new(prove))].map(|message| {
            let received = Input::Received {
                connection: 1,
                message,
            };
            let outputs = session.handle(received, Duration::ZERO, &mut document);
            let mut sent = outputs.into_iter().filter_map(|output| match output {
                Output::Send { message, .. } => Some(message),
                _ => None,
            });
            sent.next()
        })
    });
    assert!(matches!(
        &heard[0],
        [
            Some(Message::Challenge { .. }),
            Some(Message::Prove(_)),
            Some(Message::Denied(_))
        ]
    ));
    assert!(heard.iter().all(|words| *words == heard[0]), "{heard:?}");
}

#[test]
fn where_anybody_comes_in_there_is_a_list_all_the_same() {
    let mut club = Club::new(Entrance::Anyone);
    let eve = club.somebody("Eve");
    club.net.connect(eve, club.owner);
    club.net.run_until_equal();
    let bob = club.somebody("Bob");
    // Eve lets others in as well: they need not know the owner.
    club.net.connect(bob, eve);
    club.run_until_knock(bob, eve);
    let node = club.net.node(bob);
    let answer = KnockAnswer::Admit(Role::Editor);
    club.net.input(eve, Input::Answer { node, answer });
    club.net.run_until_equal();
    club.net.run_for(Duration::from_secs(5));
    let roster = club.net.session(club.owner).roster().unwrap();
    assert_eq!(roster.statement.members().len(), 3);
    assert!(
        states(&club.net, bob, eve)
            .iter()
            .any(|(state, _)| *state == PeerState::Connected)
    );
}

/// Hands a message to a site as if a peer had sent it, whichever connection that has.
fn forge(net: &mut Network, at: SiteId, message: &Message) {
    for connection in 0..64 {
        let message = message.clone();
        net.input(
            at,
            Input::Received {
                connection,
                message,
            },
        );
    }
}

#[test]
fn what_a_viewer_forges_is_dropped_before_it_is_read() {
    let mut club = Club::new(Entrance::Ask);
    let viewer = club.member("Vic", Role::Viewer);
    let before = club.net.text(club.owner);
    let doc = LoroDoc::new();
    doc.get_text("main").insert(0, "forged").unwrap();
    doc.commit();
    let genuine = doc.export(loro::ExportMode::all_updates()).unwrap();
    // What cannot be read at all would end the connection, were it read.
    for updates in [genuine, b"nonsense".to_vec()] {
        let part = Part {
            last: true,
            updates,
        };
        forge(&mut club.net, club.owner, &Message::UpdateBatch(part));
    }
    let user = UserInfo {
        name: "Mallory".to_owned(),
        color: "#4ECDC4".to_owned(),
        avatar_url: None,
    };
    let relay = PresenceRelay {
        author: NodeId([7; 32]),
        user,
        update: None,
    };
    let relay = Message::PresenceRelay(Box::new(PresenceRelay {
        update: Some(PresenceUpdate {
            sequence: 1,
            cursor: None,
            selection_start: None,
            typing: true,
            away: false,
            user: None,
        }),
        ..relay
    }));
    forge(&mut club.net, club.owner, &relay);
    assert_eq!(club.net.text(club.owner), before);
    assert!(is_connected(&club.net, club.owner, viewer));
    let joined = club.net.log(club.owner).iter().any(
        |(_, output)| matches!(output, Output::Joined { node, .. } if *node == NodeId([7; 32])),
    );
    assert!(!joined, "nobody speaks for a stranger");
}

#[test]
fn rosters_and_admissions_of_others_change_nothing() {
    let mut club = Club::new(Entrance::Ask);
    let viewer = club.member("Vic", Role::Viewer);
    let node = club.net.node(viewer);
    let roster = club.net.session(club.owner).roster().unwrap();
    let promoted = roster
        .statement
        .with_member(RosterMember {
            node,
            role: Role::Editor,
            may_admit: true,
        })
        .unwrap();
    // A viewer has no key but its own.
    let forged = promoted.sign(&key(2));
    forge(
        &mut club.net,
        club.owner,
        &Message::Roster(Box::new(forged)),
    );
    let roster = club.net.session(club.owner).roster().unwrap();
    assert_eq!(roster.statement.member(node).unwrap().role, Role::Viewer);
    let thrown_out = club.net.log(club.owner).iter().any(|(_, output)| {
        matches!(output, Output::Close { reason, .. } if *reason == CloseReason::Protocol)
    });
    assert!(thrown_out, "whoever forges is shown the door");
}
