//! Opening dialogs, bringing them keys, and doing what they answer.

use std::path::Path;

use crossterm::event::{KeyEvent, MouseButton, MouseEventKind};
use ratatui::layout::Position;

use super::{App, Effect, ExistingFile, Leave, ShareInfo, event::FileChange, mouse::WHEEL};
use crate::ui::{
    command::Command,
    dialog::{
        Answer, ChangedQuestion, Connect, Dialog, ExistingQuestion, Help, QuitQuestion, SaveAs,
        Share,
    },
    keymap::KeyPress,
};

impl App {
    /// Shows every command with its keys.
    pub(super) fn show_help(&mut self) {
        self.open(Dialog::Help(Help::default()));
    }

    /// Shows how others can join.
    pub(super) fn show_share(&mut self) {
        let info = self.share.clone().unwrap_or_else(|| self.plain_share());
        let invites = self.own_role() == Some(crate::Role::Owner) && !self.is_open_to_anyone();
        self.open(Dialog::Share(Share::new(info, invites)));
    }

    /// Asks whom to join.
    pub(super) fn ask_connect(&mut self) {
        self.open(Dialog::Connect(Connect::new(self.node)));
    }

    /// Asks where to save.
    pub(super) fn ask_save_as(&mut self) {
        let proposal = match &self.path {
            Some(path) => path.display().to_string(),
            None => self.name(),
        };
        let mut save_as = SaveAs::new(&proposal);
        let wanted = save_as.wanted();
        self.open(Dialog::SaveAs(save_as));
        self.effects.extend(wanted.map(Effect::ListFolder));
    }

    /// Asks what to do with unsaved changes.
    pub(super) fn ask_quit(&mut self, leave: Leave) {
        let question = QuitQuestion::new(&self.name(), self.has_file(), leave);
        self.open(Dialog::Quit(question));
    }

    /// Asks what to do with a file that stands in the way of joining.
    pub(super) fn ask_existing(&mut self, file: ExistingFile) {
        self.open(Dialog::Existing(ExistingQuestion::new(&file)));
    }

    /// The text is on the disk: the question where to put it is answered.
    pub(super) fn close_save_as(&mut self) {
        self.dialog
            .take_if(|dialog| matches!(dialog, Dialog::SaveAs(_)));
    }

    /// Tells the person in the dialog why the text is not on the disk. Returns whether somebody
    /// asks there.
    pub(super) fn save_as_failed(&mut self, sentence: &str) -> bool {
        let save_as = match &mut self.dialog {
            Some(Dialog::SaveAs(save_as)) => save_as,
            Some(_) | None => return false,
        };
        save_as.fail(sentence);
        true
    }

    /// Tells the person in the dialog that there is a file of that name. Returns whether somebody
    /// asks there.
    pub(super) fn save_as_is_in_the_way(&mut self, path: &Path) -> bool {
        let save_as = match &mut self.dialog {
            Some(Dialog::SaveAs(save_as)) => save_as,
            Some(_) | None => return false,
        };
        save_as.is_in_the_way(path);
        true
    }

    /// Whether a dialog is open.
    pub(super) fn has_dialog(&self) -> bool {
        self.dialog.is_some()
    }

    /// Asks what to do with a file that changed where the text did.
    pub(super) fn ask_about_file(&mut self, change: &FileChange) {
        let question = ChangedQuestion::new(&self.name(), &change.meeting.clashes);
        self.open(Dialog::Changed(question));
    }

    /// Takes the question back: what it is about has changed.
    pub(super) fn close_file_question(&mut self) {
        self.dialog
            .take_if(|dialog| matches!(dialog, Dialog::Changed(_)));
    }

    /// Takes a key press to the dialog. The commands that make sense there keep their keys.
    pub(super) fn key_in_dialog(&mut self, key: KeyEvent, press: KeyPress) {
        match self.keymap.lookup(press) {
            Some(Command::Paste) => return self.request_paste(),
            Some(Command::Redraw) => return self.effects.push(Effect::Redraw),
            Some(Command::Suspend) => return self.effects.push(Effect::Suspend),
            Some(command @ (Command::NextTab | Command::PreviousTab)) => return self.run(command),
            Some(
                command @ (Command::Find
                | Command::Replace
                | Command::FindNext
                | Command::FindPrevious),
            ) if matches!(self.dialog, Some(Dialog::Search(_))) => return self.run(command),
            _ => {}
        }
        if let Some(dialog) = &mut self.dialog {
            let answer = dialog.key(key);
            self.answer(answer);
        }
    }

