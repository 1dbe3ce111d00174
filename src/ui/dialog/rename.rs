//! Another name for oneself.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::ui::text::is_hidden;

/// The longest name, in characters.
const LONGEST: usize = 32;

/// Asks for a name.
#[derive(Debug)]
pub(crate) struct Rename {
    pub(super) form: Form,
}

impl Rename {
    /// Asks, and proposes the name that holds.
    pub(crate) fn new(name: &str) -> Self {
        let paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words("How others see you, until you close the document:"),
            Paragraph::Gap,
        ];
        let buttons = vec![
            Button {
                label: "Take this name",
                key: None,
            },
            Button {
                label: "Cancel",
                key: None,
            },
        ];
        Self {
            form: Form::new("Your name", paragraphs, buttons).with_input(name),
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

    pub(super) fn paste(&mut self, text: &str) {
        self.form.paste(text);
    }

    fn answer(&mut self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay => Answer::Stay,
            FormEvent::Edited => {
                self.form.problem = None;
                Answer::Stay
            }
            FormEvent::Pressed(0) => {
                let visible = self.form.text().chars().filter(|c| !is_hidden(*c));
                let name = visible.collect::<String>().trim().to_owned();
                if (1..=LONGEST).contains(&name.chars().count()) {
                    return Answer::Rename(name);
                }
                self.form.problem = Some(format!("A name has 1 to {LONGEST} characters."));
                Answer::Stay
            }
            FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
        }
    }
}
