//! How others can join: the whole node id and the command to type, or a ticket.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::{
    Role,
    ui::app::{AccessRequest, ShareInfo},
};

/// Shows what another person needs.
#[derive(Debug)]
pub(crate) struct Share {
    pub(super) form: Form,
    /// What the buttons do, in their order; the last one closes the dialog.
    answers: Vec<Answer>,
}

impl Share {
    /// Shows how to join without a ticket. `invites`: we may make tickets.
    pub(crate) fn new(info: ShareInfo, invites: bool) -> Self {
        let mut paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words("To join you, another person runs:"),
            Paragraph::Value(info.command.clone()),
            Paragraph::Gap,
            Paragraph::SpareWords("Your node id alone:".to_owned()),
            Paragraph::SpareValue(info.node_id.clone()),
            Paragraph::Gap,
            Paragraph::words(info.reach.clone()),
        ];
        let mut buttons = vec![
            Button::new("Copy command", 'c'),
            Button::new("Copy node id", 'i'),
        ];
        let mut answers = vec![
            Answer::Copy(info.command, "Command copied"),
            Answer::Copy(info.node_id, "Node id copied"),
        ];
        if invites {
            let sentence = "You are asked before they come in. With a ticket they are let in:";
            paragraphs.push(Paragraph::SpareWords(sentence.to_owned()));
            buttons.push(Button::new("Ticket to edit", 'e'));
            buttons.push(Button::new("Ticket to view", 'v'));
            for role in [Role::Editor, Role::Viewer] {
                answers.push(Answer::Access(AccessRequest::Invite(role)));
            }
        }
        paragraphs.push(Paragraph::Gap);
        Self::with(paragraphs, buttons, answers)
    }

    /// Shows a ticket that was just made; `terms` is a sentence about it.
    pub(crate) fn ticket(command: String, terms: String) -> Self {
        let paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words("To come in without being asked about, another person runs:"),
            Paragraph::Value(command.clone()),
            Paragraph::Gap,
            Paragraph::words(terms),
            Paragraph::SpareWords(
                "Whoever finds the ticket can use it, while this document is open here.".to_owned(),
            ),
            Paragraph::Gap,
        ];
        let buttons = vec![Button::new("Copy command", 'c')];
        let answers = vec![Answer::Copy(command, "Command with the ticket copied")];
        Self::with(paragraphs, buttons, answers)
    }

    fn with(paragraphs: Vec<Paragraph>, mut buttons: Vec<Button>, answers: Vec<Answer>) -> Self {
        buttons.push(Button::without_key("Close"));
        Self {
            form: Form::new("Share", paragraphs, buttons),
            answers,
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let event = self.form.key(key);
        self.answer(event)
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        let event = self.form.click(at);
        self.answer(event)
    }

    fn answer(&self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay | FormEvent::Edited => Answer::Stay,
            FormEvent::Pressed(button) => {
                let answer = self.answers.get(button).cloned();
                answer.unwrap_or(Answer::Close)
            }
            FormEvent::Close => Answer::Close,
        }
    }
}
