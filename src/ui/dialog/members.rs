//! Who is a member of the document, and what the owner can do about each.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::{
    NodeId, Role, RosterMember,
    ui::{
        app::{AccessRequest, MemberRow},
        pane::words::{shorten, width},
    },
};

/// Members that are shown at once.
const ROWS: usize = 8;
/// Columns that a name may take.
const NAME: usize = 24;

/// Shows the members; one of them is chosen.
#[derive(Debug)]
pub(crate) struct Members {
    pub(super) form: Form,
    rows: Vec<MemberRow>,
    chosen: NodeId,
    /// Whether we own the document.
    governs: bool,
    /// What each button does, in their order.
    actions: Vec<AccessRequest>,
}

impl Members {
    /// Shows these; the first that is not ourselves is chosen. There is at least one.
    pub(crate) fn new(rows: Vec<MemberRow>, governs: bool) -> Self {
        let chosen = rows.iter().find(|row| !row.is_self).or(rows.first());
        let mut members = Self {
            form: Form::new("Members", Vec::new(), Vec::new()),
            chosen: chosen.map_or(NodeId([0; 32]), |row| row.node),
            rows,
            governs,
            actions: Vec::new(),
        };
        members.rebuild();
        members
    }

    /// Shows the members as they are now.
    pub(crate) fn update(&mut self, rows: Vec<MemberRow>) {
        self.rows = rows;
        if !self.rows.iter().any(|row| row.node == self.chosen)
            && let Some(first) = self.rows.first()
        {
            self.chosen = first.node;
        }
        self.rebuild();
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        match key.code {
            KeyCode::Up => self.choose(-1),
            KeyCode::Down => self.choose(1),
            _ => {
                let event = self.form.key(key);
                self.answer(event)
            }
        }
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        let event = self.form.click(at);
        self.answer(event)
    }

    fn answer(&self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay | FormEvent::Edited => Answer::Stay,
            FormEvent::Close => Answer::Close,
            FormEvent::Pressed(button) => match self.actions.get(button) {
                Some(action) => Answer::Access(*action),
                None => Answer::Close,
            },
        }
    }

    fn choose(&mut self, by: isize) -> Answer {
        let at = self.place();
        let next = at.saturating_add_signed(by).min(self.rows.len() - 1);
        self.chosen = self.rows[next].node;
        self.rebuild();
        Answer::Stay
    }

    fn place(&self) -> usize {
        self.rows
            .iter()
            .position(|row| row.node == self.chosen)
            .unwrap_or(0)
    }

    fn rebuild(&mut self) {
        let at = self.place();
        let first = at.saturating_sub(ROWS / 2);
        let first = first.min(self.rows.len().saturating_sub(ROWS));
        let names = self
            .rows
            .iter()
            .map(|row| width(&row.name).min(NAME))
            .max()
            .unwrap_or(0);
        let mut paragraphs = vec![Paragraph::Gap];
        for (index, row) in self.rows.iter().enumerate().skip(first).take(ROWS) {
            let line = line_of(row, names, index == at);
            paragraphs.push(if index == at {
                Paragraph::Value(line)
            } else {
                Paragraph::Words(line)
            });
        }
        if self.rows.len() > ROWS {
            let sentence = format!("{} in all", self.rows.len());
            paragraphs.push(Paragraph::SpareWords(sentence));
        }
        paragraphs.push(Paragraph::Gap);
        let (buttons, actions) = self.buttons();
        self.actions = actions;
        let last = buttons.len().saturating_sub(1);
        self.form = Form::new("Members", paragraphs, buttons).with_focus(last);
    }

    fn buttons(&self) -> (Vec<Button>, Vec<AccessRequest>) {
        let row = self.rows.get(self.place()).filter(|row| !row.is_self);
        let mut pairs = Vec::new();
        if let Some(row) = row.filter(|_| self.governs) {
            let node = row.node;
            match row.member {
                Some(RosterMember {
                    role, may_admit, ..
                }) => {
                    pairs.push(match role {
                        Role::Viewer => {
                            ("Let edit", 'e', AccessRequest::SetRole(node, Role::Editor))
                        }
                        Role::Editor | Role::Owner => {
                            ("Only view", 'v', AccessRequest::SetRole(node, Role::Viewer))
                        }
                    });
                    if role == Role::Editor {
                        let label = if may_admit {
                            "No inviting"
                        } else {
                            "May invite"
                        };
                        pairs.push((label, 'i', AccessRequest::LetAdmit(node, !may_admit)));
                    }
                    pairs.push(("Kick", 'k', AccessRequest::Kick(node)));
                    pairs.push(("Block", 'b', AccessRequest::Block(node)));
                }
                None => pairs.push(("Unblock", 'u', AccessRequest::Unblock(node))),
            }
        }
        let mut buttons: Vec<_> = pairs
            .iter()
            .map(|&(label, key, _)| Button::new(label, key))
            .collect();
        buttons.push(Button::without_key("Close"));
        let actions = pairs.into_iter().map(|(_, _, action)| action).collect();
        (buttons, actions)
    }
}

fn line_of(row: &MemberRow, names: usize, chosen: bool) -> String {
    let mark = if chosen { "▸" } else { " " };
    let name = shorten(&row.name, names);
    let gap = " ".repeat(names.saturating_sub(width(&name)) + 2);
    let you = if row.is_self { " (you)" } else { "" };
    let what = match row.member {
        None => "blocked".to_owned(),
        Some(member) if member.may_admit && member.role == Role::Editor => {
            "editor, may let others in".to_owned()
        }
        Some(member) => member.role.name().to_owned(),
    };
    // Spaces that a line break would swallow.
    format!("{mark} {name}{gap}{what}{you}").replace(' ', "\u{a0}")
}
