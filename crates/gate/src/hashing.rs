//! Hashing of passwords, a few at a time: each takes 19 MiB and a core for tens
//! of milliseconds, and anybody may ask for one by trying to sign in.

use std::num::NonZero;
use std::time::Duration;

use model::Refusal;

use crate::seats::Seats;

/// Longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bounds how many passwords are hashed at the same time.
pub(crate) struct Hashing(Seats);

/// Why nothing was hashed.
pub(crate) enum Unhashed {
    /// There was no place in time.
    Busy(Refusal),
    /// The work ended without a result.
    Failed(tokio::task::JoinError),
}

impl Hashing {
    /// One place for each core.
    pub(crate) fn on_every_core() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Seats::new(cores, PATIENCE))
    }

    /// Does the work where blocking is allowed. The seat is held until the work
    /// ends, also when its caller has gone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unhashed> {
        let seat = self.0.take("too many passwords are being checked").await;
        let seat = seat.map_err(Unhashed::Busy)?;
        let work = move || {
            let done = work();
            drop(seat);
            done
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(Unhashed::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use model::Code;

    use super::*;

    #[tokio::test]
    async fn work_without_a_place_is_refused_and_a_place_is_given_back() {
        let hashing = Arc::new(Hashing(Seats::new(1, Duration::from_millis(20))));
        let (began, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let hashing = Arc::clone(&hashing);
            async move {
                let work = move || {
                    began.send(()).unwrap();
                    wait.recv()
                };
                hashing.run(work).await.is_ok()
            }
        });
        has_begun.await.unwrap();
        let Err(Unhashed::Busy(refusal)) = hashing.run(|| ()).await else {
            panic!("there is one place only");
        };
        assert_eq!(refusal.code, Code::Busy);
        assert_eq!(refusal.details.unwrap()["retry_after_ms"], 2_000);
        go_on.send(()).unwrap();
        assert!(first.await.unwrap());
        assert!(hashing.run(|| ()).await.is_ok());
    }
}
