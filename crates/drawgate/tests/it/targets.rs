//! Connections to fresh databases of real servers, and what is asked of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::servers::{Database, MariaDb, Postgres};

use crate::gateway::Client;

/// A database of a shared server that a connection leads to.
pub struct Place<S> {
    pub server: Arc<S>,
    pub database: Database,
}

impl Place<Postgres> {
    /// Makes the connection `name` to a fresh PostgreSQL database.
    pub async fn postgres(client: &Client, name: &str) -> Self {
        let server = Postgres::shared();
        let database = server.database();
        connect_to(client, name, "postgres", &database).await;
        Self { server, database }
    }

    /// Runs a script as superuser.
    pub fn sql(&self, script: &str) -> String {
        self.server
            .psql(&self.database.name, script)
            .trim_end()
            .to_owned()
    }
}

impl Place<MariaDb> {
    /// Makes the connection `name` to a fresh MariaDB database.
    pub async fn mariadb(client: &Client, name: &str) -> Self {
        let server = MariaDb::shared();
        let database = server.database();
        connect_to(client, name, "mysql", &database).await;
        Self { server, database }
    }
}

/// Makes the connection `name` to a database.
pub async fn connect_to(client: &Client, name: &str, subtype: &str, database: &Database) -> Value {
    let port = database.port.to_string();
    let variables = [
        ("HOST", database.host.as_str()),
        ("PORT", &port),
        ("USER", &database.user),
        ("PASS", &database.password),
        ("DB", &database.name),
    ];
    client.connect(name, "database", subtype, &variables).await
}

/// Makes the connection `name` to an empty SQLite file.
pub async fn connect_sqlite(client: &Client, name: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    client
        .connect(name, "database", "sqlite", &[("PATH", path)])
        .await;
    file
}

/// Runs text on a connection with further arguments and expects an envelope.
pub async fn exec_with(client: &Client, connection: &str, input: &str, more: Value) -> Value {
    let mut arguments = json!({"connection_name": connection, "input": input});
    let fields = arguments.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    client.call("exec", arguments).await.unwrap()
}

/// Checks that the session of an envelope is on record as the envelope says,
/// and gives back its recorded output, read to the very end.
pub async fn recorded(client: &Client, envelope: &Value) -> String {
    let id = &envelope["session_id"];
    let session = client
        .call("sessions_get", json!({"id": id}))
        .await
        .unwrap();
    assert_eq!(session["status"], "done", "{session}");
    let succeeded = envelope["status"] == "completed";
    assert_eq!(session["outcome"] == "success", succeeded, "{session}");
    assert_eq!(session["exit_code"], envelope["exit_code"], "{session}");
    assert_eq!(session["failure"], envelope["failure"], "{session}");
    assert!(session["ended_at"].is_string(), "{session}");
    read_to_end(client, id, None).await
}

/// Reads the output of a session from a cursor to its end.
pub async fn read_to_end(client: &Client, id: &Value, mut cursor: Option<Value>) -> String {
    let mut output = String::new();
    loop {
        let mut arguments =
            json!({"id": id, "include_input": false, "max_output_bytes": 1_048_576});
        if let Some(cursor) = &cursor {
            arguments["cursor"] = cursor.clone();
        }
        let page = client
            .call("sessions_get_content", arguments)
            .await
            .unwrap();
        output.push_str(page["output"].as_str().unwrap());
        cursor = page.get("next_cursor").cloned();
        assert_eq!(page["final"] == true, cursor.is_none(), "{page}");
        if cursor.is_none() {
            return output;
        }
    }
}

/// Waits until every session is done, and panics after `limit`.
pub async fn no_session_stays_open(client: &Client, limit: Duration) {
    let end = Instant::now() + limit;
    loop {
        let ask = json!({"status": "open"});
        let open = client.call("sessions_list", ask).await.unwrap();
        if open["total"] == 0 {
            return;
        }
        assert!(Instant::now() < end, "a session stays open: {open}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
