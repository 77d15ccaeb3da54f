//! Many calls at once, and calls that are repeated.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Scene, hand_off};
use crate::gateway::{Answer, Client, ENGINES, Gateway};

/// Sends the same call many times at once.
async fn at_once(client: &Client, count: usize, ask: impl Fn(usize) -> Value) -> Vec<Answer> {
    let calls: Vec<_> = (0..count)
        .map(|at| {
            let (client, ask) = (client.clone(), ask(at));
            tokio::spawn(async move { client.call("exec", ask).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn more_calls_than_allowed_are_told_to_wait_and_none_is_lost() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let id = hand_off(&scene.admin, "bash", "sleep 6").await;
        // Waits do not count.
        let waits: Vec<_> = (0..30)
            .map(|_| {
                let (admin, id) = (scene.admin.clone(), id.clone());
                tokio::spawn(async move { admin.call("sessions_wait", json!({"id": id})).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let answers = at_once(
            &scene.admin,
            70,
            |at| json!({"connection_name": "bash", "input": format!("sleep 2; echo {at}")}),
        )
        .await;
        let (mut done, mut busy) = (0, 0);
        for (at, answer) in answers.into_iter().enumerate() {
            match answer {
                Ok(envelope) => {
                    assert_eq!(envelope["output"], format!("{at}\n"), "{envelope}");
                    done += 1;
                }
                Err(error) => {
                    assert_eq!(error["code"], "busy", "{error}");
                    assert!(error["details"]["retry_after_ms"].is_u64(), "{error}");
                    busy += 1;
                }
            }
        }
        assert_eq!((done, busy), (64, 6));
        for waited in waits {
            assert_eq!(waited.await.unwrap().unwrap()["outcome"], "success");
        }
        let sessions = scene.admin.call("sessions_list", json!({})).await.unwrap();
        assert_eq!(sessions["total"], 65, "a refused call leaves no session");
        assert_eq!(
            scene.admin.exec("bash", "echo free again").await["status"],
            "completed"
        );
    }
}

#[tokio::test]
async fn a_key_runs_once_however_often_it_is_sent() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        scene
            .admin
            .exec("pgsql", "create table marks (mark text)")
            .await;
        let ask = |key: &str, mark: &str| json!({"connection_name": "pgsql", "input": format!("select pg_sleep(0.5); insert into marks values ('{mark}')"), "idempotency_key": key});
        let answers = at_once(&scene.admin, 20, |_| ask("one", "a")).await;
        let envelopes: Vec<Value> = answers.into_iter().map(Result::unwrap).collect();
        let sessions: BTreeSet<String> = envelopes
            .iter()
            .map(|envelope| envelope["session_id"].to_string())
            .collect();
        assert_eq!(sessions.len(), 1, "{envelopes:?}");
        let firsts = envelopes
            .iter()
            .filter(|envelope| envelope.get("idempotent_replay").is_none())
            .count();
        assert_eq!(firsts, 1, "{envelopes:?}");
        assert!(
            envelopes
                .iter()
                .all(|envelope| envelope["output"] == envelopes[0]["output"]
                    && envelope["status"] == "completed")
        );
        let later = scene.admin.call("exec", ask("one", "a")).await.unwrap();
        assert_eq!(later["idempotent_replay"], true);
        assert_eq!(scene.postgres.sql("select count(*) from marks"), "1");

        let other = scene.admin.call("exec", ask("one", "b")).await.unwrap_err();
        assert_eq!(other["code"], "conflict");
        scene.admin.call("exec", ask("two", "b")).await.unwrap();
        assert_eq!(
            scene
                .postgres
                .sql("select string_agg(mark, ',' order by mark) from marks"),
            "a,b"
        );

        let (status, key) = scene
            .admin
            .rest(
                "POST",
                "/api/keys",
                Some(json!({"name": "another", "groups": ["admin"]})),
            )
            .await;
        assert_eq!(status, 201, "{key}");
        let another = Client::new(&scene.admin.url, key["token"].as_str().unwrap());
        let own = another.call("exec", ask("one", "c")).await.unwrap();
        assert!(
            own.get("idempotent_replay").is_none(),
            "the key is of another caller: {own}"
        );
        assert_eq!(scene.postgres.sql("select count(*) from marks"), "3");
    }
}

#[tokio::test]
async fn a_failed_or_running_first_outcome_is_repeated_too() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let ask =
            json!({"connection_name": "pgsql", "input": "select nope", "idempotency_key": "bad"});
        let first = scene.admin.call("exec", ask.clone()).await.unwrap();
        let again = scene.admin.call("exec", ask).await.unwrap();
        assert_eq!(
            (&first["status"], &again["session_id"]),
            (&json!("failed"), &first["session_id"])
        );
        let ask = json!({"connection_name": "bash", "input": "sleep 1", "wait_seconds": 0, "idempotency_key": "long"});
        let first = scene.admin.call("exec", ask.clone()).await.unwrap();
        let again = scene.admin.call("exec", ask).await.unwrap();
        assert_eq!(first["status"], "running");
        assert_eq!(
            (&again["session_id"], &again["idempotent_replay"]),
            (&first["session_id"], &json!(true)),
            "{again}"
        );
    }
}
