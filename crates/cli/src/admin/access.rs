//! `drawgate admin access`: which groups see a connection.

use clap::Subcommand;

use crate::api::Api;
use crate::connections::sure;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::view;

/// Which groups see a connection.
#[derive(Debug, Subcommand)]
pub enum Access {
    /// List the connections that only some groups see, by name.
    List {
        /// Most connections to show, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show who sees a connection.
    Get {
        /// Name or id of the connection.
        connection: String,
    },
    /// Let only these groups see a connection, besides administrators and auditors.
    Set {
        /// Name or id of the connection.
        connection: String,
        /// Group that sees it; may be repeated. Others do not see it any more.
        #[arg(short, long = "group", value_name = "NAME", required = true)]
        groups: Vec<String>,
        /// Only when the list still has this version; 0 without a list.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
    /// Let everybody see a connection, unless an attribute restricts it.
    Unset {
        /// Name or id of the connection.
        connection: String,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
        /// Only when the list still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
}

/// The path of lists below `/api`.
const AT: &str = "access-control";

const COLUMNS: [&str; 3] = ["connection_name", "allowed_groups", "version"];

const FIRST: [&str; 3] = ["connection_name", "restricted", "allowed_groups"];

impl Access {
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::List { limit, cursor } => {
                let request = Request::get(&[AT])
                    .query("limit", limit)
                    .query("cursor", cursor);
                view::list(out, &api.send(request).await?, &COLUMNS)?;
            }
            Self::Get { connection } => {
                let list = api.send(Request::get(&[AT, &connection])).await?;
                view::object(out, &list, &FIRST)?;
            }
            Self::Set {
                connection,
                groups,
                if_version,
            } => {
                let request = Request::put(&[AT, &connection])
                    .list("groups", &groups)
                    .field("version", if_version);
                view::object(out, &api.send(request).await?, &FIRST)?;
            }
            Self::Unset {
                connection,
                yes,
                if_version,
            } => {
                sure(yes, &format!("let everybody see {connection}?"))?;
                let request = Request::delete(&[AT, &connection]).query("version", if_version);
                view::object(out, &api.send(request).await?, &["name", "deleted"])?;
            }
        }
        Ok(0)
    }
}
