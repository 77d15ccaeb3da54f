//! What is in the journal and not yet in the tables of SQLite. It is brought in
//! every few dozen milliseconds, many rows in one transaction, and before anything
//! else reads or writes the tables.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Job;
use super::frame::{Frame, Row};
use super::journal::{Journal, Mark};
use super::merge::merge;
use super::wal::Wal;
use crate::Error;
use crate::db::{Desk, LOOK, Lite, PATIENCE, is_about_data, is_busy};

/// Time in which rows gather, so that most sessions are over and one row.
const GATHER: Duration = Duration::from_millis(50);

/// Bytes that do not wait for more: bringing them in keeps a core for two milliseconds,
/// and whoever calls meanwhile must not notice.
const ENOUGH: usize = 256 * 1024;

/// Time between two attempts when the tables cannot be written.
const AGAIN: Duration = Duration::from_secs(1);

/// Bytes that may wait; more than that, and nothing is taken on.
const MOST: usize = 64 * 1024 * 1024;

/// Bytes from which whoever brings more waits for the tables.
const MANY: usize = 16 * 1024 * 1024;

/// Bytes of a page of SQLite, and how many a row changes besides its own bytes.
const PAGE: usize = 4096;
const PAGES: usize = 2;

/// The rows that wait.
pub(crate) struct Backlog {
    desk: Desk,
    database: PathBuf,
    state: Mutex<State>,
    /// The tables did not take rows; nothing is taken on until they do. Set under
    /// the lock of the state, looked at by everybody.
    is_stuck: AtomicBool,
    /// Bytes of the frames that wait; changed under the lock of the state.
    bytes: AtomicUsize,
    grown: Arc<Notify>,
    /// Told when there are [`ENOUGH`] bytes.
    full: Notify,
    wal: Wal,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct State {
    journal: Option<Journal>,
    /// What waits, as it lies in the journal: whole groups that one thread makes
    /// and another drops in one go.
    frames: Vec<Frame>,
    /// End of `frames` in the journal.
    mark: Mark,
    /// Some frames are being brought in.
    is_moving: bool,
}

impl Backlog {
    /// A backlog without a journal, which takes nothing.
    pub(crate) fn new(desk: &Desk, database: PathBuf) -> Self {
        Self {
            desk: Arc::clone(desk),
            wal: Wal::new(database.clone(), desk),
            database,
            state: Mutex::default(),
            is_stuck: AtomicBool::new(false),
            bytes: AtomicUsize::new(0),
            grown: Arc::default(),
            full: Notify::new(),
            task: Mutex::default(),
        }
    }

    /// Brings in what a crash left, and begins to take rows.
    pub(crate) async fn open(self: &Arc<Self>) -> Result<(), Error> {
        let desk = self.desk.lock().await;
        let lite = desk.as_ref().ok_or_else(Error::closed)?;
        self.state.lock().journal = Some(Journal::recover(&self.database, lite)?);
        drop(desk);
        let grown = Arc::clone(&self.grown);
        let task = tokio::spawn(bring_in(Arc::downgrade(self), grown));
        *self.task.lock() = Some(task);
        Ok(())
    }

    /// Puts a group on file and answers everybody in it.
    pub(super) fn record(&self, group: Vec<Job>) {
        let written = self.put(Frame::of(group.iter().flat_map(|job| &job.ops)));
        if written.is_ok() {
            self.grown.notify_one();
            if self.has_enough() {
                self.full.notify_one();
            }
        }
        for job in group {
            job.answer(written.clone());
        }
    }

    fn put(&self, mut frame: Frame) -> Result<(), Error> {
        let mut state = self.state.lock();
        if self.lags() || self.bytes.load(Ordering::Acquire) > MOST {
            return Err(Error::unavailable("the tables take no more rows"));
        }
        let journal = state.journal.as_mut().ok_or_else(Error::closed)?;
        state.mark = journal.append(&mut frame).map_err(Error::unavailable)?;
        self.bytes.fetch_add(frame.len(), Ordering::AcqRel);
        state.frames.push(frame);
        Ok(())
    }

    /// Returns when rows are taken on: writers are not faster than the tables for
    /// long.
    ///
    /// # Errors
    /// What keeps the tables from taking those that wait.
    pub(super) async fn ready(self: &Arc<Self>) -> Result<(), Error> {
        if self.lags() || self.bytes.load(Ordering::Acquire) > MANY {
            self.try_settle().await?;
        }
        Ok(())
    }

    /// Whether the tables lack rows that are on file.
    pub(crate) fn lags(&self) -> bool {
        self.is_stuck.load(Ordering::Acquire)
    }

