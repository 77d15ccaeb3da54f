//! Runs that are ended from outside: killed, timed out, too large, left alone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Scene, endless, eventually, hand_off, processes, wait};
use crate::gateway::{ENGINES, Engine, Gateway};
use crate::targets::exec_with;
use crate::wire::{self, Wire};

#[tokio::test]
async fn a_kill_reaches_every_target_within_a_second() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let marker = format!("killed_{engine:?}").to_lowercase();
        for (connection, input) in endless(&marker) {
            let id = hand_off(&scene.admin, connection, &input).await;
            let at_work = || match connection {
                "bash" => processes(&marker),
                "lite" => 1,
                _ => scene.working(&marker),
            };
            eventually("the run did not begin", Duration::from_secs(5), || {
                at_work() > 0
            })
            .await;
            let begun = Instant::now();
            let killed = scene
                .admin
                .call("sessions_kill", json!({"id": id, "reason": "enough"}))
                .await
                .unwrap();
            assert_eq!(
                (&killed["killed"], &killed["status"], &killed["outcome"]),
                (&json!(true), &json!("done"), &json!("killed")),
                "{connection}: {killed}"
            );
            assert!(
                begun.elapsed() < Duration::from_secs(1),
                "{connection}: {:?}",
                begun.elapsed()
            );
            if connection != "lite" {
                eventually("the target goes on", Duration::from_secs(1), || {
                    at_work() == 0
                })
                .await;
            }
            let session = scene
                .admin
                .call("sessions_get", json!({"id": id}))
                .await
                .unwrap();
            assert!(
                session["failure"]["message"]
                    .as_str()
                    .unwrap()
                    .contains("enough"),
                "{session}"
            );
            assert_ne!(session["exit_code"], 0, "{session}");
            let again = scene
                .admin
                .call("sessions_kill", json!({"id": id}))
                .await
                .unwrap_err();
            assert_eq!(again["code"], "wrong_state");
            assert_eq!(
                scene
                    .admin
                    .exec(
                        connection,
                        if connection == "bash" {
                            "true"
                        } else {
                            "select 1"
                        }
                    )
                    .await["status"],
                "completed"
            );
        }
    }
}

#[tokio::test]
async fn who_waits_for_a_killed_run_is_told() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let caller = tokio::spawn({
            let admin = scene.admin.clone();
            async move {
                admin
                    .exec("bash", "echo before; sleep 600; echo after")
                    .await
            }
        });
        tokio::time::sleep(Duration::from_millis(700)).await;
        let list = scene
            .admin
            .call("sessions_list", json!({"status": "open"}))
            .await
            .unwrap();
        scene
            .admin
            .call("sessions_kill", json!({"id": list["items"][0]["id"]}))
            .await
            .unwrap();
        let answer = caller.await.unwrap();
        assert_eq!(
            (&answer["status"], &answer["output"]),
            (&json!("failed"), &json!("before\n")),
            "{answer}"
        );
        assert!(
            answer["failure"].is_object() && answer["exit_code"] != 0,
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_process_that_does_not_listen_is_killed_hard() {
    let scene = Scene::new(Gateway::start(Engine::Sqlite)).await;
    let id = hand_off(&scene.admin, "bash", "trap '' TERM; (trap '' TERM; while :; do exec -a deaf_one sleep 600; done) & while :; do sleep 1; done").await;
    eventually("the run did not begin", Duration::from_secs(5), || {
        processes("deaf_one") > 0
    })
    .await;
    scene
        .admin
        .call("sessions_kill", json!({"id": id}))
        .await
        .unwrap();
    let ended = wait(&scene.admin, &id).await;
    assert_eq!(ended["outcome"], "killed", "{ended}");
    eventually("a child lives on", Duration::from_secs(1), || {
        processes("deaf_one") == 0
    })
    .await;
}

#[tokio::test]
async fn the_time_limit_of_a_connection_ends_its_runs() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let marker = format!("timed_{engine:?}").to_lowercase();
        for (connection, input) in endless(&marker) {
            scene.limit(connection, json!({"timeout_seconds": 1})).await;
            let begun = Instant::now();
            let answer = exec_with(&scene.admin, connection, &input, json!({})).await;
            assert_eq!(
                (&answer["status"], &answer["failure"]["code"]),
                (&json!("failed"), &json!("timeout")),
                "{connection}: {answer}"
            );
            assert_ne!(answer["exit_code"], 0);
            assert!(
                begun.elapsed() >= Duration::from_secs(1)
                    && begun.elapsed() < Duration::from_secs(3),
                "{connection}: {:?}",
                begun.elapsed()
            );
            let session = scene
                .admin
                .call("sessions_get", json!({"id": answer["session_id"]}))
                .await
                .unwrap();
            assert_eq!(
                (&session["outcome"], &session["failure"]["code"]),
                (&json!("failed"), &json!("timeout"))
            );
        }
        eventually("a target goes on", Duration::from_secs(1), || {
            scene.working(&marker) + processes(&marker) == 0
        })
        .await;
    }
}

