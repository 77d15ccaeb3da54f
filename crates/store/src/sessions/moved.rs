//! What changes of a session after it was opened. It lies beside the session as
//! it was opened, so that moving on writes a fraction of it.

use std::borrow::Cow;

use model::{Failure, Metrics, Person, Session, SessionOutcome, SessionStatus, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Error;
use crate::db::Row;

type Object = Map<String, Value>;

/// The members of a session that move, as they are now.
#[derive(Serialize, Deserialize)]
pub(super) struct Moved<'a> {
    status: SessionStatus,
    outcome: Option<SessionOutcome>,
    executed_by: Cow<'a, Option<Person>>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    exit_code: Option<i32>,
    failure: Cow<'a, Option<Failure>>,
    labels: Cow<'a, Object>,
    integrations_metadata: Cow<'a, Object>,
    metrics: Cow<'a, Metrics>,
    review: Cow<'a, Option<Object>>,
    ai_analysis: Cow<'a, Option<Object>>,
    guardrails_info: Cow<'a, [Object]>,
    version: i64,
    updated_at: Timestamp,
}

impl<'a> Moved<'a> {
    /// Where `session` stands.
    pub(super) const fn of(session: &'a Session) -> Self {
        Self {
            status: session.status,
            outcome: session.outcome,
            executed_by: Cow::Borrowed(&session.executed_by),
            started_at: session.started_at,
            ended_at: session.ended_at,
            exit_code: session.exit_code,
            failure: Cow::Borrowed(&session.failure),
            labels: Cow::Borrowed(&session.labels),
            integrations_metadata: Cow::Borrowed(&session.integrations_metadata),
            metrics: Cow::Borrowed(&session.metrics),
            review: Cow::Borrowed(&session.review),
            ai_analysis: Cow::Borrowed(&session.ai_analysis),
            guardrails_info: Cow::Borrowed(session.guardrails_info.as_slice()),
            version: session.version,
            updated_at: session.updated_at,
        }
    }

    /// Moves `session` there.
    fn apply(self, session: &mut Session) {
        session.status = self.status;
        session.outcome = self.outcome;
        session.executed_by = self.executed_by.into_owned();
        session.started_at = self.started_at;
        session.ended_at = self.ended_at;
        session.exit_code = self.exit_code;
        session.failure = self.failure.into_owned();
        session.labels = self.labels.into_owned();
        session.integrations_metadata = self.integrations_metadata.into_owned();
        session.metrics = self.metrics.into_owned();
        session.review = self.review.into_owned();
        session.ai_analysis = self.ai_analysis.into_owned();
        session.guardrails_info = self.guardrails_info.into_owned();
        session.version = self.version;
        session.updated_at = self.updated_at;
    }
}

/// The session whose columns `detail` and `moved` are the next of `row`.
///
/// # Errors
/// [`Error::Corrupt`] when they hold something else.
pub(crate) fn session_of(row: &mut Row) -> Result<Session, Error> {
    let mut session: Session = row.json()?;
    if let Some(text) = row.opt_text()? {
        let moved: Moved<'static> = serde_json::from_str(&text)?;
        moved.apply(&mut session);
    }
    Ok(session)
}
