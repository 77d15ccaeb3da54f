//! The outcome of a run that has ended, told once more from its record.

use model::{Masking, OutputStatus, Refusal, Session, SessionOutcome};

use super::envelope::{Envelope, RunStatus, next_cursor};
use crate::Context;
use crate::config::DEFAULT_INLINE_BYTES;

/// The envelope of a session that is done: as text, whatever format was asked
/// for, and without the numbers of rows, which are not on record.
///
/// # Errors
/// `unavailable` when the recording cannot be read.
pub(crate) async fn replayed(context: &Context, session: Session) -> Result<Envelope, Refusal> {
    let page = context
        .store()
        .read_recording(session.id, 0, DEFAULT_INLINE_BYTES as u64)
        .await
        .map_err(|error| context.refuse(error))?;
    let (status, output_status) = match session.outcome {
        Some(SessionOutcome::Success) => (RunStatus::Completed, OutputStatus::Success),
        Some(SessionOutcome::Blocked) => (RunStatus::Failed, OutputStatus::Blocked),
        _ => (RunStatus::Failed, OutputStatus::Failed),
    };
    // What never reached its target has said nothing: its answer is why.
    let unsaid = session.failure.as_ref().filter(|_| page.text.is_empty());
    let output = unsaid.map_or(page.text, |failure| failure.message.clone());
    let ran = session.ended_at.zip(session.started_at);
    let masked = session.metrics.data_masking;
    Ok(Envelope {
        output: Some(output),
        output_status: Some(output_status),
        truncated: Some(page.next.is_some()),
        output_bytes: Some(session.metrics.event_size.max(page.total_bytes)),
        next_cursor: page.next.map(|offset| next_cursor(session.id, offset)),
        execution_time_ms: ran.map(|(end, start)| (end.micros() - start.micros()) / 1000),
        exit_code: session.exit_code,
        has_review: Some(session.review.is_some()),
        row_count: Some(None),
        affected_rows: Some(None),
        masking: Some(Masking {
            total: masked.total_redact_count,
            by_type: masked.info_types,
        }),
        failure: session.failure,
        idempotent_replay: Some(true),
        ..Envelope::head(status, session.id, &session.connection)
    })
}
