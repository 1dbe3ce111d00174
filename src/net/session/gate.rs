//! Proving who we are, checking who they are, and deciding who comes in.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{ConnectionId, Output, Session};
use crate::net::{
    access::{
        Act, Admission, Applicant, Entrance, Membership, Refusal, Role, Roster, Signed, Statement,
        TicketRefusal, Verdict, judge,
    },
    event::AccessEvent,
    message::{
        CloseReason, DeniedCode, DocumentTag, KNOCK_PAUSE_SECONDS, MAX_KNOCKS, Message, Prove,
    },
    node::{DocumentId, NodeId, PeerAddress},
    peer::{
        Wish,
        link::{Decision, Phase},
    },
    presence::clean_sentence,
    signature::SigningKey,
    ticket::TicketProof,
};

/// Keeps a document's names on connections apart from all other hashes.
const TAG_CONTEXT: &str = "iroh-loro-realtime document tag 1";
/// Nodes that were turned away and that are kept in mind.
const MAX_TURNED_AWAY: usize = 256;

/// Who may come in, and with what we prove who we are.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// Whom we let in that is not a member.
    pub entrance: Entrance,
    /// The secret half of our node id. Without it we can neither prove who we are nor, unless we
    /// own the document, let others in.
    pub node_key: Option<SigningKey>,
    /// The secret half of the document's id, if we own it.
    pub document_key: Option<SigningKey>,
    /// The newest roster that was stored.
    pub roster: Option<Signed<Roster>>,
    /// Who is shut out for the whole session.
    pub banned: Vec<NodeId>,
}

/// What a person says to a knock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnockAnswer {
    /// Come in, as a viewer or an editor.
    Admit(Role),
    /// Not now.
    Deny,
    /// Not now, and do not ask again.
    Block,
}

/// A connection that has just been made.
pub(super) struct NewLink {
    pub node: NodeId,
    pub connection: ConnectionId,
    pub address: Option<PeerAddress>,
    pub binding: [u8; 32],
}

/// Who may come in.
#[derive(Debug)]
pub(super) struct Gate {
    pub entrance: Entrance,
    pub node_key: Option<SigningKey>,
    pub document_key: Option<SigningKey>,
    /// `None` until we have a document.
    pub membership: Option<Membership>,
    /// How we were let in, to show to members who have not heard of it.
    pub pass: Option<Signed<Admission>>,
    /// How others were let in by us as owner, until they know.
    passes: BTreeMap<NodeId, Signed<Admission>>,
    /// Tickets that we hold, by who redeems them.
    pub tickets: BTreeMap<NodeId, TicketProof>,
    /// Until when somebody who was denied is not asked about again.
    turned_away: BTreeMap<NodeId, Duration>,
    pub banned: Vec<NodeId>,
}

/// What a proof is a signature of.
#[derive(Serialize)]
struct Proof {
    prover: NodeId,
    verifier: NodeId,
    document: Option<DocumentTag>,
    nonce: [u8; 32],
    binding: [u8; 32],
}

impl Statement for Proof {
    const DOMAIN: &'static str = "iroh-loro-realtime handshake 1";
}

impl Gate {
    /// Returns the gate, and whether there is a roster that was not stored yet.
    pub fn new(
        config: AccessConfig,
        document: Option<DocumentId>,
        own: NodeId,
    ) -> (Self, Option<Signed<Roster>>) {
        let AccessConfig {
            entrance,
            node_key,
            document_key,
            roster,
            banned,
        } = config;
        let document_key = document_key.filter(|key| Some(key.document()) == document);
        let mut membership = document.map(Membership::new);
        if let (Some(membership), Some(roster)) = (&mut membership, roster)
            && let Err(error) = membership.take_roster(roster)
        {
            tracing::error!("the stored list of members cannot be used: {error}");
        }
        let mut first = None;
        if let (Some(membership), Some(key)) = (&mut membership, &document_key)
            && !membership.is_governed()
        {
            let roster = Roster::new(key.document(), own).sign(key);
            if membership.take_roster(roster.clone()).is_ok() {
                first = Some(roster);
            }
        }
        let gate = Self {
            entrance,
            node_key,
            document_key,
            membership,
            pass: None,
            passes: BTreeMap::new(),
            tickets: BTreeMap::new(),
            turned_away: BTreeMap::new(),
            banned,
        };
        (gate, first)
    }

