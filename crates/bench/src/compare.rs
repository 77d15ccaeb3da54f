//! `exec` of `select 1` on the gateway, the floor and other servers, in turns.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use testkit::servers::{Database, Postgres};

use crate::contestant::{self, Binary, Contestant};
use crate::fault::Fault;
use crate::load::{Plan, Report, measure};
use crate::show;

/// Compare `exec` of `select 1` with the floor and with other servers.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    binary: Binary,
    /// Program of MCP Toolbox for Databases.
    #[arg(long)]
    toolbox: Option<PathBuf>,
    /// Program of DBHub.
    #[arg(long)]
    dbhub: Option<PathBuf>,
    /// Numbers of clients.
    #[arg(long, value_delimiter = ',', default_value = "1,8,32")]
    clients: Vec<usize>,
    /// Turns of each server at each number of clients.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of one turn.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Most calls of one turn.
    #[arg(long, short = 'n', default_value_t = 1_000_000)]
    calls: u64,
    /// File for the figures as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The median turn of one server at one number of clients.
#[derive(Serialize)]
struct Row {
    server: &'static str,
    /// The turn with the median of calls per second.
    median: Report,
    /// Calls per second of the worst and the best turn.
    range: [f64; 2],
}

/// Runs the comparison, prints a table and writes JSON.
///
/// # Errors
/// A server does not start or answers wrongly.
pub async fn run(options: Options) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let postgres = Postgres::start();
    let contestants = start(&options, &postgres.database(), folder.path()).await?;
    let mut rows = Vec::new();
    for clients in &options.clients {
        let turns = take_turns(&options, &contestants, *clients).await?;
        rows.extend(contestants.iter().zip(turns).map(|(contestant, turns)| {
            let row = Row::of(contestant.name, turns);
            show(&row.line());
            row
        }));
    }
    let ratios = ratios(&rows, &options.clients);
    show(&format!("{ratios:#}"));
    if let Some(out) = &options.out {
        let figures = json!({"statement": "select 1", "rows": rows, "ratios": ratios});
        std::fs::write(out, format!("{figures:#}\n"))?;
    }
    Ok(())
}

async fn start(
    options: &Options,
    database: &Database,
    folder: &std::path::Path,
) -> Result<Vec<Contestant>, Fault> {
    let mut contestants = vec![contestant::floor(database, folder).await?];
    if options.binary.is_given() {
        contestants.push(contestant::drawgate(&options.binary, database, folder).await?);
    }
    if let Some(program) = &options.toolbox {
        contestants.push(contestant::toolbox(program, database, folder).await?);
    }
    if let Some(program) = &options.dbhub {
        contestants.push(contestant::dbhub(program, database, folder).await?);
    }
    Ok(contestants)
}

/// The turns of each contestant; A, B, C, A, B, C, so that a slow minute of the
/// machine hits all of them.
async fn take_turns(
    options: &Options,
    contestants: &[Contestant],
    clients: usize,
) -> Result<Vec<Vec<Report>>, Fault> {
    let mut turns: Vec<Vec<Report>> = contestants.iter().map(|_| Vec::new()).collect();
    for _ in 0..options.rounds.max(1) {
        for (contestant, turns) in contestants.iter().zip(&mut turns) {
            let report = measure(&Plan {
                endpoint: &contestant.endpoint,
                tool: &contestant.tool,
                clients,
                calls: options.calls,
                time: Duration::from_secs(options.seconds),
                warm_up: 50,
                pids: &[contestant.process.pid()],
            })
            .await?;
            turns.push(report);
        }
    }
    Ok(turns)
}

impl Row {
    /// `turns` has one turn at least.
    fn of(server: &'static str, mut turns: Vec<Report>) -> Self {
        turns.sort_by(|a, b| a.calls_per_second.total_cmp(&b.calls_per_second));
        let range = [
            turns[0].calls_per_second,
            turns[turns.len() - 1].calls_per_second,
        ];
        let median = turns.swap_remove(turns.len() / 2);
        Self {
            server,
            median,
            range,
        }
    }

    fn line(&self) -> String {
        let median = &self.median;
        format!(
            "{:<9} c={:<3} {:>9.1} calls/s ({:.1}–{:.1})  p50 {:.3} ms  p90 {:.3}  p99 {:.3}  \
             cpu {:.3} ms/call  rss {:.1} MiB  errors {}",
            self.server,
            median.clients,
            median.calls_per_second,
            self.range[0],
            self.range[1],
            median.p50_ms,
            median.p90_ms,
            median.p99_ms,
            median.server_cpu_ms_per_call,
            median.server_rss_mib,
            median.errors,
        )
    }
}

/// Calls per second of the gateway over those of each other server.
fn ratios(rows: &[Row], clients: &[usize]) -> Value {
    let mut ratios = serde_json::Map::new();
    for clients in clients {
        let at = |row: &&Row| row.median.clients == *clients;
        let Some(gateway) = rows.iter().filter(at).find(|row| row.server == "drawgate") else {
            continue;
        };
        for other in rows
            .iter()
            .filter(at)
            .filter(|row| row.server != "drawgate")
        {
            let ratio = gateway.median.calls_per_second / other.median.calls_per_second;
            ratios.insert(
                format!("drawgate/{} c={clients}", other.server),
                json!((ratio * 1000.0).round() / 1000.0),
            );
        }
    }
    Value::Object(ratios)
}
