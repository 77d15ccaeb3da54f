//! Gateways on one store: who is alive, and what the others left unfinished.

use model::{Code, Failure, Finish, OrgId, SessionId, SessionOutcome, SessionStatus};

use crate::sessions::{COLUMNS, session_of, update_statement};
use crate::sql::{assembled, sql};
use crate::{Error, Store};

/// How long a gateway counts as alive after its last sign of life, in seconds.
const LEASE: i64 = 30;

/// Age in seconds from which an open session of this gateway must be a run.
pub(crate) const ORPHAN: i64 = 60;

impl Store {
    /// Counts this process among the gateways. Where no other process can
    /// exist, all earlier ones are gone.
    pub(crate) async fn enter(&self) -> Result<(), Error> {
        if !self.inner.db.is_shared() {
            self.inner.db.run(sql("DELETE FROM replica")).await?;
        }
        self.heartbeat().await
    }

    /// Prolongs the lease of this gateway to 30 seconds from now, and forgets
    /// idempotency keys whose time is over; call it every 10 seconds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn heartbeat(&self) -> Result<(), Error> {
        let now = self.inner.clock.now();
        let beat = sql(
            "INSERT INTO replica (id, started_at, lease_until) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until",
        );
        let beat = beat.id(self.inner.replica).time(now);
        self.inner
            .db
            .run(beat.time(now.plus_seconds(LEASE)))
            .await?;
        let stale = sql("DELETE FROM replica WHERE lease_until < $1");
        let day_ago = now.plus_seconds(-86_400);
        self.inner.db.run(stale.time(day_ago)).await?;
        let lapsed = sql("DELETE FROM idempotency WHERE expires_at <= $1");
        self.inner.db.run(lapsed.time(now)).await?;
        Ok(())
    }

    /// Ends the open sessions of gateways whose lease lapsed, and those of this
    /// one that are older than a minute and no run of it, as `is_running` tells:
    /// done, interrupted, exit code -2. Answers what was ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn interrupt_abandoned(
        &self,
        is_running: impl Fn(SessionId) -> bool,
    ) -> Result<Vec<(OrgId, SessionId)>, Error> {
        let now = self.inner.clock.now();
        let query = assembled(format!(
            "SELECT org_id, {COLUMNS} FROM session s WHERE s.status = 'open' \
             AND s.status <> 'done' AND ((s.replica = $2 AND s.created_at < $3) OR \
             (s.replica <> $2 AND NOT EXISTS \
             (SELECT 1 FROM replica r WHERE r.id = s.replica AND r.lease_until >= $1)))",
        ));
        // This gateway is alive, however late its last sign of life.
        let query = query.time(now).id(self.inner.replica);
        let query = query.time(now.plus_seconds(-ORPHAN));
        let mut ended = Vec::new();
        for mut row in self.inner.db.all(query).await? {
            let org: OrgId = row.id()?;
            let mut session = session_of(&mut row)?;
            if is_running(session.id) {
                continue;
            }
            session.status = SessionStatus::Done;
            session.outcome = Some(SessionOutcome::Interrupted);
            session.exit_code = Some(Finish::NEVER_RAN);
            session.ended_at = Some(now);
            session.failure = Some(Failure::new(
                Code::Unavailable,
                "the gateway stopped during the run",
            ));
            session.version += 1;
            session.updated_at = now;
            let statement = update_statement(org, &session, self.inner.replica)?;
            if self.inner.db.run(statement).await? > 0 {
                self.inner.bus.publish(model::Id::uuid(session.id));
                ended.push((org, session.id));
            }
        }
        Ok(ended)
    }
}
