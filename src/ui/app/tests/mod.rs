//! The application as a person meets it: keys in, text and screens out.

mod access;
mod anything;
mod authors;
mod borders;
mod conflicts;
mod demonstration;
mod dialogs;
mod disk;
mod documents;
mod drawing;
mod early;
mod editing;
mod file_conflicts;
mod highlighting;
mod lines;
mod mouse;
mod names;
mod people;
mod saving;
mod screens;
mod searching;
mod sequence;
mod several;
mod storm;
mod together;
mod watching;

use std::time::Duration;

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};

use super::*;
use crate::{
    CursorPosition, Presence, PresenceEvent, Selection,
    crdt::{LineEnding, TextDocument},
    store::ContentHash,
    ui::{
        snapshot,
        text::samples::{mark, unmark},
    },
};

/// An application with somebody at its keyboard.
pub(super) struct Desk {
    pub(super) app: App,
    pub(super) now: Duration,
    /// Everything that the application asked for so far.
    pub(super) effects: Vec<Effect>,
    /// Whether jobs are done as soon as they are asked for; else they are among the effects.
    pub(super) works: bool,
}

/// Ourselves.
pub(super) const GRACE: NodeId = NodeId([0x9c; 32]);
/// The first of the others.
pub(super) const ADA: NodeId = NodeId([0x3f; 32]);
/// The second.
pub(super) const LINUS: NodeId = NodeId([0x51; 32]);
/// The third.
pub(super) const MARGARET: NodeId = NodeId([0x77; 32]);

pub(super) fn user(name: &str, color: &str) -> UserInfo {
    UserInfo {
        name: name.to_owned(),
        color: color.to_owned(),
        avatar_url: None,
    }
}

pub(super) fn user_of(node: NodeId) -> UserInfo {
    match node {
        ADA => user("Ada", "#E86A74"),
        LINUS => user("Linus Torvalds", "#3FA35D"),
        MARGARET => user("Margaret", "#5C7CFA"),
        _ => user("Grace", "#C9A227"),
    }
}

impl Desk {
    /// Opens `notes.md` with this text; its lines end as the text's do.
    pub(super) fn new(text: &str) -> Self {
        // Thousands of desks in property tests need not read the theme a thousand times.
        static DARK: std::sync::OnceLock<Theme> = std::sync::OnceLock::new();
        let dark = DARK.get_or_init(|| Theme::load("dark", None).expect("a built-in theme"));
        Self::with_theme(text, dark.clone())
    }

    pub(super) fn with_theme(text: &str, theme: Theme) -> Self {
        let document = TextDocument::from_text(text);
        let format = TextFormat {
            line_ending: LineEnding::dominant(document.rope()),
            ..TextFormat::default()
        };
        let file = FileOnDisk {
            hash: ContentHash::of(text.as_bytes()),
            exists: true,
            text: document.rope().clone(),
            waits: false,
            since: None,
        };
        let app = App::new(AppOptions {
            document,
            path: Some("notes.md".into()),
            format,
            title: String::new(),
            modified: false,
            file: Some(file),
            theme,
            keymap: Keymap::default(),
            config: Config {
                // Only the tests that look at colours wait for them.
                highlight: false,
                ..Config::default()
            },
            user: user_of(GRACE),
            node: GRACE,
        });
        Self {
            app,
            now: Duration::from_secs(100),
            effects: Vec::new(),
            works: true,
        }
    }

    /// Opens a text in which `|` is the caret and `[`, `]` hold the selection.
    pub(super) fn marked(marked: &str) -> Self {
        let (text, selection) = unmark(marked);
        let mut desk = Self::new(&text);
        desk.app.selection = selection;
        desk
    }

    pub(super) fn send(&mut self, event: Event) {
        self.now += Duration::from_millis(10);
        let effects = self.app.update(event, self.now);
        for effect in effects {
            match effect {
                Effect::Work(job) if self.works => {
                    self.send(Event::Worked(Box::new(job.run())));
                }
                effect => self.effects.push(effect),
            }
        }
    }

