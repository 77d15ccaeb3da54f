//! A store on PostgreSQL that stops, hangs and comes back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::servers::{Line, Network, Postgres};

use crate::gateway::{Client, Engine, Gateway, Setup};
use crate::targets::no_session_stays_open;

/// A gateway on a store at `port` of a server's fresh database.
fn start(server: &Postgres, port: u16) -> Gateway {
    let d = server.database();
    let password = d.password.replace(' ', "%20").replace('\'', "%27");
    let url = format!(
        "postgres://{}:{password}@127.0.0.1:{port}/{}",
        d.user, d.name
    );
    Setup::new(Engine::Sqlite).with(&["--store", &url]).start()
}

/// Checks that an exec answers `unavailable` in time and runs nothing.
async fn refuses(client: &Client, patience: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ran");
    let begun = Instant::now();
    let ask = json!({"connection_name": "bash", "input": format!("touch '{}'", file.display())});
    let error = client.call("exec", ask).await.unwrap_err();
    assert!(begun.elapsed() < patience, "{:?}", begun.elapsed());
    assert!(
        error["code"] == "unavailable" || error["http"] == 503,
        "{error}"
    );
    let begun = Instant::now();
    let (status, told) = client.rest("GET", "/readyz", None).await;
    assert_eq!(status, 503, "{told}");
    assert!(begun.elapsed() < patience, "{:?}", begun.elapsed());
    assert_eq!(client.rest("GET", "/healthz", None).await.0, 200);
    let (status, told) = client.rest("GET", "/api/connections", None).await;
    assert!(status == 503 || status == 200, "{told}");
    assert!(!file.exists(), "it ran without a record");
}

/// Waits until the gateway is ready, then checks that all is well.
async fn recovers(client: &Client) {
    let end = Instant::now() + Duration::from_secs(15);
    while client.rest("GET", "/readyz", None).await.0 != 200 {
        assert!(Instant::now() < end, "the gateway does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..12 {
        let answer: Value = client.exec("bash", "echo well").await;
        assert_eq!(
            (&answer["status"], &answer["output"]),
            (&json!("completed"), &json!("well\n")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_stopped_stops_runs_until_it_is_back() {
    let mut server = Postgres::start();
    let gateway = start(&server, server.port());
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    for _ in 0..2 {
        recovers(&admin).await;
        let cut = tokio::spawn({
            let admin = admin.clone();
            async move {
                admin
                    .try_call(
                        "exec",
                        json!({"connection_name": "bash", "input": "sleep 2"}),
                    )
                    .await
            }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        server = tokio::task::spawn_blocking(move || {
            server.stop();
            server
        })
        .await
        .unwrap();
        refuses(&admin, Duration::from_secs(12)).await;
        let cut = tokio::time::timeout(Duration::from_secs(20), cut)
            .await
            .expect("the answer is never given")
            .unwrap()
            .unwrap();
        let error = cut.expect_err("what was not stored was answered");
        assert_eq!(error["code"], "unavailable", "{error}");
        server = tokio::task::spawn_blocking(move || {
            server.start_again();
            server
        })
        .await
        .unwrap();
        recovers(&admin).await;
    }
    no_session_stays_open(&admin, Duration::from_secs(60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_is_no_store() {
    let server = Postgres::start();
    let network = Network::to(server.port()).await;
    let gateway = start(&server, network.port());
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    recovers(&admin).await;
    network.set(Line::Silent);
    refuses(&admin, Duration::from_secs(25)).await;
    network.set(Line::Whole);
    recovers(&admin).await;
}
