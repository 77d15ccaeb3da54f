//! HTTP answers before a tool runs, row by row.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use mcp::Challenge;
use serde_json::{Value, json};

use crate::gateway::{Gateway, legacy, message, modern, post, with_meta};

/// A ping with headers changed: an empty value removes the header.
fn ping(bearer: &str, changes: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = legacy(bearer, &message("ping", json!({})));
    for (name, value) in changes {
        request.headers_mut().remove(*name);
        if !value.is_empty() {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
    }
    request
}

#[tokio::test]
async fn headers_are_checked_before_anything_runs() {
    let gateway = Gateway::start().await;
    let member = gateway.member.as_str();
    let json_and_stream = "application/json, text/event-stream";
    for (change, status) in [
        (("host", "gate.example.com:8443"), 200),
        (("host", "inner:8009"), 200),
        (("host", "inner"), 403),
        (("host", "evil.example"), 403),
        (("host", "127.0.0.1:8009"), 403),
        (("host", ""), 403),
        (("x-forwarded-host", "evil.example"), 200),
        (("origin", "https://gate.example.com"), 200),
        (("origin", "https://app.example.com"), 200),
        (("origin", "https://evil.example"), 403),
        (("origin", "null"), 403),
        (("content-type", "application/json; charset=utf-8"), 200),
        (("content-type", "text/plain"), 415),
        (("content-type", ""), 415),
        (("accept", ""), 200),
        (("accept", "*/*"), 200),
        (("accept", json_and_stream), 200),
        (("accept", "application/json"), 406),
        (("accept", "text/event-stream"), 406),
        (("mcp-protocol-version", "2024-11-05"), 200),
        (("mcp-protocol-version", "2025-11-25"), 200),
        (("mcp-protocol-version", "2025-01-01"), 400),
        (("mcp-protocol-version", "x"), 400),
        (("mcp-session-id", "x"), 404),
    ] {
        let answer = gateway.send(ping(member, &[change])).await;
        assert_eq!(answer.status.as_u16(), status, "{change:?}: {answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        assert_eq!(body["jsonrpc"], "2.0", "{change:?}");
        if matches!(status, 403 | 406 | 415) {
            assert!(body.get("id").is_none(), "{change:?}");
            assert!(body["error"]["code"].is_i64());
        }
    }
}

#[tokio::test]
async fn only_post_is_served_and_pages_are_told_what_they_may_send() {
    let gateway = Gateway::start().await;
    for method in [
        Method::GET,
        Method::DELETE,
        Method::PUT,
        Method::HEAD,
        Method::PATCH,
    ] {
        let mut request = ping(&gateway.member, &[]);
        *request.method_mut() = method.clone();
        let answer = gateway.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "POST, OPTIONS");
    }
    for (origin, status, allowed) in [
        (
            "https://app.example.com",
            StatusCode::NO_CONTENT,
            "https://app.example.com",
        ),
        ("https://evil.example", StatusCode::FORBIDDEN, ""),
    ] {
        let mut request = ping(&gateway.member, &[("origin", origin), ("content-type", "")]);
        *request.method_mut() = Method::OPTIONS;
        let answer = gateway.send(request).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        if status == StatusCode::NO_CONTENT {
            assert_eq!(
                answer.header("access-control-expose-headers"),
                "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate"
            );
            assert!(
                answer
                    .header("access-control-allow-headers")
                    .contains("mcp-method")
            );
        }
    }
    let refused = gateway
        .send(ping("dgk_x", &[("origin", "https://app.example.com")]))
        .await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.header("access-control-allow-origin"),
        "https://app.example.com"
    );
}

#[tokio::test]
async fn a_caller_must_be_proven() {
    let gateway = Gateway::start().await;
    let missing = json!({"message": "unauthorized: missing access token"});
    let invalid = json!({"message": "unauthorized: invalid access token"});
    let cases = |member: &str| {
        vec![
            (String::new(), missing.clone()),
            ("Basic eDp5".to_owned(), missing.clone()),
            ("Bearer".to_owned(), missing.clone()),
            ("Bearer dgk_unknown".to_owned(), invalid.clone()),
            ("Bearer eyJh.eyJh.c2ln".to_owned(), invalid.clone()),
            (format!("Bearer {member}x"), invalid.clone()),
        ]
    };
    for (header, body) in cases(&gateway.member) {
        let answer = gateway.send(ping("", &[("authorization", &header)])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{header}");
        assert_eq!(answer.json(), body, "{header}");
    }
    let metadata = "https://gate.example.com/.well-known/oauth-protected-resource/api/mcp";
    gateway.challenge.send_replace(Some(Challenge {
        resource_metadata: metadata.to_owned(),
        scope: "drawgate:read drawgate:exec".to_owned(),
    }));
    for (header, body) in cases(&gateway.member) {
        let answer = gateway.send(ping("", &[("authorization", &header)])).await;
        let told = answer.header("www-authenticate");
        let start = format!(
            "Bearer resource_metadata=\"{metadata}\", scope=\"drawgate:read drawgate:exec\""
        );
        assert!(told.starts_with(&start), "{told}");
        let names_fault = told.contains("error=\"invalid_token\", error_description=\"");
        assert_eq!(names_fault, body == invalid, "{header}: {told}");
    }
    let lower = format!("bEARER {}", gateway.member);
    let answer = gateway.send(ping("", &[("authorization", &lower)])).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = gateway.send(ping(&gateway.inactive, &[])).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.json(), json!({"message": "account is not active"}));
}

