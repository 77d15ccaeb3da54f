//! `drawgate admin keys`.

use clap::{Args, Subcommand};

use crate::api::Api;
use crate::connections::sure;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::request::Request;
use crate::view;

/// API keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// List keys; their secrets are never shown again.
    List {
        /// Most keys to show, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Make a key and print it, this once.
    Create(Create),
    /// End a key for good.
    Revoke {
        /// Id of the key.
        id: String,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
}

/// A new key.
#[derive(Args, Debug)]
pub struct Create {
    /// Name.
    name: String,
    /// The key acts as this user.
    #[arg(long, conflicts_with = "groups")]
    user: Option<String>,
    /// The key is a machine of its own in this group; may be repeated.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// What it may be used for, for instance drawgate:read; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// It belongs to an agent, which may not approve.
    #[arg(long)]
    agent: bool,
    /// Seconds until it ends; never without it.
    #[arg(long, value_name = "SECONDS")]
    expires_in: Option<i64>,
}

const COLUMNS: [&str; 7] = [
    "id",
    "name",
    "user_id",
    "groups",
    "scopes",
    "status",
    "expires_at",
];

impl Keys {
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::List { limit, cursor } => {
                let request = Request::get(&["keys"])
                    .query("limit", limit)
                    .query("cursor", cursor);
                view::list(out, &api.send(request).await?, &COLUMNS)?;
            }
            Self::Create(create) => {
                let key = api.send(create.request()).await?;
                if out.format == OutputFormat::Json {
                    out.line(&key.text)?;
                } else {
                    // The key alone on standard output, so that it can go into a file.
                    out.line(key.value["token"].as_str().unwrap_or_default())?;
                    out.note("this key is shown only once");
                }
            }
            Self::Revoke { id, yes } => {
                sure(yes, &format!("revoke key {id}?"))?;
                let revoked = api.send(Request::delete(&["keys", &id])).await?;
                view::object(out, &revoked, &["id", "name", "status"])?;
            }
        }
        Ok(0)
    }
}

impl Create {
    fn request(self) -> Request {
        Request::post(&["keys"])
            .field("name", Some(self.name))
            .field("user", self.user)
            .list("groups", &self.groups)
            .list("scopes", &self.scopes)
            .field("agent", self.agent.then_some(true))
            .field("expires_in_seconds", self.expires_in)
    }
}
