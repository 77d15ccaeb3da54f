//! Two gateways on one store: what one of them runs, the other reaches.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::gateway::{Client, Engine, Gateway};

/// Two gateways and an administrator at each.
struct Pair {
    here: Client,
    there: Client,
    first: Gateway,
    _second: Gateway,
}

impl Pair {
    async fn new() -> Self {
        let first = Gateway::start(Engine::Postgres);
        let second = first.neighbour().start();
        let token = first.token("admin.token");
        let (here, there) = (first.client(&token), second.client(&token));
        here.connect_bash("bash").await;
        Self {
            here,
            there,
            first,
            _second: second,
        }
    }
}

async fn hand_off(client: &Client, input: &str) -> Value {
    let ask = json!({"connection_name": "bash", "input": input, "wait_seconds": 0});
    let answer = client.call("exec", ask).await.unwrap();
    assert_eq!(answer["status"], "running", "{answer}");
    answer["session_id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_waited_for_and_killed_at_the_other_gateway() {
    let pair = Pair::new().await;
    let id = hand_off(&pair.here, "sleep 600").await;
    let wait = tokio::spawn({
        let (there, ask) = (pair.there.clone(), json!({"id": id, "timeout_seconds": 60}));
        async move { there.call("sessions_wait", ask).await.unwrap() }
    });
    let killed = pair.there.call("sessions_kill", json!({"id": id})).await;
    assert!(killed.is_ok(), "{killed:?}");
    let waited = wait.await.unwrap();
    assert_eq!(
        (&waited["status"], &waited["outcome"], &waited["timed_out"]),
        (&json!("done"), &json!("killed"), &json!(false)),
        "{waited}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_at_the_other_gateway_ends_with_the_run() {
    let pair = Pair::new().await;
    let folder = tempfile::tempdir().unwrap();
    let go_on = folder.path().join("go_on");
    let input = format!("while [ ! -e '{}' ]; do sleep 0.1; done", go_on.display());
    let id = hand_off(&pair.here, &input).await;
    let ask = json!({"id": id, "timeout_seconds": 1});
    let early = pair.there.call("sessions_wait", ask).await.unwrap();
    assert_eq!(early["timed_out"], true, "{early}");
    let wait = tokio::spawn({
        let (there, ask) = (pair.there.clone(), json!({"id": id, "timeout_seconds": 60}));
        async move { there.call("sessions_wait", ask).await.unwrap() }
    });
    std::fs::write(&go_on, "").unwrap();
    let waited = wait.await.unwrap();
    assert_eq!(
        (&waited["outcome"], &waited["timed_out"]),
        (&json!("success"), &json!(false)),
        "{waited}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_at_the_other_gateway_joins_the_first_call() {
    let pair = Pair::new().await;
    let folder = tempfile::tempdir().unwrap();
    let (begun, go_on) = (folder.path().join("begun"), folder.path().join("go_on"));
    let input = format!(
        "echo ran >> '{}'; while [ ! -e '{}' ]; do sleep 0.1; done; echo done",
        begun.display(),
        go_on.display()
    );
    let ask = json!({"connection_name": "bash", "input": input, "idempotency_key": "once"});
    let call = |client: &Client| {
        let (client, ask) = (client.clone(), ask.clone());
        tokio::spawn(async move { client.call("exec", ask).await.unwrap() })
    };
    let first = call(&pair.here);
    until("the run does not begin", || begun.exists()).await;
    let repeat = call(&pair.there);
    // Neither ends before the run does, whichever of them came first.
    std::fs::write(&go_on, "").unwrap();
    let (first, repeat) = (first.await.unwrap(), repeat.await.unwrap());
    assert_eq!(first["output"], "done\n", "{first}");
    assert_eq!(
        (&repeat["session_id"], &repeat["idempotent_replay"]),
        (&first["session_id"], &json!(true)),
        "{repeat}"
    );
    assert_eq!(std::fs::read_to_string(&begun).unwrap(), "ran\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_cancelled_at_the_other_gateway() {
    let pair = Pair::new().await;
    let session = Legacy::begin(&pair.here).await;
    let other = Legacy::begin(&pair.there).await;
    let folder = tempfile::tempdir().unwrap();
    let begun = folder.path().join("begun");
    let input = format!("touch '{}'; sleep 600", begun.display());
    let call = json!({"jsonrpc": "2.0", "id": "the call", "method": "tools/call", "params":
        {"name": "exec", "arguments": {"connection_name": "bash", "input": input}}});
    // The answer is a stream once its head is here, and can be cancelled then.
    let answer = session.send(&pair.here, &call).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    until("the run does not begin", || begun.exists()).await;
    let cancel = |id: &str| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
    for (from, id) in [(&other, "the call"), (&session, "another")] {
        let told = from.send(&pair.there, &cancel(id)).await;
        assert_eq!(told.status(), 202);
    }
    let told = session.send(&pair.there, &cancel("the call")).await;
    assert_eq!(told.status(), 202);
    let text = answer.text().await.unwrap();
    assert!(text.contains("killed"), "{text}");
    let sessions = pair.there.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(sessions["items"][0]["outcome"], "killed", "{sessions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_keeps_its_lease_until_its_last_run_has_ended() {
    let mut pair = Pair::new().await;
    let mut first = pair
        .first
        .neighbour()
        .with(&["--shutdown-seconds", "120"])
        .start();
    let admin = first.client(&pair.here.token);
    hand_off(&admin, "sleep 600").await;
    let lease = "select max(lease_until) from replica";
    crate::gateway::signal(first.pid(), "TERM");
    // The others leave, so that every later lease is the one of the gateway that stops.
    assert!(pair.first.stop() && pair._second.stop());
    let before = first.sql(lease);
    assert!(!before.is_empty(), "it has left");
    let end = Instant::now() + Duration::from_secs(60);
    while first.sql(lease) == before {
        assert!(Instant::now() < end, "its lease is not prolonged");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    crate::gateway::signal(first.pid(), "TERM");
    assert!(first.ends());
    assert_eq!(first.sql("select count(*) from replica"), "0");
}

/// A session of the legacy wire.
struct Legacy {
    http: reqwest::Client,
    id: Option<String>,
}

impl Legacy {
    async fn begin(client: &Client) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut session = Self { http, id: None };
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params":
            {"protocolVersion": "2025-06-18", "capabilities": {},
             "clientInfo": {"name": "probe", "version": "1"}}});
        let answer = session.send(client, &hello).await;
        let id = answer.headers()["mcp-session-id"].to_str().unwrap();
        session.id = Some(id.to_owned());
        session
    }

    async fn send(&self, client: &Client, message: &Value) -> reqwest::Response {
        let mut request = self
            .http
            .post(format!("{}/api/mcp", client.url))
            .bearer_auth(&client.token)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .json(message);
        if let Some(id) = &self.id {
            request = request.header("mcp-session-id", id);
        }
        request.send().await.unwrap()
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
