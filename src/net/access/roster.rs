//! The list of a document's members, as its owner signs it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Act, Role, Signed, Statement};
use crate::net::{
    node::{DocumentId, NodeId},
    signature::SigningKey,
};

/// Members of one document at most.
pub const MAX_ROSTER: usize = 256;
/// Blocked nodes of one document at most; beyond, the first in the order of their ids is let go.
pub const MAX_BLOCKED: usize = 1024;

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterMember {
    /// Its replica.
    pub node: NodeId,
    /// What it may do.
    pub role: Role,
    /// Whether it may let others in, although it is not the owner.
    pub may_admit: bool,
}

/// Who takes part in a document. A higher epoch replaces a lower one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    document: DocumentId,
    epoch: u64,
    /// In the order of their node ids, each once.
    members: Vec<RosterMember>,
    /// In the order of their node ids, each once, none of them a member.
    blocked: Vec<NodeId>,
}

impl Statement for Roster {
    const DOMAIN: &'static str = "iroh-loro-realtime roster 1";
}

/// Why a roster cannot be changed in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RosterError {
    /// The owner can neither be removed nor get another role, and there is only one.
    #[error("the owner of a document stays its owner")]
    Owner,
    /// There are too many members.
    #[error("the document has {MAX_ROSTER} members already")]
    Full,
}

impl Roster {
    /// Makes the first roster of a document, with its owner alone.
    pub fn new(document: DocumentId, owner: NodeId) -> Self {
        Self {
            document,
            epoch: 1,
            members: vec![RosterMember {
                node: owner,
                role: Role::Owner,
                may_admit: true,
            }],
            blocked: Vec::new(),
        }
    }

    /// Signs the roster with the document's key.
    pub fn sign(self, key: &SigningKey) -> Signed<Self> {
        Signed::new(self, key)
    }

    /// Returns the document that this is the roster of.
    pub fn document(&self) -> DocumentId {
        self.document
    }

    /// Returns the epoch: it grows with each change.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the members, in the order of their node ids.
    pub fn members(&self) -> &[RosterMember] {
        &self.members
    }

    /// Returns the nodes that are turned away without a question, in the order of their ids.
    pub fn blocked(&self) -> &[NodeId] {
        &self.blocked
    }

    /// Returns the entry of a member.
    pub fn member(&self, node: NodeId) -> Option<RosterMember> {
        let place = self.place_of(node).ok()?;
        self.members.get(place).copied()
    }

    /// Returns whether a node is turned away without a question.
    pub fn is_blocked(&self, node: NodeId) -> bool {
        self.blocked.binary_search(&node).is_ok()
    }

    /// Returns the next roster: with this member, who is blocked no longer.
    ///
    /// # Errors
    ///
    /// Fails when a new owner is named, the owner is to be something else, or there is no room.
    pub fn with_member(&self, member: RosterMember) -> Result<Self, RosterError> {
        if member.role == Role::Owner || self.is_owner(member.node) {
            return Err(RosterError::Owner);
        }
        let mut next = self.next();
        match next.place_of(member.node) {
            Ok(place) => next.members[place] = member,
            Err(_) if next.members.len() >= MAX_ROSTER => return Err(RosterError::Full),
            Err(place) => next.members.insert(place, member),
        }
        next.blocked.retain(|blocked| *blocked != member.node);
        Ok(next)
    }

    /// Returns the next roster: without this member, who may knock again.
    ///
    /// # Errors
    ///
    /// Fails when it is the owner.
    pub fn without(&self, node: NodeId) -> Result<Self, RosterError> {
        if self.is_owner(node) {
            return Err(RosterError::Owner);
        }
        let mut next = self.next();
        next.members.retain(|member| member.node != node);
        next.blocked.retain(|blocked| *blocked != node);
        Ok(next)
    }

    /// Returns the next roster: without this member, who is turned away from now on.
    ///
    /// # Errors
    ///
    /// Fails when it is the owner.
    pub fn with_blocked(&self, node: NodeId) -> Result<Self, RosterError> {
        let mut next = self.without(node)?;
        if next.blocked.len() >= MAX_BLOCKED {
            next.blocked.remove(0);
        }
        if let Err(place) = next.blocked.binary_search(&node) {
            next.blocked.insert(place, node);
        }
        Ok(next)
    }

