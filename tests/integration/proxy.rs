//! A bad network between two nodes: a UDP proxy that loses, delays, and cuts.
//!
//! The dialler has IPv4 only and the other node IPv6 only, so that iroh finds no way around it.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use iroh::{
    Endpoint, EndpointAddr, RelayMode,
    endpoint::{PortmapperConfig, presets},
};
use iroh_loro_realtime::{DocumentId, NetworkKind, bind};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{net::UdpSocket, task::AbortHandle, time::sleep};

use crate::nodes::{Node, Options, until_within};

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
    /// Packets that came in so far, and their bytes.
    packets: usize,
    bytes: usize,
}

impl Fate {
    /// Returns when a packet arrives, if it does.
    fn of_packet(&mut self, bytes: usize) -> Option<Duration> {
        self.packets += 1;
        self.bytes += bytes;
        let lost = self.random.random_bool(self.weather.loss);
        (!lost).then_some(self.weather.latency)
    }
}

impl Proxy {
    pub async fn start(target: SocketAddr, weather: Weather, seed: u64) -> Self {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = front.local_addr().unwrap();
        let random = StdRng::seed_from_u64(seed);
        let fate = Arc::new(Mutex::new(Fate {
            weather,
            random,
            packets: 0,
            bytes: 0,
        }));
        let task = tokio::spawn(forward(Arc::new(front), target, Arc::clone(&fate)));
        Self {
            address,
            fate,
            task: task.abort_handle(),
        }
    }

    /// Returns how many packets came in so far, of both sides, and their bytes.
    pub fn carried(&self) -> (usize, usize) {
        let fate = self.fate.lock().unwrap();
        (fate.packets, fate.bytes)
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
    let Some(latency) = fate.lock().unwrap().of_packet(packet.len()) else {
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

/// How long a bad network may take to bring both sides together.
const PATIENCE: Duration = Duration::from_secs(30);

/// A host, and a guest that reaches it only through the proxy.
pub struct Pair {
    pub host: Node,
    pub guest: Node,
    pub proxy: Proxy,
}

impl Pair {
    /// `None` where the machine has no IPv6: without it the two would find each other directly.
    pub async fn start(weather: Weather, seed: u64) -> Option<Self> {
        if std::net::UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
            println!("skipped: this machine has no ::1");
            return None;
        }
        let endpoint = Endpoint::builder(presets::Minimal)
            .relay_mode(RelayMode::Disabled)
            .portmapper_config(PortmapperConfig::Disabled)
            .clear_ip_transports()
            .bind_addr("[::1]:0")
            .unwrap()
            .bind()
            .await
            .unwrap();
        let target = endpoint.bound_sockets()[0];
        let options = Options {
            text: "start ",
            document: Some(DocumentId::random()),
            dials: false,
            ..Options::default()
        };
        let host = Node::start("Alice", endpoint, options).await;
        let endpoint = bind(NetworkKind::Local, iroh::SecretKey::generate(), None)
            .await
            .unwrap();
        let guest = Node::start("Bob", endpoint, Options::default()).await;
        let proxy = Proxy::start(target, weather, seed).await;
        let address = EndpointAddr::new(host.endpoint.id()).with_ip_addr(proxy.address);
        // Tried again and again, however bad the weather is.
        guest.protocol.connection_manager().connect(address.into());
        let pair = Self { host, guest, proxy };
        pair.until("both are connected", || {
            pair.guest.is_connected_to(&pair.host) && pair.host.is_connected_to(&pair.guest)
        })
        .await;
        Some(pair)
    }

    pub async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        until_within(PATIENCE, what, holds).await;
    }

    /// Both write at their own ends of the text.
    pub async fn write(&self, edits: usize, pause: Duration) {
        for _ in 0..edits {
            self.host.write(0, "a").await;
            let end = self.guest.doc().get_text("main").len_unicode();
            self.guest.write(end, "z").await;
            sleep(pause).await;
        }
    }

    pub async fn until_equal(&self, length: usize) {
        self.until("both have the same", || {
            let text = self.host.text();
            text.len() == length && text == self.guest.text()
        })
        .await;
    }
}
