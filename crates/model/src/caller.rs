//! Who asks, with which credential, through which door.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::{CredentialId, GroupId, OrgId, Timestamp, UserStatus};

/// Somebody whose credential was proven, as resolved for one request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organization that everything this caller reads is limited to.
    pub org: OrgId,
    /// Its name.
    pub org_name: String,
    /// Longest recording of one session in it, in bytes.
    pub max_recording_bytes: u64,
    /// `user_id` in every tool: the user's id, or the key's for a machine identity.
    pub id: Uuid,
    /// The identity provider's name of the user; the id for local users.
    pub subject: String,
    /// E-mail; the key's name for a machine identity.
    pub email: String,
    /// Display name; the key's name for a machine identity.
    pub name: String,
    /// Status of the account.
    pub status: UserStatus,
    /// A key with groups of its own, not a person.
    pub is_machine: bool,
    /// Names of the groups, sorted.
    pub groups: Vec<String>,
    /// Ids of the same groups.
    pub group_ids: Vec<GroupId>,
    /// Member of the admin group.
    pub is_admin: bool,
    /// Member of the auditor group.
    pub is_auditor: bool,
    /// Uses a credential marked `agent`.
    pub is_agent: bool,
    /// The credential of this request.
    pub credential: Credential,
}

impl Caller {
    /// Whether the caller holds `role`.
    #[must_use]
    pub const fn has_role(&self, role: Role) -> bool {
        match role {
            Role::Any => true,
            Role::Auditor => self.is_admin || self.is_auditor,
            Role::Admin => self.is_admin,
        }
    }

    /// Whether the caller sees every object of the organization.
    #[must_use]
    pub const fn sees_all(&self) -> bool {
        self.is_admin || self.is_auditor
    }
}

/// The credential that proved the caller.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Kind of credential.
    pub kind: CredentialKind,
    /// Its id, safe to log.
    pub id: CredentialId,
    /// Its name, for keys.
    pub name: Option<String>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// Kinds of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum CredentialKind {
    /// From `drawgate login`, form `dgt_…`.
    LoginToken,
    /// An API key, form `dgk_…`.
    ApiKey,
    /// An OAuth access token.
    Oauth,
}

/// The role an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Every active member.
    Any,
    /// Administrators and auditors.
    Auditor,
    /// Administrators.
    Admin,
}

/// One token scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// `drawgate:read`.
    Read = 1,
    /// `drawgate:exec`, includes read.
    Exec = 2,
    /// `drawgate:review`, includes read.
    Review = 4,
    /// `drawgate:admin`, includes read.
    Admin = 8,
}

impl Scope {
    /// Every scope, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Read, Self::Exec, Self::Review, Self::Admin];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "drawgate:read",
            Self::Exec => "drawgate:exec",
            Self::Review => "drawgate:review",
            Self::Admin => "drawgate:admin",
        }
    }

    /// Reads one scope word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope: what a token without scopes has.
    pub const ALL: Self = Self(15);

    /// The set of `scopes`. `exec`, `review` and `admin` each include `read`.
    #[must_use]
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(
            scopes
                .into_iter()
                .fold(0, |set, scope| set | scope as u8 | Scope::Read as u8),
        )
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope as u8 != 0
    }

    /// Whether `other` has all of these too.
    #[must_use]
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The words on the wire, in the order in which they are shown.
    #[must_use]
    pub fn words(self) -> Vec<&'static str> {
        Scope::ALL
            .into_iter()
            .filter(|scope| self.contains(*scope))
            .map(Scope::as_str)
            .collect()
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        let mut scopes = Vec::with_capacity(words.len());
        for word in &words {
            scopes.push(
                Scope::parse(word)
                    .ok_or_else(|| serde::de::Error::custom(format!("unknown scope {word:?}")))?,
            );
        }
        Ok(Self::of(scopes))
    }
}

impl JsonSchema for Scopes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scopes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = Scope::ALL.into_iter().map(Scope::as_str).collect();
        json_schema!({"type": "array", "items": {"type": "string", "enum": words}})
    }
}

/// The program that speaks for the caller, as it names itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Client {
    /// Name of the program.
    pub name: String,
    /// Its version, empty when unknown.
    pub version: String,
}

/// The door a session came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Origin {
    /// The command line.
    Cli,
    /// The web app.
    Webapp,
    /// REST.
    Api,
    /// MCP.
    Mcp,
    /// A runbook.
    Runbooks,
    /// A native client through the proxy.
    Proxymanager,
    /// An agent of the gateway.
    Agent,
    /// Not told.
    Unknown,
}

impl Origin {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Webapp => "webapp",
            Self::Api => "api",
            Self::Mcp => "mcp",
            Self::Runbooks => "runbooks",
            Self::Proxymanager => "proxymanager",
            Self::Agent => "agent",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Cli,
            Self::Webapp,
            Self::Api,
            Self::Mcp,
            Self::Runbooks,
            Self::Proxymanager,
            Self::Agent,
            Self::Unknown,
        ]
        .into_iter()
        .find(|origin| origin.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exec_review_and_admin_include_read_and_nothing_else() {
        let exec = Scopes::of([Scope::Exec]);
        assert_eq!(exec.words(), ["drawgate:read", "drawgate:exec"]);
        assert!(!exec.contains(Scope::Admin));
        assert_eq!(Scopes::ALL.words().len(), 4);
    }
}
