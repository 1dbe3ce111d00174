//! Who comes in, as what, and what everybody sees of it: the real binary in terminals.

use iroh_loro_realtime::{PeerAddress, Role, SigningKey, Ticket, TicketTerms, store::Store};

use crate::terminal::{Machine, Person, Terminal, eventually};

const ANSWER: &str = "\x1be";
const MEMBERS: &str = "\x1bv";
const ASK: [&str; 2] = ["--trust", "ask"];

/// Ada's document, and what another person has to know to knock.
struct House {
    machine: Machine,
    ada: Person,
    host: Terminal,
    id: String,
}

impl House {
    fn new() -> Self {
        let machine = Machine::new();
        let ada = machine.person("ada");
        let notes = ada.file("notes.md", "first line\n");
        let id = ada.node_id(&notes);
        let host = ada.open(&["--name", "Ada", "--trust", "ask", "notes.md"]);
        host.sees(&["first line"]);
        Self {
            machine,
            ada,
            host,
            id,
        }
    }

    fn ben(&self, to: &str) -> Terminal {
        let ben = self.machine.person("ben");
        ben.open(&["--name", "Ben", ASK[0], ASK[1], "--connect", to])
    }

    /// Ben knocks, and Ada presses a key of the question.
    fn knock(&mut self, answer: &str) -> Terminal {
        let guest = self.ben(&self.id);
        guest.sees(&["Waiting for Ada to let you in"]);
        self.host.sees(&["Ben", "wants to join"]);
        self.host.keys(ANSWER);
        self.host.sees(&["Somebody knocks", "Let edit"]);
        self.host.keys(answer);
        guest
    }

    fn invite(&self, arguments: &[&str]) -> String {
        let all = [&["invite", "notes.md"], arguments].concat();
        let (code, ticket, error) = self.ada.run(&all);
        assert_eq!(code, 0, "{error}");
        ticket.trim().to_owned()
    }
}

#[test]
fn a_knock_takes_no_key_and_lets_an_editor_in() {
    let mut house = House::new();
    let mut guest = house.ben(&house.id);
    guest.sees(&["Waiting for Ada to let you in"]);
    house.host.sees(&["wants to join"]);
    // What Ada is typing goes on, letters that answer the question too.
    house.host.keys("evdb ");
    house.host.sees(&["evdb first line", "wants to join"]);
    house.host.keys(ANSWER);
    house.host.sees(&["Somebody knocks"]);
    house.host.keys("e");
    guest.sees(&["evdb first line"]);
    guest.keys("both ");
    house.host.sees(&["both evdb first line"]);
}

#[test]
fn a_viewer_reads_and_is_told_so() {
    let mut house = House::new();
    let mut guest = house.knock("v");
    guest.sees(&["first line", "viewer, read-only"]);
    guest.keys("x");
    guest.sees(&["You are a viewer here"]);
    house.host.sees(&["viewer, here"]);
    house.host.keys("more ");
    guest.sees(&["more first line"]);
}

#[test]
fn whoever_is_denied_or_blocked_reads_why_not() {
    let mut house = House::new();
    let guest = house.knock("d");
    guest.sees(&["Not connected with Ada: you were not let in"]);
    drop(guest);

    let mut house = House::new();
    let guest = house.knock("b");
    guest.sees(&["you were not let in"]);
    drop(guest);
    let again = house.ben(&house.id);
    again.sees(&["it does not let you in"]);
    house.host.keys(MEMBERS);
    house.host.sees(&["Members", "blocked"]);
}

#[test]
fn whoever_waits_can_give_up() {
    let mut house = House::new();
    let mut guest = house.ben(&house.id);
    guest.sees(&["Waiting for Ada to let you in"]);
    house.host.sees(&["wants to join"]);
    guest.keys(ANSWER);
    guest.sees(&["Ada is asked whether you may join"]);
    guest.keys("g");
    house.host.waits("the question is gone", |screen| {
        !screen.contents().contains("wants to join")
    });
    guest.waits("nobody waits any more", |screen| {
        !screen.contents().contains("Waiting for")
    });
    house.host.keys("calm ");
    house.host.sees(&["calm first line"]);
}

#[test]
fn members_are_promoted_demoted_and_kicked_live() {
    let mut house = House::new();
    let mut guest = house.knock("v");
    guest.sees(&["viewer, read-only"]);
    house.host.keys(MEMBERS);
    house.host.sees(&["Members", "Ben", "viewer"]);
    house.host.keys("e");
    guest.sees(&["You can write in this document now"]);
    guest.keys("hi ");
    house.host.sees(&["hi first line"]);
    house.host.keys("v");
    guest.sees(&["You can only read this document now"]);
    house.host.keys("k");
    guest.sees(&["are not a member of this document any more"]);
    house.host.keys("\x1b");
    let screen = house.host.waits("Ben is gone", |screen| {
        !screen.contents().contains("Members") && screen.contents().contains("Ben was sent away")
    });
    assert!(!screen.contents().contains("Ben left"));
}

