//! Files of policies that cannot be applied.

use serde_json::{Value, json};

use super::{apply, file, plan, with_a_shop};
use crate::gateway::{Client, Engine};
use crate::roles::callers::person;

/// The places of the mistakes of a refused file, sorted.
async fn places(admin: &Client, file: &Value, prune: bool) -> Vec<String> {
    let body = json!({"file": file, "prune": prune});
    let (status, told) = admin.rest("POST", "/api/policies/plan", Some(body)).await;
    let error = &told["error"];
    assert_eq!(
        (status, &error["code"]),
        (400, &json!("invalid_argument")),
        "{told}"
    );
    let mistakes = error["details"]["mistakes"].as_array().unwrap();
    let place = |mistake: &Value| {
        assert!(!mistake["message"].as_str().unwrap().is_empty(), "{told}");
        let path = mistake["path"].as_str().unwrap();
        path.strip_prefix("/file").unwrap_or(path).to_owned()
    };
    let mut places: Vec<_> = mistakes.iter().map(place).collect();
    places.sort();
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn all_mistakes_are_told_at_once() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    admin.connect_bash("bash").await;
    let wrong = json!({
        "version": 1,
        "guardrails": [
            {"name": "no-ddl", "connections": ["shop", "nowhere", "bash"],
             "attributes": ["production", "unheard-of"],
             "input": {"rules": [
                {"type": "sql", "sql": {}},
                {"type": "sql", "sql": {"deny_statements": ["drop"]}},
                {"type": "pattern_match", "pattern_regex": "(?=a)"}]}},
            {"name": "no-ddl", "output": {"rules": [
                {"type": "deny_words_list", "words": ["x"], "action": "require_approval"}]}},
            {"name": "empty"}],
        "datamasking_rules": [
            {"name": "pii", "supported_entity_types": [{"name": "PETS"}],
             "column_rules": [{"column": "a", "entity_type": "CAT"}], "connections": ["gone"]}],
        "attributes": [
            {"name": "production", "connections": ["lost"], "groups": ["dba", "strangers"]}],
        "access_control": [
            {"connection": "shop", "groups": ["dba"]},
            {"connection": "shop", "groups": ["nobody"]},
            {"connection": "elsewhere", "groups": ["dba"]}],
    });
    assert_eq!(
        places(&admin, &wrong, false).await,
        [
            "/access_control/1/connection",
            "/access_control/1/groups/0",
            "/access_control/2/connection",
            "/attributes/0/connections/0",
            "/attributes/0/groups/1",
            "/datamasking_rules/0/column_rules/0/entity_type",
            "/datamasking_rules/0/connections/0",
            "/datamasking_rules/0/supported_entity_types/0/name",
            "/guardrails/0/attributes/1",
            "/guardrails/0/connections/1",
            "/guardrails/0/connections/2",
            "/guardrails/0/input/rules/0/sql",
            "/guardrails/0/input/rules/2/pattern_regex",
            "/guardrails/1/name",
            "/guardrails/1/output/rules/0/action",
            "/guardrails/2/input",
        ]
    );
    let (_, told) = apply(&admin, &wrong, false, &json!("x")).await;
    assert_eq!(told["error"]["code"], "invalid_argument", "{told}");
    let list = admin.call("attributes_list", json!({})).await.unwrap();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_values_that_do_not_fit_are_told_at_once() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    let wrong = json!({
        "version": 2,
        "guardrail": [],
        "guardrails": [{"name": "a", "rules": [], "inputs": {}},
            {"input": {"rules": [{"type": "words"}]}}],
        "datamasking_rules": [{"name": "b", "strategy": "blur", "score_threshold": 2}],
        "attributes": [{"name": "a b"}],
        "access_control": [{"connection": "shop", "groups": []}],
    });
    assert_eq!(
        places(&admin, &wrong, false).await,
        [
            "/access_control/0/groups",
            "/attributes/0/name",
            "/datamasking_rules/0/score_threshold",
            "/datamasking_rules/0/strategy",
            "/guardrail",
            "/guardrails/0/inputs",
            "/guardrails/0/rules",
            "/guardrails/1/input/rules/0/type",
            "/guardrails/1/name",
            "/version",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_says_too_much_is_refused() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    let rule = |index: usize| {
        json!({"name": format!("rule-{index}"), "connections": vec!["shop"; 500],
            "input": {"rules": [{"type": "deny_words_list", "words": ["x"]}]}})
    };
    let file = |count: usize| {
        let rules: Vec<Value> = (0..count).map(rule).collect();
        json!({"version": 1, "guardrails": rules})
    };
    assert_eq!(places(&admin, &file(41), false).await, [""]);
    plan(&admin, &file(40), false).await;

    let rules = vec![json!({"type": "deny_words_list", "words": ["x"]}); 100];
    let rule = |index: usize| json!({"name": format!("rule-{index}"), "input": {"rules": rules}});
    let rules: Vec<Value> = (0..101).map(rule).collect();
    let file = json!({"version": 1, "guardrails": rules});
    assert_eq!(places(&admin, &file, false).await, [""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_that_would_be_pruned_cannot_be_followed() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    super::applied(&admin, &file(), false).await;
    let mut orphan = file();
    orphan["attributes"] = json!([]);
    assert_eq!(
        places(&admin, &orphan, true).await,
        ["/guardrails/0/attributes/0"]
    );
    plan(&admin, &orphan, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_is_not_pruned_under_a_rule_that_stays() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    super::applied(&admin, &file(), false).await;
    let words = json!({"rules": [{"type": "deny_words_list", "words": ["pragma"]}]});
    let by_hand = json!({"name": "by-hand", "attributes": ["production"], "input": words});
    admin.call("guardrails_create", by_hand).await.unwrap();
    let columns = json!([{"column": "secret"}]);
    let by_hand = json!({"name": "by-hand", "attributes": ["production"], "column_rules": columns});
    let made = admin.call("datamasking_rules_create", by_hand).await;
    made.unwrap();
    let empty = json!({"version": 1});
    assert_eq!(places(&admin, &empty, true).await, ["/attributes"; 2]);
    // What the file says of a rule counts, not what is stored.
    let takes_over = json!({"version": 1,
        "guardrails": [{"name": "by-hand", "input": words}],
        "datamasking_rules": [{"name": "by-hand", "column_rules": columns}]});
    super::applied(&admin, &takes_over, true).await;
    let list = admin.call("attributes_list", json!({})).await.unwrap();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_plan_and_apply() {
    let (gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    let kim = person(&admin, "kim", &["auditor"]).await;
    let body = json!({"file": file()});
    let (status, told) = kim.rest("POST", "/api/policies/plan", Some(body)).await;
    assert_eq!(
        (status, &told["error"]["code"]),
        (403, &json!("admin_required"))
    );
    let (status, _) = apply(&kim, &file(), false, &json!("x")).await;
    assert_eq!(status, 403);

    // Reading is enough to plan, and not to apply.
    let key = json!({"name": "plans", "groups": ["admin"], "scopes": ["drawgate:read"]});
    let (_, key) = admin.rest("POST", "/api/keys", Some(key)).await;
    let reader = gateway.client(key["token"].as_str().unwrap());
    let planned = plan(&reader, &file(), false).await;
    let (status, _) = apply(&reader, &file(), false, &planned["plan_id"]).await;
    assert_eq!(status, 403);
}
