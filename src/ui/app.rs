//! The application without a terminal: what is on the screen, and what each event does to it.
//!
//! [`App::update`] takes an [`Event`] and the time and returns [`Effect`]s; [`App::draw`] puts the
//! state into a frame. Neither reads a file, a clock or a socket, so that every screen can be
//! tested with plain values.
//!
//! Every change of the text, whoever made it, goes through `App::follow`: the one place that
//! carries carets, selections and the scroll position over it.

mod access;
mod areas;
mod authors;
mod calls;
mod changes;
mod clipboard;
mod commands;
mod conflicts;
mod demonstration;
mod dialogs;
mod documents;
mod early;
mod editing;
mod event;
mod file_state;
mod files;
mod follow;
mod go_to;
mod highlighting;
mod lines;
mod mouse;
mod movement;
mod notice;
mod people;
mod scroll;
mod search;
mod sequence;
mod settings;
mod several;
mod standing;
mod together;
mod watching;
mod work;

#[cfg(test)]
mod tests;

use std::{cell::RefCell, collections::BTreeMap, ops::Range, path::PathBuf, time::Duration};

use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect, Size},
};
use ropey::Rope;

pub use self::access::{AccessNews, AccessRequest};
pub use self::documents::FileList;
pub use self::event::{
    Clock, Effect, Event, Existing, ExistingFile, FileLook, FileLookRequest, FileOnDisk,
    JournalState, LocalCaret, MessageKind, PeerRow, SaveError, SaveRequest, SavedFile, ShareInfo,
};
pub(crate) use self::{
    access::{KnockLine, MemberRow},
    areas::Areas,
    authors::AuthorStyles,
    documents::Leave,
    event::{FileChange, FileFound},
    notice::Notice,
    people::{Person, PersonState},
    scroll::is_on,
    sequence::Continuations,
    standing::{Others, Standing},
    together::Approach,
    watching::{FileAnswer, FileStanding},
};
use self::{highlighting::Highlighting, search::Search, settings::Settings};
pub use self::{
    highlighting::{Read, Reading},
    settings::{FileProperties, LineNumbers},
    work::{Job, Outcome},
};
pub use super::dialog::{FolderEntry, RecentFile};
use super::{
    config::Config,
    dialog::Dialog,
    keymap::{KeyPress, Keymap},
    pane,
    theme::Theme,
};
use crate::{
    NodeId, UserInfo,
    crdt::{TextDocument, TextFormat, TextSelection},
};

/// How long after a keystroke others are told that we type.
const TYPING: Duration = Duration::from_secs(3);

/// What an application starts with.
pub struct AppOptions {
    /// The document to edit.
    pub document: TextDocument,
    /// Where it is saved; `None` asks at the first save.
    pub path: Option<PathBuf>,
    /// How its file is written.
    pub format: TextFormat,
    /// What to call it while it has no path.
    pub title: String,
    /// Whether the file holds something else, so that there is something to save.
    pub modified: bool,
    /// What is in its file; `None` if it has no path.
    pub file: Option<FileOnDisk>,
    /// How things look.
    pub theme: Theme,
    /// Which key does what.
    pub keymap: Keymap,
    /// What the person configured.
    pub config: Config,
    /// Who we are.
    pub user: UserInfo,
    /// Under which id others find us.
    pub node: NodeId,
}

/// The whole state of the editor.
pub struct App {
    pub(crate) document: TextDocument,
    /// The main selection: the view follows it, and others see it.
    pub(crate) selection: TextSelection,
    several: several::Several,
    /// The column that moving up and down aims for.
    goal: Option<u16>,
    /// A character of the topmost visible row.
    pub(crate) top: usize,
    /// How many columns are hidden on the left, while lines are not wrapped.
    pub(crate) left: u16,
    pub(crate) wrap: bool,
    size: Size,
    /// Where the caret was drawn last, if it was visible.
    drawn_caret: Option<Position>,
    laid: RefCell<scroll::Laid>,

    path: Option<PathBuf>,
    format: TextFormat,
    title: String,
    version: u64,
    saved_version: u64,
    own_edits: u64,
    settled_edits: u64,
    /// What the person wants to leave, or last wanted to.
    leaving: documents::Leave,
    /// Whether they do once the text is saved.
    go_once_saved: bool,
    /// Why nothing may be changed.
    read_only: Option<String>,
    file: file_state::FileState,
    /// What waits for the document.
    deferred: early::Deferred,
    journal: JournalState,

    pub(crate) theme: Theme,
    pub(crate) keymap: Keymap,
    sequence: sequence::Begun,
    config: Config,
    pub(crate) settings: Settings,
    search: Search,
    highlighting: Highlighting,
    authorship: authors::Authorship,
    pub(crate) user: UserInfo,
    pub(crate) node: NodeId,
    share: Option<ShareInfo>,

