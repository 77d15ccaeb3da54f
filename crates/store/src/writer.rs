//! Group commit: everything that arrives while one transaction is written goes
//! into the next one.
//!
//! Sessions, recording segments and audit rows come through here. A write is
//! durable when it is answered. When the engine refuses a row, the writes of its
//! transaction are tried one by one, so that only the poisoned one fails; so are
//! writes of one session that happen to meet in a group.

mod statements;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Error;
use crate::db::Db;

pub(crate) use statements::{Closed, Op, Opened, Segment};

/// Most writes in one transaction.
const MOST: usize = 256;

type Done = oneshot::Sender<Result<(), Error>>;

struct Job {
    ops: Vec<Op>,
    done: Done,
}

type Queue = Arc<Mutex<mpsc::Receiver<Job>>>;

/// Takes writes and answers when they are durable.
pub(crate) struct Writer {
    jobs: parking_lot::Mutex<Option<mpsc::Sender<Job>>>,
    lanes: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the lanes of the engine.
    pub(crate) fn start(db: &Arc<Db>) -> Self {
        let (jobs, queue) = mpsc::channel(16 * 1024);
        let queue = Arc::new(Mutex::new(queue));
        let lane = || tokio::spawn(run(Arc::clone(db), Arc::clone(&queue)));
        let lanes = (0..db.lanes()).map(|_| lane()).collect();
        Self {
            jobs: parking_lot::Mutex::new(Some(jobs)),
            lanes: parking_lot::Mutex::new(lanes),
        }
    }

    /// Writes `ops` together; durable when this returns.
    pub(crate) async fn write(&self, ops: Vec<Op>) -> Result<(), Error> {
        let jobs = self.jobs.lock().clone().ok_or_else(Error::closed)?;
        let (done, told) = oneshot::channel();
        jobs.send(Job { ops, done })
            .await
            .map_err(|_| Error::closed())?;
        drop(jobs);
        told.await.map_err(|_| Error::closed())?
    }

    /// Writes what waits, then takes nothing more.
    pub(crate) async fn close(&self) {
        drop(self.jobs.lock().take());
        let lanes: Vec<_> = self.lanes.lock().drain(..).collect();
        for lane in lanes {
            let _ = lane.await;
        }
    }
}

async fn run(db: Arc<Db>, queue: Queue) {
    let mut jobs = Vec::new();
    loop {
        let taken = queue.lock().await.recv_many(&mut jobs, MOST).await;
        if taken == 0 {
            return;
        }
        metrics::histogram!("drawgate_group_commit_size").record(taken as f64);
        commit(&db, std::mem::take(&mut jobs)).await;
    }
}

/// Whether two writes of a group touch the same session: a statement that
/// changes a row twice would leave open which change stays.
fn overlap(jobs: &[Job]) -> bool {
    let mut seen = HashSet::new();
    let mut ops = jobs.iter().flat_map(|job| &job.ops);
    ops.any(|op| op.session().is_some_and(|id| !seen.insert(id)))
}

async fn commit(db: &Db, jobs: Vec<Job>) {
    if jobs.len() > 1 && overlap(&jobs) {
        return one_by_one(db, jobs).await;
    }
    let together = statements::of(jobs.iter().flat_map(|job| &job.ops));
    match db.run_together(together).await {
        Ok(()) => {
            for job in jobs {
                let _ = job.done.send(Ok(()));
            }
        }
        // One row among many was refused: the others must not suffer.
        Err(Error::Rejected(_)) if jobs.len() > 1 => one_by_one(db, jobs).await,
        Err(error) => {
            for job in jobs {
                let _ = job.done.send(Err(error.clone()));
            }
        }
    }
}

async fn one_by_one(db: &Db, jobs: Vec<Job>) {
    for job in jobs {
        let alone = db.run_together(statements::of(job.ops.iter())).await;
        let _ = job.done.send(alone);
    }
}
