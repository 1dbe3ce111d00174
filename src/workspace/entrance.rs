//! Whom an open document lets in: what was asked for, what was stored, and who counts the uses of
//! tickets.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use crate::{
    Access, Builder, DocumentId, ImportGuard, KnockAnswer, NodeId, Role, Roster, Signed,
    SigningKey, TicketGrant, TicketLedger, TicketRefusal,
    store::{ImportMarker, ReplicaId, Store, StoreError, StoredAccess},
    workspace::Retrial,
};

/// Whom to let in that is not a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Whoever the person says yes to, and holders of tickets.
    #[default]
    Ask,
    /// Whoever knows the node id, as an editor. For one's own machines, and for tests.
    Anyone,
}

/// Who answers knocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doorkeeper {
    /// A person at the screen.
    Person,
    /// Nobody: it takes a ticket to come in.
    Nobody,
}

/// Who may do what, for a session that is about to start.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    trust: Trust,
    doorkeeper: Doorkeeper,
    stored: StoredAccess,
    banned: Vec<NodeId>,
    marker: Arc<ImportMarker>,
    retrial: Option<Retrial>,
    ledger: Arc<StoredLedger>,
}

/// Whom a document is opened for.
pub(crate) struct Visitors {
    /// Whom to let in that is not a member.
    pub(crate) trust: Trust,
    /// Who answers knocks.
    pub(crate) doorkeeper: Doorkeeper,
    /// Who broke the document before.
    pub(crate) banned: Vec<NodeId>,
    /// Whom the person joins: that one is let in again.
    pub(crate) wanted: Option<NodeId>,
    /// How an edit that the last process may have died of is tried again. Without it, whoever sent
    /// one is shut out.
    pub(crate) retrial: Option<Retrial>,
}

impl Entrance {
    /// Reads what was stored about a replica, whose lock we have. `document` is the one that is
    /// opened. Returns a sentence, too, if the last process died of somebody's edit.
    pub(crate) fn load(
        store: &Store,
        replica: ReplicaId,
        document: Option<DocumentId>,
        visitors: Visitors,
    ) -> Result<(Self, Option<String>), StoreError> {
        let Visitors {
            trust,
            doorkeeper,
            mut banned,
            wanted,
            retrial,
        } = visitors;
        let (marker, suspect) = ImportMarker::open(store, replica)?;
        let culprit = suspect.filter(|_| {
            let retrial = retrial.as_ref();
            !retrial.is_some_and(|retrial| retrial.acquits(store, replica))
        });
        for node in banned.iter().copied().chain(culprit) {
            store.quarantine(replica, node)?;
        }
        if suspect.is_some() {
            marker.cross_out();
        }
        if let Some(node) = wanted.filter(|node| Some(*node) != culprit) {
            store.end_quarantine(replica, node)?;
        }
        banned.extend(store.quarantined(replica)?);
        let accident = match culprit {
            Some(node) => Some(accident_in_words(store, replica, node)?),
            None => None,
        };
        let mut stored = store.access(replica)?;
        if document.is_none() {
            // Another document is joined: what is stored is about the one before.
            stored = StoredAccess::default();
        }
        if let (Some(document), None) = (document, &stored.roster) {
            stored.roster = roster_beside(store, document)?;
        }
        let ledger = StoredLedger {
            state_dir: store.state_dir().to_owned(),
            store: OnceLock::new(),
            replica,
        };
        let entrance = Self {
            trust,
            doorkeeper,
            stored,
            banned,
            marker: Arc::new(marker),
            retrial,
            ledger: Arc::new(ledger),
        };
        Ok((entrance, accident))
    }

    /// The same for another replica of the document, whose lock we have by now.
    pub(crate) fn of_replica(
        &self,
        store: &Store,
        replica: ReplicaId,
        document: Option<DocumentId>,
    ) -> Result<Self, StoreError> {
        let visitors = Visitors {
            trust: self.trust,
            doorkeeper: self.doorkeeper,
            banned: self.banned.clone(),
            wanted: None,
            retrial: self.retrial.clone(),
        };
        Ok(Self::load(store, replica, document, visitors)?.0)
    }

