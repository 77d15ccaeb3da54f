//! The runs of this process, so that they can be ended and waited for.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use model::SessionId;
use parking_lot::Mutex;
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why a run was ended before its own end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By `sessions_kill`, cancellation or deletion of the connection.
    Killed,
    /// Its time was over.
    Timeout,
    /// The gateway stops.
    Interrupted,
}

/// Reaches one run from outside its task.
pub(crate) struct Handle {
    stop: CancellationToken,
    ending: Mutex<Option<Ending>>,
    reason: Mutex<Option<String>>,
    attachment: AtomicU8,
}

/// Whether a caller still waits for the run.
const ATTACHED: u8 = 0;
const DETACHED: u8 = 1;
const FINISHED: u8 = 2;

impl Handle {
    /// A handle of a run that somebody waits for.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            stop: CancellationToken::new(),
            ending: Mutex::new(None),
            reason: Mutex::new(None),
            attachment: AtomicU8::new(ATTACHED),
        })
    }

    /// Ends the run; the first reason stays.
    pub(crate) fn end(&self, ending: Ending) {
        self.ending.lock().get_or_insert(ending);
        self.stop.cancel();
    }

    /// Notes why the run is about to be killed.
    pub(super) fn explain(&self, reason: Option<&str>) {
        if let Some(reason) = reason {
            self.reason.lock().get_or_insert_with(|| reason.to_owned());
        }
    }

    /// Lets the run go on alone; `false` when it has finished meanwhile.
    pub(super) fn detach(&self) -> bool {
        self.leave(DETACHED)
    }

    /// Marks the run finished; `true` when its caller still waits.
    pub(super) fn finish(&self) -> bool {
        self.leave(FINISHED)
    }

    /// Fired when the run must end.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Why the run was ended, if it was.
    pub(super) fn ending(&self) -> Option<Ending> {
        *self.ending.lock()
    }

    /// Why the run was killed, in the words of who did.
    pub(super) fn reason(&self) -> Option<String> {
        self.reason.lock().clone()
    }

    fn leave(&self, next: u8) -> bool {
        self.attachment
            .compare_exchange(ATTACHED, next, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

/// Every run of this process.
#[derive(Default)]
pub(crate) struct Runs {
    tasks: TaskTracker,
    running: Mutex<HashMap<SessionId, Arc<Handle>>>,
}

impl Runs {
    /// Puts a run on the list until the returned guard is dropped.
    pub(super) fn enlist(self: &Arc<Self>, session: SessionId, handle: Arc<Handle>) -> Enlisted {
        self.running.lock().insert(session, handle);
        Enlisted {
            runs: Arc::clone(self),
            session,
        }
    }

    /// Ends the run of a session when it is here; `false` when it is not.
    pub(crate) fn end(&self, session: SessionId, ending: Ending) -> bool {
        let handle = self.running.lock().get(&session).cloned();
        handle.is_some_and(|handle| {
            handle.end(ending);
            true
        })
    }

    /// Notes why a run is about to be killed.
    pub(crate) fn explain(&self, session: SessionId, reason: Option<&str>) {
        if let Some(handle) = self.running.lock().get(&session) {
            handle.explain(reason);
        }
    }

    /// Whether the run of a session is here.
    pub(crate) fn has(&self, session: SessionId) -> bool {
        self.running.lock().contains_key(&session)
    }

    /// Number of runs here.
    pub(crate) fn count(&self) -> usize {
        self.running.lock().len()
    }

    /// Waits up to `patience` for every run to end, then ends the rest as
    /// interrupted and waits for that.
    pub(crate) async fn drain(&self, patience: Duration) {
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait())
            .await
            .is_ok()
        {
            return;
        }
        let rest: Vec<_> = self.running.lock().values().cloned().collect();
        for handle in rest {
            handle.end(Ending::Interrupted);
        }
        self.tasks.wait().await;
    }
}

/// A run that is driven by whoever waits for it: no task has to be woken for a
/// short one. Dropped before its end, it goes on in a task of its own.
pub(super) struct Attended<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Attended<T> {
    /// A run that [`Runs::drain`] waits for.
    pub(super) fn new(runs: &Runs, run: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(runs.tasks.track_future(run))))
    }
}

impl<T: Send + 'static> Future for Attended<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(run) = &mut self.0 else {
            return Poll::Pending;
        };
        let polled = run.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Attended<T> {
    fn drop(&mut self) {
        // Without a runtime the process is at its end, and the next start closes
        // the session.
        if let (Some(run), Ok(tasks)) = (self.0.take(), runtime::Handle::try_current()) {
            tasks.spawn(run);
        }
    }
}

/// Keeps a run on the list.
pub(super) struct Enlisted {
    runs: Arc<Runs>,
    session: SessionId,
}

impl Drop for Enlisted {
    fn drop(&mut self) {
        self.runs.running.lock().remove(&self.session);
    }
}
