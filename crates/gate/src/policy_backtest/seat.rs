//! One backtest at a time for each organization.

use std::collections::HashSet;
use std::sync::Arc;

use model::{Code, OrgId, Refusal};
use parking_lot::Mutex;

/// What a refused caller is told to wait, in milliseconds.
const RETRY_AFTER_MS: u32 = 5_000;

/// The organizations whose history is being judged by this gateway.
#[derive(Default)]
pub(crate) struct Backtests(Arc<Mutex<HashSet<OrgId>>>);

/// The right to judge the history of an organization, until it is dropped.
pub(super) struct Seat {
    taken: Arc<Mutex<HashSet<OrgId>>>,
    org: OrgId,
}

impl Backtests {
    /// Takes the seat of an organization.
    ///
    /// # Errors
    /// `busy` when it is taken.
    pub(super) fn take(&self, org: OrgId) -> Result<Seat, Refusal> {
        if !self.0.lock().insert(org) {
            return Err(Refusal::new(Code::Busy, "another backtest is going on")
                .hint("wait for it to end")
                .detail("retry_after_ms", RETRY_AFTER_MS));
        }
        Ok(Seat {
            taken: Arc::clone(&self.0),
            org,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.lock().remove(&self.org);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Id as _, SystemClock};

    #[test]
    fn an_organization_has_one_seat() {
        let backtests = Backtests::default();
        let (one, other) = (OrgId::new(&SystemClock), OrgId::new(&SystemClock));
        let seat = backtests.take(one).unwrap();
        let refused = backtests.take(one).map(drop).unwrap_err();
        assert_eq!(refused.code, Code::Busy);
        assert!(backtests.take(other).is_ok());
        drop(seat);
        assert!(backtests.take(one).is_ok());
    }
}
