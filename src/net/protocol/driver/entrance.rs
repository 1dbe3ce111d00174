//! Who comes in: asking the application about knocks, and its ledger about tickets.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Driver;
use crate::net::{
    access::TicketRefusal,
    event::AccessEvent,
    node::NodeId,
    protocol::access::{Access, AccessState},
    session::{Input, Session},
    ticket::TicketGrant,
};

impl Driver {
    pub(super) fn announce_access(&mut self, event: AccessEvent) {
        if let AccessEvent::Waiting { node, .. } | AccessEvent::Knock { node, .. } = &event {
            // A person takes longer than a program may.
            self.introduced(*node);
        }
        self.publish_access();
        if let (Access::Ask(handler), AccessEvent::Knock { node, user }) = (&self.access, &event)
            && let Some(answer) = handler(*node, user)
        {
            return self.handle(Input::Answer {
                node: *node,
                answer,
            });
        }
        // An application that listens to none of them is fine.
        let _ = self.published.access.send(event);
    }

    pub(super) fn redeem(&mut self, node: NodeId, grant: &TicketGrant) {
        let result = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(now) => self.ledger.redeem(grant, now.as_secs()),
            // A clock that shows a time before 1970 says nothing about what has expired.
            Err(_) => Err(TicketRefusal::Unknown),
        };
        self.handle(Input::Redeemed {
            node,
            role: grant.terms.role,
            result,
        });
    }

    pub(super) fn publish_access(&self) {
        let state = state_of(&self.session);
        self.published.access_state.send_if_modified(|published| {
            let changed = *published != state;
            *published = state;
            changed
        });
    }
}

/// Returns who may do what, as the session knows it.
pub(in crate::net::protocol) fn state_of(session: &Session) -> AccessState {
    AccessState {
        role: session.own_role(),
        may_admit: session.may_admit(),
        roster: session.roster().cloned(),
    }
}
