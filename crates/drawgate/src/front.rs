//! What the listener answers besides the doors: health, metrics, a front page.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use gate::Gate;
use metrics_exporter_prometheus::PrometheusHandle;

/// Nothing but its own inline style may load.
const POLICY: &str = "default-src 'none'; style-src 'sha256-4xOApCQbvi2u+FjU1lW4B+DebgZGn4W2TQhca+MYA/A='; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
struct Front {
    gate: Arc<Gate>,
    metrics: PrometheusHandle,
}

/// `/healthz`, `/readyz`, `/metrics` and the front page.
pub(crate) fn router(gate: Arc<Gate>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(Front { gate, metrics })
}

/// Ready when the store answers; its migrations ran before the listener opened.
async fn ready(State(front): State<Front>) -> impl IntoResponse {
    match front.gate.store().ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "the store does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
        }
    }
}

async fn figures(State(front): State<Front>) -> impl IntoResponse {
    let runs = u32::try_from(front.gate.runs_in_progress()).unwrap_or(u32::MAX);
    metrics::gauge!("drawgate_runs_in_progress").set(f64::from(runs));
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        front.metrics.render(),
    )
}

async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(include_str!("front/page.html")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn the_policy_admits_the_style_of_the_page_and_no_other() {
        let page = include_str!("front/page.html");
        let style = page
            .split("<style>")
            .nth(1)
            .unwrap()
            .split("</style>")
            .next()
            .unwrap();
        let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
        assert!(POLICY.contains(&digest), "sha256-{digest}");
    }
}
