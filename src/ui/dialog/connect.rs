//! Joining somebody: a node id or a ticket to type or paste.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Form, FormEvent},
};
use crate::{NodeId, Ticket};

/// Asks for a node id or a ticket.
#[derive(Debug)]
pub(crate) struct Connect {
    pub(super) form: Form,
    own: NodeId,
}

impl Connect {
    /// Asks; `own` is the one that makes no sense.
    pub(crate) fn new(own: NodeId) -> Self {
        Self {
            form: Form::asking(
                "Connect",
                "Paste the node id or the ticket of the person whose document you want to join.",
                "",
                "Connect",
            ),
            own,
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
        self.form.paste(text.trim());
    }

    fn answer(&mut self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay | FormEvent::Edited => Answer::Stay,
            FormEvent::Pressed(0) => match check(self.form.text(), &self.own) {
                Ok(node) => Answer::Connect(node),
                Err(problem) => {
                    self.form.problem = Some(problem);
                    Answer::Stay
                }
            },
            FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
        }
    }
}

/// Returns the node id in lower case or the ticket, or what is wrong with it.
fn check(text: &str, own: &NodeId) -> Result<String, String> {
    let text = text.trim();
    if let Some(ticket) = ticket_in(text) {
        return match ticket.parse::<Ticket>() {
            Ok(_) => Ok(ticket),
            Err(error) => Err(format!("This does not work: {error}.")),
        };
    }
    // Whoever pastes the whole command means the id at its end.
    let id = text
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or(text)
        .to_lowercase();
    if id.is_empty() {
        return Err("Type or paste a node id first.".to_owned());
    }
    if let Some(other) = id.chars().find(|character| !character.is_ascii_hexdigit()) {
        return Err(format!(
            "A node id has only 0-9 and a-f, not \"{}\".",
            other.escape_debug()
        ));
    }
    match id.len() {
        64 if id == own.to_string() => Err("This is your own node id.".to_owned()),
        64 => Ok(id),
        digits => Err(format!("A node id has 64 digits; this has {digits}.")),
    }
}

/// Returns the ticket at the end of a text, which may be a whole command. Spaces and line breaks
/// inside it do not matter, so it begins where no command has the word.
fn ticket_in(text: &str) -> Option<String> {
    let start = text
        .rfind("--connect")
        .map_or(0, |at| at + "--connect".len());
    let rest: String = text[start..].split_whitespace().collect();
    let is_ticket = rest.len() > "copad".len() && rest.to_lowercase().starts_with("copad");
    is_ticket.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_ids_are_checked_before_anybody_is_dialled() {
        let own = NodeId([0xab; 32]);
        let other = "0F".repeat(32);
        for (text, expected) in [
            ("", Err("Type or paste a node id first.")),
            ("  ", Err("Type or paste a node id first.")),
            ("xyz", Err("A node id has only 0-9 and a-f, not \"x\".")),
            ("abc", Err("A node id has 64 digits; this has 3.")),
            (&"ab".repeat(32), Err("This is your own node id.")),
            (&other, Ok("0f".repeat(32))),
            (&format!("copad --connect {other} "), Ok("0f".repeat(32))),
        ] {
            assert_eq!(
                check(text, &own),
                expected.map_err(str::to_owned),
                "{text:?}"
            );
        }
    }
}
