//! Backtests: what policies would have done to runs that are on record.

use std::time::Duration;

use serde_json::{Value, json};

use super::guardrail;
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::person;
use crate::roles::organization;
use crate::targets::connect_sqlite;

/// Policies of every kind, by name and by attribute.
fn policies() -> Value {
    json!({"version": 1,
        "guardrails": [
            {"name": "careful", "attributes": ["production"], "input": {"rules": [
                {"type": "sql", "sql": {"require_where": ["delete"]}}]}},
            {"name": "ask", "connections": ["bash"], "input": {"rules": [
                {"type": "deny_words_list", "words": ["rm -f"], "action": "require_approval"}]}},
            {"name": "watch", "connections": ["bash"], "input": {"rules": [
                {"type": "pattern_match", "pattern_regex": "hello", "action": "warn"}]}},
            {"name": "quiet", "connections": ["bash"], "output": {"rules": [
                {"type": "deny_words_list", "words": ["forbidden word"]}]}},
            {"name": "elsewhere", "connections": ["other"], "input": {"rules": [
                {"type": "deny_words_list", "words": ["e"]}]}}],
        "datamasking_rules": [
            {"name": "mails", "connections": ["shop", "bash"], "supported_entity_types": [
                {"name": "CUSTOM_SELECTION", "entity_types": ["EMAIL_ADDRESS"]}]},
            {"name": "names", "connections": ["shop"], "column_rules": [
                {"table": "people", "column": "name"}]}],
        "attributes": [{"name": "production", "connections": ["shop"]}]})
}

/// Runs what the policies above speak of: five times as administrator on `shop`, once as
/// the member; five times as the member on `bash`.
async fn history(admin: &Client, member: &Client) {
    guardrail(
        admin,
        "old",
        &["shop"],
        json!({"input": {"rules": [{"type": "deny_words_list", "words": ["vacuum"]}]}}),
    )
    .await;
    for input in [
        "create table people (id int, email text, name text)",
        "insert into people (id, email) values (1, 'jane@acme.com'), (2, 'joe@acme.com')",
        "select email from people where id = 1",
        "delete from people",
        "vacuum",
    ] {
        let ran = admin.exec("shop", input).await;
        assert_eq!(ran["status"] == "failed", input == "vacuum", "{ran}");
    }
    let named = member.exec("shop", "select id, name from people").await;
    assert_eq!(named["status"], "completed", "{named}");
    for input in [
        "rm -f /tmp/drawgate-none",
        "echo hello bob@acme.com",
        "echo hello",
        "echo a forbidden 'word'",
        "true",
    ] {
        let ran = member.exec("bash", input).await;
        assert_eq!(ran["status"], "completed", "{ran}");
    }
}

async fn backtest(client: &Client, more: Value) -> (u16, Value) {
    let mut body = json!({"file": policies(), "since": "1h"});
    let fields = body.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    client
        .rest("POST", "/api/policies/backtest", Some(body))
        .await
}

