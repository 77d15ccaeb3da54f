//! A bounded MCP load: some clients call one tool as often as they can.

mod client;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde_json::Value;

pub use client::{Client, Tool, Wire};
pub use report::Report;

use crate::fault::Fault;
use crate::http::Endpoint;
use crate::{show, usage};

/// A client that fails this often in a row gives up.
const MOST_ERRORS: u64 = 50;

/// Load one MCP tool on loopback and print one line of JSON.
#[derive(clap::Args)]
pub struct Options {
    /// MCP endpoint, for instance `http://127.0.0.1:8009/api/mcp`.
    #[arg(long)]
    url: String,
    /// Name of the tool.
    #[arg(long)]
    tool: String,
    /// Arguments of the tool, a JSON object.
    #[arg(long, default_value = "{}")]
    arguments: String,
    /// Wire of the protocol.
    #[arg(long, value_enum, default_value_t)]
    wire: Wire,
    /// File with the bearer token.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Clients, each with a connection and an MCP session of its own.
    #[arg(long, short, default_value_t = 1)]
    clients: usize,
    /// Most calls that are measured.
    #[arg(long, short = 'n', default_value_t = 1000)]
    calls: u64,
    /// Most seconds that are measured.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Calls of each client before the measurement.
    #[arg(long, default_value_t = 20)]
    warm_up: u64,
    /// Processes of the server, whose CPU time and memory are reported.
    #[arg(long, value_delimiter = ',')]
    pids: Vec<u32>,
}

/// What to load, how hard and how long.
pub struct Plan<'a> {
    /// The server.
    pub endpoint: &'a Endpoint,
    /// The call.
    pub tool: &'a Tool,
    /// Clients at the same time.
    pub clients: usize,
    /// Most calls that are measured.
    pub calls: u64,
    /// Longest time that is measured.
    pub time: Duration,
    /// Calls of each client before the measurement.
    pub warm_up: u64,
    /// Processes of the server.
    pub pids: &'a [u32],
}

/// What one client measured.
struct Tally {
    latencies: Vec<Duration>,
    errors: u64,
    first_error: Option<String>,
}

/// When clients stop.
struct Bound {
    left: AtomicU64,
    end: Instant,
}

impl Bound {
    /// Takes one call off what is left.
    fn take(&self) -> bool {
        Instant::now() < self.end
            && self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                })
                .is_ok()
    }
}

/// Runs the command line's load and prints its report.
///
/// # Errors
/// The server cannot be reached or answers the warm-up wrongly.
pub async fn run(options: Options) -> Result<(), Fault> {
    let mut endpoint = Endpoint::parse(&options.url)?;
    if let Some(file) = &options.token_file {
        endpoint = endpoint.with_bearer(&std::fs::read_to_string(file)?);
    }
    let arguments: Value = serde_json::from_str(&options.arguments)?;
    let report = measure(&Plan {
        endpoint: &endpoint,
        tool: &Tool::on(options.wire, &options.tool, &arguments),
        clients: options.clients,
        calls: options.calls,
        time: Duration::from_secs(options.seconds),
        warm_up: options.warm_up,
        pids: &options.pids,
    })
    .await?;
    show(&serde_json::to_string(&report)?);
    Ok(())
}

/// Connects and warms every client up, then lets all of them loose at once.
///
/// # Errors
/// The server cannot be reached or answers the warm-up wrongly. Errors of
/// measured calls are counted instead.
pub async fn measure(plan: &Plan<'_>) -> Result<Report, Fault> {
    let ready = (0..plan.clients).map(|_| warm(plan));
    let clients = try_join_all(ready).await?;
    let own = [std::process::id()];
    let before = (
        usage::cpu_milliseconds(plan.pids),
        usage::cpu_milliseconds(&own),
    );
    let begun = Instant::now();
    let bound = Arc::new(Bound {
        left: AtomicU64::new(plan.calls),
        end: begun + plan.time,
    });
    let workers: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::spawn(work(client, plan.tool.clone(), Arc::clone(&bound))))
        .collect();
    let mut tallies = Vec::with_capacity(workers.len());
    for worker in workers {
        let tally = worker.await;
        tallies.push(tally.map_err(|cause| Fault::Setup(cause.to_string()))?);
    }
    let mut report = Report::of(tallies, plan.clients, begun.elapsed());
    report.usage(
        usage::cpu_milliseconds(plan.pids) - before.0,
        usage::cpu_milliseconds(&own) - before.1,
        usage::resident_mib(plan.pids),
    );
    Ok(report)
}

async fn warm(plan: &Plan<'_>) -> Result<Client, Fault> {
    let mut client = Client::connect(plan.endpoint, plan.tool.wire()).await?;
    for _ in 0..plan.warm_up {
        client.call(plan.tool).await?;
    }
    Ok(client)
}

async fn work(mut client: Client, tool: Tool, bound: Arc<Bound>) -> Tally {
    let mut tally = Tally {
        latencies: Vec::new(),
        errors: 0,
        first_error: None,
    };
    let mut in_a_row = 0;
    while in_a_row < MOST_ERRORS && bound.take() {
        let begun = Instant::now();
        match client.call(&tool).await {
            Ok(()) => {
                tally.latencies.push(begun.elapsed());
                in_a_row = 0;
            }
            Err(fault) => {
                tally.errors += 1;
                in_a_row += 1;
                tally.first_error.get_or_insert_with(|| fault.to_string());
            }
        }
    }
    tally
}
