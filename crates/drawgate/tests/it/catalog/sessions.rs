//! `sessions_*`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{each, invalid, refused};
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::{key, person, user};

async fn list(client: &Client, arguments: Value) -> Value {
    client.call("sessions_list", arguments).await.unwrap()
}

async fn total(client: &Client, arguments: Value) -> u64 {
    list(client, arguments).await["total"].as_u64().unwrap()
}

async fn background(client: &Client, input: &str) -> Value {
    let run = json!({"connection_name": "bash", "input": input, "wait_seconds": 0});
    let answer = client.call("exec", run).await.unwrap();
    assert_eq!(answer["status"], "running", "{answer}");
    answer["session_id"].clone()
}

#[tokio::test]
async fn sessions_are_found_by_every_filter() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let _server = admin.connect_postgres("pg_one").await;
        let kim = person(&admin, "kim", &[]).await;
        let kims = admin.call("users_get", json!({"email": "kim@example.com"})).await.unwrap();
        let first = kim.exec("bash", "exit 3").await;
        assert_eq!(first["exit_code"], 3);
        kim.call("connection_databases", json!({"connection_name": "pg_one"})).await.unwrap();
        let rest = json!({"connection_name": "pg_one", "input": "select 1"});
        let (status, ran) = admin.rest("POST", "/api/exec", Some(rest)).await;
        assert_eq!((status, &ran["status"]), (200, &json!("completed")), "{ran}");
        let id = kims["id"].clone();
        let pg = admin.call("connections_get", json!({"name": "pg_one"})).await.unwrap()["id"].clone();
        let started = admin.call("sessions_get", json!({"id": first["session_id"]})).await.unwrap()["created_at"].clone();
        for (arguments, expected) in [
            (json!({}), 3),
            (json!({"user": "kim@example.com"}), 2),
            (json!({"user": id}), 2),
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
            (json!({"start_date": "2000-01-01T00:00:00Z", "end_date": "2000-01-02T00:00:00+02:00"}), 0),
            (json!({"user": "kim@example.com", "verb": "exec"}), 1),
        ] {
            let found = list(&admin, arguments.clone()).await;
            assert_eq!(found["total"], expected, "{arguments}");
            assert_eq!(found["items"].as_array().unwrap().len(), expected, "{arguments}");
            assert_eq!((&found["total_is_capped"], &found["has_next_page"]), (&json!(false), &json!(false)));
        }
        assert_eq!(total(&kim, json!({})).await, 2, "one's own");
        assert_eq!(total(&kim, json!({"user": gateway_admin(&admin).await})).await, 0);
        for bad in [json!({"start_date": "yesterday"}), json!({"end_date": "2026-01-01"})] {
            let path = format!("/{}", bad.as_object().unwrap().keys().next().unwrap());
            assert_eq!(refused(admin.call("sessions_list", bad).await), invalid(&path));
        }
    }
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
            ids.push(admin.exec("bash", "true").await["session_id"].as_str().unwrap().to_owned());
        }
        ids.reverse();
        let page = list(&admin, json!({"limit": 3})).await;
        assert_eq!(each(&page, "id"), &ids[..3]);
        assert_eq!((&page["total"], &page["has_next_page"]), (&json!(7), &json!(true)));
        let second = list(&admin, json!({"limit": 3, "cursor": page["next_cursor"]})).await;
        assert_eq!(each(&second, "id"), &ids[3..6]);
        admin.exec("bash", "true").await;
        let third = list(&admin, json!({"limit": 3, "cursor": second["next_cursor"]})).await;
        assert_eq!(each(&third, "id"), &ids[6..], "new ones do not move a cursor");
        assert!(third.get("next_cursor").is_none());
        assert_eq!(third["has_next_page"], false);
        let skipped = list(&admin, json!({"limit": 2, "offset": 5})).await;
        assert_eq!(each(&skipped, "id"), &ids[4..6]);
        let beyond = list(&admin, json!({"offset": 10_000})).await;
        assert_eq!((&beyond["items"], &beyond["total"]), (&json!([]), &json!(8)));
        for limit in [101_u64, 5_000_000_000] {
            assert_eq!(list(&admin, json!({"limit": limit})).await["total"], 8, "more is read as 100");
        }
        assert_eq!(refused(admin.call("sessions_list", json!({"limit": 0})).await), invalid("/limit"));
        assert_eq!(refused(admin.call("sessions_list", json!({"offset": 10_001})).await), invalid("/offset"));
        assert_eq!(refused(admin.call("sessions_list", json!({"offset": -1})).await), invalid("/offset"));
        let both = json!({"offset": 1, "cursor": page["next_cursor"]});
        assert_eq!(refused(admin.call("sessions_list", both).await), invalid("/offset"));
        assert_eq!(refused(admin.call("sessions_list", json!({"cursor": "abc"})).await), invalid("/cursor"));
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
        let (agent, _) = key(&admin, json!({"name": "bot", "user": "kim@example.com", "agent": true})).await;
        let run = json!({"connection_name": "bash", "input": "echo hi", "reason": "to see", "metadata": {"ticket": "T-1"}});
        let ran = agent.call("exec", run).await.unwrap();
        let id = json!({"id": ran["session_id"]});
        let session = agent.call("sessions_get", id.clone()).await.unwrap();
        for (key, expected) in [
            ("connection", json!("bash")), ("connection_id", connection["id"].clone()), ("connection_type", json!("custom")),
            ("connection_subtype", json!("bash")), ("connection_tags", tags), ("user_id", kim["id"].clone()),
            ("user_email", json!("kim@example.com")), ("user_name", json!("kim")), ("identity_type", json!("user")),
            ("status", json!("done")), ("outcome", json!("success")), ("verb", json!("exec")), ("origin", json!("mcp")),
            ("database", Value::Null), ("reason", json!("to see")), ("executed_by", Value::Null), ("exit_code", json!(0)),
            ("failure", Value::Null), ("metadata", json!({"ticket": "T-1"})), ("review", Value::Null),
            ("ai_analysis", Value::Null), ("guardrails_info", json!([])), ("session_batch_id", Value::Null),
        ] {
            assert_eq!(session[key], expected, "{key}");
        }
        assert_eq!(session["metrics"]["event_size"], 3);
        assert!(session["started_at"].as_str() >= session["created_at"].as_str());
        assert!(session["ended_at"].as_str() >= session["started_at"].as_str());
        update_tags(&admin).await;
        assert_eq!(agent.call("sessions_get", id.clone()).await.unwrap(), session, "a session is a snapshot");
        let listed = list(&agent, json!({})).await;
        assert_eq!(listed["items"][0], session, "list and detail show the same");
        let other = person(&admin, "lou", &[]).await;
        for tool in ["sessions_get", "sessions_get_content", "sessions_wait", "sessions_kill"] {
            let hidden = other.call(tool, id.clone()).await.unwrap_err();
            let unknown = other.call(tool, json!({"id": connection["id"]})).await.unwrap_err();
            assert_eq!(hidden["code"], "not_found", "{tool}");
            let without = |error: &Value, id: &Value| error.to_string().replace(id.as_str().unwrap(), "…");
            assert_eq!(without(&hidden, &id["id"]), without(&unknown, &connection["id"]), "{tool}");
        }
    }
}

