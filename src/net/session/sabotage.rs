//! Ways to break the protocol on purpose, so that the simulation can show that it would notice.

use super::Session;

/// A mistake that somebody could make in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(any(test, feature = "sim")), allow(dead_code))]
pub enum Sabotage {
    /// What a peer sent is not passed on.
    DropRelay,
    /// Heartbeats with another digest are ignored.
    SkipRepair,
    /// A peer that reads too slowly is not marked as needing a sync.
    ForgetSlowReader,
}

impl Session {
    /// Breaks the session in one way, for a simulation that must notice.
    #[cfg(any(test, feature = "sim"))]
    pub fn sabotage(&mut self, how: Sabotage) {
        self.sabotage = Some(how);
    }

    #[cfg(any(test, feature = "sim"))]
    pub(super) fn is_sabotaged(&self, how: Sabotage) -> bool {
        self.sabotage == Some(how)
    }

    #[cfg(not(any(test, feature = "sim")))]
    pub(super) fn is_sabotaged(&self, _how: Sabotage) -> bool {
        false
    }
}
