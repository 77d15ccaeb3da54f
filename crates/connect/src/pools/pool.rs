//! Sessions kept for the next run: the one used last is taken first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Sessions of one target and database.
pub(super) struct Pool<S> {
    room: Arc<Semaphore>,
    idle: Mutex<Vec<(S, Instant)>>,
    rest: Duration,
}

impl<S> Pool<S> {
    /// A pool of at most `size` sessions, each closed after `rest` without
    /// use.
    pub(super) fn new(size: usize, rest: Duration) -> Self {
        Self {
            room: Arc::new(Semaphore::new(size)),
            idle: Mutex::new(Vec::new()),
            rest,
        }
    }

    /// Waits for room; `None` when the pool is closed, which never happens.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    /// The idle session used last; sessions idle for too long are closed.
    pub(super) fn take(&self) -> Option<S> {
        let mut idle = self.idle.lock();
        let rest = self.rest;
        let stale = idle.partition_point(|(_, since)| since.elapsed() > rest);
        let closed: Vec<_> = idle.drain(..stale).collect();
        let taken = idle.pop();
        drop(idle);
        drop(closed);
        Some(taken?.0)
    }

    /// Whether no session is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.idle.lock().is_empty()
    }

    /// Keeps a clean session for the next run.
    pub(super) fn give(&self, session: S) {
        self.idle.lock().push((session, Instant::now()));
    }
}
