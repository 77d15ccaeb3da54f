//! Idempotency keys: within 24 hours the same key by the same caller on the
//! same operation answers the first outcome and never runs twice.

use std::future::Future;
use std::time::Duration;

use model::{Code, Id as _, Refusal, Session, SessionId, SessionStatus};
use serde_json::Value;
use serde_json::value::RawValue;
use store::{CallKey, Claim};
use uuid::Uuid;

use crate::{Context, Entry, exec};

/// How long a repeat waits for the first call to end: longer than an `exec` may
/// wait for its run, shorter than many clients wait for an answer.
const PATIENCE: Duration = Duration::from_secs(55);

/// How long the outcome of a first call may come after the end of its session.
const GRACE: Duration = Duration::from_secs(2);

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
    ///
    /// # Errors
    /// `internal` when the master key cannot be used.
    pub(crate) fn of(
        context: &Context,
        entry: &Entry,
        arguments: &Value,
    ) -> Result<Option<Self>, Refusal> {
        let key = arguments.get("idempotency_key").and_then(Value::as_str);
        let Some(key) = key.filter(|_| entry.takes_idempotency_key) else {
            return Ok(None);
        };
        // `Value` keeps object keys sorted, so equal arguments have equal text.
        let digest = context.store().args_digest(&arguments.to_string());
        Ok(Some(Self {
            operation: entry.name,
            key: key.to_owned(),
            digest: digest.map_err(|error| context.refuse(error))?,
        }))
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
    match join(context, &key, &digest).await? {
        Claim::Fresh => first(context, &key, call).await,
        Claim::Replay(outcome) => replay(context, &outcome),
        Claim::Abandoned { session } => recorded(context, session).await,
        Claim::InFlight { .. } => Err(still_running()),
        Claim::Mismatch => Err(Refusal::new(
            Code::Conflict,
            "the idempotency key was used with other arguments",
        )),
    }
}

/// Claims the key, waiting while its first call runs. A session that is done and
/// whose outcome does not come counts as abandoned: the outcome could not be
/// stored, and its record tells it.
async fn join(context: &Context, key: &CallKey, digest: &str) -> Result<Claim, Refusal> {
    let (store, bus) = (context.store(), context.gate.store.bus());
    // Watching before looking: an end between the two is not missed.
    let mut settled = bus.watch(wake_up(key));
    let over = async {
        tokio::select! {
            () = context.call.cancel.cancelled() => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
    };
    tokio::pin!(over);
    let mut is_late = false;
    loop {
        let claim = store.claim(key, digest).await;
        let session = match claim.map_err(|error| context.refuse(error))? {
            Claim::InFlight { session } => session,
            claim => return Ok(claim),
        };
        let mut moved = session.map(|id| bus.watch(id.uuid()));
        let ended = match session {
            Some(id) => done(context, id).await?.map(|session| session.id),
            None => None,
        };
        if let Some(session) = ended.filter(|_| is_late) {
            return Ok(Claim::Abandoned { session });
        }
        let moved = async {
            match &mut moved {
                Some(watch) => watch.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut over => return Err(still_running()),
            () = settled.changed() => {}
            () = moved, if ended.is_none() => {}
            () = tokio::time::sleep(GRACE), if ended.is_some() => is_late = true,
        }
    }
}

/// Notes the session of a call that runs under a key.
///
/// # Errors
/// `busy` when another gateway has taken the key over, because this one seemed
/// to be gone: the call must not run then.
pub(crate) async fn attach(context: &Context, session: SessionId) -> Result<(), Refusal> {
    let Some(key) = context.claim.get() else {
        return Ok(());
    };
    let attached = context.store().attach(key, session).await;
    match attached.map_err(|error| context.refuse(error))? {
        true => Ok(()),
        false => Err(still_running()),
    }
}

async fn first(
    context: &Context,
    key: &CallKey,
    call: impl Future<Output = Result<Box<RawValue>, Refusal>>,
) -> Result<Box<RawValue>, Refusal> {
    let store = context.store();
    let _ = context.claim.set(key.clone());
    // Who has gone while waiting does not become the one that runs.
    let answer = match context.call.cancel.is_cancelled() {
        true => Err(still_running()),
        false => call.await,
    };
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
    let session = value.get("session_id").and_then(Value::as_str);
    if let Some(session) = session.and_then(SessionId::parse) {
        context.audit.touch(session);
    }
    value.insert("idempotent_replay".into(), Value::Bool(true));
    serde_json::value::to_raw_value(&value).map_err(unreadable)
}

/// A session when it is done.
async fn done(context: &Context, id: SessionId) -> Result<Option<Session>, Refusal> {
    let session = context.store().session(id).await;
    let session = session.map_err(|error| context.refuse(error))?;
    Ok(session.filter(|session| session.status == SessionStatus::Done))
}

/// The outcome of a first call that could not be stored, from its record.
async fn recorded(context: &Context, id: SessionId) -> Result<Box<RawValue>, Refusal> {
    context.audit.touch(id);
    if let Some(session) = done(context, id).await? {
        let envelope = exec::replayed(context, session).await?;
        return serde_json::value::to_raw_value(&envelope)
            .map_err(|error| context.fault("an answer could not be written as JSON", &error));
    }
    Err(Refusal::new(
        Code::Conflict,
        "the gateway stopped during the first call with this idempotency key",
    )
    .hint("wait for it with sessions_wait")
    .detail("session_id", id.to_string()))
}
