//! What becomes of somebody who wants to come in.

use super::{Act, Membership};
use crate::net::node::NodeId;

/// Whom the application lets in that is not a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Entrance {
    /// Whoever knows the node id, as an editor.
    #[default]
    Anyone,
    /// Nobody without a ticket.
    Tickets,
    /// Whoever somebody says yes to, and holders of tickets.
    Ask,
}

/// Somebody who wants to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// Which replica.
    pub node: NodeId,
    /// Whether it proved that it holds its node key, for this connection and document.
    pub proven: bool,
    /// Whether the application asked for a connection with it.
    pub expected: bool,
    /// Whether it brought a ticket of ours with the owner's signature.
    pub ticket: bool,
}

/// What becomes of an applicant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is let in with the role that it has.
    Welcome,
    /// It is let in as a new editor.
    Admit,
    /// Its ticket has to be looked up.
    Redeem,
    /// Somebody has to be asked.
    Ask,
    /// It is not let in.
    Refuse(Refusal),
}

/// Why an applicant is not let in. The applicant learns less: see
/// [`DeniedCode`](crate::net::message::DeniedCode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was blocked.
    Blocked,
    /// It did not prove who it is.
    NotProven,
    /// Only holders of tickets are let in.
    NoTicket,
    /// Nobody here may let others in.
    CannotAdmit,
    /// There is nothing here to be let in to.
    NothingHere,
}

/// Decides about an applicant. `membership` is `None` before we have a document; `own` is our node.
pub fn judge(
    entrance: Entrance,
    membership: Option<&Membership>,
    own: NodeId,
    applicant: &Applicant,
) -> Verdict {
    let Some(membership) = membership.filter(|membership| membership.is_governed()) else {
        return match entrance {
            Entrance::Anyone => Verdict::Welcome,
            Entrance::Tickets | Entrance::Ask if applicant.expected => Verdict::Welcome,
            Entrance::Tickets | Entrance::Ask => Verdict::Refuse(Refusal::NothingHere),
        };
    };
    let node = applicant.node;
    if membership.is_blocked(node) {
        return Verdict::Refuse(Refusal::Blocked);
    }
    if !applicant.proven {
        return Verdict::Refuse(Refusal::NotProven);
    }
    if membership.allows(node, Act::Read) {
        return Verdict::Welcome;
    }
    if !membership.allows(own, Act::Admit) {
        return Verdict::Refuse(Refusal::CannotAdmit);
    }
    match entrance {
        Entrance::Anyone => Verdict::Admit,
        Entrance::Tickets | Entrance::Ask if applicant.ticket => Verdict::Redeem,
        Entrance::Ask => Verdict::Ask,
        Entrance::Tickets => Verdict::Refuse(Refusal::NoTicket),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{
        access::{Role, Roster, RosterMember},
        signature::SigningKey,
    };

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte; 32])
    }

    #[test]
    fn applicants_are_judged_as_the_table_says() {
        use Entrance::{Anyone, Ask, Tickets};
        let refused = Verdict::Refuse;
        let (document, owner, viewer, blocked) = (key(1), key(2).node(), key(3).node(), key(4));
        let roster = Roster::new(document.document(), owner)
            .with_member(RosterMember {
                node: viewer,
                role: Role::Viewer,
                may_admit: false,
            })
            .and_then(|roster| roster.with_blocked(blocked.node()))
            .unwrap();
        let mut governed = Membership::new(document.document());
        governed.take_roster(roster.sign(&document)).unwrap();
        let open = Membership::new(document.document());
        let stranger = Applicant {
            node: key(9).node(),
            proven: true,
            expected: false,
            ticket: false,
        };
        let unproven = Applicant {
            proven: false,
            ..stranger
        };
        let with_ticket = Applicant {
            ticket: true,
            ..stranger
        };
        let expected = Applicant {
            expected: true,
            ..unproven
        };
        let member = Applicant {
            node: viewer,
            ..stranger
        };
        let outcast = Applicant {
            node: blocked.node(),
            ..with_ticket
        };
        for (entrance, membership, own, applicant, verdict) in [
            (Anyone, None, owner, unproven, Verdict::Welcome),
            (Anyone, Some(&open), owner, unproven, Verdict::Welcome),
            (Ask, None, owner, stranger, refused(Refusal::NothingHere)),
            (Ask, None, owner, expected, Verdict::Welcome),
            (Tickets, Some(&open), owner, expected, Verdict::Welcome),
            (Ask, Some(&governed), owner, stranger, Verdict::Ask),
            (
                Ask,
                Some(&governed),
                owner,
                unproven,
                refused(Refusal::NotProven),
            ),
            (Ask, Some(&governed), owner, with_ticket, Verdict::Redeem),
            (Ask, Some(&governed), owner, member, Verdict::Welcome),
            (
                Ask,
                Some(&governed),
                viewer,
                stranger,
                refused(Refusal::CannotAdmit),
            ),
            (
                Tickets,
                Some(&governed),
                owner,
                with_ticket,
                Verdict::Redeem,
            ),
            (
                Tickets,
                Some(&governed),
                owner,
                stranger,
                refused(Refusal::NoTicket),
            ),
            (Anyone, Some(&governed), owner, stranger, Verdict::Admit),
            (
                Anyone,
                Some(&governed),
                owner,
                outcast,
                refused(Refusal::Blocked),
            ),
        ] {
            let judged = judge(entrance, membership, own, &applicant);
            assert_eq!(judged, verdict, "{entrance:?} {applicant:?}");
        }
    }
}
