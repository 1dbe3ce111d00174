//! Names for contents: two files with one hash hold the same bytes.

use std::fmt;

/// The blake3 hash of some bytes, of a whole file or of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// Returns the hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "ContentHash({a:02x}{b:02x}{c:02x}{d:02x})")
    }
}
