//! Telling peers what became of conflicts, and hearing of it.
//!
//! Conflicts and their answers are kept in the document, which everybody gets anyway. What is told
//! beside that is only a reason to look there at once, and nobody relies on it.

use super::{Output, Session};
use crate::net::{
    message::{CloseReason, ConflictNotification, Message},
    node::NodeId,
};

impl Session {
    /// Tells all who have our document.
    pub(super) fn announce(&mut self, notification: &ConflictNotification) {
        let links = self
            .peers
            .iter_mut()
            .filter_map(|peer| peer.open_link_mut());
        let synced = links.filter(|link| link.synced);
        let connections: Vec<_> = synced.map(|link| link.connection).collect();
        for connection in connections {
            self.send(
                connection,
                Message::ConflictNotification(notification.clone()),
            );
        }
    }

    /// A peer tells of a conflict. Of kinds that we do not know we know nothing to do.
    pub(super) fn conflict(
        &mut self,
        node: NodeId,
        notification: &ConflictNotification,
    ) -> Result<(), CloseReason> {
        self.open_link(node)?;
        if let Some(divergence) = notification.as_divergence() {
            return self.claimed_divergence(node, divergence);
        }
        if let Some(conflict) = notification.conflict() {
            self.outputs.push(Output::ConflictTold { node, conflict });
        }
        Ok(())
    }
}
