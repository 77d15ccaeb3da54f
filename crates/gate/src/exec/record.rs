//! The session of a run: on file before anything is decided, closed after
//! everything is said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    Code, DataMasking, Failure, Finish, Hit, Id as _, IdentityType, Masking, Metrics, OutputStatus,
    Refusal, Session, SessionClient, SessionId, SessionOutcome, SessionStatus, Timestamp,
};
use serde_json::{Map, Value};
use store::{OrgStore, Recorder, RecordingTail};
use tokio::runtime;

use super::access::Admitted;
use super::envelope::{Envelope, RunStatus};
use super::runs::Handle;
use super::{Blocked, Case};
use crate::audit::AuditDraft;
use crate::{Context, Gate, idempotency};

/// Time between two attempts to close a session that the store did not take.
const RETRY: Duration = Duration::from_secs(1);

/// The open session of one run. Dropped before it was closed, it is closed as
/// interrupted as soon as the store takes it.
pub(crate) struct Record {
    gate: Arc<Gate>,
    store: OrgStore,
    session: Box<Session>,
    audit: AuditDraft,
    handle: Arc<Handle>,
    began: Instant,
    is_closed: bool,
}

/// How a run ended, for its record.
pub(super) struct End {
    /// Exit code and the gateway's own reason.
    pub(super) finish: Finish,
    /// Outcome of the session.
    pub(super) outcome: SessionOutcome,
    /// Bytes of masked output.
    pub(super) output_bytes: u64,
    /// Whether the recording reached its limit.
    pub(super) truncated: bool,
    /// What was masked.
    pub(super) masking: Masking,
}

/// Puts a session on file.
///
/// # Errors
/// `unavailable` when it cannot be stored, `busy` when the idempotency key of
/// the call was taken over by another gateway: then nothing runs.
pub(super) async fn open(context: &Context, admitted: &Admitted) -> Result<Record, Refusal> {
    let session = new_session(context, admitted);
    idempotency::attach(context, session.id).await?;
    let mut record = Record {
        gate: Arc::clone(&context.gate),
        store: context.store(),
        session,
        audit: context.audit.clone(),
        handle: Handle::new(),
        began: Instant::now(),
        // A session that was not answered as stored may be stored all the same:
        // the keeper of the house closes it then.
        is_closed: true,
    };
    let opened = record
        .store
        .open_session(&record.session, &admitted.case().ask.input);
    opened.await.map_err(|error| context.refuse(error))?;
    record.is_closed = false;
    context.audit.touch(record.session.id);
    let _ = context.on_record.set(());
    Ok(record)
}

impl Record {
    /// Identifier of the session.
    pub(super) const fn id(&self) -> SessionId {
        self.session.id
    }

    /// Name of the connection.
    pub(super) fn connection_name(&self) -> &str {
        &self.session.connection
    }

    /// Reaches the run from outside.
    pub(super) const fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// Moment at which the session began.
    pub(super) const fn began(&self) -> Instant {
        self.began
    }

    /// The gateway.
    pub(super) const fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// The store of the organization.
    pub(super) const fn store(&self) -> &OrgStore {
        &self.store
    }

    /// Records what the run says.
    pub(super) fn recorder(&self, limit: u64) -> Recorder {
        self.store.recorder(self.session.id, limit)
    }

    /// Closes the session; the answer may go out only after this.
    ///
    /// # Errors
    /// `unavailable` when it cannot be stored: then nothing is answered.
    pub(super) async fn close(
        mut self,
        end: End,
        tail: Option<RecordingTail>,
    ) -> Result<(), Refusal> {
        let now = self.gate.clock.now();
        self.fill(end, now);
        let attached = self.handle.finish();
        let audit = attached.then(|| self.audit.take("ok", now)).flatten();
        let id = self.session.id;
        let closing = self
            .store
            .close_session(&self.session, tail, audit.as_ref());
        let closed = closing.await;
        self.is_closed = closed.is_ok();
        if let (Err(_), Some(row)) = (&closed, audit) {
            self.audit.give_back(row);
        }
        self.gate.store.bus().publish(id.uuid());
        closed.map_err(|error| self.gate.refuse(error))
    }

    /// Notes guardrails that matched.
    pub(super) fn note(&mut self, hits: &[Hit]) {
        let told = hits
            .iter()
            .filter_map(|hit| match serde_json::to_value(hit) {
                Ok(Value::Object(told)) => Some(told),
                _ => None,
            });
        self.session.guardrails_info.extend(told);
    }

    /// The guardrails that matched so far; `None` without any.
    pub(super) fn guardrails(&self) -> Option<Vec<Map<String, Value>>> {
        let told = &self.session.guardrails_info;
        (!told.is_empty()).then(|| told.clone())
    }

