//! Another name for oneself.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Form, FormEvent},
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
        Self {
            form: Form::asking(
                "Your name",
                "How others see you, until you close the document:",
                name,
                "Take this name",
            ),
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
            FormEvent::Stay | FormEvent::Edited => Answer::Stay,
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

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn what_was_wrong_is_forgotten_when_another_name_is_pasted() {
        let mut rename = Rename::new("");
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(rename.key(enter), Answer::Stay);
        assert!(rename.form.problem.is_some());
        rename.paste("Ada");
        assert_eq!(rename.form.problem, None);
        assert_eq!(rename.key(enter), Answer::Rename("Ada".to_owned()));
    }
}
