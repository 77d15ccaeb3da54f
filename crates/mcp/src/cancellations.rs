//! Calls under way that a notification can cancel.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Id, OrgId};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Most calls that are kept; later ones run, but cannot be cancelled by name.
const MOST: usize = 65_536;

/// The name of a call: whose it is, in which session, under which request id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallName {
    /// Organization of the caller.
    pub org: OrgId,
    /// The caller.
    pub caller: Uuid,
    /// Nonce of the legacy session; `None` without a session.
    pub session: Option<Uuid>,
    /// The request id as raw JSON.
    pub request: String,
}

impl CallName {
    /// The signal that cancels the call on whichever replica it is. Nobody else
    /// can make it: the name holds the caller.
    pub fn signal(&self) -> Uuid {
        let digest = Sha256::new()
            .chain_update(b"drawgate mcp cancellation\0")
            .chain_update(self.org.uuid())
            .chain_update(self.caller)
            .chain_update([u8::from(self.session.is_some())])
            .chain_update(self.session.unwrap_or_default())
            .chain_update(&self.request)
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Uuid::from_bytes(id)
    }
}

/// What became of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The call is cancelled.
    Here,
    /// The call is not on this replica.
    NotHere,
    /// Clients without session share the name: it is not clear who is meant.
    Unclear,
}

/// The calls under way on this replica.
#[derive(Clone, Default)]
pub struct Cancellations(Arc<Mutex<Calls>>);

#[derive(Default)]
struct Calls {
    serial: u64,
    by_name: HashMap<CallName, Vec<(u64, CancellationToken)>>,
}

/// Keeps a call cancellable while it lives.
pub struct Listed {
    calls: Cancellations,
    name: CallName,
    serial: u64,
}

impl Cancellations {
    /// Makes a call cancellable by its name until the answer is dropped.
    pub fn list(&self, name: CallName, token: CancellationToken) -> Option<Listed> {
        let mut calls = self.0.lock();
        if calls.by_name.len() >= MOST {
            return None;
        }
        calls.serial += 1;
        let serial = calls.serial;
        let namesakes = calls.by_name.entry(name.clone()).or_default();
        namesakes.push((serial, token));
        drop(calls);
        Some(Listed {
            calls: self.clone(),
            name,
            serial,
        })
    }

    /// Cancels the call when it is on this replica.
    pub fn cancel(&self, name: &CallName) -> Cancelled {
        let calls = self.0.lock();
        let Some(namesakes) = calls.by_name.get(name) else {
            return Cancelled::NotHere;
        };
        if name.session.is_none() && namesakes.len() > 1 {
            return Cancelled::Unclear;
        }
        for (_, token) in namesakes {
            token.cancel();
        }
        Cancelled::Here
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut calls = self.calls.0.lock();
        if let Some(namesakes) = calls.by_name.get_mut(&self.name) {
            namesakes.retain(|(serial, _)| *serial != self.serial);
            if namesakes.is_empty() {
                calls.by_name.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::SystemClock;

    use super::*;

    fn name(session: Option<Uuid>) -> CallName {
        CallName {
            org: OrgId::from_uuid(Uuid::nil()),
            caller: Uuid::nil(),
            session,
            request: "7".to_owned(),
        }
    }

    #[test]
    fn only_the_named_call_of_the_caller_is_cancelled() {
        let calls = Cancellations::default();
        let session = Some(OrgId::new(&SystemClock).uuid());
        let token = CancellationToken::new();
        let listed = calls.list(name(session), token.clone());
        let mut others = name(session);
        others.caller = OrgId::new(&SystemClock).uuid();
        assert_eq!(calls.cancel(&others), Cancelled::NotHere);
        assert_eq!(calls.cancel(&name(None)), Cancelled::NotHere);
        assert!(!token.is_cancelled());
        assert_eq!(calls.cancel(&name(session)), Cancelled::Here);
        assert!(token.is_cancelled());
        drop(listed);
        assert_eq!(calls.cancel(&name(session)), Cancelled::NotHere);
        assert!(calls.0.lock().by_name.is_empty());
    }

    #[test]
    fn without_a_session_a_shared_name_cancels_nobody() {
        let calls = Cancellations::default();
        let (first, second) = (CancellationToken::new(), CancellationToken::new());
        let gone = calls.list(name(None), first.clone());
        let _kept = calls.list(name(None), second.clone());
        assert_eq!(calls.cancel(&name(None)), Cancelled::Unclear);
        drop(gone);
        assert_eq!(calls.cancel(&name(None)), Cancelled::Here);
        assert!(second.is_cancelled() && !first.is_cancelled());
    }

    #[test]
    fn a_signal_is_of_one_call_of_one_caller() {
        let session = Some(OrgId::new(&SystemClock).uuid());
        let one = name(session);
        assert_eq!(one.signal(), name(session).signal());
        let mut others = [one.clone(), one.clone(), one.clone(), name(None)];
        others[0].caller = OrgId::new(&SystemClock).uuid();
        others[1].org = OrgId::new(&SystemClock);
        others[2].request = "\"7\"".to_owned();
        for other in others {
            assert_ne!(other.signal(), one.signal(), "{other:?}");
        }
    }
}
