//! What is signed: bytes that can be mistaken for nothing else that is signed.

use serde::{Deserialize, Serialize};

use crate::net::signature::{Signature, SigningKey};

/// Something that somebody signs.
pub trait Statement: Serialize {
    /// Stands before the statement's bytes, so that no signature fits a statement of another kind.
    /// Ends with the version of the format.
    const DOMAIN: &'static str;

    /// Returns what is signed: the domain, a zero, and the statement as postcard.
    fn signed_bytes(&self) -> Vec<u8> {
        let domain = [Self::DOMAIN.as_bytes(), &[0]].concat();
        // Writing into memory has nothing to fail at; were it to, the bytes would fit no statement.
        postcard::to_extend(self, domain).unwrap_or_default()
    }
}

/// A statement with the signature of whoever makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<T> {
    /// What is said. Worth nothing before [`is_by`](Self::is_by) was asked.
    pub statement: T,
    signature: Signature,
}

impl<T: Statement> Signed<T> {
    /// Signs a statement.
    pub fn new(statement: T, key: &SigningKey) -> Self {
        let signature = key.sign(&statement.signed_bytes());
        Self {
            statement,
            signature,
        }
    }

    /// Puts together a statement and a signature that were kept or sent apart.
    pub fn from_parts(statement: T, signature: Signature) -> Self {
        Self {
            statement,
            signature,
        }
    }

    /// Returns the signature alone.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    /// Returns whether the holder of this public key signed it.
    pub fn is_by(&self, public_key: &[u8; 32]) -> bool {
        self.signature
            .is_by(public_key, &self.statement.signed_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Serialize)]
    struct Promise(u8);

    #[derive(Clone, Serialize)]
    struct Threat(u8);

    impl Statement for Promise {
        const DOMAIN: &'static str = "test promise 1";
    }

    impl Statement for Threat {
        const DOMAIN: &'static str = "test threat 1";
    }

    #[test]
    fn a_signature_fits_one_kind_of_statement_only() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let promise = Signed::new(Promise(7), &key);
        let public = key.node().0;
        assert!(promise.is_by(&public));
        assert!(!Signed::from_parts(Promise(8), promise.signature()).is_by(&public));
        assert!(!Signed::from_parts(Threat(7), promise.signature()).is_by(&public));
    }
}
