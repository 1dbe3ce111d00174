//! Knocks, members, and what a viewer sees.

use super::*;
use crate::{
    AccessEvent, AccessState, ConnectionEvent, KnockAnswer, PeerState, Reason, Role, Roster,
    RosterMember, SigningKey,
    ui::app::{AccessNews, AccessRequest, tests::watching::answer_with_text},
};

const NOTES: &str = "# Minutes\n\nPresent: Ada, Grace\n\n- The release goes out on Friday.\n";

fn news(desk: &mut Desk, news: AccessNews) {
    desk.send(Event::Access(Box::new(news)));
}

fn happens(desk: &mut Desk, event: AccessEvent) {
    news(desk, AccessNews::Happened(event));
}

fn knock(desk: &mut Desk, node: NodeId) {
    let user = user_of(node);
    happens(desk, AccessEvent::Knock { node, user });
}

/// A document of Grace's with Ada as an editor and Linus as a viewer; Margaret is blocked.
fn roster(owner: NodeId) -> Roster {
    let key = SigningKey::from_bytes(&[1; 32]);
    let member = |node, role, may_admit| RosterMember {
        node,
        role,
        may_admit,
    };
    let roster = Roster::new(key.document(), owner);
    [
        member(ADA, Role::Editor, true),
        member(LINUS, Role::Viewer, false),
        member(GRACE, Role::Viewer, false),
    ]
    .into_iter()
    .filter(|member| member.node != owner)
    .fold(roster, |roster, member| {
        roster.with_member(member).expect("there is room")
    })
    .with_blocked(MARGARET)
    .expect("Margaret is not the owner")
}

fn desk_as(role: Role) -> Desk {
    let mut desk = Desk::new(NOTES);
    desk.joins(ADA, 4, 4);
    desk.joins(LINUS, 12, 12);
    let owner = if role == Role::Owner { GRACE } else { ADA };
    let key = SigningKey::from_bytes(&[1; 32]);
    let roster = Some(roster(owner).sign(&key));
    let may_admit = role == Role::Owner;
    news(
        &mut desk,
        AccessNews::State(AccessState {
            role,
            may_admit,
            roster,
        }),
    );
    desk.wait(Duration::from_secs(20));
    desk
}

fn requests(desk: &Desk) -> Vec<AccessRequest> {
    desk.effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Access(request) => Some(*request),
            _ => None,
        })
        .collect()
}

#[test]
fn a_knock_takes_no_key_until_it_is_asked_for() {
    let mut desk = desk_as(Role::Owner);
    knock(&mut desk, MARGARET);
    desk.write("evdb");
    assert!(desk.app.rope().to_string().starts_with("evdb"));
    assert_eq!(requests(&desk), []);
    desk.keys("F10");
    // Enter lets nobody in.
    desk.keys("Enter");
    let deny = AccessRequest::Answer(MARGARET, KnockAnswer::Deny);
    assert_eq!(requests(&desk), [deny]);
}

#[test]
fn whoever_knocks_is_listed_as_such_and_is_nobody_to_be_in_sync_with() {
    let mut desk = desk_as(Role::Owner);
    let before = desk.status();
    desk.send(Event::Connection(ConnectionEvent {
        node: MARGARET,
        from: PeerState::Disconnected,
        to: PeerState::Connecting,
        reason: Reason::Normal,
    }));
    knock(&mut desk, MARGARET);
    desk.wait(Duration::from_secs(5));
    assert_eq!(desk.status(), before);
    let screen = desk.text_of_screen(80, 24);
    // In the list, and above the status line.
    let told = screen.iter().filter(|line| line.contains("wants to join"));
    assert_eq!(told.count(), 2, "{screen:?}");
}

