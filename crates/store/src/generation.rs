//! Freshness: a number per organization that grows with every write to
//! identity, groups, credentials, connections, bindings and attributes.
//!
//! Whatever is cached is tagged with the generation it was read at and used
//! only while that is the current one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::OrgId;
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::db::Db;
use crate::sql::sql;

/// The generation is not known in this process.
const UNKNOWN: i64 = -1;

/// The generation of one organization as this process knows it. Only used when
/// no other process writes.
pub(crate) struct Mirror(AtomicI64);

type Answer = oneshot::Sender<Result<i64, Error>>;

/// Reads generations: one query answers everybody who asked before it was sent.
pub(crate) struct Generations(mpsc::UnboundedSender<(OrgId, Answer)>);

impl Default for Mirror {
    fn default() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }
}

impl Mirror {
    /// The generation, when it is known.
    pub(crate) fn get(&self) -> Option<i64> {
        let known = self.0.load(Ordering::Acquire);
        (known != UNKNOWN).then_some(known)
    }

    /// Takes over what was read while nothing was known.
    pub(crate) fn learn(&self, read: i64) {
        let _ = self
            .0
            .compare_exchange(UNKNOWN, read, Ordering::AcqRel, Ordering::Acquire);
    }

    /// A write made this the generation.
    pub(crate) fn advance(&self, written: i64) {
        self.0.fetch_max(written, Ordering::AcqRel);
    }

    /// A write failed in a way that leaves open whether it happened.
    pub(crate) fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Release);
    }
}

impl Generations {
    /// Starts to read from `db`. Ends when the last handle is dropped.
    pub(crate) fn start(db: Arc<Db>) -> Self {
        let (asks, mut waiting) = mpsc::unbounded_channel::<(OrgId, Answer)>();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while waiting.recv_many(&mut taken, usize::MAX).await > 0 {
                let mut by_org: HashMap<OrgId, Vec<Answer>> = HashMap::new();
                for (org, answer) in taken.drain(..) {
                    by_org.entry(org).or_default().push(answer);
                }
                for (org, answers) in by_org {
                    let read = read(&db, org).await;
                    for answer in answers {
                        let _ = answer.send(read.clone());
                    }
                }
            }
        });
        Self(asks)
    }

    /// The generation of `org`, read after this was called.
    pub(crate) async fn read(&self, org: OrgId) -> Result<i64, Error> {
        let (answer, told) = oneshot::channel();
        self.0.send((org, answer)).map_err(|_| Error::closed())?;
        told.await.map_err(|_| Error::closed())?
    }
}

async fn read(db: &Db, org: OrgId) -> Result<i64, Error> {
    let query = sql("SELECT generation FROM organization WHERE id = $1").id(org);
    match db.first(query).await? {
        Some(mut row) => row.int(),
        None => Ok(0),
    }
}