    /// Brings in everything that was on file before the call. When that cannot
    /// be done, what is in the tables is still there to be read.
    pub(crate) async fn settle(self: &Arc<Self>) {
        if let Err(error) = self.try_settle().await {
            tracing::error!(%error, "the tables of the store lag behind its journal");
        }
    }

    async fn try_settle(self: &Arc<Self>) -> Result<(), Error> {
        if self.is_settled() {
            return Ok(());
        }
        let (held, backlog) = (Arc::clone(&self.desk).lock_owned().await, Arc::clone(self));
        let moved = spawn_blocking(move || match &*held {
            Some(lite) => backlog.move_into(lite),
            None => Err(Error::closed()),
        });
        moved.await.unwrap_or_else(|_| Err(Error::closed()))
    }

    fn has_enough(&self) -> bool {
        self.bytes.load(Ordering::Acquire) >= ENOUGH
    }

    /// Returns when there is enough to be brought in, or when it waited long enough.
    async fn gather(&self) {
        let enough = async {
            while !self.has_enough() {
                self.full.notified().await;
            }
        };
        // What did not become enough is brought in all the same.
        let _ = tokio::time::timeout(GATHER, enough).await;
    }

    fn is_settled(&self) -> bool {
        let state = self.state.lock();
        state.frames.is_empty() && !state.is_moving
    }

    /// Moves all rows into the tables, with the mark that says so.
    fn move_into(&self, lite: &Lite) -> Result<(), Error> {
        let (frames, mark, bytes) = {
            let mut state = self.state.lock();
            if state.frames.is_empty() {
                return Ok(());
            }
            state.is_moving = true;
            let frames = std::mem::take(&mut state.frames);
            (frames, state.mark, self.bytes.load(Ordering::Acquire))
        };
        let rows = merge(frames.iter().flat_map(Frame::rows));
        self.wal.grows(bytes / PAGE + PAGES * rows.len());
        let mut moved = write(lite, &rows, mark);
        // On a full disk there is room to be had again.
        if moved.is_err() {
            if let Some(journal) = &mut self.state.lock().journal {
                journal.forget_spare();
            }
            if lite.empty_log().is_ok() {
                moved = write(lite, &rows, mark);
            }
        }
        let mut state = self.state.lock();
        state.is_moving = false;
        self.is_stuck.store(moved.is_err(), Ordering::Release);
        match &moved {
            Ok(()) => {
                self.bytes.fetch_sub(bytes, Ordering::AcqRel);
                if let Some(journal) = &mut state.journal {
                    journal.give_up(mark);
                }
            }
            Err(_) => {
                drop(rows);
                state.frames.splice(0..0, frames);
            }
        }
        moved
    }

    /// Brings in what waits and takes nothing more. The journal stays when its
    /// rows cannot be brought in now.
    pub(super) async fn close(self: &Arc<Self>) {
        let settled = self.try_settle().await;
        let task = self.task.lock().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
        self.wal.close().await;
        let journal = self.state.lock().journal.take();
        match (settled, journal) {
            (Ok(()), Some(journal)) if self.is_settled() => journal.end(),
            (Err(error), _) => {
                tracing::error!(%error, "rows stay in the journal until the next start");
            }
            _ => {}
        }
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut() {
            task.abort();
        }
    }
}

async fn bring_in(backlog: Weak<Backlog>, grown: Arc<Notify>) {
    loop {
        grown.notified().await;
        match backlog.upgrade() {
            Some(backlog) => backlog.gather().await,
            None => return,
        }
        while let Some(backlog) = backlog.upgrade() {
            let Err(error) = backlog.try_settle().await else {
                break;
            };
            tracing::warn!(%error, "rows wait in the journal");
            drop(backlog);
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Writes rows in one transaction; waits for another process that has the file.
fn write(lite: &Lite, rows: &[Row<'_>], mark: Mark) -> Result<(), Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        match lite.write_rows(rows, mark) {
            Err(error) if is_busy(&error) && Instant::now() < end => std::thread::sleep(LOOK),
            // One row among many was refused: the others must not suffer.
            Err(error) if is_about_data(&error) => return write_others(lite, rows, mark),
            written => return Ok(written?),
        }
    }
}

fn write_others(lite: &Lite, rows: &[Row<'_>], mark: Mark) -> Result<(), Error> {
    for row in rows {
        match lite.write_row(row) {
            Err(error) if is_about_data(&error) => {
                tracing::error!(%error, kind = ?row.kind, session_id = row.session(),
                    "the store refused a row");
            }
            written => written?,
        }
    }
    Ok(lite.write_rows(&[], mark)?)
}
