//! `drawgate admin users`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use model::ExposeSecret as _;
use serde_json::Value;

use crate::api::Api;
use crate::failure::Failure;
use crate::output::Output;
use crate::request::Request;
use crate::{input, view};

/// People.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// List users by e-mail.
    List {
        /// Text in name or e-mail.
        #[arg(long)]
        search: Option<String>,
        /// active, inactive, invited or reviewing.
        #[arg(long)]
        status: Option<String>,
        /// Members of this group.
        #[arg(long)]
        group: Option<String>,
        /// Most users to show, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        /// Where the page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one user.
    Get {
        /// E-mail, id or subject.
        user: String,
    },
    /// Make a user.
    Create(UserSettings),
    /// Change a user; what is not named stays.
    Update {
        #[command(flatten)]
        settings: UserSettings,
        /// Put this field back to its default, `groups` or `name`; may be repeated.
        #[arg(long, value_name = "FIELD", value_enum)]
        clear: Vec<Clearable>,
        /// active or inactive; an inactive user is signed out everywhere.
        #[arg(long)]
        status: Option<String>,
        /// Only when it still has this version.
        #[arg(long, value_name = "VERSION")]
        if_version: Option<i64>,
    },
}

/// What can be put back to its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Clearable {
    /// No group.
    Groups,
    /// The e-mail as the name.
    Name,
}

impl Clearable {
    const fn field(self) -> &'static str {
        match self {
            Self::Groups => "groups",
            Self::Name => "name",
        }
    }
}

/// Settings of a user.
#[derive(Args, Debug)]
pub struct UserSettings {
    /// E-mail.
    email: String,
    /// Display name.
    #[arg(long)]
    name: Option<String>,
    /// Group; may be repeated. On a change the whole list.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// File that holds the password; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

const COLUMNS: [&str; 6] = [
    "email",
    "name",
    "status",
    "groups",
    "is_admin",
    "last_login_at",
];

impl Users {
    pub(super) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let request = match self {
            Self::List {
                search,
                status,
                group,
                limit,
                cursor,
            } => {
                let request = Request::get(&["users"])
                    .query("search", search)
                    .query("status", status)
                    .query("group", group)
                    .query("limit", limit)
                    .query("cursor", cursor);
                view::list(out, &api.send(request).await?, &COLUMNS)?;
                return Ok(0);
            }
            Self::Get { user } => Request::get(&["users", &user]),
            Self::Create(settings) => {
                let request =
                    Request::post(&["users"]).field("email", Some(settings.email.clone()));
                settings.fields(request)?
            }
            Self::Update {
                settings,
                clear,
                status,
                if_version,
            } => {
                let mut request = Request::patch(&["users", &settings.email])
                    .field("status", status)
                    .field("version", if_version);
                for what in clear {
                    request = request.field(what.field(), Some(Value::Null));
                }
                settings.fields(request)?
            }
        };
        view::object(out, &api.send(request).await?, &COLUMNS)?;
        Ok(0)
    }
}

impl UserSettings {
    fn fields(self, request: Request) -> Result<Request, Failure> {
        let password = self
            .password_file
            .as_deref()
            .map(input::secret)
            .transpose()?;
        Ok(request
            .field("name", self.name)
            .list("groups", &self.groups)
            .field(
                "password",
                password.as_ref().map(|password| password.expose_secret()),
            ))
    }
}