#[test]
fn a_member_is_blocked_live() {
    let mut house = House::new();
    let guest = house.knock("e");
    guest.sees(&["first line"]);
    house.host.keys(MEMBERS);
    house.host.sees(&["Members", "Ben", "editor"]);
    house.host.keys("b");
    guest.sees(&["are not a member of this document any more"]);
    house.host.sees(&["Members", "Ben", "blocked"]);
    house.host.keys("\x1b");
    house.host.sees(&["Ben was sent away"]);
    drop(guest);
    house.ben(&house.id).sees(&["it does not let you in"]);
    // Nobody is asked about somebody who is blocked.
    house.host.keys("calm ");
    let screen = house.host.sees(&["calm first line"]);
    assert!(!screen.contents().contains("wants to join"));
}

#[test]
fn tickets_let_in_without_a_question() {
    let house = House::new();
    for (role, word) in [("viewer", "viewer, read-only"), ("editor", "first line")] {
        let ticket = house.invite(&["--role", role]);
        let guest = house.machine.person(role).open(&[
            "--name",
            role,
            ASK[0],
            ASK[1],
            "--connect",
            &ticket,
        ]);
        guest.sees(&["first line", word]);
    }
    let (_, list, _) = house.ada.run(&["invite", "notes.md", "--list"]);
    assert_eq!(list.matches("used once").count(), 2, "{list}");
}

#[test]
fn tickets_that_are_good_no_longer_say_why() {
    let house = House::new();
    let used = house.invite(&[]);
    let first = house.ben(&used);
    first.sees(&["first line"]);
    let cy = house.machine.person("cy");
    let come = |ticket: &str| cy.open(&["--name", "Cy", ASK[0], ASK[1], "--connect", ticket]);
    come(&used).sees(&["the ticket was used already"]);

    let revoked = house.invite(&["--role", "viewer"]);
    let (code, ..) = house.ada.run(&["invite", "notes.md", "--revoke", "all"]);
    assert_eq!(code, 0);
    come(&revoked).sees(&["the ticket was revoked"]);

    let mut tampered = house.invite(&[]).into_bytes();
    tampered[40] = if tampered[40] == b'a' { b'b' } else { b'a' };
    let tampered = String::from_utf8(tampered).expect("it is text");
    let (code, _, error) = cy.run(&["--connect", &tampered]);
    assert_eq!(code, 2);
    assert!(error.contains("the ticket is damaged"), "{error}");
}

#[test]
fn a_ticket_ends_with_its_time() {
    let house = House::new();
    let ticket = house.invite(&["--expires", "1s"]);
    let expired = eventually(|| {
        let (_, list, _) = house.ada.run(&["invite", "notes.md", "--list"]);
        list.contains("expired").then_some(())
    });
    assert!(expired.is_some(), "a second passes");
    house.ben(&ticket).sees(&["the ticket has expired"]);
}

#[test]
fn a_ticket_for_another_document_is_no_better_than_a_node_id() {
    let mut house = House::new();
    let node = house.id.parse().expect("a node id");
    let elsewhere = Ticket::issue(
        &SigningKey::random(),
        PeerAddress::unknown(node),
        TicketTerms::usual(Role::Editor, 0),
    );
    let guest = house.ben(&elsewhere.to_string());
    guest.sees(&["Waiting for Ada to let you in"]);
    house.host.sees(&["Ben", "wants to join"]);
    house.host.keys(ANSWER);
    house.host.sees(&["Somebody knocks"]);
    house.host.keys("d");
    guest.sees(&["you were not let in"]);
}

#[test]
fn a_ticket_need_not_stand_among_the_arguments() {
    let house = House::new();
    let ticket = house.invite(&["--role", "viewer"]);
    let ben = house.machine.person("ben");
    let variables = [("COPAD_CONNECT", ticket.as_str())];
    let guest = ben.open_with(&variables, &["--name", "Ben", ASK[0], ASK[1]]);
    guest.sees(&["first line", "viewer, read-only"]);

    let cy = house.machine.person("cy");
    let mut guest = cy.open(&["--name", "Cy", ASK[0], ASK[1], "--connect", "-"]);
    guest.sees(&["Node id or ticket:"]);
    guest.keys(&format!("{ticket}\r"));
    guest.sees(&["first line", "viewer, read-only"]);
    let mut arguments = std::fs::read(format!("/proc/{}/cmdline", guest.process_id()))
        .expect("the system tells the arguments of a process");
    arguments.retain(|byte| *byte != 0);
    let arguments = String::from_utf8_lossy(&arguments);
    assert!(!arguments.contains(&ticket), "{arguments}");
}

