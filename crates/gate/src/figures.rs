//! The figures of one operation, for `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram};

/// What is counted of an operation. The two that every good call touches are
/// looked up once, for looking up takes longer than counting.
#[derive(Default)]
pub(crate) struct Figures(OnceLock<(Counter, Histogram)>);

/// The code of a call that succeeded.
pub(crate) const OK: &str = "ok";

impl Figures {
    /// Notes one call of `operation` that ended with `code`.
    pub(crate) fn note(&self, operation: &'static str, code: &'static str, took: Duration) {
        let (good, seconds) = self.0.get_or_init(|| {
            let seconds = metrics::histogram!("drawgate_call_seconds", "operation" => operation);
            (counter(operation, OK), seconds)
        });
        seconds.record(took.as_secs_f64());
        if code == OK {
            good.increment(1);
        } else {
            counter(operation, code).increment(1);
        }
    }
}

fn counter(operation: &'static str, code: &'static str) -> Counter {
    metrics::counter!("drawgate_calls_total", "operation" => operation, "code" => code)
}
