//! Secrets go in and never come out: not in answers, logs, figures, files or
//! the lists of processes.

pub mod canary;
mod misuse;
mod processes;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::servers::{Database, Postgres};

use crate::gateway::{Client, Engine, Gateway, Setup, drawgate};
use crate::roles::calls::{CALLS, World};
use crate::roles::documents::Documents;
use canary::{Canary, none_in, none_in_files};

/// Everything that must stay inside.
struct Cage {
    canaries: Vec<Canary>,
    documents: Documents,
    http: reqwest::Client,
}

impl Cage {
    /// Puts a fresh secret in.
    fn add(&mut self, canary: Canary) -> Canary {
        self.canaries.push(canary.clone());
        canary
    }

    /// Calls through both doors and looks at both answers.
    async fn call(&self, client: &Client, operation: &str, arguments: &Value) {
        let operation = self.documents.find(operation);
        let answer = operation.by_mcp(client, arguments).await;
        none_in(
            &self.canaries,
            &operation.name,
            format!("{answer:?}").as_bytes(),
        );
        let (status, body) = operation.by_rest(client, arguments).await;
        none_in(&self.canaries, &operation.name, body.to_string().as_bytes());
        assert_ne!(status, 500, "{} {arguments}: {body}", operation.name);
    }

    /// Sends what is no good request, and looks at the answer.
    async fn raw(&self, client: &Client, path: &str, token: &str, body: String) {
        let request = self
            .http
            .post(format!("{}{path}", client.url))
            .header("content-type", "application/json");
        let response = request.bearer_auth(token).body(body).send().await.unwrap();
        let said = format!(
            "{:?} {}",
            response.headers().clone(),
            response.text().await.unwrap()
        );
        none_in(&self.canaries, path, said.as_bytes());
    }
}

/// A login role of the shared server with a secret password, and its database.
fn target(server: &Postgres, password: &Canary, role: &str) -> Database {
    let d = server.database();
    let quoted = password.value.replace('\'', "''");
    server.psql(
        &d.name,
        &format!(
            "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{quoted}'"
        ),
    );
    Database {
        user: role.to_owned(),
        ..d
    }
}

fn variables(d: &Database, password: &str) -> Value {
    let port = d.port.to_string();
    let encode =
        |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    json!({"envvar:HOST": encode(&d.host), "envvar:PORT": encode(&port), "envvar:USER": encode(&d.user),
        "envvar:PASS": encode(password), "envvar:DB": encode(&d.name)})
}

async fn connect(client: &Client, name: &str, secrets: Value) {
    let arguments =
        json!({"name": name, "type": "database", "subtype": "postgres", "secrets": secrets});
    client.call("connections_create", arguments).await.unwrap();
}

/// Connections whose secrets are right, wrong, of no use, or for a process.
async fn connections(cage: &mut Cage, admin: &Client, server: &Postgres, role: &str) {
    let right = cage.add(Canary::new("password of a target"));
    let d = target(server, &right, role);
    connect(admin, "right", variables(&d, &right.value)).await;
    let wrong = cage.add(Canary::new("wrong password of a target"));
    connect(admin, "wrong", variables(&d, &wrong.value)).await;
    let away = cage.add(Canary::new("password of a target that is away"));
    let port = testkit::servers::free_port();
    connect(
        admin,
        "away",
        variables(&Database { port, ..d.clone() }, &away.value),
    )
    .await;
    let nowhere = Database {
        host: "no-such-host.invalid".into(),
        ..d.clone()
    };
    connect(admin, "nowhere", variables(&nowhere, &away.value)).await;
    let host = cage.add(Canary::plain("host of a target"));
    let hidden = Database {
        host: format!("{}.invalid", host.value),
        ..d.clone()
    };
    connect(admin, "hidden", variables(&hidden, &away.value)).await;
    let odd = cage.add(Canary::new("secret in the wrong variable"));
    let mut secrets = variables(&d, &away.value);
    secrets["envvar:PORT"] = json!(odd.base64());
    secrets["envvar:SSLMODE"] = json!(odd.base64());
    let odd = json!({"name": "odd", "type": "database", "subtype": "postgres", "secrets": secrets});
    cage.call(admin, "connections_create", &odd).await;
    let (variable, file) = (
        Canary::new("variable of a process"),
        Canary::new("file of a process"),
    );
    let process = json!({
        "name": "process", "type": "custom", "command": ["bash"], "allowed_env_vars": ["GIVEN"],
        "secrets": {"envvar:TOKEN": variable.base64(), "filesystem:KEYFILE": file.base64()},
    });
    admin.call("connections_create", process).await.unwrap();
    cage.add(variable);
    cage.add(file);
}

