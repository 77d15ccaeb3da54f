//! Results and errors of `tools/call`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::gateway::Gateway;

#[tokio::test]
async fn a_result_is_structured_and_the_same_as_text() {
    let gateway = Gateway::start().await;
    let params = json!({"name": "me_get"});
    let old = gateway
        .legacy(&gateway.member, "tools/call", params.clone())
        .await;
    let new = gateway.modern(&gateway.member, "tools/call", params).await;
    for answer in [&old, &new] {
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        let result = &answer.json()["result"];
        assert_eq!(
            result["structuredContent"]["user_email"],
            "member@example.com"
        );
        assert_eq!(result["content"].as_array().unwrap().len(), 1);
        let text = result["content"][0]["text"].as_str().unwrap();
        let same: Value = serde_json::from_str(text).unwrap();
        assert_eq!(same, result["structuredContent"]);
        assert!(
            answer
                .text
                .contains(&format!("\"structuredContent\":{text}"))
        );
        assert_eq!(result["isError"], false);
    }
    let result = &new.json()["result"];
    assert_eq!(result["resultType"], "complete");
    assert_eq!(
        result["_meta"]["io.modelcontextprotocol/serverInfo"]["version"],
        "1.2.3"
    );
    assert!(old.json()["result"].get("_meta").is_none());
}

#[tokio::test]
async fn refusals_are_results_and_faults_of_the_protocol_are_not() {
    let gateway = Gateway::start().await;
    for (name, code) in [
        ("connections_create", "admin_required"),
        ("users_list", "auditor_required"),
        ("connections_get", "invalid_argument"),
    ] {
        let params = json!({"name": name});
        let answer = gateway.modern(&gateway.member, "tools/call", params).await;
        assert_eq!(answer.status, StatusCode::OK);
        let result = &answer.json()["result"];
        assert_eq!(result["isError"], true);
        let error = &result["structuredContent"]["error"];
        assert_eq!(error["code"], code, "{name}");
        assert_eq!(
            result["content"],
            json!([{"type": "text", "text": error["message"]}])
        );
        assert_eq!(result["resultType"], "complete");
    }
    for params in [
        json!({"name": "nothing"}),
        json!({"name": "users_create"}),
        json!({}),
        json!({"name": 7}),
        json!({"name": "me_get", "arguments": []}),
    ] {
        let answer = gateway
            .legacy(&gateway.admin, "tools/call", params.clone())
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (200, -32602),
            "{params}"
        );
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\
         \"params\":{{\"name\":\"me_get\",\"arguments\":{{\"x\":{deep}}}}}}}"
    );
    let mut request = crate::gateway::legacy(&gateway.member, &json!({}));
    *request.body_mut() = axum::body::Body::from(body);
    let answer = gateway.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32700));
}

#[tokio::test]
async fn the_client_is_known_on_both_wires() {
    let gateway = Gateway::start().await;
    let meta = json!({"io.modelcontextprotocol/clientInfo": {"name": "modern", "version": "2"}});
    let params = json!({"name": "me_get", "_meta": meta});
    let answer = gateway.modern(&gateway.member, "tools/call", params).await;
    let client = &answer.json()["result"]["structuredContent"]["client"];
    assert_eq!(*client, json!({"name": "modern", "version": "2"}));
    let anonymous = gateway.tool(&gateway.member, "me_get", json!({})).await;
    assert!(anonymous.get("client").is_none());
}
