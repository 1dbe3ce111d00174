//! Who may do what with a document: roles, the roster, tickets, and the decision about a newcomer.
//!
//! A document's id is the public half of a key whose secret half only its owner's replica holds.
//! So whoever knows the id can check what the owner signed, and needs to trust nobody for it: the
//! [`Roster`], which names the members with their roles. It is passed on by everybody, and only a
//! newer one with the owner's signature replaces it. A member whom the owner gave that right lets
//! others in by an [`Admission`], signed with its own node key, until the owner puts them on the
//! next roster.
//!
//! A document that nobody ever made a roster for is *open*: whoever is connected may write. Then
//! only the application's own choice, [`Entrance`], keeps strangers out.
//!
//! Everything here is pure. It never knows connections, clocks or disks; time comes in as seconds
//! since 1970, and what must be remembered is handed out for others to store.

mod admission;
mod entry;
mod membership;
mod roster;
mod statement;
mod ticket_book;

use serde::{Deserialize, Serialize};

pub use admission::Admission;
pub use entry::{Applicant, Entrance, Refusal, Verdict, judge};
pub use membership::{Membership, MembershipError};
pub use roster::{MAX_BLOCKED, MAX_ROSTER, Roster, RosterError, RosterMember};
pub use statement::{Signed, Statement};
pub use ticket_book::{TicketBook, TicketId, TicketRefusal, TicketTerms};

/// What somebody is to a document. Each role may do all that the one before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reads along.
    Viewer,
    /// Reads and writes.
    Editor,
    /// Decides who else does.
    Owner,
}

impl Role {
    /// Returns the word for it, as it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }
}

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Get the document, and what others do in it.
    Read,
    /// Send operations, one's own or those of others.
    Write,
    /// Tell what somebody does who is not connected to the listener.
    RelayPresence,
    /// Let a stranger in.
    Admit,
    /// Change roles, remove and block members, make tickets.
    Govern,
}

/// The least role for each act, and whether the right to admit is enough.
const RIGHTS: [(Act, Role, bool); 5] = [
    (Act::Read, Role::Viewer, false),
    (Act::Write, Role::Editor, false),
    (Act::RelayPresence, Role::Editor, false),
    (Act::Admit, Role::Owner, true),
    (Act::Govern, Role::Owner, false),
];

impl Act {
    /// Returns whether somebody of this role may do it. `may_admit`: the owner gave them the right
    /// to let others in.
    pub fn is_allowed(self, role: Role, may_admit: bool) -> bool {
        let (_, least, by_right) = RIGHTS[self as usize];
        role >= least || (by_right && may_admit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_as_the_table_says() {
        use Role::{Editor, Owner, Viewer};
        for (index, (act, ..)) in RIGHTS.into_iter().enumerate() {
            assert_eq!(act as usize, index, "the table is in the order of the acts");
        }
        for (act, role, may_admit, allowed) in [
            (Act::Read, Viewer, false, true),
            (Act::Write, Viewer, false, false),
            (Act::Write, Editor, false, true),
            (Act::RelayPresence, Viewer, true, false),
            (Act::Admit, Editor, false, false),
            (Act::Admit, Editor, true, true),
            (Act::Govern, Editor, true, false),
            (Act::Govern, Owner, false, true),
            (Act::Admit, Owner, false, true),
        ] {
            assert_eq!(act.is_allowed(role, may_admit), allowed, "{act:?} {role:?}");
        }
    }
}
