//! Group commit on PostgreSQL: some lanes, each with a transaction at a time.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::{Job, MOST, note_size, statements};
use crate::Error;
use crate::db::Db;

/// Transactions at a time: more would split groups, fewer leave the server idle.
const LANES: usize = 4;

/// Jobs that may wait.
const QUEUE: usize = 16 * 1024;

type Queue = Arc<Mutex<mpsc::Receiver<Job>>>;

/// The lanes and their queue.
pub(crate) struct Lanes {
    jobs: parking_lot::Mutex<Option<mpsc::Sender<Job>>>,
    lanes: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

impl Lanes {
    pub(super) fn start(db: &Arc<Db>) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let lane = || tokio::spawn(run(Arc::clone(db), Arc::clone(&queue)));
        Self {
            jobs: parking_lot::Mutex::new(Some(jobs)),
            lanes: parking_lot::Mutex::new((0..LANES).map(|_| lane()).collect()),
        }
    }

    pub(super) async fn take(&self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.lock().clone().ok_or_else(Error::closed)?;
        jobs.send(job).await.map_err(|_| Error::closed())
    }

    pub(super) async fn close(&self) {
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
        note_size(taken);
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
        // One row among many was refused: the others must not suffer.
        Err(Error::Rejected(_)) if jobs.len() > 1 => one_by_one(db, jobs).await,
        written => jobs.into_iter().for_each(|job| job.answer(written.clone())),
    }
}

async fn one_by_one(db: &Db, jobs: Vec<Job>) {
    for job in jobs {
        let alone = db.run_together(statements::of(job.ops.iter())).await;
        job.answer(alone);
    }
}
