//! What happens in the network, one event after the other: the driver's part and the wire's.

use std::{cmp::Reverse, time::Duration};

use rand::RngExt;

use super::{
    IDLE_TIMEOUT, Network, SiteId,
    wire::{End, Parcel, Wire},
};
use crate::net::{
    event::{Reason, Standing},
    message::{CloseReason, Message},
    node::NodeId,
    peer::keeps_incoming,
    session::{ConnectionId, Input, Output},
    ticket::TicketGrant,
};

/// How long an application waits until its session has said goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Something that happens at a certain time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A site's driver hears of a commit.
    LocalUpdate { site: SiteId },
    /// A dial reaches the dialled site.
    Dialled {
        dialler: SiteId,
        acceptor: SiteId,
        attempt: u64,
    },
    /// A dial was refused because the other side's own dial wins: nobody is told.
    Refused {
        dialler: SiteId,
        acceptor: SiteId,
        attempt: u64,
    },
    /// A dial comes to nothing.
    Failed {
        dialler: SiteId,
        acceptor: SiteId,
        attempt: u64,
    },
    /// Something arrives on a stream.
    Arrival {
        wire: ConnectionId,
        end: usize,
        stream: usize,
    },
    /// One end's transport reports that a connection is over.
    Gone { wire: ConnectionId, end: usize },
    /// A site's document is to be replaced by that of a peer: its application ends the session.
    Superseded { site: SiteId, by: NodeId },
    /// And it starts another one.
    StartAnew { site: SiteId, by: NodeId },
    /// A blocked connection reaches the idle timeout, unless it is not blocked any more.
    TimeOut { wire: ConnectionId },
}

