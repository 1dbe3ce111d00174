//! Counting what becomes of the tickets that one node issued.
//!
//! Only the node that issued a ticket redeems it, because nobody else can count its uses. The
//! owner's signature says that a ticket is genuine, so the book need not know it beforehand: it
//! remembers which were used, how often, and which were revoked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Role;

/// Names a ticket without giving it away: a hash of its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TicketId(pub [u8; 16]);

/// What a ticket is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTerms {
    /// As what it lets in; never as an owner.
    pub role: Role,
    /// Until when, in seconds since 1970. `None`: forever.
    pub expires: Option<u64>,
    /// How many nodes it lets in. `None`: any number.
    pub uses: Option<u32>,
}

impl TicketTerms {
    /// How long a ticket for an editor is good unless something else is asked for, in seconds.
    pub const EDITOR_LIFETIME: u64 = 24 * 60 * 60;

    /// Returns what a ticket is good for when nothing else is asked for: a viewer's forever, an
    /// editor's once and within 24 hours. `now` is in seconds since 1970.
    pub fn usual(role: Role, now: u64) -> Self {
        match role {
            Role::Viewer => Self {
                role,
                expires: None,
                uses: None,
            },
            Role::Editor | Role::Owner => Self {
                role: Role::Editor,
                expires: Some(now.saturating_add(Self::EDITOR_LIFETIME)),
                uses: Some(1),
            },
        }
    }
}

/// Why a genuine ticket lets nobody in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TicketRefusal {
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
    /// As many nodes as it is good for have come in with it.
    #[error("the ticket was used already")]
    UsedUp,
    /// Whoever issued it took it back.
    #[error("the ticket was revoked")]
    Revoked,
    /// Its uses cannot be counted at the moment.
    #[error("the ticket cannot be checked at the moment")]
    Unknown,
}

/// What became of one ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    uses: u32,
    revoked: bool,
}

/// What became of the tickets of one node, in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketBook {
    entries: BTreeMap<TicketId, Entry>,
}

impl TicketBook {
    /// Takes note of what was stored about a ticket.
    pub fn remember(&mut self, ticket: TicketId, uses: u32, revoked: bool) {
        self.entries.insert(ticket, Entry { uses, revoked });
    }

    /// Uses a ticket once. `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Fails when the ticket is good no longer; its uses are not counted then.
    pub fn redeem(
        &mut self,
        ticket: TicketId,
        terms: &TicketTerms,
        now: u64,
    ) -> Result<(), TicketRefusal> {
        let entry = self.entries.entry(ticket).or_default();
        terms.check(entry.uses, entry.revoked, now)?;
        entry.uses = entry.uses.saturating_add(1);
        Ok(())
    }

    /// Takes a ticket back.
    pub fn revoke(&mut self, ticket: TicketId) {
        self.entries.entry(ticket).or_default().revoked = true;
    }
}

impl TicketTerms {
    /// Decides whether a ticket that was used so often is still good.
    ///
    /// # Errors
    ///
    /// Fails with the reason why it is not.
    pub fn check(&self, uses: u32, revoked: bool, now: u64) -> Result<(), TicketRefusal> {
        if revoked {
            Err(TicketRefusal::Revoked)
        } else if self.expires.is_some_and(|expires| expires <= now) {
            Err(TicketRefusal::Expired)
        } else if self.uses.is_some_and(|most| uses >= most) {
            Err(TicketRefusal::UsedUp)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;
    const TICKET: TicketId = TicketId([1; 16]);

    #[test]
    fn tickets_end_as_their_terms_say() {
        let mut book = TicketBook::default();
        let twice = TicketTerms {
            uses: Some(2),
            ..TicketTerms::usual(Role::Editor, NOW)
        };
        let last = NOW + TicketTerms::EDITOR_LIFETIME - 1;
        assert_eq!(
            book.redeem(TICKET, &twice, last + 1),
            Err(TicketRefusal::Expired)
        );
        assert_eq!(book.redeem(TICKET, &twice, NOW), Ok(()));
        assert_eq!(book.redeem(TICKET, &twice, last), Ok(()));
        assert_eq!(
            book.redeem(TICKET, &twice, last),
            Err(TicketRefusal::UsedUp)
        );
        let forever = TicketTerms::usual(Role::Viewer, NOW);
        let other = TicketId([2; 16]);
        for _ in 0..100 {
            assert_eq!(book.redeem(other, &forever, u64::MAX), Ok(()));
        }
        book.revoke(other);
        assert_eq!(
            book.redeem(other, &forever, NOW),
            Err(TicketRefusal::Revoked)
        );
    }

    #[test]
    fn what_was_stored_counts() {
        let mut book = TicketBook::default();
        let once = TicketTerms::usual(Role::Editor, NOW);
        book.remember(TICKET, 1, false);
        assert_eq!(book.redeem(TICKET, &once, NOW), Err(TicketRefusal::UsedUp));
    }
}
