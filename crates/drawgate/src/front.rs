//! What the listener answers besides the doors: health, metrics, a front page.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
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

/// `/healthz`, `/readyz` and `/metrics`.
pub(crate) fn router(gate: Arc<Gate>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
        .with_state(Front { gate, metrics })
}

/// The front page at `path`. Its links begin with `prefix`: seen from a path
/// without a slash at its end, a relative one would lead elsewhere.
pub(crate) fn page(path: &str, prefix: &str) -> Router {
    let text: Bytes = include_str!("front/page.html")
        .replace("PREFIX", prefix)
        .into();
    let page = async move || {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        (headers, text)
    };
    Router::new().route(path, get(page))
}

/// Ready when the store answers and hears; its migrations ran before the listener
/// opened.
async fn ready(State(front): State<Front>) -> impl IntoResponse {
    match front.gate.store().ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "the store is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not ready\n")
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