    /// Returns whether anybody may come in who knows our node id.
    pub fn is_open(&self) -> bool {
        self.entrance == Entrance::Anyone
    }

    /// Returns whether somebody may do something with the document. Before there is one, whoever
    /// is connected may do what an editor may.
    pub fn allows(&self, node: NodeId, act: Act) -> bool {
        match &self.membership {
            Some(membership) => membership.allows(node, act),
            None => act.is_allowed(Role::Editor, true),
        }
    }

    /// Returns the admissions to tell a peer that is let in: its own first.
    pub fn admissions_for(&self, node: NodeId) -> Vec<Signed<Admission>> {
        let pass = self.passes.get(&node).cloned();
        let others = self
            .membership
            .iter()
            .flat_map(Membership::admissions)
            .cloned();
        pass.into_iter().chain(others).collect()
    }

    /// Keeps the word that we let somebody in, as the document's owner.
    pub fn keep_pass(&mut self, pass: Signed<Admission>) {
        let epoch = pass.statement.epoch;
        self.passes
            .retain(|_, older| older.statement.epoch + MAX_KNOCKS as u64 > epoch);
        self.passes.insert(pass.statement.node, pass);
    }

    /// Notes that somebody was denied. Returns nothing: who is forgotten may knock a little earlier.
    pub fn turn_away(&mut self, node: NodeId, now: Duration) {
        self.turned_away.retain(|_, until| *until > now);
        if self.turned_away.len() < MAX_TURNED_AWAY {
            let until = now + Duration::from_secs(KNOCK_PAUSE_SECONDS);
            self.turned_away.insert(node, until);
        }
    }

    fn was_turned_away(&self, node: NodeId, now: Duration) -> bool {
        self.turned_away
            .get(&node)
            .is_some_and(|until| *until > now)
    }
}

impl Session {
    /// Returns what the holder of a node calls our document on a connection.
    pub(super) fn tag_for(&self, speaker: NodeId, binding: &[u8; 32]) -> Option<DocumentTag> {
        let document = self.config.document?;
        let mut hasher = blake3::Hasher::new_derive_key(TAG_CONTEXT);
        hasher
            .update(&document.0)
            .update(&speaker.0)
            .update(binding);
        Some(DocumentTag(*hasher.finalize().as_bytes()))
    }

    /// The peer wants to know whether we are who we say we are.
    pub(super) fn challenge(&mut self, node: NodeId, nonce: [u8; 32]) -> Result<(), CloseReason> {
        let prover = self.config.node;
        let (connection, greeting) = self.greeting(node, Phase::Challenge, Phase::Prove)?;
        let proof = Proof {
            prover,
            verifier: node,
            document: greeting.our_document,
            nonce,
            binding: greeting.binding,
        };
        let signature = self
            .gate
            .node_key
            .as_ref()
            .map(|key| key.sign(&proof.signed_bytes()));
        let prove = Prove {
            signature,
            admission: self.gate.pass.clone(),
            ticket: self.gate.tickets.get(&node).cloned(),
        };
        self.send(connection, Message::Prove(Box::new(prove)));
        Ok(())
    }

