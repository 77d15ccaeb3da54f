//! The keys of `hash` and `token`.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use model::KeyScope;
use sha2::Sha256;

/// The key of an organization and the key that a connection has of it. They are never
/// shown.
#[derive(Clone)]
pub struct Keys {
    organization: Hmac<Sha256>,
    connection: Hmac<Sha256>,
}

impl Keys {
    /// Keys from the secret of an organization and the name or id of a connection. The
    /// connection's key is derived by HMAC-SHA-256 (RFC 2104), so that no connection's
    /// key tells another's.
    pub fn new(organization: &[u8], connection: &str) -> Self {
        let root = keyed(organization);
        let mut derived = root.clone();
        derived.update(b"connection\0");
        derived.update(connection.as_bytes());
        Self {
            connection: keyed(&derived.finalize().into_bytes()),
            organization: root,
        }
    }

    /// A hash with the key of `scope`, to be fed and finished.
    pub(super) fn of(&self, scope: KeyScope) -> Hmac<Sha256> {
        match scope {
            KeyScope::Organization => self.organization.clone(),
            KeyScope::Connection => self.connection.clone(),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys([redacted])")
    }
}

/// HMAC takes keys of any length: longer ones than a block are hashed first.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()))
}
