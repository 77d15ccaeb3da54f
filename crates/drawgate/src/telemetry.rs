//! Logs, metrics and traces of the process.

use std::io::IsTerminal as _;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::Context;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::flags::LogFormat;
use crate::settings::Telemetry;

/// Upper bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0,
];

/// How long the last traces may take when the gateway stops.
const LAST_TRACES: Duration = Duration::from_secs(2);

/// What must be kept until the process ends.
pub(crate) struct Observing {
    /// Renders `/metrics`.
    pub(crate) metrics: PrometheusHandle,
    traces: Option<SdkTracerProvider>,
}

impl Observing {
    /// Starts logs, metrics and, when an endpoint is named, traces.
    ///
    /// # Errors
    /// When the endpoint cannot be used or something was started before.
    pub(crate) fn start(settings: &Telemetry) -> Result<Self, String> {
        let filter = || EnvFilter::new(&settings.filter);
        let terminal = std::io::stderr().is_terminal();
        let json = match settings.format {
            Some(format) => format == LogFormat::Json,
            None => !terminal,
        };
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = if json {
            lines
                .json()
                .flatten_event(true)
                .with_filter(filter())
                .boxed()
        } else {
            lines
                .with_target(false)
                .with_ansi(terminal)
                .with_filter(filter())
                .boxed()
        };
        let traces = settings
            .otlp_endpoint
            .as_deref()
            .map(exporter)
            .transpose()?;
        let spans = traces.as_ref().map(|provider| {
            // Not the filter of the log: who logs warnings only still wants every call.
            tracing_opentelemetry::layer()
                .with_location(false)
                .with_threads(false)
                .with_tracer(provider.tracer("drawgate"))
                .with_filter(LevelFilter::INFO)
        });
        tracing_subscriber::registry()
            .with(lines)
            .with(spans)
            .try_init()
            .map_err(|error| format!("logging cannot start: {error}"))?;
        let metrics = PrometheusBuilder::new()
            .set_buckets(&BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|error| format!("metrics cannot start: {error}"))?;
        Ok(Self { metrics, traces })
    }

    /// Sends what is left.
    pub(crate) fn finish(self) {
        if let Some(provider) = self.traces
            && let Err(error) = provider.shutdown_with_timeout(LAST_TRACES)
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Makes a span part of the trace that a checked `traceparent` names. It is sent
/// whether the client keeps its trace or not: the operator asked for every call.
pub(crate) fn join(span: &tracing::Span, traceparent: &str) {
    let mut parts = traceparent.split('-').skip(1);
    let (Some(trace), Some(parent)) = (parts.next(), parts.next()) else {
        return;
    };
    let (Ok(trace), Ok(parent)) = (TraceId::from_hex(trace), SpanId::from_hex(parent)) else {
        return;
    };
    let remote = SpanContext::new(
        trace,
        parent,
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    // A span that is filtered out has no trace to join.
    let _ = span.set_parent(Context::new().with_remote_span_context(remote));
}

/// Sends spans from a thread of its own, with a blocking client: that thread is
/// outside the runtime that an async one would need.
fn exporter(endpoint: &str) -> Result<SdkTracerProvider, String> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| format!("otlp_endpoint: {error}"))?;
    let resource = opentelemetry_sdk::Resource::builder()
        .with_service_name("drawgate")
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}
