//! First outcomes that could not be stored, and repeats whose caller has gone.

use std::time::Duration;

use serde_json::{Value, json};

use crate::gateway::Client;
use crate::stored::Stored;
use crate::targets::no_session_stays_open;
use crate::wire::{self, Wire};

/// The store as it is when the outcome could not be written.
fn forget_the_outcome(scene: &Stored) {
    scene.sql("update idempotency set outcome = null");
}

async fn run(client: &Client, input: &str) -> Value {
    let ask = json!({"connection_name": "bash", "input": input, "idempotency_key": "k"});
    client.call("exec", ask).await.unwrap()
}

/// Checks that a repeat tells the first outcome and runs nothing.
async fn tells_again(client: &Client, input: &str, first: &Value) {
    let again = run(client, input).await;
    assert_eq!(again["idempotent_replay"], true, "{again}");
    for key in [
        "status",
        "session_id",
        "output",
        "output_status",
        "exit_code",
        "truncated",
        "next_cursor",
        "output_bytes",
        "failure",
        "masking",
    ] {
        assert_eq!(again.get(key), first.get(key), "{key}: {again}");
    }
    let sessions = client.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(sessions["total"], 1, "it ran once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_was_not_stored_is_told_from_the_record() {
    for input in ["echo one; echo two", "echo no; exit 3", "seq 20000"] {
        let mut scene = Stored::start().await;
        let client = scene.gateway.admin();
        let first = run(&client, input).await;
        forget_the_outcome(&scene);
        tells_again(&client, input, &first).await;

        scene.gateway.kill();
        scene.gateway.start_again();
        tells_again(&scene.gateway.admin(), input, &first).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_gone_while_waiting_does_not_run() {
    let scene = Stored::start().await;
    let client = scene.gateway.admin();
    run(&client, "echo").await;
    // As if the first call were running and had no session yet.
    scene.sql("update idempotency set outcome = null, session_id = null");
    let ask = json!({"connection_name": "bash", "input": "echo", "idempotency_key": "k"});
    let request = wire::exec(Wire::Modern, &client.url, &client.token, 7, &ask);
    wire::walk_away(request, Duration::from_millis(900)).await;
    // A call that is refused gives the key back and wakes whoever waits for it.
    scene.sql("delete from idempotency");
    let refused = json!({"connection_name": "nope", "input": "echo", "idempotency_key": "k"});
    client.call("exec", refused).await.unwrap_err();
    let own = run(&client, "echo").await;
    assert!(own.get("idempotent_replay").is_none(), "{own}");
    let sessions = client.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(sessions["total"], 2, "{sessions}");
}

/// Makes every change of a table in the store do something first.
fn before_insert(scene: &Stored, table: &str, words: &str) {
    scene.sql(&format!(
        "create function meddle() returns trigger language plpgsql as \
         $$ begin {words}; return new; end $$; \
         create trigger meddle before insert on {table} for each row execute function meddle()"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_key_was_taken_over_does_not_run() {
    let scene = Stored::start().await;
    let client = scene.gateway.admin();
    let other = "new.replica := '00000000-0000-7000-8000-000000000001'";
    before_insert(&scene, "idempotency", other);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ran");
    let ask = json!({
        "connection_name": "bash",
        "input": format!("touch '{}'", file.display()),
        "idempotency_key": "k",
    });
    let refused = client.call("exec", ask).await.unwrap_err();
    assert_eq!(refused["code"], "busy", "{refused}");
    assert!(!file.exists());
    let sessions = client.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(sessions["total"], 0, "no session stays open: {sessions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_cancelled_before_its_target_was_touched_does_not_run() {
    let scene = Stored::start().await;
    let client = scene.gateway.admin();
    before_insert(&scene, "session", "perform pg_sleep(4)");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ran");
    let input = format!("touch '{}'", file.display());
    let ask = json!({"connection_name": "bash", "input": input});
    let request = wire::exec(Wire::Modern, &client.url, &client.token, 7, &ask);
    wire::walk_away(request, Duration::from_secs(2)).await;
    scene.sql("drop trigger meddle on session");
    client.exec("bash", "echo later").await;
    no_session_stays_open(&client, Duration::from_secs(20)).await;
    assert!(!file.exists(), "it ran");
}
