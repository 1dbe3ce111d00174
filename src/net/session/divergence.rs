//! Finding out that two replicas have the same operations and yet another content.
//!
//! Nothing that a replica does by the book leads there: a Loro peer id was used by two writers, a
//! disk lied, or a library has a bug. Versions cannot tell, so replicas that have been quiet for a
//! while tell each other a hash of their content. It costs as much as the document is large, and
//! is computed at most once for each version.
//!
//! Which of the two is right nobody can know, and the operations themselves differ, so that
//! nothing that is sent between the two has the same meaning on both sides. So the pair stops
//! syncing, and one content goes on: that with the lower hash, on which all replicas agree without
//! another word, however many there are of each kind. A document that is open cannot be exchanged
//! under its application, so the other side ends with what it holds set aside, and its application
//! opens a new document, which takes everything from the one that stands.

use std::time::Duration;

use super::{Output, Session};
use crate::net::{
    event::Standing,
    message::{CloseReason, ConflictNotification, ContentDigest, Divergence, Message},
    node::NodeId,
    replica::Replica,
};

/// How long nothing must have changed before a hash is computed.
const QUIET: Duration = Duration::from_secs(5);

impl Session {
    /// Tells all peers what our document holds, if it has been quiet for long enough.
    pub(super) fn tell_content<R: Replica>(&mut self, now: Duration, replica: &R) {
        if now < self.history.changed_at() + QUIET {
            return;
        }
        let version = self.history.digest();
        let untold: Vec<_> = self
            .peers
            .iter_mut()
            .filter_map(|peer| peer.open_link_mut())
            .filter(|link| link.synced)
            .filter(|link| link.told_content.is_none_or(|told| told.version != version))
            .collect();
        if untold.is_empty() {
            return;
        }
        let Some(content) = self.history.content(replica) else {
            return;
        };
        let digest = ContentDigest { version, content };
        let mut connections = Vec::new();
        for link in untold {
            link.told_content = Some(digest);
            connections.push(link.connection);
        }
        for connection in connections {
            self.send(connection, Message::ContentDigest(digest));
        }
    }

    /// Compares what a peer's document holds with what ours does.
    pub(super) fn content_digest<R: Replica>(
        &mut self,
        node: NodeId,
        theirs: ContentDigest,
        now: Duration,
        replica: &R,
    ) -> Result<(), CloseReason> {
        let connection = self.open_link(node)?.connection;
        // They were quiet for long enough, and so must we have been: the same version is older
        // than that here as well. Otherwise they want us to work.
        let quiet = now >= self.history.changed_at() + QUIET / 2;
        if theirs.version != self.history.digest() || !quiet {
            return Ok(());
        }
        let Some(ours) = self.history.content(replica) else {
            return Ok(());
        };
        if ours == theirs.content {
            return Ok(());
        }
        let divergence = Divergence {
            version: theirs.version,
            sender: ours,
            receiver: theirs.content,
        };
        let notification = ConflictNotification::divergence(divergence);
        self.send(connection, Message::ConflictNotification(notification));
        Err(self.diverged(node, ours, theirs.content))
    }

    /// A peer says that our documents differ. Of what we never told it, it can know nothing.
    pub(super) fn claimed_divergence(
        &mut self,
        node: NodeId,
        divergence: Divergence,
    ) -> Result<(), CloseReason> {
        let told = self.open_link(node)?.told_content;
        let ours = told.filter(|told| told.version == divergence.version);
        match ours.map(|told| told.content) {
            Some(ours) if ours == divergence.receiver && ours != divergence.sender => {
                Err(self.diverged(node, ours, divergence.sender))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn diverged(&mut self, node: NodeId, ours: u64, theirs: u64) -> CloseReason {
        let stands = if ours < theirs {
            Standing::Ours
        } else {
            Standing::Theirs
        };
        self.outputs.push(Output::Diverged { node, stands });
        CloseReason::Diverged
    }
}
