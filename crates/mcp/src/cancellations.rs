//! Calls under way that a notification can cancel.

use std::collections::HashMap;
use std::sync::Arc;

use model::OrgId;
use parking_lot::Mutex;
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

    /// Cancels the call on this replica; false when it is not here, or when
    /// clients without session share the name and it is not clear who is meant.
    pub fn cancel(&self, name: &CallName) -> bool {
        let calls = self.0.lock();
        let Some(namesakes) = calls.by_name.get(name) else {
            return false;
        };
        if name.session.is_none() && namesakes.len() > 1 {
            return false;
        }
        for (_, token) in namesakes {
            token.cancel();
        }
        true
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
    use model::Id;
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
        assert!(!calls.cancel(&others));
        assert!(!calls.cancel(&name(None)));
        assert!(!token.is_cancelled());
        assert!(calls.cancel(&name(session)));
        assert!(token.is_cancelled());
        drop(listed);
        assert!(!calls.cancel(&name(session)));
        assert!(calls.0.lock().by_name.is_empty());
    }

    #[test]
    fn without_a_session_a_shared_name_cancels_nobody() {
        let calls = Cancellations::default();
        let (first, second) = (CancellationToken::new(), CancellationToken::new());
        let gone = calls.list(name(None), first.clone());
        let _kept = calls.list(name(None), second.clone());
        assert!(!calls.cancel(&name(None)));
        drop(gone);
        assert!(calls.cancel(&name(None)));
        assert!(second.is_cancelled() && !first.is_cancelled());
    }
}
