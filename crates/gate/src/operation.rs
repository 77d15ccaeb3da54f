//! An operation: its input, the role and scope it needs, its output and `run`.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use model::{Caller, Refusal, Role, Scope, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{CallKey, OrgStore};

use crate::audit::AuditDraft;
use crate::{Call, Gate};

/// Everything a caller can ask for. The struct is the input; its doc comment is
/// the description that tools and the REST document show.
pub trait Operation: DeserializeOwned + JsonSchema + Send + 'static {
    /// Name of the tool, for instance `connections_list`.
    const NAME: &'static str;
    /// Title for people.
    const TITLE: &'static str;
    /// Role the caller needs.
    const ROLE: Role;
    /// Scope the credential needs.
    const SCOPE: Scope;
    /// Honest hints for clients.
    const HINTS: Hints;
    /// Whether it takes an `idempotency_key`.
    const IDEMPOTENCY: bool = false;
    /// Whether every argument that does not fit is told, and not the first alone: for
    /// arguments that somebody wrote as a whole.
    const EVERY_MISTAKE: bool = false;
    /// Whether it only waits; waits do not count against a caller's calls in flight.
    const WAITS: bool = false;

    /// The answer.
    type Output: Serialize + JsonSchema + Send;

    /// Scope that these very arguments need.
    fn scope(&self) -> Scope {
        Self::SCOPE
    }

    /// Does it.
    ///
    /// # Errors
    /// A [`Refusal`] that the caller can act on; faults of our own have been
    /// logged and turned into `unavailable` or `internal`.
    fn run(self, context: &Context) -> impl Future<Output = Result<Self::Output, Refusal>> + Send;
}

/// Annotations of a tool in the words of MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints {
    /// Changes nothing.
    pub read_only: bool,
    /// May destroy something.
    pub destructive: bool,
    /// Twice is the same as once.
    pub idempotent: bool,
    /// Reaches outside the gateway.
    pub open_world: bool,
}

impl Hints {
    /// Reads the gateway's own records.
    pub const READ: Self = Self::new(true, false, true, false);
    /// Makes something new.
    pub const CREATE: Self = Self::new(false, false, false, false);
    /// Replaces or removes something.
    pub const CHANGE: Self = Self::new(false, true, true, false);

    /// The hints in this order: read-only, destructive, idempotent, open world.
    #[must_use]
    pub const fn new(
        read_only: bool,
        destructive: bool,
        idempotent: bool,
        open_world: bool,
    ) -> Self {
        Self {
            read_only,
            destructive,
            idempotent,
            open_world,
        }
    }
}

/// What an operation runs in. Only the turnstile makes one.
pub struct Context {
    /// The gateway.
    pub(crate) gate: Arc<Gate>,
    /// Who asks.
    pub(crate) caller: Arc<Caller>,
    /// The call.
    pub(crate) call: Call,
    /// The audit row of the call.
    pub(crate) audit: AuditDraft,
    /// The idempotency key that this call runs under, once it is claimed.
    pub(crate) claim: OnceLock<CallKey>,
    /// Set once a session of this call is on file.
    pub(crate) on_record: OnceLock<()>,
}

impl Context {
    /// The store, limited to the caller's organization.
    pub(crate) fn store(&self) -> OrgStore {
        self.gate.store.org(self.caller.org)
    }

    /// Longest recording of one session in bytes: what the organization allows,
    /// within what the process does.
    pub(crate) fn max_recording_bytes(&self) -> u64 {
        let own = self.caller.max_recording_bytes;
        own.min(self.gate.config.max_recording_bytes)
    }

    /// The current point in time.
    pub(crate) fn now(&self) -> Timestamp {
        self.gate.clock.now()
    }
}
