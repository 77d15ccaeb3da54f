//! Watching a run: fresh output, and waking at its end.

use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::{Scene, hand_off, wait};
use crate::gateway::{ENGINES, Gateway};

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the age of output is measured by the real clock"
)]
fn now() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

#[tokio::test]
async fn a_running_session_shows_output_a_second_old() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let ticks = "do $$ begin for i in 1..40 loop raise notice 'at % .', extract(epoch from clock_timestamp()); perform pg_sleep(0.1); end loop; end $$";
        for (connection, input) in [
            (
                "bash",
                "for i in $(seq 40); do echo \"at $(date +%s.%N) .\"; sleep 0.1; done",
            ),
            ("pgsql", ticks),
        ] {
            let id = hand_off(&scene.admin, connection, input).await;
            let (mut looks, mut oldest) = (0, 0.0_f64);
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(3500) {
                let asked = now();
                let page = scene
                    .admin
                    .call("sessions_get_content", json!({"id": id}))
                    .await
                    .unwrap();
                assert_eq!(
                    (&page["status"], &page["final"]),
                    (&json!("open"), &json!(false)),
                    "{page}"
                );
                assert_eq!(page["input"], input);
                assert!(page["next_cursor"].is_string(), "{page}");
                let times = page["output"]
                    .as_str()
                    .unwrap()
                    .split("at ")
                    .filter_map(|rest| rest.split_once(" .")?.0.parse::<f64>().ok());
                if begun.elapsed() > Duration::from_millis(1500) {
                    oldest = oldest.max(asked - times.last().expect("no output after 1.5 s"));
                    looks += 1;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(
                looks > 10 && oldest < 1.5,
                "{engine:?} {connection}: {oldest} s old"
            );
            let ended = wait(&scene.admin, &id).await;
            assert_eq!(ended["outcome"], "success", "{ended}");
            assert_eq!(ended["output"].as_str().unwrap().matches("at ").count(), 40);
        }
    }
}

#[tokio::test]
async fn everybody_who_waits_is_woken_at_the_end() {
    for engine in ENGINES {
        let scene = Scene::new(Gateway::start(engine)).await;
        let id = hand_off(
            &scene.admin,
            "pgsql",
            "select pg_sleep(1.5), 'over' as state",
        )
        .await;
        let begun = Instant::now();
        let waits: Vec<_> = (0..100)
            .map(|_| {
                let (admin, id) = (scene.admin.clone(), id.clone());
                tokio::spawn(async move {
                    let waited = wait(&admin, &id).await;
                    (waited, now())
                })
            })
            .collect();
        let short = scene
            .admin
            .call("sessions_wait", json!({"id": id, "timeout_seconds": 1}))
            .await
            .unwrap();
        assert!(
            short["status"] == "done" || short["timed_out"] == true,
            "{short}"
        );
        let mut ended: Option<f64> = None;
        for woken in waits {
            let (waited, at) = woken.await.unwrap();
            assert_eq!(waited["outcome"], "success");
            assert!(waited["output"].as_str().unwrap().contains("over"));
            let first = ended.get_or_insert(at);
            assert!(
                at - *first < 5.0,
                "one waiter was woken {} s late",
                at - *first
            );
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            begun.elapsed()
        );
        let again = Instant::now();
        wait(&scene.admin, &id).await;
        assert!(
            again.elapsed() < Duration::from_secs(5),
            "a wait for what is done"
        );
    }
}

#[tokio::test]
async fn a_wait_that_is_too_short_says_so() {
    let scene = Scene::new(Gateway::start(crate::gateway::Engine::Sqlite)).await;
    let id = hand_off(&scene.admin, "bash", "sleep 5").await;
    let begun = Instant::now();
    let short = scene
        .admin
        .call("sessions_wait", json!({"id": id, "timeout_seconds": 1}))
        .await
        .unwrap();
    assert_eq!(
        (
            &short["timed_out"],
            &short["status"],
            &short["waited_seconds"]
        ),
        (&json!(true), &json!("open"), &json!(2))
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(
        short["next_step"]
            .as_str()
            .unwrap()
            .contains("sessions_wait")
    );
    let unknown = scene
        .admin
        .call(
            "sessions_wait",
            json!({"id": "0199a0a0-0000-7000-8000-000000000000"}),
        )
        .await;
    assert_eq!(unknown.unwrap_err()["code"], "not_found");
    let killed: Value = scene
        .admin
        .call("sessions_kill", json!({"id": id}))
        .await
        .unwrap();
    assert_eq!(killed["killed"], true);
}
