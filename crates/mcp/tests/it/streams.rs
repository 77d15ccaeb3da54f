//! Calls that take their time: streams, progress, cancellation.

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::gateway::{Answer, Gateway, legacy, message, modern};

/// A process connection whose runs take `seconds`.
async fn slow(gateway: &Gateway, seconds: &str) {
    let made = gateway
        .tool(
            &gateway.admin,
            "connections_create",
            json!({"name": "slow", "type": "custom", "command": ["sleep", seconds]}),
        )
        .await;
    assert_eq!(made["name"], "slow", "{made}");
}

fn exec() -> Value {
    json!({"name": "exec", "arguments": {"connection_name": "slow", "input": "x"},
        "_meta": {"progressToken": "tok"}})
}

/// The only session on file, once it has ended.
async fn outcome(gateway: &Gateway) -> Value {
    let began = Instant::now();
    loop {
        let list = gateway
            .tool(&gateway.admin, "sessions_list", json!({}))
            .await;
        let session = &list["items"][0];
        if session["status"] == "done" {
            return session["outcome"].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{list}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_slow_answer_becomes_a_stream_with_progress() {
    let gateway = Gateway::start().await;
    slow(&gateway, "0.6").await;
    for request in [
        legacy(&gateway.member, &message("tools/call", exec())),
        modern(&gateway.member, "tools/call", exec()),
    ] {
        let answer = gateway.send(request).await;
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-accel-buffering"), "no");
        let mut events = answer.events();
        let last = events.pop().unwrap();
        assert_eq!(last["id"], 1);
        assert_eq!(last["result"]["structuredContent"]["status"], "completed");
        assert!(!events.is_empty());
        let mut before = 0.0;
        for event in events {
            assert_eq!(event["method"], "notifications/progress");
            assert_eq!(event["params"]["progressToken"], "tok");
            assert!(event["params"]["message"].is_string());
            let progress = event["params"]["progress"].as_f64().unwrap();
            assert!(progress > before);
            before = progress;
        }
    }
}

#[tokio::test]
async fn a_dropped_stream_cancels_on_the_modern_wire_only() {
    for (is_modern, expected) in [(true, "killed"), (false, "success")] {
        let gateway = Gateway::start().await;
        slow(&gateway, "1.5").await;
        let request = if is_modern {
            modern(&gateway.member, "tools/call", exec())
        } else {
            legacy(&gateway.member, &message("tools/call", exec()))
        };
        let mut response = gateway.begin(request).await;
        let first = response.body_mut().frame().await;
        assert!(first.is_some());
        drop(response);
        assert_eq!(outcome(&gateway).await, expected, "modern: {is_modern}");
    }
}

#[tokio::test]
async fn a_request_dropped_before_its_answer_is_treated_alike() {
    for (is_modern, expected) in [(true, "killed"), (false, "success")] {
        let gateway = Gateway::start().await;
        slow(&gateway, "1.5").await;
        let request = if is_modern {
            modern(&gateway.member, "tools/call", exec())
        } else {
            legacy(&gateway.member, &message("tools/call", exec()))
        };
        let patience = Duration::from_millis(100);
        let gone = tokio::time::timeout(patience, gateway.begin(request)).await;
        assert!(gone.is_err());
        assert_eq!(outcome(&gateway).await, expected, "modern: {is_modern}");
    }
}

#[tokio::test]
async fn a_notification_cancels_the_named_request_of_the_same_caller() {
    let gateway = Gateway::start().await;
    slow(&gateway, "8").await;
    let began = Instant::now();
    let request = legacy(&gateway.member, &message("tools/call", exec()));
    let response = gateway.begin(request).await;
    let cancel = |id: i64| {
        let params = json!({"requestId": id});
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
    };
    for (bearer, id) in [(&gateway.admin, 1), (&gateway.member, 2)] {
        assert_eq!(gateway.send(legacy(bearer, &cancel(id))).await.status, 202);
    }
    assert_eq!(gateway.gate.runs_in_progress(), 1);
    let told = gateway.send(legacy(&gateway.member, &cancel(1))).await;
    assert_eq!(told.status, 202);
    Answer::of(response).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(outcome(&gateway).await, "killed");
}
