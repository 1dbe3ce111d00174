//! Whom the editor lets in: what was asked for on the command line, what was stored, and who counts
//! the uses of tickets.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Read as _},
    path::PathBuf,
    sync::Arc,
};

use super::launch::LaunchError;
use crate::{
    Access, Builder, DocumentId, ImportGuard, NodeId, SigningKey, TicketGrant, TicketLedger,
    TicketRefusal,
    store::{ImportMarker, ReplicaId, Store, StoreError, StoredAccess},
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

/// Where a ticket may stand, so that it need not be among the arguments that everybody on this
/// machine can read.
const VARIABLE: &str = "COPAD_CONNECT";
/// Characters that are read from standard input at most.
const MAX_INPUT: u64 = 8 * 1024;

/// Returns the node id or ticket to join: what was given on the command line, or for "-" the first
/// line of standard input, or else what the environment says.
///
/// # Errors
///
/// Fails when standard input cannot be read.
pub fn whom_to_join(argument: Option<String>) -> Result<Option<String>, LaunchError> {
    match argument.as_deref() {
        Some("-") => {
            if io::stdin().is_terminal() {
                eprint!("Node id or ticket: ");
            }
            let mut line = String::new();
            let input = io::stdin().lock();
            input.take(MAX_INPUT).read_line(&mut line)?;
            Ok(Some(line))
        }
        Some(_) => Ok(argument),
        None => Ok(std::env::var(VARIABLE)
            .ok()
            .filter(|text| !text.trim().is_empty())),
    }
}

/// Who may do what, for a session that is about to start.
#[derive(Debug)]
pub(super) struct Entrance {
    pub(super) trust: Trust,
    stored: StoredAccess,
    banned: Vec<NodeId>,
    marker: Arc<ImportMarker>,
    state: PathBuf,
    replica: ReplicaId,
}

impl Entrance {
    /// Reads what was stored about a replica, whose lock we have. `document` is the one that is
    /// opened, `banned` who broke it before, `wanted` whom the person joins: that one is let in
    /// again. Returns a sentence, too, if the last process died of somebody's edit.
    pub(super) fn load(
        store: &Store,
        replica: ReplicaId,
        document: Option<DocumentId>,
        trust: Trust,
        mut banned: Vec<NodeId>,
        wanted: Option<NodeId>,
    ) -> Result<(Self, Option<String>), StoreError> {
        let (marker, culprit) = ImportMarker::open(store, replica)?;
        for node in banned.iter().copied().chain(culprit) {
            store.quarantine(replica, node)?;
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
        let entrance = Self {
            trust,
            stored,
            banned,
            marker: Arc::new(marker),
            state: store.state_dir().to_owned(),
            replica,
        };
        Ok((entrance, accident))
    }

    /// Tells a session whom to let in, and with what to prove who we are.
    pub(super) fn configure(
        &self,
        builder: Builder,
        node_key: &[u8; 32],
    ) -> Result<Builder, LaunchError> {
        let access = match self.trust {
            // The screen answers, later.
            Trust::Ask => Access::Ask(Arc::new(|_, _| None)),
            Trust::Anyone => Access::Open,
        };
        let ledger = StoredLedger {
            store: Store::open(&self.state)?,
            replica: self.replica,
        };
        let marker: Arc<dyn ImportGuard> = Arc::clone(&self.marker) as _;
        let builder = builder
            .access(access)
            .node_key(SigningKey::from_bytes(node_key))
            .roster(self.stored.roster.clone())
            .ban(self.banned.clone())
            .import_guard(marker)
            .ticket_ledger(Arc::new(ledger));
        Ok(match &self.stored.document_key {
            Some(key) => builder.document_key(key.clone()),
            None => builder,
        })
    }
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
    store: Store,
    replica: ReplicaId,
}

impl TicketLedger for StoredLedger {
    fn redeem(&self, grant: &TicketGrant, now: u64) -> Result<(), TicketRefusal> {
        match self
            .store
            .redeem_ticket(self.replica, grant.id, &grant.terms, now)
        {
            Ok(redeemed) => redeemed,
            Err(error) => {
                tracing::error!("a ticket could not be counted: {error}");
                Err(TicketRefusal::Unknown)
            }
        }
    }
}
