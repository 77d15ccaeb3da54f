//! A gateway that is killed in the middle of everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::servers::{Database, Postgres};

use crate::gateway::{Client, Engine, Gateway, Setup};
use crate::targets::connect_to;

/// Execs of one round, over as many credentials as their limits demand.
const EXECS: usize = 1000;
const CREDENTIALS: usize = 20;

/// A target with a row for every run that reached it.
struct Target {
    server: Postgres,
    database: Database,
}

impl Target {
    async fn new(admin: &Client) -> Self {
        let server = Postgres::start();
        let database = server.database();
        connect_to(admin, "pgsql", "postgres", &database).await;
        admin
            .exec("pgsql", "create table marks (mark text primary key)")
            .await;
        Self { server, database }
    }

    fn marks(&self) -> BTreeSet<String> {
        let rows = self
            .server
            .psql(&self.database.name, "select mark from marks");
        rows.lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_on_sqlite() {
    rounds(Engine::Sqlite, &[1, 150, 400, 700, 950]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_on_postgres() {
    rounds(Engine::Postgres, &[1, 300, 600]).await;
}

/// Kills the gateway once it has answered so many execs, again and again.
async fn rounds(engine: Engine, moments: &[usize]) {
    let mut gateway = Setup::new(engine).start();
    let target = Target::new(&gateway.admin()).await;
    let tokens = credentials(&gateway.admin()).await;
    let mut interrupted = 0;
    for (round, moment) in moments.iter().enumerate() {
        let answered = kill_in_the_middle(&mut gateway, &tokens, round, *moment).await;
        assert!(
            answered.len() >= *moment && answered.len() < EXECS,
            "{} answers",
            answered.len()
        );
        gateway.start_again();
        let killed = Instant::now();
        let sessions = closed_sessions(&gateway.admin(), killed).await;
        check_answers(&gateway.admin(), &answered, &sessions).await;
        interrupted += check_sessions(&sessions, &answered, &target.marks(), round);
        gateway.kill();
        gateway.start_again();
        let again = all_sessions(&gateway.admin()).await;
        assert!(again == sessions, "a second restart changed the record");
    }
    assert!(interrupted > 0, "no kill met a run");
}

async fn credentials(admin: &Client) -> Vec<String> {
    let mut tokens = Vec::new();
    for at in 0..CREDENTIALS {
        let ask = json!({"name": format!("worker-{at}"), "groups": ["admin"]});
        let (status, key) = admin.rest("POST", "/api/keys", Some(ask)).await;
        assert_eq!(status, 201, "{key}");
        tokens.push(key["token"].as_str().unwrap().to_owned());
    }
    tokens
}

/// Sends all execs at once, kills the gateway after `moment` answers, and
/// returns every envelope that came, by its mark.
async fn kill_in_the_middle(
    gateway: &mut Gateway,
    tokens: &[String],
    round: usize,
    moment: usize,
) -> BTreeMap<String, Value> {
    let clients: Vec<Client> = tokens.iter().map(|token| gateway.client(token)).collect();
    let answers = Arc::new(parking_lot::Mutex::new(BTreeMap::new()));
    let calls: Vec<_> = (0..EXECS)
        .map(|at| {
            let (client, answers) = (clients[at % CREDENTIALS].clone(), Arc::clone(&answers));
            let mark = format!("{round}-{at}");
            let pause = (at % 7) as f64 / 1000.0;
            let ask = json!({
                "connection_name": "pgsql",
                "input": format!("select pg_sleep({pause}); insert into marks values ('{mark}')"),
                "metadata": {"mark": mark},
            });
            tokio::spawn(async move {
                // An error says that nothing was answered; it promises nothing.
                if let Ok(Ok(envelope)) = client.try_call("exec", ask).await {
                    answers.lock().insert(mark, envelope);
                }
            })
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(60);
    while answers.lock().len() < moment {
        assert!(
            Instant::now() < end,
            "only {} answers",
            answers.lock().len()
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    gateway.kill();
    for call in calls {
        call.await.unwrap();
    }
    std::mem::take(&mut answers.lock())
}

/// Every session by its id, once none is open any more.
async fn closed_sessions(admin: &Client, killed: Instant) -> BTreeMap<String, Value> {
    loop {
        let sessions = all_sessions(admin).await;
        let open = sessions
            .values()
            .filter(|session| session["status"] != "done")
            .count();
        if open == 0 {
            return sessions;
        }
        assert!(
            killed.elapsed() < Duration::from_secs(60),
            "{open} sessions stay open"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn all_sessions(admin: &Client) -> BTreeMap<String, Value> {
    let mut sessions = BTreeMap::new();
    let mut ask = json!({"limit": 100});
    loop {
        let page = admin.call("sessions_list", ask.clone()).await.unwrap();
        for session in page["items"].as_array().unwrap() {
            sessions.insert(session["id"].as_str().unwrap().to_owned(), session.clone());
        }
        match page.get("next_cursor") {
            Some(cursor) => ask["cursor"] = cursor.clone(),
            None => return sessions,
        }
    }
}

/// What was answered is on record as it was answered, to the last byte.
async fn check_answers(
    admin: &Client,
    answered: &BTreeMap<String, Value>,
    sessions: &BTreeMap<String, Value>,
) {
    for (mark, envelope) in answered {
        let id = envelope["session_id"].as_str().unwrap();
        let session = sessions
            .get(id)
            .unwrap_or_else(|| panic!("{mark}: {id} was answered and is gone"));
        // A busy target may be given up; the record then says the same.
        let outcome = match envelope["status"].as_str() {
            Some("completed") => "success",
            _ => "failed",
        };
        assert_eq!(session["outcome"], outcome, "{mark}: {session}");
        assert_eq!(session["exit_code"], envelope["exit_code"], "{mark}");
        assert_eq!(session["metadata"]["mark"], mark.as_str());
        let content = admin
            .call("sessions_get_content", json!({"id": id}))
            .await
            .unwrap();
        assert_eq!(
            (&content["output"], &content["final"]),
            (&said(envelope), &json!(true)),
            "{mark}"
        );
        assert!(
            content["input"]
                .as_str()
                .unwrap()
                .contains(&format!("'{mark}'"))
        );
    }
}

/// What the target said; the output of a run that never reached it is the gateway's.
fn said(envelope: &Value) -> Value {
    match envelope["exit_code"].as_i64() {
        Some(-2) => json!(""),
        _ => envelope["output"].clone(),
    }
}

/// Every session ended honestly, and the target holds nothing without a session.
/// Returns how many of this round were interrupted.
fn check_sessions(
    sessions: &BTreeMap<String, Value>,
    answered: &BTreeMap<String, Value>,
    marks: &BTreeSet<String>,
    round: usize,
) -> usize {
    let mut known = BTreeSet::new();
    let mut interrupted = 0;
    for session in sessions.values() {
        let Some(mark) = session["metadata"]["mark"].as_str() else {
            continue;
        };
        known.insert(mark.to_owned());
        assert!(session["ended_at"].is_string(), "{session}");
        match session["outcome"].as_str().unwrap() {
            "success" => assert!(
                marks.contains(mark),
                "{mark} succeeded and left nothing at the target"
            ),
            "interrupted" => {
                interrupted += usize::from(
                    !answered.contains_key(mark) && mark.starts_with(&format!("{round}-")),
                )
            }
            "failed" => assert_eq!(session["exit_code"], -2, "{session}"),
            other => panic!("{mark} ended as {other}: {session}"),
        }
    }
    for mark in marks {
        assert!(
            known.contains(mark),
            "{mark} reached the target without a session"
        );
    }
    interrupted
}
