//! From the first byte of a connection to the moment when both sides let each other in.
//!
//! Symmetric: both say hello, give the other a challenge, prove who they are, and say welcome or
//! refuse. A proof is a signature by the node key of both node ids, the document, the challenge and
//! what the transport says is the same at both ends of this connection only, so that it is worth
//! nothing anywhere else. Who has no document yet takes the other's. A document is named so that
//! only who knows it already can tell which one it is, until the peer is let in.

use std::{sync::Arc, time::Duration};

use rand::RngExt;

use super::{ConnectionId, Output, Reach, Session, gate::NewLink};
use crate::net::{
    access::{Membership, Role, Signed},
    event::{AccessEvent, PeerState, Reason},
    message::{
        CloseReason, Denied, DeniedCode, DocumentTag, Hello, MAX_UNINTRODUCED, MINOR_VERSION,
        Message, Welcome,
    },
    node::{DocumentId, NodeId, PeerAddress},
    peer::{
        Link, Peer, Wish,
        link::{Decision, Greeting, Handshake, Passing, Phase},
    },
    presence::{clean_sentence, clean_title, clean_user},
};

impl Session {
    /// A connection stands. It takes over from an older one with the same peer.
    pub(super) fn opened(&mut self, new: NewLink, now: Duration) {
        let NewLink {
            node,
            connection,
            address,
            binding,
        } = new;
        if let Err(reason) = self.admits_connection(node) {
            self.outputs.push(Output::Close { connection, reason });
            return;
        }
        self.replace_connection(node, now);
        let our_document = self.tag_for(self.config.node, &binding);
        let greeting = Greeting {
            binding,
            nonce: self.random.random(),
            our_document,
            ..Greeting::default()
        };
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        if let Some(address) = address {
            peer.learn_address(address);
        }
        peer.dialled_until = None;
        peer.redial.cancel();
        peer.link = Some(Link::new(connection, greeting, now));
        self.transition(node, PeerState::Connecting, Reason::Normal);
        let hello = Hello {
            minor_version: MINOR_VERSION,
            document: our_document,
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
        let (connection, greeting) = self.greeting(node, Phase::Hello, Phase::Challenge)?;
        if hello.address.node != node {
            return Err(CloseReason::Protocol);
        }
        greeting.their_document = hello.document;
        let (binding, nonce) = (greeting.binding, greeting.nonce);
        if let Some(link) = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
        {
            link.takes_slices = hello.minor_version >= 2;
            if hello.minor_version >= 4 {
                link.passing = Passing::Eager;
            }
        }
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.user = Some(Arc::new(clean_user(node, &hello.user)));
            peer.learn_address(hello.address);
        }
        // Elsewhere it takes a proof to be told.
        if self.gate.is_open() && self.names_another(node, hello.document, &binding) {
            self.refuse_document(node, now);
            return Ok(());
        }
        self.send(connection, Message::Challenge { nonce });
        self.schedule_heartbeat(now);
        Ok(())
    }

    /// The peer lets us in.
    pub(super) fn welcome(
        &mut self,
        node: NodeId,
        welcome: Box<Welcome>,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let (_, greeting) = self.greeting(node, Phase::Welcome, Phase::Nothing)?;
        greeting.welcome = Some(welcome);
        greeting.waiting = false;
        self.open_if_both_agree(node, now)
    }

    /// Lets a peer in, as far as we are concerned.
    pub(super) fn let_in(&mut self, node: NodeId, now: Duration) -> Result<(), CloseReason> {
        let members = self.members_for(node);
        let membership = self.gate.membership.as_ref();
        let welcome = Welcome {
            document: self.config.document,
            title: self.config.title.clone(),
            role: membership
                .and_then(|membership| membership.role_of(node))
                .unwrap_or(Role::Editor),
            roster: membership.and_then(|membership| membership.roster().cloned()),
            admissions: self.gate.admissions_for(node),
            members,
        };
        let told_epoch = membership.map_or(0, Membership::epoch);
        let told_document = self.config.document;
        let link = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
            .ok_or(CloseReason::Protocol)?;
        let greeting = link.greeting_mut().ok_or(CloseReason::Protocol)?;
        let before = std::mem::replace(&mut greeting.decision, Decision::Welcomed);
        greeting.told_document = told_document;
        greeting.told_epoch = told_epoch;
        let connection = link.connection;
        if before == Decision::Asked {
            self.outputs
                .push(Output::Access(AccessEvent::KnockOver { node }));
        }
        self.send(connection, Message::Welcome(Box::new(welcome)));
        self.open_if_both_agree(node, now)
    }

    fn open_if_both_agree(&mut self, node: NodeId, now: Duration) -> Result<(), CloseReason> {
        let link = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
            .ok_or(CloseReason::Protocol)?;
        if link.decision() != Decision::Welcomed || link.phase != Phase::Nothing {
            return Ok(());
        }
        let handshake = link.handshake.take().ok_or(CloseReason::Protocol)?;
        self.both_agree(node, *handshake, now)
    }

