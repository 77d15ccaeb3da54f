//! Group commit on SQLite: whoever brings a write while nobody writes is the
//! leader and commits, on the spot, what all have brought.
//!
//! A commit is a few writes into the page cache, tens of microseconds: less than
//! it takes to wake another thread and to be woken by it. It never waits there:
//! for a transaction that is under way or another process that has the file, it
//! waits in a task.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedMutexGuard};

use super::log::Log;
use super::{Job, MOST, note_size};
use crate::Error;
use crate::db::{Desk, LOOK, Lite, PATIENCE, is_about_data, is_busy};

/// Groups that one caller commits before the rest goes to a task.
const TERM: usize = 4;

type Held = OwnedMutexGuard<Option<Lite>>;

/// Another process has the file; nothing of the group was written.
struct Busy(Vec<Job>);

/// What waits, and the connection that writes it.
#[derive(Clone)]
pub(crate) struct Leader {
    desk: Desk,
    waiting: Arc<Waiting>,
    log: Arc<Log>,
}

#[derive(Default)]
struct Waiting {
    state: Mutex<State>,
    idle: Notify,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// Somebody commits and will look here again.
    is_led: bool,
    is_closed: bool,
}

impl Leader {
    pub(super) fn new(desk: Desk, file: &Path) -> Self {
        Self {
            log: Log::watch(file, &desk),
            desk,
            waiting: Arc::default(),
        }
    }

    /// Puts a job on the list; leads when nobody does.
    pub(super) fn take(&self, job: Job) -> Result<(), Error> {
        {
            let mut state = self.waiting.state.lock();
            if state.is_closed {
                return Err(Error::closed());
            }
            state.jobs.push(job);
            if std::mem::replace(&mut state.is_led, true) {
                return Ok(());
            }
        }
        match Arc::clone(&self.desk).try_lock_owned() {
            Ok(held) => self.lead(held),
            Err(_) => self.lead_later(),
        }
        Ok(())
    }

    /// Commits what waits, group by group; leads no more when nothing waits.
    fn lead(&self, held: Held) {
        for _ in 0..TERM {
            let Some(group) = self.waiting.next() else {
                return;
            };
            self.log.grows(&group);
            if let Err(Busy(group)) = commit(&held, group) {
                self.insist(held, group);
                return;
            }
        }
        drop(held);
        self.lead_later();
    }

    /// Leads once the connection is free.
    fn lead_later(&self) {
        let leader = self.clone();
        tokio::spawn(async move {
            let held = Arc::clone(&leader.desk).lock_owned().await;
            leader.lead(held);
        });
    }

    /// Waits for another process that has the file, then goes on to lead.
    fn insist(&self, held: Held, mut group: Vec<Job>) {
        let leader = self.clone();
        tokio::spawn(async move {
            let end = Instant::now() + PATIENCE;
            loop {
                tokio::time::sleep(LOOK).await;
                let written = commit(&held, group);
                let Err(Busy(again)) = written else {
                    break;
                };
                if Instant::now() >= end {
                    let busy = Error::unavailable("another process has the file");
                    answer(again, &Err(busy));
                    break;
                }
                group = again;
            }
            leader.lead(held);
        });
    }

    pub(super) async fn close(&self) {
        loop {
            let idle = self.waiting.idle.notified();
            {
                let mut state = self.waiting.state.lock();
                state.is_closed = true;
                if !state.is_led {
                    break;
                }
            }
            idle.await;
        }
        self.log.close().await;
    }
}

impl Waiting {
    /// The next group; `None` ends the lead.
    fn next(&self) -> Option<Vec<Job>> {
        let mut state = self.state.lock();
        if state.jobs.is_empty() {
            state.is_led = false;
            self.idle.notify_waiters();
            return None;
        }
        let count = state.jobs.len().min(MOST);
        let group: Vec<Job> = state.jobs.drain(..count).collect();
        drop(state);
        note_size(count);
        Some(group)
    }
}

/// Commits a group and answers everybody in it.
fn commit(held: &Held, group: Vec<Job>) -> Result<(), Busy> {
    let Some(lite) = &**held else {
        answer(group, &Err(Error::closed()));
        return Ok(());
    };
    match lite.write(group.iter().flat_map(|job| &job.ops)) {
        Err(error) if is_busy(&error) => return Err(Busy(group)),
        // One row among many was refused: the others must not suffer.
        Err(error) if group.len() > 1 && is_about_data(&error) => {
            for job in group {
                let alone = lite.write(job.ops.iter());
                job.answer(alone.map_err(Error::from));
            }
        }
        written => answer(group, &written.map_err(Error::from)),
    }
    Ok(())
}

fn answer(group: Vec<Job>, written: &Result<(), Error>) {
    for job in group {
        job.answer(written.clone());
    }
}