    /// The peer says who it is, and why it should be let in.
    pub(super) fn prove(
        &mut self,
        node: NodeId,
        prove: Prove,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let verifier = self.config.node;
        let (_, greeting) = self.greeting(node, Phase::Prove, Phase::Welcome)?;
        let proof = Proof {
            prover: node,
            verifier,
            document: greeting.their_document,
            nonce: greeting.nonce,
            binding: greeting.binding,
        };
        let is_governed = self
            .gate
            .membership
            .as_ref()
            .is_some_and(Membership::is_governed);
        // Nobody asks for a proof in an open document, so none is checked.
        let proven = is_governed
            && !self.names_another(node, proof.document, &proof.binding)
            && prove
                .signature
                .is_some_and(|signature| signature.is_by(&node.0, &proof.signed_bytes()));
        if proven && let Some(admission) = prove.admission {
            // What is not right about it, the verdict says.
            let _ = self.take_admission(node, admission);
        }
        let ticket = prove.ticket.filter(|ticket| {
            let document = self.config.document;
            proven && document.is_some_and(|document| ticket.is_genuine(document, verifier))
        });
        let applicant = Applicant {
            node,
            proven,
            expected: self
                .peers
                .get(&node)
                .is_some_and(|peer| peer.wish == Wish::Requested),
            ticket: ticket.is_some(),
        };
        if !is_governed && self.names_another(node, proof.document, &proof.binding) {
            let code = DeniedCode::Refused;
            self.refuse(node, code, DeniedCode::OtherDocument.text(), now);
            return Ok(());
        }
        let verdict = judge(
            self.gate.entrance,
            self.gate.membership.as_ref(),
            verifier,
            &applicant,
        );
        match verdict {
            Verdict::Welcome => self.let_in(node, now),
            Verdict::Admit => self.admit(node, Role::Editor, true, now),
            Verdict::Redeem => {
                self.decide(node, Decision::Redeeming)?;
                if let Some(ticket) = ticket {
                    let grant = ticket.grant.statement;
                    self.outputs.push(Output::Redeem { node, grant });
                }
                Ok(())
            }
            Verdict::Ask => self.ask_person(node, now),
            Verdict::Refuse(refusal) => {
                let (code, report) = words_for(refusal);
                self.refuse(node, code, report, now);
                Ok(())
            }
        }
    }

    /// Our application looked up a ticket.
    pub(super) fn redeemed(
        &mut self,
        node: NodeId,
        role: Role,
        result: Result<(), TicketRefusal>,
        now: Duration,
    ) {
        if self.decision(node) != Some(Decision::Redeeming) {
            return;
        }
        let done = match result {
            Ok(()) => self.admit(node, role, false, now),
            Err(refusal) => {
                let text = refusal.to_string();
                self.refuse_with(node, DeniedCode::Ticket, &text, &text, now);
                Ok(())
            }
        };
        if let Err(reason) = done {
            self.close(node, reason, now);
        }
    }

    /// A person answered a knock.
    pub(super) fn answered(&mut self, node: NodeId, answer: KnockAnswer, now: Duration) {
        if self.decision(node) != Some(Decision::Asked) {
            return;
        }
        match answer {
            KnockAnswer::Admit(role) => {
                if let Err(reason) = self.admit(node, role, false, now) {
                    self.close(node, reason, now);
                }
            }
            KnockAnswer::Deny => self.deny(node, now),
            KnockAnswer::Block => {
                self.deny(node, now);
                self.govern(super::Decree::Block(node), now);
            }
        }
    }

    fn deny(&mut self, node: NodeId, now: Duration) {
        self.gate.turn_away(node, now);
        self.refuse(node, DeniedCode::NotWanted, "you did not let it in", now);
    }

    /// The time for an answer is over.
    pub(super) fn not_answered(&mut self, node: NodeId, now: Duration) {
        let text = "nobody answered in time";
        self.refuse_with(node, DeniedCode::NotWanted, text, text, now);
    }

    /// A person at the peer's side is asked about us.
    pub(super) fn waiting(
        &mut self,
        node: NodeId,
        asked: &str,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let link = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
            .filter(|link| link.phase == Phase::Welcome)
            .ok_or(CloseReason::Protocol)?;
        link.knocks(now);
        let greeting = link.greeting_mut().ok_or(CloseReason::Protocol)?;
        if std::mem::replace(&mut greeting.waiting, true) {
            return Ok(());
        }
        let asked = clean_sentence(asked);
        self.outputs
            .push(Output::Access(AccessEvent::Waiting { node, asked }));
        Ok(())
    }

