//! The only way in: role, scope, calls in flight, arguments, idempotency, the
//! operation, audit. Nothing else can run an operation or make a [`Context`].

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use model::{Caller, Clock, Code, CredentialId, Refusal, Role, Scopes, SessionId, UserStatus};
use parking_lot::Mutex;
use serde_json::Value;
use serde_json::value::RawValue;
use store::{Store, TokenHash};
use tracing::Instrument as _;

use crate::audit::AuditDraft;
use crate::bodies::Bodies;
use crate::catalog::Prepared;
use crate::config::MAX_IN_FLIGHT;
use crate::databases::Databases;
use crate::exec::{Places, Runs};
use crate::hashing::Hashing;
use crate::lockout::Lockout;
use crate::policies::Policies;
use crate::policy_backtest::Backtests;
use crate::targets::Targets;
use crate::{Call, Catalog, Config, Context, Entry, figures, idempotency};

/// The gateway behind every door.
pub struct Gate {
    catalog: Catalog,
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) targets: Targets,
    pub(crate) policies: Policies,
    pub(crate) backtests: Backtests,
    pub(crate) databases: Databases,
    pub(crate) runs: Arc<Runs>,
    pub(crate) places: Arc<Places>,
    pub(crate) hashing: Hashing,
    pub(crate) lockout: Lockout,
    pub(crate) bodies: Bodies,
    in_flight: Mutex<HashMap<CredentialId, u32>>,
    join_trace: OnceLock<JoinTrace>,
}

/// Makes the span of a call part of the trace that a `traceparent` names.
pub type JoinTrace = fn(&tracing::Span, &str);

/// Why nobody was proven.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// No bearer was sent.
    #[error("missing access token")]
    Missing,
    /// The bearer is unknown, expired or revoked.
    #[error("invalid access token")]
    Invalid,
    /// The bearer is good, its account is not active.
    #[error("account is not active")]
    Inactive,
    /// The store could not be asked.
    #[error("identity cannot be checked right now")]
    Unavailable,
}

/// Why a call was not answered.
#[derive(Debug)]
pub enum Denied {
    /// The credential lacks these scopes; nothing ran.
    Scope(Scopes),
    /// The call was refused or failed.
    Refused(Refusal),
}

impl Gate {
    /// A gateway over an open store.
    ///
    /// # Errors
    /// When an operation publishes no usable schema, a fault of the build.
    pub fn new(config: Config, store: Store, clock: Arc<dyn Clock>) -> Result<Arc<Self>, String> {
        Ok(Arc::new(Self {
            catalog: crate::operations(),
            targets: Targets::new(&config),
            config,
            store,
            clock,
            policies: Policies::default(),
            backtests: Backtests::default(),
            databases: Databases::default(),
            runs: Arc::default(),
            places: Arc::default(),
            hashing: Hashing::on_every_core(),
            lockout: Lockout::default(),
            bodies: Bodies::default(),
            in_flight: Mutex::default(),
            join_trace: OnceLock::new(),
        }))
    }

    /// Every operation.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The store, for the binary that opened it.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Lets the spans of calls join the traces of their clients from now on.
    pub fn join_traces(&self, join: JoinTrace) {
        let _ = self.join_trace.set(join);
    }

    /// Number of runs of this process.
    #[must_use]
    pub fn runs_in_progress(&self) -> usize {
        self.runs.count()
    }

    /// Whether a session is a run of this process.
    #[must_use]
    pub fn is_running(&self, session: SessionId) -> bool {
        self.runs.has(session)
    }

    /// Closes sessions at targets that no run used for long. Call it now and
    /// then: a quiet gateway holds none.
    pub fn close_idle(&self) {
        self.targets.close_idle();
    }

    /// Lets runs end by themselves for `patience`, then ends the rest as
    /// interrupted; returns when every session is closed.
    pub async fn drain(&self, patience: Duration) {
        self.runs.drain(patience).await;
    }

