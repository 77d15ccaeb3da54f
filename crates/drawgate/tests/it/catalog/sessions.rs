//! `sessions_*`.

use serde_json::{Value, json};

use super::{each, invalid, refused};
use crate::gateway::{Client, ENGINES, Gateway};
use crate::roles::callers::{key, person, user};

async fn list(client: &Client, arguments: Value) -> Value {
    client.call("sessions_list", arguments).await.unwrap()
}

async fn total(client: &Client, arguments: Value) -> u64 {
    list(client, arguments).await["total"].as_u64().unwrap()
}

#[tokio::test]
async fn sessions_are_found_by_every_filter() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let _server = admin.connect_postgres("pg_one").await;
        let kim = person(&admin, "kim", &[]).await;
        let kims = admin
            .call("users_get", json!({"email": "kim@example.com"}))
            .await
            .unwrap();
        let first = kim.exec("bash", "exit 3").await;
        assert_eq!(first["exit_code"], 3);
        kim.call("connection_databases", json!({"connection_name": "pg_one"}))
            .await
            .unwrap();
        let rest = json!({"connection_name": "pg_one", "input": "select 1"});
        let (status, ran) = admin.rest("POST", "/api/exec", Some(rest)).await;
        assert_eq!(
            (status, &ran["status"]),
            (200, &json!("completed")),
            "{ran}"
        );
        let pg = admin
            .call("connections_get", json!({"name": "pg_one"}))
            .await
            .unwrap()["id"]
            .clone();
        let started = admin
            .call("sessions_get", json!({"id": first["session_id"]}))
            .await
            .unwrap()["created_at"]
            .clone();
        for (arguments, expected) in filters(&kims, &pg, &started) {
            let found = list(&admin, arguments.clone()).await;
            assert_eq!(found["total"], expected, "{arguments}");
            assert_eq!(
                found["items"].as_array().unwrap().len(),
                expected,
                "{arguments}"
            );
            assert_eq!(
                (&found["total_is_capped"], &found["has_next_page"]),
                (&json!(false), &json!(false))
            );
        }
        assert_eq!(total(&kim, json!({})).await, 2, "one's own");
        assert_eq!(
            total(&kim, json!({"user": gateway_admin(&admin).await})).await,
            0
        );
        for bad in [
            json!({"start_date": "yesterday"}),
            json!({"end_date": "2026-01-01"}),
        ] {
            let path = format!("/{}", bad.as_object().unwrap().keys().next().unwrap());
            assert_eq!(
                refused(admin.call("sessions_list", bad).await),
                invalid(&path)
            );
        }
    }
}

/// Filters and how many of three sessions fit.
fn filters(kims: &Value, pg: &Value, started: &Value) -> Vec<(Value, usize)> {
    vec![
        (json!({}), 3),
        (json!({"user": "kim@example.com"}), 2),
        (json!({"user": kims["id"]}), 2),
        (json!({"user": kims["subject"]}), 2),
        (json!({"user": "kim"}), 0),
        (json!({"connection": "pg_one"}), 2),
        (json!({"connection": pg}), 2),
        (json!({"connection": "pg*"}), 2),
        (json!({"connection": "%_one"}), 2),
        (json!({"connection": "pgXone"}), 0),
        (json!({"connection": "p"}), 0),
        (json!({"type": "database"}), 2),
        (json!({"type": "custom"}), 1),
        (json!({"outcome": "failed"}), 1),
        (json!({"outcome": "success"}), 2),
        (json!({"status": "done"}), 3),
        (json!({"status": "open"}), 0),
        (json!({"verb": "introspect"}), 1),
        (json!({"verb": "exec"}), 2),
        (json!({"origin": "api"}), 1),
        (json!({"origin": "mcp"}), 2),
        (json!({"review_status": "PENDING"}), 0),
        (json!({"risk_level": "high"}), 0),
        (json!({"start_date": started}), 3),
        (json!({"end_date": started}), 1),
        (
            json!({"start_date": "2000-01-01T00:00:00Z", "end_date": "2000-01-02T00:00:00+02:00"}),
            0,
        ),
        (json!({"user": "kim@example.com", "verb": "exec"}), 1),
    ]
}

async fn gateway_admin(admin: &Client) -> Value {
    admin.call("me_get", json!({})).await.unwrap()["id"].clone()
}

