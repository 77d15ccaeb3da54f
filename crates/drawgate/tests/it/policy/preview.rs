//! `policy_preview`: what would happen, said before.

use serde_json::{Value, json};

use super::guardrail;
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::person;
use crate::targets::{Place, connect_sqlite};

async fn preview(client: &Client, connection: &str, more: Value) -> Value {
    let mut ask = json!({"connection_name": connection});
    ask.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    client.call("policy_preview", ask).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_happen_is_what_happens() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let place = Place::postgres(&admin, "shop").await;
        place.sql("CREATE TABLE customers (id int, email text); GRANT ALL ON customers TO PUBLIC");
        let rules = json!({"rules": [{"type": "sql", "sql": {"require_where": ["delete"]}}]});
        guardrail(&admin, "careful", &["shop"], json!({"input": rules})).await;
        let masking = json!({"name": "mails", "connection_ids": ["shop"],
            "supported_entity_types": [{"name": "CONTACT_INFORMATION", "entity_types": ["EMAIL_ADDRESS"]}],
            "column_rules": [
                {"table": "customers", "column": "email", "strategy": "hash"},
                {"table": "orders", "column": "*"}]});
        admin
            .call("datamasking_rules_create", masking)
            .await
            .unwrap();
        let read = preview(
            &admin,
            "shop",
            json!({"input": "select email from customers"}),
        )
        .await;
        assert_eq!(
            (&read["decision"], &read["visible"]),
            (&json!("allowed"), &json!(true)),
            "{engine:?}"
        );
        assert_eq!(
            read["masking"]["columns"],
            json!([
            {"table": "customers", "column": "email", "strategy": "hash", "rule_name": "mails"}])
        );
        assert_eq!(read["masking"]["entity_types"], json!(["EMAIL_ADDRESS"]));
        assert_eq!(read["analyzer"]["builtin_risk"], "low");
        assert_eq!(
            read["facts"]["statements"][0]["tables"],
            json!([{"name": "customers", "access": "read"}])
        );

        let input = "delete from customers";
        let told = preview(&admin, "shop", json!({"input": input})).await;
        assert_eq!(told["decision"], "blocked", "{told}");
        assert_eq!(told["analyzer"]["builtin_risk"], "high");
        let ran = admin.exec("shop", input).await;
        assert_eq!(
            (&ran["output_status"], &ran["guardrails"]),
            (&json!("blocked"), &told["guardrails"])
        );
        let all = admin.call("sessions_list", json!({})).await.unwrap();
        assert_eq!(
            all["items"].as_array().unwrap().len(),
            1,
            "a preview is no session"
        );
        assert_eq!(
            preview(&admin, "shop", json!({"verb": "connect"})).await["decision"],
            "allowed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_way_is_told() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    let off = json!({"name": "shop", "access_mode_exec": "disabled"});
    admin.call("connections_update", off).await.unwrap();
    let told = preview(&admin, "shop", json!({"input": "select 1"})).await;
    assert_eq!(
        (&told["decision"], &told["access_mode"]),
        (&json!("blocked"), &json!("disabled"))
    );
    let on = json!({"name": "shop", "access_mode_exec": null, "reviewers": ["admin"],
        "mandatory_metadata_fields": ["ticket"]});
    admin.call("connections_update", on).await.unwrap();
    let told = preview(&admin, "shop", json!({"input": "select 1"})).await;
    assert_eq!(told["decision"], "invalid", "{told}");
    assert_eq!(told["problems"][0]["code"], "invalid_argument");
    let whole = json!({"input": "select 1", "metadata": {"ticket": "A-1"}});
    let told = preview(&admin, "shop", whole).await;
    assert_eq!(told["decision"], "needs_approval", "{told}");
    assert_eq!(told["review"]["reviewers_groups"], json!(["admin"]));
    let without = json!({"connection_name": "shop"});
    let refused = admin.call("policy_preview", without).await.unwrap_err();
    assert_eq!(refused["details"]["path"], "/input");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_ask_in_the_place_of_others() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    admin
        .call("usergroups_create", json!({"name": "blue"}))
        .await
        .unwrap();
    let kim = person(&admin, "kim", &[]).await;
    let list = json!({"connection_name": "shop", "groups": ["blue"]});
    admin.call("access_control_set", list).await.unwrap();
    let hidden = json!({"input": "select 1", "as_user": "kim@example.com"});
    let told = preview(&admin, "shop", hidden.clone()).await;
    assert_eq!(
        (&told["visible"], &told["decision"]),
        (&json!(false), &json!("blocked"))
    );
    assert_eq!(
        (&told["facts"], &told["guardrails"]),
        (&Value::Null, &json!([]))
    );
    let own = json!({"connection_name": "shop", "input": "select 1"});
    let refused = kim.call("policy_preview", own).await.unwrap_err();
    assert_eq!(refused["code"], "connection_not_found");
    admin
        .call("access_control_unset", json!({"connection_name": "shop"}))
        .await
        .unwrap();
    assert_eq!(
        preview(&admin, "shop", hidden.clone()).await["visible"],
        true
    );
    let mut other = hidden.clone();
    other["connection_name"] = json!("shop");
    let refused = kim.call("policy_preview", other).await.unwrap_err();
    assert_eq!(refused["code"], "forbidden");
    let nobody = json!({"connection_name": "shop", "input": "x", "as_user": "no@body"});
    let refused = admin.call("policy_preview", nobody).await.unwrap_err();
    assert_eq!(refused["code"], "not_found");
}