/// Every operation as it is meant to be called.
async fn use_everything(cage: &Cage, world: &World) {
    for (operation, variant) in CALLS
        .iter()
        .filter(|(operation, _)| *operation != "sign_out")
    {
        let arguments = world.arguments(operation, variant, &world.admin).await;
        let operation = cage.documents.find(operation);
        if operation.is_tool {
            let answer = operation.by_mcp(&world.admin, &arguments).await;
            none_in(
                &cage.canaries,
                &operation.name,
                format!("{answer:?}").as_bytes(),
            );
        }
        let (_, body) = operation.by_rest(&world.admin, &arguments).await;
        none_in(&cage.canaries, &operation.name, body.to_string().as_bytes());
    }
}

/// Every tool that takes a connection, on every connection that holds a secret.
async fn use_connections(cage: &Cage, admin: &Client) {
    for name in [
        "right", "wrong", "away", "nowhere", "hidden", "odd", "process",
    ] {
        for (operation, arguments) in [
            ("connections_get", json!({"name": name})),
            ("connections_list", json!({"name": name})),
            (
                "connections_test",
                json!({"name": name, "timeout_seconds": 5}),
            ),
            (
                "exec",
                json!({"connection_name": name, "input": "select 1 /"}),
            ),
            (
                "exec",
                json!({"connection_name": name, "input": "select 1", "format": "rows"}),
            ),
            (
                "exec",
                json!({"connection_name": name, "input": "true", "database": "not_there"}),
            ),
            ("connection_databases", json!({"connection_name": name})),
            (
                "connection_tables",
                json!({"connection_name": name, "database": "not_there"}),
            ),
            (
                "connection_columns",
                json!({"connection_name": name, "table": "none"}),
            ),
            (
                "connections_update",
                json!({"name": name, "tags": {"a": "b"}}),
            ),
            (
                "connections_update",
                json!({"name": name, "limits": {"timeout_seconds": 20}}),
            ),
            ("sessions_list", json!({"connection": name})),
        ] {
            cage.call(admin, operation, &arguments).await;
        }
    }
    let sessions = admin
        .call("sessions_list", json!({"limit": 100}))
        .await
        .unwrap();
    for session in sessions["items"].as_array().unwrap() {
        for operation in ["sessions_get", "sessions_get_content", "sessions_wait"] {
            cage.call(admin, operation, &json!({"id": session["id"]}))
                .await;
        }
    }
}

