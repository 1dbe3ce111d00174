//! One peer: its life, when to dial it again, and who wins when both sides dial.
//!
//! What passes over the connection with it is in `link`, what it has in `known`.

mod allowance;
mod crowd;
pub(crate) mod known;
pub(crate) mod link;
mod redial;

use std::{sync::Arc, time::Duration};

use crate::net::{
    event::{PeerState, Reason, UserInfo},
    message::{MAX_DIRECT_ADDRESSES, MAX_RELAY_URL},
    node::{NodeId, PeerAddress},
    presence::Participant,
    session::ConnectionId,
};

pub(crate) use allowance::Allowance;
pub(crate) use crowd::Crowd;
pub(crate) use known::Known;
pub(crate) use link::Link;
pub(crate) use redial::Redial;

/// How long a dial or the end of a connection may take before the session stops waiting for the
/// driver's word.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// A peer as an application sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerView {
    /// Which replica.
    pub node: NodeId,
    /// The person behind it, once it introduced itself.
    pub user: Option<UserInfo>,
    /// Where it is in its life.
    pub state: PeerState,
    /// Where it can be dialled, as far as we know.
    pub address: PeerAddress,
    /// How long a byte takes to it and back, once measured.
    pub round_trip: Option<Duration>,
    /// Whether it left on its own will.
    pub left: bool,
    /// Whether we hold operations that it is not known to have.
    pub behind: bool,
    /// Why the last dial failed or the last connection ended, while there is none.
    pub last_error: Option<String>,
}

/// Decides about an incoming connection when both sides may have dialled at once: the connection
/// dialled by the lower node id wins, and both sides come to the same result.
///
/// `dialling` says whether the acceptor's own dial to the same peer is under way. If this returns
/// true, the acceptor keeps the connection, gives up its own dial, and speaks first; the dialler
/// takes that first byte as the word that its connection won. If it returns false, the acceptor
/// closes it with [`CloseReason::Duplicate`](crate::net::message::CloseReason::Duplicate), and
/// neither side reports a failure.
pub fn keeps_incoming(acceptor: NodeId, dialler: NodeId, dialling: bool) -> bool {
    !dialling || dialler < acceptor
}

/// Why we know a peer, and with it how hard we try to be connected to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The application asked for it: it is dialled forever.
    Requested,
    /// It dialled us, or others introduced it: it is dialled until it leaves.
    Met,
    /// It would not have us, or we would not have it: it is not dialled.
    Refused,
    /// The application let it go: it is not dialled, and not shown once it is disconnected.
    Unwanted,
}

/// A connection that we are ending.
#[derive(Debug)]
pub(crate) struct Ending {
    pub connection: ConnectionId,
    /// What to report when it is over.
    pub reason: Reason,
    pub until: Duration,
}

/// A replica that we are, were or want to be connected to.
#[derive(Debug)]
pub(crate) struct Peer {
    pub address: PeerAddress,
    pub user: Option<Arc<UserInfo>>,
    pub wish: Wish,
    pub state: PeerState,
    pub link: Option<Link>,
    pub ending: Option<Box<Ending>>,
    /// Until when the answer to a dial must be there.
    pub dialled_until: Option<Duration>,
    pub redial: Redial,
    /// Where the application said that it is, if it ever asked for it.
    pub asked_for: Option<Box<PeerAddress>>,
    /// Whether a connection with it ever got as far as a welcome.
    pub was_here: bool,
    pub left: bool,
    /// Whether it broke the protocol, so that it is not dialled again soon.
    pub distrusted: bool,
    pub round_trip: Option<Duration>,
    pub last_error: Option<String>,
    /// What it had when the last connection ended.
    pub last_known: Option<Box<Known>>,
    pub participant: Option<Participant>,
}

impl Peer {
    pub fn new(address: PeerAddress, wish: Wish) -> Self {
        Self {
            address: trim_address(address),
            user: None,
            wish,
            state: PeerState::Disconnected,
            link: None,
            ending: None,
            dialled_until: None,
            redial: Redial::default(),
            asked_for: None,
            was_here: false,
            left: false,
            distrusted: false,
            round_trip: None,
            last_error: None,
            last_known: None,
            participant: None,
        }
    }

    /// Returns which replica this is.
    pub fn node(&self) -> NodeId {
        self.address.node
    }

    /// Returns the link if both sides have welcomed each other over it.
    pub fn open_link(&self) -> Option<&Link> {
        self.link.as_ref().filter(|link| link.is_open())
    }

