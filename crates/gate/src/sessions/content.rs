//! `sessions_get_content`.

use model::{Refusal, Role, Scope, Session, SessionId, SessionOutcome, SessionStatus, Verb};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::DEFAULT_INLINE_BYTES;
use crate::{Context, Hints, Operation, exec};

/// A recording that reached its limit ends between characters: up to this many
/// bytes before it.
const CHARACTER: u64 = 4;

/// Reads what was asked and what was said, as recorded: the exact input and the
/// masked output, page by page. A running session shows output up to a second
/// old.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SessionsGetContent {
    /// Id of the session.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// Include the input.
    #[serde(default)]
    #[schemars(extend("default" = true))]
    include_input: Option<bool>,
    /// Include the output.
    #[serde(default)]
    #[schemars(extend("default" = true))]
    include_output: Option<bool>,
    /// `next_cursor` of the page before, or of `exec`.
    #[serde(default)]
    #[schemars(length(max = 512))]
    cursor: Option<String>,
    /// Most bytes of output on this page.
    #[serde(default)]
    #[schemars(range(min = 1024, max = 1_048_576), extend("default" = 65_536))]
    max_output_bytes: Option<u64>,
}

/// Recorded input and output of a session.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Content {
    id: SessionId,
    connection: String,
    status: SessionStatus,
    outcome: Option<SessionOutcome>,
    verb: Verb,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    /// Bytes of output recorded so far.
    output_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    exit_code: Option<i32>,
    /// Whether the session has ended and this is its last page.
    #[serde(rename = "final")]
    is_final: bool,
    /// Whether the recording reached its limit.
    truncated: bool,
}

impl Operation for SessionsGetContent {
    const NAME: &'static str = "sessions_get_content";
    const TITLE: &'static str = "Read a session";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Content;

    async fn run(self, context: &Context) -> Result<Content, Refusal> {
        let session = super::find(context, &self.id).await?;
        let from = match &self.cursor {
            None => 0,
            Some(cursor) => exec::read_cursor(session.id, cursor)?,
        };
        let input = match self.include_input {
            Some(false) => None,
            Some(true) | None => Some(
                context
                    .store()
                    .session_input(session.id)
                    .await
                    .map_err(|error| context.refuse(error))?
                    .unwrap_or_default(),
            ),
        };
        let bytes = self.max_output_bytes.unwrap_or(DEFAULT_INLINE_BYTES as u64);
        let page = output_page(context, &session, from, bytes).await?;
        let wanted = self.include_output != Some(false);
        Ok(Content {
            id: session.id,
            connection: session.connection,
            status: session.status,
            outcome: session.outcome,
            verb: session.verb,
            input,
            is_final: session.status == SessionStatus::Done
                && (page.next_cursor.is_none() || !wanted),
            output: wanted.then_some(page.text),
            output_bytes: page.total_bytes,
            next_cursor: page.next_cursor.filter(|_| wanted),
            exit_code: session.exit_code,
            truncated: session.metrics.truncated
                || session.status == SessionStatus::Open
                    && page.total_bytes.saturating_add(CHARACTER) > context.max_recording_bytes(),
        })
    }
}

/// One page of recorded output.
pub(super) struct OutputPage {
    pub(super) text: String,
    pub(super) total_bytes: u64,
    pub(super) next_cursor: Option<String>,
}

/// Reads output from byte `from` on. A session that still runs always has a
/// next page, so that its reader can come back for what is said later.
pub(super) async fn output_page(
    context: &Context,
    session: &Session,
    from: u64,
    bytes: u64,
) -> Result<OutputPage, Refusal> {
    let page = context
        .store()
        .read_recording(session.id, from, bytes)
        .await
        .map_err(|error| context.refuse(error))?;
    let end = from.saturating_add(page.text.len() as u64);
    let next = match (page.next, session.status) {
        (Some(next), _) => Some(next),
        (None, SessionStatus::Done) => None,
        (None, SessionStatus::Open | SessionStatus::Pending | SessionStatus::Ready) => Some(end),
    };
    Ok(OutputPage {
        text: page.text,
        total_bytes: page.total_bytes,
        next_cursor: next.map(|offset| exec::next_cursor(session.id, offset)),
    })
}