    /// Proves the caller of one request from its bearer, without the word `Bearer`.
    ///
    /// # Errors
    /// Why nobody was proven.
    pub async fn authenticate(&self, bearer: Option<&str>) -> Result<Arc<Caller>, Unproven> {
        let token = bearer.ok_or(Unproven::Missing)?;
        if !matches!(
            identity::TokenKind::of(token),
            Some(identity::TokenKind::Login | identity::TokenKind::ApiKey)
        ) {
            return Err(Unproven::Invalid);
        }
        let found = self.store.caller_by_token(&TokenHash::of(token)).await;
        let caller = found.map_err(|error| {
            self.incident(&format!("a bearer could not be checked: {error}"));
            Unproven::Unavailable
        })?;
        let caller = caller.ok_or(Unproven::Invalid)?;
        if caller
            .credential
            .expires_at
            .is_some_and(|end| end <= self.clock.now())
        {
            return Err(Unproven::Invalid);
        }
        if caller.status == UserStatus::Active {
            Ok(caller)
        } else {
            Err(Unproven::Inactive)
        }
    }

    /// Runs one operation: role, scope, arguments, then the operation itself;
    /// counted, traced and audited. The answer is JSON of the operation's output.
    ///
    /// # Errors
    /// [`Denied::Scope`] before anything ran, otherwise the refusal.
    pub async fn call(
        self: &Arc<Self>,
        entry: &Entry,
        caller: &Arc<Caller>,
        arguments: Value,
        call: Call,
    ) -> Result<Box<RawValue>, Denied> {
        let began = Instant::now();
        let audit = AuditDraft::new(entry.name, caller, &call);
        let span =
            tracing::info_span!("call", operation = entry.name, request_id = %call.request_id);
        if let (Some(join), Some(parent)) = (self.join_trace.get(), &call.correlation_id) {
            join(&span, parent);
        }
        let context = Context {
            gate: Arc::clone(self),
            caller: Arc::clone(caller),
            call,
            audit: audit.clone(),
            claim: OnceLock::new(),
            on_record: OnceLock::new(),
        };
        let answer = self.pass(entry, &context, arguments).instrument(span).await;
        let code = match &answer {
            Ok(_) => figures::OK,
            Err(Denied::Scope(_)) => "insufficient_scope",
            Err(Denied::Refused(refusal)) => refusal.code.as_str(),
        };
        entry.figures.note(entry.name, code, began.elapsed());
        // What is answered has been stored, the row of the call included. A full
        // disk must not hide what is on it: of a read, the log keeps the row.
        if let Some(row) = audit.take(code, self.clock.now()) {
            let stored = self.store.org(caller.org).append_audit(row.clone()).await;
            match stored {
                Err(error) if entry.hints.read_only && !entry.hints.open_world => {
                    tracing::error!(?row, %error, "the audit row of a read could not be stored");
                }
                stored => stored.map_err(|error| Denied::Refused(self.refuse(error)))?,
            }
        }
        answer
    }

    async fn pass(
        self: &Arc<Self>,
        entry: &Entry,
        context: &Context,
        arguments: Value,
    ) -> Result<Box<RawValue>, Denied> {
        let caller = &context.caller;
        if !caller.has_role(entry.role) {
            return Err(Denied::Refused(role_refusal(entry.role)));
        }
        if !caller.credential.scopes.contains(entry.scope) {
            return Err(Denied::Scope(Scopes::of([entry.scope])));
        }
        let _in_flight = self.enter(entry, caller).map_err(Denied::Refused)?;
        let claim =
            idempotency::Request::of(context, entry, &arguments).map_err(Denied::Refused)?;
        let prepared = entry.prepare(arguments).map_err(Denied::Refused)?;
        if !caller.credential.scopes.contains(prepared.scope) {
            return Err(Denied::Scope(Scopes::of([entry.scope, prepared.scope])));
        }
        let answer = match claim {
            None => self.run(context, prepared).await,
            Some(request) => idempotency::once(context, request, self.run(context, prepared)).await,
        };
        answer.map_err(Denied::Refused)
    }

    /// Runs the operation; a panic in it ends this call only.
    async fn run(&self, context: &Context, prepared: Prepared) -> Result<Box<RawValue>, Refusal> {
        let answer = AssertUnwindSafe((prepared.run)(context))
            .catch_unwind()
            .await;
        answer.unwrap_or_else(|_| Err(self.internal("an operation panicked")))
    }