#[tokio::test]
async fn pages_of_sessions_follow_each_other_newest_first() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let mut ids = Vec::new();
        for _ in 0..7 {
            ids.push(
                admin.exec("bash", "true").await["session_id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        ids.reverse();
        let page = list(&admin, json!({"limit": 3})).await;
        assert_eq!(each(&page, "id"), &ids[..3]);
        assert_eq!(
            (&page["total"], &page["has_next_page"]),
            (&json!(7), &json!(true))
        );
        let second = list(&admin, json!({"limit": 3, "cursor": page["next_cursor"]})).await;
        assert_eq!(each(&second, "id"), &ids[3..6]);
        admin.exec("bash", "true").await;
        let third = list(&admin, json!({"limit": 3, "cursor": second["next_cursor"]})).await;
        assert_eq!(
            each(&third, "id"),
            &ids[6..],
            "new ones do not move a cursor"
        );
        assert!(third.get("next_cursor").is_none());
        assert_eq!(third["has_next_page"], false);
        let skipped = list(&admin, json!({"limit": 2, "offset": 5})).await;
        assert_eq!(each(&skipped, "id"), &ids[4..6]);
        let beyond = list(&admin, json!({"offset": 10_000})).await;
        assert_eq!(
            (&beyond["items"], &beyond["total"]),
            (&json!([]), &json!(8))
        );
        for limit in [101_u64, 5_000_000_000] {
            assert_eq!(
                list(&admin, json!({"limit": limit})).await["total"],
                8,
                "more is read as 100"
            );
        }
        assert_eq!(
            refused(admin.call("sessions_list", json!({"limit": 0})).await),
            invalid("/limit")
        );
        assert_eq!(
            refused(admin.call("sessions_list", json!({"offset": 10_001})).await),
            invalid("/offset")
        );
        assert_eq!(
            refused(admin.call("sessions_list", json!({"offset": -1})).await),
            invalid("/offset")
        );
        let both = json!({"offset": 1, "cursor": page["next_cursor"]});
        assert_eq!(
            refused(admin.call("sessions_list", both).await),
            invalid("/offset")
        );
        assert_eq!(
            refused(admin.call("sessions_list", json!({"cursor": "abc"})).await),
            invalid("/cursor")
        );
    }
}

#[tokio::test]
async fn a_session_shows_who_asked_what_and_how_it_ended() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        let tags = json!({"env": "test"});
        let made = json!({"name": "bash", "type": "custom", "subtype": "bash", "command": ["bash"], "tags": tags});
        let connection = admin.call("connections_create", made).await.unwrap();
        let kim = user(&admin, "kim", &[]).await;
        let (agent, _) = key(
            &admin,
            json!({"name": "bot", "user": "kim@example.com", "agent": true}),
        )
        .await;
        let run = json!({"connection_name": "bash", "input": "echo hi", "reason": "to see", "metadata": {"ticket": "T-1"}});
        let ran = agent.call("exec", run).await.unwrap();
        let id = json!({"id": ran["session_id"]});
        let session = agent.call("sessions_get", id.clone()).await.unwrap();
        for (key, expected) in [
            ("connection", json!("bash")),
            ("connection_id", connection["id"].clone()),
            ("connection_type", json!("custom")),
            ("connection_subtype", json!("bash")),
            ("connection_tags", tags),
            ("user_id", kim["id"].clone()),
            ("user_email", json!("kim@example.com")),
            ("user_name", json!("kim")),
            ("identity_type", json!("user")),
            ("status", json!("done")),
            ("outcome", json!("success")),
            ("verb", json!("exec")),
            ("origin", json!("mcp")),
            ("database", Value::Null),
            ("reason", json!("to see")),
            ("executed_by", Value::Null),
            ("exit_code", json!(0)),
            ("failure", Value::Null),
            ("metadata", json!({"ticket": "T-1"})),
            ("review", Value::Null),
            ("ai_analysis", Value::Null),
            ("guardrails_info", json!([])),
            ("session_batch_id", Value::Null),
        ] {
            assert_eq!(session[key], expected, "{key}");
        }
        assert_eq!(session["metrics"]["event_size"], 3);
        assert!(session["started_at"].as_str() >= session["created_at"].as_str());
        assert!(session["ended_at"].as_str() >= session["started_at"].as_str());
        update_tags(&admin).await;
        assert_eq!(
            agent.call("sessions_get", id.clone()).await.unwrap(),
            session,
            "a session is a snapshot"
        );
        let listed = list(&agent, json!({})).await;
        assert_eq!(listed["items"][0], session, "list and detail show the same");
        let other = person(&admin, "lou", &[]).await;
        for tool in [
            "sessions_get",
            "sessions_get_content",
            "sessions_wait",
            "sessions_kill",
        ] {
            let hidden = other.call(tool, id.clone()).await.unwrap_err();
            let unknown = other
                .call(tool, json!({"id": connection["id"]}))
                .await
                .unwrap_err();
            assert_eq!(hidden["code"], "not_found", "{tool}");
            let without =
                |error: &Value, id: &Value| error.to_string().replace(id.as_str().unwrap(), "…");
            assert_eq!(
                without(&hidden, &id["id"]),
                without(&unknown, &connection["id"]),
                "{tool}"
            );
        }
    }
}

async fn update_tags(admin: &Client) {
    let change = json!({"name": "bash", "tags": {"env": "prod"}});
    admin.call("connections_update", change).await.unwrap();
}
