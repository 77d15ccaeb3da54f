//! Ending a run in time: the target is told to stop, then given up.

use std::future::Future;
use std::time::{Duration, Instant};

use model::{Code, Failure};
use tokio_util::sync::CancellationToken;

/// Time that a target has to end a run after it was told to.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Why a run was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The caller asked.
    Stopped,
    /// The sink wants no more.
    Halted,
    /// The time limit passed.
    TimedOut,
}

/// What may end a run from outside.
pub(crate) struct Watch {
    stop: CancellationToken,
    halt: CancellationToken,
    limit: Duration,
    deadline: Option<Instant>,
}

/// The end of a supervised run.
pub(crate) struct Supervised<T> {
    /// What the run gave; `None` when it was given up.
    pub(crate) value: Option<T>,
    /// Why it was told to stop, when it was.
    pub(crate) ending: Option<Ending>,
}

impl Watch {
    /// Watches over a run that begins now.
    pub(crate) fn new(stop: &CancellationToken, limit: Duration) -> Self {
        Self {
            stop: stop.clone(),
            halt: CancellationToken::new(),
            limit,
            deadline: Instant::now().checked_add(limit),
        }
    }

    /// The token by which the run itself says that no more is wanted.
    pub(crate) const fn halt(&self) -> &CancellationToken {
        &self.halt
    }

    /// Time left until the deadline.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.map_or(self.limit, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        })
    }

    /// Waits for an end from outside.
    pub(crate) async fn ended(&self) -> Ending {
        tokio::select! {
            () = self.stop.cancelled() => Ending::Stopped,
            () = self.halt.cancelled() => Ending::Halted,
            () = tokio::time::sleep(self.left()) => Ending::TimedOut,
        }
    }

    /// Runs `talk` to its end; when the run must end before, starts `cancel`
    /// beside it and gives both `grace`.
    ///
    /// What ends a run is polled before the run: a target that always has more
    /// to say uses up the task's budget, and whatever is polled after it would
    /// wait for ever (<https://docs.rs/tokio/latest/tokio/task/coop/>).
    pub(crate) async fn over<T>(
        &self,
        talk: impl Future<Output = T>,
        cancel: impl Future<Output = ()>,
        grace: Duration,
    ) -> Supervised<T> {
        tokio::pin!(talk);
        let ending = tokio::select! {
            biased;
            ending = self.ended() => ending,
            value = &mut talk => {
                return Supervised { value: Some(value), ending: None };
            }
        };
        let both = async {
            tokio::pin!(cancel);
            tokio::select! {
                biased;
                () = &mut cancel => {}
                value = &mut talk => return value,
            }
            talk.await
        };
        Supervised {
            value: tokio::time::timeout(grace, both).await.ok(),
            ending: Some(ending),
        }
    }

    /// What to answer about a run that was ended from outside.
    pub(crate) fn failure(&self, ending: Option<Ending>) -> Option<Failure> {
        (ending == Some(Ending::TimedOut)).then(|| {
            let seconds = self.limit.as_secs_f64();
            Failure::new(
                Code::Timeout,
                format!("the run was cancelled after {seconds} s, its time limit"),
            )
        })
    }
}
