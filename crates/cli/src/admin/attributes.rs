//! `drawgate admin attributes`: what ties connections, rules and groups together.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;

use crate::api::Api;
use crate::connections::sure;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::view;

/// What ties connections, rules and groups together.
#[derive(Debug, Subcommand)]
pub enum Attributes {
    /// List attributes by name.
    List {
        /// Text in the name.
        #[arg(long)]
        search: Option<String>,
        /// Most attributes to show, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show an attribute and what it ties together.
    Get {
        /// Name or id.
        name: String,
    },
    /// Make an attribute.
    Create {
        /// Unique name.
        name: String,
        /// What it ties together.
        #[command(flatten)]
        says: Says,
    },
    /// Change an attribute: a list that is given replaces the one that is there.
    Update {
        /// Name or id.
        name: String,
        /// What it ties together.
        #[command(flatten)]
        says: Says,
        /// What to empty; may be repeated.
        #[arg(long, value_enum, value_name = "WHAT")]
        clear: Vec<Part>,
        /// Only when it still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Remove an attribute and all its links.
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

/// What an attribute is for, and what it ties together.
#[derive(Args, Debug)]
pub struct Says {
    /// What it is for.
    #[arg(long)]
    description: Option<String>,
    /// Connection that bears it; may be repeated.
    #[arg(long = "connection", value_name = "NAME")]
    connections: Vec<String>,
    /// Guardrail that reaches its connections; may be repeated.
    #[arg(long = "guardrail", value_name = "NAME")]
    guardrails: Vec<String>,
    /// Masking rule that reaches its connections; may be repeated.
    #[arg(long = "masking", value_name = "NAME")]
    masking: Vec<String>,
    /// Group that sees its connections; may be repeated.
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
}

/// A part of an attribute that can be emptied.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Part {
    /// What it is for.
    Description,
    /// Connections that bear it.
    Connections,
    /// Guardrails that reach its connections.
    Guardrails,
    /// Masking rules that reach its connections.
    Masking,
    /// Groups that see its connections.
    Groups,
}

impl Part {
    /// Its key at the gateway.
    const fn key(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Connections => "connection_names",
            Self::Guardrails => "guardrail_rule_names",
            Self::Masking => "datamasking_rule_names",
            Self::Groups => "access_control_group_names",
        }
    }
}

impl Says {
    /// Adds what is given to a request.
    fn fields(self, request: Request) -> Request {
        request
            .field(Part::Description.key(), self.description)
            .list(Part::Connections.key(), &self.connections)
            .list(Part::Guardrails.key(), &self.guardrails)
            .list(Part::Masking.key(), &self.masking)
            .list(Part::Groups.key(), &self.groups)
    }
}

/// The path of attributes below `/api`.
const AT: &str = "attributes";

const COLUMNS: [&str; 5] = [
    "name",
    "connection_names",
    "guardrail_rule_names",
    "datamasking_rule_names",
    "access_control_group_names",
];

const FIRST: [&str; 2] = ["name", "description"];

impl Attributes {
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let request = match self {
            Self::List {
                search,
                limit,
                cursor,
            } => {
                let request = Request::get(&[AT])
                    .query("search", search)
                    .query("limit", limit)
                    .query("cursor", cursor);
                view::list(out, &api.send(request).await?, &COLUMNS)?;
                return Ok(0);
            }
            Self::Delete {
                name,
                yes,
                if_version,
            } => {
                sure(yes, &format!("delete attribute {name}?"))?;
                let request = Request::delete(&[AT, &name]).query("version", if_version);
                view::object(out, &api.send(request).await?, &["name", "deleted"])?;
                return Ok(0);
            }
            Self::Get { name } => Request::get(&[AT, &name]),
            Self::Create { name, says } => {
                says.fields(Request::post(&[AT]).field("name", Some(name)))
            }
            Self::Update {
                name,
                says,
                clear,
                if_version,
            } => {
                let request = Request::patch(&[AT, &name]).field("version", if_version);
                let cleared = clear.into_iter().fold(request, |request, part| {
                    request.field(part.key(), Some(Value::Null))
                });
                says.fields(cleared)
            }
        };
        view::object(out, &api.send(request).await?, &FIRST)?;
        Ok(0)
    }
}
