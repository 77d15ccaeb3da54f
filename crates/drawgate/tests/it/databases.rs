//! `exec` and the schema tools on real databases and processes.

mod cut;
mod mariadb;
mod postgres;
mod probes;
mod process;
mod schema;
mod sqlite;

use serde_json::Value;

use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::targets::recorded;

/// A gateway of each store and its administrator.
fn gateways() -> impl Iterator<Item = (Engine, Gateway, Client)> {
    ENGINES.into_iter().map(|engine| {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        (engine, gateway, admin)
    })
}

/// Runs text and checks the whole output, answered and recorded.
async fn says(client: &Client, connection: &str, input: &str, output: &str) -> Value {
    let answer = client.exec(connection, input).await;
    assert_eq!(answer["status"], "completed", "{input}: {answer}");
    assert_eq!(answer["output"].as_str(), Some(output), "{input}");
    assert_eq!(answer["output_status"], "success");
    assert_eq!(answer["exit_code"], 0);
    assert_eq!(answer["truncated"], false);
    assert_eq!(answer["output_bytes"], output.len());
    assert_eq!(answer["has_review"], false);
    assert!(answer.get("next_cursor").is_none() && answer.get("failure").is_none());
    assert_eq!(recorded(client, &answer).await, output, "{input}");
    answer
}

/// Runs text that the target refuses and checks the whole output.
async fn fails(client: &Client, connection: &str, input: &str, output: &str) -> Value {
    let answer = client.exec(connection, input).await;
    assert_eq!(answer["status"], "failed", "{input}: {answer}");
    assert_eq!(answer["output"].as_str(), Some(output), "{input}");
    assert_eq!(answer["output_status"], "failed");
    assert_eq!(answer["exit_code"], 1, "{answer}");
    assert_eq!(recorded(client, &answer).await, output, "{input}");
    answer
}