    /// Returns whether the roster is one that this program would have made. What a stranger sends
    /// may be anything.
    pub fn is_sound(&self) -> bool {
        let ascending = self
            .members
            .windows(2)
            .all(|pair| pair[0].node < pair[1].node);
        let owners = self
            .members
            .iter()
            .filter(|member| member.role == Role::Owner)
            .count();
        self.members.len() <= MAX_ROSTER
            && self.blocked.len() <= MAX_BLOCKED
            && ascending
            && self.blocked.windows(2).all(|pair| pair[0] < pair[1])
            && self.blocked.iter().all(|node| self.member(*node).is_none())
            && owners == 1
    }

    /// Returns whether a member may do something; who is no member may do nothing.
    pub fn allows(&self, node: NodeId, act: Act) -> bool {
        self.member(node)
            .is_some_and(|member| act.is_allowed(member.role, member.may_admit))
    }

    fn is_owner(&self, node: NodeId) -> bool {
        self.member(node)
            .is_some_and(|member| member.role == Role::Owner)
    }

    fn place_of(&self, node: NodeId) -> Result<usize, usize> {
        self.members
            .binary_search_by_key(&node, |member| member.node)
    }

    fn next(&self) -> Self {
        Self {
            epoch: self.epoch.saturating_add(1),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: DocumentId = DocumentId([9; 32]);
    const OWNER: NodeId = NodeId([5; 32]);

    fn node(byte: u8) -> NodeId {
        NodeId([byte; 32])
    }

    fn editor(byte: u8) -> RosterMember {
        RosterMember {
            node: node(byte),
            role: Role::Editor,
            may_admit: false,
        }
    }

    #[test]
    fn members_come_change_and_go_and_each_time_the_epoch_grows() {
        let roster = Roster::new(DOCUMENT, OWNER);
        let two = roster.with_member(editor(3)).unwrap();
        let viewer = RosterMember {
            role: Role::Viewer,
            ..editor(3)
        };
        let demoted = two.with_member(viewer).unwrap();
        assert_eq!(demoted.member(node(3)), Some(viewer));
        assert_eq!(demoted.members().len(), 2);
        let blocked = demoted.with_blocked(node(3)).unwrap();
        assert_eq!((blocked.member(node(3)), blocked.epoch()), (None, 4));
        assert!(blocked.is_blocked(node(3)));
        let back = blocked.with_member(editor(3)).unwrap();
        assert!(!back.is_blocked(node(3)) && back.allows(node(3), Act::Write));
        let gone = back.without(node(3)).unwrap();
        assert!(!gone.is_blocked(node(3)) && !gone.allows(node(3), Act::Read));
        for roster in [roster, two, demoted, blocked, back, gone] {
            assert!(roster.is_sound());
        }
    }

    #[test]
    fn the_owner_stays() {
        let roster = Roster::new(DOCUMENT, OWNER);
        let second = RosterMember {
            role: Role::Owner,
            ..editor(3)
        };
        let no_owner = RosterMember {
            node: OWNER,
            ..editor(3)
        };
        assert_eq!(roster.with_member(second), Err(RosterError::Owner));
        assert_eq!(roster.with_member(no_owner), Err(RosterError::Owner));
        assert_eq!(roster.without(OWNER), Err(RosterError::Owner));
        assert_eq!(roster.with_blocked(OWNER), Err(RosterError::Owner));
    }

    #[test]
    fn a_roster_has_limits() {
        let mut roster = Roster::new(DOCUMENT, OWNER);
        let numbered = |number: u16| {
            let mut bytes = [1; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            NodeId(bytes)
        };
        for number in 1..MAX_ROSTER as u16 {
            let member = RosterMember {
                node: numbered(number),
                ..editor(0)
            };
            roster = roster.with_member(member).unwrap();
        }
        assert_eq!(roster.with_member(editor(0xff)), Err(RosterError::Full));
        for number in 0..=MAX_BLOCKED as u16 {
            roster = roster.with_blocked(numbered(1000 + number)).unwrap();
        }
        assert_eq!(roster.blocked().len(), MAX_BLOCKED);
        assert!(roster.is_sound());
    }

    #[test]
    fn what_no_program_makes_is_not_sound() {
        let sound = Roster::new(DOCUMENT, OWNER).with_member(editor(3)).unwrap();
        let (mut unsorted, mut twice, mut ownerless, mut both) =
            (sound.clone(), sound.clone(), sound.clone(), sound.clone());
        unsorted.members.reverse();
        twice.members.push(twice.members[1]);
        ownerless.members.pop();
        both.blocked.push(node(3));
        for roster in [unsorted, twice, ownerless, both] {
            assert!(!roster.is_sound(), "{roster:?}");
        }
    }
}
