//! Runs that are ended, and what is left of them at the server.

use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::Target;
use model::Finish;
use testkit::servers::{Database, Line, MariaDb, Network, Postgres};
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, Recorder, run, say, server};

/// Waits until `is_so`.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs `input`, which is stopped once `has_begun`.
async fn stopped(
    target: &Arc<dyn Target>,
    input: &str,
    has_begun: impl FnMut() -> bool,
) -> (Recorder, Finish) {
    let stop = CancellationToken::new();
    let ask = Ask {
        input,
        stop: stop.clone(),
        timeout: Some(Duration::from_secs(300)),
        ..Ask::default()
    };
    let stopping = async {
        until("the run begins", has_begun).await;
        stop.cancel();
    };
    let ((recorder, finish), ()) = tokio::join!(run(&**target, ask), stopping);
    (recorder, finish.unwrap())
}

/// Sessions in a database of PostgreSQL whose query is like `pattern`.
fn postgres_runs(postgres: &Postgres, database: &Database, pattern: &str) -> usize {
    let count = "select count(*) from pg_stat_activity where state = 'active' and datname = ";
    let told = postgres.psql(
        "postgres",
        &format!("{count}'{}' and query like '{pattern}'", database.name),
    );
    told.trim().parse().unwrap()
}

/// Sessions of a login of MariaDB that run something.
fn mariadb_runs(mariadb: &MariaDb, database: &Database) -> usize {
    let count = "select count(*) from information_schema.processlist where info is not null";
    let told = mariadb.mariadb(&format!("{count} and user = '{}'", database.user));
    told.trim().parse().unwrap()
}

#[tokio::test]
async fn postgres_runs_that_catch_their_end_are_ended() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    let runs = || postgres_runs(&postgres, &database, "do %");
    // The second request to cancel ends it.
    let script = "do $$ begin perform pg_sleep(3600);
        exception when query_canceled then perform pg_sleep(3600); end $$";
    let (recorder, finish) = stopped(&target, script, || runs() == 1).await;
    assert_eq!(recorder.code.as_deref(), Some("57014"));
    assert_eq!((finish.exit_code, runs()), (1, 0));
    // None does.
    let script = "do $$ begin loop begin perform pg_sleep(3600);
        exception when query_canceled then null; end; end loop; end $$";
    let (recorder, finish) = stopped(&target, script, || runs() == 1).await;
    assert_eq!((recorder.code, finish.exit_code), (None, 1));
    until("the session is ended", || runs() == 0).await;
    assert_eq!(say(&*target, "select 1").await.1, 0);
}

#[tokio::test]
async fn mariadb_runs_are_cancelled_once_logins_are_taken_again() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let target = server("mysql", &database, &[]);
    let user = database.user.clone();
    let lock = |word: &str| mariadb.mariadb(&format!("alter user {user}@'%' account {word}"));
    let begun = || mariadb_runs(&mariadb, &database) == 1 && lock("lock").is_empty();
    let running = stopped(
        &target,
        "select max(md5(seq)) from seq_1_to_100000000000",
        begun,
    );
    let unlocking = async {
        until("the account is locked", || {
            let asked = "select count(*) from mysql.global_priv where user = ";
            let locked = " and json_value(priv, '$.account_locked') = 1";
            mariadb.mariadb(&format!("{asked}'{user}'{locked}")).trim() == "1"
        })
        .await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        lock("unlock");
    };
    let ((recorder, finish), ()) = tokio::join!(running, unlocking);
    assert_eq!(recorder.code.as_deref(), Some("70100"));
    assert_eq!(finish.exit_code, 1);
}

#[tokio::test]
async fn mariadb_results_are_not_read_to_their_end_after_the_run() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    // No second session can be opened to cancel the first.
    mariadb.mariadb(&format!(
        "alter user {}@'%' with max_user_connections 1",
        database.user
    ));
    let target = server("mysql", &database, &[]);
    let script = "select a.seq, repeat('x', 100) from seq_1_to_1000000000 a";
    let runs = || mariadb_runs(&mariadb, &database);
    let (_, finish) = stopped(&target, script, || runs() == 1).await;
    assert_eq!(finish.exit_code, 1);
    until("the session is closed", || runs() == 0).await;
}

