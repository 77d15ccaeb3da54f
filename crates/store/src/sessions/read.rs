//! A session from the columns of its row.

use model::{ConnectionType, Origin, Session, SessionOutcome, SessionStatus, Verb};

use super::moved::Moved;
use super::opening::Opening;
use crate::Error;
use crate::db::Row;

/// The columns from which a session is read, in the order of [`session_of`].
pub(crate) const COLUMNS: &str = "id, connection, connection_id, connection_type, user_id, \
     status, outcome, verb, origin, version, created_at, detail, moved";

/// The session whose [`COLUMNS`] are the next of `row`.
///
/// In rows of earlier versions `detail` holds all of a session as it was opened,
/// and `moved` is null until it moves on.
///
/// # Errors
/// [`Error::Corrupt`] when they hold something else.
pub(crate) fn session_of(row: &mut Row) -> Result<Session, Error> {
    let id = row.id()?;
    let connection = row.text()?;
    let connection_id = row.text()?;
    let connection_type = row.word(ConnectionType::parse)?;
    let user_id = row.text()?;
    let status = row.word(SessionStatus::parse)?;
    let outcome = row.opt_word(SessionOutcome::parse)?;
    let verb = row.word(Verb::parse)?;
    let origin = row.word(Origin::parse)?;
    let version = row.int()?;
    let created_at = row.time()?;
    let detail = row.text()?;
    let moved = row.opt_text()?;
    let opening: Opening<'static> = serde_json::from_str(&detail)?;
    let moved: Moved<'static> = serde_json::from_str(moved.as_ref().unwrap_or(&detail))?;
    let updated_at = moved.updated_at(created_at);
    Ok(Session {
        id,
        connection,
        connection_id,
        connection_type,
        connection_subtype: opening.connection_subtype.into_owned(),
        connection_tags: opening.connection_tags.into_owned(),
        user_id,
        user_email: opening.user_email.into_owned(),
        user_name: opening.user_name.into_owned(),
        identity_type: opening.identity_type,
        status,
        outcome,
        verb,
        origin,
        client: opening.client.map(Into::into),
        database: opening.database.into_owned(),
        reason: opening.reason.into_owned(),
        executed_by: moved.executed_by.into_owned(),
        started_at: moved.started_at.map(|moment| moment.at(created_at)),
        ended_at: moved.ended_at.map(|moment| moment.at(created_at)),
        exit_code: moved.exit_code,
        session_batch_id: opening.session_batch_id.into_owned(),
        correlation_id: opening.correlation_id.into_owned(),
        metadata: opening.metadata.into_owned(),
        version,
        created_at,
        updated_at,
        failure: moved.failure.into_owned(),
        labels: moved.labels.into_owned(),
        integrations_metadata: moved.integrations_metadata.into_owned(),
        metrics: moved.metrics.into(),
        review: moved.review.into_owned(),
        ai_analysis: moved.ai_analysis.into_owned(),
        guardrails_info: moved.guardrails_info.into_owned(),
    })
}