    /// Whether everybody is let in who knows the node id.
    pub(crate) fn is_open(&self) -> bool {
        self.trust == Trust::Anyone
    }

    /// Tells a session whom to let in, and with what to prove who we are.
    pub(crate) fn configure(&self, builder: Builder, node_key: &[u8; 32]) -> Builder {
        let access = match self.trust {
            Trust::Ask => {
                let (ledger, doorkeeper) = (Arc::clone(&self.ledger), self.doorkeeper);
                Access::Ask(Arc::new(move |node, _| ledger.answer(node, doorkeeper)))
            }
            Trust::Anyone => Access::Open,
        };
        let marker: Arc<dyn ImportGuard> = Arc::clone(&self.marker) as _;
        let builder = builder
            .access(access)
            .node_key(SigningKey::from_bytes(node_key))
            .roster(self.stored.roster.clone())
            .ban(self.banned.clone())
            .import_guard(marker)
            .ticket_ledger(Arc::clone(&self.ledger) as _);
        match &self.stored.document_key {
            Some(key) => builder.document_key(key.clone()),
            None => builder,
        }
    }
}

/// Returns the members as another replica of a document knows them that is somebody else's: a second
/// copad on a guest's file starts with all that the first one has, and must not write before somebody
/// let it in. The owner's second is let in by the owner's first.
fn roster_beside(
    store: &Store,
    document: DocumentId,
) -> Result<Option<Signed<Roster>>, StoreError> {
    let mut known = None;
    for replica in store.replicas_of(document)? {
        let stored = store.access(replica.id)?;
        if stored.document_key.is_some() {
            return Ok(None);
        }
        known = known.or(stored.roster);
    }
    Ok(known)
}

/// Says of whose edit the last process died.
fn accident_in_words(
    store: &Store,
    replica: ReplicaId,
    node: NodeId,
) -> Result<String, StoreError> {
    let peers = store.peers(replica)?;
    let peer = peers.into_iter().find(|peer| peer.address.node == node);
    let name = peer
        .and_then(|peer| peer.name)
        .unwrap_or_else(|| node.short());
    Ok(format!(
        "copad ended while it took in an edit from {name}, who is shut out now; copad --connect {node} lets them in again"
    ))
}

/// Counts in the database, so that a restart and other processes change nothing.
struct StoredLedger {
    state_dir: PathBuf,
    /// Opened for the first who knocks: most documents never see anybody.
    store: OnceLock<Store>,
    replica: ReplicaId,
}

impl StoredLedger {
    fn store(&self) -> Result<&Store, StoreError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let opened = Store::open(&self.state_dir)?;
        Ok(self.store.get_or_init(|| opened))
    }

    /// Answers a knock that needs no person: a replica of our own state folder is ourselves, in
    /// another window.
    fn answer(&self, node: NodeId, doorkeeper: Doorkeeper) -> Option<KnockAnswer> {
        if self.is_ours(node) {
            return Some(KnockAnswer::Admit(Role::Editor));
        }
        match doorkeeper {
            Doorkeeper::Person => None,
            Doorkeeper::Nobody => {
                tracing::warn!(%node, "knocked without a ticket and was not let in");
                Some(KnockAnswer::Deny)
            }
        }
    }

    fn is_ours(&self, node: NodeId) -> bool {
        let replicas = self.store().and_then(Store::replicas);
        let replicas = replicas.unwrap_or_else(|error| {
            tracing::error!("whether a knock is our own cannot be told: {error}");
            Vec::new()
        });
        replicas
            .iter()
            .any(|replica| NodeId::of_key(&replica.node_key.to_bytes()) == node)
    }
}

impl fmt::Debug for StoredLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredLedger")
            .field("replica", &self.replica)
            .finish_non_exhaustive()
    }
}

impl TicketLedger for StoredLedger {
    fn redeem(&self, grant: &TicketGrant, now: u64) -> Result<(), TicketRefusal> {
        let redeemed = self
            .store()
            .and_then(|store| store.redeem_ticket(self.replica, grant.id, &grant.terms, now));
        match redeemed {
            Ok(redeemed) => redeemed,
            Err(error) => {
                tracing::error!("a ticket could not be counted: {error}");
                Err(TicketRefusal::Unknown)
            }
        }
    }
}
