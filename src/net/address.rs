//! Between our names for replicas and iroh's.
//!
//! The session and everything pure say [`NodeId`] and [`PeerAddress`]; iroh says `EndpointId` and
//! `EndpointAddr`. Only here does the one become the other. A node id from outside may be 32 bytes
//! that are no public key, so that way can fail; the way back cannot.

use std::str::FromStr;

use iroh::{EndpointAddr, EndpointId, RelayUrl, TransportAddr};
use thiserror::Error;

use crate::net::node::{NodeId, PeerAddress};

/// The text or the bytes do not name a replica.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a node id: a node id has 64 hexadecimal digits")]
pub struct InvalidNodeId(String);

impl From<EndpointId> for NodeId {
    fn from(id: EndpointId) -> Self {
        Self(*id.as_bytes())
    }
}

impl From<&EndpointId> for NodeId {
    fn from(id: &EndpointId) -> Self {
        Self(*id.as_bytes())
    }
}

impl TryFrom<NodeId> for EndpointId {
    type Error = InvalidNodeId;

    fn try_from(node: NodeId) -> Result<Self, InvalidNodeId> {
        EndpointId::from_bytes(&node.0).map_err(|_| InvalidNodeId(node.to_string()))
    }
}

/// Reads a node id as a person gives it: 64 hexadecimal digits, spaces around them ignored.
impl FromStr for NodeId {
    type Err = InvalidNodeId;

    fn from_str(text: &str) -> Result<Self, InvalidNodeId> {
        EndpointId::from_str(text.trim())
            .map(Self::from)
            .map_err(|_| InvalidNodeId(shortened(text)))
    }
}

impl From<EndpointAddr> for PeerAddress {
    fn from(address: EndpointAddr) -> Self {
        Self {
            node: address.id.into(),
            direct: address.ip_addrs().copied().collect(),
            relay: address.relay_urls().next().map(ToString::to_string),
        }
    }
}

/// Fails when the node id is no public key. A relay URL that cannot be read is left out.
impl TryFrom<&PeerAddress> for EndpointAddr {
    type Error = InvalidNodeId;

    fn try_from(address: &PeerAddress) -> Result<Self, InvalidNodeId> {
        let relay = address
            .relay
            .as_deref()
            .and_then(|url| RelayUrl::from_str(url).ok());
        let places = relay
            .map(TransportAddr::Relay)
            .into_iter()
            .chain(address.direct.iter().copied().map(TransportAddr::Ip));
        Ok(Self::from_parts(address.node.try_into()?, places))
    }
}

/// What a person typed may be anything; an error must stay one line.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(SHOWN)
        .collect();
    if text.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use iroh::SecretKey;

    use super::*;

    #[test]
    fn addresses_survive_the_way_to_iroh_and_back() {
        let node = NodeId::from(SecretKey::from_bytes(&[7; 32]).public());
        for (direct, relay) in [
            (vec![], None),
            (vec!["127.0.0.1:1000", "[::1]:2000"], None),
            (vec!["10.0.0.1:3000"], Some("https://relay.example./")),
        ] {
            let address = PeerAddress {
                node,
                direct: direct.iter().map(|text| text.parse().unwrap()).collect(),
                relay: relay.map(str::to_owned),
            };
            let there = EndpointAddr::try_from(&address).unwrap();
            assert_eq!(PeerAddress::from(there), address);
        }
    }

    #[test]
    fn a_node_id_is_read_as_it_is_shown() {
        let node = NodeId::from(SecretKey::from_bytes(&[9; 32]).public());
        assert_eq!(format!(" {node}\n").parse(), Ok(node));
    }

    #[test]
    fn what_is_no_node_id_is_refused_in_one_short_line() {
        for text in ["", "abc", &"0".repeat(63), &"x\n".repeat(5000)] {
            let error = NodeId::from_str(text).unwrap_err().to_string();
            assert!(!error.contains('\n') && error.len() < 200, "{error}");
        }
    }

    #[test]
    fn bytes_that_are_no_public_key_are_refused() {
        let refused = (0..=u8::MAX).find_map(|byte| EndpointId::try_from(NodeId([byte; 32])).err());
        assert!(refused.is_some());
    }
}