async fn update_tags(admin: &Client) {
    let change = json!({"name": "bash", "tags": {"env": "prod"}});
    admin.call("connections_update", change).await.unwrap();
}

#[tokio::test]
async fn content_is_read_page_by_page_and_never_cuts_a_character() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        // Letters of one to four bytes, so that pages end within one.
        let input = "for i in $(seq 1 700); do printf 'aä€𝄞'; done";
        let run = json!({"connection_name": "bash", "input": input, "max_output_bytes": 1024});
        let ran = admin.call("exec", run).await.unwrap();
        assert_eq!((&ran["truncated"], &ran["output_bytes"]), (&json!(true), &json!(7000)), "{ran}");
        let whole = "aä€𝄞".repeat(700);
        let inline = ran["output"].as_str().unwrap();
        assert!(whole.starts_with(inline) && inline.len() <= 1024 && inline.len() > 1020);
        let id = ran["session_id"].clone();
        let (mut text, mut cursor, mut pages) = (inline.to_owned(), ran["next_cursor"].clone(), 0);
        loop {
            let ask = json!({"id": id, "cursor": cursor, "max_output_bytes": 1025});
            let page = admin.call("sessions_get_content", ask).await.unwrap();
            assert_eq!((&page["input"], &page["output_bytes"]), (&json!(input), &json!(7000)));
            text.push_str(page["output"].as_str().unwrap());
            pages += 1;
            assert_eq!(page["final"], page.get("next_cursor").is_none());
            match page.get("next_cursor") {
                Some(next) => cursor = next.clone(),
                None => break,
            }
        }
        assert_eq!(text, whole);
        assert!(pages >= 5, "{pages}");
        let bare = json!({"id": id, "include_input": false, "include_output": false});
        let bare = admin.call("sessions_get_content", bare).await.unwrap();
        assert!(bare.get("input").is_none() && bare.get("output").is_none() && bare.get("next_cursor").is_none(), "{bare}");
        assert_eq!((&bare["exit_code"], &bare["verb"], &bare["truncated"]), (&json!(0), &json!("exec"), &json!(false)));
        let other = admin.exec("bash", "true").await["session_id"].clone();
        let foreign = json!({"id": other, "cursor": ran["next_cursor"]});
        assert_eq!(refused(admin.call("sessions_get_content", foreign).await), invalid("/cursor"));
        let empty = admin.call("sessions_get_content", json!({"id": other})).await.unwrap();
        assert_eq!((&empty["output"], &empty["final"]), (&json!(""), &json!(true)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_with_the_session_and_not_before() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let id = background(&admin, "echo begun; sleep 3; echo over; exit 4").await;
        let began = Instant::now();
        let short = json!({"id": id, "timeout_seconds": 1, "include_output": true});
        let early = admin.call("sessions_wait", short).await.unwrap();
        assert_eq!((&early["timed_out"], &early["status"]), (&json!(true), &json!("open")), "{early}");
        assert!((2..3).contains(&began.elapsed().as_secs()), "1 is read as 2");
        assert_eq!(early["output"], "begun\n", "what it said up to a second ago");
        assert!(early["next_step"].is_string() && early["next_cursor"].is_string());
        let wait = json!({"id": id, "include_output": true, "max_output_bytes": 1024});
        let (one, two) = tokio::join!(admin.call("sessions_wait", wait.clone()), admin.call("sessions_wait", wait));
        assert!(began.elapsed() < Duration::from_secs(10));
        for ended in [one.unwrap(), two.unwrap()] {
            assert_eq!((&ended["timed_out"], &ended["outcome"], &ended["exit_code"]), (&json!(false), &json!("failed"), &json!(4)));
            assert_eq!((&ended["output"], &ended["output_bytes"]), (&json!("begun\nover\n"), &json!(11)));
        }
        let at_once = Instant::now();
        let done = admin.call("sessions_wait", json!({"id": id, "timeout_seconds": -5})).await.unwrap();
        assert_eq!((&done["timed_out"], &done["waited_seconds"]), (&json!(false), &json!(0)));
        assert!(done.get("output").is_none());
        assert!(at_once.elapsed() < Duration::from_secs(1));
    }
}