#[tokio::test]
async fn the_output_limit_of_a_connection_stops_its_runs() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        for (connection, input) in [
            ("bash", "yes yes_too_much"),
            (
                "pgsql",
                "select generate_series(1, 1000000000) as yes_too_much",
            ),
            (
                "maria",
                "with recursive c(n) as (select 1 union all select n + 1 from c where n < 900) select 1 as yes_too_much from c a, c b, c d",
            ),
            (
                "lite",
                "with recursive c(n) as (select 1 union all select n + 1 from c) select n as yes_too_much from c",
            ),
        ] {
            scene
                .limit(connection, json!({"output_bytes": 1_000_000}))
                .await;
            let begun = Instant::now();
            let answer = exec_with(&scene.admin, connection, input, json!({})).await;
            assert_eq!(answer["status"], "failed", "{connection}: {answer}");
            assert!(
                answer["failure"]["message"]
                    .as_str()
                    .unwrap()
                    .contains("larger"),
                "{connection}: {}",
                answer["failure"]
            );
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "{connection}: {:?}",
                begun.elapsed()
            );
            let bytes = answer["output_bytes"].as_u64().unwrap();
            assert!(
                (500_000..3_000_000).contains(&bytes),
                "{connection}: {bytes}"
            );
            let session = scene
                .admin
                .call("sessions_get", json!({"id": answer["session_id"]}))
                .await
                .unwrap();
            assert_eq!(
                (&session["status"], &session["outcome"]),
                (&json!("done"), &json!("failed")),
                "{session}"
            );
        }
        eventually("a target goes on", Duration::from_secs(2), || {
            scene.working("yes_too_much") == 0
        })
        .await;
    }
}

/// The session of the only run of a marker, once it is done.
async fn outcome(scene: &Scene, reason: &str) -> Value {
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        let list = scene.admin.call("sessions_list", json!({})).await.unwrap();
        let items = list["items"].as_array().unwrap();
        let session = items.iter().find(|session| session["reason"] == reason);
        if let Some(session) = session.filter(|session| session["status"] == "done") {
            return session["outcome"].clone();
        }
        assert!(Instant::now() < end, "no end of {reason:?}: {list}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_dropped_request_cancels_on_the_modern_wire_only() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let folder = tempfile::tempdir().unwrap();
        for (at, after) in [900, 1500].into_iter().enumerate() {
            for (wire, expected) in [(Wire::Legacy, "success"), (Wire::Modern, "killed")] {
                let reason = format!("{wire:?} {after}");
                let file = folder.path().join(&reason);
                let ask = json!({"connection_name": "bash", "input": format!("sleep 2; touch '{}'", file.display()), "reason": reason});
                let request =
                    wire::exec(wire, &scene.admin.url, &scene.admin.token, at as u64, &ask);
                wire::walk_away(request, Duration::from_millis(after)).await;
                assert_eq!(
                    outcome(&scene, &reason).await,
                    expected,
                    "{engine:?} {reason}"
                );
                assert_eq!(file.exists(), expected == "success", "{reason}");
            }
        }
    }
}

#[tokio::test]
async fn a_notification_cancels_on_the_legacy_wire() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let ask = json!({"connection_name": "bash", "input": "sleep 20", "reason": "named"});
        let request = wire::exec(
            Wire::Legacy,
            &scene.admin.url,
            &scene.admin.token,
            4711,
            &ask,
        );
        let running = tokio::spawn(async { request.send().await.unwrap().text().await.unwrap() });
        tokio::time::sleep(Duration::from_millis(700)).await;
        let note = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4711}});
        let sent = wire::post(&scene.admin.url, &scene.admin.token)
            .header("mcp-protocol-version", "2025-11-25")
            .json(&note)
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 202);
        assert_eq!(outcome(&scene, "named").await, "killed");
        tokio::time::timeout(Duration::from_secs(5), running)
            .await
            .expect("the request is left open")
            .unwrap();
    }
}

#[tokio::test]
async fn a_run_that_was_handed_off_outlives_its_request() {
    let scene = Scene::new(Gateway::start(Engine::Sqlite)).await;
    let ask = json!({"connection_name": "bash", "input": "sleep 1", "wait_seconds": 0, "reason": "handed off"});
    let answer = wire::exec(Wire::Modern, &scene.admin.url, &scene.admin.token, 1, &ask)
        .send()
        .await
        .unwrap();
    assert!(answer.text().await.unwrap().contains("\"running\""));
    assert_eq!(outcome(&scene, "handed off").await, "success");
}
