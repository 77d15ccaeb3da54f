//! Room for large request bodies: each may take megabytes before anything of it
//! is judged, so there are only so many at a time in the whole process.

use std::time::Duration;

use model::Refusal;

use crate::Gate;
use crate::seats::{Seat, Seats};

/// Largest body in bytes that needs no room.
const SMALL: u64 = 64 * 1024;
/// Most larger ones at a time.
const PLACES: usize = 32;
/// Longest wait for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bounds how many large bodies are held.
pub(crate) struct Bodies(Seats);

/// Room for one body until it is dropped.
pub struct Room(#[expect(dead_code, reason = "held")] Option<Seat>);

impl Default for Bodies {
    fn default() -> Self {
        Self(Seats::new(PLACES, PATIENCE))
    }
}

impl Bodies {
    async fn room(&self, length: Option<u64>) -> Result<Room, Refusal> {
        if length.is_some_and(|length| length <= SMALL) {
            return Ok(Room(None));
        }
        let seat = self
            .0
            .take("too many large requests are being read")
            .await?;
        Ok(Room(Some(seat)))
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
    use model::Code;

    use super::*;

    #[tokio::test]
    async fn only_large_bodies_need_room_and_give_it_back() {
        let bodies = Bodies(Seats::new(1, Duration::from_millis(10)));
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
