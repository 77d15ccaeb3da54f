//! `drawgate admin groups`.

use clap::Subcommand;

use crate::api::Api;
use crate::connections::sure;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::view;

/// User groups.
#[derive(Debug, Subcommand)]
pub enum Groups {
    /// List groups by name.
    List {
        /// Text in the name.
        #[arg(long)]
        search: Option<String>,
        /// Most groups to show, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Make a group. A connection named here that everybody saw before is
    /// restricted to this group afterwards.
    Create {
        /// Unique name.
        name: String,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// Connection that the group may use; may be repeated.
        #[arg(long = "connection", value_name = "NAME")]
        connections: Vec<String>,
        /// Attribute that names the group; may be repeated.
        #[arg(long = "attribute", value_name = "NAME")]
        attributes: Vec<String>,
    },
    /// Remove a group.
    Delete {
        /// Name or id.
        name: String,
        /// Remove it from everything that names it too.
        #[arg(long)]
        force: bool,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
        /// Only when it still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
}

const COLUMNS: [&str; 5] = [
    "name",
    "source",
    "members_count",
    "connections",
    "description",
];

impl Groups {
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::List {
                search,
                limit,
                cursor,
            } => {
                let request = Request::get(&["usergroups"])
                    .query("search", search)
                    .query("limit", limit)
                    .query("cursor", cursor);
                view::list(out, &api.send(request).await?, &COLUMNS)?;
            }
            Self::Create {
                name,
                description,
                connections,
                attributes,
            } => {
                let request = Request::post(&["usergroups"])
                    .field("name", Some(name))
                    .field("description", description)
                    .list("connections", &connections)
                    .list("attributes", &attributes);
                let group = api.send(request).await?;
                view::object(out, &group, &["name", "description", "newly_restricted"])?;
            }
            Self::Delete {
                name,
                force,
                yes,
                if_version,
            } => {
                sure(yes, &format!("delete group {name}?"))?;
                let request = Request::delete(&["usergroups", &name])
                    .query("force", force.then_some(true))
                    .query("version", if_version);
                view::object(out, &api.send(request).await?, &["name", "deleted"])?;
            }
        }
        Ok(0)
    }
}
