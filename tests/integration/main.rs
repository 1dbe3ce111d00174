//! Several real nodes on 127.0.0.1, from the first dial to the last goodbye.

mod batches;
mod conflicts;
mod dialling;
mod divergence;
mod ending;
#[cfg(feature = "gossip")]
mod gossip;
mod internet;
mod mallory;
mod nodes;
mod proxy;
mod restart;
mod slow;
mod stranger;
mod together;
mod trace;
mod weather;
mod wire;
