//! Output guardrails: what leaves, in every form and on record.

use serde_json::json;

use super::guardrail;
use crate::gateway::{Engine, Gateway};
use crate::targets::{Place, exec_with, read_to_end};

/// Rules that replace `red-…` and block `forbidden`.
fn rules() -> serde_json::Value {
    json!({"output": {"rules": [
        {"type": "pattern_match", "action": "redact", "pattern_regex": "red-[0-9]+"},
        {"type": "deny_words_list", "name": "never", "words": ["forbidden"]},
    ]}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_replaced_in_every_form_of_an_answer() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _place = Place::postgres(&admin, "main").await;
    admin.connect_bash("bash").await;
    guardrail(&admin, "colours", &["main", "bash"], rules()).await;
    let text = admin
        .exec("main", "select 'a red-17 b' as \"red-18\", 5 as n")
        .await;
    assert_eq!(
        text["output"],
        "<GUARDRAIL>\tn\na <GUARDRAIL> b\t5\n(1 row)\n"
    );
    assert_eq!(text["guardrails"][0]["action"], "redact");
    let recorded = read_to_end(&admin, &text["session_id"], None).await;
    assert_eq!(text["output"], recorded.as_str());
    let rows = exec_with(
        &admin,
        "main",
        "select 'red-17', 5, null",
        json!({"format": "rows"}),
    )
    .await;
    assert_eq!(rows["rows"], json!([["<GUARDRAIL>", 5, null]]));
    let notice = admin
        .exec(
            "main",
            "do $$ begin raise notice 'red-17'; raise exception 'red-18'; end $$",
        )
        .await;
    let output = notice["output"].as_str().unwrap();
    assert!(
        !output.contains("red-1") && output.matches("<GUARDRAIL>").count() == 2,
        "{output}"
    );
    // A match across two writes of a process.
    let process = admin
        .exec(
            "bash",
            "printf red; sleep 0.2; printf -- '-17 ok'; echo red-18 >&2",
        )
        .await;
    let output = process["output"].as_str().unwrap();
    assert!(
        output.contains("<GUARDRAIL> ok") && !output.contains("red-"),
        "{output}"
    );
    assert_eq!(process["guardrails"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocking_match_ends_the_run_and_withholds_the_rest() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _place = Place::postgres(&admin, "main").await;
    admin.connect_bash("bash").await;
    guardrail(&admin, "colours", &["main", "bash"], rules()).await;
    for (connection, input) in [
        ("main", "select 'forbidden'"),
        (
            "main",
            "select 1; do $$ begin raise notice 'forbidden'; end $$",
        ),
        ("main", "do $$ begin raise exception 'forbidden'; end $$"),
        ("main", "select 1 as forbidden"),
        ("bash", "echo it is forbidden"),
        ("bash", "echo it is forbidden >&2"),
        (
            "bash",
            "echo it is forbid; printf forbid; sleep 0.2; printf den; sleep 0.1",
        ),
    ] {
        for format in ["text", "rows"] {
            if connection == "bash" && format == "rows" {
                continue;
            }
            let ended = exec_with(&admin, connection, input, json!({"format": format})).await;
            assert_eq!(ended["output_status"], "blocked", "{input}: {ended}");
            assert_eq!(
                (&ended["exit_code"], &ended["failure"]["code"]),
                (&json!(254), &json!("guardrail_blocked"))
            );
            assert_eq!(ended["guardrails"][0]["direction"], "output");
            assert!(ended.get("rows").is_none());
            let id = json!({"id": ended["session_id"]});
            let session = admin.call("sessions_get", id).await.unwrap();
            assert_eq!(session["outcome"], "blocked", "{session}");
            let recorded = read_to_end(&admin, &ended["session_id"], None).await;
            assert!(!recorded.contains("forbidden"), "{recorded}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_tools_are_guarded_too() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let place = Place::postgres(&admin, "main").await;
    place.sql("CREATE TABLE public.forbidden (id int)");
    let words = json!({"rules": [{"type": "deny_words_list", "words": ["select"]}]});
    let mut directions = rules();
    directions["input"] = words;
    guardrail(&admin, "colours", &["main"], directions).await;
    let ask = json!({"connection_name": "main", "database": place.database.name});
    let refused = admin.call("connection_tables", ask).await.unwrap_err();
    assert_eq!(refused["code"], "guardrail_blocked", "{refused}");
    let databases = admin
        .call("connection_databases", json!({"connection_name": "main"}))
        .await;
    assert!(
        databases.is_ok(),
        "input rules are not about the gateway's own questions"
    );
}
