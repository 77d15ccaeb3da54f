//! Start-up time on an existing store, idle memory, size of the binary.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::contestant::{Binary, Gateway};
use crate::fault::Fault;
use crate::{show, usage};

/// Starts that are measured.
const STARTS: usize = 10;
/// Rest before idle memory is read.
const REST: Duration = Duration::from_secs(3);

/// Measure start-up time, idle memory and size of the gateway.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    binary: Binary,
}

/// Measures and prints one line of JSON.
///
/// # Errors
/// The gateway does not start.
pub async fn run(options: Options) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    // The first start makes the store; it is not measured.
    let first = Gateway::start(&options.binary, &data, folder.path()).await?;
    tokio::time::sleep(REST).await;
    let idle = usage::resident_mib(&[first.process.pid()]);
    drop(first);
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let begun = Instant::now();
        let gateway = Gateway::start(&options.binary, &data, folder.path()).await?;
        times.push(begun.elapsed());
        drop(gateway);
    }
    times.sort_unstable();
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1e4).round() / 10.0;
    let bytes = std::fs::metadata(options.binary.program()?)?.len();
    let figures = json!({
        "start_ms_median": milliseconds(times[STARTS / 2]),
        "start_ms_worst": milliseconds(times[STARTS - 1]),
        "idle_rss_mib": (idle * 10.0).round() / 10.0,
        "binary_mib": (bytes as f64 / 1024.0 / 1024.0 * 10.0).round() / 10.0,
    });
    show(&figures.to_string());
    Ok(())
}