    pub(crate) people: BTreeMap<NodeId, Person>,
    pub(crate) offline: bool,
    conflicts: conflicts::Conflicts,
    changes: changes::Changes,
    unsent_edits: usize,
    peers_wanted: Option<bool>,
    /// Whom we look over the shoulder.
    following: Option<NodeId>,
    calls: calls::Calls,
    /// Whether the hint for beginners is shown.
    greeting: bool,
    /// What is shown, in a demonstration.
    demonstrated: Option<String>,
    /// When somebody was at the keyboard last.
    acted: Duration,
    access: access::AccessView,

    dialog: Option<Dialog>,
    pub(crate) notice: Option<Notice>,
    press: Option<mouse::Press>,
    paste_target: Option<clipboard::PasteTarget>,
    /// The line that was copied whole, so that pasting it puts it above the caret's line.
    copied_line: Option<String>,

    pub(crate) now: Duration,
    typing_until: Option<Duration>,
    published: Option<LocalCaret>,
    window_title: Option<String>,
    effects: Vec<Effect>,
}

impl App {
    /// Opens the document with the caret at its start.
    pub fn new(options: AppOptions) -> Self {
        let version = u64::from(options.modified);
        let file = file_state::FileState::new(options.file, options.document.rope(), version);
        let rope = options.document.rope();
        Self {
            settings: Settings::new(&options.config, FileProperties::default(), rope),
            search: Search::default(),
            highlighting: Highlighting::new(options.config.highlight),
            authorship: authors::Authorship::default(),
            document: options.document,
            selection: TextSelection { anchor: 0, head: 0 },
            several: several::Several::default(),
            goal: None,
            top: 0,
            left: 0,
            wrap: options.config.wrap,
            size: Size::new(80, 24),
            drawn_caret: None,
            laid: RefCell::default(),
            path: options.path,
            format: options.format,
            title: options.title,
            version,
            saved_version: 0,
            own_edits: u64::from(options.modified),
            settled_edits: 0,
            leaving: documents::Leave::Program,
            go_once_saved: false,
            read_only: None,
            file,
            deferred: early::Deferred::default(),
            journal: JournalState::default(),
            theme: options.theme,
            keymap: options.keymap,
            sequence: sequence::Begun::default(),
            config: options.config,
            user: options.user,
            node: options.node,
            share: None,
            people: BTreeMap::new(),
            offline: false,
            conflicts: conflicts::Conflicts::default(),
            changes: changes::Changes::default(),
            unsent_edits: 0,
            peers_wanted: None,
            following: None,
            calls: calls::Calls::default(),
            greeting: false,
            demonstrated: None,
            acted: Duration::ZERO,
            access: access::AccessView::default(),
            dialog: None,
            notice: None,
            press: None,
            paste_target: None,
            copied_line: None,
            now: Duration::ZERO,
            typing_until: None,
            published: None,
            window_title: None,
            effects: Vec::new(),
        }
    }

