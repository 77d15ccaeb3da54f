//! Official clients and the official conformance suite.

mod conformance;
mod sdk;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::gateway::{Client, Engine, Gateway};
use crate::targets::connect_sqlite;
use sdk::{Sdk, Session};

/// Every client on every wire that it speaks.
const WAYS: [(Sdk, &str, &str); 5] = [
    (Sdk::Python, "legacy", "2025-11-25"),
    (Sdk::Python, "auto", "2026-07-28"),
    (Sdk::TypeScript1, "legacy", "2025-11-25"),
    (Sdk::TypeScript2, "legacy", "2025-11-25"),
    (Sdk::TypeScript2, "2026-07-28", "2026-07-28"),
];

/// Every tool, in the order of `docs/reference/tools.json`.
const TOOLS: [&str; 42] = [
    "me_get",
    "serverinfo_get",
    "connections_list",
    "connections_get",
    "connections_create",
    "connections_update",
    "connections_delete",
    "connections_test",
    "exec",
    "connection_databases",
    "connection_tables",
    "connection_columns",
    "policy_preview",
    "sessions_list",
    "sessions_get",
    "sessions_get_content",
    "sessions_wait",
    "sessions_kill",
    "access_control_set",
    "access_control_unset",
    "access_control_get",
    "access_control_list",
    "attributes_list",
    "attributes_get",
    "attributes_create",
    "attributes_update",
    "attributes_delete",
    "datamasking_rules_list",
    "datamasking_rules_get",
    "datamasking_rules_create",
    "datamasking_rules_update",
    "datamasking_rules_delete",
    "guardrails_list",
    "guardrails_get",
    "guardrails_create",
    "guardrails_update",
    "guardrails_delete",
    "usergroups_list",
    "usergroups_create",
    "usergroups_delete",
    "users_list",
    "users_get",
];

#[tokio::test]
async fn official_clients_connect_list_and_call_every_tool() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let file = connect_sqlite(&admin, "lite").await;
    admin
        .exec("lite", "create table t (id integer primary key)")
        .await;
    for (at, (sdk, mode, protocol)) in WAYS.into_iter().enumerate() {
        let mut client = sdk.connect(&gateway.url, &admin.token, mode, 60).await;
        assert_eq!(client.connected["protocol"], protocol, "{sdk:?}");
        assert_eq!(client.connected["server"]["name"], "drawgate");
        assert_eq!(client.connected["capabilities"], json!({"tools": {}}));
        let instructions = client.connected["instructions"].as_str().unwrap();
        for word in ["me_get", "connections_list", "sessions_wait"] {
            assert!(instructions.contains(word), "{instructions}");
        }
        call_everything(&mut client, at, file.path().to_str().unwrap()).await;
        let listed: Vec<&str> = client
            .tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap())
            .collect();
        assert_eq!(listed, TOOLS, "{sdk:?} {mode}");
        check_list(&client.tools);
        client.end().await;
    }
}

/// Calls every tool once.
async fn call_everything(client: &mut Session, at: usize, path: &str) {
    let (made, group) = (format!("made-{at}"), format!("group-{at}"));
    let me = client.must("me_get", json!({})).await;
    assert_eq!(me["is_admin"], true);
    client.must("serverinfo_get", json!({})).await;
    let secrets = json!({"envvar:PATH": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, path)});
    client
        .must(
            "connections_create",
            json!({"name": made, "type": "database", "subtype": "sqlite", "secrets": secrets}),
        )
        .await;
    client
        .must("connections_list", json!({"search": "made"}))
        .await;
    client.must("connections_get", json!({"name": made})).await;
    let updated = client
        .must(
            "connections_update",
            json!({"name": made, "tags": {"a": "b"}, "version": 1}),
        )
        .await;
    assert_eq!(updated["version"], 2);
    assert_eq!(
        client.must("connections_test", json!({"name": made})).await["ok"],
        true
    );
    let ran = client
        .must(
            "exec",
            json!({"connection_name": made, "input": "select 1 as one"}),
        )
        .await;
    assert_eq!(ran["output"], "one\n1\n(1 row)\n");
    client
        .must("connection_databases", json!({"connection_name": made}))
        .await;
    client
        .must(
            "connection_tables",
            json!({"connection_name": made, "database": "main"}),
        )
        .await;
    client
        .must(
            "connection_columns",
            json!({"connection_name": made, "table": "t"}),
        )
        .await;
    client
        .must("sessions_list", json!({"connection": made}))
        .await;
    call_sessions(client, &ran["session_id"]).await;
    call_policy(client, &made).await;
    call_directory(client, &group).await;
    client
        .must("connections_delete", json!({"name": made}))
        .await;
}

