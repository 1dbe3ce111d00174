//! Other documents than this one: opening, leaving, reading this one's file again.
//!
//! Knows of no tab but its own. It asks with [`Effect`]s for what concerns others, and is told with
//! events what came of it.

use super::{App, Effect};
use crate::ui::dialog::{Dialog, FolderEntry, OpenFile, RecentFile};

/// What a person leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// This document; others stay open.
    Document,
    /// The program, with all documents.
    Program,
}

/// What there is to choose a file from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileList {
    /// What is in a folder.
    Folder {
        /// As it was asked for.
        folder: String,
        /// In the order in which they are shown.
        entries: Vec<FolderEntry>,
    },
    /// The files that were open last, the last one first.
    Recent(Vec<RecentFile>),
}

impl App {
    /// Asks which file to open.
    pub(super) fn ask_open(&mut self) {
        let mut open = OpenFile::new();
        let wanted = open.wanted();
        self.open(Dialog::OpenFile(Box::new(open)));
        self.effects.push(Effect::ListRecent);
        self.effects.extend(wanted.map(Effect::ListFolder));
    }

    /// Takes in what there is to choose a file from.
    pub(super) fn list_files(&mut self, list: FileList) {
        match (&mut self.dialog, list) {
            (Some(Dialog::OpenFile(open)), FileList::Folder { folder, entries }) => {
                open.listed(&folder, entries);
            }
            (Some(Dialog::SaveAs(save_as)), FileList::Folder { folder, entries }) => {
                save_as.listed(&folder, entries);
            }
            (Some(Dialog::OpenFile(open)), FileList::Recent(recent)) => open.recent(recent),
            _ => {}
        }
    }

    /// The file that was asked for is open in another tab, or is not, for this reason.
    pub(super) fn opened(&mut self, problem: Option<String>) {
        match (&mut self.dialog, problem) {
            (Some(Dialog::OpenFile(open)), Some(sentence)) => open.fail(sentence),
            (Some(Dialog::OpenFile(_)), None) => self.dialog = None,
            (_, Some(sentence)) => self.complain(sentence),
            (_, None) => {}
        }
    }

    /// Quits, or asks what to do with unsaved changes.
    pub(super) fn quit(&mut self) {
        self.leave(Leave::Program);
    }

    /// Closes this document, or asks what to do with unsaved changes.
    pub(super) fn close(&mut self) {
        self.leave(Leave::Document);
    }

    fn leave(&mut self, leave: Leave) {
        self.leaving = leave;
        if self.modified() && !self.is_demonstration() {
            self.ask_quit(leave);
        } else {
            self.depart();
        }
    }

    /// Leaves what the person wanted to leave.
    pub(super) fn depart(&mut self) {
        self.effects.push(match self.leaving {
            Leave::Document => Effect::Close,
            Leave::Program => Effect::Quit,
        });
    }

    /// Saves and goes as soon as the text is on the disk.
    pub(super) fn save_and_go(&mut self) {
        self.go_once_saved = true;
        self.save();
    }

    /// The person thought better of it: what is saved next does not end anything.
    pub(super) fn stay(&mut self) {
        self.go_once_saved = false;
        self.effects.push(Effect::Stay);
    }

    /// Takes the text that is in the file, whatever was typed; undo brings that back.
    pub(super) fn reload(&mut self) {
        if self.path.is_none() {
            return self.complain(format!("{} has no file to read again", self.name()));
        }
        if self.refuses_edits() {
            return;
        }
        if !self.read_file_again() {
            self.complain(format!(
                "{} waits for the document you join, and is not read",
                self.name()
            ));
        }
    }

    /// What the window of the terminal is to be called.
    pub(crate) fn window_title(&self) -> String {
        let mark = if self.modified() { "*" } else { "" };
        format!("{}{mark} - copad", self.name())
    }

    /// Whether something else can take the place of this document: nobody wrote anything here.
    pub(crate) fn is_spare(&self) -> bool {
        self.is_blank() && self.people.is_empty() && !self.modified()
    }
}
