//! `connections_test`: how far a login comes.

use serde_json::{Value, json};
use testkit::servers::{MariaDb, Postgres, free_port};

use crate::gateway::{Client, Engine, Gateway};
use crate::targets::connect_sqlite;

async fn probe(client: &Client, name: &str) -> Value {
    client
        .call(
            "connections_test",
            json!({"name": name, "timeout_seconds": 5}),
        )
        .await
        .unwrap()
}

#[tokio::test]
async fn a_test_tells_how_far_a_login_comes() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let (postgres, mariadb) = (Postgres::shared(), MariaDb::shared());
    for (subtype, database) in [
        ("postgres", postgres.database()),
        ("mysql", mariadb.database()),
    ] {
        let (open, closed) = (database.port.to_string(), free_port().to_string());
        let place = |name: &str| format!("{subtype}-{name}");
        for (name, host, port, password, stage) in [
            (
                "good",
                "127.0.0.1",
                &open,
                database.password.as_str(),
                "ready",
            ),
            ("password", "127.0.0.1", &open, "wrong", "auth"),
            ("closed", "127.0.0.1", &closed, &database.password, "tcp"),
            (
                "unknown",
                "nowhere.invalid",
                &open,
                &database.password,
                "resolve",
            ),
        ] {
            let variables = [
                ("HOST", host),
                ("PORT", port),
                ("USER", &database.user),
                ("PASS", password),
                ("DB", &database.name),
            ];
            admin
                .connect(&place(name), "database", subtype, &variables)
                .await;
            let told = probe(&admin, &place(name)).await;
            assert_eq!(told["stage"], stage, "{told}");
            assert_eq!(told["ok"], stage == "ready", "{told}");
            assert_eq!(told["failure"].is_null(), stage == "ready", "{told}");
            assert_eq!(
                told["server_version"].is_string(),
                stage == "ready",
                "{told}"
            );
            assert!(!told.to_string().contains("wrong"), "{told}");
        }
        let failed = admin.exec(&place("password"), "select 1").await;
        assert_eq!(
            (&failed["status"], &failed["exit_code"]),
            (&json!("failed"), &json!(-2)),
            "{failed}"
        );
        assert_eq!(failed["failure"]["code"], "unavailable");
    }
    let sessions = admin.call("sessions_list", json!({})).await.unwrap();
    assert_eq!(
        sessions["total"], 2,
        "a test runs nothing and leaves no session"
    );
}

#[tokio::test]
async fn files_and_processes_are_tested_too() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let file = connect_sqlite(&admin, "lite").await;
    assert_eq!(probe(&admin, "lite").await["stage"], "ready");
    drop(file);
    let gone = probe(&admin, "lite").await;
    assert_eq!(gone["ok"], false, "{gone}");
    admin.connect_bash("bash").await;
    assert_eq!(probe(&admin, "bash").await["ok"], true);
    let arguments = json!({"name": "none", "type": "custom", "command": ["/nonesuch/program"]});
    admin.call("connections_create", arguments).await.unwrap();
    let none = probe(&admin, "none").await;
    assert_eq!(none["ok"], false, "{none}");
    let failed = admin.exec("none", "x").await;
    assert_eq!(
        (&failed["status"], &failed["exit_code"]),
        (&json!("failed"), &json!(-2)),
        "{failed}"
    );
}
