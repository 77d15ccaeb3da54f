//! `connections_update`.

use std::collections::BTreeMap;

use model::{
    AccessModes, Connection, Limits, Mode, Patch, Refusal, Role, Scope, SecretString, Secrets,
    word_or_empty,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use store::{ConnectionFields, Error, SecretsChange};

use super::create::default_schema_mode;
use super::fields;
use super::object::ConnectionObject;
use crate::{Context, Hints, Operation, dialect, exec, guardrails, targets};

/// How often a change starts again because somebody else was faster.
const ATTEMPTS: usize = 32;

/// Changes a connection. What is left out stays, null goes back to the default,
/// a value replaces as a whole.
#[derive(Clone, Deserialize, JsonSchema)]
pub(crate) struct ConnectionsUpdate {
    /// Id or name; selects, does not rename.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// Id or name of the agent that runs it; empty for the gateway itself.
    #[serde(default)]
    #[schemars(length(max = 254))]
    agent_id: Patch<String>,
    /// Command of a process connection, without a shell.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    command: Patch<Vec<String>>,
    /// All secrets: `envvar:NAME` or `filesystem:NAME` to a value in base64 or a
    /// reference, as `connections_create` takes them.
    #[serde(default)]
    #[schemars(
        with = "Option<BTreeMap<String, String>>",
        extend("propertyNames" = {"pattern": fields::SECRET_KEY})
    )]
    secrets: Patch<BTreeMap<String, SecretString>>,
    /// Single secrets; null removes a key. Not together with `secrets`.
    #[serde(default)]
    #[schemars(
        with = "Option<BTreeMap<String, Option<String>>>",
        extend("propertyNames" = {"pattern": fields::SECRET_KEY})
    )]
    secrets_patch: Option<BTreeMap<String, Option<SecretString>>>,
    /// Up to 10 free labels.
    #[serde(default)]
    #[schemars(
        extend("maxProperties" = 10, "propertyNames" = {"minLength": 1, "maxLength": 64}),
        extend("additionalProperties" = {"type": "string", "minLength": 1, "maxLength": 256})
    )]
    tags: Patch<BTreeMap<String, String>>,
    /// Whether runbooks may run on it.
    #[serde(default, deserialize_with = "word_or_empty")]
    #[schemars(schema_with = "mode_or_empty")]
    access_mode_runbooks: Patch<Mode>,
    /// Whether single executions may run on it.
    #[serde(default, deserialize_with = "word_or_empty")]
    #[schemars(schema_with = "mode_or_empty")]
    access_mode_exec: Patch<Mode>,
    /// Whether native clients may connect.
    #[serde(default, deserialize_with = "word_or_empty")]
    #[schemars(schema_with = "mode_or_empty")]
    access_mode_connect: Patch<Mode>,
    /// Whether schema tools may read it.
    #[serde(default, deserialize_with = "word_or_empty")]
    #[schemars(schema_with = "mode_or_empty")]
    access_schema: Patch<Mode>,
    /// Ids or names of guardrail rules.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)))]
    guardrail_rules: Patch<Vec<String>>,
    /// Ids or names of attributes.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)))]
    attributes: Patch<Vec<String>>,
    /// Groups that must all approve every exec.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)))]
    reviewers: Patch<Vec<String>>,
    /// Entity types that are masked.
    #[serde(default)]
    redact_types: Patch<Vec<String>>,
    /// Metadata that every exec must bring.
    #[serde(default)]
    #[schemars(inner(length(min = 1)))]
    mandatory_metadata_fields: Patch<Vec<String>>,
    /// Variables that a caller may set.
    #[serde(default)]
    #[schemars(inner(regex(pattern = fields::VARIABLE)))]
    allowed_env_vars: Patch<Vec<String>>,
    /// Whether nothing may be changed through it, by policy and in the session of the
    /// target; for databases.
    #[serde(default)]
    read_only: Patch<bool>,
    /// Longest just-in-time grant in seconds.
    #[serde(default)]
    #[schemars(range(min = 60, max = 172_800))]
    access_max_duration: Patch<i64>,
    /// Limits of one run.
    #[serde(default)]
    limits: Patch<Limits>,
    /// Refuse the change unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for ConnectionsUpdate {
    const NAME: &'static str = "connections_update";
    const TITLE: &'static str = "Change a connection";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = ConnectionObject;

    async fn run(self, context: &Context) -> Result<Self::Output, Refusal> {
        let mut left = ATTEMPTS;
        loop {
            let stored = exec::look_up(context, &self.name).await?;
            context.audit.touch(stored.id);
            if self.version.is_some_and(|asked| asked != stored.version) {
                return Err(Refusal::version_conflict(stored.version));
            }
            left -= 1;
            match self.clone().write(context, &stored).await? {
                Ok(changed) => return Ok(ConnectionObject::show(&changed, &context.caller)),
                Err(Error::Version { .. }) if self.version.is_none() && left > 0 => {}
                Err(error) => return Err(super::refuse(context, &self.name, error)),
            }
        }
    }
}

