//! A gateway that keeps its recordings in a bucket.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::servers::{Line, Network, S3};

use crate::gateway::{ENGINES, Engine, Gateway, Setup, drawgate};
use crate::targets::{no_session_stays_open, recorded};

/// Several megabytes of numbered lines, and the command that says them.
const LARGE: (&str, u32) = ("seq 1 700000", 700_000);

fn numbers(to: u32) -> String {
    (1..=to).map(|number| format!("{number}\n")).collect()
}

/// A gateway with recordings at a place of a server that is reached at `port`.
fn start(engine: Engine, server: &S3, place: &str, port: u16) -> Gateway {
    Setup::new(engine)
        .with(&["--recordings", place, "--log", "trace"])
        .env("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{port}"))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", server.key_id())
        .env("AWS_SECRET_ACCESS_KEY", server.secret())
        .env("AWS_SESSION_TOKEN", "")
        .start()
}

#[tokio::test]
async fn megabytes_are_read_back_from_the_bucket_exactly() {
    let server = S3::shared();
    for engine in ENGINES {
        let place = server.place();
        let mut gateway = start(engine, &server, &place, server.port());
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let envelope = admin.exec("bash", LARGE.0).await;
        assert_eq!(envelope["status"], "completed", "{envelope}");
        let said = numbers(LARGE.1);
        assert_eq!(envelope["output_bytes"], json!(said.len()));
        assert!(recorded(&admin, &envelope).await == said, "{engine:?}");

        let objects = server.objects(&place);
        let id = envelope["session_id"].as_str().unwrap();
        assert!(objects.keys().all(|key| key.contains(id)), "{objects:?}");
        assert!(objects.len() > 1, "{objects:?}");
        assert!(objects.values().sum::<u64>() > said.len() as u64);
        let first = server.object(objects.keys().next().unwrap());
        assert!(first.contains(r#""o","1\n2\n3\n"#), "{}", &first[..80]);
        assert!(!gateway.data.join("recordings").exists());

        let seen = admin.exec("bash", "env").await;
        assert!(!seen["output"].as_str().unwrap().contains("AWS_"), "{seen}");
        assert!(gateway.stop());
        gateway.start_again();
        let again = recorded(&gateway.admin(), &envelope).await;
        assert!(again == said, "{engine:?}: after a restart");
        assert!(gateway.stop());
        let log = gateway.said.lock();
        assert!(!log.contains(server.secret()), "the secret is in the log");
    }
}

#[tokio::test]
async fn a_run_that_cannot_be_recorded_is_not_answered_as_done() {
    let server = S3::shared();
    let network = Network::to(server.port()).await;
    let place = server.place();
    let gateway = start(Engine::Sqlite, &server, &place, network.port());
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let before = admin.exec("bash", LARGE.0).await;

    network.set(Line::Cut);
    let began = Instant::now();
    let ask = json!({"connection_name": "bash", "input": LARGE.0});
    let page = json!({"id": before["session_id"]});
    let (ran, read) = tokio::join!(
        admin.call("exec", ask),
        admin.call("sessions_get_content", page)
    );
    assert!(began.elapsed() < Duration::from_secs(45));
    for error in [ran.unwrap_err(), read.unwrap_err()] {
        assert_eq!(error["code"], "unavailable", "{error}");
        let incident = error["details"]["incident_id"].as_str().unwrap();
        let log = gateway.said.lock();
        let fault = log
            .lines()
            .find(|line| line.contains(incident) && line.contains("a fault of the gateway"))
            .unwrap();
        assert!(fault.contains("recordings: "), "{fault}");
    }
    no_session_stays_open(&admin, Duration::from_secs(10)).await;
    let ended = json!({"outcome": "interrupted"});
    let ended = admin.call("sessions_list", ended).await.unwrap();
    assert_eq!(ended["total"], 1, "{ended}");
    // What is small lies in the store.
    let small = admin.exec("bash", "echo small").await;
    assert_eq!(recorded(&admin, &small).await, "small\n");

    network.set(Line::Whole);
    let after = admin.exec("bash", LARGE.0).await;
    let said = numbers(LARGE.1);
    for envelope in [&before, &after] {
        assert!(recorded(&admin, envelope).await == said, "{envelope}");
    }
}

#[test]
fn a_bucket_that_is_not_well_described_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (place, variables, why) in [
        (
            "s3://b/p",
            &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")][..],
            "AWS_ALLOW_HTTP=true",
        ),
        ("s3://b/p", &[("AWS_ACCESS_KEY_ID", "canary")], "secret"),
        ("s3://", &[], "name of a bucket"),
    ] {
        let output = drawgate()
            .args(["start", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path().join("data"))
            .args(["--recordings", place])
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(said.contains("recordings: "), "{said}");
        assert!(said.contains(&why.to_lowercase()), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}
