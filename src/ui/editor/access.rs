//! Carrying out what a person decides about who may do what.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Editor;
use crate::{
    AccessEvent, Role, TicketTerms,
    ui::{
        app::{AccessNews, AccessRequest, Event, MessageKind},
        invite::terms_in_words,
    },
};

impl Editor {
    /// Takes in what the session tells about who may do what.
    pub(super) fn take_in_access(&mut self, event: AccessEvent) {
        if let AccessEvent::RosterChanged(roster) = &event {
            let roster = roster.clone();
            self.on_disk(move |disk| {
                let recorded = disk.record_roster(&roster);
                recorded.err().map(|error| {
                    let sentence = format!("The list of members is not stored: {error}");
                    Event::Message(MessageKind::Error, sentence)
                })
            });
        }
        self.show_access();
        self.update(Event::Access(Box::new(AccessNews::Happened(event))));
    }

    /// Tells the screen who may do what now.
    pub(super) fn show_access(&mut self) {
        if let Some(state) = self.network.access() {
            self.update(Event::Access(Box::new(AccessNews::State(state))));
        }
    }

    pub(super) fn carry_out_access(&mut self, request: AccessRequest) {
        let sentence = match request {
            AccessRequest::Invite(role) => self.invite(role),
            other => self.network.request(other),
        };
        if let Err(sentence) = sentence {
            self.update(Event::Message(MessageKind::Error, sentence));
        }
    }

    fn invite(&mut self, role: Role) -> Result<(), String> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let terms = TicketTerms::usual(role, now);
        let ticket = self.network.issue_ticket(terms)?;
        let (id, command) = (ticket.id(), self.network.command_for(&ticket));
        self.on_disk(move |disk| {
            let recorded = disk.record_ticket(id, &terms);
            recorded.err().map(|error| {
                let sentence = format!("The ticket cannot be listed or revoked: {error}");
                Event::Message(MessageKind::Error, sentence)
            })
        });
        let terms = terms_in_words(&terms, now);
        self.update(Event::Access(Box::new(AccessNews::Invited {
            command,
            terms,
        })));
        Ok(())
    }
}
