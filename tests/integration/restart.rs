//! A host that is killed and started again, in a process of its own.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Instant,
};

use iroh::SecretKey;
use iroh_loro_realtime::{DocumentId, NetworkKind, Reason, bind};

use crate::nodes::{Machine, Node, Options, disconnection, until};

/// Tells the process that it is the host, and where others look for it.
const DIRECTORY: &str = "INTEGRATION_HOST_DIRECTORY";
const KEY: [u8; 32] = [7; 32];
const DOCUMENT: DocumentId = DocumentId([7; 32]);

/// Not a test of its own: what the other one runs as the host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host() {
    let Some(directory) = env::var_os(DIRECTORY) else {
        return;
    };
    let _node = host(directory.into(), "").await;
    println!("\nready");
    std::future::pending::<()>().await;
}

async fn host(directory: std::path::PathBuf, text: &str) -> Node {
    let key = SecretKey::from_bytes(&KEY);
    let endpoint = bind(NetworkKind::Local, key, Some(directory.clone()))
        .await
        .unwrap();
    let options = Options {
        text,
        document: Some(DOCUMENT),
        configure: &|builder| builder.lookup_directory(Some(directory.clone())),
        ..Options::default()
    };
    Node::start("Alice", endpoint, options).await
}

/// A process that goes with the value, without any goodbye.
struct Host(Child);

impl Host {
    fn start(machine: &Machine) -> Self {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "restart::the_host", "--nocapture"])
            .env(DIRECTORY, machine.directory())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut host = Self(child.unwrap());
        let output = BufReader::new(host.0.stdout.take().unwrap());
        let ready = output
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "ready");
        assert!(ready, "the host did not start");
        host
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Kill is the signal that nobody can handle.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_was_killed_is_found_again_at_once() {
    let machine = Machine::new();
    let first = Host::start(&machine);
    let guest = machine.start("Bob", "", None, SecretKey::generate()).await;
    let host = SecretKey::from_bytes(&KEY).public();
    let connected = guest.protocol.connect(&guest.endpoint, host).await;
    assert_eq!(connected, Ok(host.into()));
    guest.write(0, "kept by the guest").await;
    let mut events = guest.protocol.connection_manager().subscribe();

    drop(first);
    let _second = Host::start(&machine);
    let started = Instant::now();
    let lost = disconnection(&mut events).await;
    // On a slow machine QUIC's idle timeout may notice it before the new host tells.
    assert_eq!(lost.node, host.into());
    assert!(matches!(&lost.reason, Reason::Lost(_)), "{:?}", lost.reason);
    let peers = guest.protocol.connection_manager();
    until("the new host has everything", || {
        peers.peers().iter().any(|peer| {
            peer.node == host.into()
                && peer.state == iroh_loro_realtime::PeerState::Connected
                && !peer.behind
        })
    })
    .await;
    println!("back after {:?}", started.elapsed());
}