#[tokio::test]
async fn a_run_that_is_cancelled_reaches_its_own_server() {
    let (postgres, mariadb) = (Postgres::shared(), MariaDb::shared());
    for (subtype, database) in [
        ("postgres", postgres.database()),
        ("mysql", mariadb.database()),
    ] {
        // The name leads to the server by its last address; by the first one
        // to nobody at first, and to somebody else later.
        let network = Network::to(database.port).await;
        let name = ("localhost", network.port());
        let addresses: Vec<_> = name.to_socket_addrs().unwrap().collect();
        let port = network.port().to_string();
        let place = [("HOST", "localhost"), ("PORT", port.as_str())];
        let target = server(subtype, &database, &place);
        assert_eq!(say(&*target, "select 1").await.1, 0);
        let other = addresses.iter().find(|address| address.is_ipv6());
        let _other = match other {
            Some(other) => Some(tokio::net::TcpListener::bind(other).await.unwrap()),
            None => None,
        };
        let input = match subtype {
            "mysql" => "select max(md5(seq)) from seq_1_to_100000000000",
            _ => "select pg_sleep(3600)",
        };
        let (recorder, _) = stopped(&target, input, || match subtype {
            "mysql" => mariadb_runs(&mariadb, &database) == 1,
            _ => postgres_runs(&postgres, &database, "%pg_sleep%") == 1,
        })
        .await;
        let code = if subtype == "mysql" { "70100" } else { "57014" };
        assert_eq!(recorder.code.as_deref(), Some(code));
    }
}

#[tokio::test]
async fn a_run_that_was_stopped_before_never_begins() {
    let (postgres, mariadb) = (Postgres::shared(), MariaDb::shared());
    for (subtype, database) in [
        ("postgres", postgres.database()),
        ("mysql", mariadb.database()),
    ] {
        let target = server(subtype, &database, &[]);
        say(&*target, "create table t (a int)").await;
        let stop = CancellationToken::new();
        stop.cancel();
        for _ in 0..20 {
            let ask = Ask {
                input: "insert into t values (1)",
                stop: stop.clone(),
                ..Ask::default()
            };
            let (_, finish) = run(&*target, ask).await;
            assert_eq!(finish.unwrap().exit_code, Finish::NEVER_RAN, "{subtype}");
        }
        let (said, _) = say(&*target, "select count(*) from t").await;
        assert_eq!(said.lines().nth(1), Some("0"), "{subtype}");
    }
}

/// A database with a table `t`, reached through a network that can fail.
async fn behind_a_network(postgres: &Postgres) -> (Database, Network, Arc<dyn Target>) {
    let database = postgres.database();
    let network = Network::to(database.port).await;
    let port = network.port().to_string();
    let target = server("postgres", &database, &[("PORT", &port)]);
    assert_eq!(say(&*target, "create table t (a int)").await.1, 0);
    (database, network, target)
}

#[tokio::test]
async fn a_script_whose_answer_is_lost_runs_once() {
    let postgres = Postgres::shared();
    let (database, network, target) = behind_a_network(&postgres).await;
    // A session is kept and clean again.
    let idle = "select count(*) from pg_stat_activity where state = 'idle' and query like '%pg_language%' and datname = ";
    let idle = format!("{idle}'{}'", database.name);
    until("a session is kept", || {
        postgres.psql("postgres", &idle).trim() == "1"
    })
    .await;
    network.set(Line::Snapped);
    let ask = Ask {
        input: "insert into t values (1)",
        ..Ask::default()
    };
    let (_, finish) = run(&*target, ask).await;
    network.set(Line::Whole);
    let failure = finish.unwrap().failure.unwrap();
    assert!(
        failure.message.contains("broke during the run"),
        "{failure:?}"
    );
    let count = || postgres.psql(&database.name, "select count(*) from t");
    until("the script ran", || count().trim() != "0").await;
    assert_eq!(count().trim(), "1");
}

#[tokio::test]
async fn a_session_that_was_lost_while_idle_is_replaced() {
    let postgres = Postgres::shared();
    let (_database, network, target) = behind_a_network(&postgres).await;
    // Longer than a session counts as alive without being asked.
    tokio::time::sleep(Duration::from_millis(1300)).await;
    network.lose();
    assert_eq!(say(&*target, "insert into t values (1)").await.1, 0);
    let (said, _) = say(&*target, "select count(*) from t").await;
    assert_eq!(said.lines().nth(1), Some("1"));
}
