//! A connection as tools show one.

use std::collections::BTreeMap;

use model::{
    Caller, Connection, ConnectionId, ConnectionType, ExposeSecret, Limits, Mode, SecretSource,
    Secrets, Timestamp, Tls,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A connection.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct ConnectionObject {
    /// Identifier.
    id: ConnectionId,
    /// Unique name.
    name: String,
    /// Kind of target.
    #[serde(rename = "type")]
    kind: ConnectionType,
    /// Product, for instance `postgres`; empty when unset.
    subtype: String,
    /// Agent that runs it; empty for the gateway's own runner.
    agent_id: String,
    /// Name of that agent.
    agent_name: String,
    /// Whether it can be reached now.
    pub(super) status: Status,
    /// Command of a process connection.
    command: Option<Vec<String>>,
    /// Free labels.
    tags: BTreeMap<String, String>,
    /// Whether runbooks may run on it.
    access_mode_runbooks: Mode,
    /// Whether single executions may run on it.
    access_mode_exec: Mode,
    /// Whether native clients may connect.
    access_mode_connect: Mode,
    /// Whether schema tools may read it.
    access_schema: Mode,
    /// Guardrail rules linked directly.
    guardrail_rules: Vec<String>,
    /// Groups that must all approve every exec.
    reviewers: Vec<String>,
    /// Entity types that are masked.
    redact_types: Vec<String>,
    /// Whether any masking applies.
    redact_enabled: bool,
    /// Attributes.
    attributes: Vec<String>,
    /// Metadata that every exec must bring.
    mandatory_metadata_fields: Vec<String>,
    /// Variables that a caller may set.
    allowed_env_vars: Vec<String>,
    /// Whether nothing may be changed through it; left out when it may.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    /// Longest just-in-time grant in seconds.
    access_max_duration: Option<i64>,
    /// Limits of one run.
    limits: Limits,
    /// Who owns it, when it may not be edited here.
    managed_by: Option<String>,
    /// Whether only some groups see it.
    restricted: bool,
    /// How its traffic is protected; null when it has none of its own.
    tls: Option<Tls>,
    /// Keys of its secrets; administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_keys: Option<Vec<SecretKey>>,
    /// Its secrets; only when asked for with `include_secrets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<BTreeMap<String, String>>,
    /// Grows by one with every change.
    version: i64,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// Whether a connection can be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Status {
    /// Its agent is connected, or it needs none.
    Online,
    /// Its agent is not connected.
    Offline,
}

impl Status {
    /// The word on the wire.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }

    /// The gateway's own runner is always there; no agent is linked yet.
    pub(super) const fn of(connection: &Connection) -> Self {
        if connection.agent.is_none() {
            Self::Online
        } else {
            Self::Offline
        }
    }
}

/// A secret's key and where its value comes from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SecretKey {
    key: String,
    source: SecretSource,
}

impl ConnectionObject {
    /// A connection as `caller` may see it, without secrets.
    pub(crate) fn show(connection: &Connection, caller: &Caller) -> Self {
        let keys = || {
            let keys = connection.secret_keys.iter();
            keys.map(|(key, source)| SecretKey {
                key: key.clone(),
                source: *source,
            })
            .collect()
        };
        Self {
            id: connection.id,
            name: connection.name.clone(),
            kind: connection.kind,
            subtype: connection.subtype.clone(),
            agent_id: connection
                .agent
                .map(|id| id.to_string())
                .unwrap_or_default(),
            agent_name: String::new(),
            status: Status::of(connection),
            command: connection.command.clone(),
            tags: connection.tags.clone(),
            access_mode_runbooks: connection.modes.runbooks,
            access_mode_exec: connection.modes.exec,
            access_mode_connect: connection.modes.connect,
            access_schema: connection.modes.schema,
            guardrail_rules: connection
                .guardrail_rules
                .iter()
                .map(ToString::to_string)
                .collect(),
            reviewers: connection.reviewers.clone(),
            redact_types: connection.redact_types.clone(),
            redact_enabled: connection.has_masking_rules || !connection.redact_types.is_empty(),
            attributes: connection.attributes.clone(),
            mandatory_metadata_fields: connection.mandatory_metadata_fields.clone(),
            allowed_env_vars: connection.allowed_env_vars.clone(),
            read_only: connection.read_only,
            access_max_duration: connection.access_max_duration,
            limits: connection.limits,
            managed_by: connection.managed_by.clone(),
            restricted: connection.allow_list.is_some(),
            tls: connection.tls,
            secret_keys: caller.is_admin.then(keys),
            secrets: None,
            version: connection.version,
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }

    /// Adds the secrets as they were given: base64 values and references.
    pub(crate) fn with_secrets(mut self, secrets: &Secrets) -> Self {
        let plain = |(key, value): (&String, &model::SecretString)| {
            (key.clone(), value.expose_secret().to_owned())
        };
        self.secrets = Some(secrets.0.iter().map(plain).collect());
        self
    }
}
