//! What the audit says of a call, read where it lies.

use serde_json::{Value, json};

use crate::gateway::{Engine, Gateway};
use crate::roles::callers::user;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The rows of an operation, the oldest first.
pub fn rows(gateway: &Gateway, operation: &str) -> Vec<Value> {
    let details = gateway.sql("select detail from audit_event order by at, id");
    let rows = details
        .lines()
        .map(|row| serde_json::from_str(row).unwrap());
    rows.filter(|row: &Value| row["operation"] == operation)
        .collect()
}

#[tokio::test]
async fn one_call_is_one_row_at_both_doors() {
    let gateway = Gateway::start(Engine::Postgres);
    let admin = gateway.admin();
    let me = admin.call("me_get", json!({})).await.unwrap();
    let by_mcp = rows(&gateway, "me_get");
    assert_eq!(by_mcp.len(), 1, "{by_mcp:?}");

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = http
        .get(format!("{}/api/me", gateway.url))
        .bearer_auth(&admin.token)
        .header("x-request-id", "audit-1")
        .header("x-drawgate-client", "probe/1.0")
        .header("traceparent", TRACE)
        .header("x-forwarded-for", "6.6.6.6");
    assert_eq!(asked.send().await.unwrap().status(), 200);
    let by_rest = rows(&gateway, "me_get").split_off(1);
    assert_eq!(by_rest.len(), 1, "{by_rest:?}");
    let row = &by_rest[0];
    assert_eq!(row["actor"], me["id"]);
    assert_eq!(row["credential"], by_mcp[0]["credential"]);
    assert!(row["credential"].is_string(), "{row}");
    assert_eq!(row["client"], "probe/1.0");
    assert_eq!(row["objects"], json!([]));
    assert_eq!(row["code"], "ok");
    assert!(row["duration_ms"].is_u64(), "{row}");
    assert_eq!(row["address"], "127.0.0.1");
    assert_eq!(row["request_id"], "audit-1");
    assert_eq!(row["correlation_id"], TRACE);
}

#[tokio::test]
async fn a_run_and_a_refusal_are_one_row_each_with_what_they_touched() {
    let gateway = Gateway::start(Engine::Postgres);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let envelope = admin.exec("bash", "echo hush").await;
    let ran = rows(&gateway, "exec");
    assert_eq!(ran.len(), 1, "{ran:?}");
    let objects = ran[0]["objects"].as_array().unwrap();
    assert!(objects.contains(&envelope["session_id"]), "{objects:?}");
    assert_eq!(ran[0]["code"], "ok");
    assert!(!ran[0].to_string().contains("hush"), "{ran:?}");

    let ask = json!({"connection_name": "none", "input": "x"});
    admin.call("exec", ask).await.unwrap_err();
    let refused = rows(&gateway, "exec").split_off(1);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["code"], "connection_not_found");
}

#[tokio::test]
async fn refused_sign_ins_and_tokens_used_twice_are_on_file() {
    let gateway = Gateway::start(Engine::Postgres);
    let kim = user(&gateway.admin(), "kim", &[]).await;
    let nobody = gateway.client("");
    let sign_in = async |email: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        nobody.rest("POST", "/api/login", Some(body)).await
    };
    for email in ["kim@example.com", "nobody@example.com"] {
        let (status, _) = sign_in(email, "not the password").await;
        assert_eq!(status, 401);
    }
    let (status, login) = sign_in("kim@example.com", "a long enough password").await;
    assert_eq!(status, 200, "{login}");
    let told = rows(&gateway, "sign_in");
    let codes: Vec<_> = told.iter().map(|row| row["code"].clone()).collect();
    assert_eq!(codes, ["unauthorized", "unauthorized", "ok"], "{told:?}");
    assert_eq!(told[2]["actor"], kim["id"]);

    for expected in [200, 401] {
        let body = json!({"refresh_token": login["refresh_token"]});
        let (status, _) = nobody.rest("POST", "/api/login/refresh", Some(body)).await;
        assert_eq!(status, expected);
    }
    let told = rows(&gateway, "login_refresh");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1]["code"], "reused");
    assert_eq!(told[1]["actor"], kim["id"]);
}
