//! Legacy session ids: signed, self-contained, stored nowhere. One grants
//! nothing; it is the namespace of cancellations and the source of the client's
//! name.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use model::{Caller, Client, Clock};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::wire;

/// Signs session ids with HMAC-SHA-256.
#[derive(Clone)]
pub struct SessionKey {
    mac: Hmac<Sha256>,
    /// Sessions whose ids were signed with it, by id: a client sends its own with every
    /// call.
    known: Cache<String, Session>,
}

/// Most sessions that are kept in mind.
const MOST_KNOWN: u64 = 1_024;

/// What a session id says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Tells sessions of one caller apart.
    #[serde(rename = "n")]
    pub nonce: Uuid,
    #[serde(rename = "o")]
    org: Uuid,
    #[serde(rename = "u")]
    user: Uuid,
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    client: Option<(String, String)>,
    #[serde(rename = "v")]
    protocol: String,
}

/// Longest id that is looked at, in bytes; one of ours is far shorter.
const LONGEST: usize = 2_048;

impl SessionKey {
    /// A key from secret bytes of any length, the same on every replica.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let digest = Sha256::new()
            .chain_update(b"drawgate mcp session id\0")
            .chain_update(secret)
            .finalize();
        // HMAC pads a key shorter than its block of 64 bytes with zeros (RFC 2104).
        let mut key = [0; 64];
        key[..32].copy_from_slice(&digest);
        Self {
            mac: Hmac::new(&key.into()),
            known: Cache::new(MOST_KNOWN),
        }
    }

    fn sign(&self, claims: &[u8]) -> [u8; 32] {
        let mac = self.mac.clone().chain_update(claims);
        mac.finalize().into_bytes().into()
    }

    /// The session of an id that was signed with this key.
    fn session(&self, id: &str) -> Option<Session> {
        if id.len() > LONGEST {
            return None;
        }
        if let Some(known) = self.known.get(id) {
            return Some(known);
        }
        let (claims, signature) = id.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let mac = self.mac.clone().chain_update(claims.as_bytes());
        mac.verify_slice(&signature).ok()?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let session: Session = serde_json::from_slice(&claims).ok()?;
        self.known.insert(id.to_owned(), session.clone());
        Some(session)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey([redacted])")
    }
}

impl Session {
    /// A new session of `caller`.
    pub fn new(clock: &dyn Clock, caller: &Caller, client: Option<Client>, protocol: &str) -> Self {
        Self {
            nonce: fresh(clock),
            org: org(caller),
            user: caller.id,
            client: client.map(|client| (client.name, client.version)),
            protocol: protocol.to_owned(),
        }
    }

    /// The id: claims, a full stop and their signature, visible ASCII only.
    pub fn seal(&self, key: &SessionKey) -> String {
        let claims = serde_json::to_vec(self).unwrap_or_default();
        let mut id = URL_SAFE_NO_PAD.encode(&claims);
        let signature = key.sign(id.as_bytes());
        id.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut id);
        id
    }

    /// Reads an id. `None` when it was not signed by `key` for `caller`.
    pub fn open(key: &SessionKey, id: &str, caller: &Caller) -> Option<Self> {
        let session = key.session(id)?;
        (session.org == org(caller) && session.user == caller.id).then_some(session)
    }

    /// The program that began the session, as it named itself.
    pub fn client(&self) -> Option<Client> {
        self.client
            .clone()
            .map(|(name, version)| Client { name, version })
    }

    /// Whether its protocol version knows batches.
    pub fn knows_batches(&self) -> bool {
        wire::knows_batches(&self.protocol)
    }
}

fn org(caller: &Caller) -> Uuid {
    use model::Id;
    caller.org.uuid()
}

/// A fresh version 7 UUID (RFC 9562).
#[expect(
    clippy::disallowed_methods,
    reason = "a session of MCP is no object of the model; its time is an argument"
)]
pub fn fresh(clock: &dyn Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    let nanos = u32::try_from(now.micros().rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use model::SystemClock;
    use proptest::prelude::*;

    use super::*;
    use crate::fixture::caller;

    fn client(name: &str) -> Client {
        Client {
            name: name.to_owned(),
            version: "1.2".to_owned(),
        }
    }

    #[test]
    fn an_id_is_bound_to_its_caller_and_its_key() {
        let key = SessionKey::new(b"secret");
        let mine = caller();
        let session = Session::new(&SystemClock, &mine, Some(client("inspector")), "2025-11-25");
        let id = session.seal(&key);
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(Session::open(&key, &id, &mine), Some(session.clone()));
        assert_eq!(session.client(), Some(client("inspector")));
        assert_eq!(
            Session::open(&key, &id, &mine),
            Some(session.clone()),
            "again"
        );
        assert_eq!(Session::open(&key, &id, &caller()), None, "another caller");
        let mut moved = mine.clone();
        moved.org = caller().org;
        assert_eq!(
            Session::open(&key, &id, &moved),
            None,
            "another organization"
        );
        let other = SessionKey::new(b"Secret");
        assert_eq!(Session::open(&other, &id, &mine), None, "another key");
        assert_eq!(format!("{key:?}"), "SessionKey([redacted])");
    }

    proptest! {
        #[test]
        fn any_change_of_an_id_is_noticed(name in ".{0,20}", at in any::<usize>(), to in "[ -~]") {
            let key = SessionKey::new(b"secret");
            let caller = caller();
            let session = Session::new(&SystemClock, &caller, Some(client(&name)), "2025-06-18");
            let id = session.seal(&key);
            let at = at % id.len();
            let mut changed = id.clone();
            changed.replace_range(at..=at, &to);
            let opened = Session::open(&key, &changed, &caller);
            prop_assert_eq!(opened.is_some(), changed == id);
            prop_assert!(Session::open(&key, &id[..at], &caller).is_none());
        }

        #[test]
        fn no_text_is_taken_for_an_id(text in ".{0,120}") {
            prop_assert_eq!(Session::open(&SessionKey::new(b"secret"), &text, &caller()), None);
        }
    }
}