#[test]
fn a_knock_covers_nothing() {
    let text: String = (1..100).map(|line| format!("line {line}\n")).collect();
    let mut desk = Desk::new(&format!("{text}the end"));
    desk.send(Event::Resize(80, 24));
    desk.keys("Ctrl-End");
    assert!(desk.text_of_screen(80, 24)[22].contains("the end"));
    knock(&mut desk, MARGARET);
    let screen = desk.text_of_screen(80, 24);
    assert!(screen[22].contains("wants to join"), "{screen:?}");
    assert!(screen[21].contains("the end"), "{screen:?}");
    happens(&mut desk, AccessEvent::KnockOver { node: MARGARET });
    let screen = desk.text_of_screen(80, 24);
    assert!(screen[22].contains("the end"), "{screen:?}");
}

#[test]
fn each_letter_of_the_question_is_an_answer() {
    for (key, answer) in [
        ("e", KnockAnswer::Admit(Role::Editor)),
        ("v", KnockAnswer::Admit(Role::Viewer)),
        ("d", KnockAnswer::Deny),
        ("b", KnockAnswer::Block),
    ] {
        let mut desk = desk_as(Role::Owner);
        knock(&mut desk, MARGARET);
        desk.keys("F10");
        desk.keys(key);
        assert_eq!(requests(&desk), [AccessRequest::Answer(MARGARET, answer)]);
    }
}

#[test]
fn whoever_goes_away_takes_the_question_along() {
    let mut desk = desk_as(Role::Owner);
    knock(&mut desk, MARGARET);
    knock(&mut desk, ADA);
    desk.keys("F10");
    happens(&mut desk, AccessEvent::KnockOver { node: MARGARET });
    let line = desk.app.knock_line().expect("Ada still waits");
    assert_eq!(line.name, "Ada");
    desk.write("text");
    assert!(desk.app.rope().to_string().starts_with("text"));
}

#[test]
fn a_viewer_changes_nothing() {
    let mut desk = desk_as(Role::Viewer);
    for keys in ["x", "Enter", "Backspace", "Ctrl-X", "Ctrl-Z", "Ctrl-Y"] {
        desk.keys(keys);
        assert_eq!(desk.app.rope().to_string(), NOTES, "after {keys}");
    }
    desk.send(Event::Paste("pasted".to_owned()));
    assert_eq!(desk.app.rope().to_string(), NOTES);
    let notice = desk.app.notice.as_ref().expect("it says why");
    assert_eq!(
        notice.text,
        "You are a viewer here: you can read, not write"
    );
}

#[test]
fn a_viewer_s_file_does_not_change_the_text() {
    let mut desk = desk_as(Role::Viewer);
    desk.app.settings.trim_on_save = true;
    desk.send(Event::FileTouched);
    // The others may be at the same file, and come first.
    desk.wait(Duration::from_secs(3));
    answer_with_text(&mut desk, &format!("{NOTES}more  \n"));
    assert_eq!(desk.app.rope().to_string(), NOTES);
    let notice = desk.app.notice.as_ref().expect("it is said");
    assert!(notice.text.contains("you are a viewer here"), "{notice:?}");
    assert!(desk.app.modified(), "the file holds something else");
    // Saving replaces it once it was said, and does not tidy what is not ours.
    desk.others_insert(0, "new  \n");
    let is_save = |effect: &Effect| matches!(effect, Effect::Save(_));
    assert!(!desk.effects.iter().any(is_save));
    desk.keys("Ctrl-S");
    assert!(desk.effects.iter().any(is_save));
    assert_eq!(desk.app.rope().to_string(), format!("new  \n{NOTES}"));
    // What came while that save was on its way is told, too, before it is replaced.
    desk.effects.clear();
    desk.send(Event::Saved(Err(SaveError::Changed)));
    desk.wait(Duration::from_secs(3));
    answer_with_text(&mut desk, &format!("{NOTES}still more\n"));
    assert!(!desk.effects.iter().any(is_save));
}