#[tokio::test]
async fn killing_ends_the_run_at_its_target_and_only_once() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let server = admin.connect_postgres("pg_one").await;
        let kim = person(&admin, "kim", &[]).await;
        let eve = person(&admin, "eve", &["auditor"]).await;
        let id = background(&kim, "echo begun; sleep 100").await;
        let refused_kill = eve.call("sessions_kill", json!({"id": id})).await.unwrap_err();
        assert_eq!(refused_kill["code"], "forbidden", "an auditor only reads");
        let killed = kim.call("sessions_kill", json!({"id": id, "reason": "enough"})).await.unwrap();
        assert_eq!((&killed["killed"], &killed["status"], &killed["outcome"]), (&json!(true), &json!("done"), &json!("killed")));
        let session = kim.call("sessions_get", json!({"id": id})).await.unwrap();
        assert_eq!((&session["outcome"], &session["version"]), (&json!("killed"), &killed["version"]));
        let again = kim.call("sessions_kill", json!({"id": id})).await.unwrap_err();
        assert_eq!((&again["code"], &again["details"]["status"]), (&json!("wrong_state"), &json!("done")));

        let run = json!({"connection_name": "pg_one", "input": "select pg_sleep(100) as canceled_by_test", "wait_seconds": 0});
        let id = kim.call("exec", run).await.unwrap()["session_id"].clone();
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%canceled_by_test%' AND state = 'active' AND pid <> pg_backend_pid()";
        let limit = Instant::now() + Duration::from_secs(10);
        while server.psql("postgres", running).trim() != "1" {
            assert!(Instant::now() < limit, "the query does not run");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let killed = admin.call("sessions_kill", json!({"id": id})).await.unwrap();
        assert_eq!((&killed["killed"], &killed["outcome"]), (&json!(true), &json!("killed")), "{killed}");
        assert_eq!(server.psql("postgres", running).trim(), "0", "it is canceled at the database");
    }
}

