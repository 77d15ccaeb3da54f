//! Connections: named targets with the credentials to reach them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AgentId, ConnectionId, Timestamp};

/// A connection as it is stored, without its secrets.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Identifier.
    pub id: ConnectionId,
    /// Unique name.
    pub name: String,
    /// Kind of target.
    pub kind: ConnectionType,
    /// Product, for instance `postgres`; empty when unset.
    pub subtype: String,
    /// The agent that runs it; `None` for the gateway's own runner.
    pub agent: Option<AgentId>,
    /// Command of process connections.
    pub command: Option<Vec<String>>,
    /// Free labels.
    pub tags: BTreeMap<String, String>,
    /// What may be done with it.
    pub modes: AccessModes,
    /// Groups that must all approve every exec (older form).
    pub reviewers: Vec<String>,
    /// Entity types masked on it (older form).
    pub redact_types: Vec<String>,
    /// Whether a masking rule reaches it.
    pub has_masking_rules: bool,
    /// Metadata keys that every exec must bring.
    pub mandatory_metadata_fields: Vec<String>,
    /// Variables that a caller may set.
    pub allowed_env_vars: Vec<String>,
    /// Whether nothing may be changed through it, by policy and in the target's session.
    pub read_only: bool,
    /// Longest just-in-time grant in seconds.
    pub access_max_duration: Option<i64>,
    /// Limits of one run.
    pub limits: Limits,
    /// Who owns it, when it may not be edited here.
    pub managed_by: Option<String>,
    /// Guardrail rules linked directly.
    pub guardrail_rules: Vec<Uuid>,
    /// Names of its attributes, sorted.
    pub attributes: Vec<String>,
    /// The allow-list: `None` when every member sees it, otherwise the names
    /// of the groups that do, from its binding and its attributes.
    pub allow_list: Option<Vec<String>>,
    /// How its traffic is protected; visible in every listing.
    pub tls: Option<Tls>,
    /// Keys of its secrets and where their values come from, sorted.
    pub secret_keys: Vec<(String, SecretSource)>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Kinds of target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ConnectionType {
    /// A database, reached by a driver in process.
    Database,
    /// An application: a process, or native access.
    Application,
    /// A command of one's own.
    Custom,
    /// An HTTP service behind the gateway.
    Httpproxy,
}

impl ConnectionType {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Application => "application",
            Self::Custom => "custom",
            Self::Httpproxy => "httpproxy",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Database,
            Self::Application,
            Self::Custom,
            Self::Httpproxy,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }
}

/// Whether one way of access is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Mode {
    /// Open.
    Enabled,
    /// Closed.
    Disabled,
}

/// The ways of access of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessModes {
    /// Runbooks.
    pub runbooks: Mode,
    /// Single executions.
    pub exec: Mode,
    /// Native clients.
    pub connect: Mode,
    /// Schema tools.
    pub schema: Mode,
}

/// Limits of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct Limits {
    /// Longest run time in seconds.
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout_seconds: u32,
    /// Memory of a process connection in MiB.
    #[schemars(range(min = 16, max = 1_048_576))]
    pub memory_mb: u32,
    /// Most bytes that one run may answer; it is stopped beyond.
    #[schemars(range(min = 1024, max = 1_099_511_627_776_u64))]
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout_seconds: 3600,
            memory_mb: 512,
            output_bytes: 110 * 1024 * 1024,
        }
    }
}

/// How the traffic to a target is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Tls {
    /// Always encrypted, certificate and host name verified.
    Verified,
    /// Encrypted and verified when the server offers TLS, plain otherwise.
    Preferred,
    /// Encrypted, the certificate is not looked at.
    Unverified,
    /// Not encrypted.
    Off,
}

/// Where a secret's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum SecretSource {
    /// Stored here, sealed.
    Inline,
    /// AWS Secrets Manager.
    Aws,
    /// HashiCorp Vault.
    Vault,
    /// A JSON object in the gateway's environment.
    Env,
}

impl SecretSource {
    /// The source that a stored value names: `_aws:…`, `_vaultkv1:…`,
    /// `_vaultkv2:…`, `_envjson:…`, anything else is the value itself.
    #[must_use]
    pub fn of(value: &str) -> Self {
        match value.split_once(':').map(|(scheme, _)| scheme) {
            Some("_aws") => Self::Aws,
            Some("_vaultkv1" | "_vaultkv2") => Self::Vault,
            Some("_envjson") => Self::Env,
            _ => Self::Inline,
        }
    }
}

/// The secrets of a connection: `envvar:NAME` or `filesystem:NAME` to the
/// base64 value or the reference that was given.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<String, SecretString>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A change of single secrets; `None` removes a key.
pub type SecretsPatch = BTreeMap<String, Option<SecretString>>;
