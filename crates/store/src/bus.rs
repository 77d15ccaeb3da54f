//! Wake-ups by id: who waits for a session or review hears when it changes.
//! Signals go the same way to other gateways.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::Instant;
use uuid::Uuid;

use crate::signals::{Signal, Signals};

/// Independent parts of the map of topics.
const SHARDS: usize = 64;

/// Ids that may wait to be told to other gateways.
const OUTBOX: usize = 16_384;

/// Tells everybody who follows an id that it changed, on every replica.
///
/// Nothing is kept for later: a watch sees what is published after it was
/// made, so read the object after making the watch.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    shards: [Mutex<HashMap<Uuid, Arc<Topic>>>; SHARDS],
    watchers: AtomicUsize,
    outbox: Option<Sender<News>>,
    overflowed: AtomicBool,
    signals: Signals,
    heard: Heard,
}

/// What other gateways are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum News {
    /// The object with this id changed.
    Changed(Uuid),
    /// This signal was rung.
    Signal(Uuid),
    /// Nothing but that this gateway can be heard.
    Here,
}

/// When this gateway last heard itself on the way over the store.
struct Heard {
    last: Mutex<Option<Instant>>,
    notify: Notify,
}

#[derive(Default)]
struct Topic {
    epoch: AtomicU64,
    notify: Notify,
}

/// Follows one id.
pub struct Watch {
    bus: Bus,
    id: Uuid,
    topic: Arc<Topic>,
    seen: u64,
}

impl Bus {
    /// A bus of this process alone.
    pub(crate) fn local() -> Self {
        Self::with(None)
    }

    /// A bus that also hands every published id out, for other gateways.
    pub(crate) fn shared() -> (Self, Receiver<News>) {
        let (outbox, news) = mpsc::channel(OUTBOX);
        (Self::with(Some(outbox)), news)
    }

    fn with(outbox: Option<Sender<News>>) -> Self {
        Self(Arc::new(Inner {
            shards: std::array::from_fn(|_| Mutex::default()),
            watchers: AtomicUsize::new(0),
            outbox,
            overflowed: AtomicBool::new(false),
            signals: Signals::default(),
            heard: Heard {
                last: Mutex::new(None),
                notify: Notify::new(),
            },
        }))
    }

    /// Follows `id` from now on.
    #[must_use]
    pub fn watch(&self, id: Uuid) -> Watch {
        let mut shard = self.shard(id).lock();
        let topic = Arc::clone(shard.entry(id).or_default());
        self.0.watchers.fetch_add(1, Ordering::SeqCst);
        Watch {
            bus: self.clone(),
            id,
            seen: topic.epoch.load(Ordering::Acquire),
            topic,
        }
    }

    /// Wakes everybody who follows `id`. Never waits.
    pub fn publish(&self, id: Uuid) {
        self.wake(id);
        if !self.tell(News::Changed(id)) {
            self.0.overflowed.store(true, Ordering::Release);
        }
    }

    /// Follows the signal `id` from now on.
    #[must_use]
    pub fn follow_signal(&self, id: Uuid) -> Signal {
        self.0.signals.follow(id)
    }

    /// Rings the signal `id` on every replica. Never waits; what cannot be told
    /// to others is lost.
    pub fn signal(&self, id: Uuid) {
        self.ring(id);
        if !self.tell(News::Signal(id)) {
            tracing::warn!("a signal could not be told to other gateways");
        }
    }

    /// Rings the signal `id` in this process.
    pub(crate) fn ring(&self, id: Uuid) {
        self.0.signals.ring(id);
    }

    /// Whether other gateways will be told, or there are none.
    pub(crate) fn tell(&self, news: News) -> bool {
        let outbox = self.0.outbox.as_ref();
        outbox.is_none_or(|outbox| outbox.try_send(news).is_ok())
    }

    /// Notes that this gateway heard itself.
    pub(crate) fn note_heard(&self) {
        *self.0.heard.last.lock() = Some(Instant::now());
        self.0.heard.notify.notify_waiters();
    }

    /// Whether what other gateways tell arrives here: this gateway hears itself
    /// within `patience`, or did so within `recent`.
    pub(crate) async fn hears(&self, recent: Duration, patience: Duration) -> bool {
        if self.0.outbox.is_none() {
            return true;
        }
        let heard = &self.0.heard;
        let mut notified = pin!(heard.notify.notified());
        notified.as_mut().enable();
        if heard
            .last
            .lock()
            .is_some_and(|last| last.elapsed() < recent)
        {
            return true;
        }
        self.tell(News::Here) && tokio::time::timeout(patience, notified).await.is_ok()
    }

    /// Wakes the followers of `id` in this process.
    pub(crate) fn wake(&self, id: Uuid) {
        if self.0.watchers.load(Ordering::SeqCst) == 0 {
            return;
        }
        if let Some(topic) = self.shard(id).lock().get(&id) {
            topic.ring();
        }
    }

    /// Wakes all followers in this process: something may have been missed.
    pub(crate) fn wake_all(&self) {
        for shard in &self.0.shards {
            shard.lock().values().for_each(|topic| topic.ring());
        }
    }

    /// Whether ids were lost on the way out since the last call.
    pub(crate) fn take_overflow(&self) -> bool {
        self.0.overflowed.swap(false, Ordering::AcqRel)
    }

    /// Number of live watches in this process.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.0.watchers.load(Ordering::SeqCst)
    }

    fn shard(&self, id: Uuid) -> &Mutex<HashMap<Uuid, Arc<Topic>>> {
        // The last byte of a version 7 identifier is random.
        &self.0.shards[usize::from(id.as_bytes()[15]) % SHARDS]
    }
}

impl Topic {
    fn ring(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.notify.notify_waiters();
    }
}

impl Watch {
    /// Returns when the id was published since the watch was made or this
    /// returned last. Several publications count as one. Cancel safe.
    pub async fn changed(&mut self) {
        loop {
            let mut notified = pin!(self.topic.notify.notified());
            notified.as_mut().enable();
            let epoch = self.topic.epoch.load(Ordering::Acquire);
            if epoch != self.seen {
                self.seen = epoch;
                return;
            }
            notified.await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut shard = self.bus.shard(self.id).lock();
        self.bus.0.watchers.fetch_sub(1, Ordering::SeqCst);
        // Topics are cloned only under the lock: the map and this watch.
        if Arc::strong_count(&self.topic) == 2
            && let Entry::Occupied(entry) = shard.entry(self.id)
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_watch_hears_what_is_published_after_it_was_made() {
        let bus = Bus::local();
        let id = Uuid::from_u128(1);
        bus.publish(id);
        let mut watch = bus.watch(id);
        assert!(watch.changed().now_or_never().is_none());
        bus.publish(id);
        bus.publish(id);
        assert!(watch.changed().now_or_never().is_some());
        assert!(watch.changed().now_or_never().is_none());
        bus.publish(Uuid::from_u128(2));
        assert!(watch.changed().now_or_never().is_none());
        bus.wake_all();
        assert!(watch.changed().now_or_never().is_some());
    }

    #[test]
    fn the_last_watch_leaves_nothing_behind() {
        let bus = Bus::local();
        let watches: Vec<_> = (0..10_000_u128)
            .map(|n| bus.watch(Uuid::from_u128(n / 2)))
            .collect();
        assert_eq!(bus.watchers(), 10_000);
        drop(watches);
        assert_eq!(bus.watchers(), 0);
        assert!(bus.0.shards.iter().all(|shard| shard.lock().is_empty()));
    }
}
