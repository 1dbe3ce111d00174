//! Members come and go while the session runs: decrees of the owner, and what everybody else makes
//! of them.

use std::time::Duration;

use super::{Output, Session};
use crate::net::{
    access::{Act, Admission, MembershipError, Role, Roster, RosterMember, Signed},
    event::AccessEvent,
    message::{CloseReason, DeniedCode, Message, Part},
    node::NodeId,
    peer::Peer,
};

/// What the owner wants changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decree {
    /// A member, or a node that is to become one, has this role from now on.
    SetRole(NodeId, Role),
    /// A member may let others in from now on, or may not.
    LetAdmit(NodeId, bool),
    /// A member is none any more. It may knock again.
    Remove(NodeId),
    /// A node is turned away from now on.
    Block(NodeId),
    /// A node may knock again.
    Unblock(NodeId),
}

impl Session {
    /// Returns our own role; what nobody told us we are not.
    pub fn own_role(&self) -> Role {
        match &self.gate.membership {
            _ if self.gate.document_key.is_some() => Role::Owner,
            Some(membership) if membership.is_governed() => {
                membership.role_of(self.config.node).unwrap_or(Role::Viewer)
            }
            Some(_) | None => Role::Editor,
        }
    }

    /// Returns whether we may let others in.
    pub fn may_admit(&self) -> bool {
        self.gate.allows(self.config.node, Act::Admit)
    }

    /// Returns the newest list of members, if the document's owner keeps one.
    pub fn roster(&self) -> Option<&Signed<Roster>> {
        self.gate.membership.as_ref()?.roster()
    }

    /// Returns whether what is written here goes to others.
    pub(super) fn may_write(&self) -> bool {
        self.gate.allows(self.config.node, Act::Write)
    }

    /// Carries out what the owner wants; what others want is not done.
    pub(super) fn govern(&mut self, decree: Decree, now: Duration) {
        let roster = self
            .gate
            .membership
            .as_ref()
            .and_then(|membership| membership.roster());
        let (Some(key), Some(Signed { statement, .. })) = (&self.gate.document_key, roster) else {
            return;
        };
        let next = match decree {
            Decree::SetRole(node, role) => statement.with_member(RosterMember {
                node,
                role,
                may_admit: statement
                    .member(node)
                    .is_some_and(|member| member.may_admit && role == Role::Editor),
            }),
            Decree::LetAdmit(node, may_admit) => match statement.member(node) {
                Some(member) => statement.with_member(RosterMember {
                    may_admit,
                    ..member
                }),
                None => return,
            },
            Decree::Remove(node) | Decree::Unblock(node) => statement.without(node),
            Decree::Block(node) => statement.with_blocked(node),
        };
        match next {
            Ok(next) => {
                let signed = next.sign(key);
                // It is ours, and newer than all before it.
                let _ = self.take_roster(None, signed, now);
            }
            Err(error) => tracing::warn!("the list of members stays as it is: {error}"),
        }
    }

    /// Makes somebody a member who has just proved who it is, and lets it in.
    pub(super) fn admit(
        &mut self,
        node: NodeId,
        role: Role,
        may_admit: bool,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let Some(document) = self.config.document else {
            return Err(CloseReason::Protocol);
        };
        let role = role.min(Role::Editor);
        if let Some(key) = self.gate.document_key.clone() {
            self.govern(Decree::SetRole(node, role), now);
            if may_admit {
                self.govern(Decree::LetAdmit(node, true), now);
            }
            let epoch = self.epoch();
            let pass = Admission {
                document,
                node,
                role,
                may_admit,
                epoch,
                by: None,
            };
            self.gate.keep_pass(Signed::new(pass, &key));
        } else if let Some(key) = self.gate.node_key.clone() {
            let admission = Admission {
                document,
                node,
                role,
                may_admit: false,
                epoch: self.epoch(),
                by: Some(self.config.node),
            };
            let _ = self.take_admission(self.config.node, Signed::new(admission, &key));
        }
        if self.gate.allows(node, Act::Read) {
            return self.let_in(node, now);
        }
        let report = "it cannot become a member";
        self.refuse(node, DeniedCode::AskOwner, report, now);
        Ok(())
    }

    /// A peer sends a newer list of members.
    pub(super) fn newer_roster(
        &mut self,
        from: NodeId,
        roster: Signed<Roster>,
        now: Duration,
    ) -> Result<(), CloseReason> {
        self.open_link(from)?;
        self.take_roster(Some(from), roster, now)
            .map_err(|_| CloseReason::Protocol)
    }

    /// A peer tells that somebody was let in by a member.
    pub(super) fn admission(
        &mut self,
        from: NodeId,
        admission: Signed<Admission>,
        now: Duration,
    ) -> Result<(), CloseReason> {
        self.open_link(from)?;
        let Admission { node, role, .. } = admission.statement;
        match self.take_admission(from, admission) {
            // Our roster may be newer or older than that of whoever admitted: nobody did wrong.
            Ok(false) | Err(MembershipError::NoRight) => Ok(()),
            Ok(true) => {
                if self.gate.document_key.is_some() {
                    self.govern(Decree::SetRole(node, role), now);
                }
                Ok(())
            }
            Err(_) => Err(CloseReason::Protocol),
        }
    }

