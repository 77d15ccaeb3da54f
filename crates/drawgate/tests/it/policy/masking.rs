//! Masking: what a rule covers leaves in no form.

use serde_json::{Value, json};

use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::targets::{Place, connect_sqlite, exec_with, read_to_end};

const EMAIL: &str = "jane.doe@acme-mail.com";
const CARD: &str = "4111 1111 1111 1111";

async fn rule(admin: &Client, name: &str, connections: &[&str], says: Value) -> Value {
    let mut new = json!({"name": name, "connection_ids": connections});
    new.as_object_mut()
        .unwrap()
        .extend(says.as_object().unwrap().clone());
    admin.call("datamasking_rules_create", new).await.unwrap()
}

/// Masks e-mails and cards.
fn contacts() -> Value {
    json!({"supported_entity_types": [
        {"name": "CONTACT_INFORMATION", "entity_types": ["EMAIL_ADDRESS"]},
        {"name": "FINANCIAL_DATA"},
    ]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_kept_shown_changed_and_deleted() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let _file = connect_sqlite(&admin, "shop").await;
        let made = rule(&admin, "Personal data", &["shop"], contacts()).await;
        assert_eq!(
            (&made["strategy"], &made["score_threshold"]),
            (&json!("redact"), &Value::Null),
            "{engine:?}"
        );
        let shop = json!({"name": "shop"});
        let shop = admin.call("connections_get", shop).await.unwrap();
        assert_eq!(shop["redact_enabled"], true);
        let change = async |mut change: Value| {
            change["id"] = json!("Personal data");
            admin.call("datamasking_rules_update", change).await
        };
        let kept = change(json!({"strategy": "hash", "version": 1}))
            .await
            .unwrap();
        assert_eq!(
            kept["supported_entity_types"],
            made["supported_entity_types"]
        );
        assert_eq!(
            (&kept["strategy"], &kept["version"]),
            (&json!("hash"), &json!(2))
        );
        let none = change(json!({"supported_entity_types": null}))
            .await
            .unwrap_err();
        assert_eq!(none["code"], "invalid_argument", "{none}");
        let bad = change(json!({"custom_entity_types": [{"name": "A", "regex": "("}]})).await;
        assert_eq!(
            bad.unwrap_err()["details"]["path"],
            "/custom_entity_types/0/regex"
        );
        let list = admin
            .call("datamasking_rules_list", json!({}))
            .await
            .unwrap();
        let shown = admin
            .call("datamasking_rules_get", json!({"id": made["id"]}))
            .await
            .unwrap();
        assert_eq!((&list["items"][0], &kept), (&shown, &shown));
        admin
            .call("datamasking_rules_delete", json!({"id": made["id"]}))
            .await
            .unwrap();
        let again = admin
            .call("datamasking_rules_get", json!({"id": made["id"]}))
            .await;
        assert_eq!(again.unwrap_err()["code"], "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_covers_leaves_in_no_form() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let place = Place::postgres(&admin, "main").await;
    place.sql(&format!(
        "CREATE TABLE people (id int PRIMARY KEY, email text UNIQUE, card text, facts jsonb); \
         INSERT INTO people VALUES (1, '{EMAIL}', '{CARD}', '{{\"mail\": [\"{EMAIL}\"]}}'); \
         GRANT ALL ON people TO PUBLIC"
    ));
    admin.connect_bash("bash").await;
    rule(&admin, "contacts", &["main", "bash"], contacts()).await;
    for (connection, input) in [
        ("main", "select * from people".to_owned()),
        ("main", "select email as x, 'card ' || card as y, facts from people".to_owned()),
        ("main", "select array_agg(email), row(1, email)::text from people, generate_series(1, 2) group by email".to_owned()),
        ("main", format!("insert into people values (2, '{EMAIL}')")),
        ("main", format!("do $$ begin raise notice 'to {EMAIL}'; raise exception 'card {CARD}'; end $$")),
        ("main", format!("select 1 as \"{EMAIL}\"")),
        ("main", format!("explain select * from people where email = '{EMAIL}'")),
        ("bash", format!("echo 'to {EMAIL} with {CARD}'; echo {EMAIL} >&2; printf {EMAIL}")),
    ] {
        for format in ["text", "rows"] {
            if connection == "bash" && format == "rows" {
                continue;
            }
            let envelope = exec_with(&admin, connection, &input, json!({"format": format})).await;
            let recorded = read_to_end(&admin, &envelope["session_id"], None).await;
            let told = format!("{envelope} {recorded}");
            assert!(!told.contains("jane.doe") && !told.contains("1111"), "{input}: {told}");
            assert!(told.contains("<EMAIL_ADDRESS>"), "{input}: {told}");
            assert!(envelope["masking"]["total"].as_u64().unwrap() > 0, "{envelope}");
        }
    }
    let rows = exec_with(
        &admin,
        "main",
        "select id, email from people",
        json!({"format": "rows"}),
    )
    .await;
    assert_eq!(rows["rows"], json!([[1, "<EMAIL_ADDRESS>"]]));
    assert_eq!(
        rows["masking"],
        json!({"total": 1, "by_type": {"EMAIL_ADDRESS": 1}})
    );
    let session = json!({"id": rows["session_id"]});
    let session = admin.call("sessions_get", session).await.unwrap();
    assert_eq!(session["metrics"]["data_masking"]["total_redact_count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_change_values_each_in_its_way() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    let says = json!({"column_rules": [
        {"column": "a", "strategy": "mask"},
        {"column": "b", "strategy": "partial", "strategy_options": {"keep_last": 2}},
        {"column": "c", "strategy": "nullify"},
        {"column": "d", "strategy": "token"},
        {"column": "e", "strategy": "hash"},
        {"column": "f"},
    ]});
    rule(&admin, "columns", &["shop"], says).await;
    let query =
        "select 'ann' as a, 'bernard' as b, 'c' as c, 'AB-12' as d, 'e' as e, 6 as f, 'g' as g";
    let rows = exec_with(&admin, "shop", query, json!({"format": "rows"})).await;
    let row = rows["rows"][0].as_array().unwrap();
    assert_eq!(row[..3], [json!("****"), json!("*****rd"), Value::Null]);
    assert_ne!(row[3], "AB-12");
    assert_eq!(row[4].as_str().unwrap().len(), 16);
    assert_eq!(row[5..], [json!("<REDACTED>"), json!("g")]);
    let again = exec_with(&admin, "shop", query, json!({"format": "rows"})).await;
    assert_eq!(again["rows"], rows["rows"], "tokens are deterministic");
}

#[tokio::test(flavor = "multi_thread")]
async fn entity_types_on_a_connection_are_masked_too() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    let unknown = json!({"name": "shop", "redact_types": ["EMAIL_ADDRESS", "NOTHING"]});
    let refused = admin.call("connections_update", unknown).await.unwrap_err();
    assert_eq!(refused["details"]["path"], "/redact_types/1");
    let types = json!({"name": "shop", "redact_types": ["EMAIL_ADDRESS"]});
    let shop = admin.call("connections_update", types).await.unwrap();
    assert_eq!(shop["redact_enabled"], true);
    let masked = admin.exec("shop", &format!("select '{EMAIL}' as x")).await;
    assert_eq!(masked["output"], "x\n<EMAIL_ADDRESS>\n(1 row)\n");
    let clear = json!({"name": "shop", "redact_types": null});
    admin.call("connections_update", clear).await.unwrap();
    let shown = admin.exec("shop", &format!("select '{EMAIL}' as x")).await;
    assert!(shown["output"].as_str().unwrap().contains(EMAIL));
}
