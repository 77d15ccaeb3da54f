//! `policies_plan` and `policies_apply`: a file of policies as a whole.

mod refused;

use serde_json::{Value, json};

use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::targets::connect_sqlite;

/// A file that says something of everything, on connection `shop`.
fn file() -> Value {
    json!({
        "version": 1,
        "guardrails": [{
            "name": "no-ddl", "description": "Schema changes are for DBAs.",
            "input": {"rules": [{"type": "sql", "sql": {"deny_statements": ["drop"]}}]},
            "attributes": ["production"]}],
        "datamasking_rules": [{
            "name": "pii", "supported_entity_types": [{"name": "CONTACT_INFORMATION"}],
            "connections": ["shop"]}],
        "attributes": [{"name": "production", "connections": ["shop"], "groups": ["dba"]}],
        "access_control": [{"connection": "shop", "groups": ["dba"]}],
        "tests": [{"name": "drops are refused", "input": "drop table t", "connection": "shop",
            "expect": {"decision": "blocked", "guardrails": ["no-ddl"]}}],
    })
}

async fn plan(admin: &Client, file: &Value, prune: bool) -> Value {
    let body = json!({"file": file, "prune": prune});
    let (status, plan) = admin.rest("POST", "/api/policies/plan", Some(body)).await;
    assert_eq!(status, 200, "{plan}");
    plan
}

async fn apply(admin: &Client, file: &Value, prune: bool, plan_id: &Value) -> (u16, Value) {
    let body = json!({"file": file, "prune": prune, "plan_id": plan_id});
    admin.rest("POST", "/api/policies/apply", Some(body)).await
}

/// Plans a file and applies the plan.
async fn applied(admin: &Client, file: &Value, prune: bool) -> Value {
    let planned = plan(admin, file, prune).await;
    let (status, applied) = apply(admin, file, prune, &planned["plan_id"]).await;
    assert_eq!(status, 200, "{applied}");
    assert_eq!(applied, planned);
    applied
}

/// What happens to each object.
fn actions(plan: &Value) -> Vec<(&str, &str, &str)> {
    let changes = plan["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| {
            (
                change["action"].as_str().unwrap(),
                change["kind"].as_str().unwrap(),
                change["name"].as_str().unwrap(),
            )
        })
        .collect()
}