#[tokio::test]
async fn other_credentials_are_not_read() {
    let gateway = Gateway::start().await;
    let body = message("ping", json!({})).to_string();
    let request = post()
        .uri(format!("/api/mcp?access_token={}", gateway.member))
        .header("x-api-key", &gateway.member)
        .header("cookie", format!("token={}", gateway.member));
    let answer = gateway.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_call_without_its_scope_is_told_which() {
    let gateway = Gateway::start().await;
    let params = json!({"name": "exec", "arguments": {"connection_name": "x", "input": "y"}});
    let metadata = "https://gate.example.com/meta";
    for is_on in [false, true] {
        gateway.challenge.send_replace(is_on.then(|| Challenge {
            resource_metadata: metadata.to_owned(),
            scope: "drawgate:read".to_owned(),
        }));
        for answer in [
            gateway
                .legacy(&gateway.reader, "tools/call", params.clone())
                .await,
            gateway
                .modern(&gateway.reader, "tools/call", params.clone())
                .await,
        ] {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert_eq!(answer.json(), json!({"message": "insufficient scope"}));
            let told = answer.header("www-authenticate");
            assert!(
                told.starts_with("Bearer error=\"insufficient_scope\""),
                "{told}"
            );
            assert!(
                told.contains("scope=\"drawgate:read drawgate:exec\""),
                "{told}"
            );
            assert_eq!(told.contains(metadata), is_on);
        }
    }
}

#[tokio::test]
async fn bodies_are_checked_before_a_tool_runs() {
    let gateway = Gateway::start().await;
    let large = format!("\"{}\"", "x".repeat(4 * 1024 * 1024));
    let full = vec![json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}); 20];
    let long = vec![json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}); 21];
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    for (body, status, code) in [
        (large, 413, -32600),
        ("{".to_owned(), 400, -32700),
        (String::new(), 400, -32700),
        ("[".to_owned(), 400, -32700),
        ("{}".to_owned(), 400, -32600),
        ("[]".to_owned(), 400, -32600),
        (json!(long).to_string(), 400, -32600),
        (json!(full).to_string(), 200, 0),
        (notification.to_string(), 202, 0),
        (json!([notification]).to_string(), 202, 0),
        (
            json!({"jsonrpc": "2.0", "id": 9, "result": {}}).to_string(),
            202,
            0,
        ),
    ] {
        let mut request = ping(&gateway.member, &[]);
        *request.body_mut() = Body::from(body.clone());
        let answer = gateway.send(request).await;
        let start: String = body.chars().take(60).collect();
        assert_eq!(answer.status.as_u16(), status, "{start}");
        if code == 0 {
            assert_eq!(answer.text.is_empty(), status == 202, "{start}");
        } else {
            assert_eq!(answer.code(), code, "{start}");
        }
    }
}

#[tokio::test]
async fn batches_end_with_2025_03_26() {
    let gateway = Gateway::start().await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "me_get"}},
        {"jsonrpc": "2.0", "id": 3, "method": "nothing"},
        {"jsonrpc": "2.0", "id": 4, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}},
        5,
    ]);
    for (version, status) in [
        ("", 200),
        ("2024-11-05", 200),
        ("2025-03-26", 200),
        ("2025-06-18", 400),
        ("2025-11-25", 400),
        ("2026-07-28", 400),
    ] {
        let mut request = ping(&gateway.member, &[("mcp-protocol-version", version)]);
        *request.body_mut() = Body::from(batch.to_string());
        let answer = gateway.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{version}");
        if status == 400 {
            assert_eq!(answer.code(), -32600);
            continue;
        }
        let answers = answer.json();
        let answers = answers.as_array().unwrap();
        assert_eq!(answers.len(), 5);
        assert_eq!(answers[0]["result"], json!({}));
        assert_eq!(
            answers[1]["result"]["structuredContent"]["user_name"],
            "member"
        );
        assert_eq!(answers[2]["error"]["code"], -32601);
        assert_eq!(answers[3]["error"]["code"], -32600);
        assert_eq!(answers[4]["error"]["code"], -32600);
    }
}

