//! A simulated connection: two ends, two ordered streams in each direction.

use std::{collections::VecDeque, time::Duration};

use crate::net::{event::Reason, message::Message};

/// How many streams a connection has in each direction: sync and presence.
pub(super) const STREAMS: usize = 2;

/// What travels on a stream.
#[derive(Debug)]
pub(super) enum Parcel {
    Message(Message),
    /// The other side closed the connection; nothing comes after this.
    Close(Reason),
}

/// One direction of one stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    queue: VecDeque<Parcel>,
    last_arrival: Duration,
    /// Arrivals that a partition holds up.
    pub held: usize,
}

impl Stream {
    /// Puts something on its way. Returns when it arrives: never before what was sent earlier.
    pub fn push(&mut self, parcel: Parcel, arrival: Duration) -> Duration {
        self.queue.push_back(parcel);
        self.last_arrival = self.last_arrival.max(arrival);
        self.last_arrival
    }

    pub fn pop(&mut self) -> Option<Parcel> {
        self.queue.pop_front()
    }
}

/// What one end thinks of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It dialled, and waits for the first byte.
    Waiting,
    /// It told its session.
    Open,
    /// It is over for this end.
    Closed,
}

/// A connection between two sites. The first end dialled.
#[derive(Debug)]
pub(super) struct Wire {
    pub sites: [usize; 2],
    pub ends: [End; 2],
    /// `streams[end][stream]`: what travels towards that end.
    pub streams: [[Stream; STREAMS]; 2],
    /// Nothing passes any more, whether the ends know it or not.
    pub cut: bool,
}

impl Wire {
    pub fn new(dialler: usize, acceptor: usize) -> Self {
        Self {
            sites: [dialler, acceptor],
            ends: [End::Waiting, End::Open],
            streams: Default::default(),
            cut: false,
        }
    }

    /// Returns which end a site holds.
    pub fn end_of(&self, site: usize) -> usize {
        usize::from(self.sites[1] == site)
    }

    pub fn is_over(&self) -> bool {
        self.ends == [End::Closed; 2]
    }
}
