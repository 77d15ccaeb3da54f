//! Sessions of a server, kept per database.

mod pool;

use std::collections::HashMap;
use std::sync::Arc;

use model::Code;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use self::pool::Pool;
use crate::supervise::Watch;
use crate::{Config, Fault, Stage};

/// The pools of a server, by database.
pub(crate) struct Pools<S> {
    config: Config,
    by_database: Mutex<HashMap<String, Arc<Pool<S>>>>,
}

/// A place in a pool; it is given back when dropped.
pub(crate) struct Place<S> {
    pool: Arc<Pool<S>>,
    _permit: OwnedSemaphorePermit,
}

/// A session in use and its place.
pub(crate) struct Lease<S> {
    /// The session.
    pub(crate) session: S,
    place: Place<S>,
}

impl<S> Pools<S> {
    /// No pools yet.
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            by_database: Mutex::default(),
        }
    }

    /// Waits for a place in the pool of `database`, as long as `watch` lets.
    ///
    /// # Errors
    /// `busy` when there was none.
    pub(crate) async fn enter(&self, database: &str, watch: &Watch) -> Result<Place<S>, Fault> {
        let pool = self.pool(database);
        match tokio::time::timeout(watch.left(), pool.enter()).await {
            Ok(Some(permit)) => Ok(Place {
                pool,
                _permit: permit,
            }),
            _ => Err(Fault {
                stage: Stage::Agent,
                code: Code::Busy,
                message: "all sessions of the target were in use for the whole time limit".into(),
            }),
        }
    }

    /// The pool of a database. Pools without sessions and users are dropped,
    /// so that names of databases that do not exist take no memory.
    fn pool(&self, database: &str) -> Arc<Pool<S>> {
        let mut pools = self.by_database.lock();
        if let Some(pool) = pools.get(database) {
            return Arc::clone(pool);
        }
        pools.retain(|_, pool| Arc::strong_count(pool) > 1 || !pool.is_empty());
        let pool = Arc::new(Pool::new(self.config.sessions, self.config.idle));
        pools.insert(database.to_owned(), Arc::clone(&pool));
        pool
    }
}

impl<S> Place<S> {
    /// The idle session used last.
    pub(crate) fn take(&self) -> Option<S> {
        self.pool.take()
    }

    /// Uses `session` in this place.
    pub(crate) fn with(self, session: S) -> Lease<S> {
        Lease {
            session,
            place: self,
        }
    }
}

impl<S> Lease<S> {
    /// Gives a clean session back.
    pub(crate) fn give(self) {
        self.place.pool.give(self.session);
    }
}