    fn enter(
        self: &Arc<Self>,
        entry: &Entry,
        caller: &Caller,
    ) -> Result<Option<InFlight>, Refusal> {
        if entry.waits {
            return Ok(None);
        }
        let credential = caller.credential.id;
        let mut in_flight = self.in_flight.lock();
        let count = in_flight.entry(credential).or_default();
        if *count >= MAX_IN_FLIGHT {
            return Err(
                Refusal::new(Code::Busy, format!("{MAX_IN_FLIGHT} calls are in flight"))
                    .hint("wait for one of them to end")
                    .detail("retry_after_ms", 250),
            );
        }
        *count += 1;
        Ok(Some(InFlight {
            gate: Arc::clone(self),
            credential,
        }))
    }
}

/// Counts one call until it is dropped.
struct InFlight {
    gate: Arc<Gate>,
    credential: CredentialId,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut in_flight = self.gate.in_flight.lock();
        if let Some(count) = in_flight.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                in_flight.remove(&self.credential);
            }
        }
    }
}

fn role_refusal(role: Role) -> Refusal {
    match role {
        Role::Admin => Refusal::new(Code::AdminRequired, "admin access required"),
        Role::Auditor | Role::Any => {
            Refusal::new(Code::AuditorRequired, "admin access required (or auditor)")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::{Origin, Scope, SystemClock};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use store::{CredentialOwner, MasterKey, NewCredential, StoreUrl, TokenKind};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{Hints, Operation, Progress, Surface};

    /// Falls over.
    #[derive(Deserialize, JsonSchema)]
    struct Falls {}

    #[derive(Serialize, JsonSchema)]
    struct Nothing {}

    impl Operation for Falls {
        const NAME: &'static str = "falls";
        const TITLE: &'static str = "Fall";
        const ROLE: Role = Role::Any;
        const SCOPE: Scope = Scope::Read;
        const HINTS: Hints = Hints::READ;
        type Output = Nothing;

        async fn run(self, _: &Context) -> Result<Nothing, Refusal> {
            panic!("hunter2")
        }
    }

    async fn gate(folder: &std::path::Path) -> Arc<Gate> {
        let clock = Arc::new(SystemClock);
        let config = store::Config {
            url: StoreUrl::Sqlite(folder.join("state.db")),
            recordings: format!("file:{}", folder.join("recordings").display()),
            recording_options: BTreeMap::new(),
            key: MasterKey::from_bytes([7; 32]),
        };
        let store = Store::open(config, clock.clone()).await.unwrap();
        let org = store.create_organization("default").await.unwrap();
        let new = NewCredential {
            kind: TokenKind::ApiKey,
            name: Some("key".into()),
            hash: TokenHash::of("dgk_x"),
            owner: CredentialOwner::Groups(Vec::new()),
            scopes: None,
            agent: false,
            expires_at: None,
            family: None,
        };
        store.org(org.id).create_credential(new).await.unwrap();
        let config = Config {
            version: "0".into(),
            commit: String::new(),
            public_url: "http://127.0.0.1:8009".into(),
            max_recording_bytes: 1,
            environment: Arc::new(|_| None),
            rooms: None,
            is_reaper: false,
        };
        Gate::new(config, store, clock).unwrap()
    }

    #[tokio::test]
    async fn a_panic_in_an_operation_is_an_incident_of_its_call() {
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(folder.path()).await;
        let caller = gate.authenticate(Some("dgk_x")).await.unwrap();
        let mut catalog = Catalog::new();
        catalog.add::<Falls>(Surface::Rest);
        let entry = catalog.find("falls").unwrap();
        for _ in 0..=MAX_IN_FLIGHT {
            let call = Call {
                origin: Origin::Api,
                client: None,
                address: None,
                request_id: "r".into(),
                correlation_id: None,
                cancel: CancellationToken::new(),
                progress: Progress::default(),
            };
            let answer = gate.call(entry, &caller, serde_json::json!({}), call).await;
            let Err(Denied::Refused(refusal)) = answer else {
                panic!("it fell over");
            };
            assert_eq!(refusal.code, Code::Internal, "{refusal:?}");
            let details = refusal.details.as_ref().unwrap();
            assert_eq!(details["incident_id"].as_str().unwrap().len(), 36);
            assert!(!format!("{refusal:?}").contains("hunter2"));
        }
    }
}
