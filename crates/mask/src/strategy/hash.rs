//! `hash`: a keyed hash, equal for equal values.

use std::fmt::Write;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The first sixteen hexadecimal digits of HMAC-SHA-256 (RFC 2104) over the value.
pub(super) fn apply(value: &str, mut key: Hmac<Sha256>) -> String {
    key.update(value.as_bytes());
    let digest = key.finalize().into_bytes();
    let mut text = String::with_capacity(16);
    for byte in digest.iter().take(8) {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::apply;
    use model::KeyScope;

    #[test]
    fn equal_values_hash_alike_under_one_key_alone() {
        let keys = Keys::new(b"secret", "a");
        let hash = |scope| apply("jane@acme.com", keys.of(scope));
        assert_eq!(hash(KeyScope::Connection), hash(KeyScope::Connection));
        assert_ne!(hash(KeyScope::Connection), hash(KeyScope::Organization));
        assert_eq!(hash(KeyScope::Organization).len(), 16);
        let other = Keys::new(b"secret", "b");
        assert_ne!(
            hash(KeyScope::Connection),
            apply("jane@acme.com", other.of(KeyScope::Connection))
        );
    }

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231, test case 2.
        let keys = Keys::new(b"Jefe", "");
        assert_eq!(
            apply(
                "what do ya want for nothing?",
                keys.of(KeyScope::Organization)
            ),
            "5bdcc146bf60754e"
        );
    }
}
