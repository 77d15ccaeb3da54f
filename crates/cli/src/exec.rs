//! `drawgate exec`: runs something and prints what came of it.

mod envelope;
mod outcome;
mod pages;
mod print;
mod recorded;
mod sheet;
mod watch;

use std::path::PathBuf;

use clap::Args;
use model::{Id as _, RunId, SystemClock};

use crate::api::Api;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::request::Request;
use crate::spinner::Spinner;
use crate::{input, pairs};

use watch::Watch;

pub(crate) use outcome::of_session;
pub(crate) use print::recording;

/// Longest time the gateway waits inside one request, in seconds.
pub(crate) const LONGEST_WAIT: u32 = 50;
/// Most output that the gateway puts into one answer, in bytes.
pub(crate) const LONGEST_PAGE: u32 = 1024 * 1024;

/// Runs a query or a command at a connection.
#[derive(Args, Debug)]
pub struct Exec {
    /// Name or id of the connection.
    connection: String,
    /// What to run.
    #[arg(short, long, value_name = "TEXT", conflicts_with = "file")]
    input: Option<String>,
    /// File that holds what to run; `-` is standard input, also used when neither is given.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Label of the session; may be repeated.
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = pairs::pair)]
    metadata: Vec<(String, String)>,
    /// Database to run in.
    #[arg(short, long)]
    database: Option<String>,
    /// Variable of the run; may be repeated.
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = pairs::pair)]
    env: Vec<(String, String)>,
    /// Argument appended to the command of a process connection; may be repeated.
    #[arg(short, long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    args: Vec<String>,
    /// Why, shown to reviewers.
    #[arg(short, long)]
    reason: Option<String>,
    /// With `-o json`: rows as typed JSON instead of text.
    #[arg(long)]
    rows: bool,
    /// Wait for the end of the run (the default).
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Start the run and print its session instead of waiting for the end.
    #[arg(long)]
    no_wait: bool,
    /// Run at most once for this key within a day.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl Exec {
    /// Runs it; the exit code is the target's.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let trace = Trace::new();
        let request = self.request(out.format)?.traced(&trace);
        let mut watch = Watch::new(api, out, trace);
        let spinner = Spinner::start(format!("running on {}", self.connection));
        let first = watch.answer(api.send(request)).await?;
        if first.value["status"] != "running" {
            drop(spinner);
            return print::envelope(api, out, &first).await;
        }
        if self.no_wait && !self.wait {
            drop(spinner);
            return print::started(out, &first);
        }
        let session = watch.follow(&first).await?;
        drop(spinner);
        if self.rows && out.format == OutputFormat::Json {
            out.note(
                "warning: the run outlasted the answer: its rows are text in \"output\", as recorded",
            );
        }
        print::session(api, out, &session).await
    }

    fn request(&self, format: OutputFormat) -> Result<Request, Failure> {
        let is_rows = format == OutputFormat::Csv || (self.rows && format == OutputFormat::Json);
        let is_left = self.no_wait && !self.wait;
        let text = input::script(self.input.clone(), self.file.as_deref())?;
        Ok(Request::post(&["exec"])
            .field("connection_name", Some(self.connection.as_str()))
            .field("input", Some(text))
            .field("format", is_rows.then_some("rows"))
            .field("max_output_bytes", Some(LONGEST_PAGE))
            .field("wait_seconds", Some(if is_left { 0 } else { LONGEST_WAIT }))
            .field("database", self.database.clone())
            .field("reason", self.reason.clone())
            .field("idempotency_key", self.idempotency_key.clone())
            .list("args", &self.args)
            .map("metadata", pairs::object(&self.metadata)?)
            .map("env_vars", pairs::object(&self.env)?))
    }
}

/// The trace id of one run. It finds the session before the gateway has named it.
pub(crate) struct Trace(String);

impl Trace {
    fn new() -> Self {
        Self(RunId::new(&SystemClock).uuid().simple().to_string())
    }

    /// The trace id, 32 hexadecimal digits.
    pub(crate) fn id(&self) -> &str {
        &self.0
    }
}

impl Request {
    /// The request as part of `trace` (W3C Trace Context).
    fn traced(mut self, trace: &Trace) -> Self {
        let parent = &trace.0[16..];
        self.trace = Some(format!("00-{}-{parent}-01", trace.0));
        self
    }
}
