//! Connections opened as targets: secrets are unsealed and resolved once per
//! version of a connection, then its target is kept with its pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect::{Fault, Runner, Spec, Stage, Target};
use model::{Code, Connection, ConnectionId, ExposeSecret, SecretSource, SecretString, Secrets};
use store::OrgStore;

use crate::Config;
use crate::config::Environment;

/// The targets of this process.
pub(crate) struct Targets {
    runner: Runner,
    environment: Environment,
}

impl Targets {
    /// No target yet.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            runner: Runner::new(connect::Config {
                rooms: config.rooms.clone(),
                is_reaper: config.is_reaper,
                ..connect::Config::default()
            }),
            environment: Arc::clone(&config.environment),
        }
    }

    /// The target of a connection.
    ///
    /// # Errors
    /// A [`Fault`] when a secret cannot be read or resolved, or the target's
    /// kind is not supported.
    pub(crate) async fn of(
        &self,
        store: &OrgStore,
        connection: &Connection,
    ) -> Result<Arc<dyn Target>, Fault> {
        if let Some(target) = self.runner.kept(connection.id, connection.version) {
            return Ok(target);
        }
        let secrets = store
            .connection_secrets(connection.id)
            .await
            .map_err(|error| {
                tracing::error!(connection_id = %connection.id, %error, "secrets could not be read");
                fault(
                    Code::Unavailable,
                    "the secrets of the connection could not be read",
                )
            })?;
        self.runner.target(&Spec {
            connection: connection.id,
            revision: connection.version,
            kind: connection.kind,
            subtype: connection.subtype.clone(),
            command: connection.command.clone(),
            secrets: self.resolve(&secrets)?,
            limits: connection.limits,
        })
    }

    /// Closes the target of a connection that is gone.
    pub(crate) fn forget(&self, connection: ConnectionId) {
        self.runner.forget(connection);
    }

    /// Closes what no run used for long.
    pub(crate) fn close_idle(&self) {
        self.runner.close_idle();
    }

    /// Plain values from stored ones.
    fn resolve(&self, secrets: &Secrets) -> Result<BTreeMap<String, SecretString>, Fault> {
        let mut plain = BTreeMap::new();
        for (key, stored) in &secrets.0 {
            let value = match SecretSource::of(stored.expose_secret()) {
                SecretSource::Inline => decode(stored).ok_or_else(|| {
                    fault(
                        Code::InvalidArgument,
                        &format!("the value of {key} is not base64 text"),
                    )
                })?,
                SecretSource::Env => self.read_environment(key, stored)?,
                SecretSource::Aws | SecretSource::Vault => {
                    let message =
                        format!("the reference of {key} names a secret manager that is not set up");
                    return Err(fault(Code::Unsupported, &message));
                }
            };
            plain.insert(key.clone(), value);
        }
        Ok(plain)
    }

    /// `_envjson:<ENV>:<key>`: a key of a JSON object in the environment.
    fn read_environment(&self, key: &str, stored: &SecretString) -> Result<SecretString, Fault> {
        let mut parts = stored.expose_secret().splitn(3, ':').skip(1);
        let (variable, field) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let value = (self.environment)(variable)
            .and_then(|json| serde_json::from_str::<serde_json::Value>(json.expose_secret()).ok())
            .and_then(|json| {
                json.get(field)?
                    .as_str()
                    .map(|text| SecretString::from(text.to_owned()))
            });
        value.ok_or_else(|| {
            let message =
                format!("the reference of {key} names nothing in the gateway's environment");
            fault(Code::Unavailable, &message)
        })
    }
}

/// The text of a base64 value.
pub(crate) fn decode(stored: &SecretString) -> Option<SecretString> {
    let bytes = STANDARD.decode(stored.expose_secret()).ok()?;
    String::from_utf8(bytes).ok().map(SecretString::from)
}

/// The inline values of stored secrets as plain text; references are left out.
pub(crate) fn inline_values(secrets: &Secrets) -> BTreeMap<String, SecretString> {
    let inline =
        |value: &SecretString| SecretSource::of(value.expose_secret()) == SecretSource::Inline;
    let pairs = secrets.0.iter().filter(|(_, value)| inline(value));
    pairs
        .filter_map(|(key, value)| Some((key.clone(), decode(value)?)))
        .collect()
}

fn fault(code: Code, message: &str) -> Fault {
    Fault {
        stage: Stage::Agent,
        code,
        message: message.to_owned(),
    }
}
