//! Traces that leave the gateway.
//!
//! A receiver here takes the place of a collector: HTTP, with the messages that
//! OpenTelemetry publishes for OTLP (<https://opentelemetry.io/docs/specs/otlp/>).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::Mutex;
use prost::Message as _;
use serde_json::json;
use tokio::net::TcpListener;

use crate::gateway::{Engine, Gateway, Setup};

/// Takes OTLP requests over HTTP.
struct Receiver {
    endpoint: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let kept = Arc::clone(&bodies);
        let take = move |headers: HeaderMap, body: Bytes| async move {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            kept.lock().push(body);
        };
        let app = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { endpoint, bodies }
    }

    /// Every span, each with the name of the service that it is of.
    fn spans(&self) -> Vec<(String, Span)> {
        let mut spans = Vec::new();
        for body in self.bodies.lock().iter() {
            let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
            for from in request.resource_spans {
                let service = text(&from.resource.unwrap().attributes, "service.name");
                for scope in from.scope_spans {
                    spans.extend(scope.spans.into_iter().map(|span| (service.clone(), span)));
                }
            }
        }
        spans
    }

    /// Waits until `count` spans named `call` have come.
    async fn calls(&self, count: usize) -> Vec<(String, Span)> {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let mut calls = self.spans();
            calls.retain(|(_, span)| span.name == "call");
            if calls.len() >= count {
                return calls;
            }
            assert!(Instant::now() < end, "only {calls:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The text of an attribute.
fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|attribute| attribute.value.clone()?.value);
    match value {
        Some(Value::StringValue(text)) => text,
        other => panic!("{name}: {other:?} in {attributes:?}"),
    }
}

fn traced(endpoint: &str, log: &str) -> Gateway {
    Setup::new(Engine::Sqlite)
        .with(&["--otlp-endpoint", endpoint, "--log", log])
        .start()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_a_span_that_tells_nothing_of_what_was_asked_or_said() {
    tokio::join!(spans_at("trace"), spans_at("error"));
}

/// The same spans, whatever is logged.
async fn spans_at(log: &str) {
    let receiver = Receiver::start().await;
    let mut gateway = traced(&receiver.endpoint, log);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let answer = admin
        .exec("bash", "echo canary-of-the-input | tr a-z A-Z")
        .await;
    assert_eq!(answer["output"], "CANARY-OF-THE-INPUT\n");
    let (status, unknown) = admin
        .rest("GET", "/api/connections/canary-of-a-name", None)
        .await;
    assert_eq!(status, 404, "{unknown}");
    // They come while the gateway runs, not only when it ends.
    receiver.calls(3).await;
    admin.call("me_get", json!({})).await.unwrap();
    let began = Instant::now();
    assert!(gateway.stop(), "{}", gateway.said.lock());
    assert!(began.elapsed() < Duration::from_secs(5), "{began:?}");

    let calls = receiver.calls(4).await;
    let operations: Vec<_> = calls
        .iter()
        .map(|(_, span)| text(&span.attributes, "operation"))
        .collect();
    assert_eq!(
        operations,
        ["connections_create", "exec", "connections_get", "me_get"],
        "one span a call, the last when the gateway ends"
    );
    for (service, span) in &calls {
        assert_eq!(service, "drawgate");
        assert!(span.end_time_unix_nano > span.start_time_unix_nano);
        assert!(!text(&span.attributes, "request_id").is_empty());
    }
    assert_eq!(
        text(&calls[2].1.attributes, "request_id"),
        unknown["error"]["request_id"].as_str().unwrap(),
        "the id that the caller was told"
    );
    let bodies = receiver.bodies.lock().concat();
    let sent = String::from_utf8_lossy(&bodies);
    assert!(sent.contains("connections_create"));
    for canary in ["canary-of", "CANARY-OF", &admin.token] {
        assert!(!sent.contains(canary), "{canary} was sent");
    }
}

#[tokio::test]
async fn a_collector_that_is_away_does_not_keep_the_gateway() {
    // One refuses connections, the other takes them and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = silent.local_addr().map(|at| (at.port(), silent)).unwrap();
    for port in [testkit::servers::free_port(), silent.0] {
        let mut gateway = traced(&format!("http://127.0.0.1:{port}/v1/traces"), "info");
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        // Longer than the time between two exports, so that one has failed.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let answer = admin.exec("bash", "echo well").await;
        assert_eq!(answer["output"], "well\n");
        let began = Instant::now();
        assert!(gateway.stop(), "{}", gateway.said.lock());
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        let log = gateway.said.lock();
        assert!(!log.contains("panicked"), "{log}");
    }
}

#[tokio::test]
async fn a_call_is_part_of_the_trace_of_its_client() {
    let receiver = Receiver::start().await;
    let gateway = traced(&receiver.endpoint, "info");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    // The client does not keep its own; the gateway was told to send every call.
    for flags in ["01", "00"] {
        let asked = http
            .get(format!("{}/api/me", gateway.url))
            .bearer_auth(gateway.token("admin.token"))
            .header("traceparent", format!("00-{trace}-{parent}-{flags}"));
        assert_eq!(asked.send().await.unwrap().status(), 200);
    }
    let meta = json!({"name": "me_get", "arguments": {},
        "_meta": {"traceparent": format!("00-{trace}-{parent}-01")}});
    gateway.admin().rpc("tools/call", meta).await.unwrap();
    for (_, span) in receiver.calls(3).await {
        assert_eq!(
            (hex(&span.trace_id), hex(&span.parent_span_id)),
            (trace.to_owned(), parent.to_owned())
        );
    }
}