impl Network {
    /// Lets the next thing happen, if that is before a certain time.
    pub(super) fn step(&mut self, until: Duration) -> bool {
        let tick = self.wakes.first().copied();
        let planned = self.planned.peek().map(|Reverse(planned)| planned.at);
        let next = match (planned, tick) {
            (Some(at), Some((tick, _))) => at.min(tick),
            (Some(at), None) => at,
            (None, Some((tick, _))) => tick,
            (None, None) => {
                self.now = until;
                return false;
            }
        };
        if next > until {
            self.now = until;
            return false;
        }
        self.now = self.now.max(next);
        match tick {
            Some((at, site)) if planned.is_none_or(|planned| at < planned) => {
                self.input(site, Input::Tick);
            }
            Some(_) | None => {
                if let Some(Reverse(planned)) = self.planned.pop() {
                    self.happen(planned.event);
                }
            }
        }
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::LocalUpdate { site } => self.local_update(site),
            Event::Dialled {
                dialler,
                acceptor,
                attempt,
            } => self.dialled(dialler, acceptor, attempt),
            Event::Refused {
                dialler,
                acceptor,
                attempt,
            } => {
                self.end_dial(dialler, acceptor, attempt);
            }
            Event::Failed {
                dialler,
                acceptor,
                attempt,
            } => self.dial_failed(dialler, acceptor, attempt),
            Event::Arrival { wire, end, stream } => self.arrival(wire, end, stream),
            Event::Gone { wire, end } => self.gone(wire, end, Self::lost()),
            Event::Superseded { site, by } => {
                self.input(site, Input::Shutdown);
                self.plan(GOODBYE, Event::StartAnew { site, by });
            }
            Event::StartAnew { site, by } => self.start_anew(site, by),
            Event::TimeOut { wire } => {
                let sites = self.wires.get(&wire).map(|wire| wire.sites);
                if sites.is_some_and(|[a, b]| self.is_blocked(a, b)) {
                    self.cut_wire(wire);
                }
            }
        }
    }

    /// Does what a session wants, as its driver would.
    pub(super) fn carry_out(&mut self, site: SiteId, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send {
                    connection,
                    message,
                } => self.send(site, connection, message),
                Output::Dial { address } => self.dial(site, address.node),
                Output::Close { connection, reason } => self.close(site, connection, reason),
                Output::Imported { spans, .. } => {
                    self.changes += 1;
                    self.ledger.imported(&spans);
                }
                Output::Connection(_)
                | Output::Joined { .. }
                | Output::PresenceChanged { .. }
                | Output::Called { .. }
                | Output::Left { .. }
                | Output::Adopted { .. }
                | Output::Diverged {
                    stands: Standing::Ours,
                    ..
                }
                | Output::ConflictTold { .. }
                | Output::Progress(_)
                | Output::InSync { .. }
                | Output::Access(_) => {}
                Output::Redeem { node, grant } => self.redeem(site, node, grant),
                Output::Diverged {
                    node,
                    stands: Standing::Theirs,
                } => self.plan(Duration::ZERO, Event::Superseded { site, by: node }),
            }
        }
    }

    /// Nothing passes over a connection any more; its ends notice sooner or later.
    pub(super) fn cut_wire(&mut self, id: ConnectionId) {
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        wire.cut = true;
        for end in 0..2 {
            let wait = self.random.random_range(Duration::ZERO..IDLE_TIMEOUT);
            self.plan(wait, Event::Gone { wire: id, end });
        }
    }

    /// Plans the idle timeout of all connections that are blocked now.
    pub(super) fn time_out_blocked(&mut self) {
        let blocked: Vec<_> = self
            .wires
            .iter()
            .filter(|(_, wire)| self.is_blocked(wire.sites[0], wire.sites[1]))
            .map(|(&id, _)| id)
            .collect();
        for wire in blocked {
            self.plan(IDLE_TIMEOUT, Event::TimeOut { wire });
        }
    }

    /// Lets go on what a partition held up, in its order.
    pub(super) fn release_held(&mut self) {
        let mut arrivals = Vec::new();
        for (&wire, state) in &mut self.wires {
            for (end, streams) in state.streams.iter_mut().enumerate() {
                for (stream, state) in streams.iter_mut().enumerate() {
                    let held = std::mem::take(&mut state.held);
                    arrivals.extend((0..held).map(|_| Event::Arrival { wire, end, stream }));
                }
            }
        }
        for event in arrivals {
            let wait = self.random_latency();
            self.plan(wait, event);
        }
    }

    fn local_update(&mut self, site: SiteId) {
        while self.sites[site].alive
            && let Some(input) = self.sites[site].take_local_update()
        {
            self.busy_at = self.now;
            self.input(site, input);
        }
    }

    fn send(&mut self, site: SiteId, connection: ConnectionId, message: Message) {
        // Whatever the session sends must pass the checks that the other side makes.
        let encoded = message.encode();
        assert!(encoded.is_ok(), "{message:?}: {encoded:?}");
        self.meter.count(connection, site, &message);
        if !matches!(message, Message::Heartbeat { .. }) {
            self.busy_at = self.now;
        }
        let stream = usize::from(matches!(message, Message::PresenceUpdate(_)));
        self.put(site, connection, stream, Parcel::Message(message));
    }

    fn put(&mut self, site: SiteId, id: ConnectionId, stream: usize, parcel: Parcel) {
        let arrival = self.now + self.random_latency();
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let end = 1 - wire.end_of(site);
        if wire.cut || wire.ends[end] == End::Closed {
            return;
        }
        let arrival = wire.streams[end][stream].push(parcel, arrival);
        let wait = arrival - self.now;
        self.plan(
            wait,
            Event::Arrival {
                wire: id,
                end,
                stream,
            },
        );
    }

    fn close(&mut self, site: SiteId, connection: ConnectionId, reason: CloseReason) {
        self.put(
            site,
            connection,
            0,
            Parcel::Close(reason.seen_from_other_side()),
        );
        if let Some(wire) = self.wires.get(&connection) {
            let end = wire.end_of(site);
            self.gone(connection, end, Reason::Requested);
        }
    }

    fn dial(&mut self, dialler: SiteId, node: NodeId) {
        let site = &mut self.sites[dialler];
        if site.wires.contains_key(&node) || site.dialling.contains_key(&node) {
            return;
        }
        if let Some(acceptor) = self.sites.iter().position(|site| site.node == node) {
            self.start_dial(dialler, acceptor);
        }
    }

    /// Sends a dial on its way. Returns its number.
    pub(super) fn start_dial(&mut self, dialler: SiteId, acceptor: SiteId) -> u64 {
        let node = self.sites[acceptor].node;
        self.serial += 1;
        let attempt = self.serial;
        self.sites[dialler].dialling.insert(node, attempt);
        let wait = self.random_latency();
        self.plan(
            wait,
            Event::Dialled {
                dialler,
                acceptor,
                attempt,
            },
        );
        attempt
    }

    fn dialled(&mut self, dialler: SiteId, acceptor: SiteId, attempt: u64) {
        let (ours, theirs) = (self.sites[acceptor].node, self.sites[dialler].node);
        // A dial that was given up arrives all the same, unless it is known to be needless.
        if !self.sites[dialler].alive {
            return;
        }
        let doubled = self.doubles.remove(&attempt);
        if self.is_connected(acceptor, dialler) && !doubled {
            // The dialler hears of that connection, or gives up.
            self.plan(
                IDLE_TIMEOUT,
                Event::Failed {
                    dialler,
                    acceptor,
                    attempt,
                },
            );
            return;
        }
        let back = self.random_latency();
        if self.is_blocked(dialler, acceptor) || !self.sites[acceptor].alive {
            let wait = if self.sites[acceptor].left {
                back
            } else {
                self.random.random_range(back..IDLE_TIMEOUT + back)
            };
            self.plan(
                wait,
                Event::Failed {
                    dialler,
                    acceptor,
                    attempt,
                },
            );
            return;
        }
        self.busy_at = self.now;
        let dialling = self.sites[acceptor].dialling.contains_key(&theirs);
        if !keeps_incoming(ours, theirs, dialling) {
            self.plan(
                back,
                Event::Refused {
                    dialler,
                    acceptor,
                    attempt,
                },
            );
            return;
        }
        self.sites[acceptor].dialling.remove(&theirs);
        self.wires.insert(attempt, Wire::new(dialler, acceptor));
        self.sites[acceptor].wires.insert(theirs, attempt);
        self.open(acceptor, theirs, attempt);
    }

    pub(super) fn is_connected(&self, site: SiteId, other: SiteId) -> bool {
        let node = self.sites[other].node;
        self.sites[site]
            .wires
            .get(&node)
            .and_then(|id| self.wires.get(id))
            .is_some_and(|wire| !wire.cut && !wire.ends.contains(&End::Closed))
    }

    fn open(&mut self, site: SiteId, node: NodeId, connection: ConnectionId) {
        self.input(
            site,
            Input::Opened {
                node,
                connection,
                address: None,
                binding: *blake3::hash(&connection.to_le_bytes()).as_bytes(),
            },
        );
    }

    /// Looks a ticket up in the site's book, as its driver would.
    fn redeem(&mut self, site: SiteId, node: NodeId, grant: TicketGrant) {
        let TicketGrant { id, terms, .. } = grant;
        let now = self.now.as_secs();
        let result = self.sites[site].tickets.redeem(id, &terms, now);
        let role = terms.role;
        self.input(site, Input::Redeemed { node, role, result });
    }

    /// Ends an attempt. Returns whether it was still under way.
    fn end_dial(&mut self, dialler: SiteId, acceptor: SiteId, attempt: u64) -> bool {
        let node = self.sites[acceptor].node;
        let under_way = self.sites[dialler].is_dialling(node, attempt);
        if under_way {
            self.sites[dialler].dialling.remove(&node);
        }
        under_way
    }

    fn dial_failed(&mut self, dialler: SiteId, acceptor: SiteId, attempt: u64) {
        if self.end_dial(dialler, acceptor, attempt) {
            let node = self.sites[acceptor].node;
            let error = "nobody answers".to_owned();
            self.input(dialler, Input::DialFailed { node, error });
        }
    }

    fn arrival(&mut self, id: ConnectionId, end: usize, stream: usize) {
        let Some(wire) = self.wires.get(&id) else {
            return;
        };
        let [site, other] = [wire.sites[end], wire.sites[1 - end]];
        let blocked = self.is_blocked(site, other) || self.sites[site].slow;
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let state = wire.ends[end];
        if wire.cut || state == End::Closed {
            return;
        }
        if blocked {
            wire.streams[end][stream].held += 1;
            return;
        }
        let Some(parcel) = wire.streams[end][stream].pop() else {
            return;
        };
        if state == End::Waiting {
            self.first_byte(id, site, other, matches!(parcel, Parcel::Close(_)));
        }
        match parcel {
            Parcel::Message(message) => self.input(
                site,
                Input::Received {
                    connection: id,
                    message,
                },
            ),
            Parcel::Close(reason) => self.gone(id, end, reason),
        }
    }

    /// The acceptor spoke: the dialler's connection is the one that counts.
    fn first_byte(&mut self, id: ConnectionId, site: SiteId, other: SiteId, closed: bool) {
        if closed {
            self.dial_failed(site, other, id);
            return;
        }
        let node = self.sites[other].node;
        self.end_dial(site, other, id);
        if let Some(wire) = self.wires.get_mut(&id) {
            wire.ends[0] = End::Open;
        }
        self.sites[site].wires.insert(node, id);
        self.open(site, node, id);
    }

    /// A connection is over for one end.
    fn gone(&mut self, id: ConnectionId, end: usize, reason: Reason) {
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut wire.ends[end], End::Closed);
        let [site, other] = [wire.sites[end], wire.sites[1 - end]];
        if wire.is_over() {
            self.wires.remove(&id);
        }
        let node = self.sites[other].node;
        match before {
            End::Closed => {}
            End::Waiting => self.dial_failed(site, other, id),
            End::Open => {
                if self.sites[site].wires.get(&node) == Some(&id) {
                    self.sites[site].wires.remove(&node);
                }
                self.input(
                    site,
                    Input::Closed {
                        connection: id,
                        reason,
                    },
                );
            }
        }
    }
}
