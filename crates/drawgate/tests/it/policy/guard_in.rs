//! Input guardrails: what runs, what does not, and what is told and recorded.

use serde_json::{Value, json};

use super::guardrail;
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::targets::{Place, connect_sqlite};

/// Checks that a run was blocked by a guardrail before the target was touched, in the
/// answer and on record.
async fn blocked(client: &Client, connection: &str, input: &str, guardrail: &str) -> Value {
    let envelope = client.exec(connection, input).await;
    assert_eq!(envelope["status"], "failed", "{input}: {envelope}");
    assert_eq!(envelope["output_status"], "blocked");
    assert_eq!(envelope["exit_code"], 254);
    assert_eq!(envelope["failure"]["code"], "guardrail_blocked");
    assert_eq!(envelope["output"], envelope["failure"]["message"]);
    assert_eq!(envelope["guardrails"][0]["rule_name"], guardrail);
    let id = json!({"id": envelope["session_id"]});
    let session = client.call("sessions_get", id).await.unwrap();
    assert_eq!(
        (&session["status"], &session["outcome"]),
        (&json!("done"), &json!("blocked"))
    );
    assert_eq!(session["guardrails_info"], envelope["guardrails"]);
    envelope
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_judged_by_what_they_do() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let place = Place::postgres(&admin, "shop").await;
        place.sql("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2)");
        place.sql("GRANT ALL ON orders TO PUBLIC");
        let rules = json!({"rules": [
            {"type": "sql", "name": "filtered", "sql": {"require_where": ["update", "delete"]}},
            {"type": "sql", "name": "no ddl", "message": "Ask a DBA.",
             "sql": {"deny_statements": ["drop", "truncate", "create", "alter"]}},
        ]});
        guardrail(&admin, "careful", &["shop"], json!({"input": rules})).await;
        for input in [
            "DELETE FROM orders",
            "delete from orders where 1=1",
            "select 1; delete from orders",
            "with gone as (delete from orders returning id) select * from gone",
            "explain analyze delete from orders",
            "DELETE /* where id = 1 */ FROM orders",
        ] {
            let told = blocked(&admin, "shop", input, "careful").await;
            let message = told["output"].as_str().unwrap();
            assert!(
                message.contains("\"careful\"") && message.contains("\"filtered\""),
                "{message}"
            );
        }
        let told = blocked(&admin, "shop", "drop table orders", "careful").await;
        assert_eq!(told["output"], "Ask a DBA.");
        // What is not understood is not let through.
        blocked(&admin, "shop", "selec 1 frm", "careful").await;
        assert_eq!(place.sql("SELECT count(*) FROM orders"), "2", "{engine:?}");
        let ran = admin.exec("shop", "delete from orders where id = 1").await;
        assert_eq!(
            (&ran["status"], &ran["affected_rows"]),
            (&json!("completed"), &json!(1))
        );
        assert!(ran.get("guardrails").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_and_patterns_are_found_however_they_are_written() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    admin.connect_bash("bash").await;
    let rules = json!({"rules": [
        {"type": "deny_words_list", "words": ["drop table", "rm -rf"]},
        {"type": "pattern_match", "action": "warn", "pattern_regex": "(?i)\\bselect\\b"},
    ]});
    guardrail(&admin, "words", &["shop", "bash"], json!({"input": rules})).await;
    for input in [
        "DROP TABLE x",
        "drop/* a */table x",
        "drop -- a\n table x",
        "drop  \n table x",
    ] {
        blocked(&admin, "shop", input, "words").await;
    }
    for input in [
        "rm -rf /tmp/none",
        "r''m -rf /tmp/none",
        "\"rm\" -rf /tmp/none",
        "x=$(rm -rf /tmp/none)",
    ] {
        blocked(&admin, "bash", input, "words").await;
    }
    let warned = admin.exec("shop", "select 1 as one").await;
    assert_eq!(
        (&warned["status"], &warned["output"]),
        (&json!("completed"), &json!("one\n1\n(1 row)\n"))
    );
    assert_eq!(warned["guardrails"][0]["action"], "warn");
    let id = json!({"id": warned["session_id"]});
    let session = admin.call("sessions_get", id).await.unwrap();
    assert_eq!(session["guardrails_info"], warned["guardrails"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_an_approval_does_not_run_without() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _file = connect_sqlite(&admin, "shop").await;
    let rules = json!({"rules": [{"type": "deny_words_list", "words": ["delete"], "action": "require_approval"}]});
    guardrail(&admin, "ask", &["shop"], json!({"input": rules})).await;
    let told = blocked(&admin, "shop", "delete from x", "ask").await;
    assert_eq!(told["guardrails"][0]["action"], "require_approval");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_rules_counts_from_the_next_run_on() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let _file = connect_sqlite(&admin, "shop").await;
        let of = |word: &str| json!({"input": {"rules": [{"type": "deny_words_list", "words": [word]}]}});
        guardrail(&admin, "words", &["shop"], of("one")).await;
        blocked(&admin, "shop", "select 'one'", "words").await;
        let mut change = of("two");
        change["id"] = json!("words");
        admin.call("guardrails_update", change).await.unwrap();
        assert_eq!(
            admin.exec("shop", "select 'one'").await["status"],
            "completed",
            "{engine:?}"
        );
        blocked(&admin, "shop", "select 'two'", "words").await;
        admin
            .call("guardrails_delete", json!({"id": "words"}))
            .await
            .unwrap();
        assert_eq!(
            admin.exec("shop", "select 'two'").await["status"],
            "completed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_through_a_read_only_connection() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let place = Place::postgres(&admin, "main").await;
    place.sql(
        "create table notes (note text); insert into notes values ('kept'); \
         grant all on notes to public; create function f() returns int language sql \
         as 'delete from notes returning 1'",
    );
    let change = async |read_only: Value| {
        let change = json!({"name": "main", "read_only": read_only});
        admin.call("connections_update", change).await.unwrap()
    };
    assert_eq!(change(json!(true)).await["read_only"], true);
    let read = admin.exec("main", "select note from notes").await;
    assert_eq!(read["output"], "note\nkept\n(1 row)\n");
    for input in [
        "delete from notes",
        "with gone as (delete from notes returning 1) select * from gone",
        "create table t (a int)",
        "explain analyze delete from notes",
        "set default_transaction_read_only = off",
        "begin; commit",
        "select f()",
        "select nextval('s')",
        "select 1 from where (",
    ] {
        let envelope = admin.exec("main", input).await;
        assert_eq!(envelope["output_status"], "blocked", "{input}: {envelope}");
        assert_eq!(envelope["guardrails"][0]["rule_name"], "read_only");
    }
    let asked = json!({"connection_name": "main", "input": "delete from notes"});
    let preview = admin.call("policy_preview", asked).await.unwrap();
    assert_eq!(preview["decision"], "blocked", "{preview}");
    assert_eq!(place.sql("select count(*) from notes"), "1");
    // Without the parser's word for it the session of the target refuses.
    place.sql(
        "create function pg_temp_like() returns int language sql \
         as 'delete from notes returning 1'; create view v as select pg_temp_like() as n; \
         grant all on v to public",
    );
    let refused = admin.exec("main", "select n from v").await;
    assert_eq!(refused["output_status"], "failed", "{refused}");
    let told = refused["output"].as_str().unwrap();
    assert!(told.contains("read-only transaction"), "{refused}");
    assert!(change(Value::Null).await.get("read_only").is_none());
    let allowed = admin.exec("main", "delete from notes").await;
    assert_eq!(allowed["affected_rows"], 1, "{allowed}");
    admin.connect_bash("bash").await;
    let bash = json!({"name": "bash", "read_only": true});
    let refused = admin.call("connections_update", bash).await.unwrap_err();
    assert_eq!(refused["details"]["path"], "/read_only", "{refused}");
}
