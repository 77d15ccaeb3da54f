//! Writing sessions, through group commit.

use model::{AuditRow, OrgId, Session, SessionStatus};
use serde_json::Value;
use uuid::Uuid;

use super::moved::Moved;
use super::opening::Opening;
use crate::recordings::RecordingTail;
use crate::replicas::ORPHAN;
use crate::sql::{Sql, sql};
use crate::writer::{Closed, Op, Opened};
use crate::{Error, OrgStore};

impl OrgStore {
    /// Puts a new session and what was asked on file; durable when this returns.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be written.
    pub async fn open_session(&self, session: &Session, input: &str) -> Result<(), Error> {
        let row = row_of(self.org, session, self.inner.replica);
        let opened = Opened {
            head: [
                row.id,
                row.org,
                session.user_id.clone(),
                session.connection_id.clone(),
                session.connection.clone(),
                session.connection_type.as_str().to_owned(),
                session.verb.as_str().to_owned(),
                session.origin.as_str().to_owned(),
                row.status.to_owned(),
            ],
            outcome: row.outcome,
            review_status: row.review_status,
            risk_level: row.risk_level,
            created_at: session.created_at.micros(),
            version: row.version,
            replica: row.replica,
            detail: serde_json::to_string(&Opening::of(session))?,
            moved: serde_json::to_string(&Moved::of(session))?,
            input: input.to_owned(),
        };
        self.inner
            .writer
            .write(vec![Op::Open(Box::new(opened))])
            .await
    }

    /// Closes a session together with the end of its recording and the audit
    /// row of its call; durable when this returns. A session that is done stays
    /// as it is; what was recorded of it is kept all the same.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be written.
    pub async fn close_session(
        &self,
        session: &Session,
        tail: Option<RecordingTail>,
        audit: Option<&AuditRow>,
    ) -> Result<(), Error> {
        let (recording, segment) = tail
            .map(|tail| tail.split(self.ends_surely(session)))
            .unwrap_or_default();
        let mut row = closed(self.org, session, self.inner.replica)?;
        row.recording = recording;
        let mut ops = vec![Op::Close(Box::new(row))];
        ops.extend(segment.map(Op::Segment));
        if let Some(row) = audit {
            ops.push(self.audit_op(row)?);
        }
        self.inner.writer.write(ops).await
    }

    /// Whether a session ends now and nobody can have ended it before: no other
    /// gateway, because there is none, nor this one, which ends no session that is
    /// younger than [`ORPHAN`]. Of one that is done the row takes nothing more.
    fn ends_surely(&self, session: &Session) -> bool {
        let age = self.now().micros_since(session.created_at);
        session.status == SessionStatus::Done
            && !self.inner.db.is_shared()
            && age < ORPHAN * 1_000_000
    }
}

/// Ends an open session that nobody has moved on since it was read: the stored
/// version is the one before.
pub(crate) fn update_statement(org: OrgId, session: &Session, replica: Uuid) -> Result<Sql, Error> {
    let row = closed(org, session, replica)?;
    let statement = sql(
        "UPDATE session SET status = $1, outcome = $2, version = $3, replica = $4, moved = $5 \
         WHERE id = $6 AND org_id = $7 AND status = 'open' AND version = $8",
    );
    let statement = statement
        .text(row.status)
        .opt_text(row.outcome)
        .int(row.version);
    Ok(statement
        .text(row.replica)
        .text(row.moved)
        .text(row.id)
        .text(row.org)
        .int(row.version - 1))
}

fn closed(org: OrgId, session: &Session, replica: Uuid) -> Result<Closed, Error> {
    Ok(Closed {
        moved: serde_json::to_string(&Moved::of(session))?,
        ..row_of(org, session, replica)
    })
}

/// The columns that a session shares with one that moves on.
fn row_of(org: OrgId, session: &Session, replica: Uuid) -> Closed {
    let word = |object: &Option<serde_json::Map<String, Value>>, key: &str| {
        object.as_ref()?.get(key)?.as_str().map(str::to_owned)
    };
    Closed {
        id: session.id.to_string(),
        org: org.to_string(),
        status: session.status.as_str(),
        outcome: session.outcome.map(model::SessionOutcome::as_str),
        review_status: word(&session.review, "status"),
        risk_level: word(&session.ai_analysis, "risk_level"),
        version: session.version,
        replica: replica.to_string(),
        moved: String::new(),
        recording: None,
    }
}
