//! Why connections end: the codes on the wire and the words for them.

use crate::net::event::Reason;

/// Why a replica ends a connection. Travels as the code of the transport's close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The replica goes away on purpose.
    Leaving,
    /// Another connection between the same two replicas takes over.
    Duplicate,
    /// The other replica may not come in.
    Denied,
    /// The other side broke the protocol, or sent what cannot be read.
    Protocol,
    /// The other side was silent for too long.
    Silent,
    /// The application does not want this peer any longer.
    Unwanted,
    /// There are too many peers already.
    Busy,
    /// The handshake has to be done anew, because the replica took over a document meanwhile.
    Renew,
    /// The replica could not read its own document.
    Failed,
    /// The other side sent more, or more often, than it may.
    Excess,
    /// Both sides have the same operations and another content.
    Diverged,
    /// The other side speaks another major version of the protocol.
    OtherVersion,
}

/// Every reason with its code on the wire and the words for it.
const CLOSE_REASONS: [(CloseReason, u32, &str); 12] = [
    (CloseReason::Leaving, 1, "the peer left"),
    (CloseReason::Duplicate, 2, "another connection took over"),
    (CloseReason::Denied, 3, "the peer did not let us in"),
    (
        CloseReason::Protocol,
        4,
        "the peer could not read what it received",
    ),
    (
        CloseReason::Silent,
        5,
        "the peer heard nothing for too long",
    ),
    (CloseReason::Unwanted, 6, "the peer ended the connection"),
    (CloseReason::Busy, 7, "the peer has too many connections"),
    (CloseReason::Renew, 8, "the peer starts the connection anew"),
    (
        CloseReason::Failed,
        9,
        "the peer could not read its document",
    ),
    (
        CloseReason::Excess,
        10,
        "the peer was sent more than it takes",
    ),
    (
        CloseReason::Diverged,
        11,
        "the documents differ although they should be the same",
    ),
    (
        CloseReason::OtherVersion,
        12,
        "the peer speaks another version of the protocol",
    ),
];

impl CloseReason {
    /// Returns the code that stands for this reason on the wire. 0 is never used: transports give
    /// it when a program ends without a word.
    pub fn code(self) -> u32 {
        self.row().1
    }

    /// Returns the reason for a code, if this version knows it.
    pub fn from_code(code: u32) -> Option<Self> {
        CLOSE_REASONS
            .iter()
            .find(|row| row.1 == code)
            .map(|row| row.0)
    }

    /// Describes the reason to the person at the closed side, without a full stop.
    pub fn text(self) -> &'static str {
        self.row().2
    }

    /// Returns how the closed side should report the end of the connection.
    pub fn seen_from_other_side(self) -> Reason {
        match self {
            Self::Leaving => Reason::Left,
            Self::Denied => Reason::Denied(self.text().to_owned()),
            Self::Unwanted | Self::Diverged | Self::OtherVersion => {
                Reason::Denied(self.text().to_owned())
            }
            Self::Duplicate
            | Self::Protocol
            | Self::Silent
            | Self::Busy
            | Self::Renew
            | Self::Failed
            | Self::Excess => Reason::Lost(self.text().to_owned()),
        }
    }

    fn row(self) -> (Self, u32, &'static str) {
        let position = self as usize;
        CLOSE_REASONS[position]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_reason_finds_its_own_row() {
        for (reason, code, text) in CLOSE_REASONS {
            assert_eq!(reason.code(), code);
            assert_eq!(reason.text(), text);
            assert_eq!(CloseReason::from_code(code), Some(reason));
        }
        assert_eq!(CloseReason::from_code(0), None);
    }
}
