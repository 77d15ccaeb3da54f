//! `drawgate sessions`: records of what was run.

use clap::{Args, Subcommand};

use crate::api::Api;
use crate::exec::{self, LONGEST_WAIT};
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::request::Request;
use crate::spinner::Spinner;
use crate::view;

/// Records of what was run.
#[derive(Debug, Subcommand)]
pub enum Sessions {
    /// List sessions, newest first.
    List(List),
    /// Show one session.
    Get {
        /// Id of the session or of its review.
        id: String,
    },
    /// Print what a session was given or has said.
    Content {
        /// Id of the session.
        id: String,
        /// Print what was run instead of what came out.
        #[arg(long, conflicts_with = "cursor")]
        input: bool,
        /// Begin where a page before ended.
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Wait until a session has ended; the exit code is the target's.
    Wait {
        /// Id of the session.
        id: String,
        /// Longest time to wait in seconds; without it until the end.
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u32>,
    },
    /// End a session.
    Kill {
        /// Id of the session.
        id: String,
        /// Why.
        #[arg(short, long)]
        reason: Option<String>,
    },
}

/// Which sessions to list.
#[derive(Args, Debug)]
pub struct List {
    /// User id, e-mail or subject.
    #[arg(long)]
    user: Option<String>,
    /// Connection; `*` stands for any text.
    #[arg(long)]
    connection: Option<String>,
    /// Kind of connection.
    #[arg(long = "type")]
    kind: Option<String>,
    /// open, pending, ready or done.
    #[arg(long)]
    status: Option<String>,
    /// success, failed, blocked, rejected, revoked, expired, killed or interrupted.
    #[arg(long)]
    outcome: Option<String>,
    /// exec, connect or introspect.
    #[arg(long)]
    verb: Option<String>,
    /// The door it came through: cli, api, mcp and others.
    #[arg(long)]
    origin: Option<String>,
    /// Begun at or after this RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Begun at or before this RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Most sessions to show, up to 100.
    #[arg(long)]
    limit: Option<u32>,
    /// Where the page before ended.
    #[arg(long)]
    cursor: Option<String>,
}

const COLUMNS: [&str; 8] = [
    "id",
    "connection",
    "user_email",
    "status",
    "outcome",
    "exit_code",
    "origin",
    "created_at",
];

impl Sessions {
    /// Runs the command.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        match self {
            Self::List(list) => view::list(out, &api.send(list.request()).await?, &COLUMNS)?,
            Self::Get { id } => {
                let session = api.send(Request::get(&["sessions", &id])).await?;
                view::object(out, &session, &COLUMNS)?;
            }
            Self::Content {
                id,
                input: true,
                cursor: _,
            } => what_was_run(api, out, &id).await?,
            Self::Content {
                id,
                input: false,
                cursor,
            } => exec::recording(api, out, &id, cursor.as_deref()).await?,
            Self::Wait { id, timeout } => return wait(api, out, &id, timeout).await,
            Self::Kill { id, reason } => {
                let request = Request::post(&["sessions", &id, "kill"]).field("reason", reason);
                let killed = api.send(request).await?;
                view::object(out, &killed, &["id", "killed", "status", "outcome"])?;
            }
        }
        Ok(0)
    }
}

impl List {
    fn request(self) -> Request {
        Request::get(&["sessions"])
            .query("user", self.user)
            .query("connection", self.connection)
            .query("type", self.kind)
            .query("status", self.status)
            .query("outcome", self.outcome)
            .query("verb", self.verb)
            .query("origin", self.origin)
            .query("start_date", self.since)
            .query("end_date", self.until)
            .query("limit", self.limit)
            .query("cursor", self.cursor)
    }
}

async fn what_was_run(api: &Api, out: Output, id: &str) -> Result<(), Failure> {
    let request = Request::get(&["sessions", id, "content"]).query("include_output", Some(false));
    let content = api.send(request).await?;
    match out.format {
        OutputFormat::Json => out.line(&content.text),
        OutputFormat::Csv | OutputFormat::Text => {
            let input = content.value["input"].as_str().unwrap_or_default();
            out.said(input)?;
            if input.ends_with('\n') {
                Ok(())
            } else {
                out.raw("\n")
            }
        }
    }
}

async fn wait(api: &Api, out: Output, id: &str, timeout: Option<u32>) -> Result<i32, Failure> {
    let mut left = timeout;
    let spinner = Spinner::start(format!("waiting for {id}"));
    loop {
        let step = left.map_or(LONGEST_WAIT, |left| left.min(LONGEST_WAIT));
        let request = Request::post(&["sessions", id, "wait"]).field("timeout_seconds", Some(step));
        let session = api.send(request).await?;
        left = left.map(|left| left.saturating_sub(step));
        let is_over = session.value["timed_out"] != true;
        if is_over || left == Some(0) {
            drop(spinner);
            view::object(out, &session, &COLUMNS)?;
            let code = exec::of_session(&session.value);
            return Ok(if is_over { code } else { Failure::OTHER });
        }
    }
}
