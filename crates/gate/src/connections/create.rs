//! `connections_create`.

use std::collections::BTreeMap;

use model::{
    AccessModes, ConnectionType, Limits, Mode, Refusal, Role, Scope, SecretString, Secrets,
};
use schemars::JsonSchema;
use serde::Deserialize;
use store::{ConnectionFields, NewConnection};

use super::fields;
use super::object::ConnectionObject;
use crate::{Context, Hints, Operation, dialect, guardrails, naming, targets};

/// Makes a connection. Secrets are sealed at rest and never shown to callers
/// who may only use it.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionsCreate {
    /// Unique name, 3 to 254 characters.
    #[schemars(
        length(min = 3, max = 254),
        regex(pattern = "^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*$")
    )]
    name: String,
    /// Kind of target.
    #[serde(rename = "type")]
    kind: ConnectionType,
    /// Product; for databases `postgres`, `mysql`, `sqlite`, `mssql`, `mongodb` or `oracledb`.
    #[serde(default)]
    #[schemars(length(max = 64), extend("default" = ""))]
    subtype: Option<String>,
    /// Id or name of the agent that runs it; empty for the gateway itself.
    #[serde(default)]
    #[schemars(length(max = 254), extend("default" = ""))]
    agent_id: Option<String>,
    /// Command of a process connection, without a shell.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    command: Option<Vec<String>>,
    /// `envvar:NAME` or `filesystem:NAME` to a value in base64 or a reference such
    /// as `_envjson:VARIABLE:key`. postgres, mysql and mssql need
    /// `envvar:HOST`, `envvar:USER`, `envvar:PASS` and `envvar:DB`; they take
    /// `envvar:PORT` and `envvar:SSLMODE`, one of disable, prefer, require and
    /// verify-full. sqlite needs `envvar:PATH`.
    #[serde(default)]
    #[schemars(
        with = "Option<BTreeMap<String, String>>",
        extend("default" = {}, "propertyNames" = {"pattern": fields::SECRET_KEY})
    )]
    secrets: Option<BTreeMap<String, SecretString>>,
    /// Up to 10 free labels.
    #[serde(default)]
    #[schemars(
        extend("default" = {}, "maxProperties" = 10),
        extend("propertyNames" = {"minLength": 1, "maxLength": 64}),
        extend("additionalProperties" = {"type": "string", "minLength": 1, "maxLength": 256})
    )]
    tags: Option<BTreeMap<String, String>>,
    /// Whether runbooks may run on it.
    #[serde(default)]
    #[schemars(extend("default" = "enabled"))]
    access_mode_runbooks: Option<Mode>,
    /// Whether single executions may run on it.
    #[serde(default)]
    #[schemars(extend("default" = "enabled"))]
    access_mode_exec: Option<Mode>,
    /// Whether native clients may connect.
    #[serde(default)]
    #[schemars(extend("default" = "enabled"))]
    access_mode_connect: Option<Mode>,
    /// Whether schema tools may read it; enabled for databases by default.
    #[serde(default)]
    access_schema: Option<Mode>,
    /// Ids or names of guardrail rules.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)), extend("default" = []))]
    guardrail_rules: Option<Vec<String>>,
    /// Ids or names of attributes.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)), extend("default" = []))]
    attributes: Option<Vec<String>>,
    /// Groups that must all approve every exec.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)), extend("default" = []))]
    reviewers: Option<Vec<String>>,
    /// Entity types that are masked.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    redact_types: Option<Vec<String>>,
    /// Metadata that every exec must bring.
    #[serde(default)]
    #[schemars(inner(length(min = 1)), extend("default" = []))]
    mandatory_metadata_fields: Option<Vec<String>>,
    /// Variables that a caller may set.
    #[serde(default)]
    #[schemars(inner(regex(pattern = fields::VARIABLE)), extend("default" = []))]
    allowed_env_vars: Option<Vec<String>>,
    /// Whether nothing may be changed through it, by policy and in the session of the
    /// target; for databases.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    read_only: Option<bool>,
    /// Longest just-in-time grant in seconds.
    #[serde(default)]
    #[schemars(range(min = 60, max = 172_800))]
    access_max_duration: Option<i64>,
    /// Limits of one run.
    #[serde(default)]
    limits: Option<Limits>,
    /// Repeats with the same key answer the first outcome.
    #[serde(default, rename = "idempotency_key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[ -~]+$"))]
    _idempotency_key: Option<String>,
}

