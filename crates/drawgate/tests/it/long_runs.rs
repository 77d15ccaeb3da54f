//! Runs that take their time: hand-off, waiting, killing, limits, repeats.

mod crowd;
mod elsewhere;
mod ended;
mod outcomes;
mod repeats;
mod watched;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::gateway::{Client, Gateway};
use crate::targets::{Place, connect_sqlite, exec_with};
use testkit::servers::{MariaDb, Postgres};

/// A gateway with a connection to each kind of target: `pg`, `maria`, `lite`, `bash`.
struct Scene {
    _gateway: Gateway,
    admin: Client,
    postgres: Place<Postgres>,
    mariadb: Place<MariaDb>,
    _file: tempfile::NamedTempFile,
}

impl Scene {
    async fn new(gateway: Gateway) -> Self {
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        Self {
            postgres: Place::postgres(&admin, "pgsql").await,
            mariadb: Place::mariadb(&admin, "maria").await,
            _file: connect_sqlite(&admin, "lite").await,
            _gateway: gateway,
            admin,
        }
    }

    /// Changes the limits of a connection.
    async fn limit(&self, connection: &str, limits: Value) {
        let change = json!({"name": connection, "limits": limits});
        self.admin.call("connections_update", change).await.unwrap();
    }

    /// Statements that PostgreSQL and MariaDB work on, with a marker in them.
    fn working(&self, marker: &str) -> usize {
        let postgres = self.postgres.sql(&format!(
            "select count(*) from pg_stat_activity where state = 'active' and query like '%{marker}%' and pid <> pg_backend_pid()"
        ));
        let mariadb = self.mariadb.server.mariadb(&format!(
            "select count(*) from information_schema.processlist where info like '%{marker}%' and id <> connection_id()"
        ));
        postgres.parse::<usize>().unwrap() + mariadb.trim().parse::<usize>().unwrap()
    }
}

/// An endless run of each target, with a marker in its text.
fn endless(marker: &str) -> [(&'static str, String); 4] {
    [
        ("pgsql", format!("select pg_sleep(600) as {marker}")),
        ("maria", format!("select sleep(600) as {marker}")),
        (
            "lite",
            format!(
                "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) as {marker} from c"
            ),
        ),
        (
            "bash",
            format!("(exec -a {marker} sleep 600) & exec -a {marker} sleep 600"),
        ),
    ]
}

/// Processes whose command line holds a marker.
fn processes(marker: &str) -> usize {
    let has = |entry: std::fs::DirEntry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).starts_with(marker)
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().join("cmdline").exists())
        .map(has)
        .filter(|has| *has)
        .count()
}

/// Waits until a condition holds, and panics after `limit`.
async fn eventually(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Starts a run that is handed off at once, and returns its session.
async fn hand_off(client: &Client, connection: &str, input: &str) -> Value {
    let answer = exec_with(client, connection, input, json!({"wait_seconds": 0})).await;
    assert_eq!(answer["status"], "running", "{answer}");
    assert!(
        answer["next_step"]
            .as_str()
            .unwrap()
            .contains("sessions_wait"),
        "{answer}"
    );
    assert!(
        answer.get("output").is_none() && answer.get("exit_code").is_none(),
        "{answer}"
    );
    answer["session_id"].clone()
}

/// Waits for the end of a session.
async fn wait(client: &Client, id: &Value) -> Value {
    let ask = json!({"id": id, "timeout_seconds": 30, "include_output": true});
    let waited = client.call("sessions_wait", ask).await.unwrap();
    assert_eq!(
        (&waited["status"], &waited["timed_out"]),
        (&json!("done"), &json!(false)),
        "{waited}"
    );
    waited
}
