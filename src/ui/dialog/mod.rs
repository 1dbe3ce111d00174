//! What opens above the text and takes the keys until it is closed.
//!
//! A dialog knows its own words and answers; what an answer does is the application's business.

mod changed;
mod changes;
mod completion;
mod conflict;
mod connect;
mod existing;
mod form;
mod go_to;
mod help;
mod input;
mod knock;
mod list;
mod members;
mod open_file;
mod palette;
mod people;
mod quit;
mod rename;
mod save_as;
mod search_bar;
mod share;

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

pub(crate) use self::{
    changed::ChangedQuestion,
    changes::ChangeList,
    conflict::{Card, ConflictAction, ConflictDialog, clean_name, lasting},
    connect::Connect,
    existing::ExistingQuestion,
    go_to::{GoTo, GoToLine},
    help::Help,
    knock::{KnockQuestion, WaitingQuestion},
    members::Members,
    open_file::OpenFile,
    palette::Palette,
    people::{PeopleList, PersonEntry},
    quit::QuitQuestion,
    rename::Rename,
    save_as::SaveAs,
    search_bar::{SearchAnswer, SearchBar},
    share::Share,
};
pub use self::{completion::FolderEntry, open_file::RecentFile};
use super::{command::Command, keymap::Keymap, theme::Theme};
use crate::{
    NodeId,
    ui::app::{AccessRequest, Approach, Existing, FileAnswer},
};

/// What a dialog wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing; it stays open.
    Stay,
    /// Nothing; it can go.
    Close,
    /// Put this on the clipboard, and say so with these words.
    Copy(String, &'static str),
    /// Let somebody in, or change what they may do.
    Access(AccessRequest),
    /// Join the document behind this node id or ticket.
    Connect(String),
    /// Write the text here; a file in that place may be replaced if the flag says so.
    SaveAs(PathBuf, bool),
    /// Open this file, as it was typed; it stays open until that is done.
    Open(PathBuf),
    /// List this folder, as it was typed.
    ListFolder(String),
    /// Save, then quit.
    SaveAndQuit,
    /// Quit, and let the changes go.
    QuitWithoutSaving,
    /// What to do with the file that stands in the way.
    Existing(Existing),
    /// What the line to search with asks for; it stays open.
    Search(SearchAnswer),
    /// Go to this line.
    GoTo(GoTo),
    /// Carry out this command.
    Run(Command),
    /// Go to this person, or follow them.
    Approach(NodeId, Approach),
    /// Be seen under this name.
    Rename(String),
    /// Take all that others did as seen.
    ForgetChanges,
    /// What to do with a file that changed where the text did.
    File(FileAnswer),
    /// Something about a conflict.
    Conflict(ConflictAction),
}

/// The dialog that is open.
#[derive(Debug)]
pub(crate) enum Dialog {
    Share(Share),
    Connect(Connect),
    Help(Help),
    Quit(QuitQuestion),
    OpenFile(Box<OpenFile>),
    SaveAs(SaveAs),
    Existing(ExistingQuestion),
    Search(Box<SearchBar>),
    GoToLine(GoToLine),
    Palette(Palette),
    People(PeopleList),
    Rename(Rename),
    Changed(ChangedQuestion),
    Conflict(Box<ConflictDialog>),
    Changes(ChangeList),
    Knock(KnockQuestion),
    Waiting(WaitingQuestion),
    Members(Members),
}

