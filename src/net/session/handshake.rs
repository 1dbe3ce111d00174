//! From the first byte of a connection to the moment when both sides let each other in.
//!
//! Symmetric: both say hello, both answer with a welcome or a refusal. Who has no document yet
//! takes the other's.

use std::{sync::Arc, time::Duration};

use super::{ConnectionId, Output, Reach, Session};
use crate::net::{
    event::{PeerState, Reason},
    message::{
        CloseReason, Denied, DeniedCode, Hello, MAX_UNINTRODUCED, MINOR_VERSION, Message, Welcome,
    },
    node::{DocumentId, NodeId, PeerAddress},
    peer::{
        Link, Peer, Wish,
        link::{Handshake, Offer, Phase},
    },
    presence::{clean_sentence, clean_title, clean_user},
};

impl Session {
    /// A connection stands. It takes over from an older one with the same peer.
    pub(super) fn opened(
        &mut self,
        node: NodeId,
        connection: ConnectionId,
        address: Option<PeerAddress>,
        now: Duration,
    ) {
        if let Err(reason) = self.admits_connection(node) {
            self.outputs.push(Output::Close { connection, reason });
            return;
        }
        self.replace_connection(node, now);
        let told_document = self.config.document;
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if let Some(address) = address {
            peer.learn_address(address);
        }
        peer.dialled_until = None;
        peer.redial.cancel();
        peer.link = Some(Link::new(connection, told_document, now));
        self.transition(node, PeerState::Connecting, Reason::Normal);
        let hello = Hello {
            minor_version: MINOR_VERSION,
            document: told_document,
            title: self.config.title.clone(),
            user: self.own.user().clone(),
            address: self.config.address.clone(),
        };
        self.send(connection, Message::Hello(hello));
    }

    pub(super) fn hello(
        &mut self,
        node: NodeId,
        hello: Hello,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&node).ok_or(CloseReason::Protocol)?;
        let link = peer.link.as_mut().ok_or(CloseReason::Protocol)?;
        if link.phase != Phase::Hello || hello.address.node != node {
            return Err(CloseReason::Protocol);
        }
        link.phase = Phase::Welcome;
        link.takes_slices = hello.minor_version >= 2;
        if let Some(handshake) = &mut link.handshake {
            handshake.offer.document = hello.document;
            handshake.offer.title = hello.title;
        }
        let connection = link.connection;
        peer.user = Some(Arc::new(clean_user(node, &hello.user)));
        peer.learn_address(hello.address);
        if self.is_other_document(hello.document) {
            self.refuse(node, now);
            return Ok(());
        }
        let members = self.members_for(node);
        self.send(connection, Message::Welcome(Welcome { members }));
        self.schedule_heartbeat(now);
        Ok(())
    }

    pub(super) fn welcome(
        &mut self,
        node: NodeId,
        welcome: Welcome,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let peer = self.peers.get_mut(&node).ok_or(CloseReason::Protocol)?;
        let link = peer.link.as_mut().ok_or(CloseReason::Protocol)?;
        if link.phase != Phase::Welcome {
            return Err(CloseReason::Protocol);
        }
        let Handshake { offer, early, .. } = *link.handshake.take().ok_or(CloseReason::Protocol)?;
        let neither_had_one = offer.told_document.is_none() && offer.document.is_none();
        link.without_document = neither_had_one;
        if self.is_other_document(offer.document) {
            // Meanwhile we took that of somebody else.
            self.refuse(node, now);
            return Ok(());
        }
        if neither_had_one && self.config.document.is_some() {
            return Err(CloseReason::Renew);
        }
        if let Ok(link) = self.open(node) {
            link.open();
        }
        self.adopt(offer, now);
        self.transition(node, PeerState::Syncing, Reason::Normal);
        self.ask(node, now);
        self.come_in(node, Some(early), now);
        self.introduce(node);
        self.learn_members(node, welcome.members, now);
        self.relay_all_to(node);
        Ok(())
    }

    pub(super) fn denied(
        &mut self,
        node: NodeId,
        denied: &Denied,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let text = clean_sentence(&denied.text);
        self.end(node, CloseReason::Leaving, Reason::Denied(text), now);
        Ok(())
    }

    /// Returns whether a connection may be made use of, and makes room for its peer.
    fn admits_connection(&mut self, node: NodeId) -> Result<(), CloseReason> {
        if self.reach != Reach::Online {
            return Err(CloseReason::Leaving);
        }
        if node == self.config.node {
            return Err(CloseReason::Protocol);
        }
        if let Some(peer) = self.peers.get(&node) {
            return match peer.wish {
                Wish::Requested | Wish::Met | Wish::Refused => Ok(()),
                Wish::Unwanted => Err(CloseReason::Unwanted),
            };
        }
        let newcomers = self.peers.iter().filter_map(|peer| peer.link.as_ref());
        let unintroduced = newcomers.filter(|link| !link.is_open()).count();
        if unintroduced >= MAX_UNINTRODUCED || !self.make_room() {
            return Err(CloseReason::Busy);
        }
        let peer = Peer::new(PeerAddress::unknown(node), Wish::Met);
        self.peers.insert(peer);
        Ok(())
    }

    fn open(&mut self, node: NodeId) -> Result<&mut Link, CloseReason> {
        let peer = self.peers.get_mut(&node).ok_or(CloseReason::Protocol)?;
        if peer.wish == Wish::Refused {
            // Whatever kept us apart is over.
            peer.wish = if peer.asked_for.is_some() {
                Wish::Requested
            } else {
                Wish::Met
            };
        }
        peer.was_here = true;
        peer.left = false;
        peer.last_error = None;
        peer.link.as_mut().ok_or(CloseReason::Protocol)
    }

    fn is_other_document(&self, theirs: Option<DocumentId>) -> bool {
        matches!((self.config.document, theirs), (Some(ours), Some(theirs)) if ours != theirs)
    }

    fn refuse(&mut self, node: NodeId, now: Duration) {
        let text = "the two sides hold different documents";
        if let Some(link) = self.peers.get(&node).and_then(|peer| peer.link.as_ref()) {
            let denied = Denied {
                code: DeniedCode::OtherDocument,
                text: text.to_owned(),
            };
            self.send(link.connection, Message::Denied(denied));
        }
        self.end(
            node,
            CloseReason::Denied,
            Reason::Denied(text.to_owned()),
            now,
        );
    }

    /// Takes a peer's document if we have none. Whoever heard from us that we have none, and has
    /// none either, must hear the news: with them the handshake starts anew.
    fn adopt(&mut self, offer: Offer, now: Duration) {
        let (None, Some(document)) = (self.config.document, offer.document) else {
            return;
        };
        self.config.document = Some(document);
        self.config.title = clean_title(&offer.title);
        self.outputs.push(Output::Adopted {
            document,
            title: self.config.title.clone(),
        });
        let is_stale = |peer: &&Peer| peer.open_link().is_some_and(|link| link.without_document);
        let stale: Vec<_> = self
            .peers
            .iter()
            .filter(is_stale)
            .map(|peer| peer.node())
            .collect();
        for node in stale {
            self.close(node, CloseReason::Renew, now);
        }
    }
}
