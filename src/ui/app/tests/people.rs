//! What others do: where carets, selections and the view go, and what is said about it.

use super::*;
use crate::{ConnectionEvent, PeerState, Reason};

#[test]
fn a_remote_change_carries_our_caret_and_selection() {
    type Change = fn(&mut Desk);
    let rows: [(&str, Change, &str); 8] = [
        ("ab|c", |desk| desk.others_insert(0, "xx"), "xxab|c"),
        ("ab|c", |desk| desk.others_insert(2, "xx"), "ab|xxc"),
        ("ab|c", |desk| desk.others_insert(3, "xx"), "ab|cxx"),
        ("a[bc|]d", |desk| desk.others_insert(1, "x"), "ax[bc|]d"),
        ("a[bc|]d", |desk| desk.others_insert(3, "x"), "a[bc|]xd"),
        ("a[|bc]d", |desk| desk.others_insert(2, "x"), "a[|bxc]d"),
        ("a[bc|]d", |desk| desk.others_delete(0..4), "|"),
        ("ab|c", |desk| desk.others_delete(1..3), "a|"),
    ];
    for (before, change, after) in rows {
        let mut desk = Desk::marked(before);
        change(&mut desk);
        assert_eq!(desk.marks(), after, "from {before}");
    }
}

#[test]
fn carets_of_others_follow_every_change() {
    let mut desk = Desk::marked("abc|def");
    desk.joins(ADA, 3, 3);
    let caret = |desk: &Desk| desk.app.people[&ADA].caret.map(|caret| caret.head);
    desk.write("x");
    assert_eq!(caret(&desk), Some(3), "what we type does not push them");
    desk.others_insert(3, "yy");
    assert_eq!(caret(&desk), Some(5), "what they type does");
    desk.keys("Ctrl-Home Delete");
    assert_eq!(caret(&desk), Some(4));
    desk.keys("Ctrl-Z");
    assert_eq!(caret(&desk), Some(5));
}

fn lines(count: usize) -> String {
    (1..=count).map(|line| format!("line {line}\n")).collect()
}

#[test]
fn remote_edits_never_move_what_one_sees() {
    let mut desk = Desk::new(&lines(200));
    desk.text_of_screen(80, 24);
    desk.keys("PageDown PageDown PageDown");
    let row_of_caret = |desk: &mut Desk| {
        let rows = desk.text_of_screen(80, 24);
        let caret = desk.app.caret_line() + 1;
        rows.iter()
            .position(|row| row.trim_start().starts_with(&format!("{caret} ")))
    };
    let before = row_of_caret(&mut desk);
    let text_before = desk.app.rope().line(desk.app.caret_line()).to_string();
    desk.others_insert(0, "new\nnew\nnew\n");
    desk.others_delete(20..60);
    let top = desk.app.top;
    desk.others_insert(top, "inserted right at the top\n");
    assert_eq!(row_of_caret(&mut desk), before);
    assert_eq!(
        desk.app.rope().line(desk.app.caret_line()).to_string(),
        text_before
    );

    // With the caret out of sight, the topmost line stays.
    for _ in 0..12 {
        desk.mouse(MouseEventKind::ScrollDown, 5, 5);
    }
    let words = |desk: &mut Desk| {
        let rows = desk.text_of_screen(80, 24);
        rows[0].split_once("line").map(|(_, rest)| rest.to_owned())
    };
    let top = words(&mut desk);
    desk.others_insert(0, "more\nmore\n");
    assert_eq!(words(&mut desk), top);
}

#[test]
fn the_view_follows_our_own_caret() {
    let mut desk = Desk::new(&lines(200));
    desk.keys("Down");
    desk.text_of_screen(80, 24);
    desk.mouse(MouseEventKind::ScrollDown, 5, 5);
    desk.others_insert(0, "x\n");
    assert_eq!(desk.text_of_screen(80, 24)[0].trim(), "5 line 4");
    desk.write("y");
    let screen = desk.text_of_screen(80, 24);
    assert_eq!((screen[0].trim(), screen[2].trim()), ("1 x", "3 yline 2"));
}