    /// Both sides let each other in.
    fn both_agree(
        &mut self,
        node: NodeId,
        handshake: Handshake,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let Handshake {
            greeting, early, ..
        } = handshake;
        let Greeting {
            told_document,
            told_epoch,
            welcome,
            ..
        } = greeting;
        let welcome = *welcome.ok_or(CloseReason::Protocol)?;
        let neither_had_one = told_document.is_none() && welcome.document.is_none();
        if self.is_other_document(welcome.document) {
            // Meanwhile we took that of somebody else.
            self.refuse_document(node, now);
            return Ok(());
        }
        if neither_had_one && self.config.document.is_some() {
            return Err(CloseReason::Renew);
        }
        self.open(node)?.open();
        if let Some(link) = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
        {
            link.without_document = neither_had_one;
        }
        self.adopt(welcome.document, &welcome.title, now);
        self.learn_membership(node, welcome.roster, welcome.admissions, now)?;
        self.transition(node, PeerState::Syncing, Reason::Normal);
        self.tell_changes(node, told_epoch);
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
        let reason = match denied.code {
            // It has not heard yet that somebody else has let us in.
            DeniedCode::AskOwner if self.is_member() => Reason::Lost(text),
            _ => Reason::Denied(text),
        };
        self.end(node, CloseReason::Leaving, reason, now);
        Ok(())
    }

    /// Returns how far the handshake with a peer went, and goes on to the next phase.
    pub(super) fn greeting(
        &mut self,
        node: NodeId,
        expected: Phase,
        next: Phase,
    ) -> Result<(ConnectionId, &mut Greeting), CloseReason> {
        let link = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
            .filter(|link| link.phase == expected)
            .ok_or(CloseReason::Protocol)?;
        link.phase = next;
        let connection = link.connection;
        let greeting = link.greeting_mut().ok_or(CloseReason::Protocol)?;
        Ok((connection, greeting))
    }

    /// Returns whether a connection may be made use of, and makes room for its peer.
    fn admits_connection(&mut self, node: NodeId) -> Result<(), CloseReason> {
        if self.reach != Reach::Online {
            return Err(CloseReason::Leaving);
        }
        if node == self.config.node {
            return Err(CloseReason::Protocol);
        }
        if self.gate.banned.contains(&node) {
            return Err(CloseReason::Denied);
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

    /// Returns whether a peer's hello named another document than ours.
    pub(super) fn names_another(
        &self,
        node: NodeId,
        theirs: Option<DocumentTag>,
        binding: &[u8; 32],
    ) -> bool {
        let ours = self.tag_for(node, binding);
        theirs.is_some() && ours.is_some() && theirs != ours
    }

    /// The two sides hold different documents. Only where anybody may come in does it do no harm to
    /// say so.
    fn refuse_document(&mut self, node: NodeId, now: Duration) {
        let code = if self.gate.is_open() {
            DeniedCode::OtherDocument
        } else {
            DeniedCode::Refused
        };
        let report = DeniedCode::OtherDocument.text();
        self.refuse(node, code, report, now);
    }

    /// Tells a peer that it does not come in, and ends the connection. `report` is what our own
    /// application hears, if it asked for the peer.
    pub(super) fn refuse(&mut self, node: NodeId, code: DeniedCode, report: &str, now: Duration) {
        self.refuse_with(node, code, code.text(), report, now);
    }

    pub(super) fn refuse_with(
        &mut self,
        node: NodeId,
        code: DeniedCode,
        text: &str,
        report: &str,
        now: Duration,
    ) {
        if let Some(link) = self.peers.get(&node).and_then(|peer| peer.link.as_ref()) {
            let denied = Denied {
                code,
                text: text.to_owned(),
            };
            self.send(link.connection, Message::Denied(denied));
        }
        // Whom nobody asked for is turned away without a word to our own application: a stranger
        // must not be able to fill a screen.
        let asked_for = match self.peers.get_mut(&node) {
            Some(peer) if peer.wish == Wish::Requested && code != DeniedCode::Removed => true,
            Some(peer) => {
                peer.wish = Wish::Refused;
                false
            }
            None => false,
        };
        let report = if asked_for {
            Reason::Denied(report.to_owned())
        } else {
            Reason::Requested
        };
        self.end(node, CloseReason::Denied, report, now);
    }

    /// Takes a peer's document if we have none. Whoever heard from us that we have none, and has
    /// none either, must hear the news: with them the handshake starts anew.
    fn adopt(&mut self, theirs: Option<DocumentId>, title: &str, now: Duration) {
        let (None, Some(document)) = (self.config.document, theirs) else {
            return;
        };
        self.config.document = Some(document);
        self.config.title = clean_title(title);
        self.gate.membership = Some(Membership::new(document));
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

    /// Tells a peer what changed between our welcome and its own.
    fn tell_changes(&mut self, node: NodeId, told_epoch: u64) {
        let Some(membership) = &self.gate.membership else {
            return;
        };
        let roster = membership
            .roster()
            .filter(|roster| roster.statement.epoch() > told_epoch)
            .cloned()
            .map(|roster| Message::Roster(Box::new(roster)));
        let admissions: Vec<_> = membership
            .admissions()
            .filter(|admission| admission.statement.node != node)
            .cloned()
            .map(|admission: Signed<_>| Message::Admission(Box::new(admission)))
            .collect();
        let Some(connection) = self.peers.get(&node).and_then(Peer::open_link) else {
            return;
        };
        let connection = connection.connection;
        for message in roster.into_iter().chain(admissions) {
            self.send(connection, message);
        }
    }
}
