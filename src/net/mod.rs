//! The protocol: who says what to whom so that all replicas become equal.
//!
//! The session and what it is made of are pure: time, randomness and messages come in as
//! arguments, and what must happen next comes out. Only the driver knows iroh and tokio.

pub mod access;
pub mod address;
mod connection;
pub mod endpoint;
pub mod event;
/// Public for tests of decoding only.
#[doc(hidden)]
pub mod frame;
pub mod listener;
mod lookup;
pub mod message;
pub mod node;
pub mod peer;
pub mod presence;
pub mod protocol;
pub mod replica;
pub mod session;
pub mod signature;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod ticket;
