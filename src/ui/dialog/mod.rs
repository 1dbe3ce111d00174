//! What opens above the text and takes the keys until it is closed.
//!
//! A dialog knows its own words and answers; what an answer does is the application's business.

mod connect;
mod existing;
mod form;
mod help;
mod knock;
mod members;
mod quit;
mod save_as;
mod share;

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

pub(crate) use self::{
    connect::Connect,
    existing::ExistingQuestion,
    help::Help,
    knock::{KnockQuestion, WaitingQuestion},
    members::Members,
    quit::QuitQuestion,
    save_as::SaveAs,
    share::Share,
};
use super::{keymap::Keymap, theme::Theme};
use crate::ui::app::{AccessRequest, Existing};

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
    /// Save, then quit.
    SaveAndQuit,
    /// Quit, and let the changes go.
    QuitWithoutSaving,
    /// What to do with the file that stands in the way.
    Existing(Existing),
}

/// The dialog that is open.
#[derive(Debug)]
pub(crate) enum Dialog {
    Share(Share),
    Connect(Connect),
    Help(Help),
    Quit(QuitQuestion),
    SaveAs(SaveAs),
    Existing(ExistingQuestion),
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
            Self::SaveAs(save_as) => save_as.key(key),
            Self::Existing(question) => question.key(key),
            Self::Knock(question) => question.key(key),
            Self::Waiting(question) => question.key(key),
            Self::Members(members) => members.key(key),
        }
    }

    /// Takes pasted text; dialogs without a line to fill in drop it.
    pub(crate) fn paste(&mut self, text: &str) {
        match self {
            Self::Connect(connect) => connect.paste(text),
            Self::SaveAs(save_as) => save_as.paste(text),
            Self::Share(_)
            | Self::Help(_)
            | Self::Quit(_)
            | Self::Existing(_)
            | Self::Knock(_)
            | Self::Waiting(_)
            | Self::Members(_) => {}
        }
    }

    /// Takes a click of the left button.
    pub(crate) fn click(&mut self, at: Position) -> Answer {
        match self {
            Self::Share(share) => share.click(at),
            Self::Connect(connect) => connect.click(at),
            Self::Help(help) => help.click(at),
            Self::Quit(question) => question.click(at),
            Self::SaveAs(save_as) => save_as.click(at),
            Self::Existing(question) => question.click(at),
            Self::Knock(question) => question.click(at),
            Self::Waiting(question) => question.click(at),
            Self::Members(members) => members.click(at),
        }
    }

    /// Takes the wheel; positive is downwards.
    pub(crate) fn scroll(&mut self, rows: isize) {
        match self {
            Self::Help(help) => help.scroll(rows),
            Self::Share(_)
            | Self::Connect(_)
            | Self::Quit(_)
            | Self::SaveAs(_)
            | Self::Existing(_)
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
            Self::SaveAs(save_as) => save_as.form.draw(screen, buffer, theme),
            Self::Existing(question) => question.form.draw(screen, buffer, theme),
            Self::Knock(question) => question.form.draw(screen, buffer, theme),
            Self::Waiting(question) => question.form.draw(screen, buffer, theme),
            Self::Members(members) => members.form.draw(screen, buffer, theme),
        }
    }
}