    /// Returns the link if both sides have welcomed each other over it.
    pub fn open_link_mut(&mut self) -> Option<&mut Link> {
        self.link.as_mut().filter(|link| link.is_open())
    }

    /// Returns whether this is its connection, or the one with it that we are ending.
    pub fn has_connection(&self, connection: ConnectionId) -> bool {
        let link = self.link.as_ref().map(|link| link.connection);
        let ending = self.ending.as_ref().map(|ending| ending.connection);
        link == Some(connection) || ending == Some(connection)
    }

    /// Returns whether the peer takes one of the places that the degree limit counts.
    pub fn takes_place(&self) -> bool {
        self.link.is_some() || self.state == PeerState::Connecting
    }

    /// Returns whether nothing is lost when we forget that this peer exists.
    pub fn is_dispensable(&self) -> bool {
        self.wish != Wish::Requested
            && self.state == PeerState::Disconnected
            && self.participant.is_none()
    }

    /// Notes that a dial is on its way.
    pub fn dialled(&mut self, now: Duration) {
        self.dialled_until = Some(now + ANSWER_LIMIT);
        self.redial.cancel();
    }

    /// Returns until when a connection that we end now must be over.
    pub fn ending_until(now: Duration) -> Duration {
        now + ANSWER_LIMIT
    }

    /// Adds places where the peer may be, without losing those that we know.
    pub fn learn_address(&mut self, news: PeerAddress) {
        let PeerAddress {
            node: _,
            mut direct,
            relay,
        } = news;
        for known in std::mem::take(&mut self.address.direct) {
            if !direct.contains(&known) {
                direct.push(known);
            }
        }
        self.address = trim_address(PeerAddress {
            node: self.node(),
            direct,
            relay: relay.or(self.address.relay.take()),
        });
    }

    /// The peer ended: its sockets are closed, and dialling them would only take long to fail. What
    /// the application said, the relay and an address lookup may still lead to it.
    pub fn forget_places(&mut self) {
        self.address.direct.clear();
        if let Some(asked_for) = self.asked_for.clone() {
            self.learn_address(*asked_for);
        }
    }

    /// Returns when something about this peer becomes due.
    pub fn deadline(&self) -> Option<Duration> {
        earliest([
            self.link
                .as_ref()
                .map(|link| link.silence_deadline(self.state)),
            self.ending.as_ref().map(|ending| ending.until),
            self.dialled_until,
            self.redial.due(),
            self.participant.as_ref().and_then(Participant::deadline),
        ])
    }

    /// Describes the peer for an application. `ours` is what we have.
    pub fn view(&self, ours: &loro::VersionVector) -> PeerView {
        let known = match &self.link {
            Some(link) => link.certainly_known(),
            None => self.last_known.as_deref(),
        };
        PeerView {
            node: self.node(),
            user: self.user.as_deref().cloned(),
            state: self.state,
            address: self.address.clone(),
            round_trip: self.round_trip,
            left: self.left,
            behind: known.map_or(!ours.is_empty(), |known| !known.includes(ours)),
            last_error: self.last_error.clone(),
        }
    }
}

/// Shortens an address to what the wire allows.
pub(crate) fn trim_address(mut address: PeerAddress) -> PeerAddress {
    address.direct.truncate(MAX_DIRECT_ADDRESSES);
    address.relay = address.relay.filter(|url| url.len() <= MAX_RELAY_URL);
    address
}

/// Returns the earliest of several moments, if there is any.
pub(crate) fn earliest(moments: impl IntoIterator<Item = Option<Duration>>) -> Option<Duration> {
    moments.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_peer_takes_little_memory() {
        let size = size_of::<Peer>();
        println!("a peer takes {size} bytes, its link {}", size_of::<Link>());
        // The rest of the kilobyte is for names, addresses, neighbours and versions.
        assert!(size <= 700, "{size}");
    }

    #[test]
    fn of_two_simultaneous_dials_exactly_one_is_kept() {
        let (low, high) = (NodeId([1; 32]), NodeId([2; 32]));
        let kept_by_low = keeps_incoming(low, high, true);
        let kept_by_high = keeps_incoming(high, low, true);
        assert!(!kept_by_low);
        assert!(kept_by_high);
    }

    #[test]
    fn a_single_dial_is_kept() {
        let (low, high) = (NodeId([1; 32]), NodeId([2; 32]));
        assert!(keeps_incoming(low, high, false));
        assert!(keeps_incoming(high, low, false));
    }
}
