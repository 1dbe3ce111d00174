use iroh::SecretKey;

use super::*;
use crate::net::lookup::SameMachineLookup;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn peer(node: NodeId) -> PeerView {
    PeerView {
        node,
        user: None,
        state: PeerState::Disconnected,
        address: PeerAddress::unknown(node),
        round_trip: None,
        left: false,
        behind: false,
        last_error: None,
    }
}

#[test]
fn a_missing_peer_is_seen_once_when_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let node: NodeId = SecretKey::from_bytes(&[3; 32]).public().into();
    let mut arrivals = Arrivals::new(folder.path().into());
    let look = |arrivals: &mut Arrivals, now| arrivals.look([peer(node)].into_iter(), now);
    assert_eq!(arrivals.next_look(), None);

    let lookup = SameMachineLookup::new(folder.path().into(), node);
    lookup.publish_sockets(&["127.0.0.1:4000".parse().unwrap()]);
    arrivals.note(node, PeerState::Disconnected, seconds(1));
    assert!(arrivals.next_look().is_some());
    assert_eq!(
        look(&mut arrivals, seconds(2)),
        [],
        "it was there all along"
    );

    drop(lookup);
    assert_eq!(look(&mut arrivals, seconds(3)), []);
    let lookup = SameMachineLookup::new(folder.path().into(), node);
    lookup.publish_sockets(&["127.0.0.1:5000".parse().unwrap()]);
    let back = look(&mut arrivals, seconds(4));
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].direct, ["127.0.0.1:5000".parse().unwrap()]);
    assert_eq!(look(&mut arrivals, seconds(5)), []);

    arrivals.note(node, PeerState::Connected, seconds(6));
    assert_eq!(arrivals.next_look(), None);
}

#[test]
fn who_is_not_known_any_more_is_not_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut arrivals = Arrivals::new(folder.path().into());
    arrivals.note(NodeId([1; 32]), PeerState::Disconnected, seconds(1));
    arrivals.look(std::iter::empty(), seconds(2));
    assert_eq!(arrivals.next_look(), None);
}