impl Operation for ConnectionsCreate {
    const NAME: &'static str = "connections_create";
    const TITLE: &'static str = "Create a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CREATE;
    const IDEMPOTENCY: bool = true;
    type Output = ConnectionObject;

    async fn run(self, context: &Context) -> Result<Self::Output, Refusal> {
        let new = self.check()?;
        let fields = &new.fields;
        let has_dialect = dialect::of_kind(fields.kind, &fields.subtype).is_some();
        guardrails::check_linked(context, has_dialect, &fields.guardrail_rules).await?;
        let made = context
            .store()
            .create_connection(new)
            .await
            .map_err(|error| context.refuse(error))?;
        context.audit.touch(made.id);
        Ok(ConnectionObject::show(&made, &context.caller))
    }
}

impl ConnectionsCreate {
    fn check(self) -> Result<NewConnection, Refusal> {
        naming::check_resource_name(&self.name)?;
        let subtype = self.subtype.unwrap_or_default();
        let tags = self.tags.unwrap_or_default();
        let redact_types = self.redact_types.unwrap_or_default();
        let allowed_env_vars = fields::each_once(self.allowed_env_vars.unwrap_or_default());
        let mandatory = fields::each_once(self.mandatory_metadata_fields.unwrap_or_default());
        let secrets = Secrets(self.secrets.unwrap_or_default());
        fields::check_subtype(self.kind, &subtype)?;
        let read_only = self.read_only.unwrap_or_default();
        fields::check_read_only(read_only, self.kind, &subtype)?;
        fields::check_command(self.kind, self.command.as_deref())?;
        fields::check_tags(&tags)?;
        fields::check_redact_types(&redact_types)?;
        fields::check_variable_names("/allowed_env_vars", &allowed_env_vars)?;
        fields::check_secrets("/secrets", secrets.0.iter())?;
        fields::check_required(self.kind, &subtype, &secrets)?;
        let enabled = |mode: Option<Mode>| mode.unwrap_or(Mode::Enabled);
        let schema = self
            .access_schema
            .unwrap_or_else(|| default_schema_mode(self.kind));
        Ok(NewConnection {
            name: self.name,
            fields: ConnectionFields {
                kind: self.kind,
                tls: connect::tls_of(self.kind, &subtype, &targets::inline_values(&secrets)),
                subtype,
                agent: self.agent_id.filter(|agent| !agent.is_empty()),
                command: self.command.filter(|command| !command.is_empty()),
                tags,
                modes: AccessModes {
                    runbooks: enabled(self.access_mode_runbooks),
                    exec: enabled(self.access_mode_exec),
                    connect: enabled(self.access_mode_connect),
                    schema,
                },
                reviewers: self.reviewers.unwrap_or_default(),
                redact_types,
                mandatory_metadata_fields: mandatory,
                allowed_env_vars,
                read_only,
                access_max_duration: self.access_max_duration,
                limits: self.limits.unwrap_or_default(),
                managed_by: None,
                guardrail_rules: self.guardrail_rules.unwrap_or_default(),
                attributes: self.attributes.unwrap_or_default(),
            },
            secrets,
        })
    }
}

/// Databases show their schema unless told otherwise.
pub(super) const fn default_schema_mode(kind: ConnectionType) -> Mode {
    match kind {
        ConnectionType::Database => Mode::Enabled,
        ConnectionType::Application | ConnectionType::Custom | ConnectionType::Httpproxy => {
            Mode::Disabled
        }
    }
}
