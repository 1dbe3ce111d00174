//! Signatures, by the kind of key (ed25519) that a node id is the public half of.
//!
//! The only place where what is pure meets iroh's keys. Nothing here waits, and nothing is random
//! but a new key. It never knows what is signed.

use std::fmt;

use iroh::{PublicKey, SecretKey, Signature as IrohSignature};
use serde::{Deserialize, Serialize};

use crate::net::node::{DocumentId, NodeId};

/// The secret half of a replica's or a document's key.
#[derive(Clone)]
pub struct SigningKey(SecretKey);

impl SigningKey {
    /// Makes a new key, with randomness from the system.
    pub fn random() -> Self {
        Self(SecretKey::generate())
    }

    /// Takes a key as it was stored.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(SecretKey::from_bytes(bytes))
    }

    /// Returns the secret bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Returns the node id, if this is the key of a replica's endpoint.
    pub fn node(&self) -> NodeId {
        self.0.public().into()
    }

    /// Returns the document's id, if this is the key of a document.
    pub fn document(&self) -> DocumentId {
        DocumentId(*self.0.public().as_bytes())
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let bytes = self.0.sign(message).to_bytes();
        let (left, right) = bytes.split_at(32);
        let mut halves = [[0; 32]; 2];
        halves[0].copy_from_slice(left);
        halves[1].copy_from_slice(right);
        Signature(halves)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(secret)")
    }
}

/// What a [`SigningKey`] made of a message. In halves, because serde writes arrays of 32.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature([[u8; 32]; 2]);

impl Signature {
    /// Returns whether the holder of the secret half of this public key signed this message. A
    /// public key that is none has signed nothing.
    pub fn is_by(&self, public_key: &[u8; 32], message: &[u8]) -> bool {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.0[0]);
        bytes[32..].copy_from_slice(&self.0[1]);
        let signature = IrohSignature::from_bytes(&bytes);
        PublicKey::from_bytes(public_key).is_ok_and(|key| key.verify(message, &signature).is_ok())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signed_message_and_the_signing_key_fit() {
        let (key, other) = (
            SigningKey::from_bytes(&[1; 32]),
            SigningKey::from_bytes(&[2; 32]),
        );
        let signature = key.sign(b"message");
        assert!(signature.is_by(&key.node().0, b"message"));
        assert!(!signature.is_by(&key.node().0, b"another"));
        assert!(!signature.is_by(&other.node().0, b"message"));
        let no_key = (0..=u8::MAX).find(|byte| PublicKey::from_bytes(&[*byte; 32]).is_err());
        assert!(no_key.is_some_and(|byte| !signature.is_by(&[byte; 32], b"message")));
    }

    #[test]
    fn keys_are_not_shown() {
        let shown = format!("{:?}", SigningKey::from_bytes(&[0xab; 32]));
        assert_eq!(shown, "SigningKey(secret)");
    }
}
