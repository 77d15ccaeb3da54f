//! Group commit on SQLite: whoever brings a write while nobody writes is the
//! leader and puts on file, on the spot, what all have brought.
//!
//! That is one append to a file, some microseconds: less than it takes to wake
//! another thread and to be woken by it.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::backlog::Backlog;
use super::op::Op;
use super::{Job, MOST, note_size};
use crate::Error;

/// Groups that one caller writes before the rest goes to a task.
const TERM: usize = 4;

/// What waits to be written.
#[derive(Clone)]
pub(crate) struct Leader {
    backlog: Arc<Backlog>,
    waiting: Arc<Waiting>,
}

#[derive(Default)]
struct Waiting {
    state: Mutex<State>,
    idle: Notify,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    /// About how many sessions are under way here.
    sessions: i64,
    /// Somebody writes and will look here again.
    is_led: bool,
    is_closed: bool,
}

impl Leader {
    pub(super) fn new(backlog: &Arc<Backlog>) -> Self {
        Self {
            backlog: Arc::clone(backlog),
            waiting: Arc::default(),
        }
    }

    /// Puts a job on the list; leads when nobody does.
    pub(super) async fn take(&self, job: Job) -> Result<(), Error> {
        self.backlog.ready().await?;
        let is_alone;
        {
            let mut state = self.waiting.state.lock();
            if state.is_closed {
                return Err(Error::closed());
            }
            state.sessions += job.ops.iter().map(Op::sessions).sum::<i64>();
            state.jobs.push(job);
            if std::mem::replace(&mut state.is_led, true) {
                return Ok(());
            }
            is_alone = state.sessions <= 1;
        }
        let lead = Lead(self);
        // Whoever else is about to bring a write does so meanwhile: writing takes
        // longer than the others' turn.
        if !is_alone {
            tokio::task::yield_now().await;
        }
        drop(lead);
        Ok(())
    }

    /// Writes what waits, group by group; leads no more when nothing waits.
    fn lead(&self) {
        for _ in 0..TERM {
            let Some(group) = self.waiting.next() else {
                return;
            };
            self.backlog.record(group);
        }
        let leader = self.clone();
        tokio::spawn(async move { leader.lead() });
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
        self.backlog.close().await;
    }
}

/// The duty to write what waits; done when dropped, also by a caller who is
/// gone.
struct Lead<'a>(&'a Leader);

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.0.lead();
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