#[test]
fn our_caret_is_published_when_we_move_it_and_not_when_others_do() {
    let mut desk = Desk::marked("a|bc");
    let published = |desk: &mut Desk| {
        let effects = std::mem::take(&mut desk.effects);
        let carets = effects.into_iter().filter_map(|effect| match effect {
            Effect::Publish(caret) => Some((caret.selection.head, caret.typing)),
            _ => None,
        });
        carets.collect::<Vec<_>>()
    };
    desk.send(Event::Tick);
    assert_eq!(published(&mut desk), [(1, false)]);
    desk.others_insert(0, "xx");
    assert_eq!(published(&mut desk), []);
    desk.keys("Right");
    assert_eq!(published(&mut desk), [(4, false)]);
    desk.write("y");
    assert_eq!(published(&mut desk), [(5, true)]);
    let tick = desk.app.next_tick().expect("typing ends");
    desk.wait(tick - desk.now);
    assert_eq!(published(&mut desk), [(5, false)]);
    // Nothing is due until we count as away.
    let away = desk.app.next_tick().expect("being away");
    assert!(away - desk.now > Duration::from_secs(290));
}

#[test]
fn the_status_line_tells_of_people() {
    let mut desk = Desk::marked("|");
    desk.joins(ADA, 0, 0);
    assert!(desk.status().contains("Ada joined"));
    desk.wait(Duration::from_secs(5));
    assert!(desk.status().contains("synced with Ada"));
    desk.joins(LINUS, 0, 0);
    desk.wait(Duration::from_secs(5));
    assert!(desk.status().contains("synced with 2"));

    let mut late = row(ADA);
    late.behind = true;
    desk.send(Event::Peers(vec![late.clone(), row(LINUS)]));
    assert!(
        desk.status().contains("synced with 2"),
        "a moment is nothing to tell"
    );
    desk.wait(Duration::from_secs(2));
    assert!(desk.status().contains("waiting for Ada"));

    for node in [ADA, LINUS] {
        desk.send(Event::Connection(ConnectionEvent {
            node,
            from: PeerState::Connected,
            to: PeerState::Disconnected,
            reason: Reason::Lost("timed out".to_owned()),
        }));
    }
    assert!(
        desk.status()
            .contains("Lost the connection to Linus Torvalds, trying again")
    );
    desk.write("ab");
    desk.wait(Duration::from_secs(5));
    assert!(
        desk.status().contains("reconnecting…, 2 edits kept here"),
        "{}",
        desk.status()
    );
    desk.send(Event::Peers(vec![row(ADA), row(LINUS)]));
    assert!(desk.status().contains("synced with 2"));

    desk.send(Event::Presence(Box::new(PresenceEvent::Left {
        node: ADA,
        user: user_of(ADA),
    })));
    assert!(desk.status().contains("Ada left"));
    // The connection may be back before its person is.
    desk.send(Event::Peers(vec![row(ADA), row(LINUS)]));
    desk.joins(ADA, 0, 0);
    assert!(desk.status().contains("Ada is back"));
}

#[test]
fn going_offline_keeps_count_of_edits() {
    let mut desk = Desk::marked("|");
    desk.joins(ADA, 0, 0);
    desk.keys("F6");
    assert!(matches!(desk.effects.last(), Some(Effect::Offline(true))));
    desk.send(Event::Presence(Box::new(PresenceEvent::Left {
        node: ADA,
        user: user_of(ADA),
    })));
    assert!(desk.status().contains("You are offline"));
    desk.write("abc");
    desk.wait(Duration::from_secs(5));
    assert!(desk.status().contains("offline, 3 edits kept here"));
    desk.keys("F6");
    assert!(
        desk.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Offline(false)))
    );
}

#[test]
fn somebody_who_refuses_us_is_named() {
    let mut desk = Desk::marked("|");
    desk.send(Event::Connection(ConnectionEvent {
        node: ADA,
        from: PeerState::Connecting,
        to: PeerState::Disconnected,
        reason: Reason::Denied("this is another document".to_owned()),
    }));
    let status = desk.status();
    assert!(
        status.contains("Not connected with 3f3f3f3f3f: this is another document"),
        "{status}"
    );
}
