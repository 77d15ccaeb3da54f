//! What a load measured, as one JSON object.

use std::time::Duration;

use serde::Serialize;

use super::Tally;

/// The figures of one load. Times are milliseconds unless named otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Clients at the same time.
    pub clients: usize,
    /// Calls that succeeded.
    pub calls: usize,
    /// Calls that failed.
    pub errors: u64,
    /// Length of the measurement.
    pub seconds: f64,
    /// Calls that succeeded, per second.
    pub calls_per_second: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// Latency that nine of ten calls keep.
    pub p90_ms: f64,
    /// Latency that 99 of 100 calls keep.
    pub p99_ms: f64,
    /// Worst latency.
    pub max_ms: f64,
    /// CPU time of the server per call.
    pub server_cpu_ms_per_call: f64,
    /// CPU time of the load client per call.
    pub client_cpu_ms_per_call: f64,
    /// Memory of the server at the end.
    pub server_rss_mib: f64,
    /// What the first failed call said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_error: Option<String>,
}

impl Report {
    pub(super) fn of(tallies: Vec<Tally>, clients: usize, time: Duration) -> Self {
        let mut latencies = Vec::new();
        let mut errors = 0;
        let mut first_error = None;
        for tally in tallies {
            latencies.extend(tally.latencies);
            errors += tally.errors;
            first_error = first_error.or(tally.first_error);
        }
        latencies.sort_unstable();
        Self {
            clients,
            calls: latencies.len(),
            errors,
            seconds: rounded(time.as_secs_f64()),
            calls_per_second: rounded(latencies.len() as f64 / time.as_secs_f64()),
            p50_ms: quantile(&latencies, 0.50),
            p90_ms: quantile(&latencies, 0.90),
            p99_ms: quantile(&latencies, 0.99),
            max_ms: quantile(&latencies, 1.0),
            server_cpu_ms_per_call: 0.0,
            client_cpu_ms_per_call: 0.0,
            server_rss_mib: 0.0,
            first_error,
        }
    }

    /// Adds the CPU time of the whole load, in milliseconds, and the memory.
    pub(super) fn usage(&mut self, server_cpu: f64, client_cpu: f64, server_rss_mib: f64) {
        let calls = self.calls.max(1) as f64;
        self.server_cpu_ms_per_call = rounded(server_cpu / calls);
        self.client_cpu_ms_per_call = rounded(client_cpu / calls);
        self.server_rss_mib = rounded(server_rss_mib);
    }
}

/// The value that a share of the sorted times keeps, by nearest rank.
fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    let time = sorted.get(rank.max(1) - 1).copied().unwrap_or_default();
    rounded(time.as_secs_f64() * 1e3)
}

/// Four digits behind the point are more than any measurement here has.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let sorted: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 0.50), 50.0);
        assert_eq!(quantile(&sorted, 0.99), 99.0);
        assert_eq!(quantile(&sorted, 1.0), 100.0);
        assert_eq!(quantile(&sorted[..1], 0.50), 1.0);
        assert_eq!(quantile(&[], 0.50), 0.0);
    }

    #[test]
    fn tallies_add_up() {
        let tally = |milliseconds, error: Option<&str>| Tally {
            latencies: vec![Duration::from_millis(milliseconds)],
            errors: u64::from(error.is_some()),
            first_error: error.map(str::to_owned),
        };
        let tallies = vec![tally(3, None), tally(1, Some("late"))];
        let mut report = Report::of(tallies, 2, Duration::from_secs(2));
        report.usage(4.0, 2.0, 10.0);
        assert_eq!((report.calls, report.errors), (2, 1));
        assert_eq!(report.calls_per_second, 1.0);
        assert_eq!((report.p50_ms, report.max_ms), (1.0, 3.0));
        assert_eq!(report.server_cpu_ms_per_call, 2.0);
        assert_eq!(report.first_error.as_deref(), Some("late"));
    }
}
