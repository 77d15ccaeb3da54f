//! What a caller is told when the answer is no: a stable code and a sentence.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The closed list of error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Code {
    /// No caller context.
    Unauthorized,
    /// An administrator's tool was asked for by somebody else.
    AdminRequired,
    /// An administrator's or auditor's tool was asked for by somebody else.
    AuditorRequired,
    /// Role or setting forbids this action on a visible object.
    Forbidden,
    /// The object is unknown or not visible to the caller.
    NotFound,
    /// The connection is unknown or not visible to the caller.
    ConnectionNotFound,
    /// A schema or value was refused.
    InvalidArgument,
    /// The name is taken.
    AlreadyExists,
    /// Version mismatch, reused idempotency key, still in use, or policy changed.
    Conflict,
    /// The object is owned by an agent, bundle or profile.
    Managed,
    /// A built-in object.
    Protected,
    /// The transition is not allowed from the current status.
    WrongState,
    /// The requester tries to approve.
    SelfApproval,
    /// The caller may not decide this review.
    NotEligible,
    /// Execution was asked while the review is not approved.
    NotApproved,
    /// Outside the time window.
    WindowClosed,
    /// The review, grant or approval expired.
    Expired,
    /// Too many calls, or the review is being executed.
    Busy,
    /// The connection type, subtype or option is not supported.
    Unsupported,
    /// A schema tool was used on something that is no database.
    NotADatabase,
    /// The time limit of the tool or run passed.
    Timeout,
    /// The agent of the connection is not connected.
    AgentOffline,
    /// A guardrail refused input or output.
    GuardrailBlocked,
    /// Risk analysis refused.
    AnalyzerBlocked,
    /// Target, provider or store not reachable, or masking could not be applied.
    Unavailable,
    /// An unexpected failure.
    Internal,
}

impl Code {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::AdminRequired => "admin_required",
            Self::AuditorRequired => "auditor_required",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::ConnectionNotFound => "connection_not_found",
            Self::InvalidArgument => "invalid_argument",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::Managed => "managed",
            Self::Protected => "protected",
            Self::WrongState => "wrong_state",
            Self::SelfApproval => "self_approval",
            Self::NotEligible => "not_eligible",
            Self::NotApproved => "not_approved",
            Self::WindowClosed => "window_closed",
            Self::Expired => "expired",
            Self::Busy => "busy",
            Self::Unsupported => "unsupported",
            Self::NotADatabase => "not_a_database",
            Self::Timeout => "timeout",
            Self::AgentOffline => "agent_offline",
            Self::GuardrailBlocked => "guardrail_blocked",
            Self::AnalyzerBlocked => "analyzer_blocked",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The caller's side of an error: never raw, never secret, always actionable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
#[schemars(inline)]
pub struct Refusal {
    /// Stable code.
    pub code: Code,
    /// One sentence for people.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Facts for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
}

impl Refusal {
    /// A refusal with a code and a sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            details: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds one fact for programs.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details
            .get_or_insert_with(Map::new)
            .insert(key.to_owned(), value.into());
        self
    }

    /// The refusal of a connection that is unknown or not visible.
    #[must_use]
    pub fn connection_not_found(reference: &str) -> Self {
        Self::new(
            Code::ConnectionNotFound,
            format!("connection {reference:?} not found or not accessible"),
        )
        .hint("list the connections you can use with connections_list")
    }

    /// The refusal of an object that is unknown or not visible.
    #[must_use]
    pub fn not_found(kind: &str, reference: &str) -> Self {
        Self::new(Code::NotFound, format!("{kind} {reference:?} not found"))
    }

    /// The refusal of one argument: where it is, what was expected.
    #[must_use]
    pub fn invalid(path: &str, expected: impl Into<String>) -> Self {
        let expected = expected.into();
        Self::new(
            Code::InvalidArgument,
            format!("{path}: expected {expected}"),
        )
        .detail("path", path)
        .detail("expected", expected)
    }

    /// Links that do not exist: `(kind, reference)` of each.
    #[must_use]
    pub fn missing(links: &[(&str, String)]) -> Self {
        let names: Vec<String> = links
            .iter()
            .map(|(kind, name)| format!("{kind} {name:?}"))
            .collect();
        let list: Vec<Value> = links
            .iter()
            .map(|(kind, name)| json!({"kind": kind, "ref": name}))
            .collect();
        Self::new(Code::NotFound, format!("not found: {}", names.join(", ")))
            .detail("missing", list)
    }

    /// A version that is not the stored one.
    #[must_use]
    pub fn version_conflict(current: i64) -> Self {
        Self::new(Code::Conflict, "the object was changed by somebody else")
            .hint("read it again and repeat the change")
            .detail("current_version", current)
    }
}