    /// Takes what a peer's welcome said about members.
    pub(super) fn learn_membership(
        &mut self,
        node: NodeId,
        roster: Option<Signed<Roster>>,
        admissions: Vec<Signed<Admission>>,
        now: Duration,
    ) -> Result<(), CloseReason> {
        for admission in &admissions {
            if admission.statement.node == self.config.node {
                self.gate.pass = Some(admission.clone());
            }
        }
        if let Some(roster) = roster {
            self.take_roster(Some(node), roster, now)
                .map_err(|_| CloseReason::Protocol)?;
        }
        for admission in admissions {
            // Those that our roster has taken up already, or does not know of yet, are left out.
            let _ = self.take_admission(node, admission);
        }
        // It may not be a member of the document that it has.
        if self.gate.allows(node, Act::Read) {
            Ok(())
        } else {
            Err(CloseReason::Denied)
        }
    }

    /// Takes a roster, passes it on, and sends those away who are on it no longer.
    fn take_roster(
        &mut self,
        from: Option<NodeId>,
        roster: Signed<Roster>,
        now: Duration,
    ) -> Result<(), MembershipError> {
        let Some(membership) = &mut self.gate.membership else {
            return Ok(());
        };
        let before = membership.clone();
        if !membership.take_roster(roster.clone())? {
            return Ok(());
        }
        self.outputs
            .push(Output::Access(AccessEvent::RosterChanged(Box::new(
                roster.clone(),
            ))));
        let receivers: Vec<_> = self
            .peers
            .iter()
            .filter(|peer| Some(peer.node()) != from)
            .filter_map(Peer::open_link)
            .map(|link| link.connection)
            .collect();
        for connection in receivers {
            self.send(connection, Message::Roster(Box::new(roster.clone())));
        }
        self.announce_roles(&before);
        self.send_outsiders_away(now);
        Ok(())
    }

    fn announce_roles(&mut self, before: &crate::net::access::Membership) {
        let Some(now) = &self.gate.membership else {
            return;
        };
        let members = now.roster().into_iter().chain(before.roster());
        let mut nodes: Vec<_> = members
            .flat_map(|roster| roster.statement.members())
            .map(|member| member.node)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        let changes: Vec<_> = nodes
            .into_iter()
            .map(|node| {
                let from = before.member(node).map(|member| member.role);
                (node, from, now.member(node).map(|member| member.role))
            })
            .filter(|(_, from, to)| from != to)
            .collect();
        for (node, from, to) in changes {
            let event = AccessEvent::RoleChanged { node, from, to };
            self.outputs.push(Output::Access(event));
        }
    }

    fn send_outsiders_away(&mut self, now: Duration) {
        for node in self.nodes() {
            let open = self
                .peers
                .get(&node)
                .is_some_and(|peer| peer.open_link().is_some());
            if open && !self.gate.allows(node, Act::Read) {
                let report = "it is no member any more";
                self.refuse(node, DeniedCode::Removed, report, now);
            }
        }
    }

    pub(super) fn take_admission(
        &mut self,
        from: NodeId,
        admission: Signed<Admission>,
    ) -> Result<bool, MembershipError> {
        let Some(membership) = &mut self.gate.membership else {
            return Ok(false);
        };
        let node = admission.statement.node;
        let before = membership.member(node).map(|member| member.role);
        if !membership.take_admission(admission.clone())? {
            return Ok(false);
        }
        let to = membership.member(node).map(|member| member.role);
        if before != to {
            let event = AccessEvent::RoleChanged {
                node,
                from: before,
                to,
            };
            self.outputs.push(Output::Access(event));
        }
        let receivers: Vec<_> = self
            .peers
            .iter()
            .filter(|peer| peer.node() != from)
            .filter_map(Peer::open_link)
            .map(|link| link.connection)
            .collect();
        for connection in receivers {
            self.send(connection, Message::Admission(Box::new(admission.clone())));
        }
        Ok(true)
    }

    /// Returns what is left of a part of an update: nothing, if its sender may not write. An empty
    /// one still counts as received, so that nothing is thought to be on its way for ever.
    pub(super) fn permitted(&self, node: NodeId, part: Part) -> Part {
        if self.gate.allows(node, Act::Write) {
            return part;
        }
        Part {
            updates: Vec::new(),
            ..part
        }
    }

    /// Returns whether a peer may speak for a participant who is not connected to us.
    pub(super) fn may_relay(&self, via: NodeId, author: NodeId) -> bool {
        self.gate.allows(via, Act::RelayPresence) && self.gate.allows(author, Act::Read)
    }

    /// Returns whether a list of members says that we are one.
    pub(super) fn is_member(&self) -> bool {
        let membership = self.gate.membership.as_ref();
        membership.is_some_and(|it| it.is_governed() && it.allows(self.config.node, Act::Read))
    }

    fn epoch(&self) -> u64 {
        self.gate
            .membership
            .as_ref()
            .map_or(0, |membership| membership.epoch())
    }
}