/// Calls the tools of sessions, on a session that is done.
async fn call_sessions(client: &mut Session, id: &Value) {
    let session = client.must("sessions_get", json!({"id": id})).await;
    assert_eq!(session["origin"], "mcp");
    assert!(session["client"]["name"].is_string(), "{session}");
    client.must("sessions_get_content", json!({"id": id})).await;
    assert_eq!(
        client.must("sessions_wait", json!({"id": id})).await["timed_out"],
        false
    );
    let long = client
        .must(
            "exec",
            json!({"connection_name": "bash", "input": "sleep 60", "wait_seconds": 0}),
        )
        .await;
    assert_eq!(
        client
            .must("sessions_kill", json!({"id": long["session_id"]}))
            .await["outcome"],
        "killed"
    );
}

/// Calls the tools of policy, on a connection.
async fn call_policy(client: &mut Session, on: &str) {
    let list = json!({"connection_name": on, "groups": ["admin"]});
    client.must("access_control_set", list).await;
    let bound = client
        .must("access_control_get", json!({"connection_name": on}))
        .await;
    assert_eq!(bound["allowed_groups"], json!(["admin"]));
    client.must("access_control_list", json!({})).await;
    client
        .must("access_control_unset", json!({"connection_name": on}))
        .await;
    let words = json!({"rules": [{"type": "deny_words_list", "words": ["pragma"]}]});
    let name = format!("of-{on}");
    for (noun, key, new) in [
        ("guardrails", "id", json!({"name": name, "input": words})),
        (
            "datamasking_rules",
            "id",
            json!({"name": name, "column_rules": [{"column": "ssn"}]}),
        ),
        (
            "attributes",
            "name",
            json!({"name": name, "connection_names": [on], "guardrail_rule_names": [name],
                "datamasking_rule_names": [name]}),
        ),
    ] {
        client.must(&format!("{noun}_create"), new).await;
        client
            .must(&format!("{noun}_get"), json!({key: name}))
            .await;
        let updated = client
            .must(
                &format!("{noun}_update"),
                json!({key: name, "description": "d", "version": 1}),
            )
            .await;
        assert_eq!(updated["version"], 2);
        client.must(&format!("{noun}_list"), json!({})).await;
    }
    let told = client
        .must(
            "policy_preview",
            json!({"connection_name": on, "input": "pragma user_version"}),
        )
        .await;
    assert_eq!(told["decision"], "blocked");
    for (noun, key) in [
        ("attributes", "name"),
        ("guardrails", "id"),
        ("datamasking_rules", "id"),
    ] {
        client
            .must(&format!("{noun}_delete"), json!({key: name}))
            .await;
    }
}

/// Calls the tools of users and groups.
async fn call_directory(client: &mut Session, group: &str) {
    client
        .must("usergroups_create", json!({"name": group}))
        .await;
    client.must("usergroups_list", json!({})).await;
    client
        .must("usergroups_delete", json!({"name": group}))
        .await;
    let users = client.must("users_list", json!({})).await;
    client
        .must("users_get", json!({"email": users["items"][0]["email"]}))
        .await;
}

fn check_list(tools: &[Value]) {
    for tool in tools {
        for key in ["title", "description", "inputSchema", "outputSchema"] {
            assert!(tool.get(key).is_some(), "{key} of {tool}");
        }
        for hint in [
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        ] {
            assert!(tool["annotations"][hint].is_boolean(), "{hint} of {tool}");
        }
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
        assert_eq!(tool["inputSchema"]["type"], "object");
        assert_eq!(tool["outputSchema"]["type"], "object");
    }
}

