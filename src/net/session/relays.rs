//! Participants who are not connected to us: others in between pass on what they do.
//!
//! Presence goes the way of operations: whoever hears of something new tells those of their peers
//! that are connected neither to the author nor to whom they heard it from. The number that the
//! author gave an update keeps what comes by several ways from being told twice.

use std::{sync::Arc, time::Duration};

use super::{Output, Session};
use crate::net::{
    event::UserInfo,
    message::{CloseReason, MAX_MEMBERS, Message, PresenceRelay, PresenceUpdate},
    node::NodeId,
    presence::{Participant, RemotePresence, clean_user},
};

/// Somebody whom we hear of through others.
#[derive(Debug)]
pub(super) struct Distant {
    participant: Participant,
    /// The author's number of what we heard last.
    sequence: u64,
    /// Which peer told us last.
    via: NodeId,
}

impl Distant {
    pub fn deadline(&self) -> Option<Duration> {
        self.participant.deadline()
    }
}

impl Session {
    /// A peer passes on what somebody does whom it is connected to, or heard of.
    pub(super) fn presence_relay(
        &mut self,
        via: NodeId,
        relay: PresenceRelay,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&via).ok_or(CloseReason::Protocol)?;
        let link = peer.link.as_mut().ok_or(CloseReason::Protocol)?;
        if !link.is_open() {
            let early = link
                .handshake
                .as_mut()
                .map(|handshake| &mut handshake.early);
            if let Some(early) = early.filter(|early| early.relays.len() < MAX_MEMBERS) {
                early.relays.push(relay);
            }
            return Ok(());
        }
        let author = relay.author;
        if !self.may_relay(via, author) {
            return Ok(());
        }
        let direct = self
            .peers
            .get(&author)
            .is_some_and(|peer| peer.open_link().is_some());
        if author == self.config.node || author == via || direct {
            return Ok(());
        }
        let user = Arc::new(clean_user(author, &relay.user));
        match relay.update {
            Some(update) => self.hear_of(author, via, user, update, now),
            None => {
                if self
                    .distant
                    .get(&author)
                    .is_some_and(|distant| distant.via == via)
                {
                    self.distant_left(author);
                }
            }
        }
        Ok(())
    }

    fn hear_of(
        &mut self,
        author: NodeId,
        via: NodeId,
        user: Arc<UserInfo>,
        update: PresenceUpdate,
        now: Duration,
    ) {
        let sequence = update.sequence;
        if let Some(distant) = self.distant.get(&author) {
            let lost = distant.participant.is_lost() && sequence == distant.sequence;
            // What one peer tells comes in order, even if the author's numbers start anew.
            if distant.via != via && sequence <= distant.sequence && !lost {
                return;
            }
        } else if self.distant.len() >= MAX_MEMBERS {
            return;
        }
        // Somebody may have been connected to us a moment ago.
        let before = self
            .peers
            .get_mut(&author)
            .and_then(|peer| peer.participant.take());
        let news = !self.distant.contains_key(&author) && before.is_none();
        let distant = self.distant.entry(author).or_insert_with(|| Distant {
            participant: before.unwrap_or_else(|| Participant::new(Arc::clone(&user))),
            sequence,
            via,
        });
        distant.via = via;
        distant.sequence = sequence;
        let back = distant.participant.come_back(&user);
        let changed = distant
            .participant
            .update(update.clone(), Some(Arc::clone(&user)), now);
        let presence = distant.participant.presence();
        if news {
            self.outputs.push(Output::Joined {
                node: author,
                user: UserInfo::clone(&user),
            });
        }
        if changed || back {
            self.outputs.push(Output::PresenceChanged {
                node: author,
                presence,
            });
        }
        self.relay(author, via, &user, Some(&update));
    }

    /// Passes on what somebody does. `sender` is who told us: the author, or somebody in between.
    pub(super) fn relay(
        &mut self,
        author: NodeId,
        sender: NodeId,
        user: &UserInfo,
        update: Option<&PresenceUpdate>,
    ) {
        let receivers: Vec<_> = self
            .peers
            .iter()
            .filter(|peer| peer.node() != author && peer.node() != sender)
            .filter_map(|peer| peer.open_link())
            .filter(|link| !link.is_neighbour_of(author) && !link.is_neighbour_of(sender))
            .map(|link| link.connection)
            .collect();
        for connection in receivers {
            let relay = PresenceRelay {
                author,
                user: user.clone(),
                update: update.map(|update| PresenceUpdate {
                    user: None,
                    ..update.clone()
                }),
            };
            self.send(connection, Message::PresenceRelay(Box::new(relay)));
        }
    }

    /// Tells a newcomer what everybody does to whom it is not connected.
    pub(super) fn relay_all_to(&mut self, node: NodeId) {
        let Some(link) = self.peers.get(&node).and_then(|peer| peer.open_link()) else {
            return;
        };
        let direct = self.peers.iter().filter_map(|peer| {
            let sequence = peer.open_link()?.presence_sequence();
            Some((peer.node(), sequence, peer.participant.as_ref()?.presence()))
        });
        let distant = self
            .distant
            .iter()
            .filter(|(_, distant)| distant.via != node)
            .map(|(&node, distant)| (node, distant.sequence, distant.participant.presence()));
        let relays: Vec<_> = direct
            .chain(distant)
            .filter(|(author, sequence, _)| {
                *author != node && *sequence > 0 && !link.is_neighbour_of(*author)
            })
            .map(|(author, sequence, presence)| introduction(author, sequence, &presence))
            .collect();
        let connection = link.connection;
        for relay in relays {
            self.send(connection, Message::PresenceRelay(Box::new(relay)));
        }
    }

    /// Somebody whom we heard of through others is connected to us now.
    pub(super) fn come_near(&mut self, node: NodeId) {
        if let Some(distant) = self.distant.remove(&node)
            && let Some(peer) = self.peers.get_mut(&node)
        {
            peer.participant.get_or_insert(distant.participant);
        }
    }

    /// A peer is lost: whom it told us of may still come by another way.
    pub(super) fn lose_those_behind(&mut self, via: NodeId, now: Duration) {
        for (&node, distant) in &mut self.distant {
            if distant.via == via && distant.participant.lose(now) {
                let presence = distant.participant.presence();
                self.outputs
                    .push(Output::PresenceChanged { node, presence });
            }
        }
    }

    /// Ends what has lasted for long enough.
    pub(super) fn expire_distant(&mut self, now: Duration) {
        let mut gone = Vec::new();
        for (&node, distant) in &mut self.distant {
            if distant.participant.stop_typing(now) {
                let presence = distant.participant.presence();
                self.outputs
                    .push(Output::PresenceChanged { node, presence });
            } else if distant.participant.is_gone(now) {
                gone.push(node);
            }
        }
        for node in gone {
            self.distant_left(node);
        }
    }

    fn distant_left(&mut self, node: NodeId) {
        if let Some(distant) = self.distant.remove(&node) {
            let user = distant.participant.user().clone();
            self.relay(node, distant.via, &user, None);
            self.outputs.push(Output::Left { node, user });
        }
    }
}

fn introduction(author: NodeId, sequence: u64, presence: &RemotePresence) -> PresenceRelay {
    PresenceRelay {
        author,
        user: presence.user.clone(),
        update: Some(PresenceUpdate {
            sequence,
            cursor: presence.cursor.clone(),
            selection_start: presence.selection_start.clone(),
            typing: presence.typing,
            away: presence.away,
            user: None,
        }),
    }
}
