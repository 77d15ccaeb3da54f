//! How many runs go on at the same time. A call that hands its run off is over,
//! and the run is not: calls in flight bound no runs.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Code, CredentialId, Refusal};
use parking_lot::Mutex;

use crate::Context;

/// Runs that one credential may have.
const PER_CREDENTIAL: u32 = 256;

/// Runs of this process.
const PER_PROCESS: u32 = 4096;

/// The places of this process.
#[derive(Default)]
pub(crate) struct Places(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    all: u32,
    by_credential: HashMap<CredentialId, u32>,
}

/// The place of one run, free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    credential: CredentialId,
}

/// Takes a place for a run of the caller.
///
/// # Errors
/// `busy` when none is free.
pub(super) fn take(context: &Context) -> Result<Place, Refusal> {
    context.gate.places.take(context.caller.credential.id)
}

impl Places {
    fn take(self: &Arc<Self>, credential: CredentialId) -> Result<Place, Refusal> {
        let mut taken = self.0.lock();
        if taken.all >= PER_PROCESS {
            return Err(busy(format!("{PER_PROCESS} runs go on in this gateway")));
        }
        let own = taken.by_credential.entry(credential).or_default();
        if *own >= PER_CREDENTIAL {
            return Err(busy(format!("{PER_CREDENTIAL} of your runs go on")));
        }
        *own += 1;
        taken.all += 1;
        Ok(Place {
            places: Arc::clone(self),
            credential,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock();
        taken.all -= 1;
        if let Some(own) = taken.by_credential.get_mut(&self.credential) {
            *own -= 1;
            if *own == 0 {
                taken.by_credential.remove(&self.credential);
            }
        }
    }
}

fn busy(message: String) -> Refusal {
    Refusal::new(Code::Busy, message)
        .hint("wait for one of them with sessions_wait, or end one with sessions_kill")
        .detail("retry_after_ms", 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Id as _, ManualClock, Timestamp};

    #[test]
    fn places_are_bounded_for_each_credential_and_in_all() {
        let clock = ManualClock::new(Timestamp::from_micros(1));
        let places = Arc::new(Places::default());
        let mut held = Vec::new();
        for _ in 0..PER_PROCESS / PER_CREDENTIAL {
            let credential = CredentialId::new(&clock);
            for _ in 0..PER_CREDENTIAL {
                held.push(places.take(credential).unwrap_or_else(|_| unreachable!()));
            }
            assert!(
                places
                    .take(credential)
                    .is_err_and(|refusal| refusal.code == Code::Busy)
            );
        }
        let another = CredentialId::new(&clock);
        assert!(places.take(another).is_err(), "the gateway is full");
        held.pop();
        assert!(places.take(another).is_ok());
        held.clear();
        assert!(places.0.lock().by_credential.is_empty());
    }
}
