//! Whom a session lets in, and the handle to who may do what.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use thiserror::Error;
use tokio::sync::{broadcast, watch};

use super::{Shared, wake::Wake};
use crate::net::{
    access::{Act, Entrance, Role, Roster, Signed, TicketBook, TicketRefusal, TicketTerms},
    event::{AccessEvent, UserInfo},
    node::NodeId,
    session::{Decree, Input, KnockAnswer},
    ticket::{Ticket, TicketGrant},
};

/// Answers a knock: at once, or, with `None`, later by [`AccessManager::answer`]. It is called on
/// the session's thread and must not wait.
pub type KnockHandler = Arc<dyn Fn(NodeId, &UserInfo) -> Option<KnockAnswer> + Send + Sync>;

/// Whom a session lets in that is not a member of the document yet.
///
/// All but [`Open`](Self::Open) need the [`node_key`](super::Builder::node_key), and somebody with
/// the [`document_key`](super::Builder::document_key), who is the document's owner.
#[derive(Clone, Default)]
pub enum Access {
    /// **Whoever knows the node id and can reach it, as an editor.** There is no protection at all
    /// then: everybody who has seen the node id reads the whole document, writes to it, and lets
    /// others in. For one's own machines and for tests; it is the default of the library because a
    /// program without a person has nobody to ask.
    #[default]
    Open,
    /// Holders of a [`Ticket`] only.
    Tickets,
    /// Holders of a ticket, and whoever somebody says yes to.
    Ask(KnockHandler),
}

impl Access {
    pub(super) fn entrance(&self) -> Entrance {
        match self {
            Self::Open => Entrance::Anyone,
            Self::Tickets => Entrance::Tickets,
            Self::Ask(_) => Entrance::Ask,
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entrance().fmt(f)
    }
}

/// Counts what becomes of tickets, for as long as they live: longer than a session, as a rule.
pub trait TicketLedger: Send + Sync {
    /// Counts a use of a genuine ticket. `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Fails when the ticket is good no longer; the use is not counted then.
    fn redeem(&self, grant: &TicketGrant, now: u64) -> Result<(), TicketRefusal>;
}

/// Counts in memory. After a restart every ticket is as good as new.
impl TicketLedger for Mutex<TicketBook> {
    fn redeem(&self, grant: &TicketGrant, now: u64) -> Result<(), TicketRefusal> {
        let mut book = self.lock().unwrap_or_else(PoisonError::into_inner);
        book.redeem(grant.id, &grant.terms, now)
    }
}

/// Who may do what, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessState {
    /// What we are to the document.
    pub role: Role,
    /// Whether we may let others in.
    pub may_admit: bool,
    /// The members. `None`: the document has no owner, and everybody is an editor.
    pub roster: Option<Signed<Roster>>,
}

/// Only the document's owner may do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("only the owner of the document can do that")]
pub struct NotOwner;

/// Who may do what with the document, and who wants to come in. A clone is the same handle.
#[derive(Clone)]
pub struct AccessManager {
    shared: Arc<Shared>,
}

impl AccessManager {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Reports knocks, and every change of roles, from now on. Who lags by more than 256 events is
    /// told so by the receiver, and finds the present state in [`state`](Self::state).
    pub fn subscribe(&self) -> broadcast::Receiver<AccessEvent> {
        self.shared.published.access.subscribe()
    }

    /// Returns who may do what, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<AccessState> {
        self.shared.published.access_state.subscribe()
    }

    /// Answers a knock. Whoever knocks no longer is not let in.
    pub fn answer(&self, node: NodeId, answer: KnockAnswer) {
        self.shared
            .send(Wake::Input(Input::Answer { node, answer }));
    }

    /// Gives a member another role, or makes a node a member that has not come yet.
    ///
    /// # Errors
    ///
    /// Fails when we do not own the document.
    pub fn set_role(&self, node: NodeId, role: Role) -> Result<(), NotOwner> {
        self.govern(Decree::SetRole(node, role))
    }

    /// Lets a member let others in, or not any more.
    ///
    /// # Errors
    ///
    /// Fails when we do not own the document.
    pub fn let_admit(&self, node: NodeId, may_admit: bool) -> Result<(), NotOwner> {
        self.govern(Decree::LetAdmit(node, may_admit))
    }

    /// Ends a membership and the connection. What was read cannot be taken back. The node may
    /// knock again.
    ///
    /// # Errors
    ///
    /// Fails when we do not own the document.
    pub fn kick(&self, node: NodeId) -> Result<(), NotOwner> {
        self.govern(Decree::Remove(node))
    }

    /// Turns a node away from now on, without a question.
    ///
    /// # Errors
    ///
    /// Fails when we do not own the document.
    pub fn block(&self, node: NodeId) -> Result<(), NotOwner> {
        self.govern(Decree::Block(node))
    }

    /// Lets a blocked node knock again.
    ///
    /// # Errors
    ///
    /// Fails when we do not own the document.
    pub fn unblock(&self, node: NodeId) -> Result<(), NotOwner> {
        self.govern(Decree::Unblock(node))
    }

    /// Makes a ticket. This node redeems it, so it must be running when somebody comes with it.
    ///
    /// # Errors
    ///
    /// Fails when we do not own the document.
    pub fn issue_ticket(&self, terms: TicketTerms) -> Result<Ticket, NotOwner> {
        let key = self.shared.document_key.as_ref().ok_or(NotOwner)?;
        let address = self.shared.published.address();
        Ok(Ticket::issue(key, address, terms))
    }

    fn govern(&self, decree: Decree) -> Result<(), NotOwner> {
        let role = self.shared.published.access_state.borrow().role;
        if !Act::Govern.is_allowed(role, false) {
            return Err(NotOwner);
        }
        self.shared.send(Wake::Input(Input::Govern(decree)));
        Ok(())
    }
}

impl fmt::Debug for AccessManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessManager").finish_non_exhaustive()
    }
}
