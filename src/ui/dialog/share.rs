//! How others can join: the whole node id and the command to type.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::ui::app::ShareInfo;

/// Shows what another person needs.
#[derive(Debug)]
pub(crate) struct Share {
    pub(super) form: Form,
    info: ShareInfo,
}

impl Share {
    /// Shows this.
    pub(crate) fn new(info: ShareInfo) -> Self {
        let paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words("To join you, another person runs:"),
            Paragraph::Value(info.command.clone()),
            Paragraph::Gap,
            Paragraph::SpareWords("Your node id alone:".to_owned()),
            Paragraph::SpareValue(info.node_id.clone()),
            Paragraph::Gap,
            Paragraph::words(info.reach.clone()),
            Paragraph::Gap,
        ];
        let buttons = vec![
            Button {
                label: "Copy command",
                key: Some('c'),
            },
            Button {
                label: "Copy node id",
                key: Some('i'),
            },
            Button {
                label: "Close",
                key: None,
            },
        ];
        Self {
            form: Form::new("Share", paragraphs, buttons),
            info,
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
            FormEvent::Pressed(0) => Answer::Copy(self.info.command.clone(), "Command copied"),
            FormEvent::Pressed(1) => Answer::Copy(self.info.node_id.clone(), "Node id copied"),
            FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
        }
    }
}
