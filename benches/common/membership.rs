//! Neighbours as iroh-gossip's own membership protocol, HyParView, chooses them, in virtual time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use iroh_gossip::proto::{Command, Config, Event, InEvent, OutEvent, State, TopicId};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// How long a message takes.
const LATENCY: Duration = Duration::from_millis(20);
/// Between two who come in.
const PAUSE: Duration = Duration::from_millis(50);
/// Until everybody has found their neighbours.
const SETTLE: Duration = Duration::from_secs(120);

type Replica = u32;

/// A group that comes together.
struct Group {
    states: Vec<State<Replica, StdRng>>,
    neighbours: Vec<BTreeSet<usize>>,
    /// What will happen, by time and in the order in which it was planned.
    planned: BTreeMap<(Duration, u64), (Replica, InEvent<Replica>)>,
    serial: u64,
    start: Instant,
    now: Duration,
}

/// Returns the neighbours of each of so many replicas, who came in one after the other.
pub fn neighbours(replicas: usize, seed: u64) -> Vec<BTreeSet<usize>> {
    let mut random = StdRng::seed_from_u64(seed);
    let topic = TopicId::from_bytes([1; 32]);
    let mut group = Group {
        states: (0..replicas)
            .map(|replica| {
                let random = StdRng::seed_from_u64(random.random());
                State::new(
                    replica as Replica,
                    Default::default(),
                    Config::default(),
                    random,
                )
            })
            .collect(),
        neighbours: vec![BTreeSet::new(); replicas],
        planned: BTreeMap::new(),
        serial: 0,
        start: Instant::now(),
        now: Duration::ZERO,
    };
    for replica in 0..replicas {
        // Each comes in by somebody who is there already.
        let known = (replica > 0).then(|| random.random_range(0..replica) as Replica);
        let join = Command::Join(known.into_iter().collect());
        let at = PAUSE * replica as u32;
        group.plan(at, replica as Replica, InEvent::Command(topic, join));
    }
    group.run_until(PAUSE * replicas as u32 + SETTLE);
    group.neighbours
}

impl Group {
    fn plan(&mut self, at: Duration, replica: Replica, event: InEvent<Replica>) {
        self.serial += 1;
        self.planned.insert((at, self.serial), (replica, event));
    }

    fn run_until(&mut self, end: Duration) {
        while let Some(((at, _), (replica, event))) = self.planned.pop_first()
            && at <= end
        {
            self.now = at;
            self.happen(replica, event);
        }
    }

    fn happen(&mut self, replica: Replica, event: InEvent<Replica>) {
        let now = self.start + self.now;
        let state = &mut self.states[replica as usize];
        let outputs: Vec<_> = state.handle(event, now.into(), None).collect();
        for output in outputs {
            match output {
                OutEvent::SendMessage(to, message) => {
                    let event = InEvent::RecvMessage(replica, message);
                    self.plan(self.now + LATENCY, to, event);
                }
                OutEvent::ScheduleTimer(wait, timer) => {
                    self.plan(self.now + wait, replica, InEvent::TimerExpired(timer));
                }
                OutEvent::DisconnectPeer(peer) => {
                    let event = InEvent::PeerDisconnected(replica);
                    self.plan(self.now + LATENCY, peer, event);
                }
                OutEvent::EmitEvent(_, Event::NeighborUp(peer)) => {
                    self.neighbours[replica as usize].insert(peer as usize);
                }
                OutEvent::EmitEvent(_, Event::NeighborDown(peer)) => {
                    self.neighbours[replica as usize].remove(&(peer as usize));
                }
                OutEvent::EmitEvent(_, Event::Received(_)) | OutEvent::PeerData(..) => {}
            }
        }
    }
}
