//! What others did while the person was away, by author and place.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::ui::pane::words::{count, shorten};

/// Rows that are listed at most.
const LISTED: usize = 12;

/// The list.
#[derive(Debug)]
pub(crate) struct ChangeList {
    pub(super) form: Form,
}

impl ChangeList {
    /// Lists changes as (author, line, text), in this order.
    pub(crate) fn new(rows: &[(String, usize, String)]) -> Self {
        let mut paragraphs = vec![Paragraph::Gap];
        for (name, line, text) in rows.iter().take(LISTED) {
            let text: String = text
                .chars()
                .map(|c| {
                    if crate::ui::text::is_hidden(c) {
                        ' '
                    } else {
                        c
                    }
                })
                .collect();
            let text = shorten(text.trim(), 48);
            paragraphs.push(Paragraph::words(format!("{name}, line {line}: {text}")));
        }
        if rows.len() > LISTED {
            let more = count(rows.len() - LISTED, "more place");
            paragraphs.push(Paragraph::words(format!("and {more}")));
        }
        paragraphs.push(Paragraph::Gap);
        let buttons = vec![
            Button::without_key("Close"),
            Button::new("Take all as seen", 't'),
        ];
        Self {
            form: Form::new("Changed while you were away", paragraphs, buttons),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        answer(self.form.key(key))
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        answer(self.form.click(at))
    }
}

fn answer(event: FormEvent) -> Answer {
    match event {
        FormEvent::Stay | FormEvent::Edited => Answer::Stay,
        FormEvent::Pressed(1) => Answer::ForgetChanges,
        FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
    }
}