#[test]
fn who_was_kicked_is_not_called_a_viewer() {
    let mut desk = Desk::new(NOTES);
    let key = SigningKey::from_bytes(&[1; 32]);
    let roster = Some(Roster::new(key.document(), ADA).sign(&key));
    news(
        &mut desk,
        AccessNews::State(AccessState {
            role: Role::Viewer,
            may_admit: false,
            roster,
        }),
    );
    desk.write("x");
    let screen = desk.text_of_screen(80, 24).join("\n");
    assert!(screen.contains("You are not a member"), "{screen}");
    assert!(!screen.contains("x# Minutes"), "{screen}");
    assert!(!screen.contains("viewer"), "{screen}");
}

#[test]
fn the_owner_changes_what_members_may_do() {
    let mut desk = desk_as(Role::Owner);
    desk.keys("F12");
    for key in ["v", "i", "k", "b"] {
        desk.keys(key);
    }
    desk.keys("Down");
    desk.keys("e");
    desk.keys("Down");
    desk.keys("u");
    let expected = [
        AccessRequest::SetRole(ADA, Role::Viewer),
        AccessRequest::LetAdmit(ADA, false),
        AccessRequest::Kick(ADA),
        AccessRequest::Block(ADA),
        AccessRequest::SetRole(LINUS, Role::Editor),
        AccessRequest::Unblock(MARGARET),
    ];
    assert_eq!(requests(&desk), expected);
}

#[test]
fn whoever_is_sent_away_did_not_leave() {
    // Which of the two is heard of first is chance.
    for told_first in [true, false] {
        let mut desk = desk_as(Role::Owner);
        desk.keys("F12");
        desk.keys("k");
        desk.keys("Esc");
        let told = AccessEvent::RoleChanged {
            node: ADA,
            from: Some(Role::Editor),
            to: None,
        };
        let user = desk.app.people[&ADA].user.clone().unwrap();
        let gone = PresenceEvent::Left { node: ADA, user };
        if told_first {
            happens(&mut desk, told.clone());
            assert!(desk.status().contains("Ada was sent away"));
        }
        desk.send(Event::Presence(Box::new(gone)));
        assert!(desk.status().contains("Ada was sent away"));
        if !told_first {
            happens(&mut desk, told);
        }
        let screen = desk.text_of_screen(80, 24).join("\n");
        assert!(screen.contains("Ada was sent away"), "{screen}");
        assert!(!screen.contains("left"), "{screen}");
    }
}

#[test]
fn who_is_not_the_owner_only_looks() {
    let mut desk = desk_as(Role::Viewer);
    desk.keys("F12");
    for key in ["v", "e", "k", "b", "u", "Down", "k"] {
        desk.keys(key);
    }
    assert_eq!(requests(&desk), []);
}

#[test]
fn the_screens() {
    let mut desk = desk_as(Role::Owner);
    knock(&mut desk, MARGARET);
    desk.assert_screen("knock__line", 80, 24);
    desk.assert_screen("knock__line_40x12", 40, 12);
    desk.keys("F10");
    desk.assert_screen("dialog__knock", 80, 24);
    desk.assert_screen("dialog__knock_40x12", 40, 12);

    let mut desk = desk_as(Role::Owner);
    desk.keys("F12");
    desk.assert_screen("dialog__members", 80, 24);
    desk.assert_screen("dialog__members_40x12", 40, 12);

    let mut desk = desk_as(Role::Owner);
    desk.keys("Ctrl-T");
    desk.assert_screen("dialog__share_of_the_owner", 80, 24);
    let invited = AccessNews::Invited {
        command: format!("copad --connect copad{}", "a".repeat(300)),
        terms: "It lets one person in to read and write, within 24 hours.".to_owned(),
    };
    news(&mut desk, invited);
    desk.assert_screen("dialog__ticket", 80, 24);
    desk.assert_screen("dialog__ticket_40x12", 40, 12);

    let mut desk = desk_as(Role::Viewer);
    desk.assert_screen("viewer", 80, 24);
    let mut desk = Desk::new("");
    let waiting = AccessEvent::Waiting {
        node: ADA,
        asked: "Ada".to_owned(),
    };
    happens(&mut desk, waiting);
    desk.keys("F10");
    desk.assert_screen("dialog__waiting", 80, 24);
}
