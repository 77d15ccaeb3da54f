//! How many runs one caller may have.

use serde_json::json;
use testkit::servers::Postgres;

use crate::gateway::{Client, Engine, Gateway};
use crate::roles::callers::person;
use crate::targets::connect_to;

/// Runs that one credential may have.
const RUNS: usize = 256;

async fn start(client: &Client) -> Result<serde_json::Value, serde_json::Value> {
    let run =
        json!({"connection_name": "pgsql", "input": "select pg_sleep(60)", "wait_seconds": 0});
    client.call("exec", run).await
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_handed_off_are_bounded() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    // A server of its own: the runs take all the sessions that they get.
    let server = Postgres::start();
    connect_to(&admin, "pgsql", "postgres", &server.database()).await;
    let first = start(&admin).await.unwrap();
    for _ in 1..RUNS {
        assert_eq!(start(&admin).await.unwrap()["status"], "running");
    }
    let refused = start(&admin).await.unwrap_err();
    assert_eq!(refused["code"], "busy", "{refused}");
    assert!(refused["details"]["retry_after_ms"].is_u64(), "{refused}");
    let listed = admin.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(listed["total"], RUNS, "a refused run is not on record");

    let other = person(&admin, "kim", &[]).await;
    assert_eq!(start(&other).await.unwrap()["status"], "running");

    let kill = json!({"id": first["session_id"]});
    let killed = admin.call("sessions_kill", kill).await.unwrap();
    assert_eq!(killed["killed"], true, "{killed}");
    let mut again = start(&admin).await;
    while again
        .as_ref()
        .is_err_and(|refused| refused["code"] == "busy")
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        again = start(&admin).await;
    }
    assert_eq!(again.unwrap()["status"], "running");
}