    /// Takes in what happened and returns what has to be done about it, in this order.
    ///
    /// `now` is monotonic, since any fixed start, and the same clock that [`Self::next_tick`]
    /// speaks of.
    pub fn update(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        self.now = self.now.max(now);
        // Whatever the event means, it means it for the text as it is now; but an edit was worked
        // out for the text as it was shown, and is carried from there by the document.
        if !matches!(event, Event::Edit(_)) {
            self.take_in();
        }
        if matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Paste(_)) {
            self.act();
        }
        match event {
            Event::Key(key) => {
                self.file.press(self.now);
                if let Some(press) = KeyPress::from_event(&key) {
                    self.key(key, press);
                }
            }
            Event::Mouse(mouse) => {
                self.sequence.give_up();
                self.mouse(mouse);
            }
            Event::Paste(text) => {
                self.sequence.give_up();
                self.paste(&text);
            }
            Event::Resize(columns, rows) => self.resize(Size::new(columns, rows)),
            Event::FocusGained => {
                self.document.close_undo_group();
                // It was read just now.
                if !self.document.is_ahead() {
                    self.file_touched();
                }
            }
            Event::FocusLost => self.document.close_undo_group(),
            Event::Tick | Event::DocumentChanged => {}
            Event::Edit(delta) => self.edit_unasked(&delta),
            Event::Configured(told) => self.configure(told.0, told.1),
            Event::Worked(outcome) => self.worked(*outcome),
            Event::Peers(rows) => self.meet(rows),
            Event::Presence(event) => self.presence(*event),
            Event::Connection(event) => self.connection(&event),
            Event::Saved(result) => self.saved(result),
            Event::Clipboard(text) => self.clipboard(&text),
            Event::Message(kind, text) => self.notify(kind, text),
            Event::Joined { title } => self.joined(title),
            Event::Share(info) => {
                // It may be another than the one that the document was opened with.
                self.node = info.node_id.parse().unwrap_or(self.node);
                self.people.remove(&self.node);
                self.share = Some(info);
            }
            Event::Access(news) => self.take_access_news(*news),
            Event::Save => self.save(),
            Event::Quit => self.quit(),
            Event::Close => self.close(),
            Event::Opened(problem) => self.opened(problem),
            Event::Files(list) => self.list_files(list),
            Event::ReadOnly(why) => self.read_only = why,
            Event::AskExisting(file) => self.ask_existing(file),
            Event::FileTouched => self.file_touched(),
            Event::FileSeen(look) => self.file_seen(*look),
            Event::Prepared => self.prepared(),
            Event::EarlyStored => self.document.everything_is_stored(),
            Event::Journal(state) => self.journal = state,
            Event::Conflicts { open, clock } => self.conflicts(open, clock),
            Event::ConflictSettled { id, how, by } => self.conflict_settled(id, how, &by),
            Event::Met(reunion) => self.met(reunion),
            Event::Demonstrated(words) => self.demonstrated(words),
        }
        self.expire();
        self.keep_following();
        self.keep_counting();
        self.keep_highlighting();
        self.keep_authors();
        self.tend_file();
        self.offer_summary();
        self.see_changes();
        self.announce();
        std::mem::take(&mut self.effects)
    }

    /// Draws everything, and puts the terminal's cursor at the caret.
    pub fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        if let Some(position) = self.draw_into(area, frame.buffer_mut()) {
            frame.set_cursor_position(position);
        }
    }

    /// Draws everything. Returns where the caret is, if it is visible.
    pub(crate) fn draw_into(&mut self, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
        if screen.as_size() != self.size {
            self.resize(screen.as_size());
        }
        let areas = self.areas();
        let cursor = pane::document::draw(self, &areas, buffer);
        self.drawn_caret = cursor;
        let text = self.theme.is_plain().then(|| buffer.clone());
        if let Some(area) = areas.peers {
            pane::peers::draw(self, area, buffer);
        }
        pane::hint::draw(self, &areas, buffer);
        pane::elsewhere::draw(self, &areas, cursor, buffer);
        pane::status::draw(self, areas.status, buffer);
        pane::caption::draw(self, areas.caption, buffer);
        self.tell_search_bar();
        pane::banner::draw(self, areas.banner, buffer);
        pane::sequence::draw(self, &areas, buffer);
        let cursor = match &mut self.dialog {
            Some(dialog) => dialog.draw(areas.screen, buffer, &self.theme, &self.keymap),
            None => cursor,
        };
        if let Some(text) = text {
            self.take_out_symbols(areas.text, &text, buffer);
        }
        cursor
    }

    /// Leaves only ASCII on the screen, but for the text itself: what was drawn over it since is
    /// not a part of it.
    fn take_out_symbols(&self, place: Rect, text: &Buffer, buffer: &mut Buffer) {
        let drawn = buffer.area;
        for position in drawn.positions() {
            if !place.contains(position) || buffer[position] != text[position] {
                let cell = Rect::new(position.x, position.y, 1, 1);
                self.theme.plain(cell, buffer);
            }
        }
    }

    /// When [`Event::Tick`] is due at the latest, on the clock of [`Self::update`].
    pub fn next_tick(&self) -> Option<Duration> {
        let notice = self.notice.as_ref().map(|notice| notice.until);
        let label = self
            .people
            .values()
            .flat_map(|person| {
                [
                    person.label_until(self.now),
                    person.label_fades_at(self.now),
                ]
            })
            .flatten();
        notice
            .into_iter()
            .chain(self.typing_until)
            .chain(self.meetings_until())
            .chain(self.file_tick())
            .chain(label)
            .chain(self.away_at())
            .chain(self.sequence.due(self.now))
            .min()
    }

    /// The document, for whoever has to turn positions into lines.
    pub fn document(&self) -> &TextDocument {
        &self.document
    }

    /// The text as it is shown.
    pub(crate) fn rope(&self) -> &Rope {
        self.document.rope()
    }

    /// The characters that are selected.
    pub(crate) fn selected(&self) -> Range<usize> {
        let TextSelection { anchor, head } = self.selection;
        anchor.min(head)..anchor.max(head)
    }

    fn resize(&mut self, size: Size) {
        let held = self.hold();
        self.size = size;
        self.settle(held);
    }

    /// Ends what lasts only for a while.
    fn expire(&mut self) {
        let now = self.now;
        self.typing_until = self.typing_until.filter(|until| now < *until);
        self.notice.take_if(|notice| notice.until <= now);
    }

    /// Tells the others where we are, and the terminal what to call its window, if that changed.
    fn announce(&mut self) {
        let caret = LocalCaret {
            selection: self.selection,
            typing: self.typing_until.is_some(),
            away: self.is_away(),
        };
        if self.published != Some(caret) {
            self.published = Some(caret);
            self.effects.push(Effect::Publish(caret));
        }
        let title = self.window_title();
        if self.window_title.as_ref() != Some(&title) {
            self.window_title = Some(title.clone());
            self.effects.push(Effect::SetTitle(title));
        }
    }
}
