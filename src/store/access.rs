//! Who may do what with a document: the owner's key, the list of members, and tickets.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    database::Store,
    error::{StoreError, WorkError},
    replica::{ReplicaId, assign_in},
};
use crate::{
    DocumentId, NodeId, Role, Roster, Signed, SigningKey, TicketId, TicketRefusal, TicketTerms,
};

/// What a replica may do with its document, as it is stored.
#[derive(Clone, Debug, Default)]
pub struct StoredAccess {
    /// The document's key, if this replica owns the document.
    pub document_key: Option<SigningKey>,
    /// The newest list of members.
    pub roster: Option<Signed<Roster>>,
}

/// A ticket that was made for a document, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTicket {
    /// Its name.
    pub id: TicketId,
    /// What it is good for.
    pub terms: TicketTerms,
    /// How many nodes came in with it.
    pub uses: u32,
    /// Whether it was taken back.
    pub revoked: bool,
}

impl Store {
    /// Makes a new document for a replica, which owns it, and returns its id. Any other document
    /// must have been [given up](Self::start_over) before.
    ///
    /// # Errors
    ///
    /// [`StoreError::OtherDocument`] when the replica holds one. Fails too when the database cannot
    /// be written.
    pub fn create_document(&self, replica: ReplicaId) -> Result<DocumentId, StoreError> {
        let key = SigningKey::random();
        let document = key.document();
        // Together: a document without its key would be nobody's, and nobody could ever come in.
        let assigned = self.transact(|transaction| {
            if !assign_in(transaction, replica, document)? {
                return Ok(false);
            }
            transaction.execute(
                "INSERT INTO access (replica, owner_key) VALUES (?1, ?2)
                 ON CONFLICT (replica) DO UPDATE SET owner_key = excluded.owner_key, roster = NULL",
                params![replica.0, key.to_bytes()],
            )?;
            Ok(true)
        })?;
        self.must_be_assigned(assigned, replica)?;
        Ok(document)
    }

