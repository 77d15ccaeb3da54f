//! What is kept for the next run, and for how long.

use std::time::Duration;

use connect::{Config, Runner};
use model::ConnectionType;
use testkit::servers::{Database, MariaDb, Postgres};

use crate::ending::until;
use crate::recorder::{Ask, run, say, server, spec};

fn variables(database: &Database) -> [(&'static str, String); 5] {
    [
        ("HOST", database.host.clone()),
        ("PORT", database.port.to_string()),
        ("USER", database.user.clone()),
        ("PASS", database.password.clone()),
        ("DB", database.name.clone()),
    ]
}

#[tokio::test]
async fn idle_sessions_are_closed_in_every_database() {
    let runner = Runner::new(Config {
        idle: Duration::from_millis(1),
        ..Config::default()
    });
    let (postgres, mariadb) = (Postgres::shared(), MariaDb::shared());
    let servers = [
        ("postgres", postgres.database(), postgres.database()),
        ("mysql", mariadb.database(), mariadb.database()),
    ];
    for (subtype, first, second) in servers {
        let sessions = || {
            let told = if subtype == "mysql" {
                let asked = "select count(*) from information_schema.processlist where user =";
                mariadb.mariadb(&format!("{asked} '{}'", first.user))
            } else {
                let asked = "select count(*) from pg_stat_activity where datname in";
                postgres.psql(
                    "postgres",
                    &format!("{asked} ('{}', '{}')", first.name, second.name),
                )
            };
            told.trim().parse::<usize>().unwrap()
        };
        if subtype == "mysql" {
            let grant = format!("grant all on {}.* to {}@'%'", second.name, first.user);
            mariadb.mariadb(&grant);
        } else {
            for database in [&first, &second] {
                postgres.psql(&database.name, "create type mood as enum ('sad')");
            }
        }
        let variables = variables(&first);
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let spec = spec(ConnectionType::Database, subtype, &variables);
        let target = runner.target(&spec).unwrap();
        let input = if subtype == "mysql" {
            "select 1"
        } else {
            "select 'sad'::mood"
        };
        for database in [&first, &second] {
            let ask = Ask {
                input,
                database: Some(&database.name),
                ..Ask::default()
            };
            assert_eq!(run(&*target, ask).await.1.unwrap().exit_code, 0);
        }
        assert!(sessions() > 0, "{subtype}");
        until("the sessions are closed", || {
            runner.close_idle();
            sessions() == 0
        })
        .await;
        assert_eq!(say(&*target, "select 1").await.1, 0);
    }
}

#[tokio::test]
async fn nothing_that_a_session_cannot_forget_reaches_the_next_run() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    let asked = "select count(*) from pg_stat_activity where datname = ";
    let asked = format!("{asked}'{}'", database.name);
    let sessions = || postgres.psql("postgres", &asked).trim().to_owned();
    let clean = "state = 'idle' and (query like '%pg_language%' or query like 'SET SEED TO%')";
    let clean = format!("{asked} and {clean}");
    // The numbers of a chosen seed do not go on in the next run.
    let script = "select setseed(0.5); select random() from generate_series(1, 2)";
    let (said, _) = say(&*target, script).await;
    let next = said.lines().nth(5).unwrap();
    until("the session is clean", || {
        postgres.psql("postgres", &clean).trim() == "1"
    })
    .await;
    let (said, _) = say(&*target, "select setseed(0.5), random()").await;
    assert!(!said.contains(next), "{said}");
    until("the session is clean", || {
        postgres.psql("postgres", &clean).trim() == "1"
    })
    .await;
    let (said, _) = say(&*target, "select random()").await;
    assert_ne!(said.lines().nth(1), Some(next), "{said}");
    // Connections of dblink are those of a process.
    drop(target);
    let target = server("postgres", &database, &[]);
    until("the sessions are closed", || sessions() == "0").await;
    postgres.psql(&database.name, "create extension dblink");
    let place = format!(
        "host=127.0.0.1 port={} dbname={} user=by_md5 password=$$correct horse\\'s battery$$",
        database.port, database.name
    );
    let place = place.replace("$$", "'");
    for _ in 0..3 {
        let script = format!("select dblink_connect('left', $q${place}$q$)");
        let (said, code) = say(&*target, &script).await;
        assert_eq!(code, 0, "{said}");
        until("the sessions are closed", || sessions() == "0").await;
        let (said, _) = say(&*target, "select dblink_get_connections()").await;
        assert_eq!(said.lines().nth(1), Some("NULL"));
        until("the sessions are closed", || sessions() == "0").await;
    }
}
