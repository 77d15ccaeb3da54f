//! Idempotency keys: within 24 hours the same key by the same caller on the
//! same operation answers the first outcome and never runs twice.

use std::future::Future;
use std::time::Duration;

use model::{Code, Refusal, SessionId, SessionStatus};
use serde_json::Value;
use serde_json::value::RawValue;
use store::{CallKey, Claim};
use uuid::Uuid;

use crate::{Context, Entry};

/// How long a repeat waits for the first call to end.
const PATIENCE: Duration = Duration::from_secs(50);

/// Marks a stored outcome that is a refusal; no output has such a key.
const REFUSED: &str = "$refused";

/// A key and the arguments it was used with.
pub(crate) struct Request {
    operation: &'static str,
    key: String,
    digest: String,
}

impl Request {
    /// The request, when the operation takes a key and one is given.
    pub(crate) fn of(entry: &Entry, arguments: &Value) -> Option<Self> {
        if !entry.takes_idempotency_key {
            return None;
        }
        let key = arguments.get("idempotency_key")?.as_str()?.to_owned();
        // `Value` keeps object keys sorted, so equal arguments have equal text.
        let digest = identity::hash_token(&arguments.to_string());
        Some(Self {
            operation: entry.name,
            key,
            digest,
        })
    }

    fn key(self, context: &Context) -> (CallKey, String) {
        let key = CallKey {
            caller: context.caller.id,
            tool: self.operation.to_owned(),
            key: self.key,
        };
        (key, self.digest)
    }
}

/// Runs `call` unless it ran before.
///
/// # Errors
/// `conflict` when the key was used with other arguments, `busy` when the first
/// call still runs, and whatever the call itself refuses.
pub(crate) async fn once(
    context: &Context,
    request: Request,
    call: impl Future<Output = Result<Box<RawValue>, Refusal>>,
) -> Result<Box<RawValue>, Refusal> {
    let (key, digest) = request.key(context);
    // Watching before looking: an end between the two is not missed.
    let mut watch = context.gate.store.bus().watch(wake_up(&key));
    let joined = async {
        loop {
            let claim = context.store().claim(&key, &digest).await;
            match claim.map_err(|error| context.refuse(error))? {
                Claim::InFlight { .. } => watch.changed().await,
                settled => return Ok(settled),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, joined)
        .await
        .unwrap_or_else(|_| Err(still_running()))?
    {
        Claim::Fresh => first(context, &key, call).await,
        Claim::Replay(outcome) => replay(context, &outcome),
        Claim::Abandoned { session } => abandoned(context, session).await,
        Claim::InFlight { .. } => Err(still_running()),
        Claim::Mismatch => Err(Refusal::new(
            Code::Conflict,
            "the idempotency key was used with other arguments",
        )),
    }
}

async fn first(
    context: &Context,
    key: &CallKey,
    call: impl Future<Output = Result<Box<RawValue>, Refusal>>,
) -> Result<Box<RawValue>, Refusal> {
    let store = context.store();
    let _ = context.claim.set(key.clone());
    let answer = call.await;
    let settled = match &answer {
        Ok(outcome) => store.settle(key, outcome.get()).await,
        // A run that came on record may have reached its target: it never runs
        // again under this key, and its refusal is the outcome.
        Err(refusal) if context.on_record.get().is_some() => {
            let refused = serde_json::json!({ REFUSED: refusal });
            store.settle(key, &refused.to_string()).await
        }
        Err(_) => store.release(key).await,
    };
    context.gate.store.bus().publish(wake_up(key));
    settled.map_err(|error| context.refuse(error))?;
    answer
}

fn still_running() -> Refusal {
    Refusal::new(
        Code::Busy,
        "the first call with this idempotency key still runs",
    )
    .detail("retry_after_ms", 1000)
}

/// The id under which the end of a first call is announced.
fn wake_up(key: &CallKey) -> Uuid {
    let digest = identity::hash_token(&format!("{}\n{}\n{}", key.caller, key.tool, key.key));
    Uuid::try_parse(&digest[..32]).unwrap_or_default()
}

fn replay(context: &Context, outcome: &str) -> Result<Box<RawValue>, Refusal> {
    let unreadable =
        |error: serde_json::Error| context.fault("a stored outcome cannot be read", &error);
    let mut value: serde_json::Map<String, Value> =
        serde_json::from_str(outcome).map_err(unreadable)?;
    if let Some(refused) = value.remove(REFUSED) {
        return Err(serde_json::from_value(refused).map_err(unreadable)?);
    }
    value.insert("idempotent_replay".into(), Value::Bool(true));
    serde_json::value::to_raw_value(&value).map_err(unreadable)
}

/// The gateway that ran the first call is gone: what became of its session.
async fn abandoned(context: &Context, id: SessionId) -> Result<Box<RawValue>, Refusal> {
    let session = context
        .store()
        .session(id)
        .await
        .map_err(|error| context.refuse(error))?;
    let ended = session.is_some_and(|session| session.status == SessionStatus::Done);
    let hint = if ended {
        "read its record with sessions_get"
    } else {
        "wait for it with sessions_wait"
    };
    Err(Refusal::new(
        Code::Conflict,
        "the gateway stopped during the first call with this idempotency key",
    )
    .hint(hint)
    .detail("session_id", id.to_string()))
}
