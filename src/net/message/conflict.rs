//! What replicas tell each other about conflicts.

use serde::{Deserialize, Serialize};

use crate::crdt::conflict::ConflictId;

/// Something happened to the document that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictNotification {
    /// What happened.
    pub kind: ConflictKind,
    /// More about it, in a form that belongs to the kind: a replica that does not know the kind
    /// can skip it.
    pub details: Vec<u8>,
}

/// What a notification is about. Travels as a number, so that kinds can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub enum ConflictKind {
    /// The two replicas have the same operations and another content; the details are a
    /// [`Divergence`].
    Divergence,
    /// Edits made apart clash; the details are the conflict's name.
    New,
    /// Somebody changed the text at the place of a conflict that waits for an answer; the details
    /// are its name.
    Changed,
    /// Nobody needs to look at a conflict any more; the details are its name.
    Settled,
    /// A kind that this version does not know.
    Unknown(u16),
}

/// How two documents differ that should be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// Digest of the version that both have.
    pub version: u64,
    /// Hash of what the sender's document holds.
    pub sender: u64,
    /// Hash of what the receiver said that its document holds.
    pub receiver: u64,
}

impl From<u16> for ConflictKind {
    fn from(number: u16) -> Self {
        match number {
            0 => Self::Divergence,
            1 => Self::New,
            2 => Self::Changed,
            3 => Self::Settled,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<ConflictKind> for u16 {
    fn from(kind: ConflictKind) -> Self {
        match kind {
            ConflictKind::Divergence => 0,
            ConflictKind::New => 1,
            ConflictKind::Changed => 2,
            ConflictKind::Settled => 3,
            ConflictKind::Unknown(number) => number,
        }
    }
}

impl ConflictNotification {
    /// Tells of a divergence.
    pub fn divergence(divergence: Divergence) -> Self {
        Self {
            kind: ConflictKind::Divergence,
            // Three numbers always encode.
            details: postcard::to_stdvec(&divergence).unwrap_or_default(),
        }
    }

    /// Tells what became of a conflict between edits.
    pub fn about(conflict: ConflictId, kind: ConflictKind) -> Self {
        Self {
            kind,
            details: conflict.0.to_vec(),
        }
    }

    /// Returns the details of a divergence, if that is what this is about.
    pub fn as_divergence(&self) -> Option<Divergence> {
        match self.kind {
            ConflictKind::Divergence => postcard::from_bytes(&self.details).ok(),
            ConflictKind::New
            | ConflictKind::Changed
            | ConflictKind::Settled
            | ConflictKind::Unknown(_) => None,
        }
    }

    /// Returns the conflict between edits, if that is what this is about.
    pub fn conflict(&self) -> Option<ConflictId> {
        match self.kind {
            ConflictKind::New | ConflictKind::Changed | ConflictKind::Settled => {
                Some(ConflictId(self.details.as_slice().try_into().ok()?))
            }
            ConflictKind::Divergence | ConflictKind::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_the_future_are_kept_as_numbers() {
        for number in [0, 1, 2, 3, 4, 7, u16::MAX] {
            assert_eq!(u16::from(ConflictKind::from(number)), number);
        }
        let divergence = Divergence {
            version: 1,
            sender: 2,
            receiver: u64::MAX,
        };
        let mut notification = ConflictNotification::divergence(divergence);
        assert_eq!(notification.as_divergence(), Some(divergence));
        notification.kind = ConflictKind::Unknown(9);
        assert_eq!(notification.as_divergence(), None);
    }

    #[test]
    fn a_conflict_is_named_by_sixteen_bytes() {
        let id = ConflictId([7; 16]);
        for kind in [
            ConflictKind::New,
            ConflictKind::Changed,
            ConflictKind::Settled,
        ] {
            let mut notification = ConflictNotification::about(id, kind);
            assert_eq!(notification.conflict(), Some(id));
            assert_eq!(notification.as_divergence(), None);
            notification.details.push(0);
            assert_eq!(notification.conflict(), None);
        }
        let unknown = ConflictNotification::about(id, ConflictKind::Unknown(4));
        assert_eq!(unknown.conflict(), None);
    }
}
