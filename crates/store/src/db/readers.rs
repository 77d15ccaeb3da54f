//! Reading connections of SQLite. A list over many sessions may take long, so
//! they work on threads for blocking work.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::lite::Lite;
use crate::Error;

/// Reads at a time.
const MOST: usize = 8;

/// Connections that are made when they are needed, and kept.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Inner>);

struct Inner {
    file: PathBuf,
    free: Mutex<Vec<Lite>>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// Readers of a file.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self(Arc::new(Inner {
            file,
            free: Mutex::default(),
            places: Arc::new(Semaphore::new(MOST)),
        }))
    }

    /// Reads on a connection. A caller that gives up leaves the connection
    /// where it belongs.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Lite) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let places = Arc::clone(&self.0.places);
        let place = places.acquire_owned().await.map_err(|_| Error::closed())?;
        let inner = Arc::clone(&self.0);
        let work = spawn_blocking(move || {
            let kept = inner.free.lock().pop();
            let lite = kept.map_or_else(|| Lite::reading(&inner.file), Ok)?;
            let answer = read(&lite);
            lite.settle();
            inner.free.lock().push(lite);
            drop(place);
            answer.map_err(Error::from)
        });
        work.await.unwrap_or_else(|_| Err(Error::closed()))
    }

    /// Closes all connections; whoever reads on is answered first.
    pub(crate) async fn close(&self) {
        let all = u32::try_from(MOST).unwrap_or(u32::MAX);
        let held = self.0.places.acquire_many(all).await;
        self.0.places.close();
        self.0.free.lock().clear();
        drop(held);
    }
}
