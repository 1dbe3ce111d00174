//! Emptying the inbox, and making one update of all that was written here meanwhile.
//!
//! What is written after a pause goes out at once. What follows quickly waits for what `pace` says,
//! and then goes out together, and with it where the caret is now: somebody who types notices
//! nothing, and a macro or a script costs one message where it would cost dozens.

use std::time::Duration;

use loro::IdSpan;

use super::Driver;
use crate::net::{
    connection::{FromLink, Received},
    protocol::wake::Wake,
    replica::{Replica as _, spans_of_own_update},
    session::Input,
};

/// Messages that are handed to the session at once, at most,
const AT_ONCE: usize = 64;
/// and about how many bytes of updates: what is typed here must not wait for long.
const BYTES_AT_ONCE: usize = 8 * 1024;

impl Driver {
    /// Returns when what was written has waited long enough.
    pub(super) fn next_batch(&self) -> Option<Duration> {
        self.pace.due(self.written.len())
    }

    /// Empties the inbox; waits for it if there is nothing else to do.
    pub(super) fn gather(&mut self) {
        let mut next = if self.backlog.is_empty() {
            self.inbox.recv_timeout(self.time_to_wait()).ok()
        } else {
            self.inbox.try_recv().ok()
        };
        while let Some(wake) = next {
            match wake {
                Wake::LocalUpdate(updates) => {
                    let now = self.now();
                    self.pace.write(now);
                    self.written.push(updates);
                }
                Wake::Stop(reply) => self.farewells.push(reply),
                other => self.backlog.push_back(other),
            }
            next = self.inbox.try_recv().ok();
        }
    }

    /// Hands a message to the session, with those that wait right behind it: what many people
    /// wrote at the same time costs much less when it is imported at once.
    pub(super) fn take_received(&mut self, first: Received) {
        let mut inputs = Vec::new();
        let mut places = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(received) = next {
            let Received {
                connection,
                message,
                place,
            } = received;
            if self.links.contains_key(&connection) {
                let message = *message;
                bytes += message.news_size();
                inputs.push(Input::Received {
                    connection,
                    message,
                });
            }
            places.push(place);
            next = (places.len() < AT_ONCE && bytes < BYTES_AT_ONCE)
                .then(|| self.next_received())
                .flatten();
        }
        self.handle_batch(inputs);
        drop(places);
    }

    fn next_received(&mut self) -> Option<Received> {
        match self.backlog.pop_front()? {
            Wake::Link(FromLink::Received(received)) => Some(received),
            other => {
                self.backlog.push_front(other);
                None
            }
        }
    }

    /// Hands what was written here to the session, unless it may wait for more.
    pub(super) fn send_batch(&mut self) {
        let now = self.now();
        if self.next_batch().is_some_and(|due| due <= now) {
            self.send_written();
        }
    }

    /// Tells where our participant is, unless what they wrote there is still to be sent.
    pub(super) fn tell_own_presence(&mut self) {
        if self.written.is_empty()
            && let Some(presence) = self.own_presence.take()
        {
            self.handle(Input::LocalPresence(presence));
        }
    }

    /// Hands what was written here to the session, as one update.
    pub(super) fn send_written(&mut self) {
        if self.written.is_empty() {
            return;
        }
        self.pace.send(self.now());
        let mut written = std::mem::take(&mut self.written);
        if written.len() > 1
            && let Some((spans, updates)) = self.merge(&written)
        {
            return self.handle(Input::LocalUpdate { spans, updates });
        }
        for updates in written.drain(..) {
            match spans_of_own_update(&updates) {
                Some(spans) => self.handle(Input::LocalUpdate { spans, updates }),
                None => self.handle(Input::DocumentChanged),
            }
        }
    }

    fn merge(&self, written: &[Vec<u8>]) -> Option<(Vec<IdSpan>, Vec<u8>)> {
        let mut merged: Vec<IdSpan> = Vec::new();
        for updates in written {
            for span in spans_of_own_update(updates)? {
                match merged.last_mut() {
                    Some(last)
                        if last.peer == span.peer && last.counter.end == span.counter.start =>
                    {
                        last.counter.end = span.counter.end;
                    }
                    _ => merged.push(span),
                }
            }
        }
        let updates = self.document.export_spans(&merged).ok()?;
        Some((merged, updates))
    }
}