    /// Returns what a replica may do. Of one that joined a document there is no key.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn access(&self, replica: ReplicaId) -> Result<StoredAccess, StoreError> {
        let found = self.read(|connection| {
            let sql = "SELECT owner_key, roster FROM access WHERE replica = ?1";
            let row = connection.query_row(sql, [replica.0], |row| {
                let key: Option<[u8; 32]> = row.get(0)?;
                let roster: Option<Vec<u8>> = row.get(1)?;
                Ok((key, roster))
            });
            row.optional()
        })?;
        let (key, roster) = found.unwrap_or_default();
        Ok(StoredAccess {
            document_key: key.map(|key| SigningKey::from_bytes(&key)),
            // Its signature is checked by whoever uses it; one that cannot be read comes anew.
            roster: roster.and_then(|bytes| postcard::from_bytes(&bytes).ok()),
        })
    }

    /// Records the newest list of members.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub fn record_roster(
        &self,
        replica: ReplicaId,
        roster: &Signed<Roster>,
    ) -> Result<(), StoreError> {
        // Writing into memory has nothing to fail at; an empty list would come anew.
        let bytes = postcard::to_stdvec(roster).unwrap_or_default();
        self.transact(|transaction| {
            transaction.execute(
                "INSERT INTO access (replica, roster) VALUES (?1, ?2)
                 ON CONFLICT (replica) DO UPDATE SET roster = excluded.roster",
                params![replica.0, bytes],
            )?;
            Ok(())
        })
    }

    /// Shuts a node out of a replica, because a process died of what it sent.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub fn quarantine(&self, replica: ReplicaId, node: NodeId) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.execute(
                "INSERT INTO quarantined (replica, node_id) VALUES (?1, ?2)
                 ON CONFLICT DO NOTHING",
                params![replica.0, node.0],
            )?;
            Ok(())
        })
    }

    /// Lets a node in again that was shut out.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub fn end_quarantine(&self, replica: ReplicaId, node: NodeId) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.execute(
                "DELETE FROM quarantined WHERE replica = ?1 AND node_id = ?2",
                params![replica.0, node.0],
            )?;
            Ok(())
        })
    }

    /// Lists the nodes that are shut out of a replica.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn quarantined(&self, replica: ReplicaId) -> Result<Vec<NodeId>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT node_id FROM quarantined WHERE replica = ?1 ORDER BY node_id";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([replica.0], |row| row.get(0).map(NodeId))?;
            rows.collect()
        })
    }

    /// Records that a ticket was made.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub fn record_ticket(
        &self,
        replica: ReplicaId,
        id: TicketId,
        terms: &TicketTerms,
    ) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.execute(INSERT_TICKET, ticket_values(replica, id, terms))?;
            Ok(())
        })
    }

    /// Lists the tickets of a document that were made here, the newest first.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be read.
    pub fn tickets(&self, replica: ReplicaId) -> Result<Vec<StoredTicket>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, viewer, expires, most, uses, revoked FROM tickets
                 WHERE replica = ?1 ORDER BY number DESC",
            )?;
            let rows = statement.query_map([replica.0], StoredTicket::from_row)?;
            rows.collect()
        })
    }

    /// Takes a ticket back. Returns whether there is one with this id.
    ///
    /// # Errors
    ///
    /// Fails when the database cannot be written.
    pub fn revoke_ticket(&self, replica: ReplicaId, id: TicketId) -> Result<bool, StoreError> {
        self.transact(|transaction| {
            let revoked = transaction.execute(
                "UPDATE tickets SET revoked = 1 WHERE replica = ?1 AND id = ?2",
                params![replica.0, id.0],
            )?;
            Ok(revoked > 0)
        })
    }

    /// Counts a use of a genuine ticket, in one step for all processes. `now` is in seconds since
    /// 1970.
    ///
    /// # Errors
    ///
    /// Fails when the ticket is good no longer, or the database cannot be written.
    pub fn redeem_ticket(
        &self,
        replica: ReplicaId,
        id: TicketId,
        terms: &TicketTerms,
        now: u64,
    ) -> Result<Result<(), TicketRefusal>, StoreError> {
        self.transact(|transaction| {
            // A ticket that the database does not know was made before a backup was put back.
            transaction.execute(INSERT_TICKET, ticket_values(replica, id, terms))?;
            let (uses, revoked) = transaction.query_row(
                "SELECT uses, revoked FROM tickets WHERE replica = ?1 AND id = ?2",
                params![replica.0, id.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let checked = terms.check(uses, revoked, now);
            if checked.is_ok() {
                transaction.execute(
                    "UPDATE tickets SET uses = uses + 1 WHERE replica = ?1 AND id = ?2",
                    params![replica.0, id.0],
                )?;
            }
            Ok::<_, WorkError>(checked)
        })
    }
}

const INSERT_TICKET: &str = "INSERT INTO tickets (replica, id, viewer, expires, most)
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (replica, id) DO NOTHING";

fn ticket_values(
    replica: ReplicaId,
    id: TicketId,
    terms: &TicketTerms,
) -> (i64, [u8; 16], bool, Option<i64>, Option<u32>) {
    let expires = terms
        .expires
        .map(|expires| i64::try_from(expires).unwrap_or(i64::MAX));
    let viewer = terms.role == Role::Viewer;
    (replica.0, id.0, viewer, expires, terms.uses)
}

impl StoredTicket {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let expires: Option<i64> = row.get("expires")?;
        let viewer: bool = row.get("viewer")?;
        Ok(Self {
            id: TicketId(row.get("id")?),
            terms: TicketTerms {
                role: if viewer { Role::Viewer } else { Role::Editor },
                expires: expires.map(|expires| u64::try_from(expires).unwrap_or_default()),
                uses: row.get("most")?,
            },
            uses: row.get("uses")?,
            revoked: row.get("revoked")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;
    const TICKET: TicketId = TicketId([7; 16]);

    #[test]
    fn a_new_document_is_its_replicas_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        assert!(store.access(replica).unwrap().document_key.is_none());
        let document = store.create_document(replica).unwrap();
        assert_eq!(store.replica(replica).unwrap().document, Some(document));
        let key = store.access(replica).unwrap().document_key.unwrap();
        assert_eq!(key.document(), document);

        let owner = SigningKey::random().node();
        let roster = Roster::new(document, owner).sign(&key);
        store.record_roster(replica, &roster).unwrap();
        assert_eq!(store.access(replica).unwrap().roster, Some(roster));

        // Another document in its place is not its own.
        store.start_over(replica).unwrap();
        let left = store.access(replica).unwrap();
        assert!(left.document_key.is_none() && left.roster.is_none());
    }

    #[test]
    fn who_is_shut_out_stays_out_until_let_in() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        let node = NodeId([1; 32]);
        store.quarantine(replica, node).unwrap();
        store.quarantine(replica, node).unwrap();
        assert_eq!(store.quarantined(replica).unwrap(), [node]);
        store.end_quarantine(replica, node).unwrap();
        assert_eq!(store.quarantined(replica).unwrap(), []);
    }

    #[test]
    fn tickets_are_counted_for_all_processes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let other = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        let once = TicketTerms::usual(Role::Editor, NOW);
        store.record_ticket(replica, TICKET, &once).unwrap();
        let redeem = |store: &Store, id| store.redeem_ticket(replica, id, &once, NOW).unwrap();
        assert_eq!(redeem(&other, TICKET), Ok(()));
        assert_eq!(redeem(&store, TICKET), Err(TicketRefusal::UsedUp));
        let unknown = TicketId([8; 16]);
        assert_eq!(redeem(&store, unknown), Ok(()));
        assert_eq!(redeem(&store, unknown), Err(TicketRefusal::UsedUp));
        let listed = store.tickets(replica).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!((listed[1].id, listed[1].uses), (TICKET, 1));
        assert_eq!(listed[1].terms, once);
    }

    #[test]
    fn a_revoked_ticket_is_good_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let replica = store.create_replica("one").unwrap().id;
        let forever = TicketTerms::usual(Role::Viewer, NOW);
        store.record_ticket(replica, TICKET, &forever).unwrap();
        assert!(store.revoke_ticket(replica, TICKET).unwrap());
        assert!(!store.revoke_ticket(replica, TicketId([9; 16])).unwrap());
        let redeemed = store.redeem_ticket(replica, TICKET, &forever, NOW);
        assert_eq!(redeemed.unwrap(), Err(TicketRefusal::Revoked));
    }
}
