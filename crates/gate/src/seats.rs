//! So many at a time; who comes on top waits a while and is refused then.

use std::sync::Arc;
use std::time::Duration;

use model::{Code, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a refused caller is told to wait, in milliseconds.
const RETRY_AFTER_MS: u32 = 2_000;

/// The seats for one kind of work.
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    patience: Duration,
}

/// A seat, free again when this is dropped.
pub(crate) type Seat = OwnedSemaphorePermit;

impl Seats {
    /// `count` seats, each waited for as long as `patience`.
    pub(crate) fn new(count: usize, patience: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count)),
            patience,
        }
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// `busy`, with `why` as its sentence, when none is free in time.
    pub(crate) async fn take(&self, why: &str) -> Result<Seat, Refusal> {
        let seat = Arc::clone(&self.free).acquire_owned();
        match tokio::time::timeout(self.patience, seat).await {
            Ok(Ok(seat)) => Ok(seat),
            _ => Err(Refusal::new(Code::Busy, why)
                .hint("try again in a moment")
                .detail("retry_after_ms", RETRY_AFTER_MS)),
        }
    }
}
