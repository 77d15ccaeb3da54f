//! `exec`: one statement, script or command on one connection.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{Ask, Format, Refusal, Role, Scope, SecretString, Verb};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config::DEFAULT_INLINE_BYTES;
use crate::exec::{self, Envelope, Request};
use crate::{Context, Hints, Operation, targets};

/// Runs a query, script or command on a connection and answers what it says,
/// masked. Branch on `status`: `completed` and `failed` have ended; `running`
/// goes on in the background, call `sessions_wait`; `pending_approval` waits
/// for people, call `reviews_wait`, then `reviews_execute`.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Exec {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    /// The statements, or the standard input of a process; up to 1 MiB.
    #[schemars(length(min = 1, max = 1_048_576))]
    input: String,
    /// Arguments appended to the command; process connections only.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(max = 4096)), extend("default" = []))]
    args: Option<Vec<String>>,
    /// Variables of this run: `NAME` to plain text, or `envvar:NAME` or
    /// `filesystem:NAME` to base64. Each must be in `allowed_env_vars`.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("maxProperties" = 64, "default" = {}))]
    env_vars: Option<BTreeMap<String, SecretString>>,
    /// Labels of the session; must hold the connection's mandatory fields.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 20, "default" = {}))]
    metadata: Option<Map<String, Value>>,
    /// Fields of the ticket, when the connection has an issue template.
    #[serde(default, rename = "jira_fields")]
    #[schemars(extend("maxProperties" = 50, "default" = {}))]
    _jira_fields: Option<BTreeMap<String, String>>,
    /// Database to run in; the connection's own when left out.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    database: Option<String>,
    /// `text` as `psql` prints it, or typed JSON `rows` (databases only).
    #[serde(default)]
    #[schemars(extend("default" = "text"))]
    format: Option<Format>,
    /// Most bytes answered inline; the rest is read with `sessions_get_content`.
    #[serde(default)]
    #[schemars(range(min = 1024, max = 1_048_576), extend("default" = 65_536))]
    max_output_bytes: Option<usize>,
    /// Seconds to wait for the end before the run goes on in the background.
    #[serde(default)]
    #[schemars(range(min = 0, max = 50), extend("default" = 50))]
    wait_seconds: Option<u64>,
    /// Why, shown to reviewers.
    #[serde(default)]
    #[schemars(length(max = 500))]
    reason: Option<String>,
    /// Repeats with the same key answer the first outcome and never run twice.
    #[serde(default, rename = "idempotency_key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[ -~]+$"))]
    _idempotency_key: Option<String>,
}

impl Operation for Exec {
    const NAME: &'static str = "exec";
    const TITLE: &'static str = "Run on a connection";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Exec;
    const HINTS: Hints = Hints::new(false, true, false, true);
    const IDEMPOTENCY: bool = true;
    type Output = Envelope;

    async fn run(self, context: &Context) -> Result<Envelope, Refusal> {
        let wait = self.wait_seconds.unwrap_or(50);
        context
            .call
            .progress
            .limit(u32::try_from(wait).unwrap_or(u32::MAX));
        let inline_bytes = self.max_output_bytes.unwrap_or(DEFAULT_INLINE_BYTES);
        let metadata = self.metadata.unwrap_or_default();
        check_metadata_size(&metadata)?;
        if self.input.len() > crate::config::MAX_INPUT_BYTES {
            return Err(Refusal::invalid("/input", "1 MiB of text or less"));
        }
        let ask = Ask {
            verb: Verb::Exec,
            input: self.input,
            args: self.args.unwrap_or_default(),
            env: plain_variables(self.env_vars.unwrap_or_default())?,
            database: self.database,
            format: self.format.unwrap_or_default(),
            metadata,
            reason: self.reason,
            read_only: false,
        };
        let request = Request {
            connection: self.connection_name,
            ask,
            wait: Duration::from_secs(wait),
            inline_bytes,
        };
        exec::run(context, request).await
    }
}

fn check_metadata_size(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    if metadata.is_empty() {
        return Ok(());
    }
    let size = serde_json::to_string(metadata)
        .map(|text| text.chars().count())
        .unwrap_or(usize::MAX);
    if size > 2500 {
        return Err(Refusal::invalid(
            "/metadata",
            "2500 characters of JSON or fewer",
        ));
    }
    Ok(())
}

/// Variables with typed keys and plain values.
pub(crate) fn plain_variables(
    given: BTreeMap<String, SecretString>,
) -> Result<BTreeMap<String, SecretString>, Refusal> {
    let mut plain = BTreeMap::new();
    for (key, value) in given {
        let typed = key.starts_with("envvar:") || key.starts_with("filesystem:");
        let value = if typed {
            targets::decode(&value).ok_or_else(|| {
                Refusal::invalid(&format!("/env_vars/{key}"), "base64 of UTF-8 text")
            })?
        } else {
            value
        };
        let key = if typed { key } else { format!("envvar:{key}") };
        if plain.insert(key.clone(), value).is_some() {
            return Err(Refusal::invalid(
                &format!("/env_vars/{key}"),
                "each variable once",
            ));
        }
    }
    Ok(plain)
}
