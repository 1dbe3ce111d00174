//! Somebody wants to join, or we wait for somebody to let us in.
//!
//! Both open only when the person asks for them, so that no key that was meant for the text ends
//! up here.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::{KnockAnswer, NodeId, Role, UserInfo, ui::app::AccessRequest};

/// Asks what to do with somebody who knocks.
#[derive(Debug)]
pub(crate) struct KnockQuestion {
    pub(super) form: Form,
    node: NodeId,
}

impl KnockQuestion {
    /// Asks about this person. Only the owner may block.
    pub(crate) fn new(node: NodeId, user: &UserInfo, title: &str, may_block: bool) -> Self {
        let paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words(format!("{} wants to join {title}.", user.name)),
            Paragraph::Gap,
            Paragraph::SpareWords("The name is what they say of themselves. Their node id:".into()),
            Paragraph::Value(node.to_string()),
            Paragraph::Gap,
        ];
        let mut buttons = vec![
            Button::new("Let edit", 'e'),
            Button::new("Let view", 'v'),
            Button::new("Deny", 'd'),
        ];
        if may_block {
            buttons.push(Button::new("Deny and block", 'b'));
        }
        // Enter lets nobody in.
        Self {
            form: Form::new("Somebody knocks", paragraphs, buttons).with_focus(2),
            node,
        }
    }

    /// Whether this is about that node.
    pub(crate) fn is_of(&self, node: NodeId) -> bool {
        self.node == node
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
        let answer = match event {
            FormEvent::Stay | FormEvent::Edited => return Answer::Stay,
            FormEvent::Close => return Answer::Close,
            FormEvent::Pressed(0) => KnockAnswer::Admit(Role::Editor),
            FormEvent::Pressed(1) => KnockAnswer::Admit(Role::Viewer),
            FormEvent::Pressed(2) => KnockAnswer::Deny,
            FormEvent::Pressed(_) => KnockAnswer::Block,
        };
        Answer::Access(AccessRequest::Answer(self.node, answer))
    }
}

/// Asks whether to go on waiting.
#[derive(Debug)]
pub(crate) struct WaitingQuestion {
    pub(super) form: Form,
    node: NodeId,
}

impl WaitingQuestion {
    /// Asks; `asked` is who has to answer.
    pub(crate) fn new(node: NodeId, asked: &str) -> Self {
        let paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words(format!("{asked} is asked whether you may join.")),
            Paragraph::SpareWords(format!("Node id {}", node.short())),
            Paragraph::Gap,
        ];
        let buttons = vec![
            Button::new("Keep waiting", 'k'),
            Button::new("Give up", 'g'),
        ];
        Self {
            form: Form::new("Waiting", paragraphs, buttons),
            node,
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
            FormEvent::Pressed(0) | FormEvent::Close => Answer::Close,
            FormEvent::Pressed(_) => Answer::Access(AccessRequest::GiveUp(self.node)),
        }
    }
}
