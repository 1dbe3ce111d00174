//! Who is here: what our participant tells the peers, and what theirs tell us.

use std::{sync::Arc, time::Duration};

use super::{Output, Session};
use crate::net::{
    event::{Reason, UserInfo},
    message::{CloseReason, Message, PresenceUpdate},
    node::NodeId,
    peer::link::Early,
    presence::{LocalPresence, Participant, clean_user},
};

impl Session {
    /// Our participant does something else now.
    pub(super) fn local_presence(&mut self, mut presence: LocalPresence, now: Duration) {
        presence.user = clean_user(self.config.node, &presence.user);
        self.own.update(presence, now);
        self.tell_presence(now);
    }

    /// Tells all peers what our participant does, if that is due.
    pub(super) fn tell_presence(&mut self, now: Duration) {
        let Some(update) = self.own.take_due(now) else {
            return;
        };
        let connections: Vec<_> = self
            .peers
            .iter()
            .filter_map(|peer| peer.open_link())
            .map(|link| link.connection)
            .collect();
        for connection in connections {
            self.send(connection, Message::PresenceUpdate(update.clone()));
        }
    }

    /// Asks everybody who is connected to come to where our participant is.
    pub(super) fn call(&mut self) {
        let open = self.peers.iter().filter_map(|peer| peer.open_link());
        let connections: Vec<_> = open.map(|link| link.connection).collect();
        for connection in connections {
            self.send(connection, Message::Call);
        }
    }

    /// A peer's participant asks ours to come.
    pub(super) fn called(&mut self, node: NodeId, now: Duration) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&node).ok_or(CloseReason::Protocol)?;
        let is_open = peer.open_link().is_some();
        // Before it is let in nobody is there to ask.
        let participant = peer.participant.as_mut().filter(|_| is_open);
        if participant.is_some_and(|participant| participant.call(now)) {
            self.outputs.push(Output::Called { node });
        }
        Ok(())
    }

    pub(super) fn presence_update(
        &mut self,
        node: NodeId,
        update: PresenceUpdate,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&node).ok_or(CloseReason::Protocol)?;
        let link = peer.link.as_mut().ok_or(CloseReason::Protocol)?;
        if !link.is_newer_presence(update.sequence) {
            return Ok(());
        }
        if !link.is_open() {
            if let Some(handshake) = &mut link.handshake {
                handshake.early.presence = Some(update);
            }
            return Ok(());
        }
        self.apply_presence(node, update, now);
        Ok(())
    }

    fn apply_presence(&mut self, node: NodeId, update: PresenceUpdate, now: Duration) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        let user = update.user.as_ref().map(|user| clean_user(node, user));
        // Most often it is who it was: then there is one of it.
        let user = user.map(|user| match &peer.user {
            Some(known) if **known == user => Arc::clone(known),
            Some(_) | None => Arc::new(user),
        });
        if let Some(user) = &user {
            peer.user = Some(Arc::clone(user));
        }
        let passed_on = peer.user.clone().map(|user| (user, update.clone()));
        if let Some(participant) = &mut peer.participant
            && participant.update(update, user, now)
        {
            let presence = participant.presence();
            self.outputs
                .push(Output::PresenceChanged { node, presence });
        }
        if let Some((user, update)) = passed_on {
            self.relay(node, node, &user, Some(&update));
        }
    }

    /// A peer is let in: its participant is here, and gets to know ours.
    /// `early` is what came before that.
    pub(super) fn come_in(&mut self, node: NodeId, early: Option<Early>, now: Duration) {
        self.come_near(node);
        let introduction = self.own.introduce();
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        let (Some(link), Some(user)) = (&mut peer.link, peer.user.clone()) else {
            return;
        };
        let connection = link.connection;
        let Early { presence, relays } = early.unwrap_or_default();
        let output = match &mut peer.participant {
            Some(participant) => participant
                .come_back(&user)
                .then(|| Output::PresenceChanged {
                    node,
                    presence: participant.presence(),
                }),
            None => {
                peer.participant = Some(Participant::new(Arc::clone(&user)));
                let user = UserInfo::clone(&user);
                Some(Output::Joined { node, user })
            }
        };
        self.outputs.extend(output);
        self.send(connection, Message::PresenceUpdate(introduction));
        if let Some(update) = presence {
            self.apply_presence(node, update, now);
        }
        for relay in relays {
            // It was not refused when it came, and the link is open now.
            let _ = self.presence_relay(node, relay, now);
        }
    }

    /// The connection with a peer is gone. A participant who left is gone at once; one who was
    /// lost may come back soon.
    pub(super) fn participant_disconnected(
        &mut self,
        node: NodeId,
        reason: &Reason,
        now: Duration,
    ) {
        self.lose_those_behind(node, now);
        match reason {
            Reason::Left | Reason::Denied(_) | Reason::Requested => self.participant_left(node),
            Reason::Normal | Reason::Lost(_) | Reason::Silent => {
                let participant = self
                    .peers
                    .get_mut(&node)
                    .and_then(|peer| peer.participant.as_mut());
                if let Some(participant) = participant
                    && participant.lose(now)
                {
                    let presence = participant.presence();
                    self.outputs
                        .push(Output::PresenceChanged { node, presence });
                }
            }
        }
    }

    /// Ends what has lasted for long enough: typing, and waiting for those who were lost.
    pub(super) fn expire_presence(&mut self, node: NodeId, now: Duration) {
        let Some(participant) = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.participant.as_mut())
        else {
            return;
        };
        if participant.stop_typing(now) {
            let presence = participant.presence();
            self.outputs
                .push(Output::PresenceChanged { node, presence });
        } else if participant.is_gone(now) {
            self.participant_left(node);
        }
    }

    fn participant_left(&mut self, node: NodeId) {
        let participant = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.participant.take());
        if let Some(participant) = participant {
            let user = participant.user().clone();
            self.relay(node, node, &user, None);
            self.outputs.push(Output::Left { node, user });
        }
    }
}
