//! What policy does to runs.

mod backtest;
mod canary;
mod expectations;
mod files;
mod guard_in;
mod guard_out;
mod lineage;
mod masking;
mod preview;
mod rules;

use serde_json::{Value, json};

use crate::gateway::Client;

/// Makes a guardrail on connections.
async fn guardrail(admin: &Client, name: &str, connections: &[&str], directions: Value) -> Value {
    let mut new = json!({"name": name, "connection_ids": connections});
    new.as_object_mut()
        .unwrap()
        .extend(directions.as_object().unwrap().clone());
    admin.call("guardrails_create", new).await.unwrap()
}
