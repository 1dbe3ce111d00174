//! Every screen as text, styles and cursor, in `snapshots/`.

use super::*;
use crate::{ConnectionEvent, PeerState, Reason};

const NOTES: &str = "\
# Minutes, Tuesday

Present: Ada, Grace, Linus, Margaret

## What we decided

- The release goes out on Friday, if the build is green by noon and nobody has found another reason to wait.
- Ada writes the announcement.
\t- First draft on Wednesday
\t- Grace reads it
- 日本語のページも更新する。 The flag is 🏳️‍🌈, the family 👨‍👩‍👧, the accent e\u{301}.

## Open questions

1. Who keeps the minutes next week?
2. Is there coffee?
";

fn desk() -> Desk {
    Desk::new(NOTES)
}

/// Where a phrase begins.
fn at(phrase: &str) -> usize {
    let byte = NOTES.find(phrase).expect("the phrase is in the notes");
    NOTES[..byte].chars().count()
}

fn with_three() -> Desk {
    let mut desk = desk();
    desk.app.selection = TextSelection::caret(at(" reads it"));
    desk.joins(ADA, at("writes"), at(" the announcement"));
    desk.joins(LINUS, at("\n## Open"), at("\n## Open"));
    desk.joins(MARGARET, at("Friday"), at("Friday"));
    let mut typing = presence(ADA, at("writes"), at(" the announcement"));
    typing.typing = true;
    desk.send(Event::Presence(Box::new(PresenceEvent::Updated {
        node: ADA,
        presence: typing,
    })));
    let mut away = presence(MARGARET, at("Friday"), at("Friday"));
    away.away = true;
    desk.send(Event::Presence(Box::new(PresenceEvent::Updated {
        node: MARGARET,
        presence: away,
    })));
    desk.wait(Duration::from_secs(20));
    desk
}

fn with_one() -> Desk {
    let mut desk = desk();
    desk.app.selection = TextSelection::caret(at("2. Is"));
    desk.joins(ADA, at("Who keeps"), at("Who keeps"));
    desk.wait(Duration::from_secs(20));
    desk
}

#[test]
fn the_whole_screen_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40), (40, 12)] {
        for (name, mut desk) in [
            ("alone", desk()),
            ("with_one", with_one()),
            ("with_three", with_three()),
        ] {
            desk.send(Event::Resize(columns, rows));
            desk.assert_screen(&format!("screen__{name}_{columns}x{rows}"), columns, rows);
        }
    }
}

#[test]
fn every_theme() {
    for name in Theme::names(None) {
        let theme = Theme::load(&name, None).expect("a built-in theme");
        let theme = match name.as_str() {
            "sixteen" => theme.with_depth(crate::ui::theme::ColorDepth::Ansi16),
            _ => theme,
        };
        let mut desk = with_three();
        desk.app.theme = theme;
        desk.keys("Shift-End");
        desk.wait(Duration::from_secs(20));
        desk.assert_screen(&format!("theme__{}", name.replace('-', "_")), 80, 24);
    }
    let mut desk = with_three();
    let theme = Theme::load("dark", None).expect("a built-in theme");
    desk.app.theme = theme.with_depth(crate::ui::theme::ColorDepth::None);
    desk.keys("Shift-End");
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("theme__without_colours", 80, 24);
}

#[test]
fn the_document_pane() {
    let mut desk = Desk::new("one\ntwo\nthree\n");
    desk.joins(ADA, 5, 5);
    desk.joins(LINUS, 13, 13);
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("document_pane__two_carets", 80, 24);

    let mut desk = Desk::new("fn main() {\n\tprintln!(\"hello\");\n}\n");
    desk.app.selection = TextSelection {
        anchor: 3,
        head: 30,
    };
    desk.assert_screen("document_pane__selection_over_lines", 80, 24);

    let mut desk = Desk::new(
        "a\tb\u{1b}[31mred\u{7f}\r\nright: \u{202e}abc\u{202c} שלום\r\nzero\u{200b}width\rlone\n",
    );
    desk.assert_screen("document_pane__characters_that_do_not_show", 80, 24);

    let words = "All rows are full of words here and leave no room at all for names. ";
    let mut desk = Desk::new(&words.repeat(20));
    desk.joins(ADA, 400, 400);
    desk.assert_screen("document_pane__label_covers_for_a_moment", 80, 24);
    desk.wait(Duration::from_secs(5));
    desk.assert_screen("document_pane__label_gives_way", 80, 24);

    let mut desk = Desk::new(&format!("{}\nshort\n", words.repeat(4)));
    desk.keys("Alt-Z End");
    desk.wait(Duration::from_secs(5));
    desk.assert_screen("document_pane__not_wrapped", 80, 24);
}

