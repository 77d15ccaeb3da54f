//! Secrets where they do not belong, or in a wrong shape.

use serde_json::{Value, json};

use super::Cage;
use super::canary::none_in;
use crate::gateway::Client;

/// Says every secret where it does not belong, or in a wrong shape.
pub async fn misuse(cage: &Cage, client: &Client) {
    for canary in &cage.canaries {
        let changes = changes(&canary.value, &canary.base64());
        let others = runs_and_users(&canary.value);
        for (name, arguments) in creations(&canary.value, &canary.base64())
            .chain(changes)
            .chain(others)
        {
            let operation = cage.documents.find(name);
            if operation.is_tool {
                cage.call(client, name, &arguments).await;
            } else {
                let (_, body) = operation.by_rest(client, &arguments).await;
                none_in(&cage.canaries, name, body.to_string().as_bytes());
            }
        }
        misuse_of_doors(cage, client, &canary.value).await;
    }
}

type Calls = std::vec::IntoIter<(&'static str, Value)>;

/// The same operation with each of these arguments.
fn all(name: &'static str, arguments: Vec<Value>) -> Calls {
    arguments
        .into_iter()
        .map(|one| (name, one))
        .collect::<Vec<_>>()
        .into_iter()
}

fn creations(secret: &str, base64: &str) -> Calls {
    let new = |secrets: Value| json!({"name": "x_y", "type": "database", "subtype": "postgres", "secrets": secrets});
    let reference = format!("_vaultkv1:{secret}");
    all(
        "connections_create",
        vec![
            new(json!({"envvar:PASS": secret})),
            new(json!({"envvar:PASS": {"value": secret}})),
            new(json!({"envvar:PASS": [base64]})),
            new(json!({"envvar:PASS": base64})),
            new(json!({"envvar:PASS": reference})),
            new(json!(secret)),
        ],
    )
}

fn changes(secret: &str, base64: &str) -> Calls {
    let change = |patch: Value| json!({"name": "right", "secrets_patch": patch});
    let mut stale = change(json!({"envvar:PASS": base64}));
    stale["version"] = json!(999);
    all(
        "connections_update",
        vec![
            json!({"name": "right", "secrets": {"envvar:PASS": secret}}),
            change(json!({"envvar:PASS": secret})),
            change(json!({"envvar:PASS": [secret]})),
            change(json!({"envvar:PASS": base64, "envvar:HOST": null})),
            stale,
        ],
    )
}

fn runs_and_users(secret: &str) -> impl Iterator<Item = (&'static str, Value)> {
    let run = |name: &str, given: Value| json!({"connection_name": name, "input": "true", "env_vars": given});
    let runs = vec![
        run("process", json!({"envvar:GIVEN": secret})),
        run("process", json!({"GIVEN": {"is": secret}})),
        run("process", json!({"OTHER": secret})),
        run("process", json!({"TOKEN": secret})),
        run("right", json!({"GIVEN": secret})),
        run("process", json!(secret)),
    ];
    let made = vec![
        json!({"email": "kim@example.com", "password": secret}),
        json!({"email": "no", "password": secret}),
        json!({"email": "new@example.com", "password": [secret]}),
    ];
    let changed = vec![
        json!({"email": "nobody@example.com", "password": secret}),
        json!({"email": "kim@example.com", "version": 999, "password": secret}),
    ];
    let read = vec![json!({"id": "x", "cursor": secret})];
    all("exec", runs)
        .chain(all("users_create", made))
        .chain(all("users_update", changed))
        .chain(all("sessions_get_content", read))
}

/// Requests that never become a call.
async fn misuse_of_doors(cage: &Cage, client: &Client, secret: &str) {
    let quoted = json!(secret);
    for body in [
        json!({"email": "kim@example.com", "password": secret}).to_string(),
        json!({"email": "nobody@example.com", "password": secret}).to_string(),
        json!({"email": "kim@example.com", "password": [secret]}).to_string(),
        format!(
            "{{\"email\": \"kim@example.com\", \"password\": {quoted}, \"password\": {quoted}}}"
        ),
        format!("{{\"email\": \"kim@example.com\", \"password\": {quoted}"),
        format!("{{\"email\": \"kim@example.com\", \"password\": {secret}}}"),
        quoted.to_string(),
    ] {
        cage.raw(client, "/api/login", "", body.clone()).await;
        cage.raw(client, "/api/users", &client.token, body).await;
    }
    cage.raw(
        client,
        "/api/login/refresh",
        "",
        json!({"refresh_token": secret}).to_string(),
    )
    .await;
    // A header holds visible ASCII only.
    let token: String = secret.chars().filter(char::is_ascii_graphic).collect();
    for token in [
        token.clone(),
        format!("dgk_{token}"),
        format!("dgt_{token}"),
    ] {
        cage.raw(client, "/api/exec", &token, "{}".to_owned()).await;
        cage.raw(client, "/api/mcp", &token, "{}".to_owned()).await;
    }
    let call = |arguments: String| {
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"connections_create\",\"arguments\":{arguments}}}}}"
        )
    };
    for arguments in [
        format!("[{quoted}]"),
        quoted.to_string(),
        format!("{{\"secrets\":{{\"envvar:PASS\":{quoted}}}"),
        secret.to_owned(),
    ] {
        cage.raw(client, "/api/mcp", &client.token, call(arguments))
            .await;
    }
}