impl Dialog {
    /// Takes a key press. Every key press is taken; none goes on to the text.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Answer {
        match self {
            Self::Share(share) => share.key(key),
            Self::Connect(connect) => connect.key(key),
            Self::Help(help) => help.key(key),
            Self::Quit(question) => question.key(key),
            Self::OpenFile(open) => open.key(key),
            Self::SaveAs(save_as) => save_as.key(key),
            Self::Existing(question) => question.key(key),
            Self::Search(bar) => bar.key(key),
            Self::GoToLine(go_to) => go_to.key(key),
            Self::Palette(palette) => palette.key(key),
            Self::People(list) => list.key(key),
            Self::Rename(rename) => rename.key(key),
            Self::Changed(question) => question.key(key),
            Self::Conflict(conflict) => conflict.key(key),
            Self::Changes(changes) => changes.key(key),
            Self::Knock(question) => question.key(key),
            Self::Waiting(question) => question.key(key),
            Self::Members(members) => members.key(key),
        }
    }

    /// Takes pasted text; dialogs without a line to fill in drop it.
    pub(crate) fn paste(&mut self, text: &str) -> Answer {
        match self {
            Self::Connect(connect) => connect.paste(text),
            Self::OpenFile(open) => return open.paste(text),
            Self::SaveAs(save_as) => return save_as.paste(text),
            Self::Search(bar) => return bar.paste(text),
            Self::GoToLine(go_to) => go_to.paste(text),
            Self::Palette(palette) => palette.paste(text),
            Self::Rename(rename) => rename.paste(text),
            Self::Conflict(conflict) => conflict.paste(text),
            Self::Share(_)
            | Self::Help(_)
            | Self::Quit(_)
            | Self::Existing(_)
            | Self::People(_)
            | Self::Changes(_)
            | Self::Changed(_)
            | Self::Knock(_)
            | Self::Waiting(_)
            | Self::Members(_) => {}
        }
        Answer::Stay
    }

    /// Takes a click of the left button.
    pub(crate) fn click(&mut self, at: Position) -> Answer {
        match self {
            Self::Share(share) => share.click(at),
            Self::Connect(connect) => connect.click(at),
            Self::Help(help) => help.click(at),
            Self::Quit(question) => question.click(at),
            Self::OpenFile(open) => open.click(at),
            Self::SaveAs(save_as) => save_as.click(at),
            Self::Existing(question) => question.click(at),
            Self::Search(bar) => bar.click(at),
            Self::GoToLine(go_to) => go_to.click(at),
            Self::Palette(palette) => palette.click(at),
            Self::People(list) => list.click(at),
            Self::Rename(rename) => rename.click(at),
            Self::Changed(question) => question.click(at),
            Self::Conflict(conflict) => conflict.click(at),
            Self::Changes(changes) => changes.click(at),
            Self::Knock(question) => question.click(at),
            Self::Waiting(question) => question.click(at),
            Self::Members(members) => members.click(at),
        }
    }

    /// Takes the wheel; positive is downwards.
    pub(crate) fn scroll(&mut self, rows: isize) {
        match self {
            Self::Help(help) => help.scroll(rows),
            Self::Palette(palette) => palette.scroll(rows),
            Self::OpenFile(open) => open.scroll(rows),
            Self::People(list) => list.scroll(rows),
            Self::Conflict(conflict) => conflict.scroll(rows),
            Self::Share(_)
            | Self::Connect(_)
            | Self::Quit(_)
            | Self::SaveAs(_)
            | Self::Changes(_)
            | Self::Existing(_)
            | Self::Search(_)
            | Self::GoToLine(_)
            | Self::Rename(_)
            | Self::Changed(_)
            | Self::Knock(_)
            | Self::Waiting(_)
            | Self::Members(_) => {}
        }
    }

    /// Draws the dialog over the screen. Returns where the caret stands, if in a line.
    pub(crate) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
        keymap: &Keymap,
    ) -> Option<Position> {
        match self {
            Self::Share(share) => share.form.draw(screen, buffer, theme),
            Self::Connect(connect) => connect.form.draw(screen, buffer, theme),
            Self::Help(help) => {
                help.draw(screen, buffer, theme, keymap);
                None
            }
            Self::Quit(question) => question.form.draw(screen, buffer, theme),
            Self::OpenFile(open) => open.draw(screen, buffer, theme),
            Self::SaveAs(save_as) => save_as.form.draw(screen, buffer, theme),
            Self::Existing(question) => question.form.draw(screen, buffer, theme),
            Self::Search(bar) => bar.draw(buffer, theme),
            Self::GoToLine(go_to) => go_to.form.draw(screen, buffer, theme),
            Self::Palette(palette) => palette.draw(screen, buffer, theme, keymap),
            Self::People(list) => {
                list.draw(screen, buffer, theme);
                None
            }
            Self::Rename(rename) => rename.form.draw(screen, buffer, theme),
            Self::Changed(question) => question.form.draw(screen, buffer, theme),
            Self::Conflict(conflict) => conflict.draw(screen, buffer, theme),
            Self::Changes(changes) => changes.form.draw(screen, buffer, theme),
            Self::Knock(question) => question.form.draw(screen, buffer, theme),
            Self::Waiting(question) => question.form.draw(screen, buffer, theme),
            Self::Members(members) => members.form.draw(screen, buffer, theme),
        }
    }
}