#[test]
fn the_peers_pane() {
    let mut desk = with_three();
    let mut rows = vec![row(ADA), row(LINUS), row(MARGARET), row(NodeId([0xee; 32]))];
    rows[0].state = PeerState::Unstable;
    rows[1].state = PeerState::Disconnected;
    rows[2].left = true;
    rows[3].user = None;
    rows[3].state = PeerState::Connecting;
    desk.send(Event::Peers(rows));
    desk.assert_screen("peers_pane__everything_goes_wrong", 80, 24);

    let mut desk = with_three();
    for number in 0..20 {
        desk.joins(NodeId([number; 32]), 0, 0);
    }
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("peers_pane__more_than_fit", 80, 24);

    let mut desk = with_three();
    desk.send(Event::Resize(60, 16));
    desk.keys("Ctrl-B");
    desk.assert_screen("peers_pane__below_the_text", 60, 16);
}

#[test]
fn the_status_line() {
    let mut desk = with_one();
    desk.keys("F6");
    desk.write("abc");
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("status_line__offline_with_edits", 80, 24);

    let mut desk = with_one();
    let sentence = "Could not save /home/grace/Documents/Meetings/2024/notes.md: there is no space left on the device.";
    desk.send(Event::Message(MessageKind::Error, sentence.to_owned()));
    desk.assert_screen("status_line__long_error", 40, 12);
    desk.assert_screen("status_line__error_beside_the_name", 120, 24);

    let mut desk = with_one();
    desk.send(Event::Presence(Box::new(PresenceEvent::Left {
        node: ADA,
        user: user_of(ADA),
    })));
    desk.send(Event::Connection(ConnectionEvent {
        node: ADA,
        from: PeerState::Connected,
        to: PeerState::Disconnected,
        reason: Reason::Left,
    }));
    desk.assert_screen("status_line__somebody_left", 80, 24);
}

#[test]
fn the_dialogs() {
    let mut desk = with_one();
    let node_id = GRACE.to_string();
    desk.send(Event::Share(ShareInfo {
        command: format!("copad --network local --connect {node_id}"),
        node_id,
        reach: "Anyone on this machine who has the node id can join.".to_owned(),
    }));
    desk.keys("Ctrl-T");
    desk.assert_screen("dialog__share", 80, 24);
    desk.assert_screen("dialog__share_40x12", 40, 12);

    let mut desk = with_one();
    desk.keys("Ctrl-R");
    desk.assert_screen("dialog__connect", 80, 24);
    desk.write("copad --connect 12ab");
    desk.keys("Enter");
    desk.assert_screen("dialog__connect_wrong_id", 80, 24);
    desk.assert_screen("dialog__connect_wrong_id_40x12", 40, 12);

    let mut desk = with_one();
    desk.keys("F1");
    desk.assert_screen("dialog__help", 80, 24);
    desk.keys("PageDown");
    desk.assert_screen("dialog__help_second_page", 80, 24);
    desk.assert_screen("dialog__help_40x12", 40, 12);

    let mut desk = with_one();
    desk.write("x");
    desk.keys("Ctrl-Q");
    desk.assert_screen("dialog__quit", 80, 24);
    desk.assert_screen("dialog__quit_40x12", 40, 12);

    let mut desk = with_one();
    desk.keys("Alt-S");
    desk.assert_screen("dialog__save_as", 80, 24);
    desk.write(".txt");
    desk.send(Event::Saved(Err(SaveError::Exists("notes.md.txt".into()))));
    desk.assert_screen("dialog__save_as_over_another_file", 80, 24);

    let mut desk = desk_with_existing();
    desk.assert_screen("dialog__existing_file", 80, 24);
    desk.assert_screen("dialog__existing_file_40x12", 40, 12);
}

fn desk_with_existing() -> Desk {
    let mut desk = desk();
    desk.send(Event::AskExisting(ExistingFile {
        path: "notes.md".into(),
        mine_lines: 212,
        differing_lines: 14,
    }));
    desk
}
