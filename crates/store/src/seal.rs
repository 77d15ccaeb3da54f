//! Secrets at rest: XChaCha20-Poly1305 under one master key.
//!
//! A sealed value is `k1.KEYID.BASE64`, where the base64 holds the 24 bytes of
//! a random nonce and the ciphertext with its tag. The place of the value
//! (table, row, column) is authenticated with it, so that a sealed value moved
//! elsewhere does not open.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::token::hex;

/// Bytes of the nonce of XChaCha20.
const NONCE: usize = 24;

/// The key that seals every secret column, 32 bytes.
#[derive(Clone)]
pub struct MasterKey {
    bytes: SecretSlice<u8>,
    id: String,
}

/// Where a sealed value lies: it opens nowhere else.
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a str,
    pub(crate) column: &'static str,
}

impl MasterKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let id = hex(&Sha256::digest(bytes)[..4]);
        Self {
            bytes: SecretSlice::from(bytes.to_vec()),
            id,
        }
    }

    /// A fresh random key.
    ///
    /// # Errors
    /// [`Error::Config`] when the machine gives no randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The 32 bytes, to write them to a file.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose_secret()
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, Error> {
        XChaCha20Poly1305::new_from_slice(self.expose())
            .map_err(|_| Error::Config("the master key is not 32 bytes long".into()))
    }

    /// HMAC-SHA256 of `data` under a key of its own for `purpose`, in hexadecimal.
    /// Who has the store and not the master key cannot try out what `data` was.
    pub(crate) fn digest(&self, purpose: &str, data: &[u8]) -> Result<String, Error> {
        let keyed = |key: &[u8], data: &[u8]| {
            let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key)
                .map_err(|_| Error::Config("the master key cannot be used".into()))?;
            mac.update(data);
            Ok::<_, Error>(mac.finalize().into_bytes())
        };
        let own = keyed(self.expose(), purpose.as_bytes())?;
        Ok(hex(&keyed(&own, data)?))
    }

    /// Seals `secret` for one place.
    pub(crate) fn seal(&self, place: &Place<'_>, secret: &[u8]) -> Result<String, Error> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let payload = Payload {
            msg: secret,
            aad: &place.aad(),
        };
        let sealed = self
            .cipher()?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Config("a secret is too long to be sealed".into()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("k1.{}.{}", self.id, BASE64.encode(bytes)))
    }

    /// Opens what [`MasterKey::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Error::Config`] when another key sealed it, [`Error::Corrupt`] when it
    /// was altered or moved.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &str) -> Result<SecretSlice<u8>, Error> {
        let corrupt = || Error::Corrupt(format!("the sealed value at {place} does not open"));
        let mut parts = sealed.splitn(3, '.');
        let (Some("k1"), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(corrupt());
        };
        if id != self.id {
            return Err(Error::Config(format!(
                "the master key is not the one that sealed the store: it has id {}, the store \
                 was sealed with {id}; give the right key file",
                self.id
            )));
        }
        let bytes = BASE64.decode(text).map_err(|_| corrupt())?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>().ok_or_else(corrupt)?;
        let payload = Payload {
            msg,
            aad: &place.aad(),
        };
        self.cipher()?
            .decrypt(&XNonce::from(*nonce), payload)
            .map(SecretSlice::from)
            .map_err(|_| corrupt())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

impl Place<'_> {
    fn aad(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.table, self.row, self.column)
    }
}

#[expect(clippy::disallowed_methods, reason = "here keys and nonces are made")]
fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|error| Error::Config(format!("no randomness: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'static> = Place {
        table: "t",
        row: "1",
        column: "c",
    };

    #[test]
    fn a_sealed_value_opens_only_at_its_place_with_its_key() {
        let key = MasterKey::generate().unwrap();
        let sealed = key.seal(&PLACE, b"hunter2").unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(
            key.open(&PLACE, &sealed).unwrap().expose_secret(),
            b"hunter2"
        );
        let moved = Place { row: "2", ..PLACE };
        assert!(matches!(key.open(&moved, &sealed), Err(Error::Corrupt(_))));
        let other = MasterKey::generate().unwrap();
        assert!(matches!(other.open(&PLACE, &sealed), Err(Error::Config(_))));
        let altered = format!("{}AA", &sealed[..sealed.len() - 2]);
        assert!(key.open(&PLACE, &altered).is_err());
        assert!(matches!(key.open(&PLACE, "x"), Err(Error::Corrupt(_))));
    }

    #[test]
    fn a_digest_is_of_its_key_purpose_and_data() {
        let [one, other] = [7, 8].map(|byte| MasterKey::from_bytes([byte; 32]));
        let digest = one.digest("p", b"data").unwrap();
        assert_eq!(digest, one.digest("p", b"data").unwrap());
        assert_eq!(digest.len(), 64);
        for another in [
            other.digest("p", b"data"),
            one.digest("q", b"data"),
            one.digest("p", b"date"),
        ] {
            assert_ne!(digest, another.unwrap());
        }
        assert_ne!(digest, hex(&Sha256::digest(b"data")));
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike() {
        let key = MasterKey::from_bytes([7; 32]);
        assert_ne!(
            key.seal(&PLACE, b"a").unwrap(),
            key.seal(&PLACE, b"a").unwrap()
        );
        assert!(!format!("{key:?}").contains("7, 7"));
    }
}
