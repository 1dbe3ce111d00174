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
//! # What is enforced, and what cannot be
//!
//! Each receiver enforces, for itself and per connection, before it reads what was sent:
//!
//! - operations of who may not write are dropped unread, wherever they were written;
//! - presence is that of the connection's other end. Who may write may also pass on the presence of
//!   members who are not connected to the receiver, and of nobody else;
//! - a roster counts only with the owner's signature and a higher epoch, an admission only with
//!   that of a member who may admit;
//! - a proof is bound to one connection, one challenge, both nodes and the document: a recorded one
//!   opens nothing;
//! - operations under the *receiver's own* Loro peer id that it never wrote end the connection.
//!
//! # Why Loro peer ids of others are not bound to nodes
//!
//! Operations carry no signature, and whoever may write may pass on operations of anybody, because
//! that is how they reach those who were away. Say Ben claimed an id when he came in, and Ada sends
//! operations under it that Ben has not sent us. Either Ada made them up, or Ben's own copy is still
//! on its way. Only Ben's word could tell, and Ben can lie as well:
//!
//! - *Refusing* them refuses honest relays: Ada may have them sooner, and what she writes builds on
//!   them.
//! - *Waiting* for Ben's copy lets Ben, who sends to Ada and not to us, keep all that Ada writes from
//!   us; giving up after a while lets Ada's inventions in after that while.
//! - *Blaming* Ada when Ben later says that he wrote less, or something else, lets Ben have Ada
//!   thrown out, by telling each of us another story.
//! - In a document of two it is no better: the other one has the history of all who ever were in it,
//!   and had another id at each start.
//!
//! So it takes signed operations, which Loro does not have. What can be told for sure is the
//! receiver's own id, of which it alone knows all, and that is checked. Hence, in full:
//!
//! - **An editor can write in anybody's name.** The text says what the editor could have written in
//!   its own name too, but authorship is worth no more than the trust in all editors together. Two
//!   operations under one id diverge; the digests of contents show that, one of the two replicas
//!   gives way, and its text is kept aside.
//! - **A kick cannot take back what was read**, nor what was written before it.
//! - Whoever is let in sees the addresses of the other members.
//! - The owner's key is on one machine: without it roles stay as they are.
//! - Loro does not withstand crafted updates. Only those of editors are ever read, a panic is caught
//!   and its sender shut out; but an editor can make a replica work, wait, and start anew.
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
