//! Make a [Loro](https://loro.dev) document collaborative over [iroh](https://iroh.computer): an
//! editor, a whiteboard, a chat, notes. `copad`, the editor for the terminal, is built on it.
//!
//! An application keeps its [`LoroDoc`](loro::LoroDoc), with whatever containers it has, and adds
//! a [`RealtimeLoroProtocol`]. From then on every change goes to everybody else who has the
//! document, their changes come in, and people see each other's names, carets and selections.
//! There is no server: replicas talk to each other, directly where the network lets them.
//!
//! **By default a document is open to anyone.** Unless the application says otherwise, whoever
//! knows a replica's node id and can reach it reads the whole document and writes to it, and so
//! does everybody that they let in: see [`Access::Open`]. Say otherwise with
//! [`Builder::access`]: [who comes in](#who-comes-in).
//!
//! # Quick start
//!
//! ```
//! use iroh_loro_realtime::{RealtimeLoroProtocol, DocumentEvent, PresenceEvent, UserInfo, CursorPosition, Selection, ConflictResolution};
//! # use iroh::{SecretKey, protocol::Router};
//! # use iroh_loro_realtime::{ChangeOrigin, NetworkKind, bind};
//! # use loro::LoroDoc;
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None).await?;
//! # let local_node_id = endpoint.id();
//! # let doc = LoroDoc::new();
//! # let start_cursor = CursorPosition::new(0, 0, "main".to_string(), 0);
//! # let end_cursor = CursorPosition::new(0, 5, "main".to_string(), 5);
//!
//! let (update_tx, update_rx) = tokio::sync::broadcast::channel::<DocumentEvent>(100);
//! let (presence_tx, presence_rx) = tokio::sync::broadcast::channel::<PresenceEvent>(100);
//! let user_info = UserInfo { name: "Alice".to_string(), color: "#4ECDC4".to_string(), avatar_url: None };
//! let protocol = RealtimeLoroProtocol::new(doc, local_node_id, user_info, update_tx, presence_tx).await?;
//!
//! protocol.apply_local_change(|doc| { doc.get_text("main").insert(0, "Hello, collaborative world!")?; Ok(()) }).await?;
//!
//! protocol.presence_manager().update_cursor(CursorPosition::new(10, 5, "main".to_string(), 150)).await?;   // line, column, container, offset
//! protocol.presence_manager().update_selection(Some(Selection::new(start_cursor, end_cursor))).await?;
//! protocol.presence_manager().set_typing(true).await?;
//! protocol.conflict_resolver();    // edits made apart that touch the same thought, and answering them
//! protocol.connection_manager();   // active peers, their state, health, connect/disconnect
//!
//! // Let others in: on an iroh router, beside other protocols if there are any.
//! let router = Router::builder(endpoint.clone())
//!     .accept(RealtimeLoroProtocol::ALPN, protocol.clone())
//!     .spawn();
//! # let alice = endpoint.addr();
//! # let (mut update_rx, mut presence_rx) = (update_rx, presence_rx);
//! # let local = update_rx.recv().await?;
//! # assert_eq!(local.origin, ChangeOrigin::Local);
//!
//! // Another replica, elsewhere, knows Alice's node id, or her address.
//! # let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None).await?;
//! # let (update_tx, mut bobs_updates) = tokio::sync::broadcast::channel(100);
//! # let (presence_tx, _) = tokio::sync::broadcast::channel(100);
//! # let user_info = UserInfo { name: "Bob".to_string(), color: "#FF6B6B".to_string(), avatar_url: None };
//! let bob = RealtimeLoroProtocol::new(LoroDoc::new(), endpoint.id(), user_info, update_tx, presence_tx).await?;
//! bob.connect(&endpoint, alice).await?;
//! assert_eq!(bob.doc().get_text("main").to_string(), "Hello, collaborative world!");
//! # assert_eq!(bobs_updates.recv().await?.origin, ChangeOrigin::Peer(local_node_id.into()));
//! # let PresenceEvent::Joined { presence, .. } = presence_rx.recv().await? else { panic!("Bob joins first") };
//! # assert_eq!(presence.user.name, "Bob");
//!
//! // Say goodbye, so that the others need not wonder.
//! bob.shutdown().await;
//! router.shutdown().await?;
//! # endpoint.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! `local_node_id` is the id of the iroh endpoint that connections go through. [`bind`] makes one
//! with settings that fit; any other endpoint will do. An application without a router of its own
//! uses [`Listener`] instead. [`RealtimeLoroProtocol::builder`] takes options: the document's id
//! and title, how many members to connect to. For groups of dozens and more, the feature `gossip`
//! adds `Builder::gossip`: iroh-gossip then chooses five or so neighbours for each replica, and what
//! others write is passed on over a tree of these connections. The `examples` folder has a chat over a list, a
//! whiteboard over maps, and a router that carries another protocol as well.
//!
//! # The words
//!
//! | name | what it is for |
//! | --- | --- |
//! | [`RealtimeLoroProtocol`] | a document that is shared: change it, connect it, shut it down |
//! | [`PresenceManager`] | says where our participant is, knows where the others are |
//! | [`ConnectionManager`] | peers, their state, round trip and last error; connect, disconnect, go offline |
//! | [`DocumentEvent`] | a container changed: which, how, and through whom |
//! | [`PresenceEvent`] | somebody came, moved, or left |
//! | [`ConnectionEvent`] | a peer went from one state of its life to another, and why |
//! | [`ConflictResolver`] | finds edits made apart that touch the same thought, and settles them |
//! | [`ConflictEvent`] | something about the content that a person should know |
//! | [`AccessManager`] | who may do what: answers knocks, changes roles, makes tickets |
//! | [`AccessEvent`] | somebody knocks, or has another role now |
//! | [`SessionState`] | whether the session is at work, was ended, superseded, or failed |
//!
//! All positions are Unicode scalar values, counted from 0: what Loro's events use, and what
//! [`str::chars`] counts.
//!
//! Events come over tokio's broadcast channels. A receiver that is too slow gets `Lagged` and has
//! lost the oldest events, never the newest: read the present state from
//! [`doc`](RealtimeLoroProtocol::doc), [`participants`](PresenceManager::participants) or
//! [`peers`](ConnectionManager::peers), and go on.
//!
//! # Who comes in
//!
//! A document that has an owner has a list of members with [roles](Role), the [`Roster`]. Its id is
//! the public half of a key ([`Builder::document_key`]) that only the owner has, so everybody who
//! knows the document can check the owner's signature, and nobody has to be trusted to pass the
//! list on. Whoever receives something decides what its sender may do: a viewer's operations are
//! dropped before they are looked at, and who is no member is not talked to.
//!
//! Who is no member yet comes in by a [`Ticket`], which the node that issued it redeems, or
//! *knocks*: with [`Access::Ask`] the application is asked, and answers with
//! [`AccessManager::answer`]. The owner may let editors answer, too.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use iroh_loro_realtime::*;
//! # async fn share(document: SharedDocument, user: UserInfo, node_key: [u8; 32], stored: [u8; 32])
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let document_key = SigningKey::from_bytes(&stored); // at first: SigningKey::random()
//! let protocol = RealtimeLoroProtocol::builder(document, NodeId::of_key(&node_key), user)
//!     .document_id(Some(document_key.document()))
//!     .document_key(document_key)
//!     .node_key(SigningKey::from_bytes(&node_key))
//!     .access(Access::Ask(Arc::new(|_, user| {
//!         (user.name == "Bob").then_some(KnockAnswer::Admit(Role::Viewer))
//!     })))
//!     .spawn()?;
//! let ticket = protocol.access_manager().issue_ticket(TicketTerms::usual(Role::Editor, 1_800_000_000))?;
//! println!("{ticket}");
//! # Ok(())
//! # }
//! ```
//!
//! What this does not do: an editor can pass on anything as its own, and what others do under
//! their names if they are not connected to the listener. Who was removed keeps what was read. Who
//! knows a document's id can tell whether a node shares it. A name is what a person says of
//! themselves; only the node id is proven.
//!
//! # What holds, and what does not
//!
//! * **Replicas that know the same changes show the same document**, in whatever order the changes
//!   came. What is committed reaches every replica that is connected, directly or through others,
//!   and after a break it is caught up with exactly what was missing.
//! * **A change need not go through the library.** What is done on the `LoroDoc` itself, an import
//!   included, is sent as well.
//! * **A lost connection is dialled again** as long as the protocol runs, and the others stay
//!   together when the first of them leaves.
//! * **A caret stays at its character** while others type.
//! * Presence is told as it is now; states in between may be left out.
//! * **Nothing is kept on disk by the protocol.** Export the document and keep it, or use the
//!   `store` room. What a process had not sent when it died is gone unless it was kept.
//! * **Two processes must never write with the same Loro peer id.** `LoroDoc::new` draws a random
//!   one; do not set it to a fixed number.
//! * **Connections are encrypted, and a peer is who its node id says.**
//! * **An editor can do harm.** Frames, messages and presence are measured and checked, but the
//!   operations inside are decoded by Loro, which does not withstand crafted bytes: they can
//!   damage the document, which ends the session with [`SessionState::Failed`] and the name of who
//!   sent them, or use up the memory, which ends the process; an [`ImportGuard`] tells the next
//!   one of whom, and [`retry_import`] whether it really was that. Operations of viewers and
//!   strangers are never decoded.
//!
//! # Map of the code
//!
//! | room | what it is | what it never knows |
//! | --- | --- | --- |
//! | [`crdt`] | the document: text, deltas, anchors, undo | sockets, screens, clocks |
//! | [`net`] | the protocol: a pure session, and its driver on iroh | screens, files |
//! | `store` | the disk: replicas, identity, saving files | sockets, screens |
//! | `workspace` | one open document of a person's: its history, file and peers | screens |
//! | `serve` | documents that are always there, `copad serve` | screens |
//! | `shell` | what `copad` answers on the command line | sockets, screens |
//! | `ui` | the screen: `copad` itself | anything but the public names below |
//!
//! The arrows point one way: `ui`, `serve`, `shell` and `workspace` use the library as any
//! application would, `net` and `store` use `crdt`, and nobody uses `ui`.
//!
//! ```text
//!   application (or copad)
//!      │  apply_local_change, presence_manager, connection_manager      ▲ events
//!      ▼                                                                │
//!   net::protocol    RealtimeLoroProtocol: the driver, on a thread and tokio's tasks
//!      │  Input + time                                                  ▲ Output
//!      ▼                                                                │
//!   net::session     the state machine: who has what, who is here, whom to dial. Pure
//!      │  Replica: version, export, import
//!      ▼
//!   LoroDoc
//! ```
//!
//! A change goes down: Loro hands the driver the bytes of each commit, the session decides which
//! peers lack them, and the driver writes them on those peers' streams. A peer's change goes up:
//! frame, [`Message`](net::message::Message), session, import, Loro's event, [`DocumentEvent`].
//!
//! **Where to start reading**: [`net::message`] (everything that is ever said), [`net::session`]
//! (every input and every output), then `net/protocol.rs` (how that meets iroh), and
//! `tests/integration.rs` (stories of several nodes). [`net::presence`] and [`crdt`]'s anchors
//! explain how carets travel.
//!
//! # Features
//!
//! | feature | brings | default |
//! | --- | --- | --- |
//! | `tui` | `copad`, the editor, and the room `ui` | yes |
//! | `demo` | `realtime-demo`, a peer with a line prompt that can be scripted | yes |
//! | `store` | the room `store` and SQLite | yes, by `tui` and `demo` |
//! | `sim` | `net::sim`, many sessions in virtual time | no |
//! | `gossip` | neighbours chosen by iroh-gossip | no |
//!
//! An application wants `default-features = false`: no terminal, no SQLite, no argument parser.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod crdt;
pub mod net;
#[cfg(feature = "tui")]
pub mod serve;
#[cfg(feature = "tui")]
pub mod shell;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "tui")]
pub mod ui;
#[cfg(feature = "tui")]
pub mod workspace;

