//! What a replica knows about who may do what: the newest roster and the admissions beside it.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Act, Admission, Role, Roster, RosterMember, Signed, roster::MAX_ROSTER};
use crate::net::node::{DocumentId, NodeId};

/// Why a roster or an admission is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MembershipError {
    /// It is about another document.
    #[error("it is about another document")]
    OtherDocument,
    /// Its signature is not that of whoever must have signed it.
    #[error("its signature is not right")]
    Forged,
    /// It holds what no program writes.
    #[error("it makes no sense")]
    Unsound,
    /// Whoever made the admission may not admit, or not in this way.
    #[error("whoever let the node in may not do so")]
    NoRight,
}

/// Who may do what with one document, as far as this replica knows.
#[derive(Clone, Debug)]
pub struct Membership {
    document: DocumentId,
    roster: Option<Signed<Roster>>,
    admissions: BTreeMap<NodeId, Signed<Admission>>,
}

impl Membership {
    /// Knows nothing: the document is open until a roster comes.
    pub fn new(document: DocumentId) -> Self {
        Self {
            document,
            roster: None,
            admissions: BTreeMap::new(),
        }
    }

    /// Returns the document.
    pub fn document(&self) -> DocumentId {
        self.document
    }

    /// Returns the newest roster.
    pub fn roster(&self) -> Option<&Signed<Roster>> {
        self.roster.as_ref()
    }

    /// Returns the admissions that no roster has taken up yet.
    pub fn admissions(&self) -> impl Iterator<Item = &Signed<Admission>> {
        self.admissions.values()
    }

    /// Returns the newest roster's epoch; 0 without one.
    pub fn epoch(&self) -> u64 {
        self.roster
            .as_ref()
            .map_or(0, |roster| roster.statement.epoch())
    }

    /// Returns whether there is a roster, so that who is not on it may do nothing.
    pub fn is_governed(&self) -> bool {
        self.roster.is_some()
    }

    /// Takes a roster, if it is newer. Returns whether it was.
    ///
    /// # Errors
    ///
    /// Fails when it is not the document's owner's; everything stays as it was then.
    pub fn take_roster(&mut self, roster: Signed<Roster>) -> Result<bool, MembershipError> {
        if roster.statement.document() != self.document {
            return Err(MembershipError::OtherDocument);
        }
        // Checking a signature costs more than everything else; an old roster is not worth it.
        if roster.statement.epoch() <= self.epoch() {
            return Ok(false);
        }
        if !roster.statement.is_sound() {
            return Err(MembershipError::Unsound);
        }
        if !roster.is_by(&self.document.0) {
            return Err(MembershipError::Forged);
        }
        let epoch = roster.statement.epoch();
        self.roster = Some(roster);
        // What goes with an older roster has no right to count on; see `Admission`.
        self.admissions.retain(|_, Signed { statement, .. }| {
            statement.by.is_none() && statement.epoch > epoch
        });
        Ok(true)
    }

    /// Takes an admission, if it says something new. Returns whether it does.
    ///
    /// # Errors
    ///
    /// Fails when whoever signed it may not let anybody in; everything stays as it was then.
    pub fn take_admission(
        &mut self,
        admission: Signed<Admission>,
    ) -> Result<bool, MembershipError> {
        let Admission { node, document, .. } = admission.statement;
        if document != self.document {
            return Err(MembershipError::OtherDocument);
        }
        let known = self.admissions.get(&node);
        if known == Some(&admission) || self.is_superseded(&admission.statement) {
            return Ok(false);
        }
        self.has_right(&admission.statement)?;
        if !admission.is_by(&admission.statement.signer()) {
            return Err(MembershipError::Forged);
        }
        let by_owner = |admission: &Signed<Admission>| admission.statement.by.is_none();
        if known.is_some_and(|known| by_owner(known) && !by_owner(&admission))
            || (known.is_none() && self.admissions.len() >= MAX_ROSTER)
        {
            return Ok(false);
        }
        self.admissions.insert(node, admission);
        Ok(true)
    }

    /// Returns a member's entry: on the roster, or by an admission.
    pub fn member(&self, node: NodeId) -> Option<RosterMember> {
        let roster = &self.roster.as_ref()?.statement;
        if roster.is_blocked(node) {
            return None;
        }
        let admitted = self.admissions.get(&node).map(|admission| {
            let Admission {
                role, may_admit, ..
            } = admission.statement;
            RosterMember {
                node,
                role,
                may_admit,
            }
        });
        admitted.or_else(|| roster.member(node))
    }

    /// Returns what somebody is to the document. In an open one everybody is an editor.
    pub fn role_of(&self, node: NodeId) -> Option<Role> {
        if !self.is_governed() {
            return Some(Role::Editor);
        }
        self.member(node).map(|member| member.role)
    }

    /// Returns whether somebody may do something. In an open document everybody may read, write
    /// and admit.
    pub fn allows(&self, node: NodeId, act: Act) -> bool {
        if !self.is_governed() {
            return act.is_allowed(Role::Editor, true);
        }
        self.member(node)
            .is_some_and(|member| act.is_allowed(member.role, member.may_admit))
    }

    /// Returns whether a node is turned away without a question.
    pub fn is_blocked(&self, node: NodeId) -> bool {
        self.roster
            .as_ref()
            .is_some_and(|roster| roster.statement.is_blocked(node))
    }

    /// A newer roster speaks for itself, and so does one that names the node already.
    fn is_superseded(&self, admission: &Admission) -> bool {
        let Some(roster) = self.roster.as_ref().map(|signed| &signed.statement) else {
            return false;
        };
        let epoch = roster.epoch();
        admission.epoch < epoch
            || (admission.by.is_none() && admission.epoch == epoch)
            || (admission.by.is_some() && roster.member(admission.node).is_some())
    }

    fn has_right(&self, admission: &Admission) -> Result<(), MembershipError> {
        if admission.role == Role::Owner {
            return Err(MembershipError::NoRight);
        }
        let Some(by) = admission.by else {
            return Ok(());
        };
        let roster = self.roster.as_ref().map(|signed| &signed.statement);
        let may = roster.is_some_and(|roster| {
            roster.epoch() == admission.epoch
                && roster.allows(by, Act::Admit)
                && !roster.is_blocked(admission.node)
        });
        if may && !admission.may_admit {
            Ok(())
        } else {
            Err(MembershipError::NoRight)
        }
    }
}

#[cfg(test)]
mod tests;