#[tokio::test]
async fn an_exec_is_refused_for_arguments_that_do_not_fit_its_connection() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let _server = admin.connect_postgres("pg_one").await;
    let bash = json!({"name": "bash", "type": "custom", "command": ["bash"], "allowed_env_vars": ["GIVEN", "SET"],
        "secrets": {"envvar:SET": "eA=="}, "mandatory_metadata_fields": ["ticket"]});
    admin.call("connections_create", bash).await.unwrap();
    let meta = json!({"ticket": "T-1"});
    for (arguments, path) in [
        (json!({"connection_name": "pg_one", "input": " \n\t"}), "/input"),
        (json!({"connection_name": "pg_one", "input": ""}), "/input"),
        (json!({"connection_name": "pg_one", "input": "x".repeat(1_048_577)}), "/input"),
        (json!({"connection_name": "pg_one", "input": "ä".repeat(524_289)}), "/input"),
        (json!({"connection_name": "pg_one", "input": "x", "args": ["a"]}), "/args"),
        (json!({"connection_name": "bash", "input": "x", "metadata": meta, "format": "rows"}), "/format"),
        (json!({"connection_name": "bash", "input": "x", "metadata": meta, "env_vars": {"OTHER": "1"}}), "/env_vars/OTHER"),
        (json!({"connection_name": "bash", "input": "x", "metadata": meta, "env_vars": {"SET": "1"}}), "/env_vars/SET"),
        (json!({"connection_name": "bash", "input": "x", "metadata": meta, "env_vars": {"envvar:GIVEN": "%"}}), "/env_vars/envvar:GIVEN"),
        (json!({"connection_name": "bash", "input": "x", "metadata": meta, "args": vec!["a"; 65]}), "/args"),
        (json!({"connection_name": "bash", "input": "x"}), "/metadata/ticket"),
        (json!({"connection_name": "bash", "input": "x", "metadata": {"ticket": ""}}), "/metadata/ticket"),
        (json!({"connection_name": "bash", "input": "x", "metadata": {"ticket": null}}), "/metadata/ticket"),
        (json!({"connection_name": "bash", "input": "x", "metadata": {"ticket": "x".repeat(2500)}}), "/metadata"),
        (json!({"connection_name": "pg_one", "input": "x", "wait_seconds": 51}), "/wait_seconds"),
        (json!({"connection_name": "pg_one", "input": "x", "max_output_bytes": 1023}), "/max_output_bytes"),
        (json!({"connection_name": "pg_one", "input": "x", "format": "csv"}), "/format"),
        (json!({"connection_name": "pg_one", "input": "x", "reason": "x".repeat(501)}), "/reason"),
    ] {
        let answer = admin.call("exec", arguments.clone()).await;
        let shown: String = arguments.to_string().chars().take(200).collect();
        assert!(answer.is_err(), "{shown}: {answer:?}");
        assert_eq!(refused(answer), invalid(path), "{shown}");
    }
    assert_eq!(total(&admin, json!({})).await, 0, "nothing of it came on record");
    let largest = json!({"connection_name": "bash", "metadata": meta, "input": format!(": {}", "x".repeat(1_048_574))});
    assert_eq!(admin.call("exec", largest).await.unwrap()["status"], "completed");
}
