//! Opaque tokens: 256 random bits behind a telling prefix, stored as SHA-256.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Kinds of opaque token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `dgt_…`, from a sign-in; lives for hours.
    Login,
    /// `dgr_…`, renews a login token once.
    Refresh,
    /// `dgk_…`, an API key.
    ApiKey,
}

impl TokenKind {
    /// What a token of this kind starts with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Login => "dgt_",
            Self::Refresh => "dgr_",
            Self::ApiKey => "dgk_",
        }
    }

    /// The kind that a token's prefix names.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        [Self::Login, Self::Refresh, Self::ApiKey]
            .into_iter()
            .find(|kind| token.starts_with(kind.prefix()))
    }
}

/// A fresh token and the hash under which it is stored.
pub struct MintedToken {
    /// Shown once.
    pub token: SecretString,
    /// SHA-256 of the whole token, 64 hexadecimal digits.
    pub hash: String,
}

/// No randomness could be had from the operating system.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct NoRandomness;

/// Makes a token of 256 random bits.
///
/// # Errors
/// When the operating system gives no randomness.
#[expect(clippy::disallowed_methods, reason = "here tokens are made")]
pub fn mint(kind: TokenKind) -> Result<MintedToken, NoRandomness> {
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|_| NoRandomness)?;
    let token = SecretString::from(format!(
        "{}{}",
        kind.prefix(),
        URL_SAFE_NO_PAD.encode(random)
    ));
    let hash = hash_token(token.expose_secret());
    Ok(MintedToken { token, hash })
}

/// SHA-256 of a token, 64 hexadecimal digits. A token carries 256 bits of
/// randomness, so that a plain hash cannot be guessed back.
#[must_use]
pub fn hash_token(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_tell_their_kind() {
        let first = mint(TokenKind::ApiKey).unwrap();
        let second = mint(TokenKind::ApiKey).unwrap();
        assert_ne!(first.hash, second.hash);
        assert_eq!(
            TokenKind::of(first.token.expose_secret()),
            Some(TokenKind::ApiKey)
        );
        assert_eq!(first.token.expose_secret().len(), 4 + 43);
        assert_eq!(TokenKind::of("eyJhbGciOi"), None);
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-4, the one-block example message "abc".
        assert_eq!(
            hash_token("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
