//! `drawgate connections`: targets and their settings.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::{input, view};

mod settings;

use settings::ConnectionSettings;

/// Connections that you can use.
#[derive(Debug, Subcommand)]
pub enum Connections {
    /// List connections by name.
    List(List),
    /// Show one connection.
    Get {
        /// Name or id.
        name: String,
        /// Show its secrets too; administrators only, and recorded.
        #[arg(long)]
        include_secrets: bool,
    },
    /// Make a connection.
    Create(Box<Create>),
    /// Change a connection; what is not named stays.
    Update(Box<Update>),
    /// Remove a connection; its sessions stay on record.
    Delete {
        /// Name or id.
        name: String,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
        /// Only when it still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Sign in at the target and out again; nothing is run.
    Test {
        /// Name or id.
        name: String,
        /// Longest time in seconds, up to 30.
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u32>,
    },
}

/// Which connections to list.
#[derive(Args, Debug)]
pub struct List {
    /// Text in name, type, subtype or status.
    #[arg(long)]
    search: Option<String>,
    /// Name; `*` stands for any text.
    #[arg(long)]
    name: Option<String>,
    /// Kind of target.
    #[arg(long = "type")]
    kind: Option<String>,
    /// Product of the target.
    #[arg(long)]
    subtype: Option<String>,
    /// Terms `key=value` or `key!=value`, separated by commas.
    #[arg(long, value_name = "TERMS")]
    tag_selector: Option<String>,
    /// Most connections to show, up to 200.
    #[arg(long)]
    limit: Option<u32>,
    /// Where the page before ended.
    #[arg(long)]
    cursor: Option<String>,
}

/// A new connection.
#[derive(Args, Debug)]
pub struct Create {
    /// Unique name.
    name: String,
    /// database, application, custom or httpproxy.
    #[arg(long = "type")]
    kind: String,
    /// Product, for instance postgres, mysql or sqlite.
    #[arg(long)]
    subtype: Option<String>,
    #[command(flatten)]
    settings: ConnectionSettings,
    /// Make it at most once for this key within a day.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// A change of a connection.
#[derive(Args, Debug)]
pub struct Update {
    /// Name or id.
    name: String,
    #[command(flatten)]
    settings: ConnectionSettings,
    /// Take the secrets given as all there are, instead of changing single ones.
    #[arg(long)]
    replace_secrets: bool,
    /// Remove this secret; may be repeated.
    #[arg(long, value_name = "KEY", conflicts_with = "replace_secrets")]
    remove_secret: Vec<String>,
    /// Put this field back to its default, for instance `reviewers`; may be repeated.
    #[arg(long, value_name = "FIELD")]
    clear: Vec<String>,
    /// Only when it still has this version.
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
}

const COLUMNS: [&str; 6] = [
    "name",
    "type",
    "subtype",
    "status",
    "access_mode_exec",
    "tags",
];

impl Connections {
    /// Runs the command.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let (request, keys): (Request, &[&'static str]) = match self {
            Self::List(list) => {
                view::list(out, &api.send(list.request()).await?, &COLUMNS)?;
                return Ok(0);
            }
            Self::Test { name, timeout } => return test(api, out, &name, timeout).await,
            Self::Get {
                name,
                include_secrets,
            } => (
                Request::get(&["connections", &name])
                    .query("include_secrets", include_secrets.then_some(true)),
                &COLUMNS,
            ),
            Self::Create(create) => (create.request()?, &COLUMNS),
            Self::Update(update) => (update.request(api).await?, &COLUMNS),
            Self::Delete {
                name,
                yes,
                if_version,
            } => {
                sure(yes, &format!("delete connection {name}?"))?;
                let request = Request::delete(&["connections", &name]).query("version", if_version);
                (request, &["name", "deleted"])
            }
        };
        view::object(out, &api.send(request).await?, keys)?;
        Ok(0)
    }
}

impl List {
    fn request(self) -> Request {
        Request::get(&["connections"])
            .query("search", self.search)
            .query("name", self.name)
            .query("type", self.kind)
            .query("subtype", self.subtype)
            .query("tag_selector", self.tag_selector)
            .query("limit", self.limit)
            .query("cursor", self.cursor)
    }
}

impl Create {
    fn request(self) -> Result<Request, Failure> {
        let secrets = self.settings.secrets()?;
        let request = Request::post(&["connections"])
            .field("name", Some(self.name))
            .field("type", Some(self.kind))
            .field("subtype", self.subtype)
            .field("idempotency_key", self.idempotency_key)
            .map("secrets", secrets);
        self.settings.fields(request)
    }
}

impl Update {
    async fn request(self, api: &Api) -> Result<Request, Failure> {
        let mut secrets = self.settings.secrets()?;
        for key in &self.remove_secret {
            secrets.insert(crate::pairs::secret_key(key), Value::Null);
        }
        let field = if self.replace_secrets {
            "secrets"
        } else {
            "secrets_patch"
        };
        let limits = self.limits(api).await?;
        let mut request = Request::patch(&["connections", &self.name])
            .field("version", self.if_version)
            .map(field, secrets);
        for name in &self.clear {
            request = request.field(name, Some(Value::Null));
        }
        request = self.settings.fields(request)?;
        if let Some((limits, version)) = limits {
            let version = self.if_version.map_or(version, Value::from);
            request = request
                .map("limits", limits)
                .field("version", Some(version));
        }
        Ok(request)
    }

    /// All limits after the change, and the version that they were read from. The
    /// gateway replaces them as a whole, so those that are not given are read first.
    async fn limits(&self, api: &Api) -> Result<Option<(Map<String, Value>, Value)>, Failure> {
        let given = self.settings.limits();
        if given.is_empty() || self.clear.iter().any(|name| name == "limits") {
            return Ok(None);
        }
        let stored = api
            .send(Request::get(&["connections", &self.name]))
            .await?
            .value;
        let mut limits = stored["limits"].as_object().cloned().unwrap_or_default();
        limits.extend(given);
        Ok(Some((limits, stored["version"].clone())))
    }
}

async fn test(api: &Api, out: Output, name: &str, timeout: Option<u32>) -> Result<i32, Failure> {
    let request = Request::post(&["connections", name, "test"]).field("timeout_seconds", timeout);
    let tested = api.send(request).await?;
    view::object(
        out,
        &tested,
        &[
            "connection_name",
            "ok",
            "stage",
            "duration_ms",
            "server_version",
        ],
    )?;
    if tested.value["ok"] == true {
        return Ok(0);
    }
    if let Some(message) = tested.value["failure"]["message"].as_str() {
        out.note(&format!("error: {message}"));
    }
    Ok(Failure::OTHER)
}

/// Asks before something is removed.
///
/// # Errors
/// When the answer is no, or nobody can be asked.
pub(crate) fn sure(yes: bool, question: &str) -> Result<(), Failure> {
    if yes || input::confirm(question)? {
        return Ok(());
    }
    Err(Failure::usage(
        "nothing was removed",
        "say --yes to remove it without a question",
    ))
}

/// Files of secrets, read once per command.
#[derive(Args, Debug)]
pub struct SecretSources {
    /// File of secrets: lines of KEY=VALUE in plain text; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// Take this one secret from standard input.
    #[arg(long, value_name = "KEY", conflicts_with = "secrets_file")]
    secret_stdin: Option<String>,
}
