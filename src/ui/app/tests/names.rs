//! What becomes on the screen of names that are made to harm.

use super::*;
use crate::{
    AccessEvent, ConnectionEvent, PeerState, Reason, net::presence::clean_user, ui::app::AccessNews,
};

/// Each beside a word for it.
fn names() -> [(&'static str, String); 5] {
    [
        ("marks", format!("Zalgo{}", "\u{301}".repeat(10_000))),
        ("families", "👨\u{200d}👩\u{200d}👧\u{200d}👦 ".repeat(40)),
        ("right_to_left", "cod\u{202e}txt.exe\u{2066}שלום".to_owned()),
        (
            "joiners",
            "A\u{200d}n\u{200b}n\u{2060}a\u{feff}\u{e0041}\u{ad}".to_owned(),
        ),
        (
            "escapes",
            "\u{1b}[31mR\u{1b}]0;mine\u{7}\u{9b}2J\u{1b}]52;c;aGk=\u{7}\r\n".to_owned(),
        ),
    ]
}

/// The person as the session hands them over.
fn person(number: u8, name: &str) -> (NodeId, UserInfo) {
    let node = NodeId([number; 32]);
    (node, clean_user(node, &user(name, "#E86A74")))
}

fn comes(desk: &mut Desk, node: NodeId, user: &UserInfo, at: usize) {
    let presence = Presence {
        user: user.clone(),
        ..presence(node, at, at)
    };
    desk.send(Event::Presence(Box::new(PresenceEvent::Joined {
        node,
        presence,
    })));
}

#[test]
fn names_that_are_made_to_harm_keep_to_their_place() {
    let text = "one line after the other\n\n".repeat(8);
    let mut desk = Desk::new(&text);
    let mut rows = Vec::new();
    for (number, (_, name)) in (1..).zip(names()) {
        let (node, user) = person(number, &name);
        comes(&mut desk, node, &user, usize::from(number) * 52 - 49);
        rows.push(PeerRow {
            user: Some(user),
            ..row(node)
        });
    }
    desk.send(Event::Peers(rows));
    desk.assert_screen("names__pane_and_labels", 80, 24);
    desk.assert_screen("names__labels_40x12", 40, 12);
}

#[test]
fn lines_about_them_keep_to_their_place() {
    for (number, (what, name)) in (1..).zip(names()) {
        let (node, user) = person(number, &name);
        let mut desk = Desk::new("one line\n");
        let knock = AccessEvent::Knock {
            node,
            user: user.clone(),
        };
        desk.send(Event::Access(Box::new(AccessNews::Happened(knock))));
        desk.assert_screen(&format!("names__knock_of_{what}"), 80, 6);

        let mut desk = Desk::new("one line\n");
        comes(&mut desk, node, &user, 0);
        desk.send(Event::Presence(Box::new(PresenceEvent::Left {
            node,
            user,
        })));
        desk.send(Event::Connection(ConnectionEvent {
            node,
            from: PeerState::Connected,
            to: PeerState::Disconnected,
            reason: Reason::Left,
        }));
        desk.assert_screen(&format!("names__notice_about_{what}"), 80, 6);
    }
}
