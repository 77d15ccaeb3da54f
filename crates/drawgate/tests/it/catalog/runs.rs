//! Runs on record: their content, waiting for them, ending them, refusing them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{invalid, refused};
use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::person;

async fn background(client: &Client, input: &str) -> Value {
    let run = json!({"connection_name": "bash", "input": input, "wait_seconds": 0});
    let answer = client.call("exec", run).await.unwrap();
    assert_eq!(answer["status"], "running", "{answer}");
    answer["session_id"].clone()
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
        assert_eq!(
            (&ran["truncated"], &ran["output_bytes"]),
            (&json!(true), &json!(7000)),
            "{ran}"
        );
        let whole = "aä€𝄞".repeat(700);
        let inline = ran["output"].as_str().unwrap();
        assert!(whole.starts_with(inline) && inline.len() <= 1024 && inline.len() > 1020);
        let id = ran["session_id"].clone();
        let (mut text, mut cursor, mut pages) = (inline.to_owned(), ran["next_cursor"].clone(), 0);
        loop {
            let ask = json!({"id": id, "cursor": cursor, "max_output_bytes": 1025});
            let page = admin.call("sessions_get_content", ask).await.unwrap();
            assert_eq!(
                (&page["input"], &page["output_bytes"]),
                (&json!(input), &json!(7000))
            );
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
        assert!(
            bare.get("input").is_none()
                && bare.get("output").is_none()
                && bare.get("next_cursor").is_none(),
            "{bare}"
        );
        assert_eq!(
            (&bare["exit_code"], &bare["verb"], &bare["truncated"]),
            (&json!(0), &json!("exec"), &json!(false))
        );
        let other = admin.exec("bash", "true").await["session_id"].clone();
        let foreign = json!({"id": other, "cursor": ran["next_cursor"]});
        assert_eq!(
            refused(admin.call("sessions_get_content", foreign).await),
            invalid("/cursor")
        );
        let empty = admin
            .call("sessions_get_content", json!({"id": other}))
            .await
            .unwrap();
        assert_eq!(
            (&empty["output"], &empty["final"]),
            (&json!(""), &json!(true))
        );
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
        assert_eq!(
            (&early["timed_out"], &early["status"]),
            (&json!(true), &json!("open")),
            "{early}"
        );
        assert!(
            (2..3).contains(&began.elapsed().as_secs()),
            "1 is read as 2"
        );
        assert_eq!(
            early["output"], "begun\n",
            "what it said up to a second ago"
        );
        assert!(early["next_step"].is_string() && early["next_cursor"].is_string());
        let wait = json!({"id": id, "include_output": true, "max_output_bytes": 1024});
        let (one, two) = tokio::join!(
            admin.call("sessions_wait", wait.clone()),
            admin.call("sessions_wait", wait)
        );
        assert!(began.elapsed() < Duration::from_secs(10));
        for ended in [one.unwrap(), two.unwrap()] {
            assert_eq!(
                (&ended["timed_out"], &ended["outcome"], &ended["exit_code"]),
                (&json!(false), &json!("failed"), &json!(4))
            );
            assert_eq!(
                (&ended["output"], &ended["output_bytes"]),
                (&json!("begun\nover\n"), &json!(11))
            );
        }
        let at_once = Instant::now();
        let done = admin
            .call("sessions_wait", json!({"id": id, "timeout_seconds": -5}))
            .await
            .unwrap();
        assert_eq!(
            (&done["timed_out"], &done["waited_seconds"]),
            (&json!(false), &json!(0))
        );
        assert!(done.get("output").is_none());
        assert!(at_once.elapsed() < Duration::from_secs(10));
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
        let refused_kill = eve
            .call("sessions_kill", json!({"id": id}))
            .await
            .unwrap_err();
        assert_eq!(refused_kill["code"], "forbidden", "an auditor only reads");
        let killed = kim
            .call("sessions_kill", json!({"id": id, "reason": "enough"}))
            .await
            .unwrap();
        assert_eq!(
            (&killed["killed"], &killed["status"], &killed["outcome"]),
            (&json!(true), &json!("done"), &json!("killed"))
        );
        let session = kim.call("sessions_get", json!({"id": id})).await.unwrap();
        assert_eq!(
            (&session["outcome"], &session["version"]),
            (&json!("killed"), &killed["version"])
        );
        let again = kim
            .call("sessions_kill", json!({"id": id}))
            .await
            .unwrap_err();
        assert_eq!(
            (&again["code"], &again["details"]["status"]),
            (&json!("wrong_state"), &json!("done"))
        );

        let run = json!({"connection_name": "pg_one", "input": "select pg_sleep(100) as canceled_by_test", "wait_seconds": 0});
        let id = kim.call("exec", run).await.unwrap()["session_id"].clone();
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%canceled_by_test%' AND state = 'active' AND pid <> pg_backend_pid()";
        let limit = Instant::now() + Duration::from_secs(10);
        while server.psql("postgres", running).trim() != "1" {
            assert!(Instant::now() < limit, "the query does not run");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let killed = admin
            .call("sessions_kill", json!({"id": id}))
            .await
            .unwrap();
        assert_eq!(
            (&killed["killed"], &killed["outcome"]),
            (&json!(true), &json!("killed")),
            "{killed}"
        );
        assert_eq!(
            server.psql("postgres", running).trim(),
            "0",
            "it is canceled at the database"
        );
    }
}

/// Arguments of `exec` and the path of what does not fit.
fn misfits(meta: &Value) -> Vec<(Value, &'static str)> {
    vec![
        (
            json!({"connection_name": "pg_one", "input": " \n\t"}),
            "/input",
        ),
        (json!({"connection_name": "pg_one", "input": ""}), "/input"),
        (
            json!({"connection_name": "pg_one", "input": "x".repeat(1_048_577)}),
            "/input",
        ),
        (
            json!({"connection_name": "pg_one", "input": "ä".repeat(524_289)}),
            "/input",
        ),
        (
            json!({"connection_name": "pg_one", "input": "x", "args": ["a"]}),
            "/args",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": meta, "format": "rows"}),
            "/format",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": meta, "env_vars": {"OTHER": "1"}}),
            "/env_vars/OTHER",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": meta, "env_vars": {"SET": "1"}}),
            "/env_vars/SET",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": meta, "env_vars": {"envvar:GIVEN": "%"}}),
            "/env_vars/envvar:GIVEN",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": meta, "args": vec!["a"; 65]}),
            "/args",
        ),
        (
            json!({"connection_name": "bash", "input": "x"}),
            "/metadata/ticket",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": {"ticket": ""}}),
            "/metadata/ticket",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": {"ticket": null}}),
            "/metadata/ticket",
        ),
        (
            json!({"connection_name": "bash", "input": "x", "metadata": {"ticket": "x".repeat(2500)}}),
            "/metadata",
        ),
        (
            json!({"connection_name": "pg_one", "input": "x", "wait_seconds": 51}),
            "/wait_seconds",
        ),
        (
            json!({"connection_name": "pg_one", "input": "x", "max_output_bytes": 1023}),
            "/max_output_bytes",
        ),
        (
            json!({"connection_name": "pg_one", "input": "x", "format": "csv"}),
            "/format",
        ),
        (
            json!({"connection_name": "pg_one", "input": "x", "reason": "x".repeat(501)}),
            "/reason",
        ),
    ]
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
    for (arguments, path) in misfits(&meta) {
        let answer = admin.call("exec", arguments.clone()).await;
        let shown: String = arguments.to_string().chars().take(200).collect();
        assert!(answer.is_err(), "{shown}: {answer:?}");
        assert_eq!(refused(answer), invalid(path), "{shown}");
    }
    let sessions = admin.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(sessions["total"], 0, "nothing of it came on record");
    let largest = json!({"connection_name": "bash", "metadata": meta, "input": format!(": {}", "x".repeat(1_048_574))});
    assert_eq!(
        admin.call("exec", largest).await.unwrap()["status"],
        "completed"
    );
}