    /// Tells all who wait for an answer that we are still here.
    pub(super) fn beat_waiting(&mut self) {
        let waiting: Vec<_> = self
            .peers
            .iter()
            .filter_map(|peer| peer.link.as_ref())
            .filter(|link| link.decision() == Decision::Asked)
            .map(|link| link.connection)
            .collect();
        let asked = self.own.user().name.clone();
        for connection in waiting {
            let asked = asked.clone();
            self.send(connection, Message::Waiting { asked });
        }
    }

    fn ask_person(&mut self, node: NodeId, now: Duration) -> Result<(), CloseReason> {
        let knocks = self
            .peers
            .iter()
            .filter_map(|peer| peer.link.as_ref())
            .filter(|link| link.decision() == Decision::Asked)
            .count();
        if knocks >= MAX_KNOCKS || self.gate.was_turned_away(node, now) {
            let report = "it knocks too often";
            self.refuse(node, DeniedCode::NotWanted, report, now);
            return Ok(());
        }
        self.decide(node, Decision::Asked)?;
        let asked = self.own.user().name.clone();
        let peer = self.peers.get_mut(&node).ok_or(CloseReason::Protocol)?;
        let link = peer.link.as_mut().ok_or(CloseReason::Protocol)?;
        link.knocks(now);
        let connection = link.connection;
        let user = peer.user.as_deref().cloned().ok_or(CloseReason::Protocol)?;
        self.send(connection, Message::Waiting { asked });
        self.outputs
            .push(Output::Access(AccessEvent::Knock { node, user }));
        self.schedule_heartbeat(now);
        Ok(())
    }

    /// Returns whether we have not decided yet about a peer that says more than its handshake. What
    /// it says before is not heard; when it is let in, both sides compare what they have.
    pub(super) fn is_too_early(&self, node: NodeId, message: &Message) -> bool {
        let link = self.peers.get(&node).and_then(|peer| peer.link.as_ref());
        link.is_some_and(|link| {
            let undecided = link.decision() != Decision::Welcomed;
            undecided
                && (message.is_presence()
                    || (link.phase == Phase::Nothing && !matches!(message, Message::Denied(_))))
        })
    }

    pub(super) fn spend(
        &mut self,
        node: NodeId,
        message: &Message,
        now: Duration,
    ) -> Result<(), CloseReason> {
        let link = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut());
        link.map_or(Ok(()), |link| link.allowance.spend(message, now))
    }

    fn decide(&mut self, node: NodeId, decision: Decision) -> Result<(), CloseReason> {
        let greeting = self
            .peers
            .get_mut(&node)
            .and_then(|peer| peer.link.as_mut())
            .and_then(|link| link.greeting_mut())
            .ok_or(CloseReason::Protocol)?;
        greeting.decision = decision;
        Ok(())
    }

    fn decision(&self, node: NodeId) -> Option<Decision> {
        let link = self.peers.get(&node)?.link.as_ref()?;
        Some(link.decision())
    }
}

/// Returns what the applicant hears, and what our own application does.
fn words_for(refusal: Refusal) -> (DeniedCode, &'static str) {
    match refusal {
        Refusal::Blocked => (DeniedCode::Refused, "it is blocked"),
        Refusal::NotProven => (DeniedCode::Refused, "it did not prove who it is"),
        Refusal::NothingHere => (
            DeniedCode::Refused,
            "there is no document yet to let it in to",
        ),
        Refusal::NoTicket => (DeniedCode::NoTicket, "it has no ticket"),
        Refusal::CannotAdmit => (DeniedCode::AskOwner, "you may not let others in"),
    }
}
