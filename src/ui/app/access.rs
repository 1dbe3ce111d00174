//! Who may do what: knocks to be answered, members to be looked after, and whether we may write.
//!
//! A knock never takes a key: a line above the status line tells of it, and a key of its own opens
//! the question.

use super::{App, Effect, MessageKind};
use crate::{
    AccessEvent, AccessState, KnockAnswer, NodeId, Role, RosterMember, UserInfo,
    ui::dialog::{Dialog, KnockQuestion, Members, Share, WaitingQuestion},
};

/// News about who may do what.
#[derive(Clone, Debug)]
pub enum AccessNews {
    /// Something happened.
    Happened(AccessEvent),
    /// Who may do what now.
    State(AccessState),
    /// Everybody who knows our node id is let in.
    OpenToAnyone,
    /// The answer to [`AccessRequest::Invite`].
    Invited {
        /// What the other person types, with the ticket.
        command: String,
        /// What the ticket is good for, as a sentence.
        terms: String,
    },
}

/// What a person wants done about who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessRequest {
    /// Answer a knock.
    Answer(NodeId, KnockAnswer),
    /// Stop waiting for an answer.
    GiveUp(NodeId),
    /// Give a member another role.
    SetRole(NodeId, Role),
    /// Let a member let others in, or not any more.
    LetAdmit(NodeId, bool),
    /// End a membership.
    Kick(NodeId),
    /// Turn a node away from now on.
    Block(NodeId),
    /// Let a blocked node knock again.
    Unblock(NodeId),
    /// Make a ticket, and answer with [`AccessNews::Invited`].
    Invite(Role),
}

/// Who may do what, as far as the screen knows.
#[derive(Debug, Default)]
pub(super) struct AccessView {
    state: Option<AccessState>,
    open_to_anyone: bool,
    /// Who wants to come in, the first to knock first.
    knocks: Vec<(NodeId, UserInfo)>,
    /// Where we knocked, and who is asked there.
    waiting: Option<(NodeId, String)>,
}

/// What the line above the status line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnockLine {
    /// What stands before the name.
    pub(crate) before: &'static str,
    /// Who it is about. It is shortened before what is said of them is.
    pub(crate) name: String,
    /// What stands behind the name, and how to say it where room is short.
    pub(crate) after: [String; 2],
    /// The colour of who knocks, `#RRGGBB`.
    pub(crate) color: Option<String>,
    /// What the key for answers leads to, as a verb.
    pub(crate) key_does: &'static str,
}

/// One line of the list of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    /// Which replica.
    pub(crate) node: NodeId,
    /// Who that is, or the start of the node id.
    pub(crate) name: String,
    /// What it is. `None`: blocked.
    pub(crate) member: Option<RosterMember>,
    /// Whether that is ourselves.
    pub(crate) is_self: bool,
}

impl App {
    /// Whether what is typed here becomes part of the document.
    pub(crate) fn may_write(&self) -> bool {
        self.own_role() != Some(Role::Viewer)
    }

    /// What we are, if there is a list of members.
    pub(crate) fn own_role(&self) -> Option<Role> {
        let state = self.access.state.as_ref()?;
        state.roster.as_ref().map(|_| state.role)
    }

    /// What somebody is, if there is a list of members and they are on it.
    pub(crate) fn role_of(&self, node: NodeId) -> Option<Role> {
        let roster = self.access.state.as_ref()?.roster.as_ref()?;
        roster.statement.member(node).map(|member| member.role)
    }

    /// Whether everybody is let in who knows our node id.
    pub(crate) fn is_open_to_anyone(&self) -> bool {
        self.access.open_to_anyone
    }

    /// Whether somebody waits until we let them in.
    pub(crate) fn is_knocking(&self, node: NodeId) -> bool {
        self.access.knocks.iter().any(|(other, _)| *other == node)
    }

    /// Whether something waits for an answer.
    pub(super) fn has_knock_line(&self) -> bool {
        !self.access.knocks.is_empty() || self.access.waiting.is_some()
    }

    /// What waits for an answer, if anything does.
    pub(crate) fn knock_line(&self) -> Option<KnockLine> {
        if let Some((node, user)) = self.access.knocks.first() {
            let more = match self.access.knocks.len() {
                1 => String::new(),
                knocks => format!(" (and {} more)", knocks - 1),
            };
            return Some(KnockLine {
                before: "",
                name: user.name.clone(),
                after: [
                    format!(" {} wants to join{more}", node.short()),
                    format!(" wants to join{more}"),
                ],
                color: Some(user.color.clone()),
                key_does: "answers",
            });
        }
        let (_, asked) = self.access.waiting.as_ref()?;
        Some(KnockLine {
            before: "Waiting for ",
            name: asked.clone(),
            after: [" to let you in".to_owned(), String::new()],
            color: None,
            key_does: "gives up",
        })
    }

    /// Says that a viewer does not write. Returns whether we are one.
    pub(super) fn refuses_to_write(&mut self) -> bool {
        let refuses = !self.may_write();
        if refuses {
            self.reply(match self.role_of(self.node) {
                Some(_) => "You are a viewer here: you can read, not write",
                None => "You are not a member of this document: you can read, not write",
            });
        }
        refuses
    }

