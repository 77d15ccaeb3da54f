//! Connections and their sealed secrets.

mod change;
mod set;

use std::collections::BTreeMap;

use model::{AccessModes, Connection, ConnectionType, Limits, Secrets, SecretsPatch, Tls};
use serde::{Deserialize, Serialize};

pub use change::Deleted;
pub use set::ConnectionSet;

/// Everything of a connection that is written as a whole.
#[derive(Clone, Debug)]
pub struct ConnectionFields {
    /// Kind of target.
    pub kind: ConnectionType,
    /// Product.
    pub subtype: String,
    /// Id or name of an agent.
    pub agent: Option<String>,
    /// Command of a process connection.
    pub command: Option<Vec<String>>,
    /// Free labels.
    pub tags: BTreeMap<String, String>,
    /// What may be done with it.
    pub modes: AccessModes,
    /// Names or ids of groups that must all approve.
    pub reviewers: Vec<String>,
    /// Entity types that are masked.
    pub redact_types: Vec<String>,
    /// Metadata that every exec must bring.
    pub mandatory_metadata_fields: Vec<String>,
    /// Variables that a caller may set.
    pub allowed_env_vars: Vec<String>,
    /// Whether nothing may be changed through it.
    pub read_only: bool,
    /// Longest just-in-time grant in seconds.
    pub access_max_duration: Option<i64>,
    /// Limits of one run.
    pub limits: Limits,
    /// Who owns it.
    pub managed_by: Option<String>,
    /// Names or ids of guardrail rules.
    pub guardrail_rules: Vec<String>,
    /// Names or ids of attributes.
    pub attributes: Vec<String>,
    /// How its traffic is protected.
    pub tls: Option<Tls>,
}

/// A connection to be made.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Unique name.
    pub name: String,
    /// Everything else.
    pub fields: ConnectionFields,
    /// Its secrets.
    pub secrets: Secrets,
}

/// What becomes of the secrets of a connection.
#[derive(Clone)]
pub enum SecretsChange {
    /// They stay.
    Keep,
    /// These instead of all.
    Replace(Secrets),
    /// Single ones change.
    Patch(SecretsPatch),
}

/// The fields that are kept as one JSON text, because nothing is looked up by
/// them.
#[derive(Serialize, Deserialize)]
struct Detail {
    command: Option<Vec<String>>,
    tags: BTreeMap<String, String>,
    modes: AccessModes,
    redact_types: Vec<String>,
    mandatory_metadata_fields: Vec<String>,
    allowed_env_vars: Vec<String>,
    #[serde(default)]
    read_only: bool,
    access_max_duration: Option<i64>,
    limits: Limits,
    tls: Option<Tls>,
}

impl Detail {
    fn of(fields: &ConnectionFields) -> Self {
        Self {
            command: fields.command.clone(),
            tags: fields.tags.clone(),
            modes: fields.modes,
            redact_types: fields.redact_types.clone(),
            mandatory_metadata_fields: fields.mandatory_metadata_fields.clone(),
            allowed_env_vars: fields.allowed_env_vars.clone(),
            read_only: fields.read_only,
            access_max_duration: fields.access_max_duration,
            limits: fields.limits,
            tls: fields.tls,
        }
    }
}

impl From<&Connection> for ConnectionFields {
    fn from(connection: &Connection) -> Self {
        Self {
            kind: connection.kind,
            subtype: connection.subtype.clone(),
            agent: connection.agent.map(|agent| agent.to_string()),
            command: connection.command.clone(),
            tags: connection.tags.clone(),
            modes: connection.modes,
            reviewers: connection.reviewers.clone(),
            redact_types: connection.redact_types.clone(),
            mandatory_metadata_fields: connection.mandatory_metadata_fields.clone(),
            allowed_env_vars: connection.allowed_env_vars.clone(),
            read_only: connection.read_only,
            access_max_duration: connection.access_max_duration,
            limits: connection.limits,
            managed_by: connection.managed_by.clone(),
            guardrail_rules: connection
                .guardrail_rules
                .iter()
                .map(ToString::to_string)
                .collect(),
            attributes: connection.attributes.clone(),
            tls: connection.tls,
        }
    }
}