pub use crdt::{Anchor, Delta, SharedDocument, conflict::ConflictId};
pub use net::access::{Role, Roster, RosterMember, Signed, TicketId, TicketRefusal, TicketTerms};
pub use net::address::InvalidNodeId;
pub use net::endpoint::{
    Discovery, EndpointError, InvalidServerUrl, NetworkKind, ServerUrl, Servers, UnknownNetwork,
    bind, bind_with,
};
pub use net::event::{
    AccessEvent, ChangeOrigin, ConnectionEvent, ContainerDelta, CursorPosition, DocumentEvent,
    PeerState, Presence, PresenceEvent, Reason, Selection, Standing, SyncProgress, UserInfo,
};
pub use net::listener::Listener;
pub use net::node::{DocumentId, NodeId, PeerAddress};
pub use net::peer::PeerView as PeerInfo;
#[cfg(feature = "tui")]
pub(crate) use net::presence::clean_name;
#[cfg(feature = "tui")]
pub(crate) use net::protocol::replica_tag;
pub use net::protocol::{
    Access, AccessManager, AccessState, Builder, ChangeError, ConflictError, ConflictEvent,
    ConflictInfo, ConflictResolution, ConflictResolver, ConflictSettings, ConnectError,
    ConnectionManager, DocumentInfo, ImportGuard, KnockHandler, NotOwner, PresenceError,
    PresenceManager, ProtocolError, RealtimeLoroProtocol, Resolution, Reunion, SessionState,
    Settlement, Strategy, TicketLedger, retry_import,
};
pub use net::session::KnockAnswer;
pub use net::signature::SigningKey;
pub use net::ticket::{InvalidInvitation, InvalidTicket, Invitation, Ticket, TicketGrant};
