//! How large and how many everything may be.

/// Bytes of one frame's payload at most.
pub const MAX_FRAME: usize = 256 * 1024;
/// Bytes of one update or answer to a sync request at most, after its parts are put together.
pub const MAX_UPDATE: usize = 512 * 1024 * 1024;
/// Bytes of the document's title at most.
pub const MAX_TITLE: usize = 1024;
/// Bytes of an encoded anchor at most.
pub const MAX_ANCHOR: usize = 64;
/// Members that a welcome names at most.
pub const MAX_MEMBERS: usize = 256;
/// Bytes of a participant's name, or of the address of their picture, at most, as they travel.
pub const MAX_NAME: usize = 1024;
/// Socket addresses of one replica at most.
pub const MAX_DIRECT_ADDRESSES: usize = 32;
/// Bytes of a relay's URL at most.
pub const MAX_RELAY_URL: usize = 512;
/// Bytes of the details of a conflict at most.
pub const MAX_CONFLICT: usize = 4096;
/// Bytes of new updates on their way to one peer at most; beyond, the peer gets one update with
/// all that it missed, once it has read what was sent.
pub const MAX_ON_THEIR_WAY: usize = 8 * 1024 * 1024;
