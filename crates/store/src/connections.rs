//! Connections.
use crate::*;
use model::*;
use std::collections::BTreeMap;
use std::sync::Arc;
/// All connections of an organization, by name.
#[derive(Debug, Default)]
pub struct ConnectionSet {
    all: Vec<Arc<Connection>>,
}
impl ConnectionSet {
    /// By name, ascending.
    pub fn all(&self) -> &[Arc<Connection>] {
        &self.all
    }
    pub fn by_id(&self, id: ConnectionId) -> Option<&Arc<Connection>> {
        None
    }
    pub fn by_name(&self, name: &str) -> Option<&Arc<Connection>> {
        None
    }
    /// By id when the text is one, else by name.
    pub fn find(&self, reference: &str) -> Option<&Arc<Connection>> {
        None
    }
    pub fn generation(&self) -> i64 {
        0
    }
}
/// Everything of a connection that is written as a whole.
#[derive(Clone, Debug)]
pub struct ConnectionFields {
    pub kind: ConnectionType,
    pub subtype: String,
    /// Id or name of an agent.
    pub agent: Option<String>,
    pub command: Option<Vec<String>>,
    pub tags: BTreeMap<String, String>,
    pub modes: AccessModes,
    /// Names or ids of groups.
    pub reviewers: Vec<String>,
    pub redact_types: Vec<String>,
    pub mandatory_metadata_fields: Vec<String>,
    pub allowed_env_vars: Vec<String>,
    pub access_max_duration: Option<i64>,
    pub limits: Limits,
    pub managed_by: Option<String>,
    /// Names or ids.
    pub guardrail_rules: Vec<String>,
    /// Names or ids.
    pub attributes: Vec<String>,
    pub tls: Option<Tls>,
}
impl From<&Connection> for ConnectionFields {
    fn from(c: &Connection) -> Self {
        Self {
            kind: c.kind,
            subtype: c.subtype.clone(),
            agent: c.agent.map(|a| a.to_string()),
            command: c.command.clone(),
            tags: c.tags.clone(),
            modes: c.modes,
            reviewers: c.reviewers.clone(),
            redact_types: c.redact_types.clone(),
            mandatory_metadata_fields: c.mandatory_metadata_fields.clone(),
            allowed_env_vars: c.allowed_env_vars.clone(),
            access_max_duration: c.access_max_duration,
            limits: c.limits,
            managed_by: c.managed_by.clone(),
            guardrail_rules: c.guardrail_rules.iter().map(ToString::to_string).collect(),
            attributes: c.attributes.clone(),
            tls: c.tls,
        }
    }
}
#[derive(Clone, Debug)]
pub struct NewConnection {
    pub name: String,
    pub fields: ConnectionFields,
    pub secrets: Secrets,
}
#[derive(Clone)]
pub enum SecretsChange {
    Keep,
    Replace(Secrets),
    Patch(SecretsPatch),
}
impl OrgStore {
    pub async fn connections(&self) -> Result<Arc<ConnectionSet>, Error> {
        Err(Error::NotFound)
    }
    pub async fn create_connection(&self, new: NewConnection) -> Result<Connection, Error> {
        Err(Error::NotFound)
    }
    pub async fn update_connection(
        &self,
        id: ConnectionId,
        fields: ConnectionFields,
        secrets: SecretsChange,
        version: Option<i64>,
    ) -> Result<Connection, Error> {
        Err(Error::NotFound)
    }
    pub async fn delete_connection(
        &self,
        reference: &str,
        version: Option<i64>,
    ) -> Result<(ConnectionId, String), Error> {
        Err(Error::NotFound)
    }
    pub async fn connection_secrets(&self, id: ConnectionId) -> Result<Secrets, Error> {
        Err(Error::NotFound)
    }
}
