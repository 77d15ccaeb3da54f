//! Idempotency.
use crate::*;
use model::*;
use uuid::Uuid;
/// One idempotent call: who, what, which key.
#[derive(Clone, Debug)]
pub struct CallKey {
    pub caller: Uuid,
    pub tool: String,
    pub key: String,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The call is the first one: run it, then settle or release it.
    Fresh,
    /// The outcome of the first call, as it was settled.
    Replay(String),
    /// The first call runs; join its session when it has one.
    InFlight { session: Option<SessionId> },
    /// The gateway that ran the first call is gone; its session tells the end.
    Abandoned { session: SessionId },
    /// The key was used with other arguments.
    Mismatch,
}
impl OrgStore {
    pub async fn claim(&self, call: &CallKey, args_digest: &str) -> Result<Claim, Error> {
        Err(Error::NotFound)
    }
    pub async fn attach(&self, call: &CallKey, session: SessionId) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn settle(&self, call: &CallKey, outcome: &str) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn release(&self, call: &CallKey) -> Result<(), Error> {
        Err(Error::NotFound)
    }
}
