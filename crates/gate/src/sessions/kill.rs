//! `sessions_kill`.

use std::time::Duration;

use model::{Code, Id as _, Refusal, Role, Scope, SessionId, SessionOutcome, SessionStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exec::Ending;
use crate::{Context, Hints, Operation};

/// How long the answer waits for the end of the run.
const CONFIRM: Duration = Duration::from_secs(5);

/// Ends a session: cancels its run at the target. Waits up to 5 seconds for the
/// end; `killed: false` means requested and not confirmed yet.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SessionsKill {
    /// Id of the session.
    #[schemars(length(min = 1, max = 254))]
    id: String,
    /// Why.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
}

/// A session after killing.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Killed {
    id: SessionId,
    status: SessionStatus,
    outcome: Option<SessionOutcome>,
    /// Whether the end is confirmed.
    killed: bool,
    version: i64,
}

impl Operation for SessionsKill {
    const NAME: &'static str = "sessions_kill";
    const TITLE: &'static str = "Kill a session";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Exec;
    const HINTS: Hints = Hints::new(false, true, true, true);
    type Output = Killed;

    async fn run(self, context: &Context) -> Result<Killed, Refusal> {
        let session = super::find(context, &self.id).await?;
        let owner = session.user_id == context.caller.id.to_string();
        if !owner && !context.caller.is_admin {
            return Err(Refusal::new(
                Code::Forbidden,
                "only its owner or an administrator may kill a session",
            ));
        }
        if session.status == SessionStatus::Done {
            return Err(Refusal::new(Code::WrongState, "the session has ended")
                .detail("status", session.status.as_str()));
        }
        context
            .gate
            .runs
            .explain(session.id, self.reason.as_deref());
        let mut watch = context.gate.store.bus().watch(session.id.uuid());
        end(context, session.id, self.reason.as_deref()).await?;
        let ended = async {
            loop {
                let now = super::find(context, &self.id).await?;
                if now.status == SessionStatus::Done {
                    return Ok::<_, Refusal>(now);
                }
                watch.changed().await;
            }
        };
        let after = match tokio::time::timeout(CONFIRM, ended).await {
            Ok(after) => after?,
            Err(_) => super::find(context, &self.id).await?,
        };
        Ok(Killed {
            id: after.id,
            killed: after.status == SessionStatus::Done,
            status: after.status,
            outcome: after.outcome,
            version: after.version,
        })
    }
}

/// Asks for the end of a run, wherever it is: here at once, elsewhere through
/// the store and the bus.
async fn end(context: &Context, session: SessionId, reason: Option<&str>) -> Result<(), Refusal> {
    if !context.gate.runs.end(session, Ending::Killed) {
        context
            .store()
            .request_cancel(session, reason)
            .await
            .map_err(|error| context.refuse(error))?;
        context.gate.store.bus().publish(session.uuid());
    }
    Ok(())
}

/// Tells a run, wherever it is, that its end was asked for in the store.
pub(crate) fn wake(context: &Context, session: SessionId) {
    if !context.gate.runs.end(session, Ending::Killed) {
        context.gate.store.bus().publish(session.uuid());
    }
}
