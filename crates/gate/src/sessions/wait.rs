//! `sessions_wait`, and how long a wait tool waits.

use std::time::{Duration, Instant};

use model::{Id as _, Refusal, Role, Scope, Session, SessionStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::output_page;
use crate::config::{DEFAULT_INLINE_BYTES, MAX_WAIT_SECONDS};
use crate::{Call, Context, Hints, Operation};

/// Wait when the caller names no time, in seconds.
const DEFAULT_WAIT: u32 = 60;

/// Longest wait of a client that sees no progress: many give up after 60
/// seconds of silence.
const SILENT_WAIT: u32 = 55;

/// Waits for a session to end. Returns at once when it has; call again on
/// `timed_out: true`.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SessionsWait {
    /// Id of the session.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// Longest wait; 2 to 300 seconds, other values are moved into that range.
    #[serde(default)]
    #[schemars(extend("default" = 60))]
    timeout_seconds: Option<i64>,
    /// Include the first page of its output.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    include_output: Option<bool>,
    /// Most bytes of output.
    #[serde(default)]
    #[schemars(range(min = 1024, max = 1_048_576), extend("default" = 65_536))]
    max_output_bytes: Option<u64>,
}

/// A session after waiting.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Waited {
    #[serde(flatten)]
    session: Session,
    /// Whether it goes on: call again.
    timed_out: bool,
    waited_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<String>,
}

impl Operation for SessionsWait {
    const NAME: &'static str = "sessions_wait";
    const TITLE: &'static str = "Wait for a session";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    const WAITS: bool = true;
    type Output = Waited;

    async fn run(self, context: &Context) -> Result<Waited, Refusal> {
        let began = Instant::now();
        let limit = patience(&context.call, self.timeout_seconds);
        // Watching before looking: an end between the two is not missed.
        let first = super::find(context, &self.id).await?;
        let mut watch = context.gate.store.bus().watch(first.id.uuid());
        let mut session = super::find(context, &self.id).await?;
        let over = tokio::time::sleep(limit);
        tokio::pin!(over);
        let timed_out = loop {
            match session.status {
                SessionStatus::Open => {}
                SessionStatus::Done | SessionStatus::Pending | SessionStatus::Ready => break false,
            }
            context.call.progress.say("running");
            tokio::select! {
                () = watch.changed() => session = super::find(context, &self.id).await?,
                () = &mut over => {
                    // A wake-up can get lost, what is on record cannot.
                    session = super::find(context, &self.id).await?;
                    break session.status == SessionStatus::Open;
                }
                () = context.call.cancel.cancelled() => break true,
            }
        };
        let page = match self.include_output {
            Some(true) => {
                let bytes = self.max_output_bytes.unwrap_or(DEFAULT_INLINE_BYTES as u64);
                Some(output_page(context, &session, 0, bytes).await?)
            }
            Some(false) | None => None,
        };
        let (output, output_bytes, next_cursor) = match page {
            Some(page) => (Some(page.text), Some(page.total_bytes), page.next_cursor),
            None => (None, None, None),
        };
        Ok(Waited {
            next_step: next_step(&session, timed_out),
            session,
            timed_out,
            waited_seconds: began.elapsed().as_secs(),
            output,
            output_bytes,
            next_cursor,
        })
    }
}

fn next_step(session: &Session, timed_out: bool) -> Option<String> {
    match session.status {
        SessionStatus::Open if timed_out => Some("call sessions_wait again".into()),
        SessionStatus::Pending => Some("it waits for approval: call reviews_wait".into()),
        SessionStatus::Ready => Some("it is approved: call reviews_execute".into()),
        SessionStatus::Open | SessionStatus::Done => None,
    }
}

/// How long a wait tool waits: absent or 0 and less is 60 seconds, otherwise 2
/// to 300; at most 55 when the client sees no progress.
pub(crate) fn patience(call: &Call, asked: Option<i64>) -> Duration {
    let asked = asked
        .filter(|seconds| *seconds > 0)
        .unwrap_or(i64::from(DEFAULT_WAIT));
    let seconds = u32::try_from(asked)
        .unwrap_or(u32::MAX)
        .clamp(2, MAX_WAIT_SECONDS);
    call.progress.limit(seconds);
    let seconds = if call.progress.is_shown() {
        seconds
    } else {
        seconds.min(SILENT_WAIT)
    };
    Duration::from_secs(u64::from(seconds))
}
