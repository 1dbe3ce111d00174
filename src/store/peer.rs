//! Peers of a replica: whom it met, and where they were.

use std::time::SystemTime;

use rusqlite::{Row, params};

use super::{column::Milliseconds, database::Store, error::StoreError, replica::ReplicaId};
use crate::{NodeId, PeerAddress};

/// A peer as it was when a replica last met it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPeer {
    /// Its node id, and where it was reachable.
    pub address: PeerAddress,
    /// What its participant was called; `None` when it never said so.
    pub name: Option<String>,
    /// The participant's colour, `#RRGGBB`; `None` when it never said so.
    pub color: Option<String>,
    /// When it was last connected, to the millisecond.
    pub last_seen: SystemTime,
}

impl Store {
    /// Records a peer of a replica, in place of what was known of that peer. A name or colour that
    /// is absent now stays as it was.
    ///
    /// # Errors
    ///
    /// Fails when the replica was forgotten or the database cannot be written.
    pub fn record_peer(&self, replica: ReplicaId, peer: &KnownPeer) -> Result<(), StoreError> {
        // Serialising into memory has nothing to fail at; without addresses the id is still known.
        let addresses = postcard::to_stdvec(&peer.address).unwrap_or_default();
        self.transact(|transaction| {
            let recorded = transaction.execute(
                "INSERT INTO peers (replica, node_id, addresses, name, color, last_seen)
                 SELECT id, ?2, ?3, ?4, ?5, ?6 FROM replicas WHERE id = ?1
                 ON CONFLICT (replica, node_id) DO UPDATE SET
                    addresses = excluded.addresses,
                    name = ifnull(excluded.name, name),
                    color = ifnull(excluded.color, color),
                    last_seen = excluded.last_seen",
                params![
                    replica.0,
                    peer.address.node.0,
                    addresses,
                    peer.name,
                    peer.color,
                    Milliseconds(peer.last_seen),
                ],
            )?;
            match recorded {
                0 => Err(self.unknown(replica).into()),
                _ => Ok(()),
            }
        })
    }

    /// Lists the peers of a replica, the last seen first.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn peers(&self, replica: ReplicaId) -> Result<Vec<KnownPeer>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT node_id, addresses, name, color, last_seen FROM peers
                 WHERE replica = ?1 ORDER BY last_seen DESC, node_id",
            )?;
            let rows = statement.query_map([replica.0], KnownPeer::from_row)?;
            rows.collect()
        })
    }
}

impl KnownPeer {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let node = NodeId(row.get("node_id")?);
        let addresses: Vec<u8> = row.get("addresses")?;
        // Old addresses are a hint: one that cannot be read is worth as much as none.
        let address = postcard::from_bytes(&addresses)
            .ok()
            .filter(|address: &PeerAddress| address.node == node)
            .unwrap_or_else(|| PeerAddress::unknown(node));
        Ok(Self {
            address,
            name: row.get("name")?,
            color: row.get("color")?,
            last_seen: row.get::<_, Milliseconds>("last_seen")?.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn peer(node: u8, name: Option<&str>, seconds: u64) -> KnownPeer {
        KnownPeer {
            address: PeerAddress {
                node: NodeId([node; 32]),
                direct: vec!["127.0.0.1:4000".parse().unwrap()],
                relay: None,
            },
            name: name.map(str::to_owned),
            color: name.map(|_| "#aabbcc".to_owned()),
            last_seen: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        }
    }

    #[test]
    fn peers_are_remembered_the_last_seen_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let one = store.create_replica("one").unwrap().id;
        let two = store.create_replica("two").unwrap().id;
        let (ada, bob, nameless) = (
            peer(1, Some("Ada"), 10),
            peer(2, Some("Bob"), 20),
            peer(1, None, 30),
        );
        store.record_peer(one, &ada).unwrap();
        store.record_peer(one, &bob).unwrap();
        assert_eq!(store.peers(one).unwrap(), [bob.clone(), ada.clone()]);
        assert_eq!(store.peers(two).unwrap(), []);

        store.record_peer(one, &nameless).unwrap();
        let seen_again = KnownPeer {
            last_seen: nameless.last_seen,
            ..ada
        };
        assert_eq!(store.peers(one).unwrap(), [seen_again, bob]);
    }

    #[test]
    fn addresses_that_cannot_be_read_leave_the_node_id() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        store.record_peer(replica, &peer(1, None, 10)).unwrap();
        let spoil = "UPDATE peers SET addresses = x'ff'";
        let database = rusqlite::Connection::open(store.path()).unwrap();
        database.execute(spoil, []).unwrap();
        let known = store.peers(replica).unwrap();
        assert_eq!(known[0].address, PeerAddress::unknown(NodeId([1; 32])));
    }

    #[test]
    fn a_replica_that_is_gone_takes_no_peer() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        store.record_peer(replica, &peer(1, None, 10)).unwrap();
        store.forget(replica).unwrap();
        let error = store.record_peer(replica, &peer(1, None, 10));
        assert!(matches!(error, Err(StoreError::UnknownReplica { .. })));
    }
}
