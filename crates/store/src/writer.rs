//! Group commit: everything that arrives while one transaction is written goes
//! into the next one.
//!
//! Sessions, recording segments and audit rows come through here. A write is
//! on file when it is answered: on PostgreSQL in the tables, on SQLite in a
//! journal from which the tables are filled.

mod backlog;
mod frame;
mod journal;
mod lanes;
mod leader;
mod merge;
mod op;
mod segment;
mod statements;
mod wal;

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use self::lanes::Lanes;
use self::leader::Leader;
use crate::Error;
use crate::db::Db;

pub(crate) use backlog::Backlog;
pub(crate) use frame::Row as JournalRow;
pub(crate) use journal::Mark;
pub(crate) use op::{Audit, Cell, Closed, Kind, Op, Opened, Segment};
pub(crate) use statements::of as statements;

/// Most writes in one transaction.
const MOST: usize = 256;

/// What is written together, and who waits for it.
pub(crate) struct Job {
    ops: Vec<Op>,
    done: oneshot::Sender<Result<(), Error>>,
}

/// Takes writes and answers when they are on file.
pub(crate) enum Writer {
    /// SQLite: whoever comes while nobody writes does.
    Leader(Leader),
    /// PostgreSQL takes several transactions at a time.
    Lanes(Lanes),
}

impl Writer {
    /// The writer that suits the engine.
    pub(crate) fn start(db: &Arc<Db>) -> Self {
        match &**db {
            Db::Lite { backlog, .. } => Self::Leader(Leader::new(backlog)),
            Db::Pg(_) => Self::Lanes(Lanes::start(db)),
        }
    }

    /// Writes `ops` together; on file when this returns.
    pub(crate) async fn write(&self, ops: Vec<Op>) -> Result<(), Error> {
        let (done, told) = oneshot::channel();
        let job = Job { ops, done };
        match self {
            Self::Leader(leader) => leader.take(job).await?,
            Self::Lanes(lanes) => lanes.take(job).await?,
        }
        told.await.map_err(|_| Error::closed())?
    }

    /// Writes what waits, then takes nothing more.
    pub(crate) async fn close(&self) {
        match self {
            Self::Leader(leader) => leader.close().await,
            Self::Lanes(lanes) => lanes.close().await,
        }
    }
}

impl Job {
    fn answer(self, written: Result<(), Error>) {
        // Who no longer waits does not mind.
        let _ = self.done.send(written);
    }
}

fn note_size(jobs: usize) {
    static SIZE: OnceLock<metrics::Histogram> = OnceLock::new();
    SIZE.get_or_init(|| metrics::histogram!("drawgate_group_commit_size"))
        .record(jobs as f64);
}
