//! The methods of both wires.

use http::StatusCode;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::gateway::{Gateway, legacy};

const INFO: &str = "io.modelcontextprotocol/serverInfo";

#[tokio::test]
async fn discover_tells_versions_capabilities_and_instructions() {
    let gateway = Gateway::start().await;
    let answer = gateway
        .modern(&gateway.member, "server/discover", json!({}))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    let result = &answer.json()["result"];
    assert_eq!(
        result["supportedVersions"],
        json!([
            "2026-07-28",
            "2025-11-25",
            "2025-06-18",
            "2025-03-26",
            "2024-11-05"
        ])
    );
    assert_eq!(result["capabilities"], json!({"tools": {}}));
    assert_eq!(
        (&result["ttlMs"], &result["cacheScope"]),
        (&json!(3_600_000), &json!("public"))
    );
    assert_eq!(result["resultType"], "complete");
    let info = json!({"name": "drawgate", "title": "Drawgate", "version": "1.2.3"});
    assert_eq!(result["_meta"][INFO], info);
    assert!(result["instructions"].as_str().unwrap().contains("me_get"));
}

#[tokio::test]
async fn initialize_negotiates_and_begins_a_session() {
    let gateway = Gateway::start().await;
    for (requested, expected) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let params = json!({"protocolVersion": requested, "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}});
        let answer = gateway.legacy(&gateway.member, "initialize", params).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.header("mcp-session-id").is_empty());
        let result = &answer.json()["result"];
        assert_eq!(result["protocolVersion"], expected);
        assert_eq!(result["capabilities"], json!({"tools": {}}));
        assert_eq!(result["serverInfo"]["name"], "drawgate");
        assert!(result["instructions"].is_string());
        assert!(result.get("_meta").is_none() && result.get("resultType").is_none());
    }
    let answer = gateway
        .legacy(&gateway.member, "initialize", json!({}))
        .await;
    assert_eq!((answer.status.as_u16(), answer.code()), (200, -32602));
}

#[tokio::test]
async fn other_methods_are_not_found() {
    let gateway = Gateway::start().await;
    let member = gateway.member.as_str();
    for method in [
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "resources/subscribe",
        "logging/setLevel",
        "completion/complete",
        "tasks/get",
        "x",
        "",
    ] {
        let answer = gateway.modern(member, method, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (404, -32601),
            "modern {method}"
        );
        let answer = gateway.legacy(member, method, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (200, -32601),
            "legacy {method}"
        );
    }
    for (method, status) in [("initialize", 404), ("ping", 404)] {
        let answer = gateway.modern(member, method, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, -32601),
            "{method}"
        );
    }
    for method in ["server/discover", "subscriptions/listen"] {
        let answer = gateway.legacy(member, method, json!({})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (200, -32601),
            "{method}"
        );
    }
    assert_eq!(
        gateway.legacy(member, "ping", json!({})).await.json()["result"],
        json!({})
    );
}

#[tokio::test]
async fn a_subscription_is_acknowledged_and_completed() {
    let gateway = Gateway::start().await;
    let params = json!({"notifications": {"toolsListChanged": true}});
    let answer = gateway
        .modern(&gateway.member, "subscriptions/listen", params)
        .await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-store");
    let events = answer.events();
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[0]["method"],
        "notifications/subscriptions/acknowledged"
    );
    assert_eq!(events[0]["params"]["notifications"], json!({}));
    assert_eq!(events[1]["id"], 1);
    assert_eq!(events[1]["result"]["resultType"], "complete");
}

#[tokio::test]
async fn every_role_sees_its_tools_in_the_order_of_the_catalog() {
    let gateway = Gateway::start().await;
    let mut lists = Vec::new();
    for bearer in [&gateway.member, &gateway.auditor, &gateway.admin] {
        let old = gateway.legacy(bearer, "tools/list", json!({})).await.json();
        let new = gateway.modern(bearer, "tools/list", json!({})).await.json();
        assert_eq!(old["result"].as_object().unwrap().len(), 1);
        assert_eq!(old["result"]["tools"], new["result"]["tools"]);
        assert_eq!(new["result"]["ttlMs"], 60_000);
        assert_eq!(new["result"]["cacheScope"], "private");
        assert_eq!(new["result"]["resultType"], "complete");
        lists.push(old["result"]["tools"].as_array().unwrap().clone());
    }
    let names = |list: &Vec<Value>| -> Vec<String> {
        list.iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let [member, auditor, admin] = [&lists[0], &lists[1], &lists[2]].map(names);
    let shown = gateway.gate.catalog().entries().iter();
    let shown = shown.filter(|entry| entry.surface == gate::Surface::Everywhere);
    assert_eq!(admin, shown.map(|entry| entry.name).collect::<Vec<_>>());
    assert_eq!(admin[0], "me_get");
    assert!(
        auditor.contains(&"users_list".to_owned()) && !member.contains(&"users_list".to_owned())
    );
    assert!(!auditor.contains(&"connections_create".to_owned()));
    for tool in &lists[2] {
        for key in ["title", "description"] {
            assert!(!tool[key].as_str().unwrap().is_empty());
        }
        for key in ["inputSchema", "outputSchema"] {
            assert_eq!(tool[key]["type"], "object", "{}", tool["name"]);
        }
        assert_eq!(tool["annotations"].as_object().unwrap().len(), 4);
    }
    let reader = gateway
        .legacy(&gateway.reader, "tools/list", json!({}))
        .await
        .json();
    assert_eq!(
        reader["result"]["tools"],
        json!(lists[0]),
        "scopes do not shorten the list"
    );
    let paged = gateway
        .legacy(&gateway.member, "tools/list", json!({"cursor": "x"}))
        .await;
    assert_eq!(paged.code(), -32602);
}

#[tokio::test]
async fn the_door_can_be_nested_under_a_prefix() {
    let gateway = Gateway::start().await;
    let router = axum::Router::new().nest("/prefix", gateway.router.clone());
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for (uri, status) in [
        ("/prefix/api/mcp", 200),
        ("/api/mcp", 404),
        ("https://gate.example.com/prefix/api/mcp", 200),
        ("https://evil.example/prefix/api/mcp", 403),
    ] {
        let mut request = legacy(&gateway.member, &body);
        if uri.starts_with("https") {
            // The authority of HTTP/2 stands for the Host header.
            request.headers_mut().remove("host");
        }
        *request.uri_mut() = uri.parse().unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{uri}");
    }
}
