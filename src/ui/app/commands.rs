//! What each command does.

use crossterm::event::KeyEvent;

use super::{App, Approach, Effect, movement::Motion};
use crate::{
    crdt::EditKind,
    ui::{command::Command, keymap::KeyPress},
};

impl App {
    /// Takes a key press to the dialog, to its command, or into the text.
    pub(super) fn key(&mut self, key: KeyEvent, press: KeyPress) {
        if self.ends_demonstration(press) {
            return self.quit();
        }
        if self.dialog.is_some() {
            self.sequence.give_up();
            return self.key_in_dialog(key, press);
        }
        self.search.stop_waiting();
        let Some(command) = self.command_of(press) else {
            return;
        };
        if self.end_following(command) {
            return;
        }
        match (command, press.text()) {
            (Some(command), _) => self.run(command),
            (None, Some(character)) => {
                self.insert(character.encode_utf8(&mut [0; 4]), EditKind::Type);
            }
            (None, None) => {}
        }
    }

    /// Carries out a command.
    pub(super) fn run(&mut self, command: Command) {
        if self.leads_away(command) {
            return;
        }
        match command {
            Command::Save => self.save(),
            Command::SaveAs => self.ask_save_as(),
            Command::Open => self.ask_open(),
            Command::New => self.effects.push(Effect::New),
            Command::Reload => self.reload(),
            Command::Close => self.close(),
            Command::NextTab => self.effects.push(Effect::Turn(1)),
            Command::PreviousTab => self.effects.push(Effect::Turn(-1)),
            Command::Quit => self.quit(),
            Command::Suspend => self.effects.push(Effect::Suspend),
            Command::Help => self.show_help(),
            Command::Palette => self.show_palette(),
            Command::Share => self.show_share(),
            Command::Connect => self.ask_connect(),
            Command::TogglePeers => self.toggle_peers(),
            Command::AnswerKnock => self.answer_knock(),
            Command::Members => self.show_members(),
            Command::GoOffline => self.toggle_offline(),
            Command::GoToPerson => self.approach(Approach::GoTo),
            Command::FollowPerson => self.approach(Approach::Follow),
            Command::CallEveryone => self.call_everyone(),
            Command::Rename => self.ask_name(),
            Command::ChangeColor => self.change_color(),
            Command::Conflicts => self.show_conflicts(),
            Command::Changes => self.list_changes(),
            Command::ForgetChanges => self.forget_changes(),
            Command::ToggleAuthors => self.toggle_authors(),
            Command::NextConflict => self.go_to_next_conflict(),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::Cut => self.cut(),
            Command::Copy => self.copy(),
            Command::Paste => self.request_paste(),
            Command::InsertNewline => self.insert_newline(),
            Command::InsertTab => self.insert_tab(),
            Command::DeleteBackward => self.delete_backward(),
            Command::DeleteForward => self.delete_forward(),
            Command::DeleteWordBackward => self.delete_word_backward(),
            Command::DeleteWordForward => self.delete_word_forward(),
            Command::Indent => self.indent(),
            Command::Outdent => self.outdent(),
            Command::DuplicateLines => self.duplicate_lines(),
            Command::MoveLinesUp => self.move_lines_up(),
            Command::MoveLinesDown => self.move_lines_down(),
            Command::DeleteLines => self.delete_lines(),
            Command::JoinLines => self.join_lines(),
            Command::ToggleComment => self.toggle_comment(),
            Command::Find => self.open_search(false),
            Command::FindNext => self.find_next(),
            Command::FindPrevious => self.find_previous(),
            Command::Replace => self.open_search(true),
            Command::GoToLine => self.ask_line(),
            Command::GoToBracket => self.go_to_bracket(),
            Command::MoveLeft => self.go(Motion::Left, false),
            Command::MoveRight => self.go(Motion::Right, false),
            Command::MoveUp => self.go(Motion::Up, false),
            Command::MoveDown => self.go(Motion::Down, false),
            Command::MoveWordLeft => self.go(Motion::WordLeft, false),
            Command::MoveWordRight => self.go(Motion::WordRight, false),
            Command::MoveLineStart => self.go(Motion::LineStart, false),
            Command::MoveLineEnd => self.go(Motion::LineEnd, false),
            Command::MovePageUp => self.go(Motion::PageUp, false),
            Command::MovePageDown => self.go(Motion::PageDown, false),
            Command::MoveDocumentStart => self.go(Motion::DocumentStart, false),
            Command::MoveDocumentEnd => self.go(Motion::DocumentEnd, false),
            Command::SelectAll => self.select_all(),
            Command::SelectWord => self.select_word(),
            Command::AddNextMatch => self.add_next_match(),
            Command::AddCaretAbove => self.add_caret(-1),
            Command::AddCaretBelow => self.add_caret(1),
            Command::SelectLine => self.select_line(),
            Command::SelectLeft => self.go(Motion::Left, true),
            Command::SelectRight => self.go(Motion::Right, true),
            Command::SelectUp => self.go(Motion::Up, true),
            Command::SelectDown => self.go(Motion::Down, true),
            Command::SelectWordLeft => self.go(Motion::WordLeft, true),
            Command::SelectWordRight => self.go(Motion::WordRight, true),
            Command::SelectLineStart => self.go(Motion::LineStart, true),
            Command::SelectLineEnd => self.go(Motion::LineEnd, true),
            Command::SelectPageUp => self.go(Motion::PageUp, true),
            Command::SelectPageDown => self.go(Motion::PageDown, true),
            Command::SelectDocumentStart => self.go(Motion::DocumentStart, true),
            Command::SelectDocumentEnd => self.go(Motion::DocumentEnd, true),
            Command::ToggleWrap => self.toggle_wrap(),
            Command::CycleLineNumbers => self.cycle_line_numbers(),
            Command::ToggleWhitespace => self.toggle_whitespace(),
            Command::ToggleReadOnly => self.toggle_read_only(),
            Command::ToggleHighlighting => self.toggle_highlighting(),
            Command::Redraw => self.effects.push(Effect::Redraw),
            Command::Cancel => self.cancel(),
        }
    }

    fn cancel(&mut self) {
        self.notice = None;
        if self.has_several() {
            return self.keep_one();
        }
        self.drop_selection();
    }

    fn toggle_peers(&mut self) {
        let held = self.hold();
        self.peers_wanted = Some(!self.peers_shown());
        self.settle(held);
    }

    fn toggle_wrap(&mut self) {
        let held = self.hold();
        self.wrap = !self.wrap;
        self.settle(held);
        self.reveal();
        let words = if self.wrap {
            "Long lines are wrapped"
        } else {
            "Long lines are not wrapped"
        };
        self.reply(words);
    }

    fn toggle_offline(&mut self) {
        self.offline = !self.offline;
        self.effects.push(Effect::Offline(self.offline));
        if self.offline {
            self.reply("You are offline; your edits are kept here");
        } else {
            self.reply("You are online again");
        }
    }
}
