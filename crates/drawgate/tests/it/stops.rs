//! Stopping a gateway.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::gateway::{Engine, Gateway, Setup, signal};

/// Checks how the session of a run ended that its gateway did not wait for.
async fn was_interrupted(gateway: &Gateway, run: &Value) {
    let session = gateway
        .admin()
        .call("sessions_get", json!({"id": run["session_id"]}))
        .await
        .unwrap();
    assert_eq!(
        (&session["status"], &session["outcome"]),
        (&json!("done"), &json!("interrupted")),
        "{session}"
    );
}

#[tokio::test]
async fn a_stop_lets_short_runs_end_and_interrupts_long_ones() {
    let mut gateway = Setup::new(Engine::Sqlite)
        .with(&["--shutdown-seconds", "3"])
        .start();
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let short = tokio::spawn({
        let admin = admin.clone();
        async move { admin.exec("bash", "sleep 1.5; echo finished").await }
    });
    let long = admin
        .call(
            "exec",
            json!({"connection_name": "bash", "input": "sleep 100", "wait_seconds": 0}),
        )
        .await
        .unwrap();
    assert_eq!(long["status"], "running");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopped = tokio::task::spawn_blocking(move || {
        assert!(gateway.stop(), "{}", gateway.said.lock());
        gateway
    });
    assert_eq!(short.await.unwrap()["output"], "finished\n");
    let mut gateway = stopped.await.unwrap();
    gateway.start_again();
    was_interrupted(&gateway, &long).await;
}

#[tokio::test]
async fn a_second_signal_ends_at_once_and_closes_the_record() {
    let mut gateway = Setup::new(Engine::Sqlite)
        .with(&["--shutdown-seconds", "600"])
        .start();
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let ask = json!({"connection_name": "bash", "input": "sleep 600", "wait_seconds": 0});
    let long = admin.call("exec", ask).await.unwrap();
    assert_eq!(long["status"], "running");
    signal(gateway.pid(), "TERM");
    let limit = Instant::now() + Duration::from_secs(20);
    while !gateway.said.lock().contains("\"stopping\"") {
        assert!(Instant::now() < limit, "{}", gateway.said.lock());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(gateway.stop(), "{}", gateway.said.lock());
    gateway.start_again();
    was_interrupted(&gateway, &long).await;
}