#[test]
fn no_secret_stands_in_a_log_a_title_or_the_arguments() {
    let machine = Machine::new();
    let (ada, ben) = (machine.person("ada"), machine.person("ben"));
    ada.file("notes.md", "first line\n");
    let all = [("RUST_LOG", "trace")];
    let options = ["--log", "log", ASK[0], ASK[1], "--name"];
    let host = ada.open_with(&all, &[&options[..], &["Ada", "notes.md"]].concat());
    host.sees(&["first line"]);
    let (code, ticket, error) = ada.run(&["invite", "notes.md"]);
    assert_eq!(code, 0, "{error}");
    let ticket = ticket.trim();
    let guest = [&options[..], &["Ben", "--connect", "-"]].concat();
    let mut guest = ben.open_with(&all, &guest);
    guest.sees(&["Node id or ticket:"]);
    guest.keys(&format!("{ticket}\r"));
    guest.sees(&["first line"]);
    host.sees(&["Ben"]);

    // Behind the word that all tickets begin with.
    let mut secrets = vec![ticket["copad".len()..].to_owned()];
    for person in [&ada, &ben] {
        let store = Store::open(&person.state()).expect("the store can be opened");
        for replica in store.replicas().expect("it can be read") {
            let access = store.access(replica.id).expect("it can be read");
            let document = access.document_key.map(|key| key.to_bytes());
            for key in document.into_iter().chain([replica.node_key.to_bytes()]) {
                let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                let list = format!("{key:?}");
                secrets.extend([hex, list[1..list.len() - 1].to_owned()]);
            }
        }
    }
    assert!(secrets.len() >= 7, "a ticket and three keys");
    let mut places = Vec::new();
    for (person, terminal) in [(&ada, &host), (&ben, &guest)] {
        let log = std::fs::read_to_string(person.path("log")).expect("there is a log");
        assert!(log.contains("TRACE"), "everything is logged");
        let arguments = std::fs::read(format!("/proc/{}/cmdline", terminal.process_id()));
        let arguments = arguments.expect("the system tells the arguments of a process");
        places.push(log);
        places.push(String::from_utf8_lossy(&arguments).into_owned());
        let titles = eventually(|| Some(terminal.titles()).filter(|all| all.contains("notes.md")));
        places.push(titles.expect("the window is named"));
    }
    for place in places {
        let place = place.to_lowercase();
        for secret in &secrets {
            assert!(!place.contains(&secret.to_lowercase()), "{secret}");
        }
    }
}

#[test]
fn a_second_copad_of_a_guest_writes_nothing_before_it_is_let_in() {
    let mut house = House::new();
    let ticket = house.invite(&[]);
    let ben = house.machine.person("ben");
    let arguments = ["--name", "Ben", ASK[0], ASK[1], "--connect"];
    let mut first = ben.open(&[&arguments[..], &[&ticket, "copy.md"]].concat());
    first.sees(&["first line"]);
    first.keys("\x13");
    first.sees(&["Saved copy.md"]);
    let mut second = ben.open(&["--name", "Ben", ASK[0], ASK[1], "copy.md"]);
    // The first one may let nobody in, so the owner is asked about the second.
    second.sees(&["first line", "Waiting for Ada to let you in"]);
    second.keys("unheard ");
    second.sees(&["You are not a member of this document"]);
    house.host.sees(&["Ben", "wants to join"]);
    house.host.keys(ANSWER);
    house.host.sees(&["Somebody knocks"]);
    house.host.keys("e");
    second.waits("it is let in", |screen| {
        !screen.contents().contains("Waiting for")
    });
    second.keys("heard ");
    house.host.sees(&["heard first line"]);
    first.sees(&["heard first line"]);
}

#[test]
fn only_the_owner_makes_tickets() {
    let mut house = House::new();
    let mut guest = house.knock("e");
    guest.sees(&["first line", "notes.md"]);
    // Saved under a name, so that there is a file to make a ticket for.
    guest.keys("\x13");
    guest.sees(&["notes.md"]);
    guest.keys("\r");
    guest.sees(&["Saved notes.md"]);
    let ben = house.machine.person("ben");
    let (code, _, error) = ben.run(&["invite", "notes.md"]);
    assert_eq!(code, 2);
    assert!(error.contains("only its owner makes tickets"), "{error}");
}

#[test]
fn names_and_texts_that_are_made_to_harm_are_shown_harmless() {
    let mut house = House::new();
    let tower = "\u{301}".repeat(10_000);
    let name = format!(
        "\u{1b}[31mM\u{202e}al\u{200b}l{tower}ory \u{1b}]0;owned\u{7}👨\u{200d}👩\u{200d}👧"
    );
    let mallory = house.machine.person("mallory");
    let mut guest = mallory.open(&["--name", &name, ASK[0], ASK[1], "--connect", &house.id]);
    guest.sees(&["Waiting for Ada"]);
    let screen = house.host.sees(&["wants to join", "answers"]);
    let line = screen.contents();
    let line = line.lines().find(|line| line.contains("answers"));
    let line = line.expect("there is such a line");
    assert!(line.contains("[31mMall"), "{line}");
    assert_eq!(line.matches('\u{301}').count(), 4, "{line}");
    let hidden = |c: char| c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c);
    assert!(!line.chars().any(hidden), "{line:?}");

    house.host.keys(ANSWER);
    house.host.sees(&["Somebody knocks"]);
    house.host.keys("e");
    guest.sees(&["first line"]);
    guest.keys("\x1b[200~a\u{1b}[2Jb\u{202e}c\u{1b}[201~");
    let screen = house.host.sees(&["<U+202E>"]);
    assert!(screen.contents().contains("first line"));
}
