//! Signals: one process tells whoever follows an id that something is meant for
//! it. Unlike a wake-up, a signal is never rung to be on the safe side.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

/// Who follows what in this process.
#[derive(Clone, Default)]
pub(crate) struct Signals(Arc<Mutex<HashMap<Uuid, Follower>>>);

struct Follower {
    rung: Arc<Notify>,
    count: usize,
}

/// Follows one id from when it was made until it is dropped.
pub struct Signal {
    all: Signals,
    id: Uuid,
    rung: Arc<Notify>,
}

impl Signals {
    /// Follows `id` from now on.
    pub(crate) fn follow(&self, id: Uuid) -> Signal {
        let mut all = self.0.lock();
        let follower = all.entry(id).or_insert_with(|| Follower {
            rung: Arc::default(),
            count: 0,
        });
        follower.count += 1;
        Signal {
            all: self.clone(),
            id,
            rung: Arc::clone(&follower.rung),
        }
    }

    /// Tells who follows `id` in this process.
    pub(crate) fn ring(&self, id: Uuid) {
        if let Some(follower) = self.0.lock().get(&id) {
            follower.rung.notify_waiters();
            // One permit, for a follower that does not wait at this moment.
            follower.rung.notify_one();
        }
    }
}

impl Signal {
    /// Returns when the id was rung. May return once more for the same ring.
    pub async fn rung(&self) {
        self.rung.notified().await;
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        let mut all = self.all.0.lock();
        if let Some(follower) = all.get_mut(&self.id) {
            follower.count -= 1;
            if follower.count == 0 {
                all.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn who_follows_is_told_and_leaves_nothing_behind() {
        let signals = Signals::default();
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        signals.ring(id);
        let signal = signals.follow(id);
        assert!(signal.rung().now_or_never().is_none(), "rung before");
        signals.ring(other);
        assert!(signal.rung().now_or_never().is_none(), "meant for another");
        signals.ring(id);
        assert!(signal.rung().now_or_never().is_some());
        drop(signal);
        assert!(signals.0.lock().is_empty());
    }

    #[test]
    fn everybody_who_waits_is_told() {
        let signals = Signals::default();
        let id = Uuid::from_u128(1);
        let (first, second) = (signals.follow(id), signals.follow(id));
        let mut waiting = Box::pin(first.rung());
        let mut also = Box::pin(second.rung());
        assert!((&mut waiting).now_or_never().is_none());
        assert!((&mut also).now_or_never().is_none());
        signals.ring(id);
        assert!((&mut waiting).now_or_never().is_some());
        assert!((&mut also).now_or_never().is_some());
    }
}
