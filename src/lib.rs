//! Sync [Loro](https://loro.dev) documents between people over [iroh](https://iroh.computer),
//! with presence, and edit plain text together in the terminal.
//!
//! # Map of the code
//!
//! | room | what it is | what it never knows |
//! | --- | --- | --- |
//! | [`crdt`] | the document: text, deltas, anchors, undo | sockets, screens, clocks |
//! | [`net`] | the protocol: a pure session, and its driver on iroh | screens, files |
//! | [`store`] | the disk: replicas, identity, saving files | sockets, screens |
//! | [`ui`] | the screen: `copad` itself | anything but the public names below |
//!
//! The arrows point one way: `ui` uses the library as any application would, `net` and `store`
//! use `crdt`, and nobody uses `ui`.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod crdt;
pub mod net;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "tui")]
pub mod ui;

pub use net::address::InvalidNodeId;
pub use net::endpoint::{EndpointError, NetworkKind, UnknownNetwork, bind};
pub use net::event::{
    ChangeOrigin, ConnectionEvent, ContainerDelta, CursorPosition, DocumentEvent, PeerState,
    Presence, PresenceEvent, Reason, Selection, UserInfo,
};
pub use net::listener::Listener;
pub use net::node::{DocumentId, NodeId, PeerAddress};
pub use net::peer::PeerView as PeerInfo;
pub use net::protocol::{
    Builder, ChangeError, ConnectError, ConnectionManager, DocumentInfo, PresenceError,
    PresenceManager, ProtocolError, RealtimeLoroProtocol, SessionState,
};
