//! What replicas tell each other about conflicts.

use serde::{Deserialize, Serialize};

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
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<ConflictKind> for u16 {
    fn from(kind: ConflictKind) -> Self {
        match kind {
            ConflictKind::Divergence => 0,
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

    /// Returns the details of a divergence, if that is what this is about.
    pub fn as_divergence(&self) -> Option<Divergence> {
        match self.kind {
            ConflictKind::Divergence => postcard::from_bytes(&self.details).ok(),
            ConflictKind::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_the_future_are_kept_as_numbers() {
        for number in [0, 1, 7, u16::MAX] {
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
}