#[tokio::test]
async fn a_modern_request_says_everything_twice() {
    let gateway = Gateway::start().await;
    let member = gateway.member.as_str();
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    let call = || modern(member, "tools/call", json!({"name": "me_get"}));
    for (header, value, code) in [
        ("mcp-protocol-version", "", -32020),
        ("mcp-protocol-version", "2025-11-25", -32020),
        ("mcp-method", "", -32020),
        ("mcp-method", "tools/list", -32020),
        ("mcp-name", "", -32020),
        ("mcp-name", "exec", -32020),
        ("mcp-name", "=?base64?*?=", -32020),
        ("mcp-name", "=?base64?bWVfZ2V0?=", 0),
        ("mcp-session-id", "ignored", 0),
    ] {
        let mut request = call();
        request.headers_mut().remove(header);
        if !value.is_empty() {
            request.headers_mut().insert(header, value.parse().unwrap());
        }
        let answer = gateway.send(request).await;
        let status = if code == 0 { 200 } else { 400 };
        assert_eq!(
            answer.status.as_u16(),
            status,
            "{header} {value}: {answer:?}"
        );
        assert_eq!(answer.code(), code, "{header} {value}");
        assert_eq!(answer.json()["id"], 1);
    }
    let mut repeated = call();
    repeated
        .headers_mut()
        .append("mcp-name", "me_get".parse().unwrap());
    assert_eq!(gateway.send(repeated).await.code(), -32020);

    for (key, value, code) in [
        (version, Value::Null, -32602),
        (version, json!(7), -32602),
        (capabilities, Value::Null, -32602),
        (capabilities, json!([]), -32602),
    ] {
        let mut params = with_meta(json!({"name": "me_get"}));
        params["_meta"][key] = value.clone();
        let mut request = call();
        *request.body_mut() = Body::from(message("tools/call", params).to_string());
        let answer = gateway.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (400, code),
            "{key} {value}"
        );
    }

    let mut params = with_meta(json!({"name": "me_get"}));
    params["_meta"][version] = "v999".into();
    let mut request = call();
    request
        .headers_mut()
        .insert("mcp-protocol-version", "v999".parse().unwrap());
    *request.body_mut() = Body::from(message("tools/call", params).to_string());
    let answer = gateway.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32022));
    assert_eq!(
        answer.json()["error"]["data"],
        json!({"requested": "v999", "supported":
            ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]})
    );
}

#[tokio::test]
async fn a_caller_is_proven_before_media_types_are_looked_at() {
    let gateway = Gateway::start().await;
    for change in [("content-type", "text/plain"), ("accept", "text/html")] {
        let answer = gateway.send(ping("dgk_unknown", &[change])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{change:?}");
    }
}

#[tokio::test]
async fn a_key_that_is_given_twice_in_the_arguments_is_refused() {
    let gateway = Gateway::start().await;
    for arguments in [
        r#"{"name":"a","name":"b"}"#,
        r#"{"name":"a","tags":{"x":"1","x":"2"}}"#,
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"connections_get","arguments":{arguments}}}}}"#
        );
        let mut request = ping(&gateway.member, &[]);
        *request.body_mut() = Body::from(body);
        let answer = gateway.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (200, -32602));
        let told = answer.json()["error"]["message"].to_string();
        assert!(told.contains("twice"), "{told}");
    }
}

#[tokio::test]
async fn a_modern_notification_is_of_a_version_that_is_known() {
    let gateway = Gateway::start().await;
    let version = "io.modelcontextprotocol/protocolVersion";
    for (header, in_body, status, code) in [
        ("2026-07-28", None, 202, 0),
        ("2026-07-28", Some("2026-07-28"), 202, 0),
        ("", Some("2026-07-28"), 202, 0),
        ("2027-01-01", None, 400, -32022),
        ("", Some("v999"), 400, -32022),
        ("2026-07-28", Some("2027-01-01"), 400, -32020),
    ] {
        let mut request = ping(&gateway.member, &[("mcp-protocol-version", header)]);
        let mut body = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
        if let Some(told) = in_body {
            body["params"]["_meta"] = json!({ version: told });
        }
        *request.body_mut() = Body::from(body.to_string());
        let answer = gateway.send(request).await;
        let case = format!("{header} {in_body:?}: {answer:?}");
        assert_eq!(answer.status.as_u16(), status, "{case}");
        if code != 0 {
            assert_eq!(answer.code(), code, "{case}");
        }
    }
}