    /// Presses keys, written as in the configuration with spaces between them.
    #[track_caller]
    pub(super) fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let press: KeyPress = key.parse().unwrap_or_else(|error| panic!("{error}"));
            self.send(Event::Key(KeyEvent::new(press.code, press.modifiers)));
            self.answer_paste();
        }
    }

    /// Types text, key by key.
    pub(super) fn write(&mut self, text: &str) {
        for character in text.chars() {
            let code = crossterm::event::KeyCode::Char(character);
            self.send(Event::Key(KeyEvent::from(code)));
        }
    }

    /// Plays the clipboard: what was copied last is what is pasted.
    fn answer_paste(&mut self) {
        if !matches!(self.effects.last(), Some(Effect::RequestPaste)) {
            return;
        }
        let copied = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text.clone()),
            _ => None,
        });
        self.send(Event::Clipboard(copied.unwrap_or_default()));
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, time: Duration) {
        self.now += time;
        self.send(Event::Tick);
    }

    pub(super) fn click(&mut self, column: u16, row: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
        self.mouse(MouseEventKind::Up(MouseButton::Left), column, row);
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let modifiers = crossterm::event::KeyModifiers::NONE;
        self.send(Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers,
        }));
    }

    /// Somebody else inserts text.
    pub(super) fn others_insert(&mut self, position: usize, text: &str) {
        let shared = self.app.document.shared().clone();
        let guard = shared.lock();
        let inserted = guard
            .doc()
            .get_text(TextDocument::CONTAINER)
            .insert(position, text);
        inserted.expect("the position is in the text");
        guard.doc().commit();
        drop(guard);
        self.send(Event::DocumentChanged);
    }

    /// Somebody else deletes text.
    pub(super) fn others_delete(&mut self, range: Range<usize>) {
        let shared = self.app.document.shared().clone();
        let guard = shared.lock();
        let deleted = guard
            .doc()
            .get_text(TextDocument::CONTAINER)
            .delete(range.start, range.len());
        deleted.expect("the range is in the text");
        guard.doc().commit();
        drop(guard);
        self.send(Event::DocumentChanged);
    }

    /// Somebody is here, connected, with the caret in a place or text selected.
    pub(super) fn joins(&mut self, node: NodeId, anchor: usize, head: usize) {
        self.send(Event::Presence(Box::new(PresenceEvent::Joined {
            node,
            presence: presence(node, anchor, head),
        })));
        let mut rows: Vec<PeerRow> = self.app.people.keys().map(|node| row(*node)).collect();
        rows.retain(|row| row.node != node);
        rows.push(row(node));
        self.send(Event::Peers(rows));
    }

    /// The text with the caret and the selection marked.
    pub(super) fn marks(&self) -> String {
        mark(self.app.rope(), self.app.selection)
    }

    /// The screen as text only.
    pub(super) fn text_of_screen(&mut self, columns: u16, rows: u16) -> Vec<String> {
        let printed = snapshot::print(&mut self.app, columns, rows);
        printed
            .lines()
            .take(rows.into())
            .map(str::to_owned)
            .collect()
    }

    /// What the status line says.
    pub(super) fn status(&mut self) -> String {
        self.text_of_screen(100, 24).pop().unwrap_or_default()
    }

    #[track_caller]
    pub(super) fn assert_screen(&mut self, name: &str, columns: u16, rows: u16) {
        snapshot::assert_screen(name, &snapshot::print(&mut self.app, columns, rows));
    }
}

pub(super) fn presence(node: NodeId, anchor: usize, head: usize) -> Presence {
    let place = |offset| CursorPosition::new(0, 0, TextDocument::CONTAINER.to_owned(), offset);
    Presence {
        user: user_of(node),
        cursor: Some(place(head)),
        selection: (anchor != head).then(|| Selection::new(place(anchor), place(head))),
        typing: false,
        away: false,
    }
}

pub(super) fn row(node: NodeId) -> PeerRow {
    PeerRow {
        node,
        user: Some(user_of(node)),
        state: crate::PeerState::Connected,
        round_trip: Some(Duration::from_millis(3)),
        left: false,
        behind: false,
        progress: None,
        last_error: None,
    }
}