async fn with_a_shop(engine: Engine) -> (Gateway, Client, tempfile::NamedTempFile) {
    let gateway = Gateway::start(engine);
    let admin = gateway.admin();
    let shop = connect_sqlite(&admin, "shop").await;
    let group = json!({"name": "dba"});
    admin.call("usergroups_create", group).await.unwrap();
    (gateway, admin, shop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_planned_applied_and_then_unchanged() {
    for engine in ENGINES {
        let (_gateway, admin, _file) = with_a_shop(engine).await;
        let planned = plan(&admin, &file(), false).await;
        assert_eq!(
            actions(&planned),
            [
                ("create", "attribute", "production"),
                ("create", "guardrail", "no-ddl"),
                ("create", "datamasking_rule", "pii"),
                ("create", "access_control", "shop"),
            ],
            "{engine:?}"
        );
        let groups = json!({"path": "/groups", "before": null, "after": ["dba"]});
        assert_eq!(planned["changes"][3]["changes"], json!([groups]));
        // A plan changes nothing, and says the same again.
        assert_eq!(plan(&admin, &file(), false).await, planned);
        let list = admin.call("guardrails_list", json!({})).await.unwrap();
        assert_eq!(list["items"], json!([]));

        let (status, told) = apply(&admin, &file(), false, &planned["plan_id"]).await;
        assert_eq!((status, &told), (200, &planned));
        let blocked = admin.exec("shop", "drop table customers").await;
        assert_eq!(blocked["failure"]["code"], "guardrail_blocked", "{blocked}");
        let masked = admin
            .exec("shop", "select 'jane@acme.com' as contact")
            .await;
        assert!(masked.to_string().contains("<EMAIL_ADDRESS>"), "{masked}");
        let shop = admin.call("connections_get", json!({"name": "shop"})).await;
        assert_eq!(shop.unwrap()["restricted"], true);

        let again = applied(&admin, &file(), false).await;
        let told = actions(&again);
        assert!(told.iter().all(|change| change.0 == "unchanged"), "{again}");
        let rule = json!({"id": "no-ddl"});
        let rule = admin.call("guardrails_get", rule).await.unwrap();
        assert_eq!(
            (&rule["version"], &rule["managed_by"]),
            (&json!(1), &Value::Null)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_differs_is_changed_and_told_at_its_place() {
    for engine in ENGINES {
        let (_gateway, admin, _file) = with_a_shop(engine).await;
        applied(&admin, &file(), false).await;
        let mut changed = file();
        changed["guardrails"][0]["input"]["rules"][0]["message"] = json!("Ask a DBA.");
        changed["guardrails"][0]["attributes"] = json!([]);
        changed["datamasking_rules"][0]["strategy"] = json!("partial");
        changed["attributes"][0]["groups"] = json!(["admin", "dba", "admin"]);
        changed["access_control"][0]["groups"] = json!(["admin"]);
        let told = applied(&admin, &changed, false).await;
        let differences: Vec<_> = (0..4)
            .map(|index| &told["changes"][index]["changes"])
            .collect();
        let at = |path: &str, before: Value, after: Value| json!({"path": path, "before": before, "after": after});
        assert_eq!(
            differences,
            [
                &json!([at("/groups", json!(["dba"]), json!(["admin", "dba"]))]),
                &json!([
                    at("/attributes", json!(["production"]), Value::Null),
                    at("/input/rules/0/message", Value::Null, json!("Ask a DBA.")),
                ]),
                &json!([at("/strategy", json!("redact"), json!("partial"))]),
                &json!([at("/groups", json!(["dba"]), json!(["admin"]))]),
            ],
            "{engine:?}"
        );
        let told = admin.call("guardrails_get", json!({"id": "no-ddl"})).await;
        let told = told.unwrap();
        assert_eq!(
            (&told["attributes"], &told["version"]),
            (&json!([]), &json!(2))
        );
        let told = applied(&admin, &changed, false).await;
        assert!(actions(&told).iter().all(|change| change.0 == "unchanged"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_stale_changes_nothing() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Postgres).await;
    applied(&admin, &file(), false).await;
    let mut changed = file();
    changed["datamasking_rules"][0]["description"] = json!("Personal data.");
    let planned = plan(&admin, &changed, false).await;
    // What the file does not change is part of what was looked at, too.
    let other = json!({"id": "no-ddl", "description": "By hand."});
    admin.call("guardrails_update", other).await.unwrap();
    let (status, refused) = apply(&admin, &changed, false, &planned["plan_id"]).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("conflict"))
    );
    let rule = admin
        .call("datamasking_rules_get", json!({"id": "pii"}))
        .await;
    assert_eq!(rule.unwrap()["description"], "");
    // A plan is of one file, and of one way to prune.
    let planned = plan(&admin, &changed, false).await;
    for (file, prune) in [(&file(), false), (&changed, true)] {
        let (status, _) = apply(&admin, file, prune, &planned["plan_id"]).await;
        assert_eq!(status, 409);
    }
    let (status, _) = apply(&admin, &changed, false, &planned["plan_id"]).await;
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_plans_about_one_object_one_is_applied() {
    for engine in ENGINES {
        let (_gateway, admin, _file) = with_a_shop(engine).await;
        applied(&admin, &file(), false).await;
        let says = |words: &str| {
            let mut changed = file();
            changed["guardrails"][0]["description"] = json!(words);
            changed
        };
        let (one, other) = (says("one"), says("other"));
        let plans = (
            plan(&admin, &one, false).await["plan_id"].clone(),
            plan(&admin, &other, false).await["plan_id"].clone(),
        );
        let (first, second) = tokio::join!(
            apply(&admin, &one, false, &plans.0),
            apply(&admin, &other, false, &plans.1),
        );
        let mut codes = [first.0, second.0];
        codes.sort_unstable();
        assert_eq!(codes, [200, 409], "{engine:?}");
        let rule = json!({"id": "no-ddl"});
        let rule = admin.call("guardrails_get", rule).await.unwrap();
        let winner = if first.0 == 200 { "one" } else { "other" };
        assert_eq!(
            (&rule["description"], &rule["version"]),
            (&json!(winner), &json!(2))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_nothing_to_do_with_a_plan_does_not_make_it_stale() {
    let (_gateway, admin, _file) = with_a_shop(Engine::Sqlite).await;
    let planned = plan(&admin, &file(), false).await;
    let group = json!({"name": "others"});
    admin.call("usergroups_create", group).await.unwrap();
    let (status, told) = apply(&admin, &file(), false, &planned["plan_id"]).await;
    assert_eq!(status, 200, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_file_made_is_pruned() {
    for engine in ENGINES {
        let (_gateway, admin, _file) = with_a_shop(engine).await;
        let by_hand = json!({"name": "by-hand", "input": {"rules": [
            {"type": "deny_words_list", "words": ["pragma"]}]}});
        admin
            .call("guardrails_create", by_hand.clone())
            .await
            .unwrap();
        let mut adopted = file();
        let entry = by_hand.clone();
        adopted["guardrails"].as_array_mut().unwrap().push(entry);
        applied(&admin, &adopted, false).await;
        let empty = json!({"version": 1});
        // Without prune a file says nothing of what it does not name.
        assert_eq!(plan(&admin, &empty, false).await["changes"], json!([]));
        let told = applied(&admin, &empty, true).await;
        assert_eq!(
            actions(&told),
            [
                ("delete", "guardrail", "no-ddl"),
                ("delete", "datamasking_rule", "pii"),
                ("delete", "attribute", "production"),
                ("delete", "access_control", "shop"),
            ],
            "{engine:?}"
        );
        let groups = json!({"path": "/groups", "before": ["dba"], "after": null});
        assert_eq!(told["changes"][3]["changes"], json!([groups]));
        let list = admin.call("guardrails_list", json!({})).await.unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        let shop = admin.call("connections_get", json!({"name": "shop"})).await;
        assert_eq!(shop.unwrap()["restricted"], false);
        assert_eq!(plan(&admin, &empty, true).await["changes"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_the_apply_and_every_object() {
    let (gateway, admin, _file) = with_a_shop(Engine::Postgres).await;
    applied(&admin, &file(), false).await;
    let details = gateway.sql("select detail from audit_event order by at, id");
    let rows: Vec<Value> = details
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let of = |operation: &str| -> &Value {
        let mut found = rows.iter().filter(|row| row["operation"] == operation);
        let row = found.next_back();
        row.unwrap_or_else(|| panic!("no row of {operation}: {rows:?}"))
    };
    let apply = of("policies_apply");
    assert_eq!(apply["objects"].as_array().unwrap().len(), 4, "{apply}");
    for (index, operation) in [
        "attributes_create",
        "guardrails_create",
        "datamasking_rules_create",
        "access_control_set",
    ]
    .into_iter()
    .enumerate()
    {
        let row = of(operation);
        assert_eq!(row["objects"], json!([apply["objects"][index]]));
        for key in ["actor", "credential", "request_id", "address"] {
            assert_eq!(row[key], apply[key], "{key} of {row}");
        }
        assert_eq!(row["code"], "ok");
    }
}
