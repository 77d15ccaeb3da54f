//! What somebody asks to run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One request to run something at a target, exactly as it was given.
#[derive(Clone)]
pub struct Ask {
    /// What kind of access it is.
    pub verb: Verb,
    /// The statement, script or standard input.
    pub input: String,
    /// Arguments appended to the command of a process connection.
    pub args: Vec<String>,
    /// Variables of this run: `envvar:NAME` or `filesystem:NAME` to plain values.
    pub env: BTreeMap<String, SecretString>,
    /// Database to run in; the connection's own when `None`.
    pub database: Option<String>,
    /// How rows are answered.
    pub format: Format,
    /// Labels that the caller attaches.
    pub metadata: Map<String, Value>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// Run in a read-only transaction where the target has one.
    pub read_only: bool,
}

/// Kinds of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Verb {
    /// One execution.
    Exec,
    /// A native connection.
    Connect,
    /// Reading the schema.
    Introspect,
}

impl Verb {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Connect => "connect",
            Self::Introspect => "introspect",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Exec, Self::Connect, Self::Introspect]
            .into_iter()
            .find(|verb| verb.as_str() == word)
    }
}

/// How rows are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Format {
    /// Tab-separated text with header and footer.
    #[default]
    Text,
    /// Typed JSON rows; databases only.
    Rows,
}
