//! Sessions of a server, kept for the next run in the same database: the one
//! used last is taken first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Code, Limits};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::supervise::Watch;
use crate::{Config, Fault, Stage};

/// The sessions of a server. In use and idle, in all databases together, they
/// are never more than [`Config::sessions`].
pub(crate) struct Pools<S>(Arc<Kept<S>>);

/// A place for a session; it is given back when dropped.
pub(crate) struct Place<S> {
    kept: Arc<Kept<S>>,
    database: String,
    _permit: OwnedSemaphorePermit,
}

/// A session in use and its place.
pub(crate) struct Lease<S> {
    /// The session.
    pub(crate) session: S,
    place: Place<S>,
}

struct Kept<S> {
    config: Config,
    room: Arc<Semaphore>,
    /// Those idle for the longest time first.
    idle: Mutex<Vec<Idle<S>>>,
}

struct Idle<S> {
    session: S,
    database: String,
    since: Instant,
}

impl<S> Pools<S> {
    /// No sessions yet.
    pub(crate) fn new(config: Config) -> Self {
        Self(Arc::new(Kept {
            room: Arc::new(Semaphore::new(config.sessions)),
            config,
            idle: Mutex::default(),
        }))
    }

    /// Waits for a place for a session in `database`, as long as `watch` lets.
    ///
    /// # Errors
    /// `busy` when there was none.
    pub(crate) async fn enter(&self, database: &str, watch: &Watch) -> Result<Place<S>, Fault> {
        let room = || Arc::clone(&self.0.room);
        let entered = match room().try_acquire_owned() {
            Ok(permit) => Some(permit),
            // Who must wait does so in turn: a place that is given back is for
            // those who wait.
            Err(_) => tokio::time::timeout(watch.left(), room().acquire_owned())
                .await
                .ok()
                .and_then(Result::ok),
        };
        let permit = entered.ok_or_else(|| Fault {
            stage: Stage::Agent,
            code: Code::Busy,
            message: "all sessions of the target were in use for the whole time limit".into(),
        })?;
        Ok(Place {
            kept: Arc::clone(&self.0),
            database: database.to_owned(),
            _permit: permit,
        })
    }

    /// Closes the sessions that were idle for too long.
    pub(crate) fn close_idle(&self) {
        let closed = self.0.take_old(&mut self.0.idle.lock());
        drop(closed);
    }
}

/// Longest message of a server that is read: a longer value is beyond what a
/// run may answer, and a message is read as a whole.
pub(crate) fn longest_message(limits: Limits) -> u64 {
    limits
        .output_bytes
        .saturating_add(64 * 1024)
        .min(256 * 1024 * 1024)
}

impl<S> Kept<S> {
    fn take_old(&self, idle: &mut Vec<Idle<S>>) -> Vec<Idle<S>> {
        let old = idle.partition_point(|idle| idle.since.elapsed() > self.config.idle);
        idle.drain(..old).collect()
    }
}

impl<S> Place<S> {
    /// The idle session used last and how long ago that was. When there is
    /// none, one of another database may be closed to make room for a new one.
    pub(crate) fn take(&self) -> Option<(S, Duration)> {
        let mut idle = self.kept.idle.lock();
        let mut closed = self.kept.take_old(&mut idle);
        let found = idle
            .iter()
            .rposition(|idle| idle.database == self.database)
            .map(|at| idle.remove(at));
        let most = self.kept.config.sessions;
        let in_use = most - self.kept.room.available_permits().min(most);
        if found.is_none() && !idle.is_empty() && idle.len() + in_use > most {
            closed.push(idle.remove(0));
        }
        drop(idle);
        drop(closed);
        found.map(|idle| (idle.session, idle.since.elapsed()))
    }

    /// Uses `session` in this place.
    pub(crate) const fn with(self, session: S) -> Lease<S> {
        Lease {
            session,
            place: self,
        }
    }
}

impl<S> Lease<S> {
    /// Gives a clean session back.
    pub(crate) fn give(self) {
        let Place {
            kept,
            database,
            _permit,
        } = self.place;
        kept.idle.lock().push(Idle {
            session: self.session,
            database,
            since: Instant::now(),
        });
    }

    /// The session, and its place for another one.
    #[cfg(feature = "mysql")]
    pub(crate) fn part(self) -> (S, Place<S>) {
        (self.session, self.place)
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn pools(idle: Duration) -> Pools<u32> {
        Pools::new(Config {
            sessions: 2,
            idle,
            ..Config::default()
        })
    }

    async fn enter(pools: &Pools<u32>, database: &str) -> Place<u32> {
        let watch = Watch::new(&CancellationToken::new(), Duration::from_secs(5));
        pools.enter(database, &watch).await.unwrap()
    }

    #[tokio::test]
    async fn sessions_are_never_more_than_allowed() {
        let pools = pools(Duration::from_secs(60));
        let taken = |place: &Place<u32>| place.take().map(|(session, _)| session);
        let (one, two) = (enter(&pools, "a").await, enter(&pools, "b").await);
        assert_eq!((taken(&one), taken(&two)), (None, None));
        one.with(1).give();
        two.with(2).give();
        let one = enter(&pools, "a").await;
        assert_eq!(taken(&one), Some(1));
        one.with(1).give();
        // The session idle for the longest time makes room.
        let other = enter(&pools, "c").await;
        assert_eq!(taken(&other), None);
        other.with(3).give();
        assert_eq!(taken(&enter(&pools, "b").await), None);
        let idle = pools.0.idle.lock();
        let idle: Vec<u32> = idle.iter().map(|idle| idle.session).collect();
        assert!(idle.len() <= 2 && !idle.contains(&2), "{idle:?}");
    }

    #[tokio::test]
    async fn a_full_server_is_waited_for() {
        let pools = pools(Duration::from_secs(60));
        let _held = (enter(&pools, "a").await, enter(&pools, "b").await);
        let watch = Watch::new(&CancellationToken::new(), Duration::from_millis(20));
        let refused = pools.enter("c", &watch).await.err().unwrap();
        assert_eq!(refused.code, Code::Busy);
    }

    #[tokio::test]
    async fn old_sessions_of_every_database_are_closed() {
        let pools = pools(Duration::ZERO);
        for database in ["a", "b"] {
            enter(&pools, database).await.with(1).give();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        pools.close_idle();
        assert!(pools.0.idle.lock().is_empty());
    }
}
