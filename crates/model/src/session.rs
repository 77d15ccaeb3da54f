//! Sessions: the record of what was asked, what was decided and what happened.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ConnectionType, Failure, Origin, SessionId, Timestamp, Verb};

/// A session, as tools show one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Session {
    /// Identifier.
    pub id: SessionId,
    /// Name of the connection when the session began.
    pub connection: String,
    /// Id of the connection.
    pub connection_id: String,
    /// Kind of target when the session began.
    pub connection_type: ConnectionType,
    /// Product of the target when the session began.
    pub connection_subtype: String,
    /// Tags of the connection when the session began.
    pub connection_tags: BTreeMap<String, String>,
    /// Who asked: user id, or key id of a machine identity.
    pub user_id: String,
    /// E-mail of who asked.
    pub user_email: String,
    /// Name of who asked.
    pub user_name: String,
    /// Person or machine.
    pub identity_type: IdentityType,
    /// Where it stands.
    pub status: SessionStatus,
    /// How it ended; null until it has.
    pub outcome: Option<SessionOutcome>,
    /// Kind of access.
    pub verb: Verb,
    /// The door it came through.
    pub origin: Origin,
    /// The program that asked.
    pub client: Option<SessionClient>,
    /// Database it ran in, when one was named.
    pub database: Option<String>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// Who ran it, when not the one who asked.
    pub executed_by: Option<Person>,
    /// When the run at the target began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Exit code of the run.
    pub exit_code: Option<i32>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Common id of a batch.
    pub session_batch_id: Option<String>,
    /// Trace context of the client's request, a `traceparent`.
    pub correlation_id: Option<String>,
    /// Labels set by the gateway.
    pub labels: Map<String, Value>,
    /// Labels set by the caller.
    pub metadata: Map<String, Value>,
    /// Facts of outside systems.
    pub integrations_metadata: Map<String, Value>,
    /// Figures.
    pub metrics: Metrics,
    /// The review it waits for or ran on.
    pub review: Option<Map<String, Value>>,
    /// Risk analysis.
    pub ai_analysis: Option<Map<String, Value>>,
    /// Guardrails that matched.
    pub guardrails_info: Vec<Map<String, Value>>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A word-valued enum with its text on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word on the wire.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// Where a session stands.
    SessionStatus {
        /// Being checked or running.
        Open = "open",
        /// Waiting for approval.
        Pending = "pending",
        /// Approved, not started; or a valid grant.
        Ready = "ready",
        /// Ended.
        Done = "done",
    }
}

words! {
    /// How a session ended.
    SessionOutcome {
        /// Completed.
        Success = "success",
        /// Non-zero exit, target error, agent offline, timeout.
        Failed = "failed",
        /// Access mode, guardrail, analyzer or masking refused.
        Blocked = "blocked",
        /// The review was rejected.
        Rejected = "rejected",
        /// The approval was revoked.
        Revoked = "revoked",
        /// The review or approval lapsed.
        Expired = "expired",
        /// Ended by kill, cancellation or deletion of the connection.
        Killed = "killed",
        /// Gateway or agent stopped during the run.
        Interrupted = "interrupted",
    }
}

words! {
    /// Person or machine.
    IdentityType {
        /// A person.
        User = "user",
        /// A key with groups of its own.
        Machine = "machine",
    }
}

impl SessionStatus {
    /// Whether a session may move from this status to `next`.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Open, Self::Pending | Self::Ready | Self::Done)
                | (Self::Pending, Self::Ready | Self::Done)
                | (Self::Ready, Self::Open | Self::Done)
        )
    }
}

/// The program that asked for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct SessionClient {
    /// Name of the program.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether the credential was marked `agent`.
    pub is_agent_credential: bool,
}

/// A person in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Person {
    /// User id.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail.
    pub email: String,
}

/// Figures of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Metrics {
    /// Bytes of masked output.
    pub event_size: u64,
    /// Whether the recording reached its limit.
    pub truncated: bool,
    /// What was masked.
    pub data_masking: DataMasking,
}

/// What was masked in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct DataMasking {
    /// Values by entity type.
    pub info_types: BTreeMap<String, u64>,
    /// Values in all.
    pub total_redact_count: u64,
    /// Bytes that were replaced.
    pub transformed_bytes: u64,
    /// Values that could not be masked and were withheld.
    pub err_count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_the_end() {
        for next in [
            SessionStatus::Open,
            SessionStatus::Pending,
            SessionStatus::Ready,
        ] {
            assert!(!SessionStatus::Done.may_become(next));
        }
        assert!(SessionStatus::Open.may_become(SessionStatus::Done));
        assert!(!SessionStatus::Open.may_become(SessionStatus::Open));
    }
}
