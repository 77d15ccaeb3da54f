//! What a session is from its beginning and no column tells. Members that are
//! empty are left out. Their names are those of the session, so that rows of
//! earlier versions, which hold all of it, are read alike.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{IdentityType, Session, SessionClient};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::is_default;

/// The members of a session that stay and are no column.
#[derive(Serialize, Deserialize)]
pub(super) struct Opening<'a> {
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(super) connection_subtype: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) connection_tags: Cow<'a, BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(super) user_email: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub(super) user_name: Cow<'a, str>,
    #[serde(default = "person", skip_serializing_if = "is_person")]
    pub(super) identity_type: IdentityType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<Program<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) database: Cow<'a, Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Cow<'a, Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) session_batch_id: Cow<'a, Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) correlation_id: Cow<'a, Option<String>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) metadata: Cow<'a, Map<String, Value>>,
}

/// The program that asked.
#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Program<'a> {
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    version: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default")]
    is_agent_credential: bool,
}

/// Most sessions are of people.
const fn person() -> IdentityType {
    IdentityType::User
}

fn is_person(kind: &IdentityType) -> bool {
    *kind == person()
}

impl<'a> Opening<'a> {
    /// What `session` is from its beginning.
    pub(super) fn of(session: &'a Session) -> Self {
        Self {
            connection_subtype: Cow::Borrowed(&session.connection_subtype),
            connection_tags: Cow::Borrowed(&session.connection_tags),
            user_email: Cow::Borrowed(&session.user_email),
            user_name: Cow::Borrowed(&session.user_name),
            identity_type: session.identity_type,
            client: session.client.as_ref().map(Program::of),
            database: Cow::Borrowed(&session.database),
            reason: Cow::Borrowed(&session.reason),
            session_batch_id: Cow::Borrowed(&session.session_batch_id),
            correlation_id: Cow::Borrowed(&session.correlation_id),
            metadata: Cow::Borrowed(&session.metadata),
        }
    }
}

impl<'a> Program<'a> {
    fn of(client: &'a SessionClient) -> Self {
        Self {
            name: Cow::Borrowed(&client.name),
            version: Cow::Borrowed(&client.version),
            is_agent_credential: client.is_agent_credential,
        }
    }
}

impl From<Program<'_>> for SessionClient {
    fn from(program: Program<'_>) -> Self {
        Self {
            name: program.name.into_owned(),
            version: program.version.into_owned(),
            is_agent_credential: program.is_agent_credential,
        }
    }
}