    pub(super) fn mouse_in_dialog(&mut self, kind: MouseEventKind, at: Position) {
        let Some(dialog) = &mut self.dialog else {
            return;
        };
        match kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let answer = dialog.click(at);
                self.answer(answer);
            }
            MouseEventKind::ScrollUp => dialog.scroll(-WHEEL),
            MouseEventKind::ScrollDown => dialog.scroll(WHEEL),
            MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight
            | MouseEventKind::Down(_)
            | MouseEventKind::Up(_)
            | MouseEventKind::Drag(_)
            | MouseEventKind::Moved => {}
        }
    }

    pub(super) fn paste_into_dialog(&mut self, text: &str) {
        if let Some(dialog) = &mut self.dialog {
            let answer = dialog.paste(text);
            self.answer(answer);
        }
    }

    /// Opens a dialog in place of the one that is open. A question about a file that stands in
    /// the way is put aside with "cancel" rather than forgotten.
    pub(super) fn open(&mut self, dialog: Dialog) {
        if let Some(Dialog::Existing(_)) = self.dialog.replace(dialog) {
            let cancel = super::Existing::Cancel;
            self.effects.push(Effect::AnswerExisting(cancel));
        }
        self.document.close_undo_group();
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Stay => {}
            Answer::Close => {
                let closed = self.dialog.take();
                self.stay();
                match closed {
                    Some(Dialog::Changed(_)) => self.put_off_file_question(),
                    Some(Dialog::Conflict(_)) => self.uncover(),
                    Some(Dialog::Search(_)) => self.search.stop_waiting(),
                    Some(_) | None => {}
                }
            }
            Answer::Copy(text, words) => {
                self.dialog = None;
                self.copied_line = None;
                self.effects.push(Effect::Copy(text));
                self.reply(words);
            }
            Answer::Access(request) => {
                self.dialog
                    .take_if(|dialog| !matches!(dialog, Dialog::Members(_)));
                self.expect_to_leave(request);
                self.effects.push(Effect::Access(request));
            }
            Answer::Connect(node) => {
                self.dialog = None;
                self.reply("Connecting…");
                self.effects.push(Effect::Connect(node));
            }
            Answer::SaveAs(path, replace) => {
                let own = self.path.as_ref() == Some(&path);
                self.request_save(path, replace || own, false);
            }
            Answer::SaveAndQuit => {
                self.dialog = None;
                self.save_and_go();
            }
            Answer::QuitWithoutSaving => {
                self.dialog = None;
                self.depart();
            }
            // It stays open until the file is.
            Answer::Open(path) => self.effects.push(Effect::Open(path)),
            Answer::ListFolder(folder) => self.effects.push(Effect::ListFolder(folder)),
            Answer::Search(answer) => self.answer_search(answer),
            Answer::GoTo(target) => {
                self.dialog = None;
                self.go_to(target);
            }
            Answer::Run(command) => {
                self.dialog = None;
                self.run(command);
            }
            Answer::Approach(node, approach) => {
                self.dialog = None;
                self.approach_person(node, approach);
            }
            Answer::Rename(name) => {
                self.dialog = None;
                self.rename(name);
            }
            Answer::ForgetChanges => {
                self.dialog = None;
                self.forget_changes();
            }
            Answer::Conflict(action) => self.act_on_conflict(action),
            Answer::Existing(existing) => {
                self.dialog = None;
                self.effects.push(Effect::AnswerExisting(existing));
            }
            Answer::File(answer) => {
                self.dialog = None;
                self.answer_file(answer);
            }
        }
    }

    /// What can be said of sharing before the network is up.
    fn plain_share(&self) -> ShareInfo {
        let node_id = self.node.to_string();
        ShareInfo {
            command: format!("copad --connect {node_id}"),
            node_id,
            reach: "The network is still starting; nobody can join yet.".to_owned(),
        }
    }
}
