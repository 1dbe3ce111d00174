//! Whatever happens, at whatever size: nothing panics, the rope equals the document, and every
//! caret is inside the text.

use crossterm::event::{KeyCode, KeyModifiers};
use proptest::prelude::*;

use super::*;
use crate::{ConnectionEvent, PeerState, Reason, ui::command::COMMANDS};

#[derive(Clone, Debug)]
enum Happening {
    Key(KeyPress),
    Text(String),
    Paste(String),
    Mouse(MouseEventKind, u16, u16, bool),
    Resize(u16, u16),
    RemoteInsert(usize, String),
    RemoteDelete(usize, usize),
    Presence(u8, usize, usize),
    Leave(u8),
    Connection(u8, PeerState),
    Saved(bool),
    Clipboard(String),
    Existing,
    Wait(u64),
}

fn node(byte: u8) -> NodeId {
    NodeId([byte; 32])
}

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "word ",
        "\n",
        "\r\n",
        "\t",
        "    ",
        "日本",
        "👨‍👩‍👧",
        "e\u{301}",
        "\u{301}",
        "שלום",
        "\u{202e}",
        "\u{1b}[0m",
        "\r",
        "\u{200b}",
        "🏳️‍🌈",
        "a long line of many words, ",
    ]);
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        (0_u16..4, 0_u16..4),
        (0_u16..50, 0_u16..20),
        (60_u16..130, 5_u16..40),
    ]
}

fn any_key() -> impl Strategy<Value = KeyPress> {
    let keys: Vec<KeyPress> = COMMANDS
        .iter()
        .flat_map(|info| info.keys.iter().filter_map(|key| key.parse().ok()))
        .collect();
    prop_oneof![
        4 => prop::sample::select(keys),
        1 => any::<char>().prop_map(|c| KeyPress::new(KeyCode::Char(c), KeyModifiers::NONE)),
        1 => Just(KeyPress::new(KeyCode::Enter, KeyModifiers::NONE)),
    ]
}

fn mouse() -> impl Strategy<Value = Happening> {
    let kinds = prop::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Moved,
    ]);
    (kinds, 0_u16..170, 0_u16..70, any::<bool>())
        .prop_map(|(kind, column, row, shift)| Happening::Mouse(kind, column, row, shift))
}

fn state() -> impl Strategy<Value = PeerState> {
    prop::sample::select(vec![
        PeerState::Connecting,
        PeerState::Syncing,
        PeerState::Connected,
        PeerState::Unstable,
        PeerState::Disconnecting,
        PeerState::Disconnected,
    ])
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => any_key().prop_map(Happening::Key),
        4 => text().prop_map(Happening::Text),
        2 => text().prop_map(Happening::Paste),
        4 => mouse(),
        2 => size().prop_map(|(columns, rows)| Happening::Resize(columns, rows)),
        4 => (any::<usize>(), text()).prop_map(|(at, text)| Happening::RemoteInsert(at, text)),
        3 => (any::<usize>(), 0_usize..40).prop_map(|(at, count)| Happening::RemoteDelete(at, count)),
        3 => (0_u8..5, any::<usize>(), any::<usize>())
            .prop_map(|(who, anchor, head)| Happening::Presence(who, anchor % 300, head % 300)),
        1 => (0_u8..5).prop_map(Happening::Leave),
        1 => (0_u8..5, state()).prop_map(|(who, state)| Happening::Connection(who, state)),
        1 => any::<bool>().prop_map(Happening::Saved),
        1 => text().prop_map(Happening::Clipboard),
        1 => Just(Happening::Existing),
        1 => (0_u64..10_000).prop_map(Happening::Wait),
    ]
}

fn happen(desk: &mut Desk, happening: Happening) {
    let length = desk.app.rope().len_chars();
    match happening {
        Happening::Key(press) => desk.send(Event::Key(KeyEvent::new(press.code, press.modifiers))),
        Happening::Text(text) => desk.write(&text),
        Happening::Paste(text) => desk.send(Event::Paste(text)),
        Happening::Mouse(kind, column, row, shift) => {
            let modifiers = if shift {
                KeyModifiers::SHIFT
            } else {
                KeyModifiers::NONE
            };
            desk.send(Event::Mouse(MouseEvent {
                kind,
                column,
                row,
                modifiers,
            }));
        }
        Happening::Resize(columns, rows) => desk.send(Event::Resize(columns, rows)),
        Happening::RemoteInsert(at, text) => desk.others_insert(at % (length + 1), &text),
        Happening::RemoteDelete(at, count) => {
            let start = at % (length + 1);
            desk.others_delete(start..(start + count).min(length));
        }
        Happening::Presence(who, anchor, head) => desk.joins(node(who), anchor, head),
        Happening::Leave(who) => desk.send(Event::Presence(Box::new(PresenceEvent::Left {
            node: node(who),
            user: user("Somebody", "no colour"),
        }))),
        Happening::Connection(who, to) => desk.send(Event::Connection(ConnectionEvent {
            node: node(who),
            from: PeerState::Connected,
            to,
            reason: Reason::Lost(String::new()),
        })),
        Happening::Saved(true) => desk.send(Event::Saved(Ok(SavedFile {
            path: "somewhere/else.md".into(),
            version: 3,
            hash: ContentHash::of(b"else"),
            made: true,
        }))),
        Happening::Saved(false) => {
            desk.send(Event::Saved(Err(SaveError::Exists("else.md".into()))));
        }
        Happening::Clipboard(text) => desk.send(Event::Clipboard(text)),
        Happening::Existing => desk.send(Event::AskExisting(ExistingFile {
            path: "notes.md".into(),
            mine_lines: 1,
            differing_lines: 1,
        })),
        Happening::Wait(time) => desk.wait(Duration::from_millis(time)),
    }
}

/// Draws on a screen of the size that the application believes in, and looks at everything.
fn check(desk: &mut Desk) {
    let size = desk.app.size;
    let screen = Rect::new(0, 0, size.width, size.height);
    if let Some(cursor) = desk.app.draw_into(screen, &mut Buffer::empty(screen)) {
        assert!(
            screen.contains(cursor),
            "the cursor is outside of the screen"
        );
    }
    let shared = desk.app.document.shared().clone();
    let loro = shared
        .lock()
        .doc()
        .get_text(TextDocument::CONTAINER)
        .to_string();
    assert_eq!(desk.app.rope().to_string(), loro);
    let length = desk.app.rope().len_chars();
    let TextSelection { anchor, head } = desk.app.selection;
    assert!(
        anchor <= length && head <= length,
        "our caret is outside of the text"
    );
    assert!(desk.app.top <= length, "the view is outside of the text");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn anything_may_happen(
        text in text(),
        (columns, rows) in size(),
        happenings in prop::collection::vec(happening(), 1..50),
    ) {
        let mut desk = Desk::new(&text);
        desk.send(Event::Resize(columns, rows));
        check(&mut desk);
        for happening in happenings {
            happen(&mut desk, happening);
            check(&mut desk);
        }
    }
}
