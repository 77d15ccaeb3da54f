//! Asking for the end of sessions, whichever gateway runs them.

use model::{ConnectionId, SessionId, Timestamp};

use crate::db::Tx;
use crate::row::parse_id;
use crate::sql::sql;
use crate::{Error, OrgStore};

/// The wish that a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// Why, in the words of who asked.
    pub reason: Option<String>,
}

impl OrgStore {
    /// Asks for the end of a session; `false` when it is unknown or done. The
    /// first reason stays.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn request_cancel(&self, id: SessionId, reason: Option<&str>) -> Result<bool, Error> {
        let ask = sql("UPDATE session SET cancel_requested_at = $1, \
             cancel_reason = COALESCE(cancel_reason, $2) \
             WHERE org_id = $3 AND id = $4 AND status <> 'done'");
        let ask = ask.time(self.now()).opt_text(reason);
        let asked = self.inner.db.run(ask.id(self.org).id(id)).await?;
        Ok(asked > 0)
    }

    /// Whether a session must end: somebody asked for it, or its connection is
    /// gone. One that was opened while its connection was being deleted is known
    /// by the latter only.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn cancel_requested(&self, id: SessionId) -> Result<Option<Cancel>, Error> {
        let query = sql(
            "SELECT cancel_reason, cancel_requested_at, (SELECT COUNT(*) FROM connection c \
             WHERE c.id = session.connection_id) FROM session WHERE org_id = $1 AND id = $2",
        );
        let Some(mut row) = self.first(query.id(self.org).id(id)).await? else {
            return Ok(None);
        };
        let reason = row.opt_text()?;
        let asked = row.opt_time()?.is_some();
        let connected = row.int()? > 0;
        Ok((asked || !connected).then_some(Cancel { reason }))
    }

    /// Asks for the end of every session of a connection and answers them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store cannot be written.
    pub async fn cancel_sessions_of_connection(
        &self,
        id: ConnectionId,
    ) -> Result<Vec<SessionId>, Error> {
        let mut tx = self.inner.db.begin().await?;
        let asked = self.cancel_all(&mut tx, id, self.now()).await?;
        tx.commit().await?;
        Ok(asked)
    }

    /// As [`OrgStore::cancel_sessions_of_connection`], within a transaction.
    pub(crate) async fn cancel_all(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, Error> {
        let ask = sql(
            "UPDATE session SET cancel_requested_at = $1 WHERE org_id = $2 \
             AND connection_id = $3 AND status <> 'done' RETURNING id",
        );
        let rows = tx.all(ask.time(now).id(self.org).id(id)).await?;
        rows.into_iter()
            .map(|mut row| parse_id(&row.text()?))
            .collect()
    }
}
