//! Room for large request bodies: each may take megabytes before anything of it
//! is judged, so there are only so many at a time in the whole process.

use std::sync::Arc;
use std::time::Duration;

use model::{Code, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Gate;

/// Largest body in bytes that needs no room.
const SMALL: u64 = 64 * 1024;
/// Most larger ones at a time.
const PLACES: usize = 32;
/// Longest wait for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bounds how many large bodies are held.
pub(crate) struct Bodies {
    places: Arc<Semaphore>,
    patience: Duration,
}

/// Room for one body until it is dropped.
pub struct Room(#[expect(dead_code, reason = "held")] Option<OwnedSemaphorePermit>);

impl Default for Bodies {
    fn default() -> Self {
        Self::new(PLACES, PATIENCE)
    }
}

impl Bodies {
    fn new(places: usize, patience: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            patience,
        }
    }

    async fn room(&self, length: Option<u64>) -> Result<Room, Refusal> {
        if length.is_some_and(|length| length <= SMALL) {
            return Ok(Room(None));
        }
        let place = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.patience, place).await {
            Ok(Ok(place)) => Ok(Room(Some(place))),
            _ => Err(
                Refusal::new(Code::Busy, "too many large requests are being read")
                    .hint("try again in a moment")
                    .detail("retry_after_ms", 1_000),
            ),
        }
    }
}

impl Gate {
    /// Room for a body of `length` bytes, or of a length that is not known. Hold
    /// it while the body is read and turned into arguments.
    ///
    /// # Errors
    /// `busy` when there is none in time.
    pub async fn room_for_body(&self, length: Option<u64>) -> Result<Room, Refusal> {
        self.bodies.room(length).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_large_bodies_need_room_and_give_it_back() {
        let bodies = Bodies::new(1, Duration::from_millis(10));
        let held = bodies.room(Some(SMALL + 1)).await;
        assert!(held.is_ok());
        assert!(bodies.room(Some(SMALL)).await.is_ok());
        for large in [None, Some(SMALL + 1)] {
            let refused = bodies.room(large).await.err().unwrap();
            assert_eq!(refused.code, Code::Busy);
        }
        drop(held);
        assert!(bodies.room(None).await.is_ok());
    }
}
