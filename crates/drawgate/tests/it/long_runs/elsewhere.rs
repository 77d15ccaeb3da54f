//! Runs that are ended through another gateway of the same store.

use serde_json::json;

use super::{hand_off, wait};
use crate::gateway::{Engine, Gateway};

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_reaches_its_run_on_another_gateway_with_its_reason() {
    let one = Gateway::start(Engine::Postgres);
    let other = one.neighbour().start();
    let (here, there) = (one.admin(), other.client(&one.token("admin.token")));
    here.connect_bash("bash").await;
    let id = hand_off(&here, "bash", "sleep 600").await;
    let kill = json!({"id": id, "reason": "enough of it"});
    there.call("sessions_kill", kill).await.unwrap();
    let ended = wait(&here, &id).await;
    assert_eq!(ended["outcome"], "killed", "{ended}");
    let message = ended["failure"]["message"].as_str().unwrap();
    assert!(message.ends_with(": enough of it"), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_deleted_elsewhere_ends_its_runs() {
    let one = Gateway::start(Engine::Postgres);
    let other = one.neighbour().start();
    let (here, there) = (one.admin(), other.client(&one.token("admin.token")));
    here.connect_bash("bash").await;
    let id = hand_off(&here, "bash", "sleep 600").await;
    let delete = json!({"name": "bash"});
    there
        .call("connections_delete", delete.clone())
        .await
        .unwrap();
    let ended = wait(&here, &id).await;
    assert_eq!(ended["outcome"], "killed", "{ended}");
    let gone = here.call("connections_delete", delete).await.unwrap_err();
    assert_eq!(gone["code"], "connection_not_found", "{gone}");
}
