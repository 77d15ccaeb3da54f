//! Idempotency keys: who calls first runs, who calls again gets the outcome.

use model::SessionId;
use uuid::Uuid;

use crate::sql::sql;
use crate::{Error, OrgStore};

/// How long an outcome is kept, in seconds.
const KEPT: i64 = 24 * 3600;

/// One idempotent call: who, what, which key.
#[derive(Clone, Debug)]
pub struct CallKey {
    /// User or key.
    pub caller: Uuid,
    /// Name of the operation.
    pub tool: String,
    /// The key.
    pub key: String,
}

/// What a call with a key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the first one: run it, then settle or release it.
    Fresh,
    /// The outcome of the first call, as it was settled.
    Replay(String),
    /// The first call runs; join its session when it has one.
    InFlight {
        /// Its session.
        session: Option<SessionId>,
    },
    /// The gateway that ran the first call is gone; its session tells the end.
    Abandoned {
        /// Its session.
        session: SessionId,
    },
    /// The key was used with other arguments.
    Mismatch,
}

impl OrgStore {
    /// Tells arguments from others without keeping them: they may hold secrets.
    ///
    /// # Errors
    /// [`Error::Config`] when the master key cannot be used.
    pub fn args_digest(&self, arguments: &str) -> Result<String, Error> {
        let key = self.inner.key.read();
        key.digest("idempotency", arguments.as_bytes())
    }

    /// Claims a key for a call with these arguments.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn claim(&self, call: &CallKey, args_digest: &str) -> Result<Claim, Error> {
        let now = self.now();
        let mut tx = self.inner.db.begin().await?;
        let expire = sql(
            "DELETE FROM idempotency WHERE org_id = $1 AND caller_id = $2 AND tool = $3 \
             AND key = $4 AND expires_at <= $5",
        );
        tx.run(self.of(expire, call).time(now)).await?;
        let claim = sql(
            "INSERT INTO idempotency (org_id, caller_id, tool, key, args_digest, replica, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        );
        let claim = self
            .of(claim, call)
            .text(args_digest)
            .id(self.inner.replica);
        let claimed = tx.run(claim.time(now.plus_seconds(KEPT))).await? > 0;
        let answer = if claimed {
            Claim::Fresh
        } else {
            self.second(&mut tx, call, args_digest).await?
        };
        tx.commit().await?;
        Ok(answer)
    }

    async fn second(
        &self,
        tx: &mut crate::db::Tx,
        call: &CallKey,
        args_digest: &str,
    ) -> Result<Claim, Error> {
        let query = sql(
            "SELECT args_digest, outcome, session_id, replica, (SELECT COUNT(*) FROM replica r \
             WHERE r.id = idempotency.replica AND r.lease_until >= $5) FROM idempotency \
             WHERE org_id = $1 AND caller_id = $2 AND tool = $3 AND key = $4",
        );
        let Some(mut row) = tx.first(self.of(query, call).time(self.now())).await? else {
            return Ok(Claim::InFlight { session: None });
        };
        if row.text()? != args_digest {
            return Ok(Claim::Mismatch);
        }
        if let Some(outcome) = row.opt_text()? {
            return Ok(Claim::Replay(outcome));
        }
        let session: Option<SessionId> = row.opt_id()?;
        let replica = row.text()?;
        if replica == self.inner.replica.to_string() || row.flag()? {
            return Ok(Claim::InFlight { session });
        }
        if let Some(session) = session {
            return Ok(Claim::Abandoned { session });
        }
        let take_over = sql(
            "UPDATE idempotency SET replica = $5 WHERE org_id = $1 AND caller_id = $2 \
             AND tool = $3 AND key = $4 AND replica = $6",
        );
        let take_over = self
            .of(take_over, call)
            .id(self.inner.replica)
            .text(replica);
        Ok(if tx.run(take_over).await? > 0 {
            Claim::Fresh
        } else {
            Claim::InFlight { session: None }
        })
    }

    /// Notes the session of a claimed call; `false` when the claim is no longer
    /// this gateway's: then the call must not run.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn attach(&self, call: &CallKey, session: SessionId) -> Result<bool, Error> {
        let attach = sql(
            "UPDATE idempotency SET session_id = $6 WHERE org_id = $1 AND caller_id = $2 \
             AND tool = $3 AND key = $4 AND replica = $5",
        );
        let attached = self.inner.db.run(self.of_own(attach, call).id(session));
        Ok(attached.await? > 0)
    }

    /// Keeps the outcome of a call that this gateway has claimed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn settle(&self, call: &CallKey, outcome: &str) -> Result<(), Error> {
        let settle = sql(
            "UPDATE idempotency SET outcome = $6 WHERE org_id = $1 AND caller_id = $2 \
             AND tool = $3 AND key = $4 AND replica = $5",
        );
        let settled = self.inner.db.run(self.of_own(settle, call).text(outcome));
        settled.await.map(drop)
    }

    /// Gives a claim of this gateway back, so that the key can be used again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn release(&self, call: &CallKey) -> Result<(), Error> {
        let release = sql(
            "DELETE FROM idempotency WHERE org_id = $1 AND caller_id = $2 AND tool = $3 \
             AND key = $4 AND replica = $5 AND outcome IS NULL",
        );
        self.inner
            .db
            .run(self.of_own(release, call))
            .await
            .map(drop)
    }

    /// Binds the four parts of a key as `$1` to `$4` and this gateway as `$5`.
    fn of_own(&self, statement: crate::sql::Sql, call: &CallKey) -> crate::sql::Sql {
        self.of(statement, call).id(self.inner.replica)
    }

    /// Binds the four parts of a key as `$1` to `$4`.
    fn of(&self, statement: crate::sql::Sql, call: &CallKey) -> crate::sql::Sql {
        statement
            .id(self.org)
            .id(call.caller)
            .text(&call.tool)
            .text(&call.key)
    }
}
