//! What the caller of a run is told.

use model::{Cursor, Failure, Masking, OutputStatus, Refusal, SessionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rows::{RowColumn, RowSet};

/// The result envelope of a run, by `status`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Envelope {
    /// `completed` and `failed` have ended; `running` goes on in the
    /// background; `pending_approval` waits for people.
    pub(crate) status: RunStatus,
    /// The session on record.
    pub(crate) session_id: SessionId,
    /// Name of the connection.
    pub(crate) connection_name: String,
    /// What the target said, masked; with `format: rows` only notices and tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<String>,
    /// What became of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_status: Option<OutputStatus>,
    /// Whether the inline output was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) truncated: Option<bool>,
    /// Full size of the masked output in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_bytes: Option<u64>,
    /// Where `sessions_get_content` reads on after a cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
    /// Milliseconds from the start of the run to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution_time_ms: Option<i64>,
    /// 0 success, 1 database error, 128+n signal, -2 never ran, 254 blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i32>,
    /// Whether it ran on an approved review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) has_review: Option<bool>,
    /// Columns of the last result set, with `format: rows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) columns: Option<Vec<RowColumn>>,
    /// Rows of the last result set, with `format: rows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<Vec<Vec<Value>>>,
    /// Every result set, when there is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result_sets: Option<Vec<RowSet>>,
    /// Rows that the statements returned; null for processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row_count: Option<Option<u64>>,
    /// Rows that the statements changed; null for processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) affected_rows: Option<Option<u64>>,
    /// What was masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) masking: Option<Masking>,
    /// Guardrails that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) guardrails: Option<Vec<Map<String, Value>>>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// What is going on, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// What to call next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_step: Option<String>,
    /// This is the first outcome of the same idempotency key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotent_replay: Option<bool>,
}

/// Where a run stands, for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum RunStatus {
    /// Exit code 0 and nothing withheld.
    Completed,
    /// Ended otherwise.
    Failed,
    /// Goes on in the background.
    Running,
}

impl Envelope {
    /// An envelope with nothing but its head.
    pub(super) fn head(status: RunStatus, session_id: SessionId, connection_name: &str) -> Self {
        Self {
            status,
            session_id,
            connection_name: connection_name.to_owned(),
            output: None,
            output_status: None,
            truncated: None,
            output_bytes: None,
            next_cursor: None,
            execution_time_ms: None,
            exit_code: None,
            has_review: None,
            columns: None,
            rows: None,
            result_sets: None,
            row_count: None,
            affected_rows: None,
            masking: None,
            guardrails: None,
            failure: None,
            message: None,
            next_step: None,
            idempotent_replay: None,
        }
    }

    /// The envelope of a run that goes on in the background.
    pub(super) fn running(session_id: SessionId, connection_name: &str) -> Self {
        Self {
            message: Some("the run goes on in the background and is recorded as it runs".into()),
            next_step: Some(format!(
                "call sessions_wait with id {session_id:?} until its status is done, \
                 with include_output for what it said",
                session_id = session_id.to_string()
            )),
            ..Self::head(RunStatus::Running, session_id, connection_name)
        }
    }
}

/// A place in the recorded output of a session.
#[derive(Serialize, Deserialize)]
struct Place {
    s: SessionId,
    o: u64,
}

/// The cursor that reads a session's output on from byte `offset`.
pub(crate) fn next_cursor(session: SessionId, offset: u64) -> String {
    Cursor::write(&Place {
        s: session,
        o: offset,
    })
}

/// The byte offset of a cursor made for this very session.
///
/// # Errors
/// `invalid_argument` for any other cursor.
pub(crate) fn read_cursor(session: SessionId, cursor: &str) -> Result<u64, Refusal> {
    let place: Place = Cursor::read(cursor)?;
    if place.s == session {
        Ok(place.o)
    } else {
        Err(Refusal::invalid("/cursor", "a next_cursor of this session"))
    }
}
