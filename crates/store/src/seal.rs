//! Secrets at rest: XChaCha20-Poly1305 under one master key.

use secrecy::{ExposeSecret, SecretSlice};

use crate::Error;

/// The key that seals every secret column. 32 bytes.
#[derive(Clone)]
pub struct MasterKey {
    bytes: SecretSlice<u8>,
}

impl MasterKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self {
            bytes: SecretSlice::from(bytes.to_vec()),
        }
    }

    /// A fresh random key.
    ///
    /// # Errors
    /// [`Error::Config`] when the machine has no randomness.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::Config(format!("no randomness: {error}")))?;
        Ok(Self::from_bytes(bytes))
    }

    /// The 32 bytes, to write them to a file.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose_secret()
    }
}