/// While a process runs with its secrets, nobody sees them in the lists of
/// processes; its own environment is how it gets them.
async fn watch_a_process(cage: &mut Cage, gateway: &Gateway, admin: &Client) {
    let given = cage.add(Canary::new("variable of a run"));
    let run = json!({"connection_name": "process", "input": "exec sleep 60", "wait_seconds": 0, "env_vars": {"GIVEN": given.value}});
    let session = admin.call("exec", run).await.unwrap()["session_id"].clone();
    let limit = std::time::Instant::now() + Duration::from_secs(10);
    let child = loop {
        let family = processes::family(gateway.pid());
        let sleeps = |pid: &u32| processes::seen(*pid, "cmdline").starts_with(b"sleep\0");
        if let Some(child) = family.into_iter().find(sleeps) {
            break child;
        }
        assert!(
            std::time::Instant::now() < limit,
            "the process did not start"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for pid in processes::family(gateway.pid()) {
        none_in(
            &cage.canaries,
            "a command line",
            &processes::seen(pid, "cmdline"),
        );
        let environment = processes::seen(pid, "environ");
        let own = |canary: &&Canary| {
            pid == child && ["variable of a process", "variable of a run"].contains(&canary.name)
        };
        for canary in &cage.canaries {
            assert_eq!(
                own(&canary),
                canary.is_in(&environment),
                "{} in the environment of {pid}",
                canary.name
            );
        }
    }
    let content = json!({"id": session});
    cage.call(admin, "sessions_get", &content).await;
    cage.call(admin, "sessions_kill", &content).await;
    cage.call(admin, "sessions_get_content", &content).await;
}

/// A user, a key and a login, whose secrets the gateway knows as hashes only.
async fn identities(cage: &mut Cage, admin: &Client) {
    let password = cage.add(Canary::new("password of a user"));
    let body = json!({"email": "kim@example.com", "password": password.value});
    let (status, user) = admin.rest("POST", "/api/users", Some(body.clone())).await;
    assert_eq!(status, 201, "{user}");
    none_in(&cage.canaries, "users_create", user.to_string().as_bytes());
    let (_, key) = admin
        .rest(
            "POST",
            "/api/keys",
            Some(json!({"name": "kims", "user": "kim@example.com"})),
        )
        .await;
    let (_, login) = Client::new(&admin.url, "")
        .rest("POST", "/api/login", Some(body))
        .await;
    for (name, token) in [
        ("an API key", &key["token"]),
        ("a login token", &login["token"]),
        ("a refresh token", &login["refresh_token"]),
    ] {
        cage.add(Canary::given(name, token.as_str().unwrap()));
    }
    let kim = Client::new(&admin.url, key["token"].as_str().unwrap());
    cage.call(&kim, "me_get", &json!({})).await;
    cage.add(Canary::given("the first administrator's key", &admin.token));
}

/// The one way out: an administrator asks for it, and gets what was given.
async fn the_way_out(cage: &Cage, admin: &Client) {
    let shown = admin
        .call(
            "connections_get",
            json!({"name": "process", "include_secrets": true}),
        )
        .await
        .unwrap();
    for (key, name) in [
        ("envvar:TOKEN", "variable of a process"),
        ("filesystem:KEYFILE", "file of a process"),
    ] {
        let canary = cage
            .canaries
            .iter()
            .find(|canary| canary.name == name)
            .unwrap();
        assert_eq!(shown["secrets"][key], canary.base64());
        assert!(
            canary.is_in(shown.to_string().as_bytes()),
            "the search finds what is there"
        );
    }
}

async fn play(cage: &mut Cage, gateway: Gateway, server: &Arc<Postgres>, role: &str) -> World {
    let admin = gateway.admin();
    connections(cage, &admin, server, role).await;
    identities(cage, &admin).await;
    watch_a_process(cage, &gateway, &admin).await;
    let ran = admin
        .exec(
            "process",
            "test -n \"$TOKEN\" && echo set; echo $((${#TOKEN} > 20))",
        )
        .await;
    assert_eq!(ran["output"], "set\n1\n", "{ran}");
    let world = World::new(gateway).await;
    use_everything(cage, &world).await;
    use_connections(cage, &world.admin).await;
    misuse::misuse(cage, &world.admin).await;
    let works = world.admin.exec("right", "select 1 as one").await;
    assert_eq!(works["status"], "completed", "{works}");
    the_way_out(cage, &world.admin).await;
    let (_, figures) = Client::new(&world.admin.url, "")
        .rest("GET", "/metrics", None)
        .await;
    none_in(
        &cage.canaries,
        "/metrics",
        figures.as_str().unwrap().as_bytes(),
    );
    world
}

fn cage() -> Cage {
    Cage {
        canaries: Vec::new(),
        documents: Documents::generate(),
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_of_a_gateway_with_its_own_database() {
    let server = Postgres::shared();
    let mut cage = cage();
    let gateway = Setup::new(Engine::Sqlite).with(&["--log", "trace"]).start();
    let mut world = play(&mut cage, gateway, &server, "canary_lite").await;
    assert!(none_in_files(&cage.canaries, &world.gateway.data) > 2);
    assert!(world.gateway.stop());
    none_in(
        &cage.canaries,
        "the log",
        world.gateway.said.lock().as_bytes(),
    );
    assert!(none_in_files(&cage.canaries, &world.gateway.data) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_of_a_gateway_on_postgres() {
    let server = Postgres::shared();
    let mut cage = cage();
    let password = cage.add(Canary::plain("password of the store"));
    let d = target(&server, &password, "canary_store");
    let setup = Setup::new(Engine::Sqlite).with(&["--log", "trace"]);
    let config = setup.folder().join("drawgate.toml");
    let url = format!(
        "postgres://{}:{}@{}:{}/{}",
        d.user, password.value, d.host, d.port, d.name
    );
    std::fs::write(&config, format!("store = \"{url}\"\n")).unwrap();
    let mut world = play(
        &mut cage,
        setup.with(&["--config", config.to_str().unwrap()]).start(),
        &server,
        "canary_pg",
    )
    .await;
    let dump = std::process::Command::new("pg_dump")
        .args([
            "-h",
            &d.host,
            "-p",
            &d.port.to_string(),
            "-U",
            &d.user,
            &d.name,
        ])
        .env("PGPASSWORD", &password.value)
        .output()
        .unwrap();
    assert!(
        dump.status.success(),
        "{}",
        String::from_utf8_lossy(&dump.stderr)
    );
    assert!(String::from_utf8_lossy(&dump.stdout).contains("team_pg"));
    for canary in &cage.canaries {
        assert!(
            !canary.is_in(&dump.stdout),
            "{} in the database",
            canary.name
        );
    }
    assert!(world.gateway.stop());
    none_in(
        &cage.canaries,
        "the log",
        world.gateway.said.lock().as_bytes(),
    );
    none_in_files(&cage.canaries, &world.gateway.data);
}

#[test]
fn a_store_that_refuses_its_password_is_told_without_it() {
    let server = Postgres::shared();
    let d = server.database();
    let password = Canary::plain("wrong password of the store");
    let folder = tempfile::tempdir().unwrap();
    for (user, port) in [
        (&*d.user, d.port),
        ("nobody", d.port),
        (&d.user, testkit::servers::free_port()),
    ] {
        let output = drawgate()
            .args([
                "start",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "trace",
                "--data-dir",
            ])
            .arg(folder.path().join("data"))
            .env(
                "DRAWGATE_STORE",
                format!(
                    "postgres://{user}:{}@{}:{port}/{}",
                    password.value, d.host, d.name
                ),
            )
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success());
        none_in([&password], "the log", &output.stderr);
        none_in([&password], "the output", &output.stdout);
    }
}
