//! Bearer tokens as the store knows them: only their hash.

use std::fmt;

use sha2::{Digest, Sha256};

/// SHA-256 of a bearer token, as 64 lower-case hexadecimal digits.
///
/// Tokens are random and long, so a plain hash is enough to keep them from
/// being read back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of `token`.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(hex(&Sha256::digest(token.as_bytes())))
    }

    /// Reads 64 hexadecimal digits; `None` when the text is something else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_its_own_text_and_nothing_else() {
        let hash = TokenHash::of("abc");
        assert!(hash.as_str().starts_with("ba7816bf8f01cfea"));
        assert_eq!(TokenHash::from_hex(hash.as_str()), Some(hash));
        assert_eq!(TokenHash::from_hex("abc"), None);
    }
}
