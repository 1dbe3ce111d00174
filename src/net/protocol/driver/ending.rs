//! How a session ends: with a goodbye, or because something in it broke.
//!
//! Loro can panic while it imports what a peer sent, or because a callback of the application
//! did. The document's locks are then in an unknown state, so nothing here touches it any more:
//! the peers are told, the handles are told, and the session is over.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use super::{Driver, FAREWELL};
use crate::net::{
    connection::{FromLink, close},
    event::{ConnectionEvent, PeerState, PresenceEvent, Reason},
    message::CloseReason,
    protocol::{published::SessionState, wake::Wake},
    session::Input,
};

impl Driver {
    /// Runs until the session is stopped, or until something in it panics.
    pub(in crate::net::protocol) fn run(mut self) {
        let worked = caught(|| {
            self.work();
            self.say_goodbye();
        });
        let state = match worked {
            Ok(()) => match self.superseded_by {
                Some(by) => SessionState::Superseded { by },
                None => SessionState::Ended,
            },
            Err(reason) => {
                tracing::error!("the session broke, and ends: {reason}");
                self.give_up(&reason);
                let culprit = self.replica.importing();
                SessionState::Failed { reason, culprit }
            }
        };
        if let Some(attached) = self.endpoint.take() {
            attached.watcher.abort();
        }
        let farewells = std::mem::take(&mut self.farewells);
        let published = self.published.clone();
        // Whoever waits for the end must find everything released.
        if let Err(reason) = caught(|| drop(self)) {
            tracing::debug!("a broken document could not be let go of well: {reason}");
        }
        published.state.send_replace(state);
        for reply in farewells.into_iter().flatten() {
            let _ = reply.send(());
        }
    }

    /// Says goodbye to everybody, and waits until they were told, or for a moment.
    fn say_goodbye(&mut self) {
        self.withdraw_all();
        self.handle(Input::Shutdown);
        let left: Vec<_> = self.links.keys().copied().collect();
        for connection in left {
            self.end(connection, CloseReason::Leaving);
        }
        self.wait_for_goodbyes(CloseReason::Leaving);
        self.publish();
    }

    /// Ends all connections without asking the session, whose state nobody knows any more.
    fn give_up(&mut self, reason: &str) {
        // The last handle would commit what lies open in the document, and panic again.
        std::mem::forget(self.document.clone());
        self.attempts.clear();
        self.waiting.clear();
        let left: Vec<_> = self.links.keys().copied().collect();
        for connection in left {
            let lost = Reason::Lost(CloseReason::Failed.text().to_owned());
            self.cut(connection, CloseReason::Failed, lost);
        }
        self.wait_for_goodbyes(CloseReason::Failed);
        self.announce_end(reason);
    }

    /// Tells the application that nobody is here any more.
    fn announce_end(&self, reason: &str) {
        let text = format!("the session broke: {reason}");
        let mut peers = self.published.peers();
        for peer in &mut peers {
            let from = std::mem::replace(&mut peer.state, PeerState::Disconnected);
            peer.last_error = Some(text.clone());
            if from != PeerState::Disconnected {
                let _ = self.published.connections.send(ConnectionEvent {
                    node: peer.node,
                    from,
                    to: PeerState::Disconnected,
                    reason: Reason::Lost(text.clone()),
                });
            }
        }
        self.published.set_peers(peers.into_iter());
        let people = self.published.participants();
        self.published.set_participants(Vec::new());
        for (node, person) in people {
            if let Some(presence) = &self.presence {
                let user = person.user;
                let _ = presence.send(PresenceEvent::Left { node, user });
            }
        }
    }

    fn wait_for_goodbyes(&mut self, tell: CloseReason) {
        let deadline = Instant::now() + FAREWELL;
        while self.goodbyes > 0 {
            let rest = deadline.saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(rest) {
                Ok(Wake::Link(FromLink::SaidGoodbye)) => self.goodbyes -= 1,
                Ok(Wake::Incoming(connection)) => close(&connection, tell),
                Ok(Wake::Stop(reply)) => self.farewells.push(reply),
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }
}

/// Runs something; returns the words of its panic, if it panics.
fn caught(run: impl FnOnce()) -> Result<(), String> {
    // What a panic leaves half done is not used afterwards.
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| words_of(&*panic))
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without a word").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_panic_are_kept() {
        assert_eq!(caught(|| {}), Ok(()));
        assert_eq!(caught(|| panic!("plain")), Err("plain".to_owned()));
        assert_eq!(caught(|| panic!("with {}", 1)), Err("with 1".to_owned()));
        let odd = caught(|| std::panic::panic_any(7));
        assert_eq!(odd, Err("it panicked without a word".to_owned()));
    }
}
