//! Legacy session ids.

use http::{Request, StatusCode};
use serde_json::json;

use crate::gateway::{Gateway, legacy, message};

async fn initialize(gateway: &Gateway, version: &str) -> String {
    let params = json!({"protocolVersion": version, "capabilities": {},
        "clientInfo": {"name": "inspector", "version": "3"}});
    let answer = gateway.legacy(&gateway.member, "initialize", params).await;
    answer.header("mcp-session-id").to_owned()
}

fn within(session: &str, bearer: &str, body: &serde_json::Value) -> Request<axum::body::Body> {
    let mut request = legacy(bearer, body);
    request
        .headers_mut()
        .insert("mcp-session-id", session.parse().unwrap());
    request
}

#[tokio::test]
async fn a_session_names_the_client_and_is_bound_to_its_caller() {
    let gateway = Gateway::start().await;
    let session = initialize(&gateway, "2025-11-25").await;
    let body = message("tools/call", json!({"name": "me_get"}));
    let answer = gateway.send(within(&session, &gateway.member, &body)).await;
    let client = &answer.json()["result"]["structuredContent"]["client"];
    assert_eq!(*client, json!({"name": "inspector", "version": "3"}));

    let answer = gateway.send(within(&session, &gateway.admin, &body)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.json()["id"], 1);
    let answer = gateway
        .send(within(&session[1..], &gateway.member, &body))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let answer = gateway
        .send(within(&session, &gateway.member, &notification))
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_client_with_a_stale_session_can_initialize_again() {
    let gateway = Gateway::start().await;
    let body = message("initialize", json!({"protocolVersion": "2025-06-18"}));
    let answer = gateway.send(within("stale", &gateway.member, &body)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_of_a_newer_version_has_no_batches() {
    let gateway = Gateway::start().await;
    let batch = json!([{"jsonrpc": "2.0", "id": 1, "method": "ping"}]);
    for (version, status) in [("2025-03-26", 200), ("2025-06-18", 400)] {
        let session = initialize(&gateway, version).await;
        let answer = gateway
            .send(within(&session, &gateway.member, &batch))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{version}");
    }
}
