//! `drawgate admin guardrails`, and other rules that are kept in files.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::connections::sure;
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::request::Request;
use crate::view;

/// Rules of one kind.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List rules by name.
    List {
        /// Most rules to show, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one rule.
    Show {
        /// Name or id.
        name: String,
    },
    /// Make a rule from a file.
    Create {
        /// The rule in JSON; `-` is standard input.
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Change a rule by a file: what is left out of it stays.
    Update {
        /// Name or id.
        name: String,
        /// What changes, in JSON; `-` is standard input.
        #[arg(short, long, value_name = "FILE")]
        file: PathBuf,
        /// Only when it still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Remove a rule.
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
}

const COLUMNS: [&str; 4] = ["name", "connection_ids", "attributes", "description"];

const FIRST: [&str; 2] = ["name", "description"];

impl Rules {
    /// Runs the command on the rules at a path below `/api`.
    pub(super) async fn run(self, at: &str, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::List { limit, cursor } => {
                let request = Request::get(&[at])
                    .query("limit", limit)
                    .query("cursor", cursor);
                view::list(out, &api.send(request).await?, &COLUMNS)?;
            }
            Self::Show { name } => {
                let rule = api.send(Request::get(&[at, &name])).await?;
                view::object(out, &rule, &FIRST)?;
            }
            Self::Create { file } => {
                let rule = api.send(Request::post(&[at]).fields(read(&file)?)).await?;
                view::object(out, &rule, &FIRST)?;
            }
            Self::Update {
                name,
                file,
                if_version,
            } => {
                let request = Request::patch(&[at, &name]).fields(read(&file)?);
                let request = request.field("version", if_version);
                view::object(out, &api.send(request).await?, &FIRST)?;
            }
            Self::Delete {
                name,
                yes,
                if_version,
            } => {
                sure(yes, &format!("delete {name}?"))?;
                let request = Request::delete(&[at, &name]).query("version", if_version);
                view::object(out, &api.send(request).await?, &["name", "deleted"])?;
            }
        }
        Ok(0)
    }
}

/// What the gateway tells of a rule and nobody writes.
const TOLD: [&str; 5] = ["id", "version", "created_at", "updated_at", "managed_by"];

/// The rule in a file, which may be one that was shown.
fn read(path: &Path) -> Result<Map<String, Value>, Failure> {
    let text = input::text(path)?;
    let mut rule = model::strict_object(text.as_bytes()).map_err(|refusal| {
        Failure::usage(
            format!("{}: {refusal}", path.display()),
            "a rule is one JSON object, as `show -o json` prints it",
        )
    })?;
    rule.retain(|key, _| !TOLD.contains(&key.as_str()));
    Ok(rule)
}
