//! A bad network between two nodes: a UDP proxy that loses, delays, and cuts.
//!
//! The dialler has IPv4 only and the other node IPv6 only, so that iroh finds no way around it.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{net::UdpSocket, task::AbortHandle, time::sleep};

/// What happens to packets, in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The share of packets that is lost.
    pub loss: f64,
    /// How long each of the others takes.
    pub latency: Duration,
}

impl Weather {
    pub const GOOD: Self = Self {
        loss: 0.0,
        latency: Duration::ZERO,
    };
    /// Nothing gets through.
    pub const CUT: Self = Self {
        loss: 1.0,
        latency: Duration::ZERO,
    };
}

/// Stands between a dialler and one node.
pub struct Proxy {
    /// Where to dial.
    pub address: SocketAddr,
    fate: Arc<Mutex<Fate>>,
    task: AbortHandle,
}

struct Fate {
    weather: Weather,
    random: StdRng,
}

impl Fate {
    /// Returns when a packet arrives, if it does.
    fn of_packet(&mut self) -> Option<Duration> {
        let lost = self.random.random_bool(self.weather.loss);
        (!lost).then_some(self.weather.latency)
    }
}

impl Proxy {
    pub async fn start(target: SocketAddr, weather: Weather, seed: u64) -> Self {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = front.local_addr().unwrap();
        let random = StdRng::seed_from_u64(seed);
        let fate = Arc::new(Mutex::new(Fate { weather, random }));
        let task = tokio::spawn(forward(Arc::new(front), target, Arc::clone(&fate)));
        Self {
            address,
            fate,
            task: task.abort_handle(),
        }
    }

    pub fn set(&self, weather: Weather) {
        self.fate.lock().unwrap().weather = weather;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(front: Arc<UdpSocket>, target: SocketAddr, fate: Arc<Mutex<Fate>>) {
    let mut backs: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut packet = [0; 2048];
    while let Ok((length, from)) = front.recv_from(&mut packet).await {
        let back = match backs.get(&from) {
            Some(back) => Arc::clone(back),
            None => {
                let back = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
                back.connect(target).await.unwrap();
                let back = Arc::new(back);
                let (socket, front, fate) =
                    (Arc::clone(&back), Arc::clone(&front), Arc::clone(&fate));
                tokio::spawn(async move {
                    let mut packet = [0; 2048];
                    while let Ok(length) = socket.recv(&mut packet).await {
                        deliver(&fate, &front, &packet[..length], from);
                    }
                });
                backs.insert(from, Arc::clone(&back));
                back
            }
        };
        deliver(&fate, &back, &packet[..length], target);
    }
}

fn deliver(fate: &Mutex<Fate>, through: &Arc<UdpSocket>, packet: &[u8], to: SocketAddr) {
    let Some(latency) = fate.lock().unwrap().of_packet() else {
        return;
    };
    let (through, packet) = (Arc::clone(through), packet.to_vec());
    tokio::spawn(async move {
        if !latency.is_zero() {
            sleep(latency).await;
        }
        // A socket that is connected takes no other address.
        let _ = match through.peer_addr() {
            Ok(_) => through.send(&packet).await,
            Err(_) => through.send_to(&packet, to).await,
        };
    });
}
