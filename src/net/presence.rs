//! Who is where: what participants tell each other about themselves, and how long it holds.
//!
//! Knows neither the document nor the screen: anchors stay bytes here.

use crate::net::{event::UserInfo, message::WireAnchor};

/// What our own participant is doing. The session gives it to every peer.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalPresence {
    /// Who the participant is.
    pub user: UserInfo,
    /// Where the caret is.
    pub cursor: Option<WireAnchor>,
    /// Where selecting began, if anything is selected.
    pub selection_start: Option<WireAnchor>,
    /// Whether the participant typed just now. Ends by itself three seconds after it was last said.
    pub typing: bool,
    /// Whether the participant left the keyboard.
    pub away: bool,
}

/// What a peer's participant is doing, as far as we know.
#[derive(Clone, Debug, PartialEq)]
pub struct RemotePresence {
    /// Who the participant is; cleaned, so that it can be shown as it is.
    pub user: UserInfo,
    /// Where the caret is. The bytes are the peer's own and may be anything.
    pub cursor: Option<WireAnchor>,
    /// Where selecting began, if anything is selected.
    pub selection_start: Option<WireAnchor>,
    /// Whether the participant typed within the last three seconds.
    pub typing: bool,
    /// Whether the participant left the keyboard.
    pub away: bool,
}