async fn good(client: &Client, more: Value) -> Value {
    let (status, answer) = backtest(client, more).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The path of the only mistake of a refused backtest.
async fn wrong(client: &Client, more: Value) -> String {
    let (status, answer) = backtest(client, more).await;
    assert_eq!(status, 400, "{answer}");
    let error = &answer["error"];
    assert_eq!(error["code"], "invalid_argument", "{error}");
    let details = &error["details"];
    let path = details["mistakes"]
        .get(0)
        .map_or(&details["path"], |mistake| &mistake["path"]);
    path.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_is_that_of_the_runs_on_record() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let _file = connect_sqlite(&admin, "shop").await;
        admin.connect_bash("bash").await;
        admin.connect_bash("other").await;
        let member = person(&admin, "member", &[]).await;
        history(&admin, &member).await;
        let told = good(&admin, json!({})).await;
        assert_eq!(
            told["totals"],
            json!({"sessions": 11, "blocked": 2, "needs_approval": 1, "warned": 2,
                "masked": 3, "unreadable": 0, "newly_blocked": 2, "newly_allowed": 1}),
            "{engine:?}: {told}"
        );
        let me = admin.call("me_get", json!({})).await.unwrap()["user_email"].clone();
        assert_eq!(
            told["rows"],
            json!([
                {"user_email": "member@example.com", "connection": "bash", "sessions": 5,
                 "blocked": 1, "needs_approval": 1, "warned": 2, "masked": 1},
                {"user_email": me, "connection": "shop", "sessions": 5,
                 "blocked": 1, "needs_approval": 0, "warned": 0, "masked": 1},
                {"user_email": "member@example.com", "connection": "shop", "sessions": 1,
                 "blocked": 0, "needs_approval": 0, "warned": 0, "masked": 1},
            ])
        );
        let hits = told["rules"].as_array().unwrap().iter();
        let hits: Vec<_> = hits
            .map(|rule| {
                (
                    rule["rule_name"].as_str().unwrap(),
                    rule["hits"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            hits,
            [
                ("watch", 2),
                ("mails", 2),
                ("ask", 1),
                ("careful", 1),
                ("quiet", 1),
                ("names", 1),
                ("elsewhere", 0)
            ]
        );
        let examples = told["examples"].as_array().unwrap().iter();
        let examples: Vec<_> = examples
            .map(|example| {
                let [action, change, input] = ["action", "change", "input"]
                    .map(|key| example[key].as_str().unwrap_or_default());
                (action, change, input)
            })
            .collect();
        assert_eq!(
            examples,
            [
                ("blocked", "newly_blocked", "echo a forbidden 'word'"),
                ("blocked", "newly_blocked", "delete from people"),
                ("allowed", "newly_allowed", "vacuum"),
                ("needs_approval", "", "rm -f /tmp/drawgate-none"),
                ("warned", "", "echo hello"),
                ("warned", "", "echo hello bob@acme.com"),
                ("masked", "", "select id, name from people"),
                ("masked", "", "select email from people where id = 1"),
            ]
        );
        assert_eq!(told["examples"][1]["rule_names"], json!(["careful"]));
        assert_eq!(
            (&told["truncated"], &told["rows_truncated"]),
            (&json!(false), &json!(false))
        );
        assert_eq!(told["notes"].as_array().unwrap().len(), 3);
        // Nothing is made or changed.
        let guardrails = admin.call("guardrails_list", json!({})).await.unwrap();
        assert_eq!(guardrails["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_chosen_and_counted() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    admin.connect_bash("bash").await;
    admin.connect_bash("other").await;
    let member = person(&admin, "member", &[]).await;
    history(&admin, &member).await;
    let newest = good(&admin, json!({"limit": 3, "examples": 1})).await;
    assert_eq!(newest["totals"]["sessions"], 3);
    assert_eq!(newest["truncated"], true);
    assert_eq!(newest["examples"].as_array().unwrap().len(), 1);
    let all = good(&admin, json!({"limit": 11, "examples": 0})).await;
    assert_eq!(
        (&all["totals"]["sessions"], &all["truncated"]),
        (&json!(11), &json!(false))
    );
    assert_eq!(all["examples"], json!([]));
    for (more, count) in [
        (json!({"connection": "shop"}), 6),
        (json!({"connection": "sh*"}), 6),
        (json!({"user": "member@example.com"}), 6),
        (
            json!({"user": "member@example.com", "connection": "shop"}),
            1,
        ),
        (json!({"until": "30m"}), 0),
        (json!({"since": "2020-01-01T00:00:00Z"}), 11),
    ] {
        let told = good(&admin, more.clone()).await;
        assert_eq!(told["totals"]["sessions"], count, "{more}");
    }
    // A connection that is gone is judged as it was called.
    admin
        .call("connections_delete", json!({"name": "shop"}))
        .await
        .unwrap();
    let mut gone = policies();
    gone["attributes"] = json!([]);
    gone["guardrails"] = json!([]);
    gone["datamasking_rules"] = json!([]);
    let told = good(&admin, json!({"file": gone})).await;
    assert_eq!(told["totals"]["sessions"], 11);
    assert_eq!(told["totals"]["newly_allowed"], 1, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_with_its_place() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    for name in ["shop", "bash", "other"] {
        admin.connect_bash(name).await;
    }
    for since in ["yesterday", "30", "3y", "-1d"] {
        assert_eq!(wrong(&admin, json!({"since": since})).await, "/since");
    }
    assert_eq!(wrong(&admin, json!({"until": "2d"})).await, "/until");
    assert_eq!(wrong(&admin, json!({"limit": 100_001})).await, "/limit");
    assert_eq!(wrong(&admin, json!({"limit": 0})).await, "/limit");
    assert_eq!(wrong(&admin, json!({"examples": 101})).await, "/examples");
    for (pointer, value, place) in [
        ("/version", json!(2), "/file/version"),
        ("/guardrails/0/inptu", json!(1), "/file/guardrails/0/inptu"),
        (
            "/guardrails/1/connections/0",
            json!("typo"),
            "/file/guardrails/1/connections/0",
        ),
        (
            "/guardrails/2/input/rules/0/pattern_regex",
            json!("(?=x)"),
            "/file/guardrails/2/input/rules/0/pattern_regex",
        ),
        (
            "/datamasking_rules/1/column_rules/0/column",
            json!(" "),
            "/file/datamasking_rules/1/column_rules/0/column",
        ),
    ] {
        let mut file = policies();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match file.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            parent => parent[key] = value,
        }
        // `sql` rules do not fit a shell, which is another mistake.
        file["attributes"] = json!([{"name": "production"}]);
        assert_eq!(wrong(&admin, json!({"file": file})).await, place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_for_administrators_of_its_organization() {
    for engine in ENGINES {
        let mut gateway = Gateway::start(engine);
        let token = organization::make(&mut gateway).await;
        let (admin, elsewhere) = (gateway.admin(), gateway.client(&token));
        for client in [&admin, &elsewhere] {
            client.connect_bash("bash").await;
        }
        admin.exec("bash", "echo hello").await;
        let file = json!({"version": 1, "guardrails": [{"name": "watch", "connections": ["bash"],
            "input": {"rules": [{"type": "deny_words_list", "words": ["hello"]}]}}]});
        let file = json!({"file": file});
        assert_eq!(
            good(&admin, file.clone()).await["totals"]["newly_blocked"],
            1
        );
        assert_eq!(
            good(&elsewhere, file.clone()).await["totals"]["sessions"],
            0
        );
        for group in ["auditor", "plain"] {
            if group == "plain" {
                admin
                    .call("usergroups_create", json!({"name": group}))
                    .await
                    .unwrap();
            }
            let client = person(&admin, group, &[group]).await;
            let (status, answer) = backtest(&client, file.clone()).await;
            assert_eq!(
                (status, &answer["error"]["code"]),
                (403, &json!("admin_required"))
            );
        }
        let tool = json!({"name": "policies_backtest", "arguments": file});
        let (_, answer) = admin.rpc("tools/call", tool).await.unwrap();
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
}

/// Runs whose outputs take a while to look at, and what is to be found in them.
async fn long_history(admin: &Client) -> Value {
    admin.connect_bash("bash").await;
    for _ in 0..6 {
        let input = "yes 'mail to somebody at 12 High Street, 555 0100' | head -c 900000";
        assert_eq!(admin.exec("bash", input).await["status"], "completed");
    }
    json!({"file": {"version": 1, "datamasking_rules": [{"name": "m",
        "connections": ["bash"], "supported_entity_types": [
            {"name": "CONTACT_INFORMATION"}, {"name": "LOCATION_DATA"}]}]}})
}

/// The answer of a backtest, once no other is going on.
async fn insisting(admin: Client, file: Value) -> Value {
    loop {
        let (status, answer) = backtest(&admin, file.clone()).await;
        if status != 429 {
            return answer;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_ends_when_its_caller_goes_away() {
    let gateway = Gateway::start(Engine::Postgres);
    let admin = gateway.admin();
    let file = long_history(&admin).await;
    let small = || backtest(&admin, json!({"limit": 1, "file": {"version": 1}}));
    let caller = tokio::spawn(insisting(admin.clone(), file));
    while small().await.0 != 429 {
        assert!(
            !caller.is_finished(),
            "it ended before it was seen to go on"
        );
    }
    caller.abort();
    while small().await.0 != 200 {}
    // Its seat is free before its row is stored.
    let codes = || -> Vec<Value> {
        let rows = crate::audited::rows(&gateway, "policies_backtest").into_iter();
        let codes = rows.map(|row| row["code"].clone());
        codes.filter(|code| code != "busy").collect()
    };
    for _ in 0..500 {
        if codes().len() > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let codes = codes();
    assert!(codes.contains(&json!("unavailable")), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_has_one_backtest_at_a_time() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let file = long_history(&admin).await;
    let first = tokio::spawn(insisting(admin.clone(), file.clone()));
    let mut refused = None;
    while refused.is_none() && !first.is_finished() {
        let (status, answer) = backtest(&admin, json!({"limit": 1, "file": {"version": 1}})).await;
        refused = (status == 429).then_some(answer);
    }
    let refused = refused.expect("the second is refused while the first goes on");
    assert_eq!(refused["error"]["code"], "busy");
    assert!(refused["error"]["details"]["retry_after_ms"].is_u64());
    assert_eq!(first.await.unwrap()["totals"]["sessions"], 6);
    let (status, answer) = backtest(&admin, file).await;
    assert_eq!(status, 200, "{answer}");
}
