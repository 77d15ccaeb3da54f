//! A gigabyte of rows through `exec` into a recording, against a bare client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::{TryStreamExt, pin_mut};
use serde_json::{Value, json};
use testkit::servers::{Database, Postgres};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::contestant::{Binary, CONNECTION, Gateway, connection_string};
use crate::fault::Fault;
use crate::load::{Client, Tool, Wire};
use crate::{show, usage};

/// Bytes of text in one row: what `repeat` of an MD5 sum gives.
const ROW_BYTES: u64 = 32 * 32;

/// Send rows through `exec` into a recording, against a bare client.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    binary: Binary,
    /// MiB of rows.
    #[arg(long, default_value_t = 1024)]
    mib: u64,
    /// Turns of each; the best counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// One run of the gateway.
struct Run {
    seconds: f64,
    session: Value,
}

/// Measures and prints one line of JSON.
///
/// # Errors
/// The gateway does not start, or the run does not complete.
pub async fn run(options: Options) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let postgres = Postgres::start();
    let database = &postgres.database();
    let data = folder.path().join("data");
    let gateway = Gateway::start(&options.binary, &data, folder.path()).await?;
    gateway.connect(CONNECTION, database).await?;
    let pid = gateway.process.pid();
    let rows = options.mib * 1024 * 1024 / ROW_BYTES;
    let statement =
        format!("select repeat(md5(i::text), 32) as payload from generate_series(1, {rows}) as i");
    // One small run first, so that pools and buffers exist before memory is read.
    through(&gateway, "select 1").await?;
    let before = usage::resident_mib(&[pid]);
    let mut bare_best = f64::MAX;
    let mut gateway_best = f64::MAX;
    let mut highest: f64 = before;
    let mut last = Value::Null;
    for _ in 0..options.rounds.max(1) {
        bare_best = bare_best.min(bare(database, &statement).await?);
        let watch = Watch::over(pid);
        let run = through(&gateway, &statement).await?;
        highest = highest.max(watch.highest().await);
        gateway_best = gateway_best.min(run.seconds);
        last = run.session;
    }
    let mib = options.mib as f64;
    let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
    show(
        &json!({
            "mib": options.mib,
            "rows": rows,
            "bare_mib_per_second": rounded(mib / bare_best),
            "gateway_mib_per_second": rounded(mib / gateway_best),
            "ratio": rounded(bare_best / gateway_best),
            "rss_before_mib": rounded(before),
            "rss_growth_mib": rounded(highest - before),
            "peak_rss_mib": rounded(usage::peak_mib(pid)),
            "metrics": last["metrics"],
            "outcome": last["outcome"],
        })
        .to_string(),
    );
    Ok(())
}

/// Seconds that a bare client takes to read every row as text.
async fn bare(database: &Database, statement: &str) -> Result<f64, Fault> {
    let target = connection_string(database);
    let (client, connection) = tokio_postgres::connect(&target, NoTls).await?;
    let connection = tokio::spawn(connection);
    let begun = Instant::now();
    let mut bytes = 0;
    {
        let messages = client.simple_query_raw(statement).await?;
        pin_mut!(messages);
        while let Some(message) = messages.try_next().await? {
            if let SimpleQueryMessage::Row(row) = message {
                bytes += (0..row.len())
                    .filter_map(|n| row.get(n))
                    .map(str::len)
                    .sum::<usize>();
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    drop(client);
    let _ = connection.await;
    if bytes == 0 {
        return Err(Fault::Answer("the bare client read nothing".to_owned()));
    }
    Ok(seconds)
}

/// Runs `statement` on the gateway and waits for the end of its session.
async fn through(gateway: &Gateway, statement: &str) -> Result<Run, Fault> {
    let mut client = Client::connect(&gateway.endpoint, Wire::Legacy).await?;
    let begun = Instant::now();
    let envelope = client
        .structured(&Gateway::exec(CONNECTION, statement))
        .await?;
    let id = envelope["session_id"].clone();
    let mut status = envelope["status"].clone();
    while status == "running" {
        let wait = Tool::new("sessions_wait", &json!({"id": id, "timeout_seconds": 50}));
        let session = client.structured(&wait).await?;
        if session["status"] == "done" {
            status = session["outcome"].clone();
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    if status != "completed" && status != "success" {
        return Err(Fault::Answer(format!("the run ended {status}: {envelope}")));
    }
    let get = Tool::new("sessions_get", &json!({"id": id}));
    Ok(Run {
        seconds,
        session: client.structured(&get).await?,
    })
}

/// Reads the memory of a process every few milliseconds.
struct Watch {
    done: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<f64>,
}

impl Watch {
    fn over(pid: u32) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&done);
        let task = tokio::spawn(async move {
            let mut highest = 0.0_f64;
            while !seen.load(Ordering::Relaxed) {
                highest = highest.max(usage::resident_mib(&[pid]));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            highest
        });
        Self { done, task }
    }

    /// The most memory since the watch began, in MiB.
    async fn highest(self) -> f64 {
        self.done.store(true, Ordering::Relaxed);
        self.task.await.unwrap_or_default()
    }
}
