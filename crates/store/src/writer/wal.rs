//! Moving what was committed from SQLite's log into its file.
//!
//! SQLite would do it on the thread of whoever commits when the log is long,
//! and sync both files there. A thread of its own does it here, while others go
//! on to write (<https://www.sqlite.org/wal.html>, section 3.3).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::db::Desk;

/// Pages after which the log is moved: 16 MiB.
const MANY: usize = 4096;

/// Time between two moves.
const PAUSE: Duration = Duration::from_millis(250);

/// Pages in the log from which writers wait for a move: only then can the log
/// begin anew. With pages of 4 KiB, 64 MiB.
const LONG: i64 = 16 * 1024;

/// The log of one file.
pub(super) struct Wal {
    pages: AtomicUsize,
    wanted: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Wal {
    /// Moves the log of `file` whenever it has grown.
    pub(super) fn new(file: PathBuf, desk: &Desk) -> Self {
        let wanted = Arc::new(Notify::new());
        let task = tokio::spawn(keep_short(Arc::clone(&wanted), file, Arc::clone(desk)));
        Self {
            pages: AtomicUsize::new(0),
            wanted,
            task: Mutex::new(Some(task)),
        }
    }

    /// The log grows by about that many pages.
    pub(super) fn grows(&self, pages: usize) {
        if self.pages.fetch_add(pages, Ordering::Relaxed) + pages >= MANY {
            self.pages.store(0, Ordering::Relaxed);
            self.wanted.notify_one();
        }
    }

    /// Moves nothing more.
    pub(super) async fn close(&self) {
        let task = self.task.lock().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

async fn keep_short(wanted: Arc<Notify>, file: PathBuf, desk: Desk) {
    let mut connection = None;
    loop {
        wanted.notified().await;
        let pages = move_log(&mut connection, &file, ()).await;
        if pages >= LONG {
            let desk = Arc::clone(&desk).lock_owned().await;
            move_log(&mut connection, &file, desk).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Moves the log on a thread for blocking work, which keeps `held` meanwhile.
/// Answers the length of the log in pages.
async fn move_log(
    connection: &mut Option<Connection>,
    file: &Path,
    held: impl Send + 'static,
) -> i64 {
    let (kept, file) = (connection.take(), file.to_owned());
    let moved = spawn_blocking(move || {
        let moved = kept.map_or_else(|| Connection::open(file), Ok);
        let moved = moved.and_then(|connection| {
            let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                row.get::<_, i64>(1)
            })?;
            Ok((connection, pages))
        });
        drop(held);
        moved
    });
    match moved.await {
        Ok(Ok((kept, pages))) => {
            *connection = Some(kept);
            pages
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "the log of the store could not be moved into its file");
            0
        }
        Err(_) => 0,
    }
}