#[tokio::test]
async fn official_clients_are_told_what_is_wrong() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for (sdk, mode, _) in WAYS {
        let mut client = sdk.connect(&gateway.url, &admin.token, mode, 60).await;
        let unknown = client.call("no_such_tool", json!({})).await.event;
        assert_eq!(unknown["event"], "error", "{unknown}");
        let bad = client
            .call("connections_get", json!({"nmae": "x"}))
            .await
            .event;
        assert_eq!(bad["is_error"], true, "{bad}");
        assert_eq!(
            bad["structured"]["error"]["code"], "invalid_argument",
            "{bad}"
        );
        assert_eq!(
            bad["text"][0], bad["structured"]["error"]["message"],
            "{bad}"
        );
        let missing = client
            .call("connections_get", json!({"name": "none"}))
            .await
            .event;
        assert_eq!(
            missing["structured"]["error"]["code"], "connection_not_found",
            "{missing}"
        );
        assert_eq!(
            client.must("me_get", json!({})).await["is_admin"],
            true,
            "an error ends nothing"
        );
        client.end().await;
        for token in ["", "dgk_wrong", "nonsense"] {
            assert_eq!(
                sdk.refused(&gateway.url, token, mode).await,
                3,
                "{sdk:?} {mode} {token:?}"
            );
        }
    }
}

/// The only session of a gateway, once it is done.
async fn only_session(admin: &Client) -> Value {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let list = admin.call("sessions_list", json!({})).await.unwrap();
        assert_eq!(list["total"], 1, "{list}");
        if list["items"][0]["status"] == "done" {
            return list["items"][0].clone();
        }
        assert!(Instant::now() < limit, "the run goes on: {list}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_client_that_gives_up_ends_its_run() {
    for (sdk, mode) in [
        (Sdk::TypeScript1, "legacy"),
        (Sdk::TypeScript2, "legacy"),
        (Sdk::TypeScript2, "2026-07-28"),
        (Sdk::Python, "auto"),
    ] {
        let gateway = Gateway::start(Engine::Sqlite);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let mut client = sdk.connect(&gateway.url, &admin.token, mode, 2).await;
        let began = Instant::now();
        let told = client
            .call_silently(
                "exec",
                json!({"connection_name": "bash", "input": "sleep 30"}),
            )
            .await;
        assert_eq!(told["event"], "error", "{told}");
        let session = only_session(&admin).await;
        assert_eq!(session["outcome"], "killed", "{sdk:?} {mode}: {session}");
        assert!(began.elapsed() < Duration::from_secs(10), "{sdk:?} {mode}");
    }
}

#[tokio::test]
async fn a_run_longer_than_the_wait_is_handed_off_and_awaited_with_progress() {
    let gateway = Gateway::start(Engine::Postgres);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let ways = [
        (Sdk::Python, "legacy"),
        (Sdk::Python, "auto"),
        (Sdk::TypeScript1, "legacy"),
        (Sdk::TypeScript2, "2026-07-28"),
    ];
    let runs = ways.map(|(sdk, mode)| {
        let (url, token) = (gateway.url.clone(), admin.token.clone());
        tokio::spawn(async move {
            let mut client = sdk.connect(&url, &token, mode, 90).await;
            let ask =
                json!({"connection_name": "bash", "input": "echo begun; sleep 56; echo ended"});
            let told = client.call("exec", ask).await;
            let envelope = &told.event["structured"];
            assert_eq!(
                envelope["status"], "running",
                "{sdk:?} {mode}: {}",
                told.event
            );
            assert!(
                envelope["next_step"]
                    .as_str()
                    .unwrap()
                    .contains("sessions_wait")
            );
            let ms = told.event["ms"].as_u64().unwrap();
            assert!((49_000..54_000).contains(&ms), "{sdk:?} {mode}: {ms}");
            check_progress(&told.progress, 50.0);
            let waited = client
                .must(
                    "sessions_wait",
                    json!({"id": envelope["session_id"], "include_output": true}),
                )
                .await;
            assert_eq!(
                (&waited["status"], &waited["outcome"]),
                (&json!("done"), &json!("success")),
                "{waited}"
            );
            assert_eq!(waited["output"], "begun\nended\n");
            client.end().await;
        })
    });
    for run in runs {
        run.await.unwrap();
    }
}

/// Progress comes at least every 10 seconds, rises and names the limit.
fn check_progress(progress: &[Value], total: f64) {
    let elapsed: Vec<f64> = progress
        .iter()
        .map(|event| event["progress"].as_f64().unwrap())
        .collect();
    assert!(elapsed.len() >= 5, "{progress:?}");
    assert!(
        elapsed
            .windows(2)
            .all(|pair| pair[0] < pair[1] && pair[1] - pair[0] < 11.0),
        "{elapsed:?}"
    );
    assert!(elapsed[0] < 2.0, "{elapsed:?}");
    for event in progress {
        assert_eq!(event["total"].as_f64(), Some(total), "{event}");
        assert!(!event["message"].as_str().unwrap().is_empty());
    }
}
