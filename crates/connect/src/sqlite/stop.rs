//! How a run that must end is noticed on its thread, wherever SQLite is.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result};

/// How long a statement waits for a lock of another connection.
const BUSY: Duration = Duration::from_secs(5);
/// Longest time between two attempts to get it.
const PAUSE: Duration = Duration::from_millis(32);

thread_local! {
    // The library calls its busy handler without any word about the connection.
    static CURRENT: RefCell<Stop> = RefCell::default();
    static WAITING_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Tells the thread of a run that it must end.
#[derive(Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

/// Sets a [`Stop`] when it is dropped.
pub(super) struct Setter(Stop);

impl Stop {
    /// The run must end.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run must end.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it when what this gives is dropped.
    pub(super) const fn set_when_dropped(self) -> Setter {
        Setter(self)
    }

    /// Makes waiting for locks end with the run that uses this thread and
    /// `connection`.
    ///
    /// # Errors
    /// Those of the library.
    pub(super) fn heed_in_locks(&self, connection: &Connection) -> Result<()> {
        CURRENT.with_borrow_mut(|current| *current = self.clone());
        connection.busy_handler(Some(wait))
    }
}

impl Drop for Setter {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Waits a little for a lock; false to give it up.
fn wait(attempts: i32) -> bool {
    let now = Instant::now();
    if attempts == 0 {
        WAITING_SINCE.set(Some(now));
    }
    let waited = WAITING_SINCE.get().map_or(BUSY, |since| now - since);
    if waited >= BUSY || CURRENT.with_borrow(Stop::is_set) {
        return false;
    }
    let pause = Duration::from_millis(1 << attempts.clamp(0, 5));
    std::thread::sleep(pause.min(PAUSE));
    true
}
