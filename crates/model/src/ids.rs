//! Typed identifiers: one type per noun, so that one is never taken for another.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Uuid};

use crate::Clock;

/// What every identifier offers.
pub trait Id: Copy + Eq + fmt::Display + Sized {
    /// A fresh version 7 identifier (RFC 9562): sortable by the time it was made.
    fn new(clock: &dyn Clock) -> Self;

    /// Reads the hyphenated form; `None` when the text is no UUID.
    fn parse(text: &str) -> Option<Self>;

    /// The plain UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID read from the store.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl Id for $name {
            fn new(clock: &dyn Clock) -> Self {
                Self(fresh(clock))
            }

            fn parse(text: &str) -> Option<Self> {
                Uuid::from_str(text).ok().map(Self)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )+};
}

ids! {
    /// An organization.
    OrgId,
    /// A person.
    UserId,
    /// A user group.
    GroupId,
    /// A login token, an API key or another credential.
    CredentialId,
    /// A connection.
    ConnectionId,
    /// An agent on the far end of the link.
    AgentId,
    /// An attribute that ties connections, rules and groups together.
    AttributeId,
    /// An access control binding.
    BindingId,
    /// A guardrail, a masking rule or another rule.
    RuleId,
    /// A session.
    SessionId,
    /// One run of a session at its target.
    RunId,
    /// A review.
    ReviewId,
}

#[expect(
    clippy::disallowed_methods,
    reason = "here ids are made; their time is an argument"
)]
fn fresh(clock: &dyn Clock) -> Uuid {
    let now = clock.now();
    let nanos = u32::try_from(now.micros().rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, Timestamp};

    #[test]
    fn ids_made_later_sort_later() {
        let clock = ManualClock::new(Timestamp::from_micros(1_790_000_000_000_000));
        let first = SessionId::new(&clock);
        clock.advance(1);
        let second = SessionId::new(&clock);
        assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn an_id_reads_its_own_text_and_nothing_else() {
        let id = SessionId::new(&crate::SystemClock);
        assert_eq!(SessionId::parse(&id.to_string()), Some(id));
        assert_eq!(SessionId::parse("demo"), None);
    }
}
