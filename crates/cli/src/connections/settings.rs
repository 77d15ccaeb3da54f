//! Settings of a connection that creating and changing share.

use clap::{Args, ValueEnum};
use model::ExposeSecret as _;
use serde_json::{Map, Value};

use super::SecretSources;
use crate::failure::Failure;
use crate::request::Request;
use crate::{input, pairs};

/// Settings of a connection.
#[derive(Args, Debug)]
pub struct ConnectionSettings {
    #[command(flatten)]
    sources: SecretSources,
    /// Agent that runs it; the gateway itself without one.
    #[arg(long)]
    agent: Option<String>,
    /// Command of a process connection, one word each; may be repeated. On a
    /// change the whole command.
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    command: Vec<String>,
    /// Label; may be repeated. On a change the whole list.
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pairs::pair)]
    tags: Vec<(String, String)>,
    /// Whether single executions are open.
    #[arg(long, value_name = "MODE")]
    access_mode_exec: Option<Mode>,
    /// Whether runbooks are open.
    #[arg(long, value_name = "MODE")]
    access_mode_runbooks: Option<Mode>,
    /// Whether native clients are let in.
    #[arg(long, value_name = "MODE")]
    access_mode_connect: Option<Mode>,
    /// Whether schema tools are open.
    #[arg(long, value_name = "MODE")]
    access_schema: Option<Mode>,
    /// Guardrail rule; may be repeated. On a change the whole list.
    #[arg(long = "guardrail", value_name = "RULE")]
    guardrails: Vec<String>,
    /// Attribute; may be repeated. On a change the whole list.
    #[arg(long = "attribute", value_name = "NAME")]
    attributes: Vec<String>,
    /// Group that must approve every run; may be repeated. On a change the whole list.
    #[arg(long = "reviewer", value_name = "GROUP")]
    reviewers: Vec<String>,
    /// Entity type to mask; may be repeated. On a change the whole list.
    #[arg(long = "redact", value_name = "TYPE")]
    redact_types: Vec<String>,
    /// Metadata that every run must bring; may be repeated. On a change the whole list.
    #[arg(long = "mandatory-metadata", value_name = "KEY")]
    mandatory_metadata: Vec<String>,
    /// Variable that callers may set; may be repeated. On a change the whole list.
    #[arg(long = "allow-env", value_name = "NAME")]
    allowed_env: Vec<String>,
    /// Whether nothing may be changed through it.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    read_only: Option<bool>,
    /// Longest grant in seconds.
    #[arg(long, value_name = "SECONDS")]
    access_max_duration: Option<i64>,
    /// Longest run in seconds.
    #[arg(long, value_name = "SECONDS")]
    limit_timeout: Option<u32>,
    /// Memory of a process in MiB.
    #[arg(long, value_name = "MIB")]
    limit_memory: Option<u32>,
    /// Most bytes that one run may answer.
    #[arg(long, value_name = "BYTES")]
    limit_output: Option<u64>,
}

/// Whether one way of access is open.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Mode {
    /// Open.
    Enabled,
    /// Closed.
    Disabled,
}

impl Mode {
    const fn word(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

impl ConnectionSettings {
    /// The secrets that files and standard input give, as the gateway takes them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn secrets(&self) -> Result<Map<String, Value>, Failure> {
        if let Some(path) = &self.sources.secrets_file {
            return pairs::secrets(path, &input::text(path)?);
        }
        let Some(key) = &self.sources.secret_stdin else {
            return Ok(Map::new());
        };
        let value = input::secret(std::path::Path::new("-"))?;
        let value = pairs::secret_value(value.expose_secret());
        Ok(Map::from_iter([(pairs::secret_key(key), value)]))
    }

    /// The limits that are given.
    pub(super) fn limits(&self) -> Map<String, Value> {
        let limits = [
            ("timeout_seconds", self.limit_timeout.map(Value::from)),
            ("memory_mb", self.limit_memory.map(Value::from)),
            ("output_bytes", self.limit_output.map(Value::from)),
        ];
        limits
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect()
    }

    /// Adds everything but the secrets to a request.
    ///
    /// # Errors
    /// When a label is given twice.
    pub(super) fn fields(self, request: Request) -> Result<Request, Failure> {
        let limits = self.limits();
        Ok(request
            .field("agent_id", self.agent)
            .list("command", &self.command)
            .map("tags", pairs::object(&self.tags)?)
            .field("access_mode_exec", self.access_mode_exec.map(Mode::word))
            .field(
                "access_mode_runbooks",
                self.access_mode_runbooks.map(Mode::word),
            )
            .field(
                "access_mode_connect",
                self.access_mode_connect.map(Mode::word),
            )
            .field("access_schema", self.access_schema.map(Mode::word))
            .list("guardrail_rules", &self.guardrails)
            .list("attributes", &self.attributes)
            .list("reviewers", &self.reviewers)
            .list("redact_types", &self.redact_types)
            .list("mandatory_metadata_fields", &self.mandatory_metadata)
            .list("allowed_env_vars", &self.allowed_env)
            .field("read_only", self.read_only)
            .field("access_max_duration", self.access_max_duration)
            .map("limits", limits))
    }
}
