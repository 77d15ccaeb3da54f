//! What the store holds for a call: settings that count, rows of the audit.

use serde_json::{Value, json};

use crate::stored::Stored;
use crate::targets::{Place, exec_with};

/// Longest recording that the organization allows, in bytes.
const LONGEST: usize = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn the_organization_bounds_recordings() {
    let scene = Stored::start().await;
    let admin = scene.gateway.admin();
    let limit = async || {
        let info = admin.call("serverinfo_get", json!({})).await.unwrap();
        info["limits"]["max_recording_bytes"].as_u64().unwrap()
    };
    let before = limit().await;
    scene.sql(&format!(
        "update organization set generation = generation + 1, settings = \
         jsonb_set(settings::jsonb, '{{max_output_recording}}', '{LONGEST}')::text"
    ));
    assert!(before > limit().await);
    assert_eq!(limit().await, LONGEST as u64);

    let input = "yes | head -c 5000; echo said >&2; sleep 600";
    let run = exec_with(&admin, "bash", input, json!({"wait_seconds": 0})).await;
    let id = &run["session_id"];
    let content = async |more: Value| {
        let mut ask = json!({"id": id});
        ask.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        admin.call("sessions_get_content", ask).await.unwrap()
    };
    let mut running = content(json!({})).await;
    while running["output_bytes"] != LONGEST {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        running = content(json!({})).await;
    }
    assert_eq!(
        (&running["truncated"], &running["final"]),
        (&json!(true), &json!(false)),
        "while it runs"
    );
    admin
        .call("sessions_kill", json!({"id": id}))
        .await
        .unwrap();
    let wait = json!({"id": id, "timeout_seconds": 30});
    let ended = admin.call("sessions_wait", wait).await.unwrap();
    assert_eq!(ended["metrics"]["truncated"], true, "{ended}");
    let first = content(json!({"max_output_bytes": 1024})).await;
    assert_eq!(first["final"], false);
    let without = content(json!({"max_output_bytes": 1024, "include_output": false})).await;
    assert_eq!(
        (&without["final"], without.get("output")),
        (&json!(true), None),
        "no page of output follows"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_names_the_connection_and_the_session() {
    let scene = Stored::start().await;
    let admin = scene.gateway.admin();
    let place = Place::postgres(&admin, "pgsql").await;
    let id = |name: &str| scene.sql(&format!("select id from connection where name = '{name}'"));
    let (bash, pgsql) = (id("bash"), id("pgsql"));
    // The objects of the last row of an operation.
    let objects = |operation: &str| {
        let row = scene.sql(&format!(
            "select detail from audit_event where detail::jsonb ->> 'operation' = '{operation}' \
             order by id desc limit 1"
        ));
        let row: Value = serde_json::from_str(&row).unwrap();
        row["objects"].to_string()
    };
    let ask = json!({"connection_name": "bash", "input": "echo", "idempotency_key": "k"});
    let mut session = Value::Null;
    for _ in 0..2 {
        let ran = admin.call("exec", ask.clone()).await.unwrap();
        session = ran["session_id"].clone();
        assert!(objects("exec").contains(session.as_str().unwrap()));
        if ran.get("idempotent_replay").is_none() {
            assert!(objects("exec").contains(&bash));
        }
    }
    scene.sql("update idempotency set outcome = null");
    admin.call("exec", ask).await.unwrap();
    assert!(objects("exec").contains(session.as_str().unwrap()));
    let ask = json!({"connection_name": "pgsql", "database": place.database.name});
    admin.call("connection_tables", ask).await.unwrap();
    assert!(objects("connection_tables").contains(&pgsql));
    let ask = json!({"connection_name": "bash", "table": "t"});
    let refused = admin.call("connection_columns", ask).await.unwrap_err();
    assert_eq!(refused["code"], "not_a_database");
    assert!(objects("connection_columns").contains(&bash));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_closed_by_an_attribute_is_not_newly_restricted() {
    let scene = Stored::start().await;
    let admin = scene.gateway.admin();
    admin.connect_bash("closed").await;
    scene.sql(
        "insert into attribute (id, org_id, name, version, created_at, updated_at) \
         select '00000000-0000-7000-8000-000000000001', id, 'pii', 1, 0, 0 from organization; \
         insert into attribute_link (attribute_id, kind, target_id, org_id) \
         select a.id, 'connection', c.id, a.org_id from attribute a, connection c \
         where c.name = 'closed' union all \
         select a.id, 'group', g.id, a.org_id from attribute a, user_group g \
         where g.name = 'auditor'; \
         update organization set generation = generation + 1",
    );
    let new = json!({"name": "team", "connections": ["bash", "closed"]});
    let made = admin.call("usergroups_create", new).await.unwrap();
    assert_eq!(made["newly_restricted"], json!(["bash"]), "{made}");
    assert_eq!(made["bound_connections"].as_array().unwrap().len(), 2);
}