impl ConnectionsUpdate {
    /// Writes `stored` with this change, unless it was changed since it was
    /// read: what is left out would go back to what it was then.
    async fn write(
        self,
        context: &Context,
        stored: &Connection,
    ) -> Result<Result<Connection, Error>, Refusal> {
        let store = context.store();
        let before = store.connection_secrets(stored.id).await;
        let before = before.map_err(|error| context.refuse(error))?;
        let (fields, secrets) = self.apply(stored, before)?;
        let has_dialect = dialect::of(stored).is_some();
        guardrails::check_linked(context, has_dialect, &fields.guardrail_rules).await?;
        let version = Some(stored.version);
        Ok(store
            .update_connection(stored.id, fields, secrets, version)
            .await)
    }

    /// The stored connection after this change.
    fn apply(
        mut self,
        stored: &Connection,
        before: Secrets,
    ) -> Result<(ConnectionFields, SecretsChange), Refusal> {
        let (change, secrets) = self.change_secrets(before)?;
        let kind = stored.kind;
        let old = ConnectionFields::from(stored);
        let enabled = Mode::Enabled;
        let agent = self
            .agent_id
            .apply(old.agent.unwrap_or_default(), String::new());
        let command = self
            .command
            .apply(old.command.unwrap_or_default(), Vec::new());
        let fields = ConnectionFields {
            kind,
            tls: connect::tls_of(kind, &old.subtype, &targets::inline_values(&secrets)),
            agent: Some(agent).filter(|agent| !agent.is_empty()),
            command: Some(command).filter(|command| !command.is_empty()),
            tags: self.tags.apply(old.tags, BTreeMap::new()),
            modes: AccessModes {
                runbooks: self.access_mode_runbooks.apply(old.modes.runbooks, enabled),
                exec: self.access_mode_exec.apply(old.modes.exec, enabled),
                connect: self.access_mode_connect.apply(old.modes.connect, enabled),
                schema: self
                    .access_schema
                    .apply(old.modes.schema, default_schema_mode(kind)),
            },
            reviewers: self.reviewers.apply(old.reviewers, Vec::new()),
            redact_types: self.redact_types.apply(old.redact_types, Vec::new()),
            mandatory_metadata_fields: fields::each_once(
                self.mandatory_metadata_fields
                    .apply(old.mandatory_metadata_fields, Vec::new()),
            ),
            allowed_env_vars: fields::each_once(
                self.allowed_env_vars
                    .apply(old.allowed_env_vars, Vec::new()),
            ),
            read_only: self.read_only.apply(old.read_only, false),
            access_max_duration: match self.access_max_duration {
                Patch::Keep => old.access_max_duration,
                Patch::Clear => None,
                Patch::Set(seconds) => Some(seconds),
            },
            limits: self.limits.apply(old.limits, Limits::default()),
            managed_by: old.managed_by,
            guardrail_rules: self.guardrail_rules.apply(old.guardrail_rules, Vec::new()),
            attributes: self.attributes.apply(old.attributes, Vec::new()),
            subtype: old.subtype,
        };
        fields::check_read_only(fields.read_only, kind, &fields.subtype)?;
        fields::check_command(kind, fields.command.as_deref())?;
        fields::check_tags(&fields.tags)?;
        fields::check_redact_types(&fields.redact_types)?;
        fields::check_variable_names("/allowed_env_vars", &fields.allowed_env_vars)?;
        fields::check_required(kind, &fields.subtype, &secrets)?;
        Ok((fields, change))
    }

    /// The change of the secrets and all of them after it.
    fn change_secrets(&mut self, before: Secrets) -> Result<(SecretsChange, Secrets), Refusal> {
        let patch = self.secrets_patch.take();
        match (std::mem::take(&mut self.secrets), patch) {
            (Patch::Keep, None) => Ok((SecretsChange::Keep, before)),
            (Patch::Keep, Some(patch)) => {
                let set = patch
                    .iter()
                    .filter_map(|(key, value)| Some((key, value.as_ref()?)));
                fields::check_secrets("/secrets_patch", set)?;
                let mut after = before;
                for (key, value) in &patch {
                    fields::check_secret_key("/secrets_patch", key)?;
                    match value {
                        Some(value) => after.0.insert(key.clone(), value.clone()),
                        None => after.0.remove(key),
                    };
                }
                Ok((SecretsChange::Patch(patch), after))
            }
            (given, None) => {
                let after = Secrets(given.apply(BTreeMap::new(), BTreeMap::new()));
                fields::check_secrets("/secrets", after.0.iter())?;
                Ok((SecretsChange::Replace(after.clone()), after))
            }
            (_, Some(_)) => Err(Refusal::invalid(
                "/secrets_patch",
                "secrets or secrets_patch, not both",
            )),
        }
    }
}

/// The schema of a mode that the empty text clears.
fn mode_or_empty(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "enum": ["enabled", "disabled", "", null],
    })
}