    /// Closes a session that policy blocked before the target was touched.
    ///
    /// # Errors
    /// As [`Record::close`].
    pub(super) async fn close_blocked(mut self, blocked: Blocked) -> Result<Envelope, Refusal> {
        let Blocked { failure, hits } = blocked;
        self.note(&hits);
        let mut envelope = self.ended_envelope(&failure.message, OutputStatus::Blocked);
        envelope.exit_code = Some(Finish::BLOCKED);
        envelope.failure = Some(failure.clone());
        let end = End {
            finish: Finish {
                exit_code: Finish::BLOCKED,
                failure: Some(failure),
            },
            outcome: SessionOutcome::Blocked,
            output_bytes: 0,
            truncated: false,
            masking: Masking::default(),
        };
        self.close(end, None).await?;
        Ok(envelope)
    }

    /// The envelope of a run that ended without any output of its target.
    pub(super) fn ended_envelope(&self, output: &str, output_status: OutputStatus) -> Envelope {
        Envelope {
            output: Some(output.to_owned()),
            output_status: Some(output_status),
            truncated: Some(false),
            output_bytes: Some(0),
            execution_time_ms: Some(self.elapsed_ms()),
            exit_code: Some(Finish::NEVER_RAN),
            has_review: Some(false),
            row_count: Some(None),
            affected_rows: Some(None),
            masking: Some(Masking::default()),
            guardrails: self.guardrails(),
            ..Envelope::head(RunStatus::Failed, self.session.id, &self.session.connection)
        }
    }

    /// Milliseconds since the session began.
    pub(super) fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn fill(&mut self, end: End, now: Timestamp) {
        let session = &mut self.session;
        session.status = SessionStatus::Done;
        session.outcome = Some(end.outcome);
        session.ended_at = Some(now);
        session.exit_code = Some(end.finish.exit_code);
        session.failure = end.finish.failure;
        session.metrics = Metrics {
            event_size: end.output_bytes,
            truncated: end.truncated,
            data_masking: DataMasking {
                total_redact_count: end.masking.total,
                info_types: end.masking.by_type,
                ..DataMasking::default()
            },
        };
        session.version += 1;
        session.updated_at = now;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Without a runtime the process is at its end, and the next start closes
        // the session.
        if let (false, Ok(tasks)) = (self.is_closed, runtime::Handle::try_current()) {
            let session = interrupted(&self.session, self.gate.clock.now());
            tasks.spawn(close_later(
                Arc::clone(&self.gate),
                self.store.clone(),
                session,
            ));
        }
    }
}

/// The session as the end of its run could not be recorded.
fn interrupted(session: &Session, now: Timestamp) -> Session {
    let mut session = session.clone();
    if session.status != SessionStatus::Done {
        session.version += 1;
    }
    session.status = SessionStatus::Done;
    session.outcome = Some(SessionOutcome::Interrupted);
    session.exit_code = Some(Finish::NEVER_RAN);
    session.failure = Some(Failure::new(
        Code::Unavailable,
        "the end of the run could not be recorded",
    ));
    session.ended_at = Some(now);
    session.updated_at = now;
    session
}

/// Closes a session as soon as the store takes it again: no session may stay
/// open.
async fn close_later(gate: Arc<Gate>, store: OrgStore, session: Session) {
    loop {
        match store.close_session(&session, None, None).await {
            Err(store::Error::Unavailable(_)) => tokio::time::sleep(RETRY).await,
            Err(error) => {
                tracing::error!(session_id = %session.id, %error, "a session could not be closed");
                return;
            }
            Ok(()) => return gate.store.bus().publish(session.id.uuid()),
        }
    }
}

fn new_session(context: &Context, admitted: &Admitted) -> Box<Session> {
    let Case {
        connection, ask, ..
    } = admitted.case();
    let (caller, call) = (&context.caller, &context.call);
    let now = context.gate.clock.now();
    let client = call.client.as_ref().map(|client| SessionClient {
        name: client.name.clone(),
        version: client.version.clone(),
        is_agent_credential: caller.is_agent,
    });
    Box::new(Session {
        id: SessionId::new(&*context.gate.clock),
        connection: connection.name.clone(),
        connection_id: connection.id.to_string(),
        connection_type: connection.kind,
        connection_subtype: connection.subtype.clone(),
        connection_tags: connection.tags.clone(),
        user_id: caller.id.to_string(),
        user_email: caller.email.clone(),
        user_name: caller.name.clone(),
        identity_type: if caller.is_machine {
            IdentityType::Machine
        } else {
            IdentityType::User
        },
        status: SessionStatus::Open,
        outcome: None,
        verb: ask.verb,
        origin: call.origin,
        client,
        database: ask.database.clone(),
        reason: ask.reason.clone(),
        executed_by: None,
        started_at: Some(now),
        ended_at: None,
        exit_code: None,
        failure: None,
        session_batch_id: None,
        correlation_id: call.correlation_id.clone(),
        labels: serde_json::Map::new(),
        metadata: ask.metadata.clone(),
        integrations_metadata: serde_json::Map::new(),
        metrics: Metrics::default(),
        review: None,
        ai_analysis: None,
        guardrails_info: Vec::new(),
        version: 1,
        created_at: now,
        updated_at: now,
    })
}