    pub(super) fn take_access_news(&mut self, news: AccessNews) {
        match news {
            AccessNews::Happened(event) => {
                let held = self.hold();
                self.access_event(event);
                self.settle(held);
            }
            AccessNews::State(state) => {
                self.access.state = Some(state);
                self.refresh_members();
            }
            AccessNews::OpenToAnyone => self.access.open_to_anyone = true,
            AccessNews::Invited { command, terms } => {
                self.copied_line = None;
                self.effects.push(Effect::Copy(command.clone()));
                self.reply("Command with the ticket copied");
                self.dialog = Some(Dialog::Share(Share::ticket(command, terms)));
            }
        }
    }

    fn access_event(&mut self, event: AccessEvent) {
        match event {
            AccessEvent::Knock { node, user } => {
                self.access.knocks.retain(|(other, _)| *other != node);
                self.access.knocks.push((node, user));
            }
            AccessEvent::KnockOver { node } => {
                self.access.knocks.retain(|(other, _)| *other != node);
                self.dialog
                    .take_if(|dialog| matches!(dialog, Dialog::Knock(knock) if knock.is_of(node)));
            }
            AccessEvent::Waiting { node, asked } => self.access.waiting = Some((node, asked)),
            AccessEvent::RosterChanged(_) => {}
            AccessEvent::RoleChanged { node, from, to } => self.role_changed(node, from, to),
        }
    }

    /// Whoever let us in or turned us away keeps us waiting no longer.
    pub(super) fn stop_waiting_for(&mut self, node: NodeId) {
        let held = self.hold();
        if self
            .access
            .waiting
            .take_if(|(asked, _)| *asked == node)
            .is_some()
        {
            self.settle(held);
            self.dialog
                .take_if(|dialog| matches!(dialog, Dialog::Waiting(_)));
        }
    }

    fn role_changed(&mut self, node: NodeId, from: Option<Role>, to: Option<Role>) {
        let own = node == self.node;
        let name = self.name_of(node);
        let sentence = match (own, from, to) {
            (true, None, Some(Role::Viewer)) => "You are a viewer here: you can read, not write",
            (true, Some(_), Some(Role::Viewer)) => "You can only read this document now",
            (true, Some(Role::Viewer), Some(_)) => "You can write in this document now",
            (true, Some(_), None) => "You are not a member of this document any more",
            (true, ..) => return,
            (false, Some(_), Some(role)) => {
                let words = format!("{name} is now {}", with_article(role));
                return self.notify(MessageKind::Info, words);
            }
            (false, Some(_), None) => {
                let how = match self.sends_away(node) {
                    true => "was sent away",
                    false => "is not a member any more",
                };
                let words = format!("{name} {how}");
                return self.notify(MessageKind::Info, words);
            }
            // That somebody joined is told anyway.
            (false, None, _) => return,
        };
        self.reply(sentence);
    }

    /// Whom we send away does not leave of their own accord.
    pub(super) fn expect_to_leave(&mut self, request: AccessRequest) {
        if let AccessRequest::Kick(node) | AccessRequest::Block(node) = request {
            self.sends_away(node);
        }
    }

    /// Notes that somebody is a member no more. Returns whether they were here when that began.
    fn sends_away(&mut self, node: NodeId) -> bool {
        self.people.get_mut(&node).is_some_and(|person| {
            person.sent_away |= person.is_connected();
            person.sent_away
        })
    }

    /// Opens the question that waits for an answer.
    pub(super) fn answer_knock(&mut self) {
        let may_block = self.own_role() == Some(Role::Owner);
        let title = self.name();
        if let Some((node, user)) = self.access.knocks.first() {
            let question = KnockQuestion::new(*node, user, &title, may_block);
            self.open(Dialog::Knock(question));
        } else if let Some((node, asked)) = &self.access.waiting {
            let question = WaitingQuestion::new(*node, asked);
            self.open(Dialog::Waiting(question));
        } else {
            self.reply("Nobody is waiting for an answer");
        }
    }

    /// Shows the members, and what can be done about them.
    pub(super) fn show_members(&mut self) {
        let rows = self.member_rows();
        if rows.is_empty() {
            return self.reply("This document has no list of members: everybody in it may write");
        }
        let governs = self.own_role() == Some(Role::Owner);
        self.open(Dialog::Members(Members::new(rows, governs)));
    }

    fn refresh_members(&mut self) {
        let rows = self.member_rows();
        if let Some(Dialog::Members(members)) = &mut self.dialog {
            members.update(rows);
        }
    }

    fn member_rows(&self) -> Vec<MemberRow> {
        let state = self.access.state.as_ref();
        let Some(roster) = state.and_then(|state| state.roster.as_ref()) else {
            return Vec::new();
        };
        let row = |node, member| MemberRow {
            node,
            name: self.name_of(node),
            member,
            is_self: node == self.node,
        };
        let roster = &roster.statement;
        let members = roster.members().iter();
        let mut rows: Vec<_> = members
            .map(|member| row(member.node, Some(*member)))
            .chain(roster.blocked().iter().map(|node| row(*node, None)))
            .collect();
        rows.sort_by_key(|row| (row.member.is_none(), !row.is_self, row.name.clone()));
        rows
    }

    fn name_of(&self, node: NodeId) -> String {
        if node == self.node {
            return self.user.name.clone();
        }
        self.people
            .get(&node)
            .map_or_else(|| node.short(), super::Person::name)
    }
}

/// Returns the word for a role as it stands in a sentence.
fn with_article(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Editor => "an editor",
        Role::Owner => "the owner",
    }
}
