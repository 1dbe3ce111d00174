//! Carrying out what the session says.

use std::sync::Arc;

use loro::ExportMode;

use super::{Driver, Job};
use crate::net::{
    connection::Overflow,
    event::{ConnectionEvent, PeerState, PresenceEvent, Reason, Standing},
    message::{CloseReason, Message},
    node::NodeId,
    protocol::conflicts::ConflictEvent,
    session::{ConnectionId, Output},
};

impl Driver {
    pub(super) fn carry_out(&mut self, output: Output) {
        match output {
            Output::Send {
                connection,
                message,
            } => self.send(connection, message),
            Output::Dial { address } => self.start_dial(address),
            Output::Close { connection, reason } => self.end(connection, reason),
            Output::Connection(event) => self.announce(event),
            Output::Joined { node, user } => {
                let event = self.participants.join(node, user);
                self.tell(event);
            }
            Output::PresenceChanged { node, presence } => {
                let event = self.participants.update(node, presence);
                self.tell(event);
            }
            Output::Called { node } => self.tell(PresenceEvent::Called { node }),
            Output::Left { node, user } => {
                let event = self.participants.leave(node, user);
                self.tell(event);
            }
            Output::Imported { spans, .. } => {
                // Nobody compares any more once the session ends.
                let _ = self.conflicts.send(Job::Imported(spans));
                for event in self.participants.find_missing() {
                    self.tell(event);
                }
            }
            Output::Adopted { document, title } => {
                self.publish_access();
                self.published.info.send_modify(|info| {
                    info.document = Some(document);
                    info.title = title;
                });
            }
            Output::Diverged { node, stands } => self.announce_divergence(node, stands),
            Output::ConflictTold { node, conflict } => {
                tracing::debug!("{} tells of conflict {conflict}", node.short());
                let _ = self.conflicts.send(Job::Told(conflict));
            }
            Output::Progress(progress) => {
                let unfinished = Some(progress).filter(|progress| progress.done < progress.total);
                self.published.progress.send_replace(unfinished);
            }
            Output::Redeem { node, grant } => self.redeem(node, &grant),
            Output::Access(event) => self.announce_access(event),
            Output::InSync { node } => {
                self.published.info.send_if_modified(|info| {
                    let first = !info.first_sync;
                    info.first_sync = true;
                    first
                });
                self.publish();
                self.satisfy_waiting(node);
            }
        }
    }

    fn send(&mut self, connection: ConnectionId, message: Message) {
        let Some(link) = self.links.get_mut(&connection) else {
            return;
        };
        if let Err(Overflow) = link.send(message) {
            let reason = Reason::Lost("the peer reads too slowly".to_owned());
            self.cut(connection, CloseReason::Silent, reason);
        }
    }

    /// Ends a connection after what is queued for it has left.
    pub(super) fn end(&mut self, connection: ConnectionId, reason: CloseReason) {
        if let Some(link) = self.let_go(connection) {
            self.closing.insert(connection, Reason::Requested);
            self.goodbyes += 1;
            link.close(reason, &self.runtime);
        }
    }

    fn announce(&mut self, event: ConnectionEvent) {
        let now = self.now();
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.note(event.node, event.to, now);
        }
        if event.to == PeerState::Syncing {
            self.introduced(event.node);
        }
        if matches!(event.to, PeerState::Disconnecting | PeerState::Disconnected) {
            self.published.progress.send_if_modified(|progress| {
                let theirs = progress.take_if(|progress| progress.node == event.node);
                theirs.is_some()
            });
        }
        if event.to == PeerState::Disconnected {
            self.disappoint_waiting(event.node, &event.reason);
        }
        self.publish();
        // An application that listens to none of them is fine.
        let _ = self.published.connections.send(event);
    }

    /// Where the peer's content stands, the document has no future: the session ends.
    fn announce_divergence(&mut self, node: NodeId, stands: Standing) {
        let set_aside = match stands {
            Standing::Ours => Arc::default(),
            Standing::Theirs => {
                self.superseded_by = Some(node);
                let guard = self.document.lock();
                let snapshot = guard.doc().export(ExportMode::Snapshot);
                snapshot.unwrap_or_default().into()
            }
        };
        tracing::error!(
            "the document differs from that of {}, which has the same changes",
            node.short()
        );
        // An application that listens to none of them finds it in the session's state.
        let _ = self.published.conflicts.send(ConflictEvent::Diverged {
            node,
            stands,
            set_aside,
        });
    }

    /// The session never hears of a peer that it could not talk to; the application does.
    pub(super) fn announce_other_version(&mut self, node: NodeId) {
        let text = CloseReason::OtherVersion.text().to_owned();
        let steps = [
            (
                PeerState::Disconnected,
                PeerState::Connecting,
                Reason::Normal,
            ),
            (
                PeerState::Connecting,
                PeerState::Disconnected,
                Reason::Denied(text),
            ),
        ];
        if self.session.peers().any(|peer| peer.node == node) {
            return;
        }
        for (from, to, reason) in steps {
            let _ = self.published.connections.send(ConnectionEvent {
                node,
                from,
                to,
                reason,
            });
        }
    }

    fn tell(&mut self, event: PresenceEvent) {
        self.published.set_participants(self.participants.all());
        if let Some(presence) = &self.presence {
            let _ = presence.send(event);
        }
    }
}
