//! `guardrails_*`: what may be kept, and what it may be linked to.

use serde_json::{Value, json};

use super::guardrail;
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::targets::connect_sqlite;

async fn create(admin: &Client, new: Value) -> Result<Value, Value> {
    admin.call("guardrails_create", new).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardrail_is_kept_shown_changed_and_deleted() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let _file = connect_sqlite(&admin, "shop").await;
        admin
            .call("attributes_create", json!({"name": "pii"}))
            .await
            .unwrap();
        let rules = json!({"rules": [
            {"type": "sql", "action": "block", "sql": {"require_where": ["delete"]}},
            {"type": "pattern_match", "action": "warn", "pattern_regex": "(?i)sleep"},
        ]});
        let new = json!({"name": "No surprises", "input": rules, "attributes": ["pii", "pii"],
            "connection_ids": ["shop"], "description": "Be careful"});
        let made = create(&admin, new.clone()).await.unwrap();
        assert_eq!(made["input"], rules, "{engine:?}");
        assert_eq!(
            (&made["output"], &made["version"]),
            (&Value::Null, &json!(1))
        );
        assert_eq!(made["attributes"], json!(["pii"]));
        let shop = admin
            .call("connections_get", json!({"name": "shop"}))
            .await
            .unwrap();
        assert_eq!(made["connection_ids"], json!([shop["id"]]));
        assert_eq!(shop["guardrail_rules"], json!([made["id"]]));
        let taken = create(&admin, new).await.unwrap_err();
        assert_eq!(
            (&taken["code"], &taken["details"]["id"]),
            (&json!("already_exists"), &made["id"])
        );

        let change = async |change: Value| {
            let mut ask = json!({"id": "No surprises"});
            ask.as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            admin.call("guardrails_update", ask).await
        };
        let words = json!({"rules": [{"type": "deny_words_list", "action": "redact", "words": ["secret"]}]});
        let kept = change(json!({"output": words, "version": 1}))
            .await
            .unwrap();
        assert_eq!((&kept["input"], &kept["output"]), (&rules, &words));
        assert_eq!(
            (&kept["description"], &kept["version"]),
            (&json!("Be careful"), &json!(2))
        );
        assert_eq!(
            change(json!({"version": 1})).await.unwrap_err()["code"],
            "conflict"
        );
        let none = change(json!({"input": null, "output": {"rules": []}}))
            .await
            .unwrap_err();
        assert_eq!(none["details"]["path"], "/input");
        let renamed = change(json!({"name": "calm", "input": null, "connection_ids": []})).await;
        let renamed = renamed.unwrap();
        assert_eq!(
            (&renamed["name"], &renamed["input"]),
            (&json!("calm"), &Value::Null)
        );
        let list = admin.call("guardrails_list", json!({})).await.unwrap();
        let shown = admin
            .call("guardrails_get", json!({"id": made["id"]}))
            .await
            .unwrap();
        assert_eq!((&list["items"][0], &renamed), (&shown, &shown));
        let gone = admin
            .call("guardrails_delete", json!({"id": "calm"}))
            .await
            .unwrap();
        assert_eq!(gone["id"], made["id"]);
        let again = admin
            .call("guardrails_get", json!({"id": "calm"}))
            .await
            .unwrap_err();
        assert_eq!(again["code"], "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_cannot_be_used_is_refused_with_its_place() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let sql = json!({"deny_multi_statement": true});
    for (direction, rule, path) in [
        (
            "input",
            json!({"type": "pattern_match", "pattern_regex": "(?=x)"}),
            "/input/rules/0/pattern_regex",
        ),
        (
            "input",
            json!({"type": "deny_words_list", "words": []}),
            "/input/rules/0/words",
        ),
        (
            "input",
            json!({"type": "deny_words_list", "words": ["x"], "action": "redact"}),
            "/input/rules/0/action",
        ),
        (
            "input",
            json!({"type": "sql", "sql": {}}),
            "/input/rules/0/sql",
        ),
        (
            "output",
            json!({"type": "sql", "sql": sql}),
            "/output/rules/0/type",
        ),
        (
            "output",
            json!({"type": "deny_words_list", "words": ["x"], "action": "require_approval"}),
            "/output/rules/0/action",
        ),
    ] {
        let new = json!({"name": "bad", direction: {"rules": [rule]}});
        let refused = create(&admin, new).await.unwrap_err();
        assert_eq!(refused["code"], "invalid_argument", "{refused}");
        assert_eq!(refused["details"]["path"], path, "{refused}");
    }
    let list = admin.call("guardrails_list", json!({})).await.unwrap();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_rules_are_not_linked_where_there_is_no_sql() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let _file = connect_sqlite(&admin, "shop").await;
    let rules = json!({"rules": [{"type": "sql", "sql": {"deny_statements": ["drop"]}}]});
    let new = json!({"name": "ddl", "input": rules, "connection_ids": ["bash"]});
    let refused = create(&admin, new).await.unwrap_err();
    assert_eq!(refused["details"]["path"], "/connection_ids", "{refused}");
    guardrail(&admin, "ddl", &["shop"], json!({"input": rules})).await;
    let link = json!({"name": "bash", "guardrail_rules": ["ddl"]});
    let refused = admin.call("connections_update", link).await.unwrap_err();
    assert_eq!(refused["details"]["path"], "/guardrail_rules", "{refused}");

    // Through an attribute it arrives all the same, and then nothing runs.
    let tie = json!({"name": "all", "connection_names": ["bash"], "guardrail_rule_names": ["ddl"]});
    admin.call("attributes_create", tie).await.unwrap();
    let blocked = admin.exec("bash", "echo hello").await;
    assert_eq!(blocked["output_status"], "blocked", "{blocked}");
    assert_eq!(blocked["guardrails"][0]["rule_name"], "ddl");
    admin
        .call("attributes_delete", json!({"name": "all"}))
        .await
        .unwrap();
    assert_eq!(admin.exec("bash", "echo hello").await["output"], "hello\n");
}
