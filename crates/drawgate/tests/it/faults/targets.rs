//! Targets that do not answer, refuse, or go away.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::servers::{Database, MariaDb, Postgres, free_port};

use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::targets::{connect_to, recorded};

/// A host that takes connections and never says a word.
fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn place(host: &str, port: u16) -> Database {
    Database {
        host: host.into(),
        port,
        user: "u".into(),
        password: "hunter2hunter2".into(),
        name: "d".into(),
    }
}

/// Runs something on a target that is never reached, and checks what is told.
async fn unreached(admin: &Client, name: &str, patience: Duration) {
    let begun = Instant::now();
    let answer = admin.exec(name, "select 1").await;
    assert!(begun.elapsed() < patience, "{name}: {:?}", begun.elapsed());
    assert_eq!(
        (&answer["status"], &answer["exit_code"]),
        (&json!("failed"), &json!(-2)),
        "{name}: {answer}"
    );
    let code = &answer["failure"]["code"];
    assert!(
        code == "unavailable" || code == "timeout",
        "{name}: {answer}"
    );
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
    recorded(admin, &answer).await;
    let begun = Instant::now();
    let told = admin
        .call(
            "connections_test",
            json!({"name": name, "timeout_seconds": 2}),
        )
        .await
        .unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{name}: {:?}",
        begun.elapsed()
    );
    assert_eq!(told["ok"], false, "{told}");
    assert!(!told.to_string().contains("hunter2"), "{told}");
}

#[tokio::test]
async fn a_target_that_is_not_reached_is_told_in_time() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        admin.connect_bash("bash").await;
        let (listener, port) = silent();
        for subtype in ["postgres", "mysql"] {
            let named = |what: &str| format!("{subtype}-{what}");
            connect_to(&admin, &named("silent"), subtype, &place("127.0.0.1", port)).await;
            connect_to(
                &admin,
                &named("closed"),
                subtype,
                &place("127.0.0.1", free_port()),
            )
            .await;
            connect_to(
                &admin,
                &named("unknown"),
                subtype,
                &place("nowhere.invalid", port),
            )
            .await;
        }
        // Runs that hang do not hold up others.
        let hanging: Vec<_> = (0..40)
            .map(|at| {
                let admin = admin.clone();
                let name = if at % 2 == 0 {
                    "postgres-silent"
                } else {
                    "mysql-silent"
                };
                tokio::spawn(async move { admin.exec(name, "select 1").await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let begun = Instant::now();
        assert_eq!(admin.exec("bash", "echo here").await["output"], "here\n");
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{:?}",
            begun.elapsed()
        );
        for subtype in ["postgres", "mysql"] {
            unreached(&admin, &format!("{subtype}-closed"), Duration::from_secs(3)).await;
            unreached(
                &admin,
                &format!("{subtype}-unknown"),
                Duration::from_secs(8),
            )
            .await;
            unreached(
                &admin,
                &format!("{subtype}-silent"),
                Duration::from_secs(25),
            )
            .await;
        }
        for answer in hanging {
            let answer = tokio::time::timeout(Duration::from_secs(20), answer)
                .await
                .expect("a run hangs for ever")
                .unwrap();
            assert_eq!(
                (&answer["status"], &answer["exit_code"]),
                (&json!("failed"), &json!(-2)),
                "{answer}"
            );
        }
        drop(listener);
    }
}

#[tokio::test]
async fn a_run_that_waits_for_a_silent_host_can_be_killed() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let (_listener, port) = silent();
    for subtype in ["postgres", "mysql"] {
        connect_to(&admin, subtype, subtype, &place("127.0.0.1", port)).await;
        let ask = json!({"connection_name": subtype, "input": "select 1", "wait_seconds": 0});
        let running = admin.call("exec", ask).await.unwrap();
        assert_eq!(running["status"], "running", "{running}");
        let begun = Instant::now();
        let killed = admin
            .call(
                "sessions_kill",
                json!({"id": running["session_id"], "reason": "no answer"}),
            )
            .await
            .unwrap();
        assert_eq!(
            (&killed["killed"], &killed["outcome"]),
            (&json!(true), &json!("killed")),
            "{subtype}: {killed}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{subtype}: {:?}",
            begun.elapsed()
        );
        let session = json!({"id": running["session_id"]});
        let session = admin.call("sessions_get", session).await.unwrap();
        let failure = session["failure"]["message"].as_str().unwrap();
        assert!(failure.ends_with(": no answer"), "{session}");
    }
}

#[tokio::test]
async fn a_target_that_was_restarted_is_used_again() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let mut postgres = Postgres::start();
    connect_to(&admin, "pgsql", "postgres", &postgres.database()).await;
    let mut mariadb = MariaDb::start();
    connect_to(&admin, "maria", "mysql", &mariadb.database()).await;
    for round in 0..2 {
        for name in ["pgsql", "maria"] {
            let filled: Vec<_> = (0..8)
                .map(|_| {
                    let (admin, name) = (admin.clone(), name.to_owned());
                    tokio::spawn(async move { admin.exec(&name, "select 1 as one").await })
                })
                .collect();
            for answer in filled {
                assert_eq!(answer.await.unwrap()["status"], "completed");
            }
        }
        let cut: Vec<_> = [
            ("pgsql", "select pg_sleep(60)"),
            ("maria", "select sleep(60)"),
        ]
        .map(|(name, input)| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.exec(name, input).await })
        })
        .into();
        tokio::time::sleep(Duration::from_millis(500)).await;
        (postgres, mariadb) = tokio::task::spawn_blocking(move || {
            postgres.stop();
            mariadb.stop();
            (postgres, mariadb)
        })
        .await
        .unwrap();
        for run in cut {
            let answer = tokio::time::timeout(Duration::from_secs(10), run)
                .await
                .expect("a run outlives its target")
                .unwrap();
            assert_eq!(answer["status"], "failed", "{answer}");
            assert_ne!(answer["exit_code"], 0, "{answer}");
        }
        for name in ["pgsql", "maria"] {
            let answer = admin.exec(name, "select 1 as one").await;
            assert_eq!(
                (&answer["status"], &answer["exit_code"]),
                (&json!("failed"), &json!(-2)),
                "{answer}"
            );
        }
        (postgres, mariadb) = tokio::task::spawn_blocking(move || {
            postgres.start_again();
            mariadb.start_again();
            (postgres, mariadb)
        })
        .await
        .unwrap();
        for name in ["pgsql", "maria"] {
            for _ in 0..12 {
                let answer = admin.exec(name, "select 1 as one").await;
                assert_eq!(
                    answer["output"], "one\n1\n(1 row)\n",
                    "{name} after restart {round}: {answer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn sessions_that_died_between_runs_are_noticed() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let mut postgres = Postgres::start();
    connect_to(&admin, "pgsql", "postgres", &postgres.database()).await;
    let mut mariadb = MariaDb::start();
    connect_to(&admin, "maria", "mysql", &mariadb.database()).await;
    for name in ["pgsql", "maria"] {
        assert_eq!(admin.exec(name, "select 1").await["status"], "completed");
    }
    let servers = tokio::task::spawn_blocking(move || {
        postgres.stop();
        mariadb.stop();
        postgres.start_again();
        mariadb.start_again();
        (postgres, mariadb)
    });
    let _servers = servers.await.unwrap();
    for name in ["pgsql", "maria"] {
        let answer = admin.exec(name, "select 1 as one").await;
        assert_eq!(answer["output"], "one\n1\n(1 row)\n", "{name}: {answer}");
    }
}
